"""How characters are read, where the annotator has said so, is kept with the revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; no reading was chosen in the revisions that there are."""
    op.add_column("revisions", sa.Column("readings", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    """Take the column away again, and with it which readings were chosen."""
    op.drop_column("revisions", "readings")
