"""The gate behind a retraining: parent and new checkpoint side by side, what changed between them, and a verdict.

A type refuses the new checkpoint when its F1 falls by more than ``margin`` points, if that can be told from noise. With
``support`` gold spans or more the fall counts as it is: at the defaults, 50 spans and 2 points, no single span can refuse alone,
since it weighs 2 points at most. Below that the fall must also be beyond chance: of the errors that only one of the two makes, so
many new ones must have a probability under 5% where old and new are equally likely (the exact sign test; McNemar 1947). Any other
fall beyond the margin is a warning. All types together are held to the same rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import comb
from pathlib import Path
from typing import Any

from engine.document import Document, Span
from engine.errors import RunError
from engine.evaluation.scores import PRF, score
from engine.prediction_changes import Changed
from engine.tags import findable

PASSED, REFUSED = "passed", "refused"
HELD_OUT, PROTECTED, POOL, CORRECTIONS = "held_out", "protected", "pool", "corrections"
MARGIN, SUPPORT = 2.0, 50
_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Figures:
    """One type before and after.

    Attributes:
        type: its label; empty for all that the parent knows together.
        support: gold spans.
        before: of the parent; none where it does not know the type.
        after: of the new checkpoint.
        fixed: errors of the parent, spans missed or too many, that are gone.
        broken: errors that are new.
    """

    type: str
    support: int
    before: PRF | None
    after: PRF
    fixed: int
    broken: int

    @property
    def fall(self) -> float:
        """Return by how many points F1 fell; 0 or less where it did not."""
        return 0.0 if self.before is None else 100 * (self.before.f1 - self.after.f1)

    @property
    def chance(self) -> float:
        """Return how probable so many broken ones are where broken and fixed are equally likely."""
        moved = self.fixed + self.broken
        ways = sum(comb(moved, k) for k in range(self.broken, moved + 1))
        return float(ways / 2**moved)


@dataclass(frozen=True, slots=True)
class Part:
    """What both checkpoints make of one set of annotated documents.

    Attributes:
        name: ``held_out`` or ``protected``.
        documents: how many.
        micro: over all types that the parent knows.
        types: each type, those that the parent does not know behind.
    """

    name: str
    documents: int
    micro: Figures
    types: tuple[Figures, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a checkpoint is refused, or what one is warned of.

    Attributes:
        kind: ``type`` or ``micro``: F1 fell beyond the margin; ``unmeasured``: the part has no gold span.
        part: where.
        type: which type, where one did.
        before: F1, a fraction.
        after: F1.
        support: gold spans.
        fixed: errors that are gone.
        broken: new errors.
        chance: as :attr:`Figures.chance`.
    """

    kind: str
    part: str
    type: str = ""
    before: float = 0.0
    after: float = 0.0
    support: int = 0
    fixed: int = 0
    broken: int = 0
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class Learned:
    """What became of the corrections that were learned from.

    Attributes:
        documents: how many.
        before: share that the parent reads exactly as corrected.
        after: share that the new checkpoint does.
        missed: rows of those that it does not.
    """

    documents: int
    before: float
    after: float
    missed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate says.

    Attributes:
        verdict: ``passed`` or ``refused``.
        margin: points of F1 that a type may fall by.
        support: gold spans from which on a fall counts as it is.
        parts: the figures.
        learned: what became of the corrections.
        reasons: why it is refused; none if it passed.
        warnings: what to look at all the same.
        changes: how many stretches of text are fixed, broken or changed, by part.
    """

    verdict: str
    margin: float
    support: int
    parts: tuple[Part, ...]
    learned: Learned
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    changes: Mapping[str, Mapping[str, int]]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        content: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Gate:
        """Read what ``to_json`` gave."""
        parts = tuple(
            Part(row["name"], row["documents"], _figures(row["micro"]), tuple(map(_figures, row["types"])))
            for row in content["parts"]
        )
        learned = Learned(**{**content["learned"], "missed": tuple(content["learned"]["missed"])})
        reasons, warnings = (tuple(Reason(**row) for row in content[name]) for name in ("reasons", "warnings"))
        verdict, margin, support = content["verdict"], content["margin"], content["support"]
        return cls(verdict, margin, support, parts, learned, reasons, warnings, content["changes"])


def compare(
    name: str, gold: Sequence[Document], old: Sequence[Document], new: Sequence[Document], known: Iterable[str], structure: str
) -> Part:
    """Score both checkpoints on one set of documents.

    Args:
        name: of the part.
        gold: the annotated documents.
        old: as the parent reads them.
        new: as the new checkpoint does.
        known: the labels that the parent knows, over which the figures before and after mean the same.
        structure: what spans both can find, ``flat`` or ``nested``.
    """
    known = set(known)
    truth, before, after = (_only(documents, gold, known, structure) for documents in (gold, old, new))
    scores = score(truth, before), score(truth, after)
    types = {label for document in truth for _, _, label in _keys(document)} | set(scores[0].types) | set(scores[1].types)
    nothing = PRF(0.0, 0.0, 0.0)
    rows = [_row(label, truth, before, after, *(found.types.get(label, nothing) for found in scores)) for label in sorted(types)]
    whole, found = (_only(documents, gold, None, structure) for documents in (gold, new))
    fresh = {label: prf for label, prf in score(whole, found).types.items() if label not in known}
    rows += [_row(label, whole, whole, found, None, prf) for label, prf in fresh.items()]
    return Part(name, len(gold), _row("", truth, before, after, scores[0].micro, scores[1].micro), tuple(rows))


def decide(
    parts: Sequence[Part], learned: Learned, changes: Iterable[Changed], margin: float = MARGIN, support: int = SUPPORT
) -> Gate:
    """Return the verdict on a new checkpoint.

    Args:
        parts: the figures.
        learned: what became of the corrections.
        changes: the documents that are read otherwise now.
        margin: points of F1 that a type may fall by.
        support: gold spans from which on a fall counts as it is.
    """
    reasons: list[Reason] = []
    warnings: list[Reason] = []
    for part in parts:
        if not part.micro.support:
            warnings.append(Reason("unmeasured", part.name))
        for row in (part.micro, *part.types):
            if row.fall > margin + 1e-9:
                certain = row.support >= support or row.chance < _CHANCE
                (reasons if certain else warnings).append(_reason(part.name, row))
    counts: dict[str, dict[str, int]] = {}
    for changed in changes:
        own = counts.setdefault(changed.part, {"fixed": 0, "broken": 0, "changed": 0})
        for stretch in changed.changes:
            own[stretch.kind] += 1
    verdict = REFUSED if reasons else PASSED
    return Gate(verdict, margin, support, tuple(parts), learned, tuple(reasons), tuple(warnings), counts)


def require_passed(report: Mapping[str, Any], *, override: bool = False) -> Gate:
    """Return what the gate said in a run's report.

    Args:
        report: of a retraining that is done.
        override: whether a refused checkpoint is to be used all the same.

    Raises:
        RunError: if it refused, and is not overridden; the checkpoint stays in the run's folder.
    """
    gate = Gate.from_json(report["gate"])
    if gate.verdict == REFUSED and not override:
        falls = ", ".join(f"{reason.type or 'all types'} {reason.before:.1%} → {reason.after:.1%}" for reason in gate.reasons)
        raise RunError(
            f"the gate refused the new checkpoint ({falls}); it stays in the run's folder, and can be used by override"
        )
    return gate


def learned_of(corrections: Sequence[Document], old: Sequence[Document], new: Sequence[Document], structure: str) -> Learned:
    """Return which corrections are read exactly as corrected, before and after."""
    truth = [{span.key for span in findable(document.spans, structure)} for document in corrections]
    right = [
        [
            {span.key for span in gold.judged(found.spans)} == keys
            for gold, found, keys in zip(corrections, read, truth, strict=True)
        ]
        for read in (old, new)
    ]
    before, after = (sum(row) / max(1, len(row)) for row in right)
    return Learned(len(corrections), before, after, tuple(i for i, fine in enumerate(right[1]) if not fine))


def _only(documents: Sequence[Document], gold: Sequence[Document], labels: set[str] | None, structure: str) -> list[Document]:
    """Keep of each document what its annotation can confirm or refute, of these labels; of gold what can be found."""
    kept = []
    for document, truth in zip(documents, gold, strict=True):
        spans: list[Span] = [span for span in document.spans if labels is None or span.label in labels]
        kept.append(document.with_spans(findable(spans, structure) if document is truth else truth.judged(spans)))
    return kept


def _keys(document: Document) -> set[tuple[int, int, str]]:
    return {span.key for span in document.spans}


def _row(
    label: str,
    truth: Sequence[Document],
    old: Sequence[Document],
    new: Sequence[Document],
    before: PRF | None,
    after: PRF,
) -> Figures:
    support = fixed = broken = 0
    for gold, was, now in zip(truth, old, new, strict=True):
        wanted, first, second = ({key for key in _keys(read) if not label or key[2] == label} for read in (gold, was, now))
        support += len(wanted)
        fixed += len((wanted ^ first) - (wanted ^ second))
        broken += len((wanted ^ second) - (wanted ^ first))
    if before is None:
        fixed = broken = 0
    return Figures(label, support, before, after, fixed, broken)


def _reason(part: str, row: Figures) -> Reason:
    before = row.before.f1 if row.before else 0.0
    kind = "type" if row.type else "micro"
    return Reason(kind, part, row.type, before, row.after.f1, row.support, row.fixed, row.broken, row.chance)


def _figures(row: Mapping[str, Any]) -> Figures:
    before = PRF(**row["before"]) if row["before"] else None
    return Figures(row["type"], row["support"], before, PRF(**row["after"]), row["fixed"], row["broken"])


def read_gate(folder: Path) -> Gate:
    """Return what the gate of a run that is done said.

    Raises:
        RunError: if the run has no report, or one without a gate.
    """
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return Gate.from_json(report["gate"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{folder} holds no retraining that is done ({error}); retrain first") from error
