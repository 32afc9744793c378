"""``build translation``: an annotated corpus in another language."""

from __future__ import annotations

import argparse
import hashlib
import shlex
from typing import Any

from engine.commands.output import add_json, few, print_json, progress

_DESCRIPTION = """\
Translate an annotated corpus: its texts, its entities and their labels, with the pictures that belong to them.

  python -m engine build translation --data train.jsonl --translator opus-mt-en-zh --out zh/train.jsonl
  python -m engine build translation --data posts.jsonl --translator opus-mt-zh-en --from-language zh --to-language en \\
      --out en/posts.jsonl
  python -m engine build translation --data train.jsonl --translator nllb-200-distilled-600M --from-language eng_Latn \\
      --to-language zho_Hans --out zh/train.jsonl

No translator ships. --translator is a translation model of transformers, a folder or a name of the hub, with safetensors weights:
opus-mt (Marian) is made for one pair of languages; M2M100, NLLB and mBART are told the languages by the codes that they have, and
understand zh and en. The tokenizers of Marian and M2M100 need `pip install sentencepiece`.

Each entity is replaced by the placeholder SPAN, SPAN1, SPAN2, … where there are several; the text is translated sentence by
sentence, each entity by itself and put where its placeholder has come to stand (CMNER, section 5.2). A translation in which a
placeholder is lost, doubled or mangled is left out; how many and why is printed, and written beside FILE into its .card.json. Of
entities that overlap only the outermost are translated. Recordings and readings are left behind, since they say the text as it
was.

FILE appears when all of it is translated. A build that was interrupted goes on where it stopped when called again."""


def add(builds: Any) -> None:
    """Add the command to those of ``build``."""
    parser = builds.add_parser(
        "translation",
        help="an annotated corpus in another language",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", required=True, metavar="F", help="an annotated corpus; F#0/10 is every tenth document")
    parser.add_argument("--format", help="of the corpus; recognised if absent")
    parser.add_argument("--translator", required=True, metavar="NAME", help="a translation model: a folder, or a name of the hub")
    parser.add_argument("--from-language", default="en", metavar="L", help="of the corpus; en")
    parser.add_argument("--to-language", default="zh", metavar="L", help="to translate to; zh")
    parser.add_argument("--beams", type=int, default=4, metavar="N", help="of the search; 1 is the fastest; 4")
    parser.add_argument("--device", default="", help="cpu, cuda, cuda:1, …; a GPU if there is one by default")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N documents alone")
    parser.add_argument("--out", required=True, metavar="FILE", help="where to, a .jsonl; replaced if this command built it")
    add_json(parser)
    parser.set_defaults(handler=translation)


def translation(arguments: argparse.Namespace) -> int:
    """Translate a corpus in this process."""
    from engine import formats
    from engine.errors import InputError
    from engine.synthesis.translation_building import build_translation, check_target

    if arguments.limit is not None and arguments.limit < 1:
        raise InputError(f"--limit: expected a number from 1 on, got {arguments.limit}")
    if arguments.from_language == arguments.to_language:
        raise InputError(f"--from-language and --to-language are both {arguments.to_language!r}; give two")
    check_target(arguments.out)
    documents = formats.read(arguments.data, arguments.format)[: arguments.limit]
    source = {
        "data": str(arguments.data),
        "data_sha256": hashlib.sha256(formats.part(arguments.data)[0].read_bytes()).hexdigest(),
        "command": _command(arguments),
    }
    from engine.synthesis.translator import PretrainedTranslator

    translator = PretrainedTranslator(
        arguments.translator,
        arguments.from_language,
        arguments.to_language,
        beams=arguments.beams,
        device=arguments.device,
    )
    with progress("text") as observe:
        report = build_translation(arguments.out, documents, translator, source, observe)
    if arguments.json:
        print_json({"file": str(report.file), **report.card, "seconds": round(report.seconds, 1)})
    else:
        _print(report)
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that makes the same again, wherever to."""
    options: list[str] = []
    for name in ("data", "format", "translator", "from_language", "to_language", "beams", "limit"):
        value = getattr(arguments, name)
        options += [f"--{name.replace('_', '-')}", str(value)] if value is not None else []
    return f"python -m engine build translation {shlex.join(options)} --out FILE"


def _print(report: Any) -> None:
    from engine.synthesis.translation_building import card_of

    card = report.card
    print(
        f"{report.file}: {card['translated']:,} of {card['documents']:,} documents, {card['entities_translated']:,} of "
        f"{card['entities']:,} entities, {card['from']} to {card['to']}, in {report.seconds:.0f} s; see {card_of(report.file)}"
    )
    for reason, count in card["lost"].items():
        names = [row["id"] for row in card["left_out"] if row["reason"] == reason]
        print(f"left out {count:,}, {reason}: {few(names, ' ')}")
    for what, count in card["dropped"].items():
        print(f"not translated: {count:,} {what}")
