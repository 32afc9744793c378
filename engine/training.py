"""Training: knows no particular system, only the contract.

One loop for a CPU, a GPU, bf16, or several GPUs under ``accelerate launch``. Batches hold sentences of like length; the rate
warms up and then decays linearly to zero, for the encoder and the head separately; the best state on dev counts, or the last.
What a killed training needs to go on exactly as it would have is kept as safetensors in the folder ``state/``.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from engine.document import Document
from engine.errors import ConfigError, InputError, RunError
from engine.evaluation.scores import Scores, score
from engine.memory import gpu_problem, ran_out
from engine.meter import Meter
from engine.systems.contract import Options, System, option
from engine.tagger import predict
from engine.tags import findable
from engine.training_state import TrainingState, has_state, load_state, save_state
from engine.windows import split

Observe = Callable[[Mapping[str, Any]], None]
_POOL = 64
_STATE_SECONDS = 120.0


@dataclass(frozen=True)
class TrainingConfig(Options):
    """Options of a training."""

    epochs: int = option(10, minimum=1, maximum=1000, help="training.epochs.help")
    batch_size: int = option(32, minimum=1, maximum=4096, help="training.batch_size.help")
    encoder_rate: float = option(6e-4, minimum=0, maximum=1, help="training.encoder_rate.help")
    head_rate: float = option(1e-3, minimum=0, maximum=1, help="training.head_rate.help")
    picture_rate: float = option(1e-4, minimum=0, maximum=1, help="training.picture_rate.help")
    warmup: float = option(0.05, minimum=0, maximum=1, help="training.warmup.help")
    weight_decay: float = option(0.01, minimum=0, maximum=1, help="training.weight_decay.help")
    clip: float = option(1.0, minimum=0.01, maximum=100, help="training.clip.help")
    patience: int = option(3, minimum=1, maximum=1000, help="training.patience.help")
    keep: str = option("best", choices=("best", "last"), help="training.keep.help")
    precision: str = option("auto", choices=("auto", "fp32", "bf16"), help="training.precision.help")
    seed: int = option(1, minimum=0, maximum=2**31 - 1, help="training.seed.help")


@dataclass(frozen=True)
class FitResult:
    """What came of a training.

    Attributes:
        best: scores on dev of the state that the system now has.
        epoch: after which epoch that was; 0 is before the first.
        steps: steps made in all.
        stopped: whether it was asked to stop.
        seconds: of this process.
    """

    best: Scores
    epoch: int
    steps: int
    stopped: bool
    seconds: float


def fit(
    system: System,
    train: Sequence[Document],
    dev: Sequence[Document],
    config: TrainingConfig,
    *,
    folder: Path | None = None,
    observe: Observe = lambda row: None,
    should_stop: Callable[[], bool] = lambda: False,
    penalty: Callable[[], Tensor] | None = None,
) -> FitResult:
    """Train a system; it ends in its best state on dev.

    Args:
        system: what to train, in place.
        train: documents to learn from; long ones are cut at sentence ends.
        dev: documents that decide which state is best and when to stop.
        config: options.
        folder: where to keep the state for a resumption; a state that lies there is gone on from.
        observe: told of every step and epoch as a row of plain values.
        should_stop: asked before every step.
        penalty: added to the loss of every step, e.g. how far the system has moved from another.

    Raises:
        InputError: if there is nothing to learn from.
        ConfigError: if the precision cannot be had here.
        RunError: if the memory does not suffice for one document at a time.
    """
    pieces = [piece for document in train for piece in split(document, system.window) if piece.text]
    if not pieces or not dev:
        raise InputError(f"training needs documents: got {len(pieces)} to learn from and {len(dev)} for dev")
    return _Fit(system, pieces, dev, config, folder, observe, should_stop, penalty).run()


class _Fit:
    def __init__(
        self,
        system: System,
        train: Sequence[Document],
        dev: Sequence[Document],
        config: TrainingConfig,
        folder: Path | None,
        observe: Observe,
        should_stop: Callable[[], bool],
        penalty: Callable[[], Tensor] | None,
    ) -> None:
        self.accelerator = accelerator_for(config.precision)
        self.precision = precision_of(config)
        self.system, self.train, self.dev, self.config = system, train, dev, config
        self.folder, self.observe, self.should_stop, self.penalty = folder, observe, should_stop, penalty
        torch.manual_seed(config.seed + self.accelerator.process_index)
        processes = self.accelerator.num_processes
        self.epoch_steps = -(-len(train) // (config.batch_size * processes))
        self.steps = self.epoch_steps * config.epochs
        rates = {"encoder": config.encoder_rate, "head": config.head_rate, "pictures": config.picture_rate}
        groups = [{"params": parameters, "lr": rates[part]} for part, parameters in system.parts().items() if parameters]
        optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay, fused=True)
        self.model, self.optimizer = self.accelerator.prepare(system, optimizer)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._factor)
        self.state = TrainingState()
        self.together = config.batch_size  # documents of a step that are computed at once

    def run(self) -> FitResult:
        """Train to the end, or to where it is asked to stop."""
        began = time.monotonic()
        stopped = False
        if self.folder is not None and has_state(self.folder):
            self.state = load_state(self.folder, self.system, self.optimizer, self.schedule)
        elif self.state.best is None:
            self.system.prepare(self.train)
            self._judge(0)
        while self.state.epoch < self.config.epochs and self.state.bad < self.config.patience:
            if not self._epoch():
                stopped = True
                break
        best = self.state.best
        assert best is not None
        self.system.load_state_dict(best)
        return FitResult(self._score(), self.state.best_epoch, self.state.step, stopped, time.monotonic() - began)

    def _epoch(self) -> bool:
        """Make one pass from where the state stands; return false if asked to stop."""
        state = self.state
        batches = self._batches(state.epoch)
        self.model.train()
        meter = Meter()
        saved = time.monotonic()
        for batch in batches[state.step - state.epoch * self.epoch_steps :]:
            if self._stopping():
                self._keep()
                return False
            loss = self._step(batch)
            state.step += 1
            meter.add(loss, sum(len(document) for document in batch) * self.accelerator.num_processes)
            if meter.due or state.step % self.epoch_steps == 0:
                self._tell("step", meter)
            if time.monotonic() - saved > _STATE_SECONDS:
                self._keep()
                saved = time.monotonic()
        state.epoch += 1
        f1 = self._judge(state.epoch)
        self._tell("epoch", meter, f1=f1)
        self._keep()
        return True

    def _stopping(self) -> bool:
        """Ask whether to stop; several processes stop together or not at all."""
        asked = self.should_stop()
        if self.accelerator.num_processes == 1:
            return asked
        votes = self.accelerator.reduce(torch.tensor(float(asked), device=self.accelerator.device))
        return bool(votes.item())

    def _step(self, documents: Sequence[Document]) -> float:
        loss = self._gradients(documents)
        while loss is None:
            self._halve(len(documents))
            loss = self._gradients(documents)
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss

    def _gradients(self, documents: Sequence[Document]) -> float | None:
        """Add up the gradients of a batch, part by part, and return its loss; none if the memory does not suffice."""
        mean = 0.0
        try:
            for start in range(0, len(documents), self.together):
                part = documents[start : start + self.together]
                share = len(part) / len(documents)
                batch = self.system.collate(part).to(self.accelerator.device)
                with self.accelerator.autocast():
                    loss = self.model(batch).loss
                    total = loss if share == 1 else share * loss
                    total = total + self.penalty() if self.penalty and not start else total
                self.accelerator.backward(total)
                mean += share * float(loss.detach())
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error) or self.accelerator.num_processes > 1:
                raise
            return None
        return mean

    def _halve(self, size: int) -> None:
        """Compute half as many documents at once; the step stays one over as many as before.

        Raises:
            RunError: if it is one already.
        """
        self.optimizer.zero_grad(set_to_none=True)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        now = min(self.together, size)
        if now == 1:
            raise RunError(
                f"the memory of {self.accelerator.device} does not suffice for one document at a time; close other programs, or "
                "choose a quick update, adapters (lora_rank), a smaller encoder or another machine"
            )
        self.together = now // 2
        message = f"out of memory with {now} documents at once: {self.together} at once from here on, each step still over all"
        self.observe({"kind": "memory", "together": self.together, "message": message})

    def _judge(self, epoch: int) -> float:
        """Score on dev and remember the state if it is the best so far."""
        f1 = self._score().micro.f1
        state = self.state
        state.bad += state.best_f1 > 0  # a model that has found nothing yet is still warming up
        if state.best is None or f1 > state.best_f1 or self.config.keep == "last":
            best = {name: tensor.detach().to("cpu", copy=True) for name, tensor in self.system.state_dict().items()}
            state.best, state.best_f1, state.best_epoch, state.bad = best, f1, epoch, 0
        return f1

    def _score(self) -> Scores:
        self.system.eval()
        scores = judge(self.system, self.dev, self.precision)
        self.system.train()
        return scores

    def _batches(self, epoch: int) -> list[list[Document]]:
        """Shuffle, sort within pools by length, cut into batches, shuffle the batches; this process's share of them."""
        generator = torch.Generator().manual_seed(self.config.seed * 100_003 + epoch)
        order = torch.randperm(len(self.train), generator=generator).tolist()
        size, pool = self.config.batch_size, self.config.batch_size * _POOL
        cut: list[list[Document]] = []
        for start in range(0, len(order), pool):
            chunk = sorted(order[start : start + pool], key=lambda i: len(self.train[i]))
            cut += [[self.train[i] for i in chunk[j : j + size]] for j in range(0, len(chunk), size)]
        shuffled = [cut[i] for i in torch.randperm(len(cut), generator=generator).tolist()]
        processes, rank = self.accelerator.num_processes, self.accelerator.process_index
        padded = shuffled + shuffled[: -len(shuffled) % processes]
        return padded[rank::processes][: self.epoch_steps]

    def _factor(self, step: int) -> float:
        warm = max(1, round(self.steps * self.config.warmup))
        return float(min((step + 1) / warm, max(0.0, (self.steps - step) / max(1, self.steps - warm))))

    def _keep(self) -> None:
        if self.folder is not None and self.accelerator.is_main_process:
            save_state(self.folder, self.state, self.system, self.optimizer, self.schedule)

    def _tell(self, kind: str, meter: Meter, f1: float | None = None) -> None:
        if not self.accelerator.is_main_process:
            return
        state = self.state
        done_here, seconds = meter.total_steps, meter.total_seconds
        row = {
            "kind": kind,
            "step": state.step,
            "steps": self.steps,
            "epoch": state.epoch if kind == "epoch" else state.step / self.epoch_steps,
            "epochs": self.config.epochs,
            "loss": meter.loss,
            "f1": f1,
            "speed": meter.speed,
            "seconds_left": (self.steps - state.step) * seconds / max(1, done_here),
        }
        self.observe(row)
        meter.rest()


