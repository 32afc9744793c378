"""The words of reports and of their figures, in Chinese and in English: error kinds, slices, and what stands around them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LANGUAGES = ("zh", "en")
_BAND = re.compile(r"\d+(-\d+|\+)?")


class Words:
    """The words of one language; call it with a key and the values of its template."""

    def __init__(self, language: str) -> None:
        """Read the words of a language.

        Args:
            language: one of :data:`LANGUAGES`.

        Raises:
            ValueError: for another language.
        """
        if language not in LANGUAGES:
            raise ValueError(f"a report is written in {' or '.join(LANGUAGES)}; got {language!r}")
        self.language = language
        self._words = _all()[language]

    def __call__(self, key: str, **values: object) -> str:
        """Return the words under a key.

        Raises:
            KeyError: if there are none, or the template names a value that was not given.
        """
        return self._words[key].format(**values) if values else self._words[key]

    def kind(self, name: str) -> str:
        """Return what an error kind is called."""
        return self._words.get(f"kind.{name}", name)

    def hint(self, name: str) -> str:
        """Return what an error kind is, in a few words."""
        return self._words.get(f"kind_hint.{name}", "")

    def slice(self, name: str) -> str:
        """Return what a slice is called: ``length=4-5`` is ``4–5 字实体``.

        Args:
            name: of the slice; of ``domain=news`` the part behind the sign is the corpus's own word, and a condition on the text
                is its own name.
        """
        group, sign, value = name.partition("=")
        if self.has(f"slice.{name}") or not sign or not self.has(f"group.{group}"):
            return self._words.get(f"slice.{name}", name)
        template = f"slice.{group}={'+' if value.endswith('+') else '*'}"
        if _BAND.fullmatch(value) and self.has(template):
            return self(template, value=value.rstrip("+").replace("-", "–"))
        return self("slice.of", name=self.group(group), value=value)

    def group(self, name: str) -> str:
        """Return what a group of error kinds or of slices is called."""
        return self._words.get(f"group.{name}", name)

    def has(self, key: str) -> bool:
        """Tell whether there are words under a key."""
        return key in self._words


@cache
def _all() -> Mapping[str, Mapping[str, str]]:
    both = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return MappingProxyType({language: {key: words[language] for key, words in both.items()} for language in LANGUAGES})
