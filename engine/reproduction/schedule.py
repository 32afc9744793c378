"""Carries out the cells that are missing, several at a time, each in a process of its own.

A cell is one of a table, or a curve of a simulation. It is a run: it survives the death of whoever started it, and goes on from
its last state. One that another process is at work on is waited for, not done twice.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from engine.errors import RunError
from engine.reproduction import outcome
from engine.reproduction.cell import Cell
from engine.run import ACTIVE, Run

Say = Callable[[str], None]
_LOOK = 0.5
_BAR = "{desc}{bar:20}{r_bar}"
_STOPPING = 120.0


class Work(Protocol):
    """What can be carried out: one training, or several that belong together."""

    @property
    def key(self) -> str:
        """Return the hash of all that determines what comes of it."""

    @property
    def name(self) -> str:
        """Return what to tell people it is."""

    def run(self, folder: Path) -> Run:
        """Return its run below a folder."""

    def plan(self) -> dict[str, Any]:
        """Return it as the configuration of a run."""

    @classmethod
    def of(cls, run: Run) -> Work:
        """Return what a run's folder is to carry out; a RunError if it is something else."""


class Done(Protocol):
    """What is kept of it."""

    @property
    def seconds(self) -> float:
        """Return how long it took."""


Kept = Callable[[Any, Path, Say], Done | None]


@dataclass(frozen=True)
class Machine:
    """What the cells are trained on.

    Attributes:
        processes: cells at a time.
        threads: CPU threads of each.
        devices: names of the GPUs, taken in turn; none for the CPU.
    """

    processes: int
    threads: int
    devices: tuple[str, ...] = ()

    def variables(self, place: int) -> dict[str, str]:
        """Return the environment of the process at a place, from 0 on."""
        variables = {"OMP_NUM_THREADS": str(self.threads)}
        if self.devices:
            variables["CUDA_VISIBLE_DEVICES"] = self.devices[place % len(self.devices)]
        return variables


def this_machine(processes: int, threads: int | None, environment: Mapping[str, str]) -> Machine:
    """Return this machine, its cores shared evenly unless the number of threads is given or set in the environment."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = environment.get("OMP_NUM_THREADS", "")
    chosen = threads or (int(given) if given.isdigit() and int(given) else max(1, cores // processes))
    visible = environment.get("CUDA_VISIBLE_DEVICES", "")
    names = [name for name in visible.split(",") if name] or [str(i) for i in range(torch.cuda.device_count())]
    return Machine(processes, chosen, tuple(names) if torch.cuda.is_available() else ())


def kept(cell: Cell, folder: Path, say: Say = lambda line: None) -> outcome.Outcome | None:
    """Return what is kept of a cell, or nothing if it is not done, or damaged, which is said.

    Args:
        cell: the cell.
        folder: of the cells.
        say: told of damage.
    """
    place = folder / cell.key
    if not outcome.is_kept(place):
        return None
    try:
        return outcome.read(place)
    except RunError as error:
        say(str(error))
        return None


def carry_out(cells: Sequence[Work], folder: Path, machine: Machine, say: Say, done: Kept = kept) -> dict[str, str]:
    """Carry out those of some cells that are missing, and return why any failed, by key.

    Args:
        cells: what is wanted; the same cell may occur several times.
        folder: of the cells.
        machine: what to train on.
        say: told, a line at a time, of what people should know.
        done: returns what is kept of a cell, or nothing.

    Raises:
        RunError: if a folder cannot be written.
    """
    wanted = list({cell.key: cell for cell in cells}.values())
    missing = [cell for cell in wanted if done(cell, folder, lambda line: say(f"{line}; it is done again")) is None]
    if not missing:
        return {}
    with tqdm(total=len(wanted), unit="cell", file=sys.stderr, bar_format=_BAR, disable=not sys.stderr.isatty()) as bar:
        bar.update(len(wanted) - len(missing))
        return _Schedule(folder, machine, bar, say, done).carry_out(missing)


class _Schedule:
    def __init__(self, folder: Path, machine: Machine, bar: tqdm, say: Say, done: Kept) -> None:
        self.folder, self.machine, self.bar, self.say, self.done = folder, machine, bar, say, done
        self.active: dict[int, tuple[Work, Run, bool]] = {}
        self.failed: dict[str, str] = {}

    def carry_out(self, missing: Sequence[Work]) -> dict[str, str]:
        """Keep every place busy until nothing is missing."""
        waiting = list(missing)
        try:
            while waiting or self.active:
                for place in range(self.machine.processes):
                    if waiting and place not in self.active:
                        self._start(place, waiting.pop(0))
                time.sleep(_LOOK)
                for place in list(self.active):
                    self._look(place)
        except BaseException:
            self._stop()
            raise
        return self.failed

    def _start(self, place: int, cell: Work) -> None:
        run, ours = begin(cell, self.folder, self.machine.variables(place), self.done)
        self.active[place] = (cell, run, ours)

    def _look(self, place: int) -> None:
        cell, run, _ = self.active[place]
        status = run.status()
        if status.state in ACTIVE:
            epochs = f", epoch {status.epoch}/{status.epochs}" if status.epochs else ""
            f1 = f", F1 {status.f1:.1%}" if status.f1 is not None else ""
            self.bar.set_description_str(f"{cell.name}{epochs}{f1} ")
            return
        del self.active[place]
        self.bar.update(1)
        found = self.done(cell, self.folder, lambda line: None)
        if found is None:
            reason = status.message or f"it was {status.state}"
            self.failed[cell.key] = reason
            self.say(f"{cell.name} failed: {reason}; its log is {run.folder / 'log.txt'}")
        elif self.bar.disable:
            self.say(f"{cell.name}: done in {found.seconds:,.0f} s")

    def _stop(self) -> None:
        """Let the runs that were started here keep their state and end."""
        ours = [run for _, run, ours in self.active.values() if ours]
        if ours:
            self.say(f"stopping {len(ours)} cells at their next step; the same command goes on with them")
        for run in ours:
            run.cancel()
        patience = time.monotonic() + _STOPPING
        while any(run.status().state in ACTIVE for run in ours) and time.monotonic() < patience:
            time.sleep(_LOOK)


def begin(cell: Work, folder: Path, environment: Mapping[str, str], done: Kept = kept) -> tuple[Run, bool]:
    """Start a cell, or go on with it, and return its run; and whether another process has not begun, or done, it before.

    What a folder holds of another cell, or of a finished one that is damaged, is thrown away.

    Raises:
        RunError: if the folder cannot be written.
    """
    run = cell.run(folder)
    if run.folder.exists():
        try:
            status = run.status()
            if (status.state in ACTIVE and status.pid) or done(cell, folder, lambda line: None) is not None:
                return run, False
            usable = type(cell).of(run).key == cell.key and status.state != "done"
        except RunError:
            usable = False
        if not usable:
            shutil.rmtree(run.folder)
    if not run.folder.exists():
        run = Run.create(run.folder, cell.plan())
    elif run.config != cell.plan():
        run.revise(cell.plan())  # the corpora have moved
    run.start(environment)
    return run, True
