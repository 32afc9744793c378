"""Which recording lay beside the text when it was annotated is kept with the revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; beside the revisions that there are no recording was kept."""
    op.add_column("revisions", sa.Column("recording", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Take the column away again, and with it which recordings lay beside the texts."""
    op.drop_column("revisions", "recording")
