"""``influence``: which corrections caused what a retrained checkpoint says of a text."""

from __future__ import annotations

import argparse
from typing import Any

from engine.commands.output import add_json, print_json, print_table, use_threads
from engine.errors import InputError

_DESCRIPTION = """\
Say which corrections of a retraining caused what the new checkpoint says of a text: by the dot product of the gradients (TracIn),
and by the similarity of the encoder's vectors.

  python -m engine influence --run runs/20261121-101500 --text 我们在巴旦木小镇住了两天。
  python -m engine influence --run runs/20261121-101500 --text 我们在巴旦木小镇住了两天。 --span 3-8 --json"""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "influence",
        help="say which corrections caused a reading",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--run", required=True, metavar="DIR", help="folder of a retraining that is done")
    parser.add_argument("--text", required=True, metavar="T", help="a text that is read otherwise now")
    parser.add_argument(
        "--span", metavar="START-END", help="the stretch asked about; by default the first that is read otherwise"
    )
    parser.add_argument("--top", type=int, default=5, metavar="N", help="how many corrections to show (5)")
    parser.add_argument("--threads", type=int, help="CPU threads")
    add_json(parser)
    parser.set_defaults(handler=show_causes)


def show_causes(arguments: argparse.Namespace) -> int:
    """Print the corrections.

    Raises:
        InputError: if the span or the number is not one.
    """
    use_threads(arguments.threads)
    from engine.document import Document
    from engine.influence import causes_of_run
    from engine.run import Run

    if arguments.top < 1:
        raise InputError(f"--top: expected a number from 1 on, got {arguments.top}")
    span, found = causes_of_run(Run(arguments.run), Document(arguments.text), _span(arguments.span))
    shown = found[: arguments.top]
    if arguments.json:
        asked = {"start": span.start, "end": span.end, "label": span.label}
        print_json({"text": arguments.text, "span": asked, "causes": [cause.to_json() for cause in shown]})
        return 0
    print(f"{arguments.text[span.start : span.end]} {span.label}")
    rows = []
    for cause in shown:
        document = cause.document
        marked = ", ".join(f"{document.mention(s)}={s.label}" for s in document.spans) or "nothing"
        rows.append((cause.row, f"{cause.gradient:.4g}", f"{cause.similarity:.3f}", marked, document.text))
    print_table(rows, ("row", "gradient", "similarity", "marks", "text"))
    return 0


def _span(given: str | None) -> tuple[int, int] | None:
    if given is None:
        return None
    start, dash, end = given.partition("-")
    if not dash or not start.isdecimal() or not end.isdecimal():
        raise InputError(f"--span: expected START-END, got {given!r}")
    return int(start), int(end)
