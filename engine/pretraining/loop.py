"""The loop behind every pre-training task: steps, a cosine schedule, exact resumption after a kill.

Step n's batch, masks and dropout follow from the seed and n alone, so that what an interrupted run does after it goes on is what
it would have done.
"""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.meter import Meter
from engine.systems.contract import Options, option
from engine.training import Observe, accelerator_for
from engine.training_state import TrainingState, has_state, load_state, save_state

_BETAS = (0.9, 0.98)
_LOWEST = 0.02


@dataclass(frozen=True)
class LoopConfig(Options):
    """Options of every pre-training."""

    steps: int = option(10_000, minimum=1, maximum=100_000_000, help="pretraining.steps.help")
    batch_size: int = option(32, minimum=1, maximum=65_536, help="training.batch_size.help")
    rate: float = option(1e-3, minimum=0, maximum=1, help="pretraining.rate.help")
    warmup: float = option(0.05, minimum=0, maximum=1, help="training.warmup.help")
    weight_decay: float = option(0.01, minimum=0, maximum=1, help="training.weight_decay.help")
    clip: float = option(1.0, minimum=0.01, maximum=100, help="training.clip.help")
    judgements: int = option(20, minimum=1, maximum=10_000, help="pretraining.judgements.help")
    state_seconds: float = option(120.0, minimum=0, maximum=1e6, help="pretraining.state_seconds.help")
    precision: str = option("auto", choices=("auto", "fp32", "bf16"), help="training.precision.help")
    seed: int = option(1, minimum=0, maximum=2**31 - 1, help="training.seed.help")


class Task(nn.Module):
    """What is learned: a model, its batches, its loss and how well it does on what it never saw."""

    @abstractmethod
    def batch(self, step: int, rank: int, processes: int) -> Mapping[str, Tensor]:
        """Return the tensors of a step, on the CPU; the same for the same arguments."""

    @abstractmethod
    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the loss, a scalar."""

    @abstractmethod
    def units(self, batch: Mapping[str, Tensor]) -> int:
        """Return how many characters or pictures a batch holds."""

    @abstractmethod
    def judge(self) -> dict[str, float]:
        """Return figures on held-out material, in evaluation mode."""


@dataclass(frozen=True)
class LoopResult:
    """What came of a pre-training.

    Attributes:
        figures: on held-out material, at the end.
        steps: made.
        units: characters or pictures seen.
        stopped: whether it was asked to stop.
        seconds: of this process.
    """

    figures: Mapping[str, float]
    steps: int
    units: int
    stopped: bool
    seconds: float


def learn(
    task: Task, config: LoopConfig, folder: Path, observe: Observe, should_stop: Callable[[], bool] = lambda: False
) -> LoopResult:
    """Train a task in place, going on from the state in the folder if there is one.

    Args:
        task: what to learn.
        config: options.
        folder: of the state.
        observe: told of steps and judgements as rows of plain values.
        should_stop: asked before every step.

    Raises:
        RunError: if the state in the folder is damaged or of another model.
        ConfigError: if the precision cannot be had here.
    """
    accelerator = accelerator_for(config.precision, cpu_bf16=True)
    rank, processes = accelerator.process_index, accelerator.num_processes
    optimizer = torch.optim.AdamW(_groups(task, config), betas=_BETAS, eps=1e-6, fused=True)
    model, optimizer = accelerator.prepare(task, optimizer)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(step, config))
    state = load_state(folder, task, optimizer, schedule) if has_state(folder) else TrainingState()
    period = max(1, config.steps // config.judgements)
    began = saved = time.monotonic()
    units = 0
    stopped = False
    meter = Meter()
    model.train()
    while state.step < config.steps:
        stopped = should_stop()
        if stopped:
            break
        torch.manual_seed(_seed(config.seed, state.step, rank))
        batch = task.batch(state.step, rank, processes)
        units = task.units(batch) * processes
        with accelerator.autocast():
            loss = model({name: tensor.to(accelerator.device) for name, tensor in batch.items()})
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        state.step += 1
        meter.add(float(loss.detach()), units)
        last = state.step == config.steps
        judged = _judge(task, accelerator) if state.step % period == 0 or last else {}
        if accelerator.is_main_process:
            if judged or meter.due:
                left = (config.steps - state.step) * meter.total_seconds / meter.total_steps
                kind = "judged" if judged else "step"
                rate = schedule.get_last_lr()[0]
                row = {"step": state.step, "steps": config.steps, "loss": meter.loss, "rate": rate, "speed": meter.speed}
                observe({"kind": kind, **row, "units": state.step * units, "seconds_left": left, **judged})
                meter.rest()
            if last or time.monotonic() - saved > config.state_seconds:
                save_state(folder, state, task, optimizer, schedule)
                saved = time.monotonic()
    if stopped and accelerator.is_main_process:
        save_state(folder, state, task, optimizer, schedule)
    return LoopResult(_judge(task, accelerator), state.step, state.step * units, stopped, time.monotonic() - began)


def factor(step: int, config: LoopConfig) -> float:
    """Return the share of the rate at a step: up in a line, then down half a cosine to a fiftieth."""
    warm = max(1, round(config.steps * config.warmup))
    if step < warm:
        return (step + 1) / warm
    done = (step - warm) / max(1, config.steps - warm)
    return _LOWEST + (1 - _LOWEST) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _groups(task: Task, config: LoopConfig) -> list[dict[str, Any]]:
    """Decay matrices alone, not biases or the scales of normalisation."""
    decayed = [p for p in task.parameters() if p.requires_grad and p.dim() > 1]
    plain = [p for p in task.parameters() if p.requires_grad and p.dim() <= 1]
    return [
        {"params": decayed, "lr": config.rate, "weight_decay": config.weight_decay},
        {"params": plain, "lr": config.rate, "weight_decay": 0.0},
    ]


@torch.no_grad()
def _judge(task: Task, accelerator: Any) -> dict[str, float]:
    task.eval()
    with accelerator.autocast():
        figures = task.judge()
    task.train()
    return figures


def _seed(seed: int, step: int, rank: int) -> int:
    return (seed * 1_000_003 + step) * 1009 + rank
