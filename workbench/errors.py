"""What the workbench refuses, in words the person in front of it can act on."""

from __future__ import annotations


class UserError(Exception):
    """Something asked for cannot be done as asked.

    Attributes:
        key: key of the message in the texts.
        values: what its template names.
    """

    def __init__(self, key: str, **values: object) -> None:
        """Keep the key and the values; the page finds the words in its own language."""
        self.key, self.values = key, values
        super().__init__(f"{key} {values}" if values else key)
