"""Every visible word of the workbench, in Chinese and in English.

The words live in ``texts/zh.json`` and ``texts/en.json`` under the same keys, ``tab.control.label``. A template names its values
in braces, ``{count}``. What an option of the engine does, the engine says itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from engine.option_help import option_help

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
        """Return the words under a key.

        Raises:
            KeyError: if there are none, or the template names a value that was not given.
        """
        return self.words[key].format(**values) if values else self.words[key]
