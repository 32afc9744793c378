"""What a file would bring, before anything is imported: its documents, labels, files and everything wrong with it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.document import Document
from engine.errors import Problem
from engine.formats.source import Source


@dataclass(frozen=True)
class Contents:
    """What would be imported, from wherever.

    Attributes:
        documents: how many sound ones there are.
        characters: of all their texts together, in code points.
        labels: how many spans each has, the most frequent first.
        first: the first documents.
        problems: every malformed place, in file order; empty means that all can be imported as it is.
        notes: what is sound but would not be kept, or is read otherwise than it is written, and how often.
        found: pictures and recordings that are there.
        missing: paths or names of those that are said to be and are not.
    """

    documents: int
    characters: int
    labels: Mapping[str, int]
    first: tuple[Document, ...]
    problems: tuple[Problem, ...]
    notes: Mapping[str, int]
    found: int
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Preview(Contents):
    """What would be imported from a file.

    Attributes:
        file: the path that was looked at.
        format: its format, as named or recognised; ``None`` if it is of none.
    """

    file: str
    format: str | None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        from engine.formats.native import to_row

        problems = [{"file": p.file, "line": p.line, "expected": p.expected, "got": p.got} for p in self.problems]
        return {
            **{name: getattr(self, name) for name in ("file", "format", "documents", "characters", "found")},
            "labels": dict(self.labels),
            "first": [to_row(document) for document in self.first],
            "problems": problems,
            "notes": dict(self.notes),
            "missing": list(self.missing),
        }


class Look:
    """Counts documents as they are read, holding the first of them alone."""

    def __init__(self, limit: int) -> None:
        """Begin with none; ``limit`` of them are held."""
        self.limit = limit
        self.documents = self.characters = self.found = 0
        self.labels: Counter[str] = Counter()
        self.first: list[Document] = []
        self.missing: dict[str, None] = {}

    def add(self, document: Document, inside: frozenset[str] = frozenset()) -> None:
        """Count one document; ``inside`` are the names of files that its source itself holds."""
        self.documents += 1
        self.characters += len(document)
        self.labels.update(span.label for span in document.spans)
        if len(self.first) < self.limit:
            self.first.append(document)
        for path in (*document.images, *([] if document.audio is None else [document.audio])):
            if path in inside or os.path.isfile(path):
                self.found += 1
            else:
                self.missing[path] = None

    def preview(self, source: Source, format: str | None) -> Preview:
        """Return what was seen in a source."""
        return Preview(
            **vars(self.contents(in_order(source.problems), source.notes, source.missing)), file=str(source.path), format=format
        )

    def contents(self, problems: Iterable[Problem], notes: Mapping[str, int], missing: Iterable[str] = ()) -> Contents:
        """Return what was seen, with what was found wrong on the way."""
        return Contents(
            self.documents,
            self.characters,
            dict(self.labels.most_common()),
            tuple(self.first),
            tuple(problems),
            dict(notes),
            self.found,
            tuple(dict.fromkeys((*self.missing, *missing))),
        )


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems by file and line."""
    return sorted(problems, key=lambda problem: (problem.file, problem.line))
