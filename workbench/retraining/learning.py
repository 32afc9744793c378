"""What the model in use has learned of each project and what is left to learn; one retraining after another for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.document import Document
from workbench.checkpoints import Checkpoints
from workbench.retraining.arms import ARMS, TASK, Arms
from workbench.retraining.jobs import Job, Jobs
from workbench.retraining.protected import ProtectedSets
from workbench.retraining.scheduling import Scheduling
from workbench.store import FIRST, Request

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo
    from workbench.store import Store


class Learning:
    """Corrections on their way into the model."""

    def __init__(
        self,
        store: Store,
        checkpoints: Checkpoints,
        jobs: Jobs,
        beside: Callable[[Document], Document],
        protected: ProtectedSets,
    ) -> None:
        """Teach the checkpoint in use.

        Args:
            store: has the corrections, and remembers what was learned.
            checkpoints: of the process.
            jobs: of the process.
            beside: puts paths in place of the names of recordings and pictures.
            protected: what every project's retrainings are judged by.
        """
        self._store, self._checkpoints, self._jobs, self._beside = store, checkpoints, jobs, beside
        self._protected = protected
        self.arms = Arms(store, jobs, protected, beside)
        self.schedule = Scheduling(store, jobs, self.carry_out)

    def learned(self, project: int = FIRST) -> int:
        """Return the newest revision of a project that the checkpoint in use was trained on."""
        return self._learned(self._checkpoints.in_use().name).get(str(project), 0)

    def learned_count(self, project: int = FIRST) -> int:
        """Return how many documents of a project the checkpoint in use was trained on."""
        return self._store.corrections_count(0, project) - self._store.corrections_count(self.learned(project), project)

    def corrections(self, project: int = FIRST) -> list[Document]:
        """Return a project's corrections that the checkpoint in use has not seen, with recordings and pictures still there."""
        found = self._store.corrections(after_revision=self.learned(project), project=project)
        return [self._beside(document) for document in found]

    def taught(self, checkpoint: str, project: int = FIRST) -> list[Document]:
        """Return a project's corrections that a checkpoint was trained on, but for texts that were corrected anew since then."""
        return self._store.corrections(up_to_revision=self._learned(checkpoint).get(str(project), 0), project=project)

    def carry_out(self, request: Request) -> Job:
        """Start a retraining of the checkpoint in use on a project's corrections that it has not seen, or a comparison of arms.

        Raises:
            UserError: if there is nothing to learn, or a job runs.
            ConfigError: if an option cannot have its value, or is not one of the checkpoint's system.
            InputError: if texts of the project's protected test set have been annotated meanwhile.
        """
        from engine.retraining import RetrainConfig
        from engine.systems.contract import from_json

        if request.options.get(TASK) == ARMS:
            return self.arms.begin(request.project)
        # Asked for first: what is saved in between is learned now and once more next time, rather than never.
        latest = self._store.latest_revision()
        file = self._protected.file(request.project)
        protected = {"protected": str(file)} if file else {}
        config: RetrainConfig = from_json(RetrainConfig, {**request.options, **protected})
        found, parent = self.corrections(request.project), self._checkpoints.in_use()
        return self._jobs.start(found, parent, config, latest, request.system_options, request.project)

    def use(self, job_id: str, *, override: bool = False) -> CheckpointInfo:
        """Take a finished job's checkpoint into use; every page's next analysis is by it.

        Args:
            job_id: which.
            override: whether one that the gate refused is to be used all the same.
        """
        job = self._jobs.get(job_id)
        info = self._jobs.promote(job_id, self._checkpoints.folder, override=override)
        # What its parent had learned of other projects it knows too.
        self._store.settings.set(f"learned.{info.name}", {**self._learned(job.parent), str(job.project): job.last_revision})
        return self._checkpoints.use(info.name)

    def _learned(self, checkpoint: str) -> dict[str, int]:
        """Return up to which revision a checkpoint has learned each project; it once learned from the first alone."""
        kept = self._store.settings.get(f"learned.{checkpoint}", {})
        return kept if isinstance(kept, dict) else {str(FIRST): int(kept)}
