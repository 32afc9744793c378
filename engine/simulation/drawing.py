"""Carries a curve out: trains on what is labelled, scores on dev, chooses what is labelled next, and again.

What each round came to is kept in its folder, so that a curve which was interrupted goes on with the round it was at.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine import acquisition, checkpoint
from engine.acquisition import Means, Need
from engine.document import Document, LabelSet
from engine.errors import RunError
from engine.mixture import read_all
from engine.run import Run
from engine.simulation.curve import FULL, START, Curve, Point, kept
from engine.simulation.settings import SENTENCES
from engine.systems import get
from engine.systems.contract import System, from_json
from engine.training import TrainingConfig, fit, judge, precision_of

_WATCHED = 16
"""Documents of the dev part that show how a training goes where its last state counts and nothing is decided."""
_MOST_EPOCHS = 1000
_MEMBER = 100_003
"""Between the seeds of a committee's members."""


def draw(run: Run) -> bool:
    """Carry out a curve in this process; return false if it was asked to stop.

    Raises:
        FormatError: if a corpus has malformed lines.
        RunError: if the folder is not a curve's, or what it begins with is not there.
    """
    return _Drawing(run).carry_out()


def start_of(pool: Sequence[Document], size: int, by: str, seed: int) -> list[int]:
    """Draw the documents that every curve of a seed begins with.

    Raises:
        InputError: if there are fewer.
    """
    return _chosen(np.zeros(len(pool)), pool, size, by, np.random.default_rng([seed, 0]))


def read_pool(curve: Curve) -> list[Document]:
    """Return the documents to choose from: all that have a text."""
    return [document for document in read_all(curve.train, 0) if document.text]


