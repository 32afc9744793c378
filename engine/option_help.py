"""What each option does, in one line of each language; an :class:`~engine.systems.contract.Option` names its line by ``help``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def option_help(language: str = "en") -> Mapping[str, str]:
    """Return the lines of a language, ``"en"`` or ``"zh"``, by their keys."""
    lines = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return {key: line[language] for key, line in lines.items()}
