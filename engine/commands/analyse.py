"""``analyse``: what one to four checkpoints get wrong on an annotated corpus, where, and how they differ."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.commands.output import add_device, parse_pairs, print_json, print_table, use_threads
from engine.commands.readings import Naming, readings_of
from engine.errors import InputError
from engine.tags import STRUCTURES

if TYPE_CHECKING:
    from engine.evaluation.learning import Learned
    from engine.evaluation.study import Difference, Figures, Interval, Study

_DESCRIPTION = """\
Say what models get wrong on an annotated corpus: figures with intervals, kinds of errors, parts of the corpus, differences.

  python -m engine analyse --checkpoint zh-general --data dev.jsonl
  python -m engine analyse --checkpoint mpm-cner --without glyph --without phonetic --data dev.jsonl --report out.html
  python -m engine analyse --checkpoint zh-general --predictions theirs.jsonl --data dev.jsonl --json out.json

Up to four readings are compared: each --checkpoint, each --checkpoint again --without a modality that it can do without (glyph,
phonetic, image, speech, or several, as glyph,phonetic), and each --predictions, an annotated file of the same text by any system,
in any format and cut into sentences in any way.

--training names what the models have learned from. It tells seen from unseen entities, how often each was seen and how it was
annotated, and lets mentions be compared with known ones.

--map renames labels in the corpus and in the predictions alike; NAME= drops a label. A corpus with other labels than the models
find is refused, with a mapping that may be meant. --labels PER,LOC,ORG scores these alone.

What a checkpoint has read is kept in --cache, by the digest of its weights and the content of the documents: the second time
nothing is read again. Intervals are percentiles of --samples resamples of the documents, and so are the tests of significance."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "analyse",
        help="what models get wrong on a corpus, where, and how they differ",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="C", help="name or folder of a checkpoint; several times"
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="M", help="also read without this modality; several times"
    )
    parser.add_argument("--predictions", action="append", default=[], metavar="F", help="another system's answers; several times")
    parser.add_argument("--data", required=True, metavar="F", help="annotated corpus, also .xz or .gz")
    parser.add_argument("--format", metavar="X", help="its format; recognised if not given")
    parser.add_argument(
        "--training", action="append", default=[], metavar="F", help="corpus that was learned from; several times"
    )
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO,…", help="labels to rename, or to drop (FROM=)")
    parser.add_argument("--labels", metavar="A,B,…", help="score these labels alone, after --map; all by default")
    parser.add_argument("--structure", choices=STRUCTURES, help="which spans count; what all the models find by default")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="X",
        help="one more slice: a text, a /pattern/ or label=PER; several times",
    )
    parser.add_argument("--curve", metavar="F", help="also report the learning curves that simulate wrote: its folder")
    parser.add_argument("--report", "--html", metavar="F", help="write a report: .html, .pdf, .md, .tex or .csv")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of the report (zh)")
    parser.add_argument("--cache", metavar="DIR", help="where readings are kept; by default in Duomo's cache")
    parser.add_argument(
        "--samples", type=int, default=1000, metavar="N", help="resamples of the documents (1000); 0: no intervals"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the resampling (1)")
    add_device(parser)
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="F",
        help="print JSON for machines instead of text for people, or write it to a file",
    )
    parser.set_defaults(handler=analyse)


def analyse(arguments: argparse.Namespace) -> int:
    """Read, judge, count and compare, and write what was asked for."""
    mapping = parse_pairs(arguments.map, "--map", separator=",")
    labels = tuple(arguments.labels.split(",")) if arguments.labels else None
    if not arguments.checkpoint and not arguments.predictions:
        raise InputError("analyse: give --checkpoint or --predictions, up to four of them")
    if arguments.samples < 0:
        raise InputError(f"--samples: expected a number from 0 on, got {arguments.samples}")
    if arguments.report:
        _check_report(Path(arguments.report))
    use_threads(arguments.threads)
    from engine import formats
    from engine.evaluation.comparing import difference
    from engine.evaluation.figures import figures_of
    from engine.evaluation.judging import study_of
    from engine.evaluation.learning import learning_curves

    curves = learning_curves(arguments.curve) if arguments.curve else {}
    documents = formats.read(arguments.data, arguments.format)
    if not documents:
        raise InputError(f"{arguments.data} holds no documents")
    training = [document for file in arguments.training for document in formats.read(file)]
    readings = list(readings_of(arguments, documents, tuple(training), Naming(mapping, labels)))
    study = study_of(Path(arguments.data).name, documents, readings, arguments.structure, mapping, labels)
    if not any(document.spans for document in study.gold):
        asked = "" if mapping or labels else "; is it the annotated file?"
        raise InputError(f"of {arguments.data} no entity is left to be judged{asked or ' after --map and --labels'}")
    figures = [
        figures_of(study, i, samples=arguments.samples, seed=arguments.seed, conditions=arguments.where)
        for i in range(len(readings))
    ]
    differences = {
        (a, b): difference(study, a, b, samples=arguments.samples, seed=arguments.seed)
        for a in range(len(readings))
        for b in range(a + 1, len(readings))
    }
    if arguments.report:
        _report(arguments, study, figures, differences, curves)
    if arguments.json:
        _write(arguments.json, _content(study, figures, differences, curves))
    if arguments.json != "-":
        _print(study, figures, differences)
    return 0


