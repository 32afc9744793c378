"""Brings a database of any age to the present tables, when the store is opened; and back, one number at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection, target: str = "head") -> None:
    """Apply the migrations that a database lacks, in the transaction that the connection is in.

    The transaction must already keep other processes from migrating at the same time.

    Args:
        connection: a connection with a transaction begun.
        target: the number to stop at, ``"0004"``.

    Raises:
        alembic.util.CommandError: if the database was made by a newer version.
    """
    _run(connection, lambda scripts, present: scripts._upgrade_revs(target, present))


def downgrade(connection: Connection, target: str) -> None:
    """Take migrations back, in the transaction that the connection is in; what older tables have no place for is lost.

    Args:
        connection: a connection with a transaction begun.
        target: the number to go back to, ``"0004"``.
    """
    _run(connection, lambda scripts, present: scripts._downgrade_revs(target, present))


def present(connection: Connection) -> str:
    """Return the number of the last migration applied, empty for a database without tables."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def _run(connection: Connection, steps: Callable[[ScriptDirectory, Any], Sequence[Any]]) -> None:
    config = Config()
    # ConfigParser would read a percent sign in the path as the start of a variable.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, scripts, fn=lambda present, _: steps(scripts, present)) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()
