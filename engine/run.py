"""A training run: a folder and a process.

::

    config.json     what to do; written once
    events.jsonl    append-only log: one row for each step shown, epoch, stage and end
    status.json     where it stands; replaced atomically
    log.txt         what the process printed
    cancel          exists once someone asked it to stop; honoured at the next step
    state/          what a resumption needs
    checkpoint/     the trained model, once done
    report.json     what came of it, once done

A run whose process has died reads as failed, never as running for ever; starting it again goes on from its state.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil

from engine import disk
from engine.errors import EngineError, RunError

_HOME = Path(__file__).resolve().parent.parent
_CLOCK = 2.0
ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    Attributes:
        state: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
        step: steps made, of ``steps``.
        epoch: epochs completed, of ``epochs``.
        loss: mean over the steps since the last row.
        f1: on dev, a fraction.
        speed: characters a second.
        seconds_left: by the speed so far.
        needed: bytes of memory that it is estimated to need.
        free: bytes that were free when it began.
        message: why it failed.
        pid: of its process; 0 before there is one.
        started: ISO time.
        updated: ISO time.
    """

    state: str = "queued"
    step: int = 0
    steps: int = 0
    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    f1: float | None = None
    speed: float | None = None
    seconds_left: float | None = None
    needed: int | None = None
    free: int | None = None
    message: str = ""
    pid: int = 0
    born: float = 0.0
    started: str = ""
    updated: str = ""


