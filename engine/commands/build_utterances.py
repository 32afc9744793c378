"""``build utterances``: speech for a corpus that has none."""

from __future__ import annotations

import argparse
import hashlib
import shlex
from collections.abc import Sequence
from typing import Any

from engine.commands.output import add_json, few, print_json, progress

_DESCRIPTION = """\
Build speech for an annotated corpus, from recordings of single syllables and from the voices of eSpeak NG.

  python -m engine build utterances --data news.jsonl --out spoken                       with five synthetic voices
  python -m engine build utterances --data news.jsonl --out spoken --recordings wang     a person's syllables: zhang3.wav, …
  python -m engine build utterances --data news.jsonl --out spoken --recordings wang --voice cmn-latn-pinyin+f2
  python -m engine build utterances --data news.jsonl --out still --mode none            without any pause, to compare with
  python -m engine build utterances --data news.jsonl --out spoken --hold-out 500        with a dev part of its own

It is no human utterance, and the README.md that it writes says so. Pauses between words are drawn alike, whether or not an entity
begins or ends there; words are those of jieba, cut further where an annotated entity begins or ends. Of a natural corpus a share
is spoken without pauses, and a share with pauses inside words, so that a system learns how far to trust them.

DIR then holds audio/*.flac, corpus.jsonl (read it like any corpus: python -m engine train --train DIR/corpus.jsonl),
construction.jsonl with the true start and end of every character, card.json and README.md. The same sentence, seed and speakers
give the same bytes, whatever else is in the corpus. Syllables in one folder are one speaker; what cannot be used is listed.
The meta of each document says under "pauses" how it is spoken: natural, none, misleading, or mute where there is no recording.

With --hold-out N, train.jsonl and dev.jsonl stand in the place of corpus.jsonl. N documents, drawn by the seed, are in dev.jsonl,
each of them four times: X, spoken with pauses between words, X.none, X.misleading and X.mute. train.jsonl holds the others,
spoken as they would be without the option."""


def add(builds: Any) -> None:
    """Add the command to those of ``build``."""
    parser = builds.add_parser(
        "utterances",
        help="speech for a corpus that has none",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", required=True, metavar="F", help="an annotated corpus; F#0/10 is every tenth document")
    parser.add_argument("--format", help="of the corpus; recognised if absent")
    parser.add_argument("--out", required=True, metavar="DIR", help="where to; replaced if it was built by this command")
    parser.add_argument(
        "--recordings", action="append", default=[], metavar="DIR", help="syllables of one speaker; may be given several times"
    )
    parser.add_argument(
        "--voice", action="append", default=[], metavar="V", help="a voice of eSpeak NG, as in build sounds; several times"
    )
    parser.add_argument(
        "--mode", default="natural", help="natural (the default): pauses between words; none; misleading: pauses inside words"
    )
    parser.add_argument(
        "--share-none", type=float, default=0.1, metavar="X", help="of a natural corpus, spoken without pauses; 0.1"
    )
    parser.add_argument("--share-misleading", type=float, default=0.05, metavar="X", help="with pauses inside words; 0.05")
    parser.add_argument(
        "--pause",
        type=float,
        metavar="S",
        help="a pause of so many seconds at every place for one; drawn, and not at each, by default",
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn; 0")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N documents alone")
    parser.add_argument("--hold-out", type=int, metavar="N", help="hold out N documents, and speak them every way, in dev.jsonl")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="how many work at a time; 1")
    add_json(parser)
    parser.set_defaults(handler=utterances)


def utterances(arguments: argparse.Namespace) -> int:
    """Build speech in this process, or in several."""
    from engine import formats
    from engine.errors import InputError
    from engine.synthesis.speakers import Speaker, recorded_speaker, synthetic_speaker
    from engine.synthesis.speaking import VOICES, check_voice
    from engine.synthesis.utterance_building import Plan, build_utterances, check_target

    plan = Plan(arguments.mode, arguments.share_none, arguments.share_misleading, arguments.seed, arguments.pause)
    if arguments.limit is not None and arguments.limit < 1:
        raise InputError(f"--limit: expected a number from 1 on, got {arguments.limit}")
    check_target(arguments.out)
    documents = formats.read(arguments.data, arguments.format)[: arguments.limit]
    if not documents:
        raise InputError(f"{arguments.data} holds no documents to build speech for")
    voices: Sequence[str] = arguments.voice or ([] if arguments.recordings else VOICES)
    for voice in voices:
        check_voice(voice)
    with progress("speaker") as observe:
        speakers: list[Speaker] = []
        for prepare, given in ((recorded_speaker, arguments.recordings), (synthetic_speaker, voices)):
            for name in given:
                speakers.append(prepare(name))
                observe(len(speakers), len(arguments.recordings) + len(voices))
    source = {
        "data": str(arguments.data),
        "data_sha256": _digest(formats.part(arguments.data)[0]),
        "command": _command(arguments),
    }
    with progress("utterance") as observe:
        report = build_utterances(
            arguments.out, documents, speakers, plan, arguments.processes, source, observe, arguments.hold_out
        )
    if arguments.json:
        print_json(
            {
                "folder": str(report.folder),
                **report.card,
                "problems": list(report.problems),
                "seconds": round(report.seconds, 1),
                "size_bytes": report.size_bytes,
            }
        )
    else:
        _print(report)
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that makes the same again, wherever to."""
    options = ["--data", str(arguments.data), "--mode", arguments.mode, "--seed", str(arguments.seed)]
    options += ["--share-none", str(arguments.share_none), "--share-misleading", str(arguments.share_misleading)]
    for name in ("recordings", "voice"):
        options += [word for value in getattr(arguments, name) for word in (f"--{name}", value)]
    for name in ("pause", "format", "limit", "hold_out"):
        value = getattr(arguments, name)
        options += [f"--{name.replace('_', '-')}", str(value)] if value is not None else []
    return f"python -m engine build utterances {shlex.join(options)} --out DIR"


def _digest(path: Any) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _print(report: Any) -> None:
    card, megabytes, pace = report.card, report.size_bytes / 1e6, report.card["utterances"] / max(report.seconds, 1e-9)
    print(
        f"{report.folder}: {card['utterances']:,} utterances, {card['hours']:.2f} h of built speech, {megabytes:.0f} MB, "
        f"in {report.seconds:.0f} s ({pace:.1f} a second)"
    )
    print(f"spoken: {', '.join(f'{count:,} {mode}' for mode, count in card['modes'].items())}; see {report.folder}/README.md")
    if card["held_out"]:
        print(f"held out: {card['held_out']:,} documents, in dev.jsonl in each mode and without speech")
    for speaker in card["speakers"]:
        print(f"  {speaker['utterances']:>6,}  {speaker['name']}, {speaker['syllables']:,} syllables")
    for name, told in (("replaced", "said in another tone"), ("unsaid", "not said")):
        if card[name]:
            listed = few([f"{what} ({count:,})" for what, count in card[name].items()], "; ")
            print(f"{sum(card[name].values()):,} syllables {told}, for want of a sound: {listed}")
    if card["without_speech"]:
        listed = few([f"{row['id']}: {row['reason']}" for row in card["without_speech"]], "\n  ")
        print(f"{len(card['without_speech']):,} utterances could not be built:", listed, sep="\n  ")
    if report.problems:
        print(f"left out {len(report.problems):,} sounds:", few(report.problems, "\n  "), sep="\n  ")
