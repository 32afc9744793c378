"""When the model is retrained: by hand, or by a project's policy; one retraining after another for all projects.

What is asked for waits in the store, so that it outlives a restart. What a retraining learns, and from which checkpoint, is
settled when its turn comes: a checkpoint that was taken into use meanwhile is the parent, and what it has learned is not learned
twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, get_args

from engine.errors import EngineError
from workbench.errors import UserError
from workbench.retraining.jobs import Job, Jobs
from workbench.store import Cause, Request, StoreError

if TYPE_CHECKING:
    from workbench.store import Store

HIGH = 1
"""Priority of what is to come before the others."""
_PERIOD = 5.0
_LEAST = 5
"""Corrections below which no policy asks: from one alone, a model mostly learns that one."""
_KINDS = get_args(Cause)
Depth = Literal["quick", "full"]
"""How deep a retraining learns, as :class:`engine.retraining.RetrainConfig` has it."""
_log = logging.getLogger(__name__)
Retrain = Callable[[Request], Job]


@dataclass(frozen=True, slots=True)
class Policy:
    """When a project's corrections are learned without anybody asking.

    Attributes:
        kind: ``"hand"``, never; ``"corrections"``, as soon as there are so many new ones; ``"minutes"``, so many after the last
            retraining; ``"idle"``, when nobody has saved anything for so many minutes.
        every: how many.
        depth: of the retraining that it asks for.
    """

    kind: Cause = "hand"
    every: int = 50
    depth: Depth = "full"

    def __post_init__(self) -> None:
        """See that it can be.

        Raises:
            UserError: if there is no such kind or depth, or the number is not from 1 to 10,000.
        """
        if self.kind not in _KINDS or self.depth not in get_args(Depth) or not 1 <= self.every <= 10_000:
            raise UserError("scheduling.policy.error")


class Scheduling:
    """The queue of retrainings and the policies."""

    def __init__(self, store: Store, jobs: Jobs, retrain: Retrain) -> None:
        """Serve the store's queue.

        Args:
            store: keeps requests and policies.
            jobs: what runs.
            retrain: starts what was asked for.
        """
        self._store, self._jobs, self._retrain = store, jobs, retrain
        self._turn = threading.Lock()
        self._stopped = threading.Event()

    def policy(self, project: int) -> Policy:
        """Return a project's policy, by hand where none was chosen."""
        said = self._store.settings.get(f"policy.{project}")
        return Policy(**said) if said else Policy()

    def choose(self, project: int, policy: Policy) -> None:
        """Retrain by this policy from now on."""
        self._store.settings.set(f"policy.{project}", asdict(policy))

    def request(
        self, project: int, options: Mapping[str, Any], system_options: Mapping[str, Any], *, by: str = "", priority: int = 0
    ) -> Request:
        """Ask for a retraining, which starts at once if nothing else runs.

        Raises:
            UserError: if one of this project waits already.
        """
        if any(waiting.project == project for waiting in self._store.requests.waiting()):
            raise UserError("scheduling.waiting.error")
        made = self._store.requests.add(project, options, system_options, by=by, priority=priority)
        self.advance()
        return self._store.requests.get(made.id)

    def advance(self) -> Job | None:
        """Start what waits first, if nothing runs; return what was started."""
        with self._turn:
            for waiting in self._store.requests.waiting():
                if any(job.active for job in self._jobs.all()):
                    return None
                if job := self._begin(waiting):
                    return job
            return None

    def _begin(self, request: Request) -> Job | None:
        try:
            job = self._retrain(request)
            self._store.requests.started(request.id, job.id)
            return job
        except (EngineError, UserError, StoreError, OSError) as error:
            # It would block those behind it for ever; who asked reads why.
            _log.warning("the retraining %d cannot be carried out: %s", request.id, error)
            why = error.kept() if isinstance(error, UserError) else str(error)
            self._store.requests.refuse(request.id, why)
            return None

    def tick(self, moment: datetime | None = None) -> None:
        """Ask for what policies ask for by now, and start what waits."""
        now = moment or datetime.now(timezone.utc)
        busy = {waiting.project for waiting in self._store.requests.waiting()}
        for project in self._store.projects.list():
            policy = self.policy(project.id)
            if policy.kind != "hand" and project.id not in busy and self._is_due(project.id, policy, now):
                self._store.requests.add(project.id, {"depth": policy.depth}, {}, cause=policy.kind)
        self.advance()

    def _is_due(self, project: int, policy: Policy, now: datetime) -> bool:
        last = next((job for job in self._jobs.all() if job.project == project and not job.compares), None)
        if last is not None and last.active:
            return False
        new = self._store.corrections_count(last.last_revision if last else 0, project)
        if new < (policy.every if policy.kind == "corrections" else _LEAST):
            return False
        pause = timedelta(minutes=policy.every)
        if policy.kind == "minutes":
            return last is None or now - last.created >= pause
        if policy.kind == "idle":
            saved = self._store.last_saved()
            return saved is None or now - saved >= pause
        return True

    def start(self) -> None:
        """Look every few seconds, until :meth:`stop`."""
        threading.Thread(target=self._run, name="scheduling", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(_PERIOD):
            try:
                self.tick()
            except Exception:  # the database may be away for a while; the next look finds it again
                _log.exception("the queue of retrainings could not be looked at")
