"""What a model's evidence came to where it proposed or a person marked something, in numbers by which documents are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table; of revisions saved before there is nothing to fill it with."""
    op.create_table(
        "measures",
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("start", sa.Integer, primary_key=True),
        sa.Column("end", sa.Integer, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), nullable=False),
        sa.Column("highest", sa.Float, nullable=False),
        sa.Column("mean", sa.Float, nullable=False),
        sa.Column("wrong", sa.Boolean),
    )
    op.create_index("ix_measures_document_id", "measures", ["document_id"])


def downgrade() -> None:
    """Take the table away again; no annotation goes with it."""
    op.drop_table("measures")
