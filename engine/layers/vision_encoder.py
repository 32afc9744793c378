"""Vision encoders: the EfficientNet-Lite that ships, or a pre-trained model by hub name or folder, frozen.

A picture becomes a grid of regions and one vector for the whole. It is squeezed into a square without a margin, so that region r
of C columns covers row r // C and column r % C of the picture as it was given. N pictures of S by S, R regions, vectors D wide.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import StrictDataclassError
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoModel

from engine.errors import ConfigError
from engine.layers.efficientnet import MODEL_TYPE as EFFICIENTNET
from engine.layers.efficientnet import efficientnet
from engine.shipped import SHIPPED

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_USUAL_SIZE = 224
_WEIGHTS, _PARTS = "model.safetensors", "model-*-of-*.safetensors"
_FILES = ["config.json", "preprocessor_config.json", "processor_config.json", _WEIGHTS, f"{_WEIGHTS}.index.json", _PARTS]
_DAMAGE = (
    *(OSError, ImportError, RuntimeError, TypeError, ValueError, KeyError, ArithmeticError),
    *(SafetensorError, StrictDataclassError),
)


@dataclass(frozen=True)
class Seen:
    """What an encoder saw.

    Attributes:
        regions: row by row from the upper left, ``[N, R, D]``.
        whole: of each picture, ``[N, D]``.
    """

    regions: Tensor
    whole: Tensor


@dataclass(frozen=True)
class Preparation:
    """What a model wants pictures to be like.

    Attributes:
        size: side of the square in pixels, S.
        mean: of red, green and blue between 0 and 1, taken off.
        spread: of each, divided by.
    """

    size: int
    mean: tuple[float, ...]
    spread: tuple[float, ...]


class VisionEncoder(nn.Module):
    """From pictures to vectors, ``[N, 3, S, S] -> [N, R, D], [N, D]``; it does not learn and is always in evaluation mode.

    Attributes:
        name: what it was asked for by.
        width: D.
        grid: rows and columns; R is their product.
        size: S.
        digest: SHA-256 of the weights, hexadecimal.
    """

    def __init__(
        self, name: str, model: nn.Module, look: Callable[[nn.Module, Tensor], Seen], preparation: Preparation, digest: str
    ) -> None:
        """Freeze a model, and look once at nothing to learn how many regions it sees.

        Args:
            name: what it was asked for by.
            model: with its weights.
            look: has the model look at pixels.
            preparation: of its pictures.
            digest: SHA-256 of the weights.
        """
        super().__init__()
        self.name, self.digest, self.size = name, digest, preparation.size
        self.model = model.float().requires_grad_(False)
        self._look, self._preparation = look, preparation
        self.eval()
        regions = self(torch.zeros(1, 3, self.size, self.size)).regions
        self.width = int(regions.shape[-1])
        self.grid = (math.isqrt(regions.shape[1]),) * 2

    def train(self, mode: bool = True) -> VisionEncoder:
        """Stay in evaluation mode: neither batch normalisation nor dropout is ever to switch over."""
        return super().train(False)

    def pixels(self, image: Image.Image) -> Tensor:
        """Prepare the whole of a picture, ``[3, S, S]``, one that is upright and opaque."""
        square = image.convert("RGB").resize((self.size, self.size), Image.Resampling.BICUBIC)
        values = torch.from_numpy(np.asarray(square, np.float32) / 255)
        return ((values - torch.tensor(self._preparation.mean)) / torch.tensor(self._preparation.spread)).permute(2, 0, 1)

    def forward(self, pixels: Tensor) -> Seen:
        """Look at pictures that :meth:`pixels` prepared."""
        return self._look(self.model, pixels)


def vision_encoder(name: str) -> VisionEncoder:
    """Load a vision encoder by name of ours, local folder or hub name; only safetensors are read.

    Regions are the last layer's, without class, distillation and register tokens. The whole is: of EfficientNet the mean of the
    regions; of CLIP the normalised vector of the class token, before it is projected to where texts are; of ViT, DeiT and DINOv2
    that token's vector; of Swin and ResNet the mean that the model itself ends with.

    Args:
        name: ``efficientnet-lite0``, or a model of another of these families.

    Raises:
        ConfigError: if it cannot be loaded, or does not see, with what to do.
    """
    try:
        folder = _folder(name)
        kind = _read(folder / "config.json").get("model_type")
        if kind == EFFICIENTNET:
            network = efficientnet(folder)
            return VisionEncoder(name, network, _look_at_map, _preparation(folder, None), _digest(folder))
        if kind in _LOOKS:
            model, size = _transformer(folder, kind)
            return VisionEncoder(name, model, _LOOKS[kind], _preparation(folder, size), _digest(folder))
    except _DAMAGE as error:
        reason = " ".join(line.strip() for line in str(error).strip().splitlines()[:2])
        raise ConfigError(
            f"the vision encoder {name!r} cannot be loaded ({reason}); give a local folder with safetensors weights, "
            f"or a hub name while the hub is reachable, or {EFFICIENTNET}"
        ) from error
    what = f"a model of type {kind!r}" if kind else "no pre-trained model"
    raise ConfigError(
        f"{name!r} is {what}, and not known to see; name {EFFICIENTNET}, or a model of one of the types {', '.join(_LOOKS)}"
    )


def _look_at_map(model: Any, pixels: Tensor) -> Seen:
    regions = model.features(pixels).flatten(2).transpose(1, 2)
    return Seen(regions, regions.mean(1))


def _look_by_class(model: Any, pixels: Tensor) -> Seen:
    hidden = model(pixels).last_hidden_state
    return Seen(_regions(hidden), hidden[:, 0])


def _look_by_pooling(model: Any, pixels: Tensor) -> Seen:
    seen = model(pixels)
    return Seen(_regions(seen.last_hidden_state), seen.pooler_output.flatten(1))


def _regions(hidden: Tensor) -> Tensor:
    """Return the last layer's regions, ``[N, D, H, W]`` or ``[N, tokens, D] -> [N, R, D]``.

    The regions of a square picture make up a square; the few tokens that a model has beside them stand before them.
    """
    if hidden.ndim == 4:
        return hidden.flatten(2).transpose(1, 2)
    return hidden[:, -(math.isqrt(hidden.shape[1]) ** 2) :]


_LOOKS: dict[str, Callable[[nn.Module, Tensor], Seen]] = {
    "clip": _look_by_pooling,
    "clip_vision_model": _look_by_pooling,
    "chinese_clip": _look_by_pooling,
    "chinese_clip_vision_model": _look_by_pooling,
    "vit": _look_by_class,
    "deit": _look_by_class,
    "dinov2": _look_by_class,
    "dinov2_with_registers": _look_by_class,
    "swin": _look_by_pooling,
    "resnet": _look_by_pooling,
}
_ANY_SIZE = ("dinov2", "dinov2_with_registers", "resnet")


def _transformer(folder: Path, kind: str) -> tuple[nn.Module, int | None]:
    """Load a model of transformers, and return the part of it that sees, and the only size it sees if there is but one."""
    load: Any = AutoModel.from_pretrained
    model, loading = load(folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False, output_loading_info=True)
    sees = getattr(model, "vision_model", model)
    prefix = "" if sees is model else "vision_model."
    if _LOOKS[kind] is _look_by_class and getattr(sees, "pooler", None) is not None:
        sees.register_module("pooler", None)  # nothing reads it, and some folders do not have it
    lacking = sorted(key for key in loading["missing_keys"] if key.startswith(prefix) and not key.startswith("pooler."))
    if lacking:
        raise ValueError(f"its weights lack {len(lacking)} tensors, e.g. {lacking[0]}")
    shape = getattr(model.config, "vision_config", model.config)
    if shape.num_channels != 3:
        raise ValueError(f"it sees pictures of {shape.num_channels} channels, not of 3 colours")
    return sees, None if kind in _ANY_SIZE else _side(shape.image_size)


def _preparation(folder: Path, size: int | None) -> Preparation:
    """Read what the folder says of preparing pictures; for what it leaves open, ImageNet's usual figures count."""
    asked = {key: value for key, value in _preprocessor(folder).items() if value is not None}
    crops = "crop_size" in asked and asked.get("do_center_crop", True)
    size = size or _side(asked.get("crop_size" if crops else "size", _USUAL_SIZE))
    if not asked.get("do_normalize", True):
        return Preparation(size, (0.0,) * 3, (1.0,) * 3)
    mean, spread = (asked.get(key, usual) for key, usual in zip(("image_mean", "image_std"), _IMAGENET, strict=True))
    if len(mean) != 3 or len(spread) != 3 or min(spread) <= 0:
        raise ValueError(f"its image_mean and image_std are {mean} and {spread}, not three numbers each")
    return Preparation(size, tuple(mean), tuple(spread))


