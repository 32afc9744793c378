"""Exact-match precision, recall and F1 of spans, over all types and for each.

A predicted span is correct if a gold span has the same start, end and label; nested and overlapping spans count like any other.
On flat spans the figures are seqeval's in strict mode, to which tests pin them; like there, 0/0 is 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.document import Document
from engine.errors import InputError


@dataclass(frozen=True, slots=True)
class PRF:
    """Precision, recall and F1, as fractions."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, gold: int, predicted: int, correct: int) -> PRF:
        """Compute the three from numbers of spans."""
        return cls(_ratio(correct, predicted), _ratio(correct, gold), _ratio(2 * correct, gold + predicted))


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of one comparison.

    Attributes:
        micro: over all spans.
        types: for each label seen in either, in order.
        counts: ``gold``, ``predicted`` and ``correct`` spans, ``documents``, ``characters``.
    """

    micro: PRF
    types: Mapping[str, PRF]
    counts: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the scores as plain values."""
        return {
            "micro": asdict(self.micro),
            "types": {label: asdict(prf) for label, prf in self.types.items()},
            "counts": dict(self.counts),
        }


def score(gold: Sequence[Document], predicted: Sequence[Document]) -> Scores:
    """Compare predictions with annotations, document by document in order.

    Args:
        gold: the annotated documents.
        predicted: the same texts with predicted spans.

    Raises:
        InputError: if the two differ in number or in a text.
    """
    totals: dict[str, Counter[str]] = {"gold": Counter(), "predicted": Counter(), "correct": Counter()}
    for truth, guess in pairs(gold, predicted):
        wanted, found = {span.key for span in truth.spans}, {span.key for span in guess.spans}
        for name, keys in (("gold", wanted), ("predicted", found), ("correct", wanted & found)):
            totals[name].update(label for _, _, label in keys)
    labels = sorted(totals["gold"].keys() | totals["predicted"].keys())
    types = {label: PRF.of(*(totals[name][label] for name in totals)) for label in labels}
    counts = {name: counter.total() for name, counter in totals.items()}
    micro = PRF.of(counts["gold"], counts["predicted"], counts["correct"])
    return Scores(micro, types, {**counts, "documents": len(gold), "characters": sum(map(len, gold))})


def pairs(gold: Sequence[Document], predicted: Sequence[Document]) -> Iterator[tuple[Document, Document]]:
    """Yield each annotated document with its prediction.

    Raises:
        InputError: if the two differ in number or in a text.
    """
    if len(gold) != len(predicted):
        raise InputError(f"{len(gold)} annotated documents but {len(predicted)} predicted; give one prediction for each")
    for number, (truth, guess) in enumerate(zip(gold, predicted, strict=True)):
        if truth.text != guess.text:
            raise InputError(f"document {number} ({truth.id}) was predicted on another text: {guess.text[:30]!r}")
        yield truth, guess


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
