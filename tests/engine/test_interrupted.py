"""A retraining on a disk that fills up, or killed, at each of its writes: nothing half-written is offered, and it can go on."""

from __future__ import annotations

import errno
import io
import os
import re
import warnings
from pathlib import Path

import pytest

from engine import checkpoint, disk, training_state
from engine.document import Document, Span
from engine.errors import RunError
from engine.retraining import RetrainConfig, prepare, retrain, room_of
from engine.run import Run

TAUGHT = [Document("巴旦木小镇昨天开了夜市。", (Span(0, 5, "LOC"),))]
CONFIG = RetrainConfig(epochs=2, replay=0, hold_out=0)


class Writes:
    """Every write below a folder: which file is opened to be written, or saved as tensors, and what befalls some of them.

    Attributes:
        names: of the files, without what differs from run to run.
        fails: what to do from the ``first``-th write on; nothing while it is ``None``.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.names, self.first, self.fails = folder, [], -1, None
        opened = io.open

        def opening(file, mode="r", *rest, **more):
            below = isinstance(file, (str, os.PathLike)) and str(file).startswith(str(folder))
            if below and set(mode) & set("wax+"):
                self.meet(Path(file), lambda: opened(file, mode, *rest, **more).close())
            return opened(file, mode, *rest, **more)

        monkeypatch.setattr(io, "open", opening)
        monkeypatch.setattr("builtins.open", opening)
        for module in (checkpoint, training_state):
            monkeypatch.setattr(module, "save_file", self.saving(module.save_file))

    def saving(self, save):
        def saved(tensors, file, *rest, **more):
            self.meet(Path(file), lambda: Path(file).touch())
            return save(tensors, file, *rest, **more)

        return saved

    def meet(self, file, begin):
        self.names.append(re.sub(r"\d{3,}|(?<=checkpoint\.)\w{8}", "N", str(file.relative_to(self.folder))))
        if self.fails and len(self.names) > self.first:
            fails, self.fails = self.fails, None
            begin()  # the file is there, and empty
            self.fails = fails
            fails()

    def from_the(self, first, fails):
        """Let all from the first-th write on fail."""
        self.names, self.first, self.fails = [], first, fails


def no_space():
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def writes(tmp_path, monkeypatch):
    return Writes(tmp_path, monkeypatch)


def ends_of(names):
    """Return the places of the first and of the last write of each file."""
    return sorted({names.index(name) for name in names} | {len(names) - 1 - names[::-1].index(name) for name in names})


@pytest.fixture
def undisturbed(tiny, writes, tmp_path):
    """Return the digest of what comes of the retraining, and its writes: of preparing it, and of carrying it out."""
    run = prepare(TAUGHT, tiny, CONFIG, tmp_path / "undisturbed")
    prepared, writes.names = writes.names, []
    assert run.carry_out(retrain).state == "done"
    return checkpoint.verify(run.checkpoint).digest, prepared, writes.names


def test_a_disk_that_fills_up_at_any_write(tiny, writes, undisturbed, tmp_path):
    digest, prepared, carried = undisturbed
    expected = {"state.safetensors.N.part", "model.safetensors", "README.md", "changes.jsonl", "events.jsonl"}
    assert {Path(name).name for name in carried} >= expected
    needed = disk.size(room_of(tiny, CONFIG))
    for number in ends_of(prepared):
        writes.from_the(number, no_space)
        with pytest.raises(
            RunError, match=f"the disk is full: about {needed} are needed in {tmp_path}/p{number} and .* are free"
        ):
            prepare(TAUGHT, tiny, CONFIG, tmp_path / f"p{number}")
        assert not (tmp_path / f"p{number}").exists()
    for number in ends_of(carried):
        writes.fails = None
        run = prepare(TAUGHT, tiny, CONFIG, tmp_path / f"c{number}")
        writes.from_the(number, no_space)
        with pytest.raises(RunError, match=f"the disk is full: about .* are needed in {run.folder} and .* free some space"):
            run.carry_out(retrain)
        assert run.status().state != "done"
        assert checkpoint.verify(tiny.path) == tiny
        writes.fails = None
        assert run.carry_out(retrain).state == "done", carried[number]
        assert checkpoint.verify(run.checkpoint).digest == digest, carried[number]
        assert not [path for path in run.folder.iterdir() if path.name.startswith(".")], carried[number]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_run_that_is_killed_at_any_write(tiny, writes, undisturbed, tmp_path):
    digest, _, carried = undisturbed
    for number in ends_of(carried):
        run = prepare(TAUGHT, tiny, CONFIG, tmp_path / f"k{number}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            writes.from_the(number, lambda: os._exit(9))
            run.carry_out(retrain)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        found = Run(run.folder)
        assert found.status().state in ("failed", "queued"), carried[number]
        assert checkpoint.verify(tiny.path) == tiny
        assert found.carry_out(retrain).state == "done", carried[number]
        assert checkpoint.verify(found.checkpoint).digest == digest, carried[number]
