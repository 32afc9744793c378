"""``agreement``: how far annotators agree who annotated the same documents."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.commands.output import add_json, print_json, print_table
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.evaluation.agreement import Agreement, Figure, Figures, Layers, Window

_DESCRIPTION = """\
How far annotators agree who annotated the same documents; one file for each of them, in any format that is read here.

  python -m engine agreement wang.jsonl li.jsonl
  python -m engine agreement wang.jsonl li.jsonl zhao.jsonl --label PER --label LOC --cases cases.jsonl
  python -m engine agreement wang.jsonl li.jsonl --over-time date --window 200

Documents are matched by id, and by text where one has an id of its own. Each figure stands with its 95% interval, by drawing
documents 1,000 times.

  Cohen's kappa, characters   over all characters, their BIO tags as classes: the figure that CNERTA reports as 0.965. Most
                              characters are in no entity for anybody, so it is high; it is the mean of the pairs of annotators
  Cohen's kappa, spans        over the stretches that either of two marked; their label, or none, as classes. Mostly below
                              the others, since what nobody marked is not counted in its favour
  Fleiss' kappa               for three annotators or more, over the characters of the documents that all annotated
  Krippendorff's alpha        nominal, over characters; who lacks a document is no matter
  alpha, unitizing            how far apart the borders are, label by label, in the documents that all annotated
  F1, spans                   one annotator scored against another: same start, end and label
  F1, borders                 same start and end, whatever the label

1 is perfect, 0 is what chance would give (of F1: nothing in common). Krippendorff asks for alpha from 0.8 on, and from 0.667 on
for tentative conclusions. What is not defined is shown as -, with the reason.

