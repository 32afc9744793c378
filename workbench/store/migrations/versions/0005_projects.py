"""Projects with their labels; every document there is belongs to the first. Revisions have layers, sources, proposals."""

from __future__ import annotations

from datetime import datetime, timezone

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ADDED = {
    "documents": ("project_id", "name", "meta", "pictures", "recording"),
    "revisions": ("layer", "sources", "proposals"),
}


def upgrade() -> None:
    """Make the tables, the first project, and the columns."""
    moment = sa.DateTime(timezone=True)
    projects = op.create_table(
        "projects",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("nested", sa.Boolean, nullable=False),
        sa.Column("guidelines", sa.Text, nullable=False),
        sa.Column("overlap", sa.Integer, nullable=False),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("archived", moment),
    )
    first = {"name": "多模 Duomo", "nested": True, "guidelines": "", "overlap": 1, "blind": False, "archived": None}
    op.bulk_insert(projects, [{**first, "created": datetime.now(timezone.utc)}])
    op.create_table(
        "project_labels",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.Integer, sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("zh", sa.Text, nullable=False),
        sa.Column("en", sa.Text, nullable=False),
        sa.Column("colour", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("examples", sa.JSON, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False),
        sa.Column("becomes", sa.Text, nullable=False),
        sa.UniqueConstraint("project_id", "name"),
    )
    op.add_column("documents", sa.Column("project_id", sa.Integer, nullable=False, server_default="1"))
    op.create_index("ix_documents_project_id", "documents", ["project_id"])
    op.add_column("documents", sa.Column("name", sa.Text, nullable=False, server_default=""))
    op.add_column("documents", sa.Column("meta", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("documents", sa.Column("pictures", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("documents", sa.Column("recording", sa.Text, nullable=False, server_default=""))
    op.add_column("revisions", sa.Column("layer", sa.Text, nullable=False, server_default="annotation"))
    op.add_column("revisions", sa.Column("sources", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("revisions", sa.Column("proposals", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take projects away again; documents and revisions stay, as those of one store."""
    op.drop_index("ix_documents_project_id", "documents")
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column)
    op.drop_table("project_labels")
    op.drop_table("projects")