def _preprocessor(folder: Path) -> dict[str, Any]:
    """Read the older file of a preprocessor alone, or the newer one of all that prepares a model's inputs."""
    if (folder / "preprocessor_config.json").is_file():
        return _read(folder / "preprocessor_config.json")
    if (folder / "processor_config.json").is_file():
        return dict(_read(folder / "processor_config.json").get("image_processor") or {})
    return {}


def _side(stated: Any) -> int:
    """Return the side of a square that is stated as a number, as two, by height and width or by its shortest edge."""
    if isinstance(stated, dict):
        stated = stated["shortest_edge"] if "shortest_edge" in stated else (stated["height"], stated["width"])
    sides = {int(side) for side in (stated if isinstance(stated, list | tuple) else [stated])}
    if len(sides) != 1 or min(sides) < 1:
        raise ValueError(f"it sees pictures of {stated}, and only squares are made here")
    return sides.pop()


def _folder(name: str) -> Path:
    if not Path(name).exists():
        ours = SHIPPED / name
        return ours if ours.is_dir() else Path(snapshot_download(name, allow_patterns=_FILES))
    return Path(name)


def _read(file: Path) -> dict[str, Any]:
    values = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"{file.name} holds no JSON object")
    return values


def _digest(folder: Path) -> str:
    files = [folder / _WEIGHTS] if (folder / _WEIGHTS).is_file() else sorted(folder.glob(_PARTS))
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
