"""From a labelled corpus to a checkpoint: the recipe behind ``python -m engine train``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from engine import checkpoint as checkpoints
from engine import formats
from engine.document import Document, LabelSet, relabel
from engine.errors import InputError
from engine.run import Run
from engine.systems import get
from engine.systems.contract import Options, from_json
from engine.training import TrainingConfig, fit


def prepare(
    folder: Path,
    *,
    system: str,
    train: Sequence[str | Path],
    dev: str | Path,
    options: Options,
    training: TrainingConfig,
    mapping: Mapping[str, str] | None = None,
    card: Mapping[str, Any] | None = None,
) -> Run:
    """Write a training's plan into a new run folder.

    Args:
        folder: a new folder.
        system: name of the system to train.
        train: corpus files to learn from.
        dev: corpus file that decides which state is best.
        options: the system's.
        training: the training's.
        mapping: labels to rename, or to drop.
        card: what the model card is to say: data, licence, command.

    Raises:
        InputError: if a file is missing, or the system is not known.
    """
    get(system)
    for path in [*train, dev]:
        if not Path(path).is_file():
            raise InputError(f"there is no file {path}; give the path of a corpus")
    plan = {
        "kind": "train",
        "system": system,
        "options": options.to_json(),
        "training": training.to_json(),
        "train": [str(Path(path).resolve()) for path in train],
        "dev": str(Path(dev).resolve()),
        "map": dict(mapping or {}),
        "card": dict(card or {}),
    }
    return Run.create(folder, plan)


def train_on_corpus(run: Run) -> bool:
    """Do a training in this process; return false if it was asked to stop.

    Raises:
        FormatError: if a corpus has malformed lines.
    """
    plan = run.config
    run.tell(kind="stage", message="")
    train = [document for path in plan["train"] for document in _read(path, plan["map"])]
    dev = _read(plan["dev"], plan["map"])
    kind = get(plan["system"])
    training: TrainingConfig = from_json(TrainingConfig, plan["training"])
    torch.manual_seed(training.seed)
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
    corpus = {"train": plan["train"], "map": plan["map"]}
    card = {**plan["card"], "corpus": corpus, "seed": training.seed, "training": plan["training"], "figures": report}
    if run.leader:
        checkpoints.save(system, run.checkpoint, card)
    run.finish(report)
    return True


def _read(path: str, mapping: Mapping[str, str]) -> list[Document]:
    return [relabel(document, mapping) for document in formats.read(path)]
