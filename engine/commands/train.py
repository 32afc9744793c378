"""``train``: a new checkpoint from a labelled corpus, or a run whose folder is ready."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.commands.output import add_json, parse_pairs, print_json, use_threads
from engine.errors import InputError, RunError

_DESCRIPTION = """\
Train a system on a labelled corpus.

  python -m engine train --system bilstm-crf --train train.txt --dev dev.txt --out checkpoints/mine
  python -m engine train --system bert-crf --train train.txt --dev dev.txt --set encoder=hfl/chinese-macbert-base \\
      --set encoder_rate=5e-5 --set epochs=5
  python -m engine train --run runs/20261121-101500      go on with a run that was interrupted

--set takes the options of the system and of the training (--options lists them). Everything about the run is kept in its
folder: events.jsonl, status.json, log.txt, and at the end checkpoint/. Several GPUs: put `accelerate launch -m engine` in
place of `python -m engine`, and name a new folder with --run."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "train", help="train a system on a corpus", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--system", default="bert-crf", metavar="S", help="name of a system (bert-crf)")
    parser.add_argument(
        "--train", action="append", default=[], metavar="F", help="corpus to learn from; may be given several times"
    )
    parser.add_argument("--dev", metavar="F", help="corpus that decides which state is best")
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO,…", help="labels to rename, or to drop (FROM=)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="an option of the system or the training"
    )
    parser.add_argument("--run", metavar="DIR", help="folder of the run; an interrupted run in it is gone on with")
    parser.add_argument("--out", metavar="DIR", help="also put the checkpoint here")
    parser.add_argument("--options", action="store_true", help="list the options of the system and the training, and stop")
    parser.add_argument("--threads", type=int, help="CPU threads")
    add_json(parser)
    parser.set_defaults(handler=train)


def train(arguments: argparse.Namespace) -> int:
    """Carry a run out in this process, showing its progress."""
    if arguments.options:
        return _list_options(arguments)
    use_threads(arguments.threads)
    from engine.corpus_training import train_on_corpus
    from engine.retraining import retrain
    from engine.run import Run

    ready = arguments.run and (Path(arguments.run) / "config.json").is_file()
    run = Run(arguments.run) if ready else _prepare(arguments)
    state = run.status().state if ready and run.leader else ""
    if state in ("running", "done"):
        raise RunError(f"the run in {run.folder} is {state}; its checkpoint is to be {run.checkpoint}")
    work = {"train": train_on_corpus, "retrain": retrain}.get(run.config.get("kind", ""))
    if work is None:
        raise RunError(f"{run.folder / 'config.json'} does not say what kind of run it is")
    with Bar(run):
        status = run.carry_out(work)
    if status.state != "done":
        print(f"stopped as asked; go on with: python -m engine train --run {run.folder}", file=sys.stderr)
        return 1
    if not run.leader:
        return 0
    checkpoint = _place(run.checkpoint, arguments.out)
    result = {"run": str(run.folder), "checkpoint": str(checkpoint), "report": run.report()}
    if arguments.json:
        print_json(result)
    else:
        print(f"done: {checkpoint}")
    return 0


def _prepare(arguments: argparse.Namespace) -> Any:
    from engine.corpus_training import prepare
    from engine.systems import get
    from engine.systems.contract import from_json, options
    from engine.training import TrainingConfig

    if os.environ.get("RANK", "0") != "0":
        return _follow(arguments.run)
    if not arguments.train or not arguments.dev:
        raise InputError("train: give --train and --dev, or --run with the folder of an interrupted run")
    system = get(arguments.system)
    chosen = dict(parse_pairs(arguments.set, "--set"))
    own = {option.name for option in options(system.Config)}
    folder = Path(arguments.run or Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}")
    return prepare(
        folder,
        system=arguments.system,
        train=arguments.train,
        dev=arguments.dev,
        options=from_json(system.Config, {name: value for name, value in chosen.items() if name in own}),
        training=from_json(TrainingConfig, {name: value for name, value in chosen.items() if name not in own}),
        mapping=parse_pairs(arguments.map, "--map", separator=","),
        card={"data": ", ".join(Path(path).name for path in arguments.train), "command": _command(arguments)},
    )


def _follow(folder: str | None) -> Any:
    """Return the run that the first of several processes prepares."""
    from engine.run import Run

    if folder is None:
        raise InputError("train: with several processes, give --run with a new folder")
    patience = time.monotonic() + 60
    while not (Path(folder) / "status.json").is_file():
        if time.monotonic() > patience:
            raise RunError(f"the first process did not prepare {folder} within a minute; see what it printed")
        time.sleep(0.1)
    return Run(folder)


def _command(arguments: argparse.Namespace) -> str:
    parts = ["python -m engine train", f"--system {arguments.system}"]
    parts += [f"--train {path}" for path in arguments.train]
    parts += [
        f"--dev {arguments.dev}",
        *(f"--map {value}" for value in arguments.map),
        *(f"--set {value}" for value in arguments.set),
    ]
    return " ".join(parts)


def _list_options(arguments: argparse.Namespace) -> int:
    from engine.systems import get
    from engine.systems.contract import options
    from engine.training import TrainingConfig

    for owner, config in ((arguments.system, get(arguments.system).Config), ("training", TrainingConfig)):
        print(owner)
        for option in options(config):
            bounds = " | ".join(option.choices) or (f"{option.minimum} … {option.maximum}" if option.minimum is not None else "")
            print(f"  {option.name:<20} {option.type.__name__:<6} {option.default!r:<10} {bounds}".rstrip())
    return 0


def _place(checkpoint: Path, out: str | None) -> Path:
    if not out:
        return checkpoint
    from engine.checkpoint import load, save, verify

    info = verify(checkpoint)
    return save(load(checkpoint), out, info.card).path


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

    def __exit__(self, *_: object) -> None:
        """Close the bar."""
        self.run.tell = self.told
        self.bar.close()

    def _tell(self, **row: Any) -> None:
        self.told(**row)
        if row.get("steps"):
            self.bar.total = row["steps"]
            self.bar.update(row["step"] - self.bar.n)
            shown: Mapping[str, Any] = {
                "loss": f"{row['loss']:.3f}",
                **({"F1": f"{row['f1']:.2%}"} if row.get("f1") is not None else {}),
            }
            self.bar.set_postfix(shown)
