"""Learning curves as a picture: F1 over what is labelled, the mean of the seeds and from the lowest to the highest."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.simulation.curve import Point
from engine.simulation.figures import REACHED
from engine.simulation.report import Report

FILES = ("curves.png", "curves.svg")
# colours that people who confuse some still tell apart (Okabe and Ito 2008); line and mark differ too: 8 and 7 have no divisor in
# common, so that no two of 56 curves are drawn alike
_COLOURS = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d00")
_MARKS, _LINES = ("o", "s", "^", "D", "v", "P", "X"), ("-", "--", "-.")
_SIZE = (9.0, 5.5)


def plot(report: Report, folder: Path) -> list[Path]:
    """Draw the curves into a folder and return the files, :data:`FILES`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    axis = report.plan.settings.by
    figure = Figure(figsize=_SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    looks = zip(itertools.cycle(_COLOURS), itertools.cycle(_MARKS), itertools.cycle(_LINES), strict=False)
    for (strategy, by_seed), (colour, mark, line) in zip(report.curves.items(), looks, strict=False):
        if by_seed:
            x, low, mean, high = _band(list(by_seed.values()), axis)
            axes.plot(x, 100 * mean, color=colour, marker=mark, linestyle=line, markersize=4, linewidth=1.4, label=strategy)
            axes.fill_between(x, 100 * low, 100 * high, color=colour, alpha=0.12, linewidth=0)
    if report.full:
        full = 100 * float(np.mean([point.f1 for point in report.full.values()]))
        axes.axhline(full, color="#555555", linewidth=1, label="all data")
        axes.axhline(REACHED * full, color="#555555", linewidth=1, linestyle="--", label=f"{REACHED:.0%} of it")
    axes.set(xlabel=f"labelled {axis}", ylabel="F1 on the dev part, %")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    files = [folder / name for name in FILES]
    for file in files:
        metadata = {"Date": None} if file.suffix == ".svg" else {}
        figure.savefig(file, dpi=150, metadata=metadata)
    return files


def _band(curves: Sequence[Sequence[Point]], axis: str) -> tuple[Any, Any, Any, Any]:
    """Return the rounds that all seeds have: where they are on the mean, and the lowest, mean and highest F1."""
    rounds = min(map(len, curves))
    x = np.array([[point.at(axis) for point in points[:rounds]] for points in curves]).mean(0)
    f1 = np.array([[point.f1 for point in points[:rounds]] for points in curves])
    return x, f1.min(0), f1.mean(0), f1.max(0)
