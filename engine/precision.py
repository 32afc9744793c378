"""Number formats to predict in: fp32, bf16, or int8 weights.

``int8`` quantises the matrices of linear and LSTM layers when a model is loaded, and activations as they come (dynamic
quantisation); ``bf16`` computes in half the bits where the processor or the GPU has instructions for it. ``auto`` never takes
int8: on small corpora it moved F1 by more than 0.3 either way, where bf16 moved it by less than 0.1 (README, Figures).
"""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch
from torch import nn

from engine.errors import ConfigError

CHOICES = ("auto", "fp32", "bf16", "int8")
_Module = TypeVar("_Module", bound=nn.Module)


def choose(precision: str, device: torch.device) -> str:
    """Return the precision that ``auto`` stands for on a device, or the given one.

    Raises:
        ConfigError: if there is none of that name, or the device has not got it.
    """
    if precision not in CHOICES:
        raise ConfigError(f"precision: expected one of {', '.join(CHOICES)}, got {precision!r}")
    if precision == "int8" and device.type != "cpu":
        raise ConfigError("precision: int8 is for the CPU; use bf16 or fp32 on a GPU")
    if precision != "auto":
        return precision
    return "bf16" if _has_bf16(device) else "fp32"


def _has_bf16(device: torch.device) -> bool:
    """Return whether a device multiplies matrices of bf16 itself; elsewhere bf16 is slower than fp32."""
    if device.type == "cpu":
        found = torch.cpu.get_capabilities()
        return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def quantised(system: _Module) -> _Module:
    """Return a system whose linear and LSTM layers have int8 weights; it can predict but not be trained."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its successor is a package of its own
        quantise: Any = torch.ao.quantization.quantize_dynamic
        made: _Module = quantise(system, {nn.Linear, nn.LSTM}, dtype=torch.qint8)
    return made


def computing(precision: str, device: torch.device) -> AbstractContextManager[Any]:
    """Return the context in which a model is to compute."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()
