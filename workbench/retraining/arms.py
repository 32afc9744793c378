"""What choosing brings, asked directly: the same small system learns from equally many chosen and control documents of a project.

Both are judged by the project's protected test set, or, where it has none, by a third of the control arm, which then teaches
nobody: documents that chance drew are like the whole pool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.document import Document
from workbench.errors import UserError
from workbench.retraining.jobs import Job, Jobs
from workbench.retraining.protected import ProtectedSets

if TYPE_CHECKING:
    from engine.simulation.arms import Compared
    from workbench.store import Store

TASK, ARMS = "task", "arms"
"""What a request says of itself that asks for a comparison and not for a retraining."""
_JUDGING = 3
"""One in so many of the control arm judges, where there is no protected test set."""
_SEED = 1


@dataclass(frozen=True)
class Result:
    """A comparison that is done.

    Attributes:
        compared: its curves.
        by: ``"protected"`` or ``"control"``: what judged.
        created: when it was done, ISO time in UTC.
    """

    compared: Compared
    by: str
    created: str


class Arms:
    """The comparisons of all projects; the last of each is kept in the store with its other figures."""

    def __init__(self, store: Store, jobs: Jobs, protected: ProtectedSets, beside: Callable[[Document], Document]) -> None:
        """Compare the documents of a store.

        Args:
            store: has the documents, and keeps what came of it.
            jobs: of the process.
            protected: test sets.
            beside: puts paths in place of the names of recordings and pictures.
        """
        self._store, self._jobs, self._protected, self._beside = store, jobs, protected, beside

    def parts(self, project: int) -> dict[str, list[Document]]:
        """Return the documents of both arms, and those that judge.

        Raises:
            UserError: if there are too few.
        """
        from engine.simulation.arms import CHOSEN, CONTROL, FEWEST, HELD_OUT

        arms: dict[str, list[Document]] = {CHOSEN: [], CONTROL: []}
        for each in self._store.selections.judged(project):
            arms[each.selection.pick.arm].append(self._beside(each.document))
        judging = [self._beside(document) for document in self._protected.documents(project)]
        if not judging:
            drawn = np.random.default_rng(_SEED).permutation(len(arms[CONTROL])).tolist()
            judging = [arms[CONTROL][i] for i in sorted(drawn[: len(drawn) // _JUDGING])]
        texts = {document.text for document in judging}
        found = {arm: [document for document in documents if document.text not in texts] for arm, documents in arms.items()}
        found[HELD_OUT] = judging
        if min(map(len, found.values())) < FEWEST or not any(document.spans for document in judging):
            raise UserError("arms.few.error", needed=FEWEST, **{part: len(documents) for part, documents in found.items()})
        return found

    def begin(self, project: int) -> Job:
        """Start a comparison.

        Raises:
            UserError: if there are too few documents, or a job runs.
        """
        return self._jobs.compare(self.parts(project), project)

    def result(self, project: int) -> Result | None:
        """Return what came of a project's last comparison that is done."""
        from engine.simulation.arms import Compared

        job, key = self._jobs.comparison(project), f"savings.{project}"
        kept: dict[str, Any] = self._store.settings.get(key) or {}
        if job is not None and job.id != kept.get("job") and job.done and (report := job.run.report()) is not None:
            by = "protected" if self._protected.of(project) else "control"
            now = datetime.now(timezone.utc).isoformat(timespec="seconds")
            kept = {"job": job.id, "by": by, "created": now, "report": report}
            self._store.settings.set(key, kept)
        return Result(Compared.from_json(kept["report"]), kept["by"], kept["created"]) if kept else None
