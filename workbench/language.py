"""Every visible word of the workbench, in Chinese and in English.

The words live in ``texts/zh.json`` and ``texts/en.json`` under the same keys, ``tab.control.label``. A template names its values
in braces, ``{count}``. What an option of the engine does, the engine says itself; what it says in English alone, its errors and
remarks, is worded in ``workbench.wording``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from engine.option_help import option_help
from workbench.wording import wording

LANGUAGES: Mapping[str, str] = MappingProxyType({"zh": "中文", "en": "English"})
"""The languages offered, each by its own name; the first is the default."""

_FOLDER = Path(__file__).parent / "texts"


class Texts:
    """The words of one language; call it with a key and the values of its template."""

    def __init__(self, language: str) -> None:
        """Read the words of a language.

        Args:
            language: one of :data:`LANGUAGES`.

        Raises:
            ValueError: for another language.
        """
        if language not in LANGUAGES:
            raise ValueError(f"the workbench speaks {', '.join(LANGUAGES)}; got {language!r}")
        self.language = language
        words = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
        self.words: Mapping[str, str] = MappingProxyType({**option_help(language), **words})

    def __call__(self, key: str, **values: object) -> str:
        """Return the words under a key; an error among the values is said in the same language.

        Raises:
            KeyError: if there are none, or the template names a value that was not given.
        """
        said = {name: self.said(value) if isinstance(value, Exception) else value for name, value in values.items()}
        return self.words[key].format(**said) if said else self.words[key]

    def listed(self, items: Iterable[str]) -> str:
        """Return some words one after the other, as this language lists them."""
        return ("、" if self.language == "zh" else ", ").join(items)

    def said(self, sentence: object) -> str:
        """Return what the engine or the store says, such as an error, in this language; see :mod:`workbench.wording`."""
        return wording(self.language)(str(sentence))

    def kept(self, message: str) -> str:
        """Return why something was refused, as the store keeps it: a :class:`UserError`, or what the engine or the store said."""
        try:
            key, values = json.loads(message)
        except (ValueError, TypeError):
            return self.said(message)
        return self(key, **values)