def judge(system: System, dev: Sequence[Document], precision: str) -> Scores:
    """Score a system, in evaluation mode, on documents by what of their annotations it could find."""
    predicted = [prediction.document for prediction in predict(system, dev, precision=precision)]
    judged = [found.with_spans(truth.judged(found.spans)) for truth, found in zip(dev, predicted, strict=True)]
    known = set(system.labels.names)
    kept = [[span for span in document.spans if span.label in known] for document in dev]
    chosen = [findable(spans, system.structure) for spans in kept]
    return score([document.with_spans(spans) for document, spans in zip(dev, chosen, strict=True)], judged)


def accelerator_for(precision: str, *, cpu_bf16: bool = False) -> Accelerator:
    """Make an accelerator; ``auto`` is bf16 where a GPU has it, and with ``cpu_bf16`` also where the CPU has.

    Raises:
        ConfigError: if the precision cannot be had here.
    """
    mixed = {"bf16": "bf16", "fp32": "no"}[_chosen(precision, cpu_bf16)]
    return Accelerator(cpu=bool(gpu_problem()), mixed_precision=mixed)


def precision_of(config: TrainingConfig) -> str:
    """Return the precision, ``fp32`` or ``bf16``, that a training computes in here, and judges in.

    Raises:
        ConfigError: if the one asked for cannot be had here.
    """
    return _chosen(config.precision)


def _chosen(precision: str, cpu_bf16: bool = False) -> str:
    cuda = not gpu_problem()
    has = torch.cuda.is_bf16_supported() if cuda else cpu_bf16 and torch.cpu._is_avx512_bf16_supported()
    if precision == "bf16" and cuda and not has:
        raise ConfigError("precision: this GPU has no bf16; use fp32")
    return "bf16" if precision == "bf16" or (precision == "auto" and has) else "fp32"
