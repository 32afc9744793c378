"""What memory a training needs, how much is free, and whether there is a GPU to use.

The estimate is of a step with the largest batch: parameters as they lie in memory, a gradient and two AdamW states for each that
learns, and activations as autograd keeps them. These are measured by one forward pass over the longest document and multiplied by
the batch: padded to one length, every document of a batch keeps as much. What libraries and the process itself take is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor, nn

from engine.document import Document
from engine.systems.contract import System
from engine.windows import split

_ADAM_STATES = 2
_ALLOCATION = ("not enough memory", "can't allocate memory", "cannot allocate memory", "out of memory", "alloc_failed")


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes that a training needs.

    Attributes:
        parameters: of the system, its copy for distillation included.
        gradients: of what learns.
        optimizer: AdamW's states.
        activations: kept from forward to backward, of the largest batch.
    """

    parameters: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """Return the sum."""
        return self.parameters + self.gradients + self.optimizer + self.activations


def estimate(system: System, documents: Sequence[Document], batch_size: int, *, copies: int = 1) -> Estimate:
    """Estimate what training a system takes.

    Args:
        system: what is to learn; parameters that do not are known as such.
        documents: to learn from.
        batch_size: documents of a step.
        copies: of the system that lie in memory.
    """
    weights = sum(tensor.nbytes for tensor in (*system.parameters(), *system.buffers()))
    learning = sum(parameter.nbytes for parameter in system.parameters() if parameter.requires_grad)
    pieces = [piece for document in documents for piece in split(document, system.window) if piece.text]
    each = _kept(system, max(pieces, key=len)) if pieces else 0
    return Estimate(copies * weights, learning, _ADAM_STATES * learning, each * min(batch_size, len(pieces)))


def free_memory(device: torch.device) -> int:
    """Return the free bytes of a device; of the CPU what the system could give."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def ran_out(error: BaseException) -> bool:
    """Tell whether an error is one of memory: of a GPU's, or of an allocation on the CPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _ALLOCATION)


def gpu_problem() -> str:
    """Return why training cannot use a GPU here; empty if it can."""
    if torch.version.cuda is None:
        return "this PyTorch is built without CUDA"
    if not torch.cuda.is_available():
        return "CUDA finds no GPU that it can use"
    try:
        torch.zeros(1, device="cuda").add_(1).item()
    except RuntimeError as error:
        return f"the GPU cannot be used: {str(error).splitlines()[0]}"
    return ""


def _kept(system: System, document: Document) -> int:
    """Return the bytes that autograd keeps of one document, parameters aside."""
    own = {parameter.untyped_storage().data_ptr() for parameter in system.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
        kept.append(tensor)  # a storage that were freed meanwhile could come again as another
        return tensor

    kept: list[Tensor] = []
    random, was = torch.get_rng_state(), _modes(system)
    try:
        system.train()
        batch = system.collate([document]).to(next(system.parameters()).device)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            system(batch)
    finally:
        torch.set_rng_state(random)
        for module, training in was:
            module.training = training
    return sum(seen.values())


def _modes(system: System) -> list[tuple[nn.Module, bool]]:
    return [(module, module.training) for module in system.modules()]
