"""``evaluate``: score a checkpoint on a labelled corpus."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from typing import Any

from engine.commands.output import add_device, add_json, parse_pairs, print_json, print_table, use_threads
from engine.shipped import SHIPPED

_DESCRIPTION = """\
Score a checkpoint on a labelled corpus: exact spans, micro-averaged and for each type.

  python -m engine evaluate --checkpoint zh-general --data msra/dev.txt
  python -m engine evaluate --checkpoint zh-general --data weibo/dev.char.bmes \\
      --map PER.NAM=PER,LOC.NAM=LOC,GPE.NAM=LOC,ORG.NAM=ORG,PER.NOM=,LOC.NOM=,GPE.NOM=,ORG.NOM=

--map renames labels in the corpus and in the predictions alike; NAME= drops a label. --labels PER,LOC,ORG scores these labels
alone, e.g. those that a corpus marks. Where the checkpoint's system is flat, nested annotations are reduced to the longest."""


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
    add_device(parser)
    add_json(parser)
    parser.set_defaults(handler=evaluate)


def evaluate(arguments: argparse.Namespace) -> int:
    """Print the figures."""
    mapping = parse_pairs(arguments.map, "--map", separator=",")
    use_threads(arguments.threads)
    from tqdm import tqdm

    from engine import formats, tagger
    from engine.document import Document, relabel
    from engine.evaluation.scores import score
    from engine.tags import flatten

    labels = tuple(arguments.labels.split(",")) if arguments.labels else None

    def named(document: Document) -> Document:
        renamed = replace(relabel(document, mapping), annotated=labels)
        return renamed.with_spans(renamed.judged(renamed.spans))

    documents = [named(document) for document in formats.read(arguments.data, arguments.format)]
    model = tagger.load(
        arguments.checkpoint, *arguments.checkpoints, SHIPPED, device=arguments.device, precision=arguments.precision
    )
    if not model.system.nested:
        documents = [document.with_spans(flatten(document.spans)) for document in documents]
    predicted = []
    began = time.perf_counter()
    with tqdm(total=len(documents), unit="doc", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        for start in range(0, len(documents), 512):
            chunk = documents[start : start + 512]
            predicted += [named(prediction.document) for prediction in model.predict(chunk)]
            bar.update(len(chunk))
    seconds = time.perf_counter() - began
    scores = score(documents, predicted)
    content = scores.to_json()
    result = {
        **content,
        "seconds": seconds,
        "characters_per_second": content["counts"]["characters"] / seconds if seconds else 0.0,
    }
    if arguments.json:
        print_json(result)
        return 0
    rows = [
        (name, *(f"{figures[key]:.2%}" for key in ("precision", "recall", "f1")))
        for name, figures in [("all", content["micro"]), *content["types"].items()]
    ]
    print_table(rows, ("type", "precision", "recall", "F1"))
    print(f"{len(documents)} documents, {seconds:.1f} s, {result['characters_per_second']:,.0f} characters a second")
    return 0
