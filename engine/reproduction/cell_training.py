"""Carries a cell out: trains, perhaps on other corpora first, and keeps what the best and the last epoch predict on dev."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from engine.document import Document, LabelSet
from engine.errors import RunError
from engine.evaluation.relatedness import Relatedness, relatedness
from engine.evaluation.slices import Comparison
from engine.evidence import Correlation
from engine.reproduction import outcome
from engine.reproduction.cell import Cell
from engine.reproduction.corpora import drawn, read
from engine.run import Run
from engine.systems import get
from engine.systems.contract import System, from_json
from engine.tagger import predict
from engine.training import FitResult, TrainingConfig, fit, precision_of
from engine.training_state import has_state, last_weights
from engine.variants import is_usual, known_pictures

SEEN = "seen"
"""Folder beside the cells, of what several of them would compute anew."""
_STATES = ("first", "state")
"""Folders of a cell that hold where its trainings stand: on the corpora that come first, and on its own."""

_CORRELATION = "correlation"
_EXPLAINED = 32
"""Documents whose evidence is held at once."""
_WATCHED = 100
"""Documents of the dev part that are looked at while what comes first is learned; they show how it goes, and decide nothing."""


def train_cell(run: Run) -> bool:
    """Carry out a cell in this process; return false if it was asked to stop.

    What comes first is learned to its end, and the last weights count: nothing is chosen there. Where the dev part stands there
    in several ways, the usual one decides on the best epoch. A state that cannot be gone on from is told of and begun anew.

    Raises:
        FormatError: if a corpus has malformed lines.
        RunError: if the folder is not a cell's.
    """
    cell = Cell.of(run)
    whole, dev = read(cell.corpus, cell.train), read(cell.corpus, cell.dev)
    train = drawn(whole, cell.documents, cell.share, cell.seed)
    usual = [document for document in dev if is_usual(document)]
    first = [
        document
        for name, file in sorted(cell.first_train.items())
        for document in drawn(read(name, file), cell.first[name], 1.0, 0)
    ]
    states = [run.folder / name for name in _STATES]
    try:
        system, result = _fitted(cell, run, first, train, usual)
    except RunError as error:
        if not any(map(has_state, states)):
            raise
        run.tell(kind="stage", message=f"begun anew: {error}")
        _throw_away(states)
        system, result = _fitted(cell, run, first, train, usual)
    if result.stopped:
        return False
    best = _predicted(cell, system, dev)
    related = _relatedness(cell, system, usual)
    device = str(next(system.parameters()).device.type)
    weights, epoch = last_weights(states[-1])
    if epoch == result.epoch:
        last = best
    else:
        system.load_state_dict(weights)
        last = _predicted(cell, system, dev)
    facts = _facts(system, train, whole, dev)
    comparisons = {name: Comparison(tuple(dev), predicted, *facts) for name, predicted in (("best", best), ("last", last))}
    epochs = {"best": result.epoch, "last": epoch}
    outcome.write(run.folder, outcome.Outcome(comparisons, epochs, len(train), len(whole), result.seconds, device, related))
    _throw_away(states)
    return True


def _throw_away(folders: Sequence[Path]) -> None:
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)


def _fitted(
    cell: Cell, run: Run, first: Sequence[Document], train: Sequence[Document], dev: Sequence[Document]
) -> tuple[System, FitResult]:
    """Train a cell's system: on what comes first, if anything does, then from there on its own corpus."""
    before, state = (run.folder / name for name in _STATES)
    weights, seconds = None, 0.0
    if first and not has_state(state):  # which holds all that was learned before
        run.tell(kind="stage", message=f"first on {' and '.join(cell.first)}")
        system, result = _fit(cell, run, [*first, *train], first, dev[:_WATCHED], before, None)
        if result.stopped:
            return system, result
        weights, seconds = system.state_dict(), result.seconds
        run.tell(kind="stage", message=f"then on {cell.corpus}")
    system, result = _fit(cell, run, [*first, *train], train, dev, state, weights)
    return system, replace(result, seconds=result.seconds + seconds)


def _fit(
    cell: Cell,
    run: Run,
    known: Sequence[Document],
    train: Sequence[Document],
    dev: Sequence[Document],
    state: Path,
    weights: Mapping[str, Tensor] | None,
) -> tuple[System, FitResult]:
    """Train a new system with the labels and characters of what is known, from weights if there are some."""
    kind = get(cell.system)
    training: TrainingConfig = from_json(TrainingConfig, cell.training)
    if state.name == _STATES[0]:
        training = replace(training, keep="last")
    torch.manual_seed(cell.seed)
    system = kind.build(from_json(kind.Config, cell.options), LabelSet.of(known), [document.text for document in known])
    if weights is not None:
        system.load_state_dict(weights)
    system.remember_in(run.folder.parent / SEEN)
    result = fit(
        system,
        train,
        dev,
        training,
        folder=state,
        observe=lambda row: run.tell(**row),
        should_stop=lambda: run.cancelled,
    )
    return system, result


def _predicted(cell: Cell, system: System, dev: Sequence[Document]) -> tuple[Document, ...]:
    system.eval()
    precision = precision_of(from_json(TrainingConfig, cell.training))
    return tuple(prediction.document for prediction in predict(system, dev, precision=precision))


def _relatedness(cell: Cell, system: System, dev: Sequence[Document]) -> Relatedness | None:
    """Judge what a system says of pictures, if it says anything and the corpus knows."""
    if _CORRELATION not in system.evidence_names or all(known_pictures(document) is None for document in dev):
        return None
    precision = precision_of(from_json(TrainingConfig, cell.training))
    found = [
        next((item for item in prediction.evidence if isinstance(item, Correlation)), None)
        for start in range(0, len(dev), _EXPLAINED)
        for prediction in predict(system, dev[start : start + _EXPLAINED], explain=True, precision=precision)
    ]
    return relatedness(dev, found)


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
