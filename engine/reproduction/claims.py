"""Figures over seeds, differences between rows, and whether the paper's claims hold here.

A difference is paired: two rows with the same seed learn from the same documents in the same order. Its standard error is the
standard deviation of the pairs' differences over the root of their number.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.evaluation.errors import Errors, count_errors
from engine.evaluation.scores import PRF, Scores, score
from engine.evaluation.slices import SLICES
from engine.reproduction.outcome import STATES, Outcome
from engine.reproduction.table import Printed, Row, Table

HOLDS = "holds"
FAILS = "does not hold"
CLOSE = "too close to tell"
UNPUBLISHED = "not published"
FEW = "too few entities"
_ENOUGH = 30

Outcomes = Mapping[tuple[str, str, int], Outcome]
"""From row, corpus and seed to what came of the cell."""


@dataclass(frozen=True)
class Mean:
    """A figure over seeds, a fraction or a count.

    Attributes:
        mean: of the seeds.
        deviation: standard deviation over the seeds; none for one seed.
        seeds: how many.
    """

    mean: float
    deviation: float | None
    seeds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Summarise the figures of some seeds, at least one."""
        return cls(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, len(values))


@dataclass(frozen=True)
class Details:
    """What a detailed table says of a figure beside precision, recall and F1.

    Attributes:
        type_errors: for each state, ``best`` and ``last``.
        boundary_errors: for each state.
        by_seed: boundary errors for each state and seed.
        printed: what the paper says.
    """

    type_errors: Mapping[str, Mean]
    boundary_errors: Mapping[str, Mean]
    by_seed: Mapping[str, Mapping[int, int]]
    printed: Printed | None


@dataclass(frozen=True)
class Change:
    """How the number of boundary errors changes from one row to another, as a fraction of the other's.

    Attributes:
        shares: for each state, over the seeds that both have; none where the other makes no such error.
        published: the paper's; none where it does not say.
    """

    shares: Mapping[str, float | None]
    published: float | None


@dataclass(frozen=True)
class Figure:
    """What a row reaches on a part of a corpus's dev part.

    Attributes:
        row: its name.
        corpus: the corpus.
        part: name of the slice.
        documents: in the part.
        entities: in the part.
        f1: for each state, ``best`` and ``last``.
        precision: for each state.
        recall: for each state.
        published: F1 in the paper, as a fraction.
        by_seed: F1 for each state and seed.
        details: in a detailed table.
    """

    row: str
    corpus: str
    part: str
    documents: int
    entities: int
    f1: Mapping[str, Mean]
    precision: Mapping[str, Mean]
    recall: Mapping[str, Mean]
    published: float | None
    by_seed: Mapping[str, Mapping[int, float]]
    details: Details | None = None


@dataclass(frozen=True)
class Told:
    """How well a row's correlations tell pictures that have to do with their text from those that have not.

    Attributes:
        row: its name.
        corpus: the corpus.
        related: how many pictures have to do with their text.
        unrelated: how many have not.
        auroc: the probability that one of the former has a higher correlation than one of the latter, a fraction.
        mean_related: correlation of the former, in [-1, 1].
        mean_unrelated: of the latter.
    """

    row: str
    corpus: str
    related: int
    unrelated: int
    auroc: Mean
    mean_related: Mean
    mean_unrelated: Mean


@dataclass(frozen=True)
class Difference:
    """A mean difference of F1 over the seeds that both rows have.

    Attributes:
        mean: a fraction.
        error: standard error; none for one seed.
        seeds: how many.
    """

    mean: float
    error: float | None
    seeds: int


@dataclass(frozen=True)
class Claim:
    """That one row is better or worse than another.

    Attributes:
        row: the row.
        against: what it is compared with.
        corpus: the corpus.
        part: name of the slice.
        published: the paper's difference, a fraction.
        differences: ours, for each state.
        verdicts: for each state.
        boundary_errors: in a detailed table.
    """

    row: str
    against: str
    corpus: str
    part: str
    published: float | None
    differences: Mapping[str, Difference]
    verdicts: Mapping[str, str]
    boundary_errors: Change | None = None


def difference(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Difference | None:
    """Return the paired difference of figures by seed; nothing if they have no seed in common."""
    pairs = [ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())]
    if not pairs:
        return None
    error = statistics.stdev(pairs) / math.sqrt(len(pairs)) if len(pairs) > 1 else None
    return Difference(statistics.fmean(pairs), error, len(pairs))


def verdict(found: Difference, published: float | None) -> str:
    """Say whether a published difference has the sign that it has here; one within its standard error has none."""
    if published is None:
        return UNPUBLISHED
    if found.error is None or abs(found.mean) <= found.error:
        return CLOSE
    return HOLDS if (found.mean > 0) == (published > 0) else FAILS


