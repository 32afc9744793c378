"""Memory: the estimate, batches halved where it runs out, and a full disk."""

import errno
from types import SimpleNamespace

import pytest
import torch

from engine import checkpoint, formats, memory, retraining
from engine.document import Document, Span
from engine.errors import RunError
from engine.memory import estimate, gpu_problem, ran_out
from engine.retraining import RetrainConfig, prepare, retrain
from engine.systems.bilstm_crf import BilstmCrf
from engine.training import fit
from tests.engine.tiny import known, training, untrained

TAUGHT = [Document("巴旦木小镇昨天开了夜市。", (Span(0, 5, "LOC"),))]
QUICK = {"epochs": 1, "replay": 4, "hold_out": 0}


def test_the_estimate_counts_what_learns_and_grows_with_the_batch():
    system = untrained()
    weights = sum(p.nbytes for p in system.parameters()) + sum(b.nbytes for b in system.buffers())
    four, eight = (estimate(system, known(), size) for size in (4, 8))
    assert four.parameters == weights and four.gradients == sum(p.nbytes for p in system.parameters())
    assert four.optimizer == 2 * four.gradients
    assert eight.activations == 2 * four.activations > 0
    assert four.total == four.parameters + four.gradients + four.optimizer + four.activations
    for parameter in system.parameters():
        parameter.requires_grad_(False)
    system.emit.weight.requires_grad_(True)
    assert estimate(system, known(), 4, copies=2).gradients == system.emit.weight.nbytes
    assert estimate(system, known(), 4, copies=2).parameters == 2 * weights


def test_measuring_moves_nothing():
    system = untrained().eval()
    before = torch.get_rng_state()
    estimate(system, known(), 4)
    assert torch.equal(before, torch.get_rng_state()) and not system.training and system.emit.weight.grad is None


def test_errors_of_memory_are_told_from_others():
    assert ran_out(MemoryError()) and ran_out(torch.OutOfMemoryError("CUDA out of memory"))
    assert ran_out(RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried"))
    assert not ran_out(RuntimeError("shapes cannot be multiplied")) and not ran_out(ValueError("out of memory"))


@pytest.fixture
def scarce(monkeypatch):
    """Let no more than some documents at once fit into memory, and return how many came at once."""
    sizes, forward = [], BilstmCrf.forward

    def limit(most):
        def limited(self, batch):
            if self.training:
                sizes.append(len(batch.documents))
                if len(batch.documents) > most:
                    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return forward(self, batch)

        monkeypatch.setattr(BilstmCrf, "forward", limited)
        return sizes

    return limit


def test_a_batch_that_does_not_fit_is_halved_and_the_step_stays_the_same(scarce):
    chosen = training(epochs=1, batch_size=8)
    still = {"dropout": 0.0, "character_dropout": 0.0}
    whole, parted = untrained(**still), untrained(**still)
    fit(whole, known(8), known(8), chosen)
    rows, sizes = [], scarce(2)
    fit(parted, known(8), known(8), chosen, observe=rows.append)
    assert sizes == [8, 4, 2, 2, 2, 2]
    told = [row for row in rows if row["kind"] == "memory"]
    assert [row["together"] for row in told] == [4, 2] and "out of memory with 8 documents at once" in told[0]["message"]
    for name, tensor in whole.state_dict().items():
        assert torch.allclose(tensor, parted.state_dict()[name], atol=1e-5), name


def test_one_document_that_does_not_fit_fails_and_says_what_to_do(scarce):
    scarce(0)
    with pytest.raises(RunError, match="does not suffice for one document at a time; close other programs"):
        fit(untrained(), known(8), known(8), training(epochs=1, batch_size=4))


def test_what_is_needed_and_free_is_told(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(retraining, "free_memory", lambda device: 1000)
    run = prepare(TAUGHT, tiny, RetrainConfig(**QUICK), tmp_path / "run")
    run.carry_out(retrain)
    (told,) = [row for row in run.events() if row["kind"] == "memory"]
    assert told["needed"] == sum(told["parts"].values()) > told["free"] == 1000
    assert "GB of memory are needed" in told["message"]
    assert (run.status().needed, run.status().free) == (told["needed"], 1000)


def test_computing_on_the_cpu_is_said_plainly(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(memory, "torch", SimpleNamespace(cuda=torch.cuda, version=torch.version, zeros=_broken))
    assert gpu_problem() == "the GPU cannot be used: CUDA driver version is insufficient"
    monkeypatch.undo()
    monkeypatch.setattr(retraining, "gpu_problem", lambda: "the GPU cannot be used: too old")
    run = prepare(TAUGHT, tiny, RetrainConfig(**QUICK), tmp_path / "run")
    run.carry_out(retrain)
    assert [(row["device"], row["reason"]) for row in run.events() if row["kind"] == "device"] == [
        ("cpu", "the GPU cannot be used: too old")
    ]


def _broken(*_, **__):
    raise RuntimeError("CUDA driver version is insufficient\nmore lines")


def test_a_full_disk_is_told_and_the_run_can_go_on(tiny, tmp_path, monkeypatch):
    run = prepare(TAUGHT, tiny, RetrainConfig(**QUICK), tmp_path / "run")
    save = checkpoint.save

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "save", full)
    with pytest.raises(RunError, match="the disk is full: .* free some space and start the run again"):
        run.carry_out(retrain)
    assert run.status().state == "failed" and "the disk is full" in run.status().message
    assert checkpoint.verify(tiny.path) == tiny and not run.checkpoint.exists()
    monkeypatch.setattr(checkpoint, "save", save)
    steps = len([row for row in run.events() if row["kind"] == "step"])
    assert run.carry_out(retrain).state == "done"
    assert len([row for row in run.events() if row["kind"] == "step"]) == steps  # from the state, not from the beginning


def test_a_disk_too_full_to_tell_of_it_still_says_so(tiny, tmp_path, monkeypatch):
    run = prepare(TAUGHT, tiny, RetrainConfig(**QUICK), tmp_path / "run")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    def work(run):
        run.tell = full
        formats.write(TAUGHT, tmp_path / "written.jsonl")
        full()

    with pytest.raises(RunError, match="the disk is full"):
        run.carry_out(work)
