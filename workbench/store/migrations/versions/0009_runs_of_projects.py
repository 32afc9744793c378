"""Of which project a run learned the corrections is kept with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; the runs that there are learned from the first project."""
    op.add_column("runs", sa.Column("project_id", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    """Take the column away again; runs then count as the first project's."""
    op.drop_column("runs", "project_id")
