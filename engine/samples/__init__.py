"""Sentences that we wrote ourselves: annotated news to replay in retraining and to test with, and examples for the page.

``news.jsonl`` follows the MSRA convention for PER, LOC and ORG: a country is a LOC even before 政府, an organisation's name
is one ORG together with the places in it, a national team is an ORG, an airport, bridge or museum a LOC. Other types are not
marked, and each line says so.

``ambiguous.jsonl`` holds 300 texts, each in two readings: 武汉|市长|江大桥 is a mayor, 武汉市|长江大桥 a bridge. The meta
names the words in which ``build utterances`` says it: only the pauses tell the readings apart, so that with them it can be taught
and judged whether a system listens. Names are made up, and some readings are unlikely but for their pauses.

``ambiguous_names.jsonl`` holds 416 texts with one name each, which is a person's or a place's, a place's or a team's, a company's
or a product's: each text stands there once with either type. ``build pictures`` shows which it is: nothing else tells.

``speech/README.md`` says how the recordings of the examples were made, ``pictures/README.md`` where their pictures come from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import formats
from engine.document import Document

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as it was read aloud: the recording, and what was read, in both languages."""

    audio: Path
    note_zh: str
    note_en: str


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture beside a text, and what it shows, in both languages."""

    image: Path
    note_zh: str
    note_en: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text to try, and what it shows, in both languages; with one recording of it, or two to compare, or with pictures."""

    id: str
    text: str
    note_zh: str
    note_en: str
    readings: tuple[Reading, ...] = ()
    pictures: tuple[Pictured, ...] = ()


def news() -> list[Document]:
    """Return the annotated sentences, ``s001`` onwards."""
    return formats.read(FOLDER / "news.jsonl", "jsonl")


def ambiguous() -> list[Document]:
    """Return the texts of two readings, ``mayor1a`` and ``mayor1b`` and so on; the words are in the meta."""
    return formats.read(FOLDER / "ambiguous.jsonl", "jsonl")


def ambiguous_names() -> list[Document]:
    """Return the texts whose name is of one type or of another, ``name001a`` and ``name001b`` and so on."""
    return formats.read(FOLDER / "ambiguous_names.jsonl", "jsonl")


def examples() -> list[Example]:
    """Return the texts the page offers to try."""
    rows = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
    return [Example(**{**row, "readings": _readings(row), "pictures": _pictures(row)}) for row in rows]


def _readings(row: dict[str, Any]) -> tuple[Reading, ...]:
    return tuple(Reading(**{**reading, "audio": FOLDER / reading["audio"]}) for reading in row.get("readings", ()))


def _pictures(row: dict[str, Any]) -> tuple[Pictured, ...]:
    return tuple(Pictured(**{**shown, "image": FOLDER / shown["image"]}) for shown in row.get("pictures", ()))
