"""Training jobs: started one at a time, watched, cancelled, and found again after a reload or a restart.

What a job is doing stands in its run folder; that it exists and what was decided about it stands in the store. Nothing is
remembered here.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine.disk import free_bytes, is_full, size
from engine.document import Document
from engine.errors import RunError
from engine.run import Run, Status
from workbench.errors import UserError
from workbench.store import FIRST, RunKind

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo
    from engine.retraining import RetrainConfig
    from workbench.store import Store

ACTIVE = ("queued", "running")
_STAMP = re.compile(r"(-\d{8}-\d{4}(-\d+)?)+$")


@dataclass(frozen=True)
class Job:
    """One retraining: a row of the store's run table and its run folder.

    Attributes:
        id: its name in the store.
        parent: name of the checkpoint it started from.
        last_revision: the newest revision among its corrections.
        project: whose corrections it learns.
        kind: ``"retraining"``, or ``"comparison"`` of two arms.
        decision: ``"used"``, ``"kept"`` (the old model was), or ``""`` while nobody has decided.
        created: when, in UTC.
        run: its folder.
        superseded_by: the later job of its project that is done, where nobody had decided about this one by then.
    """

    id: str
    parent: str
    last_revision: int
    project: int
    kind: RunKind
    decision: str
    created: datetime
    run: Run
    superseded_by: str = ""

    def status(self) -> Status | None:
        """Return what the job is doing; ``None`` if its folder cannot be read."""
        try:
            return self.run.status()
        except (RunError, OSError):
            return None

    @property
    def compares(self) -> bool:
        """Tell whether the job compares two arms; then no model comes of it, and there is nothing to decide."""
        return self.kind == "comparison"

    @property
    def active(self) -> bool:
        """Tell whether the job waits or runs; one that was decided about does neither, whatever its folder says."""
        status = self.status()
        return not self.decision and status is not None and status.state in ACTIVE

    @property
    def undecided(self) -> bool:
        """Tell whether the job is done and waits for someone to use or refuse its model."""
        return self.done and not self.decision and not self.superseded_by and not self.compares

    @property
    def done(self) -> bool:
        """Tell whether the job came to its end."""
        status = self.status()
        return status is not None and status.state == "done"

    @property
    def refused(self) -> bool:
        """Tell whether the gate refused what came of the job; one from before there was a gate was never refused."""
        from engine.gate import REFUSED

        report = self.run.report() or {}
        return bool(report.get("gate", {}).get("verdict") == REFUSED)


class Jobs:
    """The job table."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Serve the runs that a store knows.

        Args:
            store: keeps which runs exist.
            folder: where run folders are made.
        """
        self._store = store
        self._folder = folder
        self._starting = threading.Lock()

    def all(self) -> list[Job]:
        """Return every job, newest first.

        A result that nobody has decided about is superseded once a later job of its project is done: the later one has learned
        what it had, and more. One that fails or is cancelled supersedes nothing.
        """
        done: dict[int, str] = {}
        found = []
        for row in self._store.runs.all():
            run = Run(Path(row.folder))
            made = Job(row.run_id, row.parent, row.last_revision, row.project, row.kind, row.decision, row.created, run)
            later = "" if made.decision else done.get(made.project, "")
            found.append(replace(made, superseded_by=later))
            if made.project not in done and not made.compares and made.done:
                done[made.project] = made.id
        return found

    def current(self, project: int) -> Job | None:
        """Return what a page shows: what runs, whosever it is, else what the project has to decide about, else its newest."""
        jobs = self.all()
        own = [job for job in jobs if job.project == project and not job.compares]
        running = (job for job in jobs if job.active)
        return next(running, None) or next((job for job in own if job.undecided), None) or next(iter(own), None)

    def newest(self, project: int) -> Job | None:
        """Return what was begun last for a project, whatever became of it."""
        return next((job for job in self.all() if job.project == project and not job.compares), None)

    def comparison(self, project: int) -> Job | None:
        """Return the comparison of two arms that was begun last for a project."""
        return next((job for job in self.all() if job.project == project and job.compares), None)

    def superseded_by(self, job_id: str) -> list[Job]:
        """Return the jobs whose results were done, that nobody had decided about, and that one supersedes."""
        return [job for job in self.all() if job.superseded_by == job_id and job.done]

    def get(self, job_id: str) -> Job:
        """Return one job.

        Raises:
            UserError: if there is none of that name.
        """
        for job in self.all():
            if job.id == job_id:
                return job
        raise UserError("jobs.missing.error", job=job_id)

    def start(
        self,
        corrections: Sequence[Document],
        parent: CheckpointInfo,
        config: RetrainConfig,
        last_revision: int,
        system_options: Mapping[str, Any] | None = None,
        project: int = FIRST,
    ) -> Job:
        """Start a retraining in a process of its own.

        Raises:
            UserError: if one is running already, or there is nothing to learn.
        """
        from engine.retraining import prepare

        if not corrections:
            raise UserError("jobs.nothing.error")
        return self._start(
            lambda folder: prepare(corrections, parent, config, folder, system_options), parent.name, last_revision, project
        )

    def compare(self, parts: Mapping[str, Sequence[Document]], project: int) -> Job:
        """Start a comparison of what was chosen with what chance drew, in a process of its own.

        Args:
            parts: see :func:`engine.simulation.arms.prepare_arms`.
            project: whose documents.

        Raises:
            UserError: if something is running already.
            InputError: if there are too few documents.
        """
        from engine.simulation.arms import ArmsConfig, prepare_arms

        return self._start(lambda folder: prepare_arms(parts, folder, ArmsConfig()), "", 0, project, "comparison")

    def _start(
        self,
        prepare: Callable[[Path], Run],
        parent: str,
        last_revision: int,
        project: int,
        kind: RunKind = "retraining",
    ) -> Job:
        with self._starting:
            if any(job.active for job in self.all()):
                raise UserError("jobs.busy.error")
            job_id = f"{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"
            folder = self._folder / job_id
            run = prepare(folder)
            self._store.runs.add(job_id, str(folder), parent, last_revision, project, kind)
            try:
                run.start()
            except Exception:
                self._store.runs.mark(job_id, "kept")
                raise
        return self.get(job_id)

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop at its next step; one that never came to have a process is done with at once."""
        job = self.get(job_id)
        job.run.cancel()
        status = job.status()
        if status is not None and status.state == "queued" and not status.pid:
            self.keep(job_id)

    def keep(self, job_id: str) -> None:
        """Decide for the old model; the run folder stays."""
        self._store.runs.mark(job_id, "kept")

    def promote(self, job_id: str, root: Path, *, override: bool = False) -> CheckpointInfo:
        """Put the job's checkpoint among the others, under its parent's name and the time.

        Args:
            job_id: a job that is done.
            root: folder of the workspace's checkpoints.
            override: whether one that the gate refused is to be used all the same.

        Raises:
            UserError: if the job is not done or superseded by a later one, the gate refused its checkpoint, or the disk is full.
        """
        from engine.checkpoint import verify

        job = self.get(job_id)
        if job.superseded_by:
            raise UserError("jobs.superseded.error")
        if not job.undecided:
            raise UserError("jobs.undone.error", job=job_id)
        if job.refused and not override:
            raise UserError("jobs.refused.error")
        folder = _free(root, f"{_STAMP.sub('', job.parent)}-{datetime.now():%Y%m%d-%H%M}")
        half = root / f".{folder.name}.{uuid4().hex[:6]}"
        root.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copytree(job.run.checkpoint, half)
            verify(half)
            half.rename(folder)
        except OSError as error:
            if not is_full(error):
                raise
            needed = sum(file.stat().st_size for file in job.run.checkpoint.rglob("*") if file.is_file())
            raise UserError("jobs.space.error", needed=size(needed), free=size(free_bytes(root)), folder=root) from error
        finally:
            shutil.rmtree(half, ignore_errors=True)
        self._store.runs.mark(job_id, "used")
        return verify(folder)


def _free(root: Path, name: str) -> Path:
    count, folder = 1, root / name
    while folder.exists():
        count += 1
        folder = root / f"{name}-{count}"
    return folder
