"""Which pictures stood beside the text when it was annotated is kept with the revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; beside the revisions that there are no pictures were kept."""
    op.add_column("revisions", sa.Column("pictures", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take the column away again, and with it which pictures stood beside the texts."""
    op.drop_column("revisions", "pictures")
