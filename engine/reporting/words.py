"""The words of reports and of their figures, in Chinese and in English: error kinds, slices, and what stands around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LANGUAGES = ("zh", "en")


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

    def slice(self, name: str, *, alone: bool = False) -> str:
        """Return what a slice is called.

        Args:
            name: of the slice; of ``domain=news`` the part behind the sign is the corpus's own word, or a number.
            alone: whether to say by what it slices too, where its name does not stand below that.
        """
        group, sign, value = name.partition("=")
        called = self._words.get(f"slice.{name}", value if sign else name)
        return self("slice.of", name=self.group(group), value=called) if sign and alone else called

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
