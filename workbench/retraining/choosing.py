"""What is annotated next: the model in use reads what nobody has annotated, a strategy chooses some of it, chance the rest.

The share that chance chooses is the control arm, drawn from the whole pool before the strategy chooses: only of these documents
is it known how the model fares on what nobody picked for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.document import Document
from workbench.checkpoints import Checkpoints
from workbench.errors import UserError
from workbench.store import Arm, Pick

if TYPE_CHECKING:
    from engine.acquisition import Means, Strategy
    from engine.systems.contract import System
    from workbench.store import Store

DEFAULT = "margin"
READ = 2000
"""Documents of the pool that are read at most; of more, as many are drawn."""
_COMMITTEE = 2
"""Further members, beside the model in use."""
Observe = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    Attributes:
        strategy: by its name, or a mixture; see :func:`engine.acquisition.get`.
        count: how many documents, both arms together.
        control: the share of them that is drawn at random.
        seed: of what is drawn; ``None`` for another one each time.
    """

    strategy: str = DEFAULT
    count: int = 50
    control: float = 0.2
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What came of it.

    Attributes:
        round: its number in the project.
        chosen: how many documents the strategy chose.
        control: how many were drawn.
        read: how many of the pool the model has read.
        pool: how many nobody has annotated.
        seconds: how long it took.
    """

    round: int
    chosen: int
    control: int
    read: int
    pool: int
    seconds: float


class Choosing:
    """Chooses, for one project at a time: a model that reads thousands of documents leaves little to others."""

    def __init__(self, store: Store, checkpoints: Checkpoints, beside: Callable[[Document], Document]) -> None:
        """Choose with the checkpoint in use.

        Args:
            store: has the documents, and keeps what is chosen.
            checkpoints: of the process.
            beside: puts paths in place of the names of recordings and pictures.
        """
        self._store, self._checkpoints, self._beside = store, checkpoints, beside
        self._busy = threading.Lock()

    def offered(self) -> tuple[Strategy, ...]:
        """Return the strategies that the model in use can be asked for.

        Raises:
            CheckpointError: if it cannot be loaded.
        """
        from engine.acquisition import STRATEGIES, Means, Need, lacking

        system = self._checkpoints.tagger(self._checkpoints.in_use()).system
        # Whether there is a committee is settled by names alone; its members are loaded when they are asked.
        means = Means(committee=(system,) if self._committee() else ())
        able = [strategy for strategy in STRATEGIES.values() if not lacking(system, strategy.needs, means)]
        return tuple(s for s in able if Need.MODALITIES not in s.needs or system.optional_modalities)

    def choose(self, project: int, wish: Wish, learned: int, *, by: str = "", observe: Observe = lambda *_: None) -> Chosen:
        """Choose, and put what is chosen at the head of the project's queue.

        Args:
            project: whose documents.
            wish: what is asked for.
            learned: how many of the project's documents the model in use has learned.
            by: who asks.
            observe: told how many characters are read, of how many.

        Raises:
            UserError: if nothing is left to choose from, or another choice is being made.
            InputError: if there is no such strategy, or the model cannot be asked for it.
            StoreError: if what was chosen has been annotated meanwhile.
        """
        if not self._busy.acquire(blocking=False):
            raise UserError("choosing.busy.error")
        try:
            return self._choose(project, wish, learned, by, observe)
        finally:
            self._busy.release()

    def _choose(self, project: int, wish: Wish, learned: int, by: str, observe: Observe) -> Chosen:
        from engine.acquisition import get

        begun, strategy, rng = time.monotonic(), get(wish.strategy), np.random.default_rng(wish.seed)
        waiting = [document for document in self._store.selections.pool(project) if document.text.strip()]
        if not waiting:
            raise UserError("choosing.empty.error")
        drawn = sorted(rng.permutation(len(waiting))[:READ].tolist())
        pool = [self._beside(waiting[i]) for i in drawn]
        count = min(wish.count, len(pool))
        picks = self._picks(project, strategy, pool, count, round(count * wish.control), rng, observe)
        # Somebody may have annotated one of them while the model was reading.
        left = {document.id for document in self._store.selections.pool(project)}
        kept = [pick for pick in picks if str(pick.document_id) in left]
        name = self._checkpoints.in_use().name
        number = self._store.selections.choose(project, kept, strategy=wish.strategy, checkpoint=name, learned=learned, by=by)
        control = sum(pick.arm == "control" for pick in kept)
        return Chosen(number, len(kept) - control, control, len(pool), len(waiting), time.monotonic() - begun)

    def _picks(
        self,
        project: int,
        strategy: Strategy,
        pool: Sequence[Document],
        count: int,
        control: int,
        rng: np.random.Generator,
        observe: Observe,
    ) -> list[Pick]:
        from engine.acquisition import Need, choose, explain, gather, score

        labelled = self._store.corrections(project=project) if Need.VECTORS in strategy.needs else []
        labelled = [self._beside(document) for document in labelled]
        system, means = self._models(strategy)
        needs = strategy.needs | {Need.READINGS}
        wanted = count - control
        predictions = gather(system, pool, needs, rng, means=means, labelled=labelled, wanted=count, observe=observe)
        said = int(rng.integers(2**62))
        scores = score(strategy, pool, predictions, np.random.default_rng(said))
        by_chance = rng.permutation(len(pool))[:control].tolist()
        by_strategy = [i for i in choose(scores, len(pool), rng) if i not in set(by_chance)][:wanted]
        arms: list[tuple[int, Arm]] = [(i, "control") for i in by_chance] + [(i, "chosen") for i in by_strategy]

        def reason(index: int, arm: Arm) -> dict[str, Any]:
            if arm == "control":
                return {"strategy": "random", "pool": len(pool)}
            drawing = np.random.default_rng(said)
            return explain(strategy, pool, predictions, scores, index, labelled=labelled, rng=drawing).to_json()

        return [
            Pick(int(pool[index].id), arm, predictions.documents[index].readings[0].spans, reason(index, arm))
            for index, arm in _mixed(arms, by_strategy, rng)
        ]

    def _models(self, strategy: Strategy) -> tuple[System, Means]:
        """Load a model of one's own: to draw by dropout, it is switched to a state in which nobody else may use it."""
        from engine.acquisition import Means, Need
        from engine.tagger import load

        info = self._checkpoints.in_use()
        committee = self._committee() if Need.COMMITTEE in strategy.needs else []
        members = tuple(load(path).system.eval() for path in committee)
        return load(info.path).system.eval(), Means(committee=members)

    def _committee(self) -> list[Any]:
        """Return the folders of other checkpoints that know the same labels, those first that were made from the one in use."""
        own = self._checkpoints.in_use()
        others = [i for i in self._checkpoints.all() if set(i.labels) == set(own.labels) and i.digest != own.digest]
        others.sort(key=lambda info: (own.digest != info.card.get("parent_digest"), info.name))
        return [info.path for info in others[:_COMMITTEE]]


def _mixed(arms: Sequence[tuple[int, Arm]], ranked: Sequence[int], rng: np.random.Generator) -> list[tuple[int, Arm]]:
    """Return both arms mixed, so that neither is done first; what the strategy chose stays in its order."""
    order = [arms[i][1] for i in rng.permutation(len(arms)).tolist()]
    following: dict[Arm, list[int]] = {"chosen": list(ranked), "control": [i for i, arm in arms if arm == "control"]}
    return [(following[arm].pop(0), arm) for arm in order]
