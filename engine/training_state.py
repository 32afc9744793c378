"""What a training needs to go on exactly after a kill, as safetensors and JSON: nothing is pickled."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from engine.errors import RunError
from engine.memory import gpu_problem

FILE = "state.safetensors"


@dataclass
class TrainingState:
    """Where a training stands.

    Attributes:
        step: steps made.
        epoch: epochs completed.
        bad: epochs since the best.
        best: the best state, on the CPU.
        best_f1: its F1 on dev.
        best_epoch: after which epoch it was.
    """

    step: int = 0
    epoch: int = 0
    bad: int = 0
    best: dict[str, Tensor] | None = None
    best_f1: float = -1.0
    best_epoch: int = 0


def has_state(folder: Path) -> bool:
    """Tell whether a folder holds a state to go on from."""
    return (folder / FILE).is_file()


def save_state(folder: Path, state: TrainingState, model: nn.Module, optimizer: Any, schedule: LRScheduler) -> None:
    """Write everything, replacing the state before only when all of it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in (state.best or {}).items()}
    content = optimizer.state_dict()
    for index, values in content["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if not gpu_problem():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    plain = {name: getattr(state, name) for name in ("step", "epoch", "bad", "best_f1", "best_epoch")}
    metadata = {"state": json.dumps(plain), "schedule": json.dumps(schedule.last_epoch)}
    copies = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    half = folder / f"{FILE}.{os.getpid()}.part"
    save_file(copies, half, metadata=metadata)
    os.replace(half, folder / FILE)


def load_state(folder: Path, model: nn.Module, optimizer: Any, schedule: LRScheduler) -> TrainingState:
    """Put everything back and return where the training stands.

    Raises:
        RunError: if the state is damaged or of another model.
    """
    try:
        with safe_open(folder / FILE, framework="pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        state = TrainingState(**json.loads(metadata["state"]))
        state.best = _below(tensors, "best.")
        model.load_state_dict(_below(tensors, "model."))
        _restore_optimizer(optimizer, _below(tensors, "optimizer."))
        _restore_schedule(schedule, int(json.loads(metadata["schedule"])))
        torch.set_rng_state(tensors["random.cpu"])
        if not gpu_problem() and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise RunError(f"{folder / FILE} cannot be gone on from ({reason}); delete it to begin anew") from error
    return state


def last_weights(folder: Path) -> tuple[dict[str, Tensor], int]:
    """Return a model's weights where a training ended, which need not be its best ones, and how many epochs it had made.

    Raises:
        RunError: if the state is damaged.
    """
    try:
        with safe_open(folder / FILE, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith("model.")]  # noqa: SIM118
            weights = {name[len("model.") :]: file.get_tensor(name) for name in names}
            return weights, int(json.loads(file.metadata()["state"])["epoch"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise RunError(f"{folder / FILE} cannot be read ({error}); delete it to begin anew") from error


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _restore_optimizer(optimizer: Any, tensors: dict[str, Tensor]) -> None:
    content = optimizer.state_dict()
    states: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", 1)
        states.setdefault(int(index), {})[name] = tensor
    content["state"] = states
    optimizer.load_state_dict(content)


def _restore_schedule(schedule: LRScheduler, step: int) -> None:
    content = schedule.state_dict()
    content["last_epoch"] = step
    content["_step_count"] = step + 1
    schedule.load_state_dict(content)
    for group, base, factor in zip(schedule.optimizer.param_groups, schedule.base_lrs, schedule.lr_lambdas, strict=True):  # type: ignore[attr-defined]
        group["lr"] = base * factor(step)
