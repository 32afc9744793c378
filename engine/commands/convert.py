"""``convert``: a corpus from one format to another; ``formats``: what there is."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from engine.commands.output import add_json, few, print_json, print_table

_DESCRIPTION = """\
Write a corpus in another format, and say what that format could not hold.

  python -m engine convert --data engine/samples/news.jsonl --to bioes --out news.bioes
  python -m engine convert --data project.json --to jsonl --out news.jsonl      Label Studio's export, recognised
  python -m engine convert --data brat/ --from brat --to csv --out news.csv     a folder of .txt and .ann
  python -m engine convert --data news.jsonl --to bundle --out news.zip         with pictures and speech
  python -m engine convert --data export.jsonl --check                          only look: labels, problems, missing files

Offsets are converted where the text beside them shows that they count UTF-16 units; texts are never changed, unless the report
says so. A malformed file is refused with every bad line, and nothing is written; --check lists them beside what is sound.

Nothing is lost silently: what the new format cannot hold is counted (lost), and so is what the old file says that Duomo does not
keep, as relations (noted). `python -m engine formats` lists all formats and what they cannot hold."""


def add(commands: Any) -> None:
    """Add both commands."""
    parser = commands.add_parser(
        "convert",
        help="write a corpus in another format",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", required=True, metavar="F", help="corpus, also .xz or .gz; or a folder")
    parser.add_argument("--from", dest="source_format", metavar="FORMAT", help="its format; recognised if not given")
    parser.add_argument("--to", dest="target_format", default="jsonl", metavar="FORMAT", help="format to write; jsonl by default")
    aim = parser.add_mutually_exclusive_group(required=True)
    aim.add_argument("--out", metavar="PATH", help="file to write; a new folder for brat and texts")
    aim.add_argument("--check", action="store_true", help="write nothing: say what is in the corpus and what is wrong with it")
    add_json(parser)
    parser.set_defaults(handler=convert)
    listing = commands.add_parser(
        "formats",
        help="list the formats of corpora",
        description="List the formats that are read and written, and what each cannot hold of a document.",
    )
    add_json(listing)
    listing.set_defaults(handler=list_formats)


def convert(arguments: argparse.Namespace) -> int:
    """Write the corpus, or look at it, and report; the status of a look is 2 where something is malformed."""
    from engine import formats

    if arguments.check:
        return _check(arguments)
    notes: Counter[str] = Counter()
    written = formats.write(
        formats.stream(arguments.data, arguments.source_format, notes), arguments.out, arguments.target_format
    )
    if arguments.json:
        lost = {part.key: count for part, count in written.lost.items()}
        print_json({"out": arguments.out, "documents": written.documents, "lost": lost, "noted": dict(notes)})
        return 0
    print(f"{written.documents:,} documents written to {arguments.out} as {arguments.target_format}")
    for part, count in written.lost.items():
        print(f"lost   {count:>8,}  {part.title}")
    _print_notes(notes)
    if not written.lost and not notes:
        print("nothing is lost")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from engine import formats

    seen = formats.preview(arguments.data, arguments.source_format)
    if arguments.json:
        print_json(seen.to_json())
        return 2 if seen.problems else 0
    print(f"{seen.format or 'no format known'}: {seen.documents:,} sound documents, {seen.characters:,} characters")
    if seen.labels:
        print_table([(label, f"{count:,}") for label, count in seen.labels.items()], ("label", "spans"))
    _print_notes(seen.notes)
    if seen.found or seen.missing:
        print(f"{seen.found:,} pictures and recordings found, {len(seen.missing):,} missing", end="")
        print(f": {few(seen.missing, ', ')}" if seen.missing else "")
    if seen.problems:
        print(f"{len(seen.problems):,} problems:\n{few([str(problem) for problem in seen.problems], chr(10))}", file=sys.stderr)
    return 2 if seen.problems else 0


def _print_notes(notes: Any) -> None:
    for note, count in notes.items():
        print(f"noted  {count:>8,}  {note}")


def list_formats(arguments: argparse.Namespace) -> int:
    """Print every format."""
    from engine.formats import FORMATS

    if arguments.json:
        print_json(
            [
                {
                    "name": f.name,
                    "title": f.title,
                    "extensions": list(f.extensions),
                    "reads": True,
                    "writes": True,
                    "cannot_hold": [part.key for part in f.lacks],
                }
                for f in FORMATS.values()
            ]
        )
        return 0
    print_table(
        [(f.name, f.title, " ".join(f.extensions), ", ".join(part.key for part in f.lacks) or "-") for f in FORMATS.values()],
        ("name", "what it is", "usual endings", "cannot hold"),
    )
    print("all are read and written; / is a folder")
    return 0
