"""F1 by size of the training data: the curves that ``simulate`` has drawn."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.evaluation.study import Interval


@dataclass(frozen=True, slots=True)
class Learned:
    """F1 after learning from so many sentences; the interval is Student's over the seeds, where there are several."""

    sentences: int
    f1: Interval


def learning_curves(path: str | Path) -> dict[str, tuple[Learned, ...]]:
    """Read learning curves, by what each is of: a strategy, or one of two arms.

    Args:
        path: the ``report.json`` that ``simulate`` writes, or the folder that it is in.

    Raises:
        InputError: if there are no curves.
    """
    file = Path(path) / "report.json" if Path(path).is_dir() else Path(path)
    try:
        curves: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))["curves"]
        found = {name: _of_arm(points) if isinstance(points, list) else _of_seeds(points) for name, points in curves.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} holds no learning curves ({error!r}); make them: python -m engine simulate") from error
    return {name: points for name, points in found.items() if points}


def _of_arm(points: Sequence[Mapping[str, Any]]) -> tuple[Learned, ...]:
    return tuple(
        Learned(
            int(point["documents"]),
            Interval(point["value"], point["low"], point["high"])
            if point["low"] is not None
            else Interval(point["value"], point["value"], point["value"], False),
        )
        for point in points
    )


def _of_seeds(by_seed: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Learned, ...]:
    from engine.simulation.figures import over_seeds

    values: dict[int, list[float]] = defaultdict(list)
    for points in by_seed.values():
        for point in points:
            values[int(point["sentences"])].append(float(point["f1"]))
    learned = []
    for sentences in sorted(values):
        figure = over_seeds(values[sentences])
        value = float(figure.value or 0.0)
        known = figure.low is not None and figure.high is not None
        bounds = (figure.low, figure.high) if known else (value, value)
        learned.append(Learned(sentences, Interval(value, float(bounds[0] or 0.0), float(bounds[1] or 0.0), known)))
    return tuple(learned)
