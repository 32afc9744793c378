"""``build pictures``: pictures for a corpus that has none."""

from __future__ import annotations

import argparse
import hashlib
import shlex
from typing import Any

from engine.commands.output import add_json, few, print_json, progress

_DESCRIPTION = """\
Build pairs of posts and pictures: give each document of an annotated corpus pictures whose kind fits what its entities are.

  python -m engine build pictures --train train.txt --dev dev.txt --pictures caltech101 --out pictured
  python -m engine build pictures --data posts.jsonl --pictures caltech101 --pictures imagenet_samples --out pictured
  python -m engine build pictures --data posts.jsonl --pictures caltech101 --hold-out 500 --out pictured     with a dev part
  python -m engine build pictures --data posts.jsonl --pictures mine --kinds mine.json --out pictured        kinds of your own

It is not what people posted, and the README.md that it writes says so. A folder of pictures holds a folder for each kind, as
Caltech-101 does (Faces, pagoda, laptop, …), or files that name theirs, n02747177_ashcan.jpg. Which kinds fit which type of entity
is written in engine/synthesis/picture_kinds.json: faces fit PER, pagodas LOC, soccer balls ORG, laptops MISC; animals, food and
furniture fit nothing. GPE, LOC.NAM, PRODUCT and the like count as one of the four; --kinds F reads another such table.

Half of the documents are given one to nine pictures that all fit; a quarter, pictures of which some fit; a quarter, such as do
not. A document is given the same whatever else is in the corpus. Damaged pictures are left out and listed.

DIR then holds pictures/, corpus.jsonl, or train.jsonl and dev.jsonl (read them like any corpus: python -m engine train --train
DIR/train.jsonl), pictures.jsonl with what each picture shows and where it comes from, card.json and README.md. The meta of each
document says under "pictures" related, partly or unrelated, and under "related" of each picture whether it fits: 1,0,1.

dev.jsonl holds each document up to four times: X with the pictures drawn for it, X.related with fitting ones alone, X.unrelated
with none that fits, and X.text without pictures; "shown" in the meta says which. No picture is in both files."""


