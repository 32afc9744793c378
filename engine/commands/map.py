"""``map``: how a checkpoint sees the mentions of a corpus, laid out in the plane."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.commands.output import add_device, parse_pairs, progress, use_threads
from engine.errors import InputError
from engine.mapping.mention_map import METHODS, MOST
from engine.shipped import SHIPPED
from engine.tags import STRUCTURES

_DESCRIPTION = """\
Lay out the annotated and the predicted mentions of a corpus by the vectors that a checkpoint makes of them, the mean over the
characters of each: what lies near each other looks alike to the model.

  python -m engine map --checkpoint zh-general --data dev.jsonl --figure map.svg
  python -m engine map --checkpoint zh-general --data dev.jsonl --method umap --by gold --figure map.pdf --json map.json

pca keeps distances as far as two directions can; umap keeps neighbours, and needs the package umap-learn. Of more mentions than
--most a sample is drawn."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "map",
        help="lay out the mentions of a corpus as a checkpoint sees them",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkpoint", required=True, metavar="C", help="name or folder of a checkpoint")
    parser.add_argument("--data", required=True, metavar="F", help="annotated corpus, also .xz or .gz")
    parser.add_argument("--format", metavar="X", help="its format; recognised if not given")
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO,…", help="labels to rename, or to drop (FROM=)")
    parser.add_argument("--structure", choices=STRUCTURES, help="which spans count; what the checkpoint finds by default")
    parser.add_argument("--method", choices=METHODS, default=METHODS[0], help="how mentions are laid out (pca)")
    parser.add_argument("--most", type=int, default=MOST, metavar="N", help=f"mentions to lay out ({MOST})")
    parser.add_argument("--seed", type=int, default=1, help="of the sample and of umap (1)")
    parser.add_argument("--by", choices=("gold", "found", "outcome"), default="outcome", help="what the marks tell (outcome)")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of the figure's words (zh)")
    parser.add_argument("--json", metavar="F", help="write every mention with its place to a file")
    parser.add_argument("--figure", metavar="F", help="draw the map: .png, .svg or .pdf")
    add_device(parser)
    parser.set_defaults(handler=map_corpus)


def map_corpus(arguments: argparse.Namespace) -> int:
    """Lay out the mentions, and write what is asked for.

    Raises:
        InputError: if nothing can be laid out, or written.
    """
    from engine.drawing.sheet import FORMATS

    kind = Path(arguments.figure).suffix.lstrip(".").lower() if arguments.figure else ""
    if arguments.figure and kind not in FORMATS:
        raise InputError(f"--figure {arguments.figure}: a figure is .{', .'.join(FORMATS)}")
    use_threads(arguments.threads)
    from engine import formats, tagger
    from engine.evaluation.judging import study_of
    from engine.evaluation.reading import read, reading_of
    from engine.mapping import map_figure, map_mentions

    mapping = parse_pairs(arguments.map, "--map", separator=",")
    documents = formats.read(arguments.data, arguments.format)
    model = tagger.load(
        arguments.checkpoint, *arguments.checkpoints, SHIPPED, device=arguments.device, precision=arguments.precision
    )
    reading = reading_of(model, documents, read(model, documents))
    study = study_of(Path(arguments.data).name, documents, [reading], arguments.structure, mapping)
    with progress("piece") as observe:
        found = map_mentions(model, study, 0, method=arguments.method, most=arguments.most, seed=arguments.seed, observe=observe)
    if arguments.json:
        content = {"data": study.name, "checkpoint": model.info.name, "digest": model.info.digest, **found.to_json()}
        for mention in content["mentions"]:
            mention["text"] = study.gold[mention["row"]].text[mention["start"] : mention["end"]]
        _write(arguments.json, (json.dumps(content, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    if arguments.figure:
        drawn = map_figure(found, study, 0, way=arguments.by, kind=kind, language=arguments.language)
        _write(arguments.figure, drawn)
    _print(found)
    return 0


def _write(file: str, content: bytes) -> None:
    try:
        Path(file).write_bytes(content)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error


def _print(found: Any) -> None:
    from engine.mapping.figure import remarks
    from engine.reporting.words import Words

    for line in remarks(found, Words("en")):
        print(line)
