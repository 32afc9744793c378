"""Jobs: one at a time, found again after a restart, promoted whole or not at all."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import engine.checkpoint
import engine.retraining
import workbench.retraining.jobs
from engine.document import Document, Span
from engine.errors import CheckpointError, RunError
from workbench.errors import UserError
from workbench.retraining.jobs import Jobs
from workbench.retraining.scheduling import Policy, Scheduling
from workbench.store import FIRST, Store

CORRECTIONS = [Document("小周在苏州。", (Span(3, 5, "LOC"),))]


@dataclass
class Folders:
    """Stands for the run folders: what state each is in, and what was asked of it."""

    states: dict[Path, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    broken: bool = False
    report: Any = None

    def run(self, folder: Path) -> Any:
        def start() -> int:
            if self.broken:
                raise RunError("no process could be started; close other programs")
            self.states[folder] = "running"
            return 1

        def status() -> Any:
            if folder not in self.states:
                raise RunError(f"{folder} is not a run")
            return SimpleNamespace(state=self.states[folder], pid=None if self.states[folder] == "queued" else 1)

        cancel = lambda: self.asked.append(f"cancel {folder.name}")  # noqa: E731
        return SimpleNamespace(
            folder=folder, checkpoint=folder / "checkpoint", start=start, status=status, cancel=cancel, report=lambda: self.report
        )

    def prepare(self, corrections: Any, parent: Any, config: Any, folder: Path, system_options: Any = None) -> Any:
        self.states[folder] = "queued"
        (folder / "checkpoint").mkdir(parents=True)
        (folder / "checkpoint" / "model.safetensors").write_bytes(b"weights")
        return self.run(folder)


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Folders:
    made = Folders()
    monkeypatch.setattr(workbench.retraining.jobs, "Run", made.run)
    monkeypatch.setattr(engine.retraining, "prepare", made.prepare)
    monkeypatch.setattr(engine.checkpoint, "verify", lambda folder: SimpleNamespace(name=folder.name, path=folder))
    return made


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = Store.open(f"sqlite:///{tmp_path / 'duomo.db'}")
    yield opened
    opened.close()


@pytest.fixture
def jobs(store: Store, folders: Folders, tmp_path: Path) -> Jobs:
    return Jobs(store, tmp_path / "runs")


def parent(name: str = "zh-news-small") -> Any:
    return SimpleNamespace(name=name)


def test_a_started_job_is_found_again_after_a_restart(jobs: Jobs, store: Store, tmp_path: Path) -> None:
    job = jobs.start(CORRECTIONS, parent(), None, 7)
    found = Jobs(store, tmp_path / "runs").current(FIRST)
    assert found is not None and found.active
    assert (found.id, found.parent, found.last_revision) == (job.id, "zh-news-small", 7)


def test_a_second_job_waits_for_the_first(jobs: Jobs, folders: Folders) -> None:
    job = jobs.start(CORRECTIONS, parent(), None, 1)
    with pytest.raises(UserError) as refused:
        jobs.start(CORRECTIONS, parent(), None, 1)
    assert refused.value.key == "jobs.busy.error"
    folders.states[job.run.folder] = "failed"
    assert jobs.start(CORRECTIONS, parent(), None, 1).active


def test_nothing_to_learn_starts_nothing(jobs: Jobs) -> None:
    with pytest.raises(UserError) as refused:
        jobs.start([], parent(), None, 0)
    assert refused.value.key == "jobs.nothing.error"
    assert jobs.current(FIRST) is None


def test_a_job_that_could_not_start_does_not_stand_in_the_way(jobs: Jobs, folders: Folders) -> None:
    folders.broken = True
    with pytest.raises(RunError):
        jobs.start(CORRECTIONS, parent(), None, 1)
    folders.broken = False
    assert jobs.start(CORRECTIONS, parent(), None, 1).active


def test_a_run_folder_that_is_gone_is_no_obstacle(jobs: Jobs, folders: Folders) -> None:
    job = jobs.start(CORRECTIONS, parent(), None, 1)
    del folders.states[job.run.folder]
    assert not job.active and job.status() is None
    assert jobs.start(CORRECTIONS, parent(), None, 1).active


def test_cancel_is_passed_on_as_a_request(jobs: Jobs, folders: Folders) -> None:
    job = jobs.start(CORRECTIONS, parent(), None, 1)
    jobs.cancel(job.id)
    assert folders.asked == [f"cancel {job.id}"]
    with pytest.raises(UserError, match="jobs.missing.error"):
        jobs.cancel("none")


def test_a_job_whose_process_never_came_can_be_cancelled(jobs: Jobs, folders: Folders) -> None:
    job = jobs.start(CORRECTIONS, parent(), None, 1)
    folders.states[job.run.folder] = "queued"
    jobs.cancel(job.id)
    assert jobs.start(CORRECTIONS, parent(), None, 1).active


def test_a_finished_job_is_promoted_under_its_first_ancestors_name(jobs: Jobs, folders: Folders, tmp_path: Path) -> None:
    job = jobs.start(CORRECTIONS, parent("zh-news-small-20260102-0304-2"), None, 1)
    with pytest.raises(UserError, match="jobs.undone.error"):
        jobs.promote(job.id, tmp_path / "checkpoints")
    folders.states[job.run.folder] = "done"
    info = jobs.promote(job.id, tmp_path / "checkpoints")
    name = info.path.name
    assert name.startswith("zh-news-small-2") and "20260102" not in name
    assert [folder.name for folder in (tmp_path / "checkpoints").iterdir()] == [name]
    assert (info.path / "model.safetensors").read_bytes() == b"weights"
    assert not jobs.get(job.id).undecided
    with pytest.raises(UserError, match="jobs.undone.error"):
        jobs.promote(job.id, tmp_path / "checkpoints")


def test_what_the_gate_refused_is_used_only_by_override(jobs: Jobs, folders: Folders, tmp_path: Path) -> None:
    job = jobs.start(CORRECTIONS, parent(), None, 1)
    folders.states[job.run.folder] = "done"
    folders.report = {"gate": {"verdict": "refused"}}
    assert jobs.get(job.id).refused and jobs.get(job.id).undecided
    with pytest.raises(UserError, match="jobs.refused.error"):
        jobs.promote(job.id, tmp_path / "checkpoints")
    assert jobs.get(job.id).undecided and not (tmp_path / "checkpoints").exists()
    jobs.promote(job.id, tmp_path / "checkpoints", override=True)
    assert len(list((tmp_path / "checkpoints").iterdir())) == 1


def test_two_promotions_in_one_minute_do_not_meet(jobs: Jobs, folders: Folders, tmp_path: Path) -> None:
    for _ in range(2):
        job = jobs.start(CORRECTIONS, parent(), None, 1)
        folders.states[job.run.folder] = "done"
        jobs.promote(job.id, tmp_path / "checkpoints")
    assert len(list((tmp_path / "checkpoints").iterdir())) == 2


def test_a_damaged_checkpoint_is_not_promoted(
    jobs: Jobs, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> Any:
        raise CheckpointError("the weights are damaged; train again")

    job = jobs.start(CORRECTIONS, parent(), None, 1)
    folders.states[job.run.folder] = "done"
    monkeypatch.setattr(engine.checkpoint, "verify", refuse)
    with pytest.raises(CheckpointError):
        jobs.promote(job.id, tmp_path / "checkpoints")
    assert list((tmp_path / "checkpoints").iterdir()) == []
    assert jobs.get(job.id).undecided


def test_keeping_the_old_model_settles_the_job(jobs: Jobs, folders: Folders) -> None:
    job = jobs.start(CORRECTIONS, parent(), None, 1)
    folders.states[job.run.folder] = "done"
    assert jobs.get(job.id).undecided
    jobs.keep(job.id)
    assert jobs.get(job.id).decision == "kept"


@pytest.fixture
def ended(jobs: Jobs, folders: Folders) -> Any:
    """Return what starts a job of a project and lets it end."""

    def end(state: str = "done", project: int = FIRST) -> Any:
        job = jobs.start(CORRECTIONS, parent(), None, 1, None, project)
        folders.states[job.run.folder] = state
        return jobs.get(job.id)

    return end


def test_a_later_result_supersedes_those_that_nobody_decided_about(jobs: Jobs, ended: Any, tmp_path: Path) -> None:
    first, second, elsewhere = ended(), ended(), ended(project=2)
    decided = ended()
    jobs.keep(decided.id)
    last = ended()
    assert [jobs.get(job.id).superseded_by for job in (first, second, elsewhere, decided)] == [last.id, last.id, "", ""]
    assert [job.id for job in jobs.superseded_by(last.id)] == [second.id, first.id]
    assert (jobs.current(FIRST).id, jobs.current(2).id) == (last.id, elsewhere.id)
    assert not jobs.get(first.id).undecided
    for override in (False, True):
        with pytest.raises(UserError, match="jobs.superseded.error"):
            jobs.promote(first.id, tmp_path / "checkpoints", override=override)
    assert not (tmp_path / "checkpoints").exists()
    jobs.keep(last.id)  # which brings nothing back
    assert jobs.get(first.id).superseded_by == last.id and not jobs.get(first.id).undecided


@pytest.mark.parametrize("state", ["failed", "cancelled", "running"])
def test_what_is_not_done_supersedes_nothing(jobs: Jobs, ended: Any, state: str) -> None:
    waiting, later = ended(), ended(state)
    assert jobs.get(waiting.id).undecided and jobs.superseded_by(later.id) == []
    assert jobs.current(FIRST).id == (later if state == "running" else waiting).id
    assert jobs.newest(FIRST).id == later.id


def test_a_policy_goes_on_while_a_result_waits_and_promotes_nothing(
    store: Store, jobs: Jobs, folders: Folders, ended: Any, tmp_path: Path
) -> None:
    waiting = ended()
    scheduling = Scheduling(
        store, jobs, lambda asked: jobs.start(CORRECTIONS, parent(), None, store.latest_revision(), None, asked.project)
    )
    scheduling.choose(FIRST, Policy("corrections", 5))
    for n in range(7):
        store.save(f"第{n}句", (), author="", labels=[], client_key=str(n))
    scheduling.tick()
    running = jobs.current(FIRST)
    assert running.active and store.requests.latest()[0].cause == "corrections"
    assert jobs.get(waiting.id).undecided  # as long as nobody knows whether the later one comes to anything
    folders.states[running.run.folder] = "done"
    assert jobs.get(waiting.id).superseded_by == running.id and jobs.current(FIRST).undecided
    scheduling.tick()
    assert [job.decision for job in jobs.all()] == ["", ""] and not (tmp_path / "checkpoints").exists()


def test_a_disk_too_full_for_the_new_model_leaves_everything_as_it_was(
    jobs: Jobs, ended: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.mkdir()
        raise shutil.Error([(str(source), str(target), "[Errno 28] No space left on device")])

    job, root = ended(), tmp_path / "checkpoints"
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copytree", full)
        with pytest.raises(UserError) as refused:
            jobs.promote(job.id, root)
    assert refused.value.key == "jobs.space.error" and refused.value.values["folder"] == root
    assert refused.value.values["needed"] == "0.0 MB" and refused.value.values["free"].endswith("B")
    assert list(root.iterdir()) == [] and jobs.get(job.id).undecided
    assert jobs.promote(job.id, root).path.is_dir()


def test_of_several_that_start_at_once_one_runs(jobs: Jobs) -> None:
    together, refused = threading.Barrier(6), []

    def start() -> None:
        together.wait()
        try:
            jobs.start(CORRECTIONS, parent(), None, 1)
        except UserError as error:
            refused.append(error.key)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["jobs.busy.error"] * 5 and len(jobs.all()) == 1
