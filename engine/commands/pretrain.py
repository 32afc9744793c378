"""``pretrain``: what a model learns before anyone labels anything."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands.output import parse_pairs, print_options, use_threads
from engine.commands.running import add_run_arguments, carry_out, follow, follows, new_folder
from engine.errors import InputError

_DESCRIPTION = """\
Pre-train an encoder.

  python -m engine pretrain masked-lm --text news.txt.xz --text laws.txt@0.5 --corpus msra/train.txt.xz@3 \\
      --exclude msra/dev.txt --set steps=20000 --out checkpoints/mine
  python -m engine pretrain masked-lm --run runs/20261121-101500      go on with a run that was interrupted
  python -m engine pretrain masked-lm --text diaries.txt --set encoder=hfl/chinese-macbert-base    teach an encoder your domain

The text is cleaned, deduplicated and cut into words once; whole words are masked anew in every epoch. The result is an ordinary
transformers folder: name it as `encoder` wherever a system takes one."""

_PICTURES = {
    "glyphs": """\
how characters look: RCI and GIC of MPM-CNER

Two glyphs: are their radicals the same? Each glyph: which character is it?

  python -m engine build glyphs
  python -m engine pretrain glyphs --set held_out="TW-Kai" --out checkpoints/my-glyphs
  python -m engine train --system mpm-cner --set glyph_encoder=checkpoints/my-glyphs ...

The result holds the Swin encoder and the vector of each character, so that no typeface is needed any more.""",
    "sounds": """\
how syllables sound: PCI and PCM of MPM-CNER

Two spectrograms: are their initials and finals the same? Each spectrogram: which toned syllable is it?

  python -m engine build sounds --recordings my/syllables
  python -m engine pretrain sounds --set flip=true --out checkpoints/my-sounds
  python -m engine train --system mpm-cner --set phonetic_encoder=checkpoints/my-sounds ...

The result holds the Swin encoder and the vector of each syllable, so that no sound is needed any more.""",
}


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "pretrain", help="pre-train an encoder", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tasks = parser.add_subparsers(metavar="TASK", required=True)
    masked = tasks.add_parser(
        "masked-lm",
        help="predict masked characters of raw text",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    weighted = "@3 behind the name: seen three times an epoch"
    masked.add_argument("--text", action="append", default=[], metavar="F[@W]", help=f"raw text, .txt, .xz or .gz; {weighted}")
    masked.add_argument("--corpus", action="append", default=[], metavar="F[@W]", help="labelled corpus whose text is read")
    masked.add_argument(
        "--exclude", action="append", default=[], metavar="F", help="corpus none of whose sentences is learned from"
    )
    add_run_arguments(masked, "encoder")
    masked.set_defaults(handler=masked_lm)
    for task, told in _PICTURES.items():
        pictured = tasks.add_parser(
            task, help=told.partition("\n")[0], description=told, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        pictured.add_argument(
            "--pictures", metavar="DIR", help=f"what python -m engine build {task} has made; by default its cache"
        )
        add_run_arguments(pictured, "encoder and its vectors")
        pictured.set_defaults(handler=on_pictures, task=task)


def masked_lm(arguments: argparse.Namespace) -> int:
    """Carry a pre-training out in this process."""
    from engine.pretraining.masked_lm import MaskedLMConfig

    if arguments.options:
        print_options({"masked-lm": MaskedLMConfig})
        return 0
    use_threads(arguments.threads)
    return carry_out(arguments, lambda: _prepare(arguments), _place)


def on_pictures(arguments: argparse.Namespace) -> int:
    """Carry a pre-training on glyphs or sounds out in this process."""
    from engine.pretraining.consistency import ConsistencyConfig

    if arguments.options:
        print_options({arguments.task: ConsistencyConfig})
        return 0
    use_threads(arguments.threads)
    return carry_out(arguments, lambda: _prepare_pictures(arguments), _place)


def _prepare_pictures(arguments: argparse.Namespace) -> Any:
    from engine.modalities.databases import database
    from engine.picture_pretraining import prepare
    from engine.pretraining.consistency import ConsistencyConfig
    from engine.systems.contract import from_json

    if follows():
        return follow(arguments.run)
    config = from_json(ConsistencyConfig, dict(parse_pairs(arguments.set, "--set")))
    command = " ".join([arguments.command, *(f"--set {value}" for value in arguments.set)])
    pictures = arguments.pictures or str(database(arguments.task))
    return prepare(new_folder(arguments), arguments.task, pictures, config, {"command": command})


def _prepare(arguments: argparse.Namespace) -> Any:
    from engine.pretraining.masked_lm import MaskedLMConfig
    from engine.systems.contract import from_json
    from engine.text_pretraining import prepare

    if follows():
        return follow(arguments.run)
    sources = [_source(value, True) for value in arguments.corpus] + [_source(value, False) for value in arguments.text]
    config = from_json(MaskedLMConfig, dict(parse_pairs(arguments.set, "--set")))
    return prepare(new_folder(arguments), sources, arguments.exclude, config, {"command": _command(arguments)})


def _source(value: str, labelled: bool) -> Any:
    from engine.pretraining.raw_text import TextSource

    path, at, weight = value.rpartition("@")
    try:
        number = float(weight) if at else 1.0
    except ValueError:
        path, number = value, 1.0
    if not 0 < number <= 1000:
        raise InputError(f"{value}: the weight behind @ is to be above 0 and at most 1000")
    return TextSource(path if at and path else value, labelled, number)


def _command(arguments: argparse.Namespace) -> str:
    parts = ["python -m engine pretrain masked-lm"]
    for name in ("corpus", "text", "exclude", "set"):
        parts += [f"--{name} {value}" for value in getattr(arguments, name)]
    return " ".join(parts)


def _place(checkpoint: Path, out: str) -> Path:
    import shutil

    shutil.copytree(checkpoint, out, dirs_exist_ok=True)
    return Path(out)
