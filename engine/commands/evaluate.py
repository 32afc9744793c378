"""``evaluate``: score a checkpoint on a labelled corpus."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.commands.output import add_device, add_json, parse_pairs, print_json, print_table, use_threads
from engine.shipped import SHIPPED
from engine.tags import NESTED, STRUCTURES

_DESCRIPTION = """\
Score a checkpoint on a labelled corpus: exact spans, micro-averaged and for each type.

  python -m engine evaluate --checkpoint zh-general --data msra/dev.txt
  python -m engine evaluate --checkpoint zh-general --data weibo/dev.char.bmes \\
      --map PER.NAM=PER,LOC.NAM=LOC,GPE.NAM=LOC,ORG.NAM=ORG,PER.NOM=,LOC.NOM=,GPE.NOM=,ORG.NOM=

--map renames labels in the corpus and in the predictions alike; NAME= drops a label. --labels PER,LOC,ORG scores these labels
alone, e.g. those that a corpus marks.

--structure says which spans count. nested: all of them, exactly. flat: on both sides those that lie in no other, the topmost, as
CNERTA scores flat entities. By default it is what the checkpoint finds; one that finds flat spans only is scored as flat.
Among the wrong predictions a type error has right boundaries but not that type; every other is a boundary error."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "evaluate",
        help="score a checkpoint on a corpus",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkpoint", required=True, metavar="C", help="name or folder of a checkpoint")
    parser.add_argument("--data", required=True, metavar="F", help="labelled corpus, also .xz or .gz")
    parser.add_argument("--format", metavar="X", help="its format; recognised if not given")
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO,…", help="labels to rename, or to drop (FROM=)")
    parser.add_argument("--labels", metavar="A,B,…", help="score these labels alone, after --map; all by default")
    parser.add_argument("--structure", choices=STRUCTURES, help="which spans count; what the checkpoint finds by default")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(handler=evaluate)


def evaluate(arguments: argparse.Namespace) -> int:
    """Print the figures."""
    mapping = parse_pairs(arguments.map, "--map", separator=",")
    use_threads(arguments.threads)
    from tqdm import tqdm

    from engine import formats, tagger
    from engine.document import Document, relabel, topmost
    from engine.evaluation.errors import count_errors
    from engine.evaluation.scores import score

    labels = tuple(arguments.labels.split(",")) if arguments.labels else None

    def named(document: Document) -> Document:
        renamed = replace(relabel(document, mapping), annotated=labels)
        return renamed.with_spans(renamed.judged(renamed.spans))

    documents = [named(document) for document in formats.read(arguments.data, arguments.format)]
    model = tagger.load(
        arguments.checkpoint, *arguments.checkpoints, SHIPPED, device=arguments.device, precision=arguments.precision
    )
    predicted = []
    began = time.perf_counter()
    with tqdm(total=len(documents), unit="doc", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        for start in range(0, len(documents), 512):
            chunk = documents[start : start + 512]
            predicted += [named(prediction.document) for prediction in model.predict(chunk)]
            bar.update(len(chunk))
    seconds = time.perf_counter() - began
    structure = arguments.structure or model.system.structure
    if structure != NESTED:
        documents, predicted = ([d.with_spans(topmost(d.spans)) for d in side] for side in (documents, predicted))
    content, errors = score(documents, predicted).to_json(), count_errors(documents, predicted)
    result = {
        **content,
        "structure": structure,
        "errors": errors.to_json(),
        "seconds": seconds,
        "characters_per_second": content["counts"]["characters"] / seconds if seconds else 0.0,
    }
    if arguments.json:
        print_json(result)
        return 0
    _print(result)
    return 0


def _print(result: Mapping[str, Any]) -> None:
    rows = [
        (name, *(f"{figures[key]:.2%}" for key in ("precision", "recall", "f1")))
        for name, figures in [("all", result["micro"]), *result["types"].items()]
    ]
    print_table(rows, ("type", "precision", "recall", "F1"))
    errors, documents = result["errors"], result["counts"]["documents"]
    print(f"{result['structure']} spans; {errors['type']} errors of type, {errors['boundary']} of boundary")
    print(f"{documents} documents, {result['seconds']:.1f} s, {result['characters_per_second']:,.0f} characters a second")
