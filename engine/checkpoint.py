"""A checkpoint is a folder: config.json, model.safetensors (fp16), vocab.json and README.md, its card.

Nothing in it is ever unpickled: a folder that holds pickled weights is refused, and says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine import __version__
from engine.document import LabelSet
from engine.errors import CheckpointError, ConfigError, InputError
from engine.layers.text_encoder import is_encoder, sees
from engine.modalities.text import FILE as VOCABULARY
from engine.modalities.text import CharacterVocabulary
from engine.shipped import SHIPPED
from engine.systems import get
from engine.systems.contract import Options, System, from_json

FORMAT = 1
CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
_FIELDS = {"system": str, "labels": list, "config": dict, "shape": dict, "sha256": str, "card": dict}
_PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says of itself.

    Attributes:
        name: of its folder.
        system: which system it is of.
        labels: entity types it finds.
        size_bytes: of the weights.
        path: its folder.
        digest: SHA-256 of the weights, hexadecimal.
        card: data, licence, command, seed, figures, as far as they are known.
    """

    name: str
    system: str
    labels: tuple[str, ...]
    size_bytes: int
    path: Path
    digest: str
    card: Mapping[str, Any]


def save(system: System, folder: str | Path, card: Mapping[str, Any] | None = None) -> CheckpointInfo:
    """Write a checkpoint; the folder appears only when all of it is written, and replaces one of the same name.

    Args:
        system: the trained system.
        folder: where to.
        card: data, licence, command, seed, figures.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        half.chmod(0o755)
        weights = {name: _half(tensor) for name, tensor in system.state_dict().items()}
        save_file(weights, half / WEIGHTS, metadata={"format": "pt"})
        (half / WEIGHTS).chmod(0o644)  # safetensors leaves it to its owner alone
        system.vocabulary.save(half)
        config = {
            "format": FORMAT,
            "duomo": __version__,
            "system": system.name,
            "labels": list(system.labels.names),
            "nestings": [list(nesting) for nesting in system.labels.nestings],
            "config": system.config.to_json(),
            "shape": system.shape,
            "sha256": _digest(half / WEIGHTS),
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "card": dict(card or {}),
        }
        (half / CONFIG).write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        (half / CARD).write_text(_card(config), encoding="utf-8")
        _replace(half, folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return verify(folder)


def verify(folder: str | Path) -> CheckpointInfo:
    """Read what a checkpoint says of itself, and check that its weights are the ones it was saved with.

    Raises:
        CheckpointError: if it is missing, damaged, unsafe or of another version.
    """
    folder = Path(folder)
    config = _read_config(folder)
    digest = _digest(folder / WEIGHTS)
    if digest != config["sha256"]:
        raise CheckpointError(
            f"{folder / WEIGHTS} is damaged: its hash is not the one in {CONFIG}; fetch or train the checkpoint again"
        )
    return _info(folder, config)


def options_of(info: CheckpointInfo) -> Options:
    """Return the configuration that a checkpoint was trained with.

    Raises:
        CheckpointError: if it is damaged.
    """
    try:
        options: Options = from_json(get(info.system).Config, _read_config(info.path)["config"])
    except ConfigError as error:
        raise CheckpointError(f"{info.path / CONFIG} holds an option that cannot be: {error}") from error
    return options


def load(folder: str | Path, device: str | torch.device = "cpu") -> System:
    """Load a checkpoint as a system ready to predict.

    Raises:
        CheckpointError: if it is missing, damaged, unsafe or of another version.
    """
    folder = Path(folder)
    info = verify(folder)
    config = _read_config(folder)
    try:
        kind = get(info.system)
        options = from_json(kind.Config, config["config"])
        labels = LabelSet(info.labels, tuple(tuple(nesting) for nesting in config.get("nestings", ())))
        system = kind.restore(options, labels, CharacterVocabulary.load(folder), config["shape"])
        weights = load_file(folder / WEIGHTS, device="cpu")
        system.load_state_dict(
            {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
        )
    except CheckpointError:
        raise
    except (InputError, SafetensorError, RuntimeError, TypeError, ValueError, KeyError, OSError) as error:
        reason = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise CheckpointError(f"{folder} cannot be loaded: {reason}; fetch or train the checkpoint again") from error
    return system.to(device).eval()


def catalogue(*roots: str | Path) -> list[CheckpointInfo]:
    """List the sound checkpoints right below some folders, by name; of one name, the first root's counts."""
    found: dict[str, CheckpointInfo] = {}
    for root in roots or (SHIPPED,):
        if not Path(root).is_dir():
            continue
        for folder in sorted(Path(root).iterdir()):
            if folder.name.startswith(".") or folder.name in found or not (folder / CONFIG).is_file():
                continue
            with contextlib.suppress(CheckpointError):
                found[folder.name] = _info(folder, _read_config(folder))
    return sorted(found.values(), key=lambda info: info.name)


