"""Accounts, members, assignments, events and evidence, of which the last two refuse to be changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

APPEND_ONLY = ("events", "evidence")
MADE = ("assignments", "members", "accounts", "events", "evidence")


def upgrade() -> None:
    """Make the tables and the triggers."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "accounts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("disabled", moment),
    )
    op.create_table(
        "members",
        sa.Column("project_id", sa.Integer, sa.ForeignKey("projects.id"), primary_key=True),
        sa.Column("account", sa.Text, sa.ForeignKey("accounts.name"), primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
    )
    op.create_table(
        "assignments",
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("given", moment, nullable=False),
        sa.Column("finished", moment),
        sa.Column("skipped", moment),
    )
    op.create_index("ix_assignments_queue", "assignments", ["account", "project_id", "position"])
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.Integer),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id")),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("created", moment, nullable=False),
    )
    op.create_index("ix_events_project_id", "events", ["project_id"])
    op.create_index("ix_events_document_id", "events", ["document_id"])
    op.create_table(
        "evidence",
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), primary_key=True),
        sa.Column("content", sa.JSON, nullable=False),
    )
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "sqlite":
            for event in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION duomo_append_only()"
            )


def downgrade() -> None:
    """Take the tables away again; their triggers go with them."""
    for table in MADE:
        op.drop_table(table)
