"""What corrections must be to learn from: free of contradictions, and apart from what measures them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from engine.document import Document, Span
from engine.errors import InputError

NEWEST, MAJORITY, REFUSE = "newest", "majority", "refuse"
_ENOUGH_TO_HOLD_OUT = 5
_SHOWN = 3
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Corrections of one text, with the same pictures and recording, that cannot all be right.

    Attributes:
        text: the text.
        rows: places of its corrections in the list, in its order.
        readings: the spans of each.
        kept: which of the rows are learned from.
    """

    text: str
    rows: tuple[int, ...]
    readings: tuple[tuple[Span, ...], ...]
    kept: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        readings = [[{"start": s.start, "end": s.end, "label": s.label} for s in spans] for spans in self.readings]
        return {"text": self.text, "rows": list(self.rows), "readings": readings, "kept": list(self.kept)}


def resolve(corrections: Sequence[Document], how: str) -> tuple[list[Document], list[Contradiction]]:
    """Return the corrections without those that a contradiction is decided against, and every contradiction.

    Only labels that two corrections both looked for can contradict each other.

    Args:
        corrections: in the order of time.
        how: ``newest`` keeps the last and what agrees with it; ``majority`` what most say, of equally many the newest;
            ``refuse`` none.

    Raises:
        InputError: if there are contradictions and they are to be refused.
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row, document in enumerate(corrections):
        groups.setdefault((document.text, document.images, document.audio), []).append(row)
    found: list[Contradiction] = []
    dropped: set[int] = set()
    for rows in groups.values():
        winner = corrections[_winner(corrections, rows, how)]
        kept = [row for row in rows if not _contradict(winner, corrections[row])]
        # Corrections that agree with the winner may still contradict each other in labels that it did not look for.
        chosen: list[int] = []
        for row in reversed(kept):
            if not any(_contradict(corrections[row], corrections[other]) for other in chosen):
                chosen.insert(0, row)
        if len(chosen) < len(rows):
            readings = tuple(corrections[row].spans for row in rows)
            found.append(Contradiction(winner.text, tuple(rows), readings, tuple(chosen)))
            dropped |= set(rows) - set(chosen)
    if found and how == REFUSE:
        raise InputError(_refusal(found))
    return [document for row, document in enumerate(corrections) if row not in dropped], found


def hold_out(documents: Sequence[Document], share: float, generator: torch.Generator) -> tuple[list[Document], list[Document]]:
    """Set the documents of a share of the texts aside, unless the texts are too few to spare one."""
    texts = list(dict.fromkeys(document.text for document in documents))
    count = round(len(texts) * share) if len(texts) >= _ENOUGH_TO_HOLD_OUT else 0
    order = torch.randperm(len(texts), generator=generator).tolist()
    aside = {texts[i] for i in order[:count]}
    return [d for d in documents if d.text not in aside], [d for d in documents if d.text in aside]


def check_apart(learned: Iterable[Document], measured: Mapping[str, Iterable[Document]]) -> None:
    """Check that no text is both learned from and measured with.

    Args:
        learned: the documents to learn from.
        measured: those to measure with, by the part's name.

    Raises:
        InputError: if one is.
    """
    texts = {document.text for document in learned}
    for part, documents in measured.items():
        shared = list(dict.fromkeys(document.text for document in documents if document.text in texts))
        if shared:
            raise InputError(
                f"{len(shared)} texts of the {part} are learned from too, e.g. {_short(shared[0])!r}; figures on them would mean "
                "nothing: take them out of the one or the other"
            )


def _winner(corrections: Sequence[Document], rows: Sequence[int], how: str) -> int:
    if how != MAJORITY:
        return rows[-1]
    said = {row: (tuple(span.key for span in corrections[row].spans), corrections[row].annotated) for row in rows}
    votes = Counter(said.values())
    return max(rows, key=lambda row: (votes[said[row]], row))


def _contradict(one: Document, other: Document) -> bool:
    """Tell whether two annotations of a text differ in what both looked for."""
    first, second = ({span.key for span in one.judged(other.judged(read.spans))} for read in (one, other))
    return first != second


def _refusal(found: Sequence[Contradiction]) -> str:
    lines = [
        f"{_short(one.text)!r}: row {row} says {_told(one.text, spans)}"
        for one in found[:_SHOWN]
        for row, spans in zip(one.rows, one.readings, strict=True)
    ]
    more = [f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    head = f"{len(found)} texts are corrected in ways that contradict each other; correct them, or choose newest or majority:"
    return "\n".join([head, *lines, *more])


def _told(text: str, spans: Sequence[Span]) -> str:
    return ", ".join(f"{text[span.start : span.end]}={span.label}" for span in spans) or "nothing"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
