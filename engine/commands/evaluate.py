"""``evaluate``: score a checkpoint on a labelled corpus."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from engine.commands.output import add_device, add_json, parse_pairs, print_json, print_table, use_threads
from engine.document import Document
from engine.errors import InputError
from engine.evidence import Alignment, Correlation, Evidence
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
Among the wrong predictions a type error has right boundaries but not that type; every other is a boundary error.

--alignment takes the construction.jsonl that build utterances writes, and also says how far the starts of characters that a
system hears are from the true ones: mean and median distance, bias (above 0 is late), and shares within 40, 60 and 100 ms.
Documents are matched by id. It makes the evidence of each answer, which takes longer.

--correlation also says how well a dghc tells pictures that have to do with their text from those that have not, in a corpus of
build pictures, with the pictures drawn for each document: the probability that one of the former has the higher correlation."""
_ALIGNMENT, _CORRELATION = "alignment", "correlation"
_AT_ONCE, _AT_ONCE_EXPLAINED = 512, 32
_Kind = TypeVar("_Kind", Alignment, Correlation)


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
    parser.add_argument(
        "--alignment", metavar="F", help="construction.jsonl of built speech: also judge where characters are heard in it"
    )
    parser.add_argument("--correlation", action="store_true", help="of built pairing: also judge how related pictures are told")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(handler=evaluate)


def evaluate(arguments: argparse.Namespace) -> int:
    """Print the figures."""
    mapping = parse_pairs(arguments.map, "--map", separator=",")
    use_threads(arguments.threads)
    from tqdm import tqdm

    from engine import formats, tagger
    from engine.document import relabel, topmost
    from engine.evaluation.alignment import read_times
    from engine.evaluation.errors import count_errors
    from engine.evaluation.scores import score

    labels = tuple(arguments.labels.split(",")) if arguments.labels else None

    def named(document: Document) -> Document:
        renamed = replace(relabel(document, mapping), annotated=labels)
        return renamed.with_spans(renamed.judged(renamed.spans))

    documents = [named(document) for document in formats.read(arguments.data, arguments.format)]
    known = read_times(arguments.alignment) if arguments.alignment else {}
    if arguments.alignment and not any(document.id in known for document in documents):
        raise InputError(f"--alignment {arguments.alignment}: no document of {arguments.data} is in it; give those of one corpus")
    model = tagger.load(
        arguments.checkpoint, *arguments.checkpoints, SHIPPED, device=arguments.device, precision=arguments.precision
    )
    if known and _ALIGNMENT not in model.system.emits:
        raise InputError(f"{model.info.name} does not say where characters are heard; leave --alignment out, or choose an m3t")
    if arguments.correlation:
        _check_correlation(documents, model, arguments.data)
    explained = bool(known) or arguments.correlation
    predicted: list[Document] = []
    heard: list[Alignment | None] = []
    related: list[Correlation | None] = []
    began = time.perf_counter()
    with tqdm(total=len(documents), unit="doc", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        at_once = _AT_ONCE_EXPLAINED if explained else _AT_ONCE
        for start in range(0, len(documents), at_once):
            chunk = documents[start : start + at_once]
            predictions = model.predict(chunk, explain=explained)
            predicted += [named(prediction.document) for prediction in predictions]
            heard += [_of_kind(Alignment, prediction.evidence) for prediction in predictions]
            related += [_of_kind(Correlation, prediction.evidence) for prediction in predictions]
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
        **(_aligned(documents, heard, known) if known else {}),
        **(_related(documents, related) if arguments.correlation else {}),
        "seconds": seconds,
        "characters_per_second": content["counts"]["characters"] / seconds if seconds else 0.0,
    }
    if arguments.json:
        print_json(result)
        return 0
    _print(result)
    return 0


def _of_kind(kind: type[_Kind], evidence: Iterable[Evidence]) -> _Kind | None:
    return next((item for item in evidence if isinstance(item, kind)), None)


def _check_correlation(documents: Sequence[Document], model: Any, data: str) -> None:
    from engine.variants import known_pictures

    if _CORRELATION not in model.system.evidence_names:
        raise InputError(f"{model.info.name} does not say how far pictures have to do with a text; choose a dghc")
    if all(known_pictures(document) is None for document in documents):
        raise InputError(
            f"--correlation: {data} does not say which pictures have to do with their text; build pictures makes one"
        )


def _related(documents: Sequence[Document], found: Sequence[Correlation | None]) -> dict[str, Any]:
    from engine.evaluation.relatedness import relatedness
    from engine.variants import is_usual

    usual = [pair for pair in zip(documents, found, strict=True) if is_usual(pair[0])]
    return {_CORRELATION: relatedness([document for document, _ in usual], [item for _, item in usual]).to_json()}


def _aligned(documents: Sequence[Document], heard: Sequence[Alignment | None], known: Mapping[str, Any]) -> dict[str, Any]:
    from engine.evaluation.alignment import alignment_error

    matched = [
        (alignment, known[document.id]) for document, alignment in zip(documents, heard, strict=True) if document.id in known
    ]
    return {_ALIGNMENT: alignment_error(*zip(*matched, strict=True)).to_json()}


def _print(result: Mapping[str, Any]) -> None:
    rows = [
        (name, *(f"{figures[key]:.2%}" for key in ("precision", "recall", "f1")))
        for name, figures in [("all", result["micro"]), *result["types"].items()]
    ]
    print_table(rows, ("type", "precision", "recall", "F1"))
    errors, documents = result["errors"], result["counts"]["documents"]
    print(f"{result['structure']} spans; {errors['type']} errors of type, {errors['boundary']} of boundary")
    print(f"{documents} documents, {result['seconds']:.1f} s, {result['characters_per_second']:,.0f} characters a second")
    if _ALIGNMENT in result:
        _print_alignment(result[_ALIGNMENT])
    if _CORRELATION in result:
        _print_correlation(result[_CORRELATION])


def _print_correlation(figures: Mapping[str, Any]) -> None:
    print(f"{figures['related']:,} pictures that have to do with their text, {figures['unrelated']:,} that have not")
    if figures["auroc"] is not None:
        means = f"{figures['mean_related']:+.2f} and {figures['mean_unrelated']:+.2f} on average"
        print(f"told apart by their correlation in {figures['auroc']:.1%} of pairs (AUROC); {means}")


def _print_alignment(figures: Mapping[str, Any]) -> None:
    print(
        f"starts of {figures['characters']:,} characters in {figures['documents']} documents with known times; "
        f"{figures['unaligned']} documents could not be aligned, {figures['unheard']:,} characters were not heard"
    )
    if figures["characters"]:
        bias = f"{abs(figures['bias_ms']):.0f} ms {'late' if figures['bias_ms'] >= 0 else 'early'} on average"
        within = ", ".join(f"{share:.1%} within {limit} ms" for limit, share in figures["within_ms"].items())
        print(f"off by {figures['mean_ms']:.0f} ms, median {figures['median_ms']:.0f}; {bias}; {within}")
