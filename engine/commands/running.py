"""What the commands that carry out a run have in common: new or resumed, a progress bar, the end."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.commands.output import add_json, print_json
from engine.errors import InputError, RunError

_SHOWN = {"loss": "{:.3f}", "f1": "{:.2%}", "perplexity": "{:.2f}", "pairs": "{:.1%}", "classes": "{:.1%}"}


def add_run_arguments(parser: argparse.ArgumentParser, result: str) -> None:
    """Add what every command that carries out a run takes; ``result`` says what comes out of it."""
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="an option; --options lists them")
    parser.add_argument("--run", metavar="DIR", help="folder of the run; an interrupted run in it is gone on with")
    parser.add_argument("--out", metavar="DIR", help=f"also put the {result} here")
    parser.add_argument("--options", action="store_true", help="list the options, and stop")
    parser.add_argument("--threads", type=int, help="CPU threads")
    add_json(parser)
    parser.set_defaults(command=parser.prog)


def carry_out(arguments: argparse.Namespace, prepare: Callable[[], Any], place: Callable[[Path, str], Path]) -> int:
    """Carry out the run that ``--run`` names, or a new one, in this process; return the exit status.

    Args:
        arguments: of ``add_run_arguments``.
        prepare: makes a new run.
        place: copies the checkpoint to where ``--out`` says.

    Raises:
        RunError: if the run is running or done already.
    """
    from engine.run import Run

    ready = arguments.run and (Path(arguments.run) / "config.json").is_file()
    run = Run(arguments.run) if ready else prepare()
    state = run.status().state if ready and run.leader else ""
    if state in ("running", "done"):
        raise RunError(f"the run in {run.folder} is {state}; its checkpoint is to be {run.checkpoint}")
    with Bar(run):
        status = run.carry_out(_work(run))
    if status.state != "done":
        print(f"stopped as asked; go on with: {arguments.command} --run {run.folder}", file=sys.stderr)
        return 1
    if not run.leader:
        return 0
    checkpoint = place(run.checkpoint, arguments.out) if arguments.out else run.checkpoint
    if arguments.json:
        print_json({"run": str(run.folder), "checkpoint": str(checkpoint), "report": run.report()})
    else:
        print(f"done: {checkpoint if Path(checkpoint).exists() else run.folder}")
    return 0


def _work(run: Any) -> Callable[[Any], bool]:
    """Return what carries out runs of this kind."""
    kind = run.config.get("kind", "")
    if kind == "train":
        from engine.corpus_training import train_on_corpus

        return train_on_corpus
    if kind == "retrain":
        from engine.retraining import retrain

        return retrain
    if kind == "cell":
        from engine.reproduction.cell_training import train_cell

        return train_cell
    if kind == "curve":
        from engine.simulation.drawing import draw

        return draw
    if kind == "arms":
        from engine.simulation.arms import draw_arms

        return draw_arms
    if kind == "masked-lm":
        from engine.text_pretraining import pretrain_on_text

        return pretrain_on_text
    if kind in ("glyphs", "sounds"):
        from engine.picture_pretraining import pretrain_on_pictures

        return pretrain_on_pictures
    raise RunError(f"{run.folder / 'config.json'} does not say what kind of run it is")


def new_folder(arguments: argparse.Namespace) -> Path:
    """Return where a new run goes."""
    return Path(arguments.run or Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}")


def follows() -> bool:
    """Tell whether this is not the first of several processes that train together."""
    return os.environ.get("RANK", "0") != "0"


def follow(folder: str | None) -> Any:
    """Return the run that the first of several processes prepares.

    Raises:
        InputError: if no folder is named.
        RunError: if the first process prepares none.
    """
    from engine.run import Run

    if folder is None:
        raise InputError("with several processes, give --run with a new folder")
    patience = time.monotonic() + 60
    while not (Path(folder) / "status.json").is_file():
        if time.monotonic() > patience:
            raise RunError(f"the first process did not prepare {folder} within a minute; see what it printed")
        time.sleep(0.1)
    return Run(folder)


class Bar:
    """A progress bar that follows the run's log while the run is carried out."""

    def __init__(self, run: Any) -> None:
        """Follow a run."""
        self.run = run

    def __enter__(self) -> None:
        """Show the bar."""
        from tqdm import tqdm

        self.bar = tqdm(unit="step", file=sys.stderr, disable=not sys.stderr.isatty())
        self.told, self.run.tell = self.run.tell, self._tell
        self.figures: dict[str, str] = {}

    def __exit__(self, *_: object) -> None:
        """Close the bar."""
        self.run.tell = self.told
        self.bar.close()

    def _tell(self, **row: Any) -> None:
        self.told(**row)
        self._show(row)

    def _show(self, row: Mapping[str, Any]) -> None:
        if row.get("kind") == "stage":
            self.bar.set_description_str(row["message"])
        if row.get("steps"):
            self.bar.set_description_str("")
            self.bar.total = row["steps"]
            self.bar.update(row["step"] - self.bar.n)
            self.figures |= {name: form.format(row[name]) for name, form in _SHOWN.items() if row.get(name) is not None}
            self.bar.set_postfix(self.figures)
