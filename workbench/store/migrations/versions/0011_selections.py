"""Which documents active learning chose, by which arm, why, and what the model had said of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table; nothing was chosen before there was one."""
    op.create_table(
        "selections",
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.Column("learned", sa.Integer, nullable=False),
        sa.Column("predicted", sa.JSON, nullable=False),
        sa.Column("reason", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_selections_project", "selections", ["project_id", "position"])


def downgrade() -> None:
    """Take the table away again; no annotation goes with it, and documents come in the order of their numbers."""
    op.drop_table("selections")
