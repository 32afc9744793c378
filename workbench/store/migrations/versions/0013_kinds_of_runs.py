"""What a run is for is kept with it, and no longer read from its name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column; what was called a comparison of arms was one."""
    op.add_column("runs", sa.Column("kind", sa.Text, nullable=False, server_default="retraining"))
    op.execute("UPDATE runs SET kind = 'comparison' WHERE id LIKE 'arms-%'")


def downgrade() -> None:
    """Take the column away again; comparisons begun since count as retrainings."""
    op.drop_column("runs", "kind")
