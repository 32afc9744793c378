"""From a labelled corpus to a checkpoint: the recipe behind ``python -m engine train``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from engine import checkpoint as checkpoints
from engine.checkpoint import CheckpointInfo
from engine.document import LabelSet
from engine.errors import ConfigError, InputError
from engine.mixture import Corpus, read_all
from engine.retraining import rebuilt
from engine.run import Run
from engine.systems import get
from engine.systems.contract import Options, from_json
from engine.systems.contract import options as declared
from engine.training import TrainingConfig, fit


def prepare(
    folder: Path,
    *,
    system: str,
    train: Sequence[Corpus],
    dev: Sequence[Corpus],
    options: Options,
    training: TrainingConfig,
    card: Mapping[str, Any] | None = None,
    parent: CheckpointInfo | None = None,
) -> Run:
    """Write a training's plan into a new run folder.

    Args:
        folder: a new folder.
        system: name of the system to train.
        train: corpora to learn from.
        dev: corpora that decide which state is best.
        options: the system's.
        training: the training's.
        card: what the model card is to say: data, licence, command.
        parent: a checkpoint of this system whose weights and labels the training starts with, instead of new ones.

    Raises:
        InputError: if a file is missing, or the system is not known.
        ConfigError: if the parent is of another system, or an option would shape the weights otherwise than its own.
    """
    get(system)
    if parent:
        _check_parent(parent, system, options)
    for corpus in [*train, *dev]:
        if not corpus.present:
            raise InputError(f"there is no file {corpus.file}; give the path of a corpus")
    plan: dict[str, Any] = {
        "kind": "train",
        "system": system,
        "options": options.to_json(),
        "training": training.to_json(),
        "train": [corpus.to_json() for corpus in train],
        "dev": [corpus.to_json() for corpus in dev],
        "card": dict(card or {}),
    }
    if parent:
        plan["parent"] = str(parent.path)
        plan["card"] |= {"parent": parent.name, "parent_digest": parent.digest}
    return Run.create(folder, plan)


def _check_parent(parent: CheckpointInfo, system: str, options: Options) -> None:
    if parent.system != system:
        raise ConfigError(f"{parent.name} is a {parent.system}, which no {system} can start from; leave --system or --from out")
    own = checkpoints.options_of(parent)
    for name in (option.name for option in declared(type(own)) if option.structural):
        if getattr(own, name) != getattr(options, name):
            shaped = f"{name} is {getattr(own, name)!r} in {parent.name} and shapes its weights"
            raise ConfigError(f"{shaped}; leave that option out, or train a new model without --from")


def train_on_corpus(run: Run) -> bool:
    """Do a training in this process; return false if it was asked to stop.

    Raises:
        FormatError: if a corpus has malformed lines.
    """
    plan = run.config
    run.tell(kind="stage", message="")
    training: TrainingConfig = from_json(TrainingConfig, plan["training"])
    train, dev = (read_all(map(Corpus.from_json, plan[part]), training.seed) for part in ("train", "dev"))
    kind = get(plan["system"])
    torch.manual_seed(training.seed)
    if plan.get("parent"):
        system = rebuilt(checkpoints.load(plan["parent"]), LabelSet.of(train), plan["options"])
    else:
        system = kind.build(from_json(kind.Config, plan["options"]), LabelSet.of(train), [document.text for document in train])
    result = fit(
        system,
        train,
        dev,
        training,
        folder=run.folder / "state",
        observe=lambda row: run.tell(**row),
        should_stop=lambda: run.cancelled,
    )
    if result.stopped:
        return False
    figures = result.best.to_json()
    report = {"dev": figures, "epoch": result.epoch, "steps": result.steps, "seconds": result.seconds}
    card = {
        **plan["card"],
        "corpus": {"train": plan["train"]},
        "seed": training.seed,
        "training": plan["training"],
        "figures": report,
    }
    if run.leader:
        checkpoints.save(system, run.checkpoint, card)
    run.finish(report)
    return True
