import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict

import psutil
import pytest

from engine import checkpoint, formats
from engine.corpus_training import prepare, train_on_corpus
from engine.errors import ConfigError, InputError, RunError
from engine.mixture import Corpus
from engine.run import Run, Status, _born
from engine.systems.bilstm_crf import BilstmCrfConfig
from tests.engine.tiny import OPTIONS, known, training

PATIENCE = 90


@pytest.fixture
def corpus(tmp_path):
    formats.write(known(24), tmp_path / "train.jsonl")
    return tmp_path / "train.jsonl"


def planned(corpus, **options):
    return prepare(
        corpus.parent / "run",
        system="bilstm-crf",
        train=[Corpus(str(corpus))],
        dev=[Corpus(str(corpus))],
        options=BilstmCrfConfig(**OPTIONS),
        training=training(**options),
        card={"data": "our own"},
    )


def wait(run, reached):
    """Return the status once it is as wanted."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        status = run.status()
        if reached(status):
            return status
        assert status.state in ("queued", "running"), (status, (run.folder / "log.txt").read_text())
        time.sleep(0.05)
    raise AssertionError(run.status())


def running(status):
    return status.state == "running" and status.epoch >= 2  # the state of the first is kept by now


def ended(status):
    return status.state not in ("queued", "running")


def kill(pid):
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    try:
        process.wait(10)
    except psutil.NoSuchProcess:
        pass


@pytest.mark.slow
def test_a_run_is_killed_started_again_cancelled_and_done_at_last(corpus):
    run = planned(corpus, epochs=400, patience=400, batch_size=2, keep="last")
    assert run.status() == Status(updated=run.status().updated)

    first = run.start()
    assert run.status().state in ("queued", "running")
    with pytest.raises(RunError, match="make a new one"):
        run.start()
    assert wait(run, running).pid == first
    kill(first)
    dead = wait(run, ended)
    assert dead.state == "failed" and "start the run again" in dead.message and dead.epoch >= 2

    second = run.start()
    assert run.status().state in ("queued", "running")  # not the dead one's
    going = wait(run, lambda status: status.state == "running" and status.epoch > dead.epoch)
    assert going.pid == second
    assert [row["step"] for row in run.events() if row["kind"] == "step"].count(1) == 1  # gone on with, not begun anew
    run.cancel()
    cancelled = wait(run, ended)
    assert cancelled.state == "cancelled" and not run.checkpoint.exists() and run.report() is None

    plan = run.config
    plan["training"]["epochs"] = cancelled.epoch + 1
    (run.folder / "config.json").write_text(json.dumps(plan), encoding="utf-8")
    run.start()
    assert wait(run, ended).state == "done"
    rows = run.events()
    assert [row["kind"] for row in rows if row["kind"] in ("cancelled", "failed", "done")] == ["cancelled", "done"]
    assert run.events(len(rows) - 1) == rows[-1:]
    assert checkpoint.verify(run.checkpoint).card["data"] == "our own"
    report = run.report()
    assert report["epoch"] == cancelled.epoch + 1 and 0 <= report["dev"]["micro"]["f1"] <= 1
    with pytest.raises(RunError, match="is done; make a new one"):
        run.start()


def test_what_a_run_cannot_do_is_its_last_word(corpus):
    run = planned(corpus, epochs=1)
    corpus.unlink()
    with pytest.raises(InputError):
        run.carry_out(train_on_corpus)
    assert run.status().state == "failed" and "train.jsonl" in run.status().message
    assert run.events()[-1]["kind"] == "failed"


def fill(folder, count=3):
    run = Run.create(folder, {"kind": "test"})

    def work(run):
        run.tell(kind="stage", message="")
        for step in range(1, count + 1):
            run.tell(
                kind="step", step=step, steps=count, epoch=step / count, epochs=1, loss=1.0, f1=None, speed=9.0, seconds_left=1
            )
        run.finish({"figure": 1})
        return True

    return run, work


def test_a_run_that_is_carried_out_here_leaves_a_true_status(tmp_path):
    run, work = fill(tmp_path / "run")
    status = run.carry_out(work)
    assert (status.state, status.step, status.steps, status.epoch, status.pid) == ("done", 3, 3, 1, os.getpid())
    assert status.seconds_left == 0 and status.f1 is None and status.loss == 1.0
    assert [row["kind"] for row in run.events()] == ["stage", "step", "step", "step", "done"]
    assert run.events(3) == run.events()[3:]
    assert run.report() == {"figure": 1}
    assert asdict(run.status()) == json.loads((run.folder / "status.json").read_text())


@pytest.mark.parametrize(
    ("error", "message"), [(ConfigError("width: too wide"), "width: too wide"), (ZeroDivisionError("0"), "ZeroDivisionError: 0")]
)
def test_an_error_is_kept_as_the_runs_message_and_raised(tmp_path, error, message):
    run, _ = fill(tmp_path / "run")

    def work(run):
        raise error

    with pytest.raises(type(error)):
        run.carry_out(work)
    assert (run.status().state, run.status().message) == ("failed", message)


def test_a_request_to_stop_before_the_start_is_honoured_and_forgotten_at_the_next(tmp_path):
    run, _ = fill(tmp_path / "run")
    run.cancel()
    assert run.carry_out(lambda run: not run.cancelled).state == "cancelled"
    assert run.carry_out(lambda run: not run.cancelled).state == "done"


def test_a_row_half_written_waits_for_its_end(tmp_path):
    run, _ = fill(tmp_path / "run")
    run.tell(kind="stage", message="一")
    row = json.dumps({"kind": "stage", "message": "杭州"}, ensure_ascii=False).encode()
    with (run.folder / "events.jsonl").open("ab") as log:
        log.write(row[:-4])  # in the middle of a character
        log.flush()
        assert [event["message"] for event in run.events()] == ["一"]
        log.write(row[-4:] + b"\n")
    assert [event["message"] for event in run.events()] == ["一", "杭州"]


def test_a_row_that_a_kill_cut_short_does_not_spoil_the_log(tmp_path):
    run, work = fill(tmp_path / "run")
    run.tell(kind="stage", message="before")
    with (run.folder / "events.jsonl").open("ab") as log:
        log.write(b'{"kind": "st')
    run.carry_out(work)
    assert [row["kind"] for row in run.events()] == ["stage", "stage", "step", "step", "step", "done"]


def test_the_log_only_grows(tmp_path):
    run, work = fill(tmp_path / "run")
    run.tell(kind="stage", message="before")
    before = (run.folder / "events.jsonl").read_bytes()
    run.carry_out(work)
    assert (run.folder / "events.jsonl").read_bytes().startswith(before)


def test_a_status_is_whole_whenever_it_is_read(tmp_path):
    run, _ = fill(tmp_path / "run")
    over, seen = threading.Event(), []

    def watch():
        while not over.is_set():
            seen.append((run.status().step, len(run.events())))

    watchers = [threading.Thread(target=watch) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    for step in range(300):
        run.tell(kind="step", step=step, steps=300, message="杭" * (step % 7))
    over.set()
    for watcher in watchers:
        watcher.join()
    assert seen and run.status().step == 299 and len(run.events()) == 300
    assert [path.name for path in run.folder.iterdir() if path.name.startswith(".")] == []


def test_a_pid_used_again_is_not_taken_for_the_run(tmp_path):
    run, _ = fill(tmp_path / "run")
    me = os.getpid()
    run.update(Status(state="running", pid=me, born=_born(me)))
    assert run.status().state == "running"
    run.update(Status(state="running", pid=me, born=_born(me) + 1))  # the clock was set
    assert run.status().state == "running"
    run.update(Status(state="running", pid=me, born=_born(me) - 100))
    assert run.status().state == "failed"


def test_a_process_that_nobody_knew_alive_is_not_running(tmp_path):
    run, _ = fill(tmp_path / "run")
    run.update(Status(state="queued", pid=2**22 + 1, born=0.0))
    assert run.status().state == "failed"


def test_a_zombie_has_ended(tmp_path):
    run, _ = fill(tmp_path / "run")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        run.update(Status(state="running", pid=child.pid, born=_born(child.pid)))
        assert run.status().state == "running"
        child.stdin.close()
        end = time.monotonic() + 20
        while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
            time.sleep(0.02)
        assert run.status().state == "failed"


def test_a_folder_that_holds_something_is_not_taken(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty; choose another folder"):
        Run.create(tmp_path, {})


@pytest.mark.parametrize("content", [None, "", "{", '{"colour": "red"}'])
def test_a_folder_that_is_no_runs_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "status.json").write_text(content)
    with pytest.raises(RunError, match=r"status\.json"):
        Run(tmp_path).status()
    with pytest.raises(RunError, match="is .* the folder of a run"):
        _ = Run(tmp_path).config
    assert Run(tmp_path).events() == [] and Run(tmp_path).report() is None


def test_of_several_processes_the_first_alone_writes(tmp_path, monkeypatch):
    run, work = fill(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    monkeypatch.setenv("RANK", "1")
    Run(run.folder).carry_out(work)
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before
