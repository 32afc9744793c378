"""Where in a picture its objects are, by a detector that the user has chosen: any of transformers, by folder or name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PIL import Image

from engine.errors import ConfigError
from engine.modalities.objects import MOST_OBJECTS, Box, opaque

DEFAULT_WORDS = ("person", "building", "landscape", "logo", "flag", "vehicle", "product", "animal")
"""What a detector that wants to be told is told to look for: what can be seen of persons, places, organisations and works."""
_SAME, _SLIVER = 0.5, 50
_NAME_ONE = (
    "name the folder of one that transformers can load, with safetensors weights and the preprocessor's files (a DETR, YOLOS, "
    "OWL-ViT, OWLv2 or Grounding DINO), or its hub name while the hub is reachable"
)


def detect(image: Image.Image, name: str, most: int = MOST_OBJECTS, wanted: Sequence[str] = DEFAULT_WORDS) -> tuple[Box, ...]:
    """Return boxes around what a detector is sure enough of, by its own threshold, best first; two around one thing count once.

    Args:
        image: of any mode and size; in one more than 50 times as long as wide, nothing is looked for.
        name: of a detector that transformers can load, a folder or a hub name; only safetensors are read. DETR and its kin find
            what they were trained on; OWL-ViT, OWLv2 and Grounding DINO, what they are told.
        most: boxes to return.
        wanted: words, what the latter are told to look for.

    Raises:
        ConfigError: if the detector cannot be loaded or is none, or is told nothing.
    """
    detector = _detector(name)
    words = [word for word in (" ".join(word.replace(".", " ").split()) for word in wanted) if word]
    if detector.told and not words:
        raise ConfigError(f"the detector {name!r} looks for what it is told, and was told nothing; give it some words")
    if max(image.size) > _SLIVER * min(image.size):
        return ()
    kept: list[Box] = []
    for box in sorted(detector.boxes(opaque(image), words), key=lambda box: -box.score):
        if len(kept) < most and all(box.iou(better) <= _SAME for better in kept):
            kept.append(box)
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class _Detector:
    model: Any
    processor: Any
    told: bool

    def boxes(self, image: Image.Image, words: list[str]) -> Iterator[Box]:
        """Yield what is found of it in the picture, in any order."""
        import torch

        size = (image.height, image.width)
        text: dict[str, Any] = {"text": [words], "truncation": True} if self.told else {}
        with torch.inference_mode():
            seen = self.model(**self.processor(images=[image], return_tensors="pt", **text))
        if self.told:
            process = self.processor.post_process_grounded_object_detection
            found = process(seen, target_sizes=[size], text_labels=[words])[0]
            labels = found["text_labels"]
        else:
            found = self.processor.post_process_object_detection(seen, target_sizes=[size])[0]
            labels = [self.model.config.id2label[kind] for kind in found["labels"].tolist()]
        within = (found["boxes"] / torch.tensor([image.width, image.height] * 2)).clamp(0, 1).tolist()
        for (left, top, right, bottom), score, label in zip(within, found["scores"].tolist(), labels, strict=True):
            if left < right and top < bottom:
                yield Box(left, top, right, bottom, score, label)


@lru_cache(1)
def _detector(name: str) -> _Detector:
    from safetensors import SafetensorError

    safely: dict[str, Any] = {"trust_remote_code": False}
    try:
        import torch
        from transformers import (
            MODEL_FOR_OBJECT_DETECTION_MAPPING,
            MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING,
            AutoConfig,
            AutoImageProcessor,
            AutoModelForObjectDetection,
            AutoModelForZeroShotObjectDetection,
            AutoProcessor,
        )

        config = AutoConfig.from_pretrained(name, **safely)
        told = type(config) in MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING
        if not told and type(config) not in MODEL_FOR_OBJECT_DETECTION_MAPPING:
            raise ConfigError(f"{name!r} is a model of the type {config.model_type!r}, no detector; {_NAME_ONE}")
        processors: Any = AutoProcessor if told else AutoImageProcessor
        models: Any = AutoModelForZeroShotObjectDetection if told else AutoModelForObjectDetection
        processor = processors.from_pretrained(name, **safely)
        model, report = models.from_pretrained(
            name, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **safely
        )
    except (ImportError, KeyError, OSError, RuntimeError, SafetensorError, TypeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConfigError(f"the detector {name!r} cannot be loaded ({reason}); {_NAME_ONE}") from error
    if report["missing_keys"]:
        missing = min(report["missing_keys"])
        raise ConfigError(f"the detector {name!r} cannot be loaded (it has no weights for {missing}); {_NAME_ONE}")
    return _Detector(model.eval(), processor, told)
