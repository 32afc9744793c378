"""Low-rank adapters beside the matrices of a large encoder, through ``peft``: LoRA (Hu et al. 2022).

Only the adapters and what is above the encoder learn. Before the checkpoint is saved they are merged into the matrices, so that
it is one like any other.
"""

from __future__ import annotations

import warnings
from typing import Any

from torch import nn

from engine.errors import ConfigError
from engine.layers.text_encoder import TextEncoder
from engine.systems.contract import System

_NAME = "default"


class Adapters:
    """The adapters of a system's text encoders, from their making until they are merged."""

    def __init__(self, system: System, rank: int) -> None:
        """Put adapters beside every matrix of the encoders, and freeze the encoders themselves.

        Args:
            system: whose encoders are to be adapted, in place.
            rank: of the adapters, from 1 on.

        Raises:
            ConfigError: if the system has no Transformer to adapt, or peft is not installed.
        """
        encoders = [module for module in system.modules() if isinstance(module, TextEncoder)]
        if not encoders:
            raise ConfigError(f"lora_rank: this {system.name} has no Transformer encoder; leave lora_rank at 0")
        try:
            from peft import LoraConfig
            from peft.tuners.lora import LoraModel
        except ImportError as error:
            raise ConfigError("lora_rank: adapters need the package peft; install it with pip install peft") from error
        self.tuners: list[Any] = []
        for encoder in encoders:
            matrices = [name for name, module in encoder.model.named_modules() if isinstance(module, nn.Linear)]
            config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=matrices, bias="none")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what it would do on a GPU that is not there
                self.tuners.append(LoraModel(encoder.model, config, _NAME))

    def merge(self) -> None:
        """Add every adapter to its matrix, and leave plain layers behind."""
        for tuner in self.tuners:
            tuner.merge_and_unload()
