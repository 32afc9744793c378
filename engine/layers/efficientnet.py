"""EfficientNet-Lite: a small convolutional network that looks at pictures (Tan and Le 2019; Lite: Liu 2020).

The Lite variants leave out squeeze-and-excitation and put ReLU6 for swish. This one is here to look, not to be trained: there is
no stochastic depth and no dropout. N pictures of S by S, D channels at the end, C classes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import pad, relu6

from engine.errors import ConfigError

MODEL_TYPE = "efficientnet-lite0"
"""What config.json calls it."""

_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """Blocks in a row, table 1 of the paper.

    Attributes:
        blocks: how many.
        kernel: side of each filter.
        stride: of the first block; the others keep the size.
        expansion: how many times wider a block is inside.
        width: channels that each block gives.
    """

    blocks: int
    kernel: int
    stride: int
    expansion: int
    width: int


class Convolution(nn.Module):
    """A convolution, padded as TensorFlow's "same" does it, and batch normalisation."""

    def __init__(self, ins: int, outs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        """Make the parameters."""
        super().__init__()
        around = kernel // 2 if stride == 1 else 0
        self.convolution = nn.Conv2d(ins, outs, kernel, stride, around, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outs, eps=_EPSILON)

    def forward(self, planes: Tensor) -> Tensor:
        """Filter, ``[N, ins, H, W] -> [N, outs, H / stride, W / stride]``, rounded up."""
        (kernel, _), (stride, _) = self.convolution.kernel_size, self.convolution.stride
        if stride > 1:  # where the padding is uneven, the greater part comes last
            rows, columns = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in planes.shape[-2:])
            planes = pad(planes, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        filtered: Tensor = self.norm(self.convolution(planes))
        return filtered


class Block(nn.Module):
    """An inverted residual (Sandler et al. 2018): widened, filtered channel by channel, narrowed, added to what came in."""

    def __init__(self, ins: int, stage: Stage, stride: int) -> None:
        """Make the parameters."""
        super().__init__()
        inside = ins * stage.expansion
        self.widen = Convolution(ins, inside) if stage.expansion > 1 else None
        self.filter = Convolution(inside, inside, stage.kernel, stride, groups=inside)
        self.narrow = Convolution(inside, stage.width)
        self.adds = stride == 1 and ins == stage.width

    def forward(self, planes: Tensor) -> Tensor:
        """Return planes, ``[N, width, H / stride, W / stride]``."""
        inside = planes if self.widen is None else relu6(self.widen(planes))
        narrow: Tensor = self.narrow(relu6(self.filter(inside)))
        return narrow + planes if self.adds else narrow


class EfficientNet(nn.Module):
    """From pictures to a map of what is where, and to classes.

    Attributes:
        classes: names of the C classes.
    """

    def __init__(self, stem: int, stages: Sequence[Stage], width: int, classes: Sequence[str]) -> None:
        """Make an untrained network of a shape.

        Args:
            stem: channels of the first convolution.
            stages: of blocks.
            width: D.
            classes: names of the C classes.
        """
        super().__init__()
        self.classes = tuple(classes)
        self.stem = Convolution(3, stem, 3, 2)
        blocks, ins = [], stem
        for stage in stages:
            for step in range(stage.blocks):
                blocks.append(Block(ins, stage, 1 if step else stage.stride))
                ins = stage.width
        self.blocks = nn.Sequential(*blocks)
        self.top = Convolution(ins, width)
        self.classify = nn.Linear(width, len(self.classes))

    def features(self, pixels: Tensor) -> Tensor:
        """Return the map behind the last convolution, ``[N, 3, S, S] -> [N, D, S / 32, S / 32]``, rounded up."""
        return relu6(self.top(self.blocks(relu6(self.stem(pixels)))))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return a score for each class, ``[N, 3, S, S] -> [N, C]``."""
        scores: Tensor = self.classify(self.features(pixels).mean((2, 3)))
        return scores


def is_efficientnet(folder: Path) -> bool:
    """Tell whether a folder holds a network of this kind."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("model_type") == MODEL_TYPE


def efficientnet(folder: Path) -> EfficientNet:
    """Load a network from ``config.json`` and ``model.safetensors``, in full precision and evaluation mode.

    Raises:
        ConfigError: if it is missing or damaged.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        stages = [Stage(**stage) for stage in config["stages"]]
        network = EfficientNet(config["stem"], stages, config["width"], config["classes"])
        weights = load_file(folder / "model.safetensors")
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except (OSError, RuntimeError, SafetensorError, TypeError, ValueError, KeyError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigError(f"the vision encoder {str(folder)!r} cannot be loaded ({first}); fetch it again") from error
    return network.eval()
