"""Carries a cell out: trains, and keeps what the best and the last epoch predict on dev."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import torch

from engine import formats
from engine.document import Document, LabelSet
from engine.errors import RunError
from engine.evaluation.slices import Comparison
from engine.reproduction import outcome
from engine.reproduction.cell import Cell
from engine.reproduction.corpora import drawn
from engine.run import Run
from engine.systems import get
from engine.systems.contract import System, from_json
from engine.tagger import predict
from engine.training import FitResult, TrainingConfig, fit, precision_of
from engine.training_state import has_state, last_weights
from engine.variants import is_usual

SEEN = "seen"
"""Folder beside the cells, of what several of them would compute anew."""


def train_cell(run: Run) -> bool:
    """Carry out a cell in this process; return false if it was asked to stop.

    Where the dev part stands there in several ways, the usual one decides on the best epoch. A state that cannot be gone
    on from is told of and begun anew.

    Raises:
        FormatError: if a corpus has malformed lines.
        RunError: if the folder is not a cell's.
    """
    cell = Cell.of(run)
    whole, dev = formats.read(cell.train), formats.read(cell.dev)
    train = drawn(whole, cell.documents, cell.share, cell.seed)
    usual = [document for document in dev if is_usual(document)]
    state = run.folder / "state"
    try:
        system, result = _fitted(cell, run, train, usual)
    except RunError as error:
        if not has_state(state):
            raise
        run.tell(kind="stage", message=f"begun anew: {error}")
        shutil.rmtree(state)
        system, result = _fitted(cell, run, train, usual)
    if result.stopped:
        return False
    best = _predicted(cell, system, dev)
    device = str(next(system.parameters()).device.type)
    last, epoch = last_weights(state)
    system.load_state_dict(last)
    facts = _facts(system, train, whole, dev)
    states = {
        name: Comparison(tuple(dev), predicted, *facts)
        for name, predicted in (("best", best), ("last", _predicted(cell, system, dev)))
    }
    epochs = {"best": result.epoch, "last": epoch}
    outcome.write(run.folder, outcome.Outcome(states, epochs, len(train), len(whole), result.seconds, device))
    shutil.rmtree(state)
    return True


def _fitted(cell: Cell, run: Run, train: Sequence[Document], dev: Sequence[Document]) -> tuple[System, FitResult]:
    kind = get(cell.system)
    training: TrainingConfig = from_json(TrainingConfig, cell.training)
    torch.manual_seed(cell.seed)
    system = kind.build(from_json(kind.Config, cell.options), LabelSet.of(train), [document.text for document in train])
    system.remember_in(run.folder.parent / SEEN)
    result = fit(
        system,
        train,
        dev,
        training,
        folder=run.folder / "state",
        observe=lambda row: run.tell(**row),
        should_stop=lambda: run.cancelled,
    )
    return system, result


def _predicted(cell: Cell, system: System, dev: Sequence[Document]) -> tuple[Document, ...]:
    system.eval()
    precision = precision_of(from_json(TrainingConfig, cell.training))
    return tuple(prediction.document for prediction in predict(system, dev, precision=precision))


def _facts(
    system: System, train: Sequence[Document], whole: Sequence[Document], dev: Sequence[Document]
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the dev part's unknown characters, its unseen characters, and its texts that the training part repeats."""
    vocabulary = system.vocabulary
    characters = {character for document in dev for character in document.text}
    unknown = frozenset(c for c in characters if vocabulary.encode(c)[0] == vocabulary.unknown and not c.isspace())
    unseen = frozenset(characters - {character for document in train for character in document.text})
    repeated = frozenset({document.text for document in whole} & {document.text for document in dev})
    return unknown, unseen, repeated
