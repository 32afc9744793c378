"""``counterfactual``: change a sentence in small ways, and see what becomes of each entity."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.commands.output import add_device, add_json, print_json, print_table, use_threads
from engine.commands.predict import checked_text, parse_readings
from engine.shipped import DEFAULT, SHIPPED

if TYPE_CHECKING:
    from engine.counterfactual.outcomes import Fate, Grid
    from engine.document import Document, Span

_DESCRIPTION = """\
Change a sentence in small ways, each by itself, and see what becomes of each entity: what the decision hangs on.

  python -m engine counterfactual --text 王芳昨天到了杭州。
  python -m engine counterfactual --text 王芳昨天到了杭州。 --edit homophone:1 --edit entity:0-2=LOC --json
  python -m engine counterfactual --checkpoint m3t --text 南京市长江大桥 --speech bridge.wav --edit pause:4=0.3 --edit no_pauses
  python -m engine counterfactual --checkpoint umt --text 苹果又上新了 --image shop.jpg --edit swap_picture:1=orchard.jpg

Offsets are half-open code points, as in what predict --json gives. Without --edit what is worth trying is tried. An edit is
NAME[:PLACE][=VALUE]:

  replace:3=王            write something else at 3; replace:3-5=… for a stretch
  homophone:3  :3=章      another character that is read alike
  lookalike:3  :3=末      another character that looks alike (by the vectors of glyphs)
  traditional, simplified the text in the other script
  entity:0-2              another name of the same type; entity:0-2=LOC of that type, entity:0-2=上海 that name
  mask:0-2                hide it with □; =某 with one 某, =unknown with what no vocabulary knows
  reading:3=zhang3        have it read otherwise (for a model that listens to readings)
  pause:4=0.3             let the speech pause before 4, for so many seconds (for a model that aligns speech, as m3t)
  no_pauses               take the pauses out of the speech
  no_picture:1            take the first picture away; without a number all of them
  swap_picture:1=F        put another picture in its place
  without=glyph           have the model leave a modality out: glyph, phonetic, speech, image"""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "counterfactual",
        help="change a sentence in small ways and see what its entities hang on",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_sentence(parser)
    parser.add_argument(
        "--edit", action="append", default=[], metavar="E", help="what to do; several may be given, each by itself"
    )
    add_device(parser)
    add_json(parser)
    parser.set_defaults(handler=counterfactual)


def add_sentence(parser: argparse.ArgumentParser) -> None:
    """Give a command its one sentence, what stands beside it, and the checkpoint that reads it."""
    parser.add_argument("--checkpoint", default=DEFAULT, metavar="C", help=f"name or folder of a checkpoint ({DEFAULT})")
    parser.add_argument("--text", required=True, metavar="T", help="the sentence, as it is")
    parser.add_argument("--reading", action="append", default=[], metavar="N=S", help="the character at offset N is read as S")
    parser.add_argument("--speech", metavar="F", help="a recording in which it is said; wav, flac, mp3 or ogg")
    parser.add_argument("--image", action="append", default=[], metavar="F", help="a picture beside it; several may be given")


def sentence_of(arguments: argparse.Namespace) -> Document:
    """Return the sentence of the arguments; what stands beside it is read, so that what is wrong with it is said now.

    Raises:
        InputError: if something cannot be read.
    """
    from engine.document import Document
    from engine.modalities.images import check_count, read_image
    from engine.modalities.speech import read_speech

    text = checked_text(arguments.text, "--text")
    if arguments.speech:
        read_speech(arguments.speech)
    check_count(arguments.image)
    for path in arguments.image:
        read_image(path)
    readings = parse_readings(arguments.reading, text)
    return Document(text, images=tuple(arguments.image), audio=arguments.speech, readings=readings)


def counterfactual(arguments: argparse.Namespace) -> int:
    """Print what becomes of each entity under each edit."""
    from engine.counterfactual.kinds import parse

    use_threads(arguments.threads)
    edits = [parse(words) for words in arguments.edit]
    document = sentence_of(arguments)
    from engine import tagger
    from engine.counterfactual.outcomes import outcomes
    from engine.counterfactual.trying import worth_trying

    model = tagger.load(
        arguments.checkpoint, *arguments.checkpoints, SHIPPED, device=arguments.device, precision=arguments.precision
    )
    (original,) = model.predict([document], explain=True)
    with tempfile.TemporaryDirectory(prefix="duomo-", ignore_cleanup_errors=True) as folder:
        chosen = edits or worth_trying(model, original)
        grid = outcomes(model, document, chosen, folder=Path(folder), original=original)
    if arguments.json:
        print_json(grid.to_json())
    else:
        _print(grid)
    return 0


def _print(grid: Grid) -> None:
    original = grid.original
    heads = [f"{original.mention(span)} {span.label} {span.score or 0:.0%}" for span in original.spans]
    rows = []
    for row in grid.rows:
        new = " ".join(_named(row.document, span) for span in row.new)
        rows.append((row.edit, row.document.text, *(_fate(row.document, fate) for fate in row.fates), new))
    print_table(rows, ("edit", "text", *heads, "new"))
    for hinge in grid.hinges:
        name = f"{original.mention(hinge.entity)} {hinge.entity.label}"
        flips = ", ".join(str(grid.rows[at].edit) for at in hinge.flips)
        print(f"{name}: hangs on {flips}" if flips else f"{name}: none of this changes it")


def _fate(document: Document, fate: Fate) -> str:
    if fate.found is None:
        return fate.fate
    change = "" if fate.change is None else f" {fate.change:+.0%}"
    return f"{fate.fate}{change}" if fate.fate == "kept" else f"{fate.fate}: {_named(document, fate.found)}"


def _named(document: Document, span: Span) -> str:
    return f"{document.mention(span)} {span.label} {span.score or 0:.0%}"
