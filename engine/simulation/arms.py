"""What a strategy chose against what chance drew: the same small system learns from equally many of either, and is judged alike.

For each seed the documents of an arm are put in an order, of which each size takes the first, so that a curve grows. All
trainings have the labels and the characters of both arms, the same number of steps, and the same held-out documents, which decide
nothing.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine import formats
from engine.corrections import check_apart
from engine.document import Document, LabelSet
from engine.errors import InputError, RunError
from engine.evaluation.agreement.resampling import Figure
from engine.run import Run
from engine.shipped import SHIPPED
from engine.simulation.drawing import epochs_of, watched
from engine.simulation.figures import over_seeds
from engine.simulation.settings import TRAINING
from engine.systems import get
from engine.systems.contract import Options, System, from_json, option, options
from engine.training import TrainingConfig, fit, judge, precision_of

KIND = "arms"
CHOSEN, CONTROL, HELD_OUT = "chosen", "control", "held_out"
FEWEST = 8
"""Documents of an arm, and of the held-out part, below which nothing is compared."""
_DONE = "points.json"


@dataclass(frozen=True)
class ArmsConfig(Options):
    """Options of a comparison, beside those of the system and of training."""

    sizes: int = option(4, minimum=2, maximum=50, help="arms.sizes.help")
    seeds: int = option(3, minimum=2, maximum=50, help="arms.seeds.help")
    steps: int = option(200, minimum=1, maximum=1_000_000, help="simulation.steps.help")


@dataclass(frozen=True, slots=True)
class Trained:
    """One training.

    Attributes:
        arm: ``chosen`` or ``control``.
        seed: of the order of the documents and of the training.
        documents: learned from.
        characters: of these.
        entities: of these.
        f1: on the held-out part.
        seconds: that it took.
    """

    arm: str
    seed: int
    documents: int
    characters: int
    entities: int
    f1: float
    seconds: float


@dataclass(frozen=True)
class Compared:
    """What came of a comparison.

    Attributes:
        trained: every training.
        held_out: documents that judged.
        system: name of the system.
    """

    trained: tuple[Trained, ...]
    held_out: int
    system: str

    @property
    def sizes(self) -> list[int]:
        """Return how many documents were learned from, rising."""
        return sorted({each.documents for each in self.trained})

    def curve(self, arm: str) -> list[tuple[int, Figure]]:
        """Return F1 by documents: the mean over the seeds with Student's 95% interval."""
        found = {size: [t.f1 for t in self.trained if t.arm == arm and t.documents == size] for size in self.sizes}
        return [(size, over_seeds(values)) for size, values in found.items() if values]

    def difference(self, size: int) -> Figure:
        """Return by how much F1 is higher with chosen documents, seed by seed, with Student's 95% interval."""
        by_seed: dict[int, dict[str, float]] = {}
        for each in self.trained:
            if each.documents == size:
                by_seed.setdefault(each.seed, {})[each.arm] = each.f1
        return over_seeds([both[CHOSEN] - both[CONTROL] for both in by_seed.values() if len(both) == 2])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, the figures with it."""
        curves = {arm: [{"documents": size, **asdict(figure)} for size, figure in self.curve(arm)] for arm in (CHOSEN, CONTROL)}
        differences = [{"documents": size, **asdict(self.difference(size))} for size in self.sizes]
        trained = [asdict(each) for each in self.trained]
        return {
            "trained": trained,
            "held_out": self.held_out,
            "system": self.system,
            "curves": curves,
            "differences": differences,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Compared:
        """Read what ``to_json`` gave."""
        return cls(tuple(Trained(**row) for row in content["trained"]), content["held_out"], content["system"])


def small_system(name: str = "bert-crf") -> dict[str, Any]:
    """Return the options that a system of a simulation begins with: the small encoder that Duomo comes with."""
    own = {declared.name for declared in options(get(name).Config)}
    return {"encoder": "zh-char-small"} if "encoder" in own and (SHIPPED / "zh-char-small").is_dir() else {}


def prepare_arms(
    parts: Mapping[str, Sequence[Document]],
    folder: Path,
    config: ArmsConfig,
    system: str = "bert-crf",
    system_options: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
) -> Run:
    """Write everything a comparison needs into a new run folder; ``Run.start`` begins it.

    Args:
        parts: the documents of both arms and of the held-out part, annotated.
        folder: a new folder.
        config: options.
        system: which one learns.
        system_options: of it; the small encoder's by default.
        training: options of the trainings.

    Raises:
        InputError: if there are too few documents, or a text is both learned from and measured with.
        ConfigError: if an option cannot have its value.
        RunError: if the folder cannot be written.
    """
    for part in (CHOSEN, CONTROL, HELD_OUT):
        if len(parts[part]) < FEWEST:
            raise InputError(f"{len(parts[part])} documents available / {FEWEST} needed of the part {part}; annotate more")
    if not any(document.spans for document in parts[HELD_OUT]):
        raise InputError("no entity is annotated in the held-out part, so that nothing can be judged by it")
    check_apart([*parts[CHOSEN], *parts[CONTROL]], {"held-out part": parts[HELD_OUT]})
    chosen = small_system(system) if system_options is None else system_options
    plan = {
        "kind": KIND,
        "system": system,
        "options": from_json(get(system).Config, dict(chosen)).to_json(),
        "training": from_json(TrainingConfig, {**TRAINING, **(training or {})}).to_json(),
        "settings": config.to_json(),
    }
    run = Run.create(folder, plan)
    for part, documents in parts.items():
        formats.write(documents, run.folder / f"{part}.jsonl")
    return run


def draw_arms(run: Run) -> bool:
    """Carry out a comparison in this process; return false if it was asked to stop.

    What a training came to is kept, so that a comparison which was interrupted goes on with the training it was at.

    Raises:
        RunError: if the folder is not a comparison's.
    """
    return _Drawing(run).carry_out()


class _Drawing:
    def __init__(self, run: Run) -> None:
        self.run, plan = run, run.config
        if plan.get("kind") != KIND:
            raise RunError(f"{run.folder} is not the folder of a comparison of two arms")
        self.parts = {part: formats.read(run.folder / f"{part}.jsonl", "jsonl") for part in (CHOSEN, CONTROL, HELD_OUT)}
        self.kind = get(plan["system"])
        self.options = from_json(self.kind.Config, plan["options"])
        self.training: TrainingConfig = from_json(TrainingConfig, plan["training"])
        self.settings: ArmsConfig = from_json(ArmsConfig, plan["settings"])
        self.precision = precision_of(self.training)
        both = [*self.parts[CHOSEN], *self.parts[CONTROL]]
        self.labels, self.texts = LabelSet.of(both), [document.text for document in both]
        self.began = time.monotonic()

    def carry_out(self) -> bool:
        """Train what is missing."""
        done = self._kept()
        wanted = self._wanted()
        first = len(done)
        for number, (arm, seed, documents) in enumerate(wanted[first:], start=first):
            began = time.monotonic()
            system = self._trained(documents, seed, number, first, len(wanted))
            if system is None:
                return False
            f1 = judge(system, self.parts[HELD_OUT], self.precision).micro.f1
            sizes = len(documents), sum(map(len, documents)), sum(len(document.spans) for document in documents)
            done.append(Trained(arm, seed, *sizes, f1, time.monotonic() - began))
            self._keep(done)
            self.run.tell(kind="round", f1=f1, message=f"{arm}, {len(documents)} documents, seed {seed}: F1 {f1:.1%}")
        self.run.finish(Compared(tuple(done), len(self.parts[HELD_OUT]), self.run.config["system"]).to_json())
        return True

    def _wanted(self) -> list[tuple[str, int, list[Document]]]:
        """Return every training: seeds first, so that a comparison that is stopped has whole curves."""
        most = min(len(self.parts[CHOSEN]), len(self.parts[CONTROL]))
        sizes = sorted({max(1, round(most * number / self.settings.sizes)) for number in range(1, self.settings.sizes + 1)})
        wanted = []
        for seed in range(1, self.settings.seeds + 1):
            for arm in (CHOSEN, CONTROL):
                pool = self.parts[arm]
                order = np.random.default_rng([seed, len(pool)]).permutation(len(pool)).tolist()
                wanted += [(arm, seed, [pool[i] for i in order[:size]]) for size in sizes]
        return wanted

    def _trained(self, known: Sequence[Document], seed: int, number: int, first: int, count: int) -> System | None:
        torch.manual_seed(seed)
        system = self.kind.build(self.options, self.labels, self.texts)
        epochs = epochs_of(len(known), self.training, self.settings.steps)

        def observe(row: Mapping[str, Any]) -> None:
            share = number + row["step"] / max(1, row["steps"]) if row.get("steps") else number
            left = (time.monotonic() - self.began) / (share - first) * (count - share) if share > first else None
            told = {"step": round(share * 100), "steps": count * 100, "seconds_left": left}
            self.run.tell(**{**row, **told, "f1": None, "epoch": None, "epochs": None})

        result = fit(
            system,
            known,
            watched(self.parts[HELD_OUT], self.training),
            replace(self.training, epochs=epochs, seed=seed),
            observe=observe,
            should_stop=lambda: self.run.cancelled,
        )
        return None if result.stopped else system.eval()

    def _keep(self, done: Sequence[Trained]) -> None:
        half = self.run.folder / f".{_DONE}"
        half.write_text(json.dumps([asdict(each) for each in done]) + "\n", encoding="utf-8")
        os.replace(half, self.run.folder / _DONE)

    def _kept(self) -> list[Trained]:
        file = self.run.folder / _DONE
        try:
            return [Trained(**row) for row in json.loads(file.read_text(encoding="utf-8"))] if file.is_file() else []
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{file} is damaged ({error}); remove it to begin anew") from error
