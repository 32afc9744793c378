"""What choosing brings: how the model fares on the control arm as it learns, how long each arm takes, and when to stop.

A model is judged by documents that it said its answer of before anybody annotated them. Those of the control arm were drawn at
random, so that their F1 is that of the pool; those that a strategy chose are harder, and their F1 says how much harder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.agreement.resampling import Figure, Tally, estimate
from workbench.store import Judged

ENOUGH = 20
"""Documents of the control arm at one point, below which nothing is advised."""
SMALL_GAIN = 0.01
"""F1 for a hundred annotations, below which more of them hardly help."""
_RESAMPLES, _SEED = 1000, 1
_HUNDRED = 100
_HORIZON = 100_000
_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fared:
    """How a model fared on documents of one arm.

    Attributes:
        documents: how many.
        entities: annotated in them.
        f1: of what the model had said, with its interval over the documents.
        seconds: of annotating one of them, the median; ``None`` where no time is known.
        pace: seconds for a hundred characters, the median.
    """

    documents: int
    entities: int
    f1: Figure
    seconds: float | None
    pace: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """One model, by what it had learned.

    Attributes:
        learned: documents of the project.
        checkpoint: its name.
        strategies: by which the chosen documents were.
        arms: how it fared on each.
    """

    learned: int
    checkpoint: str
    strategies: tuple[str, ...]
    arms: Mapping[str, Fared]

    @property
    def control(self) -> Fared | None:
        """Return how it fared on the control arm, where there is any."""
        return self.arms.get("control")


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the control arm's F1 goes on by the inverse power law, a − b·(n + 1)^−c, fitted to the points.

    Attributes:
        most: what it approaches, a.
        gain: what the next hundred annotations bring, with its interval.
        needed: further annotations to the F1 that is aimed at, with their interval; ``None`` where it is not reached.
    """

    most: float
    gain: tuple[float, float, float]
    needed: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether to go on.

    Attributes:
        kind: ``"few"``, the control arm is too small to tell; ``"begin"``, one model alone was judged; ``"go_on"``;
            ``"reached"``, the F1 that is aimed at; ``"stop"``, more annotations hardly help.
        gain: F1 that a hundred further annotations are expected to bring, where that is known.
    """

    kind: str
    gain: float | None = None


def points(judged: Iterable[Judged]) -> list[Point]:
    """Return how each model fared, those that had learned least first."""
    by_model: dict[tuple[int, str], list[Judged]] = {}
    for each in judged:
        by_model.setdefault((each.selection.learned, each.selection.checkpoint), []).append(each)
    return [_point(learned, checkpoint, found) for (learned, checkpoint), found in sorted(by_model.items())]


def _point(learned: int, checkpoint: str, found: Sequence[Judged]) -> Point:
    arms: dict[str, list[Judged]] = {}
    for each in found:
        arms.setdefault(each.selection.pick.arm, []).append(each)
    strategies = tuple(sorted({each.selection.strategy for each in found if each.selection.pick.arm == "chosen"}))
    return Point(learned, checkpoint, strategies, {arm: _fared(part) for arm, part in sorted(arms.items())})


def _fared(part: Sequence[Judged]) -> Fared:
    counts = np.array([_counts(each) for each in part], dtype=np.float64)
    (f1,) = estimate({"f1": Tally((counts,), _f1)}, resamples=_RESAMPLES, seed=_SEED).values()
    timed = [each for each in part if each.seconds is not None]
    seconds = [each.seconds for each in timed if each.seconds is not None]
    paces = [_HUNDRED * took / len(each.document) for each, took in zip(timed, seconds, strict=True)]
    entities = int(counts[:, 0].sum())
    return Fared(len(part), entities, f1, median(seconds) if seconds else None, median(paces) if paces else None)


def _counts(each: Judged) -> tuple[int, int, int]:
    """Return how many entities were annotated, said by the model, and both."""
    gold = {span.key for span in each.document.spans}
    said = {span.key for span in each.selection.pick.predicted}
    return len(gold), len(said), len(gold & said)


def _f1(sums: _Array) -> _Array:
    both = sums[..., 0] + sums[..., 1]
    found: _Array = np.where(both > 0, 2 * sums[..., 2] / np.where(both > 0, both, 1), np.nan)
    return found


def outlook(known: Sequence[Point], aim: float) -> Outlook | None:
    """Return how the control arm's F1 goes on; nothing from fewer than three models, or if it does not grow.

    Inverse power law: Figueroa et al. 2012, "Predicting sample size required for classification performance". The intervals are
    of fits to the points drawn anew from theirs.

    Args:
        known: of :func:`points`.
        aim: the F1 that is aimed at, in (0, 1].
    """
    return project([(p.learned, p.control.f1) for p in known if p.control], aim)


def project(curve: Sequence[tuple[int, Figure]], aim: float) -> Outlook | None:
    """Return how a learning curve goes on; nothing from fewer than three places with an interval, or if it does not grow.

    Args:
        curve: documents learned, and F1.
        aim: the F1 that is aimed at, in (0, 1].
    """
    usable = [(learned, f1) for learned, f1 in curve if f1.value is not None and f1.low is not None]
    if len({learned for learned, _ in usable}) < 3:
        return None
    x = np.array([learned for learned, _ in usable], dtype=np.float64)
    y = np.array([figure.value for _, figure in usable], dtype=np.float64)
    spread = np.array([max((figure.high or 0) - (figure.low or 0), 1e-3) / 3.92 for _, figure in usable])
    best = _fit(x, y, spread)
    if best is None:
        return None
    rng = np.random.default_rng(_SEED)
    drawn = [fit for _ in range(100) if (fit := _fit(x, rng.normal(y, spread), spread)) is not None]
    if len(drawn) < 50:
        return None
    here = float(x.max())
    gains = [_gain(fit, here) for fit in drawn]
    needed = [_needed(fit, here, aim) for fit in drawn]
    reach = _needed(best, here, aim)
    low, high = (float(v) for v in np.quantile(gains, (0.025, 0.975)))
    few, many = (float(v) for v in np.quantile(needed, (0.025, 0.975)))
    return Outlook(best[0], (_gain(best, here), low, high), (reach, few, many) if reach < _HORIZON else None)


_Law = tuple[float, float, float]


def _fit(x: _Array, y: _Array, spread: _Array) -> _Law | None:
    from scipy.optimize import curve_fit

    try:
        found, _ = curve_fit(_law, x, y, p0=(min(1.0, y.max() + 0.05), 0.5, 0.5), sigma=spread, bounds=([0, 0, 0.05], [1, 1, 2]))
    except RuntimeError:  # it does not settle
        return None
    return float(found[0]), float(found[1]), float(found[2])


def _law(x: _Array, a: float, b: float, c: float) -> _Array:
    value: _Array = a - b * (x + 1) ** -c
    return value


def _gain(law: _Law, here: float) -> float:
    now, later = _law(np.array([here, here + _HUNDRED]), *law)
    return float(later - now)


def _needed(law: _Law, here: float, aim: float) -> float:
    a, b, c = law
    if aim >= a:
        return _HORIZON
    with np.errstate(over="ignore", divide="ignore"):
        return float(np.clip((b / (a - aim)) ** (1 / c) - 1 - here, 0, _HORIZON))


def advise(known: Sequence[Point], aim: float) -> Advice:
    """Return whether to go on annotating.

    Args:
        known: of :func:`points`.
        aim: the F1 that is aimed at, in (0, 1].
    """
    judged = [(p, p.control) for p in known if p.control and p.control.documents >= ENOUGH and p.control.f1.value is not None]
    if not judged:
        return Advice("few")
    last = judged[-1][1].f1
    if last.low is not None and last.low >= aim:
        return Advice("reached")
    if len(judged) < 2:
        return Advice("begin")
    ahead = outlook([point for point, _ in judged], aim)
    if ahead is not None:
        return Advice("stop" if ahead.gain[2] < SMALL_GAIN else "go_on", ahead.gain[0])
    (before, former), (after, latter) = judged[-2:]
    step = after.learned - before.learned
    gain = ((latter.f1.value or 0) - (former.f1.value or 0)) * _HUNDRED / max(step, 1)
    return Advice("go_on", gain)


def advise_curve(curve: Sequence[tuple[int, Figure]], ahead: Outlook | None, aim: float) -> Advice:
    """Return whether to go on annotating, by a learning curve whose intervals are over trainings.

    Args:
        curve: documents learned, rising, and F1.
        ahead: how it goes on, of :func:`project`.
        aim: the F1 that is aimed at, in (0, 1].
    """
    known = [(size, f1) for size, f1 in curve if f1.value is not None]
    if not known:
        return Advice("few")
    if known[-1][1].low is not None and known[-1][1].low >= aim:
        return Advice("reached")
    if ahead is not None:
        return Advice("stop" if ahead.gain[2] < SMALL_GAIN else "go_on", ahead.gain[0])
    if len(known) < 2:
        return Advice("begin")
    (before, former), (after, latter) = known[-2:]
    gain = ((latter.value or 0) - (former.value or 0)) * _HUNDRED / max(after - before, 1)
    return Advice("go_on", gain)