def epochs_of(documents: int, training: TrainingConfig, steps: int) -> int:
    """Return how many epochs a training of a simulation has: so many that even few documents make so many steps."""
    return min(_MOST_EPOCHS, max(training.epochs, -(-steps // -(-documents // training.batch_size))))


def watched(dev: Sequence[Document], training: TrainingConfig) -> Sequence[Document]:
    """Return what a training is watched by: little, where its last state counts."""
    return dev[:_WATCHED] if training.keep == "last" else dev


@dataclass
class _Round:
    """What came of a round: its point, what was labelled, and what is to be labelled next."""

    point: Point
    labelled: list[int]
    following: list[int]


class _Drawing:
    def __init__(self, run: Run) -> None:
        self.run, self.curve = run, Curve.of(run)
        curve = self.curve
        self.pool, self.dev = read_pool(curve), read_all(curve.dev, 0)
        self.labels = LabelSet.of(self.pool)
        self.training: TrainingConfig = from_json(TrainingConfig, dict(curve.training))
        self.settings = curve.settings
        self.precision = precision_of(self.training)
        alone = curve.strategy in (START, FULL)
        self.strategy = None if alone else acquisition.get(curve.strategy)
        self.rounds = 0 if alone else int(self.settings["rounds"])
        self.committee: tuple[System, ...] = ()

    def carry_out(self) -> bool:
        """Draw what is missing of the curve."""
        rounds = self._kept_rounds()
        system: System | None = None
        while not rounds or (len(rounds) <= self.rounds and rounds[-1].following):
            number, began = len(rounds), time.monotonic()
            self.run.tell(kind="stage", message=f"round {number} of {self.rounds}")
            labelled = [*rounds[-1].labelled, *rounds[-1].following] if rounds else self._start()
            known = [self.pool[i] for i in labelled]
            system = self._model(known, number, system)
            if system is None:
                return False
            micro = judge(system, self.dev, self.precision).micro
            following = self._following(system, labelled, number) if number < self.rounds else []
            if following is None:
                return False
            sizes = len(known), sum(map(len, known)), sum(len(document.spans) for document in known)
            point = Point(number, *sizes, micro.f1, micro.precision, micro.recall, time.monotonic() - began)
            rounds.append(_Round(point, labelled, following))
            self._keep(rounds[-1], system)
            self.run.tell(kind="round", f1=micro.f1, **dict(zip(("sentences", "characters", "entities"), sizes, strict=True)))
        points = [asdict(one.point) for one in rounds]
        self.run.finish({"points": points, "seconds": sum(one.point.seconds for one in rounds)})
        return True

    def _start(self) -> list[int]:
        if self.curve.strategy == FULL:
            return list(range(len(self.pool)))
        if self.curve.strategy == START:
            return start_of(self.pool, int(self.settings["start"]), str(self.settings["by"]), self.curve.seed)
        return self._begun()[0]

    def _begun(self) -> tuple[list[int], Path]:
        """Return what the curve begins with: the documents, and the model that has learned from them."""
        folder = self.run.folder.parent / self.curve.begun
        begun = Curve.of(Run(folder))
        if kept(begun, folder.parent) is None:
            raise RunError(f"{folder}, which {self.curve.name} begins with, is not done; run the same command again")
        return _read(folder / _file(0)).labelled, folder / "checkpoint"

    def _model(self, known: Sequence[Document], number: int, before: System | None) -> System | None:
        """Return a model that has learned from what is labelled, or nothing if it was asked to stop."""
        if number == 0 and self.strategy is not None:
            return checkpoint.load(self._begun()[1])
        if not self.settings.get("warm") or number == 0:
            return self._trained(known, 0, None)
        return self._trained(known, 0, before or checkpoint.load(self._weights(number - 1)))

    def _trained(self, known: Sequence[Document], member: int, begin: System | None) -> System | None:
        """Return a new system, with the labels and the characters of the whole pool, that has learned from some documents."""
        kind, seed = get(self.curve.system), self.training.seed + member * _MEMBER
        torch.manual_seed(seed)
        system = kind.build(from_json(kind.Config, dict(self.curve.options)), self.labels, [d.text for d in self.pool])
        if begin is not None:
            system.load_state_dict(begin.state_dict())
        system.remember_in(self.run.folder.parent / "seen")
        result = fit(
            system,
            known,
            watched(self.dev, self.training),
            replace(self.training, epochs=epochs_of(len(known), self.training, int(self.settings["steps"])), seed=seed % 2**31),
            folder=self.run.folder / "state" if self.curve.strategy == FULL else None,
            observe=lambda row: self.run.tell(**{**row, "f1": None}),
            should_stop=lambda: self.run.cancelled,
        )
        return None if result.stopped else system.eval()

    def _following(self, system: System, labelled: Sequence[int], number: int) -> list[int] | None:
        """Choose what is labelled next; nothing if it was asked to stop."""
        assert self.strategy is not None
        taken = set(labelled)
        left = [i for i in range(len(self.pool)) if i not in taken]
        rest, known = [self.pool[i] for i in left], [self.pool[i] for i in labelled]
        committee = []
        for member in range(1, int(self.settings["committee"])) if Need.COMMITTEE in self.strategy.needs else ():
            trained = self._trained(known, member, None)
            if trained is None:
                return None
            committee.append(trained)
        rng, size, by = np.random.default_rng([self.curve.seed, number + 1]), int(self.settings["batch"]), self.settings["by"]
        predictions = acquisition.gather(
            system,
            rest,
            self.strategy.needs,
            rng,
            means=Means(tuple(committee), int(self.settings["passes"]), self.precision),
            labelled=known,
            wanted=min(size, len(rest)) if by == SENTENCES and not self.strategy.parts else 0,
        )
        scores = acquisition.score(self.strategy, rest, predictions, rng)
        available = len(rest) if by == SENTENCES else sum(map(len, rest))
        return [left[i] for i in _chosen(scores, rest, min(size, available), by, rng)]

    def _kept_rounds(self) -> list[_Round]:
        rounds: list[_Round] = []
        while (file := self.run.folder / _file(len(rounds))).is_file():
            rounds.append(_read(file))
        return rounds

    def _keep(self, done: _Round, system: System) -> None:
        """Keep the model, where one is begun with it, then the round, then nothing of the round before."""
        number = done.point.round
        if self.curve.strategy == START:
            checkpoint.save(system, self.run.checkpoint)
        elif self.settings.get("warm"):
            checkpoint.save(system, self._weights(number))
        half = self.run.folder / f".{_file(number)}"
        half.write_text(json.dumps(asdict(done)) + "\n", encoding="utf-8")
        os.replace(half, self.run.folder / _file(number))
        for old in (self._weights(number - 1), self.run.folder / "state"):
            shutil.rmtree(old, ignore_errors=True)

    def _weights(self, number: int) -> Path:
        return self.run.folder / f"model-{number:03}"


def _chosen(scores: np.ndarray, pool: Sequence[Document], size: int, by: str, rng: np.random.Generator) -> list[int]:
    if by == SENTENCES:
        return acquisition.choose(scores, size, rng)
    return acquisition.choose_characters(scores, pool, size, rng)


def _file(number: int) -> str:
    return f"round-{number:03}.json"


def _read(file: Path) -> _Round:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return _Round(Point(**content["point"]), content["labelled"], content["following"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{file} is not what a round came to ({error}); remove {file.parent} and run the command again") from error
