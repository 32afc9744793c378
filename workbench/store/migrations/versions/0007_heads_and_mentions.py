"""What the revisions come to, kept beside them for quick lists: states of documents, heads of annotators, mentions by label."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ROWS = 500
_EFFECTS = {
    "deleted": ("deleted", True),
    "restored": ("deleted", False),
    "flagged": ("flagged", True),
    "unflagged": ("flagged", False),
}


def upgrade() -> None:
    """Make the tables, and fill them from the documents and revisions that there are."""
    states = op.create_table(
        "document_states",
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("deleted", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_document_states_project_id", "document_states", ["project_id"])
    heads = op.create_table(
        "heads",
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
        sa.Column("layer", sa.Text, primary_key=True),
        sa.Column("author", sa.Text, primary_key=True),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("disagrees", sa.Boolean),
    )
    op.create_index("ix_heads_revision_id", "heads", ["revision_id"])
    mentions = op.create_table(
        "mentions",
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), primary_key=True),
        sa.Column("start", sa.Integer, primary_key=True),
        sa.Column("end", sa.Integer, primary_key=True),
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), nullable=False),
    )
    op.create_index("ix_mentions_label", "mentions", ["label"])
    op.create_index("ix_mentions_document_id", "mentions", ["document_id"])
    _fill(states, heads, mentions)


def downgrade() -> None:
    """Take the tables away again; all that is in them follows from the others."""
    for table in ("mentions", "heads", "document_states"):
        op.drop_table(table)


def _fill(states: sa.Table, heads: sa.Table, mentions: sa.Table) -> None:
    connection = op.get_bind()
    revisions = sa.table(
        "revisions",
        *(sa.column(name) for name in ("id", "document_id", "author", "layer", "checkpoint")),
        *(sa.column(name, sa.JSON) for name in ("spans", "prediction")),
    )
    author = sa.case((revisions.c.layer == "annotation", revisions.c.author), else_="")
    newest = sa.select(sa.func.max(revisions.c.id)).group_by(revisions.c.document_id, revisions.c.layer, author)
    numbers = list(connection.scalars(newest))
    for start in range(0, len(numbers), _ROWS):
        part = sa.select(revisions).where(revisions.c.id.in_(numbers[start : start + _ROWS]))
        rows = connection.execute(part).mappings().all()
        connection.execute(heads.insert(), [_head(row) for row in rows])
        if found := [mention for row in rows for mention in _mentions(row)]:
            connection.execute(mentions.insert(), found)
    _fill_states(connection, states, heads)


def _fill_states(connection: sa.Connection, states: sa.Table, heads: sa.Table) -> None:
    documents = sa.table("documents", sa.column("id"), sa.column("project_id"))
    given = sa.table("assignments", *(sa.column(name) for name in ("document_id", "finished", "skipped")))

    def known(layer: str) -> sa.Exists:
        return sa.select(heads.c.layer).where(heads.c.document_id == documents.c.id, heads.c.layer == layer).exists()

    def assigned(*which: sa.ColumnElement[bool]) -> sa.Exists:
        return sa.select(given.c.document_id).where(given.c.document_id == documents.c.id, *which).exists()

    waits = assigned(given.c.finished.is_(None), given.c.skipped.is_(None))
    finished = assigned(given.c.finished.is_not(None)) & ~waits
    status = sa.case((known("gold"), "gold"), (finished, "finished"), (known("annotation"), "begun"), else_="open")
    chosen = sa.select(documents.c.id, documents.c.project_id, status, sa.false(), sa.cast(sa.null(), states.c.deleted.type))
    connection.execute(states.insert().from_select([column.name for column in states.c], chosen))
    moment = sa.DateTime(timezone=True)
    events = sa.table("events", *(sa.column(n) for n in ("id", "document_id", "kind")), sa.column("created", moment))
    for event in connection.execute(sa.select(events).where(events.c.kind.in_(_EFFECTS)).order_by(events.c.id)).all():
        column, on = _EFFECTS[event.kind]
        value = on if column == "flagged" else event.created if on else None
        connection.execute(states.update().where(states.c.document_id == event.document_id).values({column: value}))


def _head(row: Any) -> dict[str, Any]:
    foretold = bool(row["checkpoint"] or row["prediction"])
    disagrees = _keys(row["spans"]) != _keys(row["prediction"]) if foretold else None
    author = row["author"] if row["layer"] == "annotation" else ""
    kept = {name: row[name] for name in ("document_id", "layer")}
    return {**kept, "author": author, "revision_id": row["id"], "disagrees": disagrees}


def _mentions(row: Any) -> list[dict[str, Any]]:
    names = {"revision_id": row["id"], "document_id": row["document_id"]}
    return [{**names, "start": start, "end": end, "label": label} for start, end, label in sorted(_keys(row["spans"]))]


def _keys(spans: Any) -> set[tuple[int, int, str]]:
    return {(span["start"], span["end"], span["label"]) for span in spans}
