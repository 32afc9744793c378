"""Makes a simulation: plans the curves, has the missing ones carried out, and reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine import acquisition
from engine.errors import InputError, RunError
from engine.mixture import read_all
from engine.reproduction.schedule import Machine, Say, carry_out
from engine.simulation.curve import FULL, START, Curve, Plan, Point, curve_of, kept
from engine.simulation.drawing import read_pool, start_of
from engine.simulation.figures import summarise
from engine.simulation.plot import plot
from engine.simulation.report import Report
from engine.systems import get
from engine.systems.contract import from_json


def usual(plan: Plan) -> list[str]:
    """Return all strategies, but for modality disagreement where a system reads text alone."""
    return [name for name in acquisition.STRATEGIES if name != _MODALITIES or _looks_further(plan)]


def simulate(
    plan: Plan, strategies: Sequence[str], seeds: Sequence[int], folder: Path, machine: Machine | None, say: Say
) -> tuple[Report, dict[str, str]]:
    """Make a simulation, and return it with the reasons why curves failed, by key.

    Args:
        plan: what all curves have in common.
        strategies: names or mixtures; random comes before them, since the others are compared with it.
        seeds: for each strategy a curve with each of them.
        folder: where curves, report and pictures go.
        machine: what to train on; nothing is trained without one.
        say: told, a line at a time, of what people should know.

    Raises:
        InputError: if a corpus is missing, a strategy is not known, or there are fewer documents than to start with.
        RunError: if the folder cannot be written.
    """
    names = list(dict.fromkeys([acquisition.RANDOM, *(acquisition.get(name).name for name in strategies)]))
    for corpus in [*plan.train, *plan.dev]:
        if not corpus.present:
            raise InputError(f"there is no file {corpus.file}; give the path of a corpus")
    if _MODALITIES in names and not _looks_further(plan):
        say(f"{_MODALITIES}: with these options {plan.system} reads text alone, so that it chooses like random")
    first = {seed: (curve_of(plan, START, seed), curve_of(plan, FULL, seed)) for seed in seeds}
    pool, dev = read_pool(first[seeds[0]][0]), read_all(plan.dev, 0)
    start_of(pool, plan.settings.start, plan.settings.by, seeds[0])
    curves = {(name, seed): curve_of(plan, name, seed) for seed in seeds for name in names}
    curves_folder, failed = folder / "curves", {}
    if machine:
        say(f"{len(curves)} curves, rounds in each: {plan.settings.rounds}; one that was interrupted goes on")
        begun = [curve for several in first.values() for curve in several]
        failed = carry_out(begun, curves_folder, machine, say, kept)
        able = [curve for (_, seed), curve in curves.items() if first[seed][0].key not in failed]
        failed |= carry_out(able, curves_folder, machine, say, kept)
    whole = {"sentences": len(pool), "characters": sum(map(len, pool)), "entities": sum(len(d.spans) for d in pool)}
    full = {seed: found.points[-1] for seed, (_, one) in first.items() if (found := kept(one, curves_folder, say))}
    report = _report(plan, whole, len(dev), full, curves, curves_folder, failed, say)
    try:
        report.write(folder)
        plot(report, folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror}); choose another folder with --out") from error
    return report, failed


def _report(
    plan: Plan,
    whole: dict[str, int],
    dev: int,
    full: dict[int, Point],
    curves: dict[tuple[str, int], Curve],
    folder: Path,
    failed: dict[str, str],
    say: Say,
) -> Report:
    drawn: dict[str, dict[int, tuple[Point, ...]]] = {name: {} for name, _ in curves}
    missing = []
    for (name, seed), curve in curves.items():
        if found := kept(curve, folder, say):
            drawn[name][seed] = found.points
        else:
            missing.append(f"{curve.name}: {failed.get(curve.key, 'not done yet')}")
    return Report(plan, whole, dev, full, drawn, summarise(drawn, full, plan.settings.by), missing)


def _looks_further(plan: Plan) -> bool:
    kind = get(plan.system)
    config = from_json(kind.Config, dict(plan.options))
    return any(modality.optional and kind.uses(config, modality.name) for modality in kind.modalities)


_MODALITIES = "modality-disagreement"
