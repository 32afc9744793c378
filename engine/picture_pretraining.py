"""From pictures of characters and syllables to vectors: the recipe behind ``python -m engine pretrain glyphs`` and ``sounds``.

The run's checkpoint is a transformers folder with the Swin encoder, and beside it ``table.safetensors`` and ``items.json``: the
vector of each character or syllable, so that whoever has the folder needs neither typeface nor sound.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers.utils import logging

from engine.layers.learned_table import ITEMS, TABLE
from engine.layers.swin import PictureEncoder, encode_pictures
from engine.modalities.pictures import MODALITIES, read_pictures
from engine.pretraining.consistency import Consistency, ConsistencyConfig
from engine.pretraining.loop import learn
from engine.run import Run
from engine.systems.contract import from_json

CARD = "README.md"


def prepare(folder: Path, task: str, pictures: str, config: ConsistencyConfig, card: Mapping[str, Any]) -> Run:
    """Write a pre-training's plan into a new run folder.

    Args:
        folder: a new folder.
        task: ``glyphs`` or ``sounds``.
        pictures: folder that ``python -m engine build`` has made.
        config: options.
        card: what the model card is to say.

    Raises:
        InputError: if there are no pictures in the folder.
    """
    read_pictures(task, pictures)
    return Run.create(folder, {"kind": task, "pictures": pictures, "options": config.to_json(), "card": dict(card)})


def pretrain_on_pictures(run: Run) -> bool:
    """Do a pre-training in this process; return false if it was asked to stop.

    Raises:
        InputError: if the pictures cannot be read.
        ConfigError: if an option does not fit them.
    """
    plan = run.config
    config: ConsistencyConfig = from_json(ConsistencyConfig, plan["options"])
    source = read_pictures(plan["kind"], plan["pictures"])
    torch.manual_seed(config.seed)
    task = Consistency(config, source)
    result = learn(task, config, run.folder / "state", lambda row: run.tell(**row), lambda: run.cancelled)
    if result.stopped:
        return False
    counts = {"items": len(source.items), "pictures": len(source.item), "variants": list(source.variants)}
    report = {**counts, "held_out": dict(result.figures), "steps": result.steps, "seen": result.units, "seconds": result.seconds}
    if run.leader:
        task.eval()
        write_table(
            task, MODALITIES[plan["kind"]], run.checkpoint, {**plan["card"], "options": config.to_json(), "figures": report}
        )
    run.finish(report)
    return True


def write_table(task: Consistency, modality: str, folder: Path, card: Mapping[str, Any]) -> None:
    """Write the encoder, its vectors and its card; the folder appears only when all of it is written."""
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    vectors = encode_pictures(task.encoder, task.source)
    encoder = PictureEncoder(task.encoder.model.config)
    encoder.load_state_dict(task.encoder.state_dict())
    quieten: Any = logging.disable_progress_bar
    quieten()  # a bar for a second's work
    model: Any = encoder.model
    model.half().save_pretrained(half)
    save_file({"vectors": vectors.half()}, half / TABLE)
    for name in ("model.safetensors", TABLE):
        (half / name).chmod(0o644)  # safetensors leaves it to its owner alone
    items = {"modality": modality, "items": list(task.source.items)}
    (half / ITEMS).write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
    lines = [
        "# Model card",
        "",
        f"A Swin Transformer for {modality} pictures of 48 by 48, and the vectors of {len(vectors)} items.",
        "",
    ]
    for key, value in card.items():
        content = json.dumps(value, ensure_ascii=False, indent=1)
        lines += [f"## {key.capitalize()}", "", value if isinstance(value, str) else f"```json\n{content}\n```", ""]
    (half / CARD).write_text("\n".join(lines), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    half.rename(folder)
