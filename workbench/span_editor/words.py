"""The editor's visible words in English; the language files hold the same keys. ``%1``, ``%2`` are filled in by the script."""

from __future__ import annotations

import json
from pathlib import Path

_ENGLISH = Path(__file__).parents[1] / "texts" / "en.json"


def _english() -> dict[str, str]:
    words = json.loads(_ENGLISH.read_text(encoding="utf-8"))
    return {key: text for key, text in words.items() if key.startswith("editor.")}


TEXT_KEYS: dict[str, str] = _english()
