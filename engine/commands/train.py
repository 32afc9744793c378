"""``train``: a new checkpoint from a labelled corpus, or a run whose folder is ready."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands.output import parse_pairs, print_options, use_threads
from engine.commands.running import add_run_arguments, carry_out, follow, follows, new_folder
from engine.errors import InputError
from engine.shipped import SHIPPED

_SYSTEM = "bert-crf"
_DESCRIPTION = """\
Train a system on a labelled corpus.

  python -m engine train --system bilstm-crf --train train.txt --dev dev.txt --out checkpoints/mine
  python -m engine train --system bert-crf --train train.txt --dev dev.txt --set encoder=hfl/chinese-macbert-base \\
      --set encoder_rate=5e-5 --set epochs=5
  python -m engine train --mixture zh-general.json --data corpora --set encoder=zh-char-small
  python -m engine train --from zh-general --train mine.txt --dev held-out.txt --set epochs=3 --set encoder_rate=1e-4
  python -m engine train --run runs/20261121-101500      go on with a run that was interrupted

--set takes the options of the system and of the training (--options lists them). Everything about the run is kept in its
folder: events.jsonl, status.json, log.txt, and at the end checkpoint/. Several GPUs: put `accelerate launch -m engine` in
place of `python -m engine`, and name a new folder with --run.

--from starts with a checkpoint's weights, labels and options, to which a corpus may add labels; the corpora teach that there is
nothing where they mark nothing, so of labels that one of them does not mark, a mixture should say so.

A corpus F may be a part of a file: F#0/10 is every tenth document from the first on, F#-0/10 all the others. A mixture gives each
corpus its own mapping of labels, its weight, and the labels that it marks: {"train": [{"file": "a.txt", "map": {"GPE": "LOC"},
"labels": ["PER", "LOC"], "weight": 2}, …], "dev": […]}. Of a label that a corpus does not mark it teaches nothing."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "train", help="train a system on a corpus", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--system", metavar="S", help=f"name of a system ({_SYSTEM})")
    parser.add_argument("--from", dest="parent", metavar="C", help="checkpoint to go on from, by name or folder")
    parser.add_argument(
        "--train", action="append", default=[], metavar="F", help="corpus to learn from; may be given several times"
    )
    parser.add_argument("--dev", metavar="F", help="corpus that decides which state is best")
    parser.add_argument("--mixture", metavar="F", help="JSON that says which corpora to learn from and to judge by, instead")
    parser.add_argument("--data", metavar="DIR", help="the folder that a mixture names its corpora from; its own by default")
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO,…", help="labels to rename, or to drop (FROM=)")
    add_run_arguments(parser, "checkpoint")
    parser.set_defaults(handler=train)


def train(arguments: argparse.Namespace) -> int:
    """Carry a run out in this process, showing its progress."""
    if arguments.options:
        from engine.systems import get
        from engine.training import TrainingConfig

        system = arguments.system or _SYSTEM
        print_options({system: get(system).Config, "training": TrainingConfig})
        return 0
    use_threads(arguments.threads)
    return carry_out(arguments, lambda: _prepare(arguments), _place)


def _prepare(arguments: argparse.Namespace) -> Any:
    from engine.checkpoint import find, options_of
    from engine.corpus_training import prepare
    from engine.systems import get
    from engine.systems.contract import from_json, options
    from engine.training import TrainingConfig

    if follows():
        return follow(arguments.run)
    train, dev = _corpora(arguments)
    parent = find(arguments.parent, SHIPPED) if arguments.parent else None
    system = arguments.system or (parent.system if parent else _SYSTEM)
    kind = get(system)
    chosen = dict(parse_pairs(arguments.set, "--set"))
    own = {option.name for option in options(kind.Config)}
    begun = options_of(parent).to_json() if parent and parent.system == system else {}
    return prepare(
        new_folder(arguments),
        system=system,
        train=train,
        dev=dev,
        options=from_json(kind.Config, begun | {name: value for name, value in chosen.items() if name in own}),
        training=from_json(TrainingConfig, {name: value for name, value in chosen.items() if name not in own}),
        card={"data": ", ".join(corpus.name for corpus in train), "command": _command(arguments)},
        parent=parent,
    )


def _corpora(arguments: argparse.Namespace) -> Any:
    """Return what to learn from and what to judge by."""
    from engine.mixture import Corpus, read_mixture

    if arguments.mixture and not (arguments.train or arguments.dev or arguments.map):
        return read_mixture(arguments.mixture, arguments.data)
    if arguments.mixture or not arguments.train or not arguments.dev:
        raise InputError("train: give --train and --dev, or --mixture alone, or --run with the folder of an interrupted run")
    mapping = parse_pairs(arguments.map, "--map", separator=",")
    train, dev = ([Corpus(path, mapping).below(Path.cwd()) for path in paths] for paths in (arguments.train, [arguments.dev]))
    return train, dev


def _command(arguments: argparse.Namespace) -> str:
    parts = ["python -m engine train"]
    parts += [f"--{name} {value}" for name, value in (("from", arguments.parent), ("system", arguments.system)) if value]
    parts += [f"--train {path}" for path in arguments.train]
    parts += [f"--{name} {value}" for name in ("dev", "mixture", "data") if (value := getattr(arguments, name))]
    parts += [
        *(f"--map {value}" for value in arguments.map),
        *(f"--set {value}" for value in arguments.set),
    ]
    return " ".join(parts)


def _place(checkpoint: Path, out: str) -> Path:
    from engine.checkpoint import load, save, verify

    info = verify(checkpoint)
    return save(load(checkpoint), out, info.card).path
