"""What the saves of a project come to, as records free of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import NamedTuple

ENOUGH = 10
"""How many documents with proposals, and without, an annotator must have timed before the two are compared."""
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """How many documents are how far; those in the recycle bin count as ``deleted`` alone."""

    open: int = 0
    begun: int = 0
    finished: int = 0
    gold: int = 0
    flagged: int = 0
    deleted: int = 0

    @property
    def total(self) -> int:
        """Return how many documents there are."""
        return self.open + self.begun + self.finished + self.gold


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of a model's proposals in what an annotator saved last; what is not decided yet does not count.

    Attributes:
        kept: as proposed.
        changed: with another label or other borders.
        removed: nothing is there any more.
        added: no proposal was there; not a share of the proposals.
    """

    kept: int = 0
    changed: int = 0
    removed: int = 0
    added: int = 0

    @property
    def proposed(self) -> int:
        """Return how many proposals were decided."""
        return self.kept + self.changed + self.removed


class Timed(NamedTuple):
    """One document that an annotator was timed on: seconds, characters, and whether a model had proposed something."""

    seconds: float
    characters: int
    proposed: bool


@dataclass(frozen=True, slots=True)
class Saving:
    """Whether proposals save time: the same annotators' medians with and without them.

    Nobody dealt the documents out by lot, so it is an estimate, no experiment.

    Attributes:
        with_proposals: seconds for 100 characters, the median of those documents; ``None`` while there are too few.
        without: the same where no model had proposed anything.
        proposed: how many documents were timed with proposals.
        plain: how many without.
        characters: how many were annotated with proposals.
    """

    with_proposals: float | None
    without: float | None
    proposed: int
    plain: int
    characters: int

    @property
    def share(self) -> float | None:
        """Return which part of the time is saved, below zero if it is lost; nothing while there are too few documents."""
        if self.with_proposals is None or not self.without:
            return None
        return 1 - self.with_proposals / self.without

    @property
    def seconds(self) -> float | None:
        """Return how many seconds that is over all characters annotated with proposals."""
        if self.with_proposals is None or self.without is None:
            return None
        return (self.without - self.with_proposals) * self.characters / _HUNDRED


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody did in a project.

    Attributes:
        account: who.
        given: documents assigned to them.
        finished: of these.
        skipped: of these.
        documents: that they saved an annotation of.
        spans: in their last saves.
        days: on how many days they saved.
        seconds: for a document, the median; ``None`` where nothing was timed.
        speed: characters a minute, the median.
        acceptance: of proposals.
        saving: by proposals.
    """

    account: str
    given: int = 0
    finished: int = 0
    skipped: int = 0
    documents: int = 0
    spans: int = 0
    days: int = 0
    seconds: float | None = None
    speed: float | None = None
    acceptance: Acceptance = field(default_factory=Acceptance)
    saving: Saving = field(default_factory=lambda: saving_of(()))


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done, or the same by the same person several times in a row.

    Attributes:
        kind: of :data:`workbench.store.events.KINDS`, ``"saved"`` or ``"judged"``.
        account: who did it.
        created: when, the last time.
        document_id: to which document, the last time.
        times: how often.
    """

    kind: str
    account: str
    created: datetime
    document_id: int | None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What a project comes to, as far as whoever asks may see it.

    Attributes:
        standing: how far the documents are.
        work: of each who works in it, by name; of who sees nobody else, their own.
        days: how many documents were annotated or adjudicated on each day, of the server's clock.
        labels: how many spans each label has in the best annotation of each document.
        acceptance: of all proposals.
        saving: by proposals, of those who have annotated enough both ways.
        own: whether only what the asker did is told of.
    """

    standing: Standing
    work: tuple[Work, ...]
    days: Mapping[date, int]
    labels: Mapping[str, int]
    acceptance: Acceptance
    saving: Saving
    own: bool


def total(counts: Iterable[Acceptance]) -> Acceptance:
    """Return all of it together."""
    each = [(count.kept, count.changed, count.removed, count.added) for count in counts]
    return Acceptance(*map(sum, zip(*each, strict=True)))


def saving_of(timed: Iterable[Timed]) -> Saving:
    """Compare the documents that were timed with proposals to those without."""
    rates: dict[bool, list[float]] = {True: [], False: []}
    characters = 0
    for document in timed:
        rates[document.proposed].append(_HUNDRED * document.seconds / document.characters)
        characters += document.characters * document.proposed
    enough = min(len(rates[True]), len(rates[False])) >= ENOUGH
    counts = len(rates[True]), len(rates[False]), characters
    return Saving(median(rates[True]), median(rates[False]), *counts) if enough else Saving(None, None, *counts)
