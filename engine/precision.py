"""Number formats to predict in: fp32, bf16, or int8 weights.

``int8`` quantises the matrices of linear and LSTM layers when a model is loaded, and activations as they come (dynamic
quantisation); ``bf16`` computes in half the bits where the processor or the GPU has instructions for it.
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
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


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