def add(builds: Any) -> None:
    """Add the command to those of ``build``."""
    parser = builds.add_parser(
        "pictures",
        help="pictures for a corpus that has none",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--train", metavar="F", help="an annotated corpus; F#0/10 is every tenth document; goes with --dev")
    parser.add_argument("--dev", metavar="F", help="another, to be judged by")
    parser.add_argument("--data", metavar="F", help="one corpus, instead of --train and --dev")
    parser.add_argument("--hold-out", type=int, metavar="N", help="with --data: draw N documents for dev.jsonl")
    parser.add_argument("--format", help="of the corpora; recognised if absent")
    parser.add_argument(
        "--pictures", action="append", required=True, metavar="DIR", help="pictures by kind; may be given several times"
    )
    parser.add_argument("--kinds", metavar="F", help="which kinds fit which type, instead of picture_kinds.json")
    parser.add_argument("--out", required=True, metavar="DIR", help="where to; replaced if it was built by this command")
    parser.add_argument("--share-partly", type=float, default=0.25, metavar="X", help="of documents, some pictures fit; 0.25")
    parser.add_argument("--share-unrelated", type=float, default=0.25, metavar="X", help="no picture fits; 0.25")
    parser.add_argument(
        "--share-held", type=float, default=0.25, metavar="X", help="of the pictures, for dev.jsonl alone, if there is one; 0.25"
    )
    parser.add_argument(
        "--mean", type=float, default=3.67, metavar="X", help="pictures of a document on average, 1 to 9; 3.67, as in CMNER"
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn; 0")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N documents of a corpus alone")
    add_json(parser)
    parser.set_defaults(handler=pictures)


def pictures(arguments: argparse.Namespace) -> int:
    """Build pairs in this process."""
    from engine import formats
    from engine.synthesis.picture_building import build_pictures, check_target
    from engine.synthesis.picture_pairs import CORPUS, DEV, TRAIN, Plan, parts_of
    from engine.synthesis.picture_pool import KINDS, Kinds, find_pictures

    _check(arguments)
    plan = Plan(arguments.share_partly, arguments.share_unrelated, arguments.seed, arguments.mean, arguments.share_held)
    check_target(arguments.out)
    kinds = Kinds.read(arguments.kinds or KINDS)
    if arguments.data:
        files = {CORPUS if arguments.hold_out is None else f"{TRAIN}, {DEV}": arguments.data}
        parts = parts_of(_read(arguments.data, arguments), arguments.hold_out, plan.seed)
    else:
        files = {TRAIN: arguments.train, DEV: arguments.dev}
        parts = {part: _read(file, arguments) for part, file in files.items()}
    with progress("picture") as observe:
        found = find_pictures(arguments.pictures, kinds, observe)
    source = {
        "data": {part: str(file) for part, file in files.items()},
        "data_sha256": {part: _digest(formats.part(file)[0]) for part, file in files.items()},
        "command": _command(arguments),
    }
    with progress("copy") as observe:
        report = build_pictures(arguments.out, parts, found, kinds, plan, source, observe)
    if arguments.json:
        figures = {"seconds": round(report.seconds, 1), "size_bytes": report.size_bytes}
        print_json({"folder": str(report.folder), **report.card, **figures})
    else:
        _print(report)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    from engine.errors import InputError

    given = [f"--{name}" for name in ("data", "train", "dev") if getattr(arguments, name)]
    if given not in (["--data"], ["--train", "--dev"]):
        got = f"got {' and '.join(given)}" if given else "got none of them"
        raise InputError(f"expected --train and --dev, or --data alone; {got}")
    if arguments.hold_out is not None and not arguments.data:
        raise InputError("--hold-out draws a dev part from --data; with --dev there is one already, leave one of them out")
    if arguments.limit is not None and arguments.limit < 1:
        raise InputError(f"--limit: expected a number from 1 on, got {arguments.limit}")


def _read(file: str, arguments: argparse.Namespace) -> list[Any]:
    from engine import formats
    from engine.errors import InputError

    documents = formats.read(file, arguments.format)[: arguments.limit]
    if not documents:
        raise InputError(f"{file} holds no documents to give pictures to")
    return documents


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that makes the same again, wherever to."""
    options = []
    for name in ("train", "dev", "data", "hold_out", "format", "kinds", "limit"):
        value = getattr(arguments, name)
        options += [f"--{name.replace('_', '-')}", str(value)] if value is not None else []
    for folder in arguments.pictures:
        options += ["--pictures", str(folder)]
    for name in ("share_partly", "share_unrelated", "share_held", "mean", "seed"):
        options += [f"--{name.replace('_', '-')}", f"{getattr(arguments, name)}"]
    return f"python -m engine build pictures {shlex.join(options)} --out DIR"


def _digest(path: Any) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _print(report: Any) -> None:
    card = report.card
    print(
        f"{report.folder}: {card['documents']:,} documents with built pairs, {card['pictures']:,} picture files, "
        f"{report.size_bytes / 1e6:.0f} MB, in {report.seconds:.0f} s; see {report.folder}/README.md"
    )
    for part, row in card["parts"].items():
        pairings = ", ".join(f"{count:,} {pairing}" for pairing, count in row["pairings"].items())
        print(
            f"  {part}: {row['documents']:,} documents, {pairings} ({row['nothing_fits']:,} that no kind fits); "
            f"{row['mean']:.2f} pictures each, {row['files']:,} files"
        )
    if card["held_out"]:
        print(f"held out: {card['held_out']:,} documents, in dev.jsonl as drawn, related, unrelated and without pictures")
    for name, row in card["types"].items():
        files, shown = (sum(kind[what] for kind in row["kinds"].values()) for what in ("files", "shown"))
        print(f"  {shown:>7,}  {name}, {files:,} pictures of {len(row['kinds']):,} kinds")
    if card["labels_without_pictures"]:
        print("no picture fits", few([f"{label} ({n:,})" for label, n in card["labels_without_pictures"].items()], ", "))
    if card["unknown_kinds"]:
        print("not used, of unknown kinds:", few([f"{kind} ({n:,})" for kind, n in card["unknown_kinds"].items()], ", "))
    if card["left_out"]:
        print(f"left out {len(card['left_out']):,} pictures:", few(card["left_out"], "\n  "), sep="\n  ")