def _check_report(path: Path) -> None:
    """See that a report can be written as what its name says, before anything is read.

    Raises:
        InputError: if it cannot.
    """
    from engine.reporting import FORMATS

    if path.suffix.lstrip(".").lower() not in FORMATS:
        raise InputError(f"--report: a report is written as {', '.join(f'.{suffix}' for suffix in FORMATS)}; got {path.name}")


def _report(
    arguments: argparse.Namespace,
    study: Study,
    figures: Sequence[Figures],
    differences: Mapping[tuple[int, int], Difference],
    curves: Mapping[str, Sequence[Learned]],
) -> None:
    from engine.reporting import write_report

    try:
        Path(arguments.report).parent.mkdir(parents=True, exist_ok=True)
        write_report(Path(arguments.report), study, figures, differences, curves=curves, language=arguments.language)
    except OSError as error:
        raise InputError(f"--report {arguments.report}: cannot be written ({error.strerror})") from error


def _content(
    study: Study, figures: Sequence[Figures], differences: Mapping[tuple[int, int], Difference], curves: Mapping[str, Any]
) -> dict[str, Any]:
    from dataclasses import asdict

    readings = [
        {
            "name": reading.name,
            "digest": reading.digest,
            "without": reading.without,
            "labels": list(reading.labels),
            "seconds": reading.seconds,
            "cached": reading.cached,
            "figures": own.to_json(),
        }
        for reading, own in zip(study.readings, figures, strict=True)
    ]
    return {
        "data": study.name,
        "digest": study.digest,
        "structure": study.structure,
        "readings": readings,
        "differences": [{"a": a, "b": b, **found.to_json()} for (a, b), found in differences.items()],
        "learning": {name: [asdict(point) for point in points] for name, points in curves.items()},
    }


def _write(target: str, content: Mapping[str, Any]) -> None:
    if target == "-":
        print_json(content)
        return
    try:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--json {target}: cannot be written ({error.strerror})") from error


def _print(study: Study, figures: Sequence[Figures], differences: Mapping[tuple[int, int], Difference]) -> None:
    for reading, own in zip(study.readings, figures, strict=True):
        print(f"{reading.name}: {own.documents:,} documents, {own.characters:,} characters, {study.structure} spans")
        rows = [(line.name, line.gold, *map(_share, (line.precision, line.recall)), _shown(line.f1)) for line in own.types]
        every = [
            (form, line.gold, *map(_share, (line.precision, line.recall)), _shown(line.f1)) for form, line in own.forms.items()
        ]
        print_table([*every, *rows], ("", "entities", "precision", "recall", "F1"))
        counted = [(kind.group, kind.name, kind.once, kind.together) for kind in own.kinds if kind.together or kind.once]
        print()
        print_table(counted, ("", "kind of error", "counted once", "together"))
        print()
        parts = [(part.name, part.line.gold, _shown(part.line.f1) if part.enough else "too few") for part in own.slices]
        print_table(parts, ("slice", "entities", "F1"))
        if own.ece is not None:
            print(f"expected calibration error {own.ece:.1%}")
        print()
    if len(study.gold) == 1:
        print("one document: there are no intervals, and nothing can be said of significance")
    for (a, b), found in differences.items():
        print(_sentence(study.readings[a].name, study.readings[b].name, found))


def _sentence(one: str, other: str, found: Difference) -> str:
    alone = f"{one} alone {found.only_a:,}, {other} alone {found.only_b:,}"
    both = f"both find {found.both_right:,}, {alone}, neither {found.both_wrong:,}"
    bounds = f" ({found.f1.low:+.1%} to {found.f1.high:+.1%})" if found.f1.known else ""
    tests = f"p = {found.p_bootstrap:.3f} by bootstrap, {found.p_permutation:.3f} by exchange"
    return f"{other} against {one}: {found.f1.value:+.1%}{bounds} F1, {tests}; {both}"


def _share(value: float) -> str:
    return f"{value:.2%}"


def _shown(figure: Interval) -> str:
    return f"{figure.value:.2%} ({figure.low:.1%} to {figure.high:.1%})" if figure.known else f"{figure.value:.2%}"
