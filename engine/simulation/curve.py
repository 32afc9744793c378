"""A curve: one strategy with one seed on one corpus, known by a hash of all that determines it.

Every curve of a seed begins with the same labelled documents and the same model, which is a curve of its own without a round;
so is the model that learns from all documents.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine import formats
from engine.errors import RunError
from engine.mixture import Corpus
from engine.reproduction.cell import digest, encoder_digests
from engine.run import Run
from engine.simulation.settings import SimulationConfig

KIND = "curve"
START, FULL = "start", "full"
"""Curves without a strategy: of the documents that all begin with, and of all documents."""
_KEY = 16
_TRAINS = ("steps",)
_STARTS = (*_TRAINS, "start", "by")


@dataclass(frozen=True)
class Plan:
    """What all curves of a simulation have in common.

    Attributes:
        system: name of the system.
        options: all of the system's.
        training: all of the training's; the seed is each curve's own.
        settings: of the simulation.
        train: corpora to choose from.
        dev: corpora to judge by.
    """

    system: str
    options: Mapping[str, Any]
    training: Mapping[str, Any]
    settings: SimulationConfig
    train: tuple[Corpus, ...]
    dev: tuple[Corpus, ...]


@dataclass(frozen=True)
class Point:
    """Where a curve stands after a round.

    Attributes:
        round: 0 for the start.
        sentences: labelled so far.
        characters: of these.
        entities: of these.
        f1: on the dev part; so are precision and recall.
        precision: see there.
        recall: see there.
        seconds: that training, judging and choosing took.
    """

    round: int
    sentences: int
    characters: int
    entities: int
    f1: float
    precision: float
    recall: float
    seconds: float

    def at(self, axis: str) -> float:
        """Return what is labelled, in ``sentences``, ``characters`` or ``entities``."""
        return float(getattr(self, axis))


@dataclass(frozen=True)
class Drawn:
    """What came of a curve: its points, and the seconds that it took."""

    points: tuple[Point, ...]
    seconds: float


@dataclass(frozen=True)
class Curve:
    """One strategy with one seed.

    Attributes:
        strategy: its name, or :data:`START` or :data:`FULL`.
        seed: of the documents that it begins with, and of its trainings.
        system: name of the system.
        options: all of the system's.
        training: all of the training's.
        settings: those of the simulation that count for it.
        contents: SHA-256 of each file that counts.
        train: corpora to choose from, as they lie now.
        dev: corpora to judge by, as they lie now.
        begun: key of the curve that it begins with; empty where it is that itself.
    """

    strategy: str
    seed: int
    system: str
    options: Mapping[str, Any]
    training: Mapping[str, Any]
    settings: Mapping[str, Any]
    contents: Mapping[str, str]
    train: tuple[Corpus, ...]
    dev: tuple[Corpus, ...]
    begun: str = ""

    @property
    def name(self) -> str:
        """Return what to tell people it is."""
        return f"{self.strategy}, seed {self.seed}"

    @property
    def identity(self) -> dict[str, Any]:
        """Return all that determines what comes of it; where its files lie does not."""
        return {name: value for name, value in asdict(self).items() if name not in ("train", "dev")}

    @property
    def key(self) -> str:
        """Return its hash."""
        text = json.dumps(self.identity, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY]

    def run(self, folder: Path) -> Run:
        """Return its run below a folder of curves; it need not be there."""
        return Run(folder / self.key)

    def plan(self) -> dict[str, Any]:
        """Return it as the configuration of a run."""
        places = {name: [corpus.to_json() for corpus in corpora] for name, corpora in (("train", self.train), ("dev", self.dev))}
        return {"kind": KIND, "identity": self.identity, **places}

    @classmethod
    def of(cls, run: Run) -> Curve:
        """Return the curve that a run's folder is to carry out.

        Raises:
            RunError: if the folder is not a curve's, or not of the name that its content has.
        """
        plan = run.config
        try:
            train, dev = (tuple(map(Corpus.from_json, plan[name])) for name in ("train", "dev"))
            curve = cls(**plan["identity"], train=train, dev=dev)
        except (KeyError, TypeError) as error:
            raise RunError(f"{run.folder} is not the folder of a curve ({error!r})") from error
        if curve.key != run.folder.name:
            raise RunError(f"{run.folder} holds another curve, {curve.key}")
        return curve


def curve_of(plan: Plan, strategy: str, seed: int) -> Curve:
    """Return the curve of a strategy with a seed.

    Args:
        plan: what all curves have in common.
        strategy: its name, or :data:`START` or :data:`FULL`.
        seed: of the documents that it begins with, and of its trainings.
    """
    settings = plan.settings.to_json()
    counting = {START: _STARTS, FULL: _TRAINS}.get(strategy, tuple(settings))
    return Curve(
        strategy=strategy,
        seed=seed,
        system=plan.system,
        options=plan.options,
        training={**plan.training, "seed": seed},
        settings={name: settings[name] for name in counting},
        contents=_contents(plan.train, "train") | _contents(plan.dev, "dev") | encoder_digests(plan.options),
        train=plan.train,
        dev=plan.dev,
        begun="" if strategy in (START, FULL) else curve_of(plan, START, seed).key,
    )


def _contents(corpora: Sequence[Corpus], part: str) -> dict[str, str]:
    """Return for each corpus what determines its documents: its file, which part of it, its mapping of labels, its weight."""
    found = {}
    for number, corpus in enumerate(corpora):
        file = formats.part(corpus.file)[0]
        said = {**corpus.to_json(), "file": corpus.file[len(str(file)) :]}
        found[f"{part}/{number}"] = f"{digest(file)} {json.dumps(said, sort_keys=True, ensure_ascii=False)}"
    return found


def kept(curve: Curve, folder: Path, say: Any = lambda line: None) -> Drawn | None:
    """Return what is kept of a curve, or nothing if it is not done, or damaged, which is said."""
    run = curve.run(folder)
    try:
        report = run.report()
        if report is None:
            return None
        return Drawn(tuple(Point(**row) for row in report["points"]), float(report["seconds"]))
    except (RunError, KeyError, TypeError, ValueError) as error:
        say(f"{run.folder / 'report.json'} is damaged ({error})")
        return None
