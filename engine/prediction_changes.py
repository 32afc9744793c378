"""What two checkpoints read differently: each changed document, stretch by stretch, as fixed, broken or merely changed.

Spans that only one of the two finds and that overlap belong to one stretch. It is fixed where, of its spans, more are right and
fewer wrong than before, broken where it is the other way round, and changed where that balances or nobody knows what is right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.document import Document, Span
from engine.errors import RunError
from engine.tags import findable

FIXED, BROKEN, CHANGED = "fixed", "broken", "changed"
FILE = "changes.jsonl"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One place that is read differently: ``text[start:end]``, the old spans that are gone, the new ones, and what that is."""

    start: int
    end: int
    kind: str
    old: tuple[Span, ...]
    new: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A document that is read differently.

    Attributes:
        part: which set it is of: ``held_out``, ``protected``, ``pool`` or ``corrections``.
        row: its place there, from 0.
        id: its own.
        text: its text.
        old: all spans before.
        new: all spans now.
        gold: what is right, as far as a model of this structure could find it; none where that is not known.
        changes: the places, from left to right.
    """

    part: str
    row: int
    id: str
    text: str
    old: tuple[Span, ...]
    new: tuple[Span, ...]
    gold: tuple[Span, ...] | None
    changes: tuple[Stretch, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "part": self.part,
            "row": self.row,
            "id": self.id,
            "text": self.text,
            "old": _plain(self.old),
            "new": _plain(self.new),
            "gold": None if self.gold is None else _plain(self.gold),
            "changes": [
                {"start": s.start, "end": s.end, "kind": s.kind, "old": _plain(s.old), "new": _plain(s.new)} for s in self.changes
            ],
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Changed:
        """Read what ``to_json`` gave."""
        stretches = tuple(Stretch(s["start"], s["end"], s["kind"], _spans(s["old"]), _spans(s["new"])) for s in row["changes"])
        gold = None if row["gold"] is None else _spans(row["gold"])
        return cls(row["part"], row["row"], row["id"], row["text"], _spans(row["old"]), _spans(row["new"]), gold, stretches)


def changes_of(
    part: str, documents: Sequence[Document], old: Sequence[Document], new: Sequence[Document], structure: str, *, gold: bool
) -> list[Changed]:
    """Return the documents of a part that two checkpoints read differently.

    Args:
        part: its name.
        documents: annotated, or not.
        old: as the parent reads them.
        new: as the new checkpoint does.
        structure: what spans both can find.
        gold: whether the documents are annotated.
    """
    found = []
    for row, (document, was, now) in enumerate(zip(documents, old, new, strict=True)):
        truth = findable(document.spans, structure) if gold else None
        stretches = _stretches(document, was, now, truth)
        if stretches:
            spans = None if truth is None else tuple(truth)
            found.append(Changed(part, row, document.id, document.text, was.spans, now.spans, spans, tuple(stretches)))
    return found


def write_changes(changes: Iterable[Changed], folder: Path) -> None:
    """Write changed documents into a run's folder, a line each."""
    lines = [json.dumps(changed.to_json(), ensure_ascii=False) + "\n" for changed in changes]
    (folder / FILE).write_text("".join(lines), encoding="utf-8")


def read_changes(folder: Path) -> list[Changed]:
    """Return the changed documents of a run.

    Raises:
        RunError: if it has none written, or the file is damaged.
    """
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").split("\n")
        return [Changed.from_json(json.loads(line)) for line in lines if line]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{folder / FILE} cannot be read ({error}); is {folder} the folder of a retraining that is done?"
        ) from error


def _stretches(document: Document, old: Document, new: Document, truth: Sequence[Span] | None) -> list[Stretch]:
    was, now = {span.key: span for span in old.spans}, {span.key: span for span in new.spans}
    moved = sorted(was.keys() ^ now.keys())
    groups: list[list[tuple[int, int, str]]] = []
    reach = 0
    for key in moved:
        if not groups or key[0] >= reach:
            groups.append([])
        groups[-1].append(key)
        reach = max(reach, key[1]) if len(groups[-1]) > 1 else key[1]
    right = None if truth is None else {span.key for span in truth}
    stretches = []
    for group in groups:
        gone, come = [was[key] for key in group if key in was], [now[key] for key in group if key in now]
        start, end = group[0][0], max(key[1] for key in group)
        stretches.append(Stretch(start, end, _kind(document, gone, come, right), tuple(gone), tuple(come)))
    return stretches


def _kind(document: Document, gone: Sequence[Span], come: Sequence[Span], right: set[tuple[int, int, str]] | None) -> str:
    if right is None:
        return CHANGED
    worth = [sum(1 if span.key in right else -1 for span in document.judged(spans)) for spans in (gone, come)]
    return FIXED if worth[1] > worth[0] else BROKEN if worth[1] < worth[0] else CHANGED


def _plain(spans: Iterable[Span]) -> list[dict[str, Any]]:
    return [{"start": span.start, "end": span.end, "label": span.label, "score": span.score} for span in spans]


def _spans(rows: Iterable[Mapping[str, Any]]) -> tuple[Span, ...]:
    return tuple(Span(row["start"], row["end"], row["label"], row["score"]) for row in rows)
