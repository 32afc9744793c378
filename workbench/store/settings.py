"""Small settings that outlive a restart, such as the checkpoint in use."""

from __future__ import annotations

from typing import Any

from workbench.store.database import Database
from workbench.store.schema import SettingRow


class Settings:
    """What was chosen, by name."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or the default where it was never set."""
        with self._database.reading() as session:
            row = session.get(SettingRow, key)
            return default if row is None else row.value

    def set(self, key: str, value: Any) -> None:
        """Keep a setting, any JSON value."""
        with self._database.writing() as session:
            session.merge(SettingRow(key=key, value=value))
