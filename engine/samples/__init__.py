"""Sentences that we wrote ourselves: annotated news to replay in retraining and to test with, and examples for the page.

``news.jsonl`` follows the MSRA convention for PER, LOC and ORG: a country is a LOC even before 政府, an organisation's name
is one ORG together with the places in it, a national team is an ORG, an airport, bridge or museum a LOC. Other types are not
marked, and each line says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from engine import formats
from engine.document import Document

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Example:
    """A text to try, and what it shows, in both languages."""

    id: str
    text: str
    note_zh: str
    note_en: str


def news() -> list[Document]:
    """Return the annotated sentences, ``s001`` onwards."""
    return formats.read(FOLDER / "news.jsonl", "jsonl")


def examples() -> list[Example]:
    """Return the texts the page offers to try."""
    return [Example(**row) for row in json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))]
