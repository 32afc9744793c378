"""The result of a simulation as text for people and JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.evaluation.agreement.resampling import Figure
from engine.simulation.curve import Plan, Point
from engine.simulation.figures import REACHED, Curves, Saving, Summary

FILE = "report.json"


@dataclass(frozen=True)
class Report:
    """A simulation.

    Attributes:
        plan: what all curves have in common.
        whole: sentences, characters and entities that there are to choose from.
        dev: sentences that judge.
        full: by seed, what all of the data comes to.
        curves: by strategy and seed.
        summaries: of each strategy.
        missing: what is not done, in words.
    """

    plan: Plan
    whole: Mapping[str, int]
    dev: int
    full: Mapping[int, Point]
    curves: Curves
    summaries: Sequence[Summary]
    missing: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """Return the simulation as plain values."""
        return {
            "system": self.plan.system,
            "options": dict(self.plan.options),
            "training": {name: value for name, value in self.plan.training.items() if name != "seed"},
            "settings": self.plan.settings.to_json(),
            "train": [corpus.to_json() for corpus in self.plan.train],
            "dev": [corpus.to_json() for corpus in self.plan.dev],
            "whole": dict(self.whole),
            "judged_by": self.dev,
            "reached": REACHED,
            "full": {str(seed): asdict(point) for seed, point in self.full.items()},
            "strategies": [summary.to_json() for summary in self.summaries],
            "curves": {
                name: {str(seed): [asdict(point) for point in points] for seed, points in by_seed.items()}
                for name, by_seed in self.curves.items()
            },
            "missing": list(self.missing),
        }

    def write(self, folder: Path) -> None:
        """Write the JSON into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(self.to_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    def rows(self) -> list[tuple[str, ...]]:
        """Return a row for each strategy: F1, area, shares and savings in sentences and in characters."""
        return [
            (
                summary.strategy,
                shown(summary.f1),
                shown(summary.area),
                *(cell for unit in ("sentences", "characters") for cell in _needed(summary.savings[unit], len(summary.seeds))),
            )
            for summary in self.summaries
        ]

    @property
    def about(self) -> str:
        """Return what the figures are of."""
        sizes = ", ".join(f"{count:,} {unit}" for unit, count in self.whole.items())
        seeds = [f"{point.f1:.1%}" for point in self.full.values()]
        full = f"learned from all of it, F1 is {', '.join(seeds)}" if seeds else "nothing has learned from all of it yet"
        return f"to choose from: {sizes}; judged by {self.dev:,} sentences; {full}"


HEADER = (
    "strategy",
    "F1 at the end",
    "area",
    f"sentences to {REACHED:.0%}",
    "saved",
    f"characters to {REACHED:.0%}",
    "saved",
)


def shown(figure: Figure) -> str:
    """Return a share as a percentage, with its interval if it has one."""
    if figure.value is None:
        return "-"
    interval = "" if figure.low is None or figure.high is None else f" ({figure.low:.1%} to {figure.high:.1%})"
    return f"{figure.value:.1%}{interval}"


def _needed(saving: Saving, seeds: int) -> tuple[str, str]:
    some = "" if saving.reached in (0, seeds) else f", {saving.reached} of {seeds} seeds"
    return f"{shown(saving.share)}{some}", f"{'at least ' if saving.bounded else ''}{shown(saving.saved)}"