def find(name_or_path: str | Path, *roots: str | Path) -> CheckpointInfo:
    """Return a checkpoint by its folder, or by its name below some folders.

    Raises:
        CheckpointError: if there is none, or it is damaged.
    """
    wanted = str(name_or_path)
    plain = wanted not in ("", ".", "..") and Path(wanted).name == wanted
    candidates = [Path(root) / wanted for root in roots or (SHIPPED,)] if plain else []
    for folder in [*candidates, Path(wanted)]:
        if (folder / CONFIG).is_file() or folder in candidates and folder.is_dir():
            return verify(folder)
    if Path(wanted).is_dir() and any(Path(wanted).iterdir()):
        return verify(wanted)
    known = ", ".join(info.name for info in catalogue(*roots)) or "none"
    raise CheckpointError(f"there is no checkpoint {wanted!r}; there are: {known}; or give the path of a folder")


def _read_config(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise CheckpointError(f"there is no folder {folder}; give the path of a checkpoint")
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLED)
    if pickled:
        raise CheckpointError(
            f"{folder} holds {', '.join(pickled)}, which would have to be unpickled and could run code; only safetensors are read"
        )
    if is_encoder(folder):
        raise CheckpointError(
            f"{folder} holds an encoder, which finds no entities by itself; train a system on it, "
            f"e.g. python -m engine train --set encoder={folder.name}"
        )
    if sees(folder):
        raise CheckpointError(
            f"{folder} holds an encoder of pictures, which finds no entities by itself; it is named in an option of a system, "
            "such as vision or glyph_encoder"
        )
    for name in (CONFIG, WEIGHTS, VOCABULARY):
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} has no {name}; fetch or train the checkpoint again")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        version = config["format"]
        wrong = sorted(name for name, kind in _FIELDS.items() if not isinstance(config.get(name), kind))
        wrong += [] if "labels" in wrong or all(isinstance(label, str) for label in config["labels"]) else ["labels"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{folder / CONFIG} is not a checkpoint's configuration ({error}); fetch the checkpoint again"
        ) from error
    if version != FORMAT:
        raise CheckpointError(
            f"{folder} is of checkpoint format {version}, this Duomo reads {FORMAT}; use the Duomo that wrote it"
        )
    if wrong:
        raise CheckpointError(f"{folder / CONFIG} has no sound {', '.join(wrong)}; fetch or train the checkpoint again")
    return dict(config)


def _info(folder: Path, config: Mapping[str, Any]) -> CheckpointInfo:
    size = (folder / WEIGHTS).stat().st_size
    return CheckpointInfo(
        folder.name, config["system"], tuple(config["labels"]), size, folder.resolve(), config["sha256"], config["card"]
    )


def _half(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if tensor.is_floating_point() else tensor


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _replace(half: Path, folder: Path) -> None:
    if not folder.exists():
        half.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    folder.rename(old)
    half.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _card(config: Mapping[str, Any]) -> str:
    lines = [
        "# Model card",
        "",
        f"System `{config['system']}`, labels {', '.join(config['labels'])}, made by Duomo {config['duomo']}.",
        "",
    ]
    for key, value in config["card"].items():
        shown = value if isinstance(value, str) else f"`{json.dumps(value, ensure_ascii=False)}`"
        lines += [f"## {key.capitalize()}", "", shown, ""]
    return "\n".join([*lines, "## Configuration", "", "```json", json.dumps(config["config"], indent=2), "```", ""])
