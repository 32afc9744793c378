"""What the workbench refuses, in words the person in front of it can act on."""

from __future__ import annotations

import json


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

    def kept(self) -> str:
        """Return it as the store keeps it, for :meth:`workbench.language.Texts.kept` to say in the language of a page."""
        return json.dumps([self.key, self.values], ensure_ascii=False, default=str)