class Run:
    """A run's folder, seen from whoever made it, watches it, or is it.

    Attributes:
        folder: the folder.
        leader: whether this process writes; of several that train together, the first alone does.
        room: bytes that it takes on the disk, by the estimate of whoever carries it out; 0 while nobody has said.
    """

    def __init__(self, folder: str | Path) -> None:
        """Look at a folder; nothing is read yet."""
        self.folder = Path(folder)
        self.leader = os.environ.get("RANK", "0") == "0"
        self.room = 0

    @classmethod
    def create(cls, folder: str | Path, config: Mapping[str, Any]) -> Run:
        """Make a new run's folder.

        Raises:
            RunError: if the folder already holds something.
        """
        run = cls(folder)
        if run.folder.exists() and any(run.folder.iterdir()):
            raise RunError(f"{run.folder} is not empty; choose another folder for the run, or resume the one in it")
        try:
            run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{run.folder} cannot be made ({error.strerror}); choose another folder for the run") from error
        _write(run.folder / "config.json", dict(config))
        run.update(Status())
        return run

    @property
    def checkpoint(self) -> Path:
        """Return where the trained model lies once the run is done."""
        return self.folder / "checkpoint"

    @property
    def config(self) -> dict[str, Any]:
        """Return what the run is to do.

        Raises:
            RunError: if the folder is not a run's.
        """
        return _read(self.folder / "config.json")

    def revise(self, config: Mapping[str, Any]) -> None:
        """Replace what a run that is not running is to do.

        Raises:
            RunError: if it cannot be written.
        """
        _write(self.folder / "config.json", dict(config))

    def start(self, environment: Mapping[str, str] | None = None) -> int:
        """Start the run in a process of its own, which outlives this one, and return its pid.

        Args:
            environment: variables for that process, beside those of this one.

        Raises:
            RunError: if it is running already, or is done, or its log cannot be written.
        """
        status = self.status()
        if status.state in ("running", "done") or status.state == "queued" and status.pid:
            raise RunError(f"the run in {self.folder} is {status.state}; make a new one")
        (self.folder / "cancel").unlink(missing_ok=True)
        command = [sys.executable, "-m", "engine", "train", "--run", str(self.folder.resolve())]
        paths = os.pathsep.join(filter(None, [str(_HOME), os.environ.get("PYTHONPATH")]))
        variables = {**os.environ, **(environment or {}), "PYTHONPATH": paths}
        try:
            with (self.folder / "log.txt").open("ab") as log:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables, start_new_session=True
                )
        except OSError as error:
            full = disk.told(self.folder, self.room) if disk.is_full(error) else f"no process can be started: {error}"
            raise RunError(full) from error
        threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
        if self._stored().pid != process.pid:
            self.update(Status(pid=process.pid, born=_born(process.pid)))
        return process.pid

    def status(self) -> Status:
        """Return where the run stands; one whose process has died reads as failed.

        Raises:
            RunError: if the folder is not a run's.
        """
        status = self._stored()
        if status.state in ACTIVE and status.pid and not _alive(status):
            status = self._stored()  # it may have ended between the two looks
            if status.state in ACTIVE:
                log = self.folder / "log.txt"
                lost = f"the process ended without a word; see {log}, then start the run again to go on from its last state"
                return replace(status, state="failed", message=lost, seconds_left=None)
        return status

    def events(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the log's rows from the ``since``-th on; a row half written is left for the next look."""
        path = self.folder / "events.jsonl"
        if not path.is_file():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines[since:]]

    def report(self) -> dict[str, Any] | None:
        """Return what came of the run, once it is done."""
        path = self.folder / "report.json"
        return _read(path) if path.is_file() else None

    def cancel(self) -> None:
        """Ask the run to stop at its next step."""
        (self.folder / "cancel").touch()

    @property
    def cancelled(self) -> bool:
        """Tell whether the run was asked to stop."""
        return (self.folder / "cancel").exists()

    # what the run's own process does

    def update(self, status: Status) -> None:
        """Replace the status."""
        if not self.leader:
            return
        _write(self.folder / "status.json", asdict(replace(status, updated=_now())))

    def tell(self, **row: Any) -> None:
        """Append a row to the log, and bring the status up to date with it."""
        if not self.leader:
            return
        with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": _now(), **row}, ensure_ascii=False) + "\n")
        status = self._stored()
        shown = {
            key: row[key]
            for key in ("step", "steps", "epochs", "loss", "speed", "seconds_left", "needed", "free", "message")
            if row.get(key) is not None
        }
        if row.get("f1") is not None:
            shown["f1"] = row["f1"]
        if row.get("epoch") is not None:
            shown["epoch"] = int(row["epoch"])
        self.update(replace(status, **shown))

    def finish(self, report: Mapping[str, Any]) -> None:
        """Write what came of the run."""
        if self.leader:
            _write(self.folder / "report.json", dict(report))

    def carry_out(self, work: Callable[[Run], bool]) -> Status:
        """Do the work in this process, and leave a true status whatever happens.

        Args:
            work: returns false if it stopped because it was asked to.

        Raises:
            EngineError: what the work raised.
        """
        pid = os.getpid()
        if self.leader:
            self._clear()
        try:
            self.update(replace(self._stored(), state="running", pid=pid, born=_born(pid), started=_now(), message=""))
            state = "done" if work(self) else "cancelled"
            self._end(state, "")
        except BaseException as error:
            full = disk.told(self.folder, self.room) if disk.is_full(error) else ""
            message = str(full or error) if full or isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError, RunError):  # on a full disk it cannot be told, and the process's end tells it
                self._end("failed", message)
            if full:
                raise RunError(message) from error
            raise
        return replace(self._stored(), state=state)

    def _clear(self) -> None:
        """Take away what an interrupted process left: a request to stop that it was given, a row half written."""
        if self.status().state != "queued":
            (self.folder / "cancel").unlink(missing_ok=True)
        path = self.folder / "events.jsonl"
        if path.is_file():
            with path.open("rb+") as file:
                file.truncate(file.read().rfind(b"\n") + 1)

    def _end(self, state: str, message: str) -> None:
        self.tell(kind=state, message=message)
        self.update(replace(self._stored(), state=state, message=message, seconds_left=0.0 if state == "done" else None))

    def _stored(self) -> Status:
        try:
            return Status(**_read(self.folder / "status.json"))
        except TypeError as error:
            raise RunError(f"{self.folder / 'status.json'} is not a run's status: {error}") from error


def _alive(status: Status) -> bool:
    """Tell whether the process that wrote the status lives; a correction of the clock shifts when it seems to have begun."""
    born = _born(status.pid)
    return born > 0 and abs(born - status.born) < _CLOCK


def _born(pid: int) -> float:
    """Return when a live process began; 0 if there is none, so that a pid used again is not taken for the run."""
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return 0.0


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({error}); is {path.parent} the folder of a run?") from error
    return content


def _write(path: Path, content: Mapping[str, Any]) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        half.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        os.replace(half, path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written ({error.strerror}); free some space or choose another folder") from error
