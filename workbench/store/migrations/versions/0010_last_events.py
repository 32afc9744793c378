"""The last change of projects, labels, members and accounts is found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_OF_NONE = sa.text("document_id IS NULL")


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_events_of_none", "events", ["id"], sqlite_where=_OF_NONE, postgresql_where=_OF_NONE)


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_events_of_none", "events")