--cases writes one line for each span or group of spans: agreed; type, the same stretch with another label; borders, stretches
that overlap; unmarked, that some marked and the others left. --majority writes the documents with the spans that more than
half of their annotators marked, as JSON lines."""

_NAMES = {
    "kappa": "Cohen's kappa, characters",
    "span_kappa": "Cohen's kappa, spans",
    "fleiss": "Fleiss' kappa, characters",
    "alpha": "Krippendorff's alpha, nominal",
    "alpha_unitizing": "Krippendorff's alpha, unitizing",
    "f1": "F1, spans",
    "border_f1": "F1, borders",
}
_SHORT = {"kappa": "kappa", "span_kappa": "kappa, spans", "alpha_unitizing": "alpha, unitizing", "f1": "F1"}


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "agreement",
        help="measure how far annotators agree",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "layers", nargs="+", metavar="F", help="annotated documents, one file for each annotator, also .xz or .gz"
    )
    parser.add_argument("--format", metavar="X", help="their format; recognised if not given")
    parser.add_argument("--label", action="append", metavar="L", help="measure this label alone; may be given several times")
    parser.add_argument("--over-time", metavar="KEY", help="also by time, as the documents' meta has it under this key")
    parser.add_argument("--window", type=int, default=100, metavar="N", help="documents measured together over time (100)")
    parser.add_argument("--cases", metavar="F", help="write what is agreed on and what is not, as JSON lines")
    parser.add_argument("--majority", metavar="F", help="write the documents with what most annotators marked")
    parser.add_argument("--seed", type=int, default=0, help="of the drawing of documents (0)")
    add_json(parser)
    parser.set_defaults(handler=agreement)


def agreement(arguments: argparse.Namespace) -> int:
    """Print the figures."""
    if len(arguments.layers) < 2:
        raise InputError(f"one annotator alone, {arguments.layers[0]}, agrees with nobody; give the files of two or more")
    from engine import formats
    from engine.evaluation.agreement import list_cases, majority, match, measure, measure_over_time
    from engine.formats.source import write_lines

    files = dict(zip(_names(arguments.layers), arguments.layers, strict=True))
    layers = match({name: formats.read(file, arguments.format) for name, file in files.items()})
    if arguments.label:
        layers = layers.only(arguments.label)
    measured = measure(layers, seed=arguments.seed)
    windows: Sequence[Window] = ()
    if arguments.over_time:
        _check_time(layers, arguments.over_time)
        windows = measure_over_time(
            layers, lambda document: document.meta[arguments.over_time], arguments.window, seed=arguments.seed
        )
    cases, most = list_cases(layers), majority(layers)
    if arguments.cases:
        write_lines(Path(arguments.cases), (_line(case.to_json()) for case in cases))
    if arguments.majority:
        formats.write(most.documents, arguments.majority)
    counted = {**Counter(case.kind for case in cases), "ties": len(most.ties)}
    if arguments.json:
        over_time = {"windows": [window.to_json() for window in windows]} if arguments.over_time else {}
        print_json({**measured.to_json(), "cases": counted, **over_time})
    else:
        _print(measured, counted, windows)
    return 0


def _names(files: Sequence[str]) -> list[str]:
    """Name annotators after their files, by the whole path where two files have one name."""
    short = [Path(file).name.partition(".")[0] for file in files]
    names = short if len(set(short)) == len(short) else list(files)
    if len(set(names)) < len(names):
        raise InputError(f"a file is given twice among {', '.join(files)}; give each annotator's once")
    return names


def _check_time(layers: Layers, key: str) -> None:
    for row in layers.rows:
        first = next(document for document in row if document is not None)
        if key not in first.meta:
            raise InputError(f"--over-time {key}: document {first.id!r} has no {key!r} in its meta; name a key that all have")


def _line(row: Mapping[str, Any]) -> str:
    import json

    return json.dumps(row, ensure_ascii=False) + "\n"


def _shown(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    return f"{figure.value:.3f}" + ("" if figure.low is None else f" ({_interval(figure)})")


def _interval(figure: Figure) -> str:
    return "-" if figure.low is None else f"{figure.low:.3f} to {figure.high:.3f}"


def _print(measured: Agreement, cases: Mapping[str, int], windows: Sequence[Window]) -> None:
    overall = measured.overall
    found = [(title, getattr(overall, name)) for name, title in _NAMES.items()]
    rows = [
        (
            title,
            "-" if figure.value is None else f"{figure.value:.3f}",
            _interval(figure) if figure.value is not None else figure.reason,
        )
        for title, figure in found
        if figure is not None
    ]
    print_table(rows, ("measure", "value", "95% interval"))
    if measured.labels:
        print()
        print_table([(label, *_row(figures)) for label, figures in measured.labels.items()], ("label", *_SHORT.values()))
    if len(measured.pairs) > 1:
        print()
        columns = ("kappa", "span_kappa", "f1", "border_f1")
        pairs = [(" + ".join(pair.annotators), *(_shown(getattr(pair, name)) for name in columns)) for pair in measured.pairs]
        print_table(pairs, ("annotators", "kappa", "kappa, spans", "F1", "F1, borders"))
    if windows:
        print()
        times = [(f"{window.first} to {window.last}", window.agreement) for window in windows]
        print_table(
            [(time, part.documents, *_row(part.overall)) for time, part in times], ("time", "documents", *_SHORT.values())
        )
    print()
    spans = ", ".join(f"{name} {count:,}" for name, count in zip(measured.annotators, measured.spans, strict=True))
    documents = f"{measured.documents:,} documents, {measured.shared:,} of two or more annotators, {measured.complete:,} of all"
    print(f"{documents}; spans: {spans}")
    kinds = ", ".join(f"{cases.get(kind, 0):,} {what}" for kind, what in _CASES.items())
    print(f"{kinds}; {cases['ties']:,} spans marked by exactly half")
    if overall.kappa.value is not None:
        mean = f", mean of {len(measured.pairs)} pairs of annotators" if len(measured.pairs) > 1 else ""
        interval = "" if overall.kappa.low is None else f"; 95% interval {_interval(overall.kappa)}"
        print(f"κ = {overall.kappa.value:.3f} (Cohen's, per character{mean}{interval})")


_CASES = {"agreed": "agreed", "type": "of another type", "borders": "with other borders", "unmarked": "marked by some alone"}


def _row(figures: Figures) -> list[str]:
    return [_shown(getattr(figures, name)) for name in _SHORT]
