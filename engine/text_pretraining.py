"""From raw text to an encoder: the recipe behind ``python -m engine pretrain masked-lm``.

The run's checkpoint is an ordinary transformers folder with the encoder alone, in half precision; ``whole/`` beside it also has
the layer that predicts characters, for a pre-training that goes on from there.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from engine import formats
from engine.errors import ConfigError, InputError
from engine.modalities.text import CharacterVocabulary
from engine.pretraining.loop import learn
from engine.pretraining.masked_lm import MaskedLM, MaskedLMConfig
from engine.pretraining.packing import pack
from engine.pretraining.raw_text import TextSource
from engine.run import Run
from engine.systems.contract import from_json

CARD = "README.md"


def prepare(
    folder: Path,
    sources: Sequence[TextSource],
    exclude: Sequence[str],
    config: MaskedLMConfig,
    card: Mapping[str, Any] | None = None,
) -> Run:
    """Write a pre-training's plan into a new run folder.

    Args:
        folder: a new folder.
        sources: where the text comes from.
        exclude: labelled corpora none of whose sentences may be learned from.
        config: options.
        card: what the model card is to say: data, licence, command.

    Raises:
        InputError: if no source is given, or a file is missing.
    """
    if not sources:
        raise InputError("pre-training needs text; give a file of it")
    for path in [*(source.path for source in sources), *exclude]:
        if not formats.part(path)[0].is_file():
            raise InputError(f"there is no file {path}; give the path of a text")
    plan = {
        "kind": "masked-lm",
        "sources": [asdict(source) for source in sources],
        "exclude": list(exclude),
        "options": config.to_json(),
        "card": dict(card or {}),
    }
    return Run.create(folder, plan)


def pretrain_on_text(run: Run) -> bool:
    """Do a pre-training in this process; return false if it was asked to stop.

    Raises:
        InputError: if the text is of no use.
        ConfigError: if the encoder to go on from cannot be used.
    """
    plan = run.config
    config: MaskedLMConfig = from_json(MaskedLMConfig, plan["options"])
    tokenizer = _tokenizer(config.encoder) if config.encoder else None
    text, held_out = pack(
        [TextSource(**source) for source in plan["sources"]],
        plan["exclude"],
        run.folder / "corpus",
        vocabulary_size=config.vocabulary,
        traditional=config.traditional,
        tokenizer=tokenizer,
        observe=lambda message: run.tell(kind="stage", message=message),
    )
    tokenizer = AutoTokenizer.from_pretrained(run.folder / "corpus" / "tokenizer")
    torch.manual_seed(config.seed)
    task = MaskedLM(config, CharacterVocabulary.of_tokenizer(tokenizer), tokenizer.mask_token_id, text, held_out)
    result = learn(task, config, run.folder / "state", lambda row: run.tell(**row), lambda: run.cancelled)
    if result.stopped:
        return False
    reading = json.loads((run.folder / "corpus" / "report.json").read_text(encoding="utf-8"))
    report = {
        "held_out": dict(result.figures),
        "steps": result.steps,
        "characters_seen": result.units,
        "characters_of_text": sum(source["characters"] for source in reading["sources"]),
        "seconds": result.seconds,
    }
    if run.leader:
        card = {**plan["card"], "text": reading["sources"], "options": config.to_json(), "figures": report}
        write_encoder(task.encoder, tokenizer, run.checkpoint, card)
        write_encoder(task.model, tokenizer, run.folder / "whole", card)
    run.finish(report)
    return True


def write_encoder(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, card: Mapping[str, Any]) -> None:
    """Write a transformers folder in half precision; it appears only when all of it is written."""
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    written: Any = copy.deepcopy(model)
    quieten: Any = logging.disable_progress_bar
    quieten()  # a bar for a second's work
    written.cpu().half().save_pretrained(half)
    (half / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    tokenizer.save_pretrained(half)
    shape = model.config
    lines = [
        "# Model card",
        "",
        f"A Chinese character encoder, {shape.num_hidden_layers} layers of {shape.hidden_size}, "
        f'vocabulary of {shape.vocab_size}; `AutoModel.from_pretrained("{folder.name}")` loads it.',
        "",
    ]
    for key, value in card.items():
        content = json.dumps(value, ensure_ascii=False, indent=1)
        shown = value if isinstance(value, str) else f"```json\n{content}\n```"
        lines += [f"## {key.capitalize()}", "", shown, ""]
    (half / CARD).write_text("\n".join(lines), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    half.rename(folder)


def _tokenizer(encoder: str) -> PreTrainedTokenizerBase:
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(encoder)
    except (OSError, ValueError, ImportError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigError(f"encoder: {encoder!r} has no tokenizer that can be loaded ({first})") from error
    if tokenizer.mask_token_id is None:
        raise ConfigError(f"encoder: the tokenizer of {encoder!r} has no mask token; use an encoder of the BERT kind")
    return tokenizer
