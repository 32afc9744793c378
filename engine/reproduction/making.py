"""Makes a table: finds the corpora, plans the cells, has the missing ones carried out, and reports."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import RunError
from engine.reproduction import claims as claiming
from engine.reproduction.cell import Cell, cell_of, check_overrides
from engine.reproduction.corpora import Source, data_folder, find, find_first
from engine.reproduction.outcome import Outcome
from engine.reproduction.report import Report
from engine.reproduction.schedule import Machine, Say, carry_out, kept
from engine.reproduction.table import Row, Table
from engine.variants import is_usual

Place = tuple[str, str, int]


def make(
    table: Table,
    *,
    data: str | None,
    corpora: Sequence[str],
    seeds: Sequence[int],
    overrides: Mapping[str, Any],
    folder: Path,
    machine: Machine | None,
    say: Say,
) -> tuple[Report, dict[str, str]]:
    """Make a table, and return it with the reasons why cells failed, by key.

    Args:
        table: the table.
        data: the folder of corpora; the environment's if absent.
        corpora: names of corpora.
        seeds: for each row and corpus a cell with each of them.
        overrides: options for every cell.
        folder: where cells and tables go.
        machine: what to train on; nothing is trained without one.
        say: told, a line at a time, of what people should know.

    Raises:
        InputError: if a corpus or a system is not known, no corpus is there, or an option cannot be.
        RunError: if the folder cannot be written.
    """
    check_overrides(table, overrides)
    corpora_folder = data_folder(data, os.environ)
    sources, absent = find(corpora, corpora_folder)
    first, lacking = find_first([name for row in table.rows for name in row.first], corpora_folder)
    absent |= {row.name: lacking[name] for row in table.rows for name in row.first[::-1] if name in lacking}
    for name, files in absent.items():
        say(f"{name} is left out: there is no {files}")
    rows = [row for row in table.rows if row.name not in absent]
    cells = _cells(table, rows, sources, seeds, overrides, first)
    cells_folder = folder / "cells"
    failed = carry_out(list(cells.values()), cells_folder, machine, say) if machine else {}
    outcomes = {at: found for at, cell in cells.items() if (found := kept(cell, cells_folder, say)) is not None}
    report = _report(table, outcomes, cells, overrides, [*absent.items()], failed)
    try:
        report.write(folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror}); choose another folder with --out") from error
    return report, failed


def _cells(
    table: Table,
    rows: Sequence[Row],
    sources: Sequence[Source],
    seeds: Sequence[int],
    overrides: Mapping[str, Any],
    first: Mapping[str, Path],
) -> dict[Place, Cell]:
    """Plan every cell, seed by seed, so that a table which is interrupted has all its rows with some seeds."""
    return {
        (row.name, source.name, seed): cell_of(table, row, source, seed, overrides, first)
        for seed in seeds
        for source in sources
        for row in rows
    }


def _report(
    table: Table,
    outcomes: Mapping[Place, Outcome],
    cells: Mapping[Place, Cell],
    overrides: Mapping[str, Any],
    absent: Sequence[tuple[str, str]],
    failed: Mapping[str, str],
) -> Report:
    corpora = list(dict.fromkeys(corpus for _, corpus, _ in cells))
    found = claiming.figures(table, outcomes, corpora)
    missing = [f"{name}, for there is no {files}" for name, files in absent]
    missing += [
        f"{row} on {corpus}, seed {seed}: {failed.get(cells[row, corpus, seed].key, 'not done yet')}"
        for row, corpus, seed in cells
        if (row, corpus, seed) not in outcomes
    ]
    about, told = {name: _about(name, outcomes) for name in corpora}, claiming.told(table, outcomes, corpora)
    return Report(table, about, found, claiming.claims(table, found), overrides, missing, told)


def _about(corpus: str, outcomes: Mapping[Place, Outcome]) -> str:
    """Say what was learned from in the largest cells of a corpus, and judged by; what is spoken in several ways counts once."""
    here = [outcome for (_, name, _), outcome in outcomes.items() if name == corpus]
    if not here:
        return "no cell is done"
    largest = max(here, key=lambda outcome: outcome.train)
    comparison = largest.states["best"]
    drawn = f" of {largest.whole:,}, drawn once for all cells," if largest.train < largest.whole else ""
    gold = [document for document in comparison.gold if is_usual(document)]
    repeated = sum(document.text in comparison.repeated for document in gold)
    again = f", {repeated:,} of them also in the training part" if repeated else ""
    return f"learned from {largest.train:,}{drawn} sentences, judged by {len(gold):,}{again}"