def figures(table: Table, outcomes: Outcomes, corpora: Sequence[str]) -> list[Figure]:
    """Score every row on every part of the corpora, as far as there are outcomes."""
    found = [
        _figure(row, corpus, part, of_seed, table.detailed)
        for corpus in corpora
        for part in table.parts_of(corpus)
        for row in table.rows
        if (of_seed := {seed: o for (name, where, seed), o in outcomes.items() if (name, where) == (row.name, corpus)})
    ]
    return found


def claims(table: Table, found: Sequence[Figure]) -> list[Claim]:
    """Compare every row with those that the paper compares it with."""
    by_place = {(figure.row, figure.corpus, figure.part): figure for figure in found}
    made: list[Claim] = []
    for ours in found:
        for against in table.row(ours.row).against:
            theirs = by_place.get((against, ours.corpus, ours.part))
            if theirs is not None and (claim := _claim(ours, theirs)) is not None:
                made.append(claim)
    return made


def told(table: Table, outcomes: Outcomes, corpora: Sequence[str]) -> list[Told]:
    """Summarise how rows tell related pictures from unrelated ones, where a system says so and a corpus has both kinds."""
    found: list[Told] = []
    for corpus in corpora:
        for row in table.rows:
            of_row = [o.relatedness for (name, where, _), o in outcomes.items() if (name, where) == (row.name, corpus)]
            judged = [r for r in of_row if r is not None and r.auroc is not None]
            if judged:
                means = [Mean.of([getattr(r, name) for r in judged]) for name in ("auroc", "mean_related", "mean_unrelated")]
                found.append(Told(row.name, corpus, judged[0].related, judged[0].unrelated, *means))
    return found


def published(row: Row, corpus: str, part: str) -> float | None:
    """Return a row's published F1 as a fraction; where a part has none, that of the part which is most like it."""
    known = row.published.get(corpus, {})
    figure = known.get(part, known.get(SLICES[part].like))
    return None if figure is None else figure / 100


def _figure(row: Row, corpus: str, part: str, outcomes: Mapping[int, Outcome], detailed: bool) -> Figure:
    scored: dict[str, dict[int, Scores]] = {}
    errors: dict[str, dict[int, Errors]] = {}
    for state in STATES:
        cuts = {seed: SLICES[part].cut(found.states[state]) for seed, found in outcomes.items()}
        scored[state] = {seed: score(cut.gold, cut.predicted) for seed, cut in cuts.items()}
        errors[state] = {seed: count_errors(cut.gold, cut.predicted) for seed, cut in cuts.items()} if detailed else {}
    counts = next(iter(scored["best"].values())).counts

    def mean(name: str) -> dict[str, Mean]:
        return {state: Mean.of([_of(scores.micro, name) for scores in of_seed.values()]) for state, of_seed in scored.items()}

    return Figure(
        row=row.name,
        corpus=corpus,
        part=part,
        documents=counts["documents"],
        entities=counts["gold"],
        f1=mean("f1"),
        precision=mean("precision"),
        recall=mean("recall"),
        published=published(row, corpus, part),
        by_seed={state: {seed: scores.micro.f1 for seed, scores in of_seed.items()} for state, of_seed in scored.items()},
        details=_details(errors, row.printed.get(corpus, {}).get(part)) if detailed else None,
    )


def _details(errors: Mapping[str, Mapping[int, Errors]], printed: Printed | None) -> Details:
    return Details(
        {state: Mean.of([found.type for found in of_seed.values()]) for state, of_seed in errors.items()},
        {state: Mean.of([found.boundary for found in of_seed.values()]) for state, of_seed in errors.items()},
        {state: {seed: found.boundary for seed, found in of_seed.items()} for state, of_seed in errors.items()},
        printed,
    )


def _of(micro: PRF, name: str) -> float:
    return float(getattr(micro, name))


def _claim(ours: Figure, theirs: Figure) -> Claim | None:
    differences = {state: difference(ours.by_seed[state], theirs.by_seed[state]) for state in STATES}
    paired = {state: found for state, found in differences.items() if found is not None}
    if len(paired) < len(STATES):
        return None
    known = None if ours.published is None or theirs.published is None else ours.published - theirs.published
    few = ours.entities < _ENOUGH
    verdicts = {state: FEW if few and known is not None else verdict(found, known) for state, found in paired.items()}
    change = _change(ours.details, theirs.details) if ours.details and theirs.details else None
    return Claim(ours.row, theirs.row, ours.corpus, ours.part, known, paired, verdicts, change)


def _change(ours: Details, theirs: Details) -> Change:
    shares: dict[str, float | None] = {}
    for state in STATES:
        here, there = ours.by_seed[state], theirs.by_seed[state]
        seeds = here.keys() & there.keys()
        shares[state] = _share(sum(here[seed] for seed in seeds), sum(there[seed] for seed in seeds))
    known = [details.printed.boundary_errors if details.printed else None for details in (ours, theirs)]
    return Change(shares, _share(*known))


def _share(now: int | None, before: int | None) -> float | None:
    return None if now is None or not before else now / before - 1
