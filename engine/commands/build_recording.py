"""``build recording``: one sentence, said in the words that somebody marks."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.commands.output import add_json, print_json, print_table
from engine.commands.predict import parse_readings
from engine.errors import InputError

_SUFFIXES = (".wav", ".flac")
_MARKS = str.maketrans({"｜": "|"})

_DESCRIPTION = """\
Build a recording of one sentence, said in the words that you mark: the same characters can be said in more than one way.

  python -m engine build recording "南京市|长江大桥" --out bridge.flac      a bridge over the Yangtze, at Nanjing
  python -m engine build recording "南京|市长|江大桥" --out mayor.flac      a mayor of Nanjing, of the name Jiang
  python -m engine build recording "很|长" --reading 1=chang2 --out long.wav --recordings speakers/wang

Wherever a | (or ｜) stands there is a pause, and nowhere else. Each word is read by itself, as a dictionary has it: 市长 is shi4
zhang3, 长江 is chang2 jiang1; --reading overrules, offsets do not count the marks. Digits are said one by one, letters are not.
It is no human utterance: single syllables, a person's or those of eSpeak NG, are put together. With one seed, the syllables of
two recordings are as long and as loud. The file is replaced if it is there."""


def add(builds: Any) -> None:
    """Add the command to those of ``build``."""
    parser = builds.add_parser(
        "recording",
        help="one sentence, said in the words that you mark",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("text", metavar="WORDS", help="the sentence, with | between its words")
    parser.add_argument("--out", required=True, metavar="F", help="the recording, .wav or .flac")
    speaker = parser.add_mutually_exclusive_group()
    speaker.add_argument("--recordings", metavar="DIR", help="a person's syllables: zhang3.wav, …")
    speaker.add_argument("--voice", metavar="V", help="a voice of eSpeak NG, as in build sounds; one of them by default")
    parser.add_argument(
        "--reading",
        action="append",
        default=[],
        metavar="N=S",
        help="the character at offset N, marks not counted, is read as S, e.g. 3=zhang3; several may be given",
    )
    parser.add_argument("--pause", type=float, default=0.12, metavar="S", help="seconds of a pause, give or take a fifth; 0.12")
    parser.add_argument("--noise", type=float, metavar="DB", help="noise so much softer than the voice, 0 to 60; none by default")
    parser.add_argument("--echo", type=float, metavar="S", help="a room that echoes for so long, 0.05 to 1; none by default")
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn; 0")
    add_json(parser)
    parser.set_defaults(handler=recording)


def recording(arguments: argparse.Namespace) -> int:
    """Write the recording and say when each character is said."""
    import numpy as np

    from engine.modalities.scripts import MARK, script_of_words
    from engine.modalities.speech import LONGEST, RATE
    from engine.synthesis.speakers import recorded_speaker, synthetic_speaker
    from engine.synthesis.speaking import VOICES
    from engine.synthesis.utterances import LONGEST_PAUSE, SHORTEST_PAUSE, Delivery, say

    target = _checked_target(Path(arguments.out))
    for name, (least, most) in {
        "pause": (SHORTEST_PAUSE, LONGEST_PAUSE),
        "noise": (0, 60),
        "echo": (0.05, 1),
        "seed": (0, 2**63),
    }.items():
        value = getattr(arguments, name)
        if value is not None and not least <= value <= most:
            raise InputError(f"--{name}: expected {least} to {most}, got {value}")
    words = arguments.text.translate(_MARKS).split(MARK)
    text = "".join(words)
    if not text.strip():
        raise InputError("there is nothing between the marks; give a sentence in Chinese characters")
    script = script_of_words(words, parse_readings(arguments.reading, text))
    if not script.said:
        raise InputError(f"there is nothing to say in {arguments.text!r}; give a sentence in Chinese characters")
    speaker = recorded_speaker(arguments.recordings) if arguments.recordings else synthetic_speaker(arguments.voice or VOICES[0])
    room = {} if arguments.echo is None else {"decay": arguments.echo}
    noise = {} if arguments.noise is None else {"noise": "pink", "snr_db": arguments.noise}
    said = say(script, speaker, Delivery(**room, **noise), np.random.default_rng(arguments.seed), arguments.pause)
    seconds = len(said.waveform) / RATE
    if seconds > LONGEST:
        raise InputError(f"it would take {seconds:.0f} s, and {LONGEST:.0f} s is the most; give a shorter sentence")
    _write(target, said.waveform, RATE)
    report = {
        "file": str(target),
        "text": text,
        "seconds": round(seconds, 4),
        "words": words,
        "syllables": list(script.syllables),
        "characters": [[round(time, 4) for time in times] if times else None for times in said.characters],
        "pauses": [[round(start, 4), round(end, 4)] for start, end, _ in said.pauses],
        "replaced": {str(i): syllable for i, syllable in said.replaced.items()},
        "unsaid": list(said.unsaid),
        "speaker": speaker.name,
        "licence": speaker.licence,
        "seed": arguments.seed,
    }
    if arguments.json:
        print_json(report)
    else:
        _print(report)
    return 0


def _checked_target(target: Path) -> Path:
    if target.suffix.lower() not in _SUFFIXES:
        raise InputError(f"--out {target}: a recording is written as {' or '.join(_SUFFIXES)}; give a name that ends in one")
    if not target.parent.is_dir():
        raise InputError(f"--out {target}: there is no folder {target.parent}; make it first")
    if target.is_dir():
        raise InputError(f"--out {target} is a folder; give the name of a file")
    return target


def _write(target: Path, waveform: Any, rate: int) -> None:
    import soundfile

    try:
        soundfile.write(target, waveform, rate, subtype="PCM_16")
    except (OSError, soundfile.SoundFileError) as error:
        raise InputError(f"{target} cannot be written ({error}); check who may write there, and what room is left") from error


def _print(report: Mapping[str, Any]) -> None:
    print(f"{report['file']}: {' | '.join(report['words'])}, {report['seconds']:.2f} s")
    print(f"said by {report['speaker']}, {report['licence']}")
    spoken = zip(report["text"], report["syllables"], report["characters"], strict=True)
    rows = [
        (*times, character, report["replaced"].get(str(i), syllable))
        for i, (character, syllable, times) in enumerate(spoken)
        if times
    ]
    rows += [(*times, "", "pause") for times in report["pauses"]]
    print_table(
        [(f"{start:.3f}", f"{end:.3f}", said, character) for start, end, character, said in sorted(rows)],
        ("from", "to s", "", ""),
    )
    if report["replaced"]:
        wanted = ", ".join(f"{report['syllables'][int(i)]} as {said}" for i, said in report["replaced"].items())
        print(f"said in another tone, for want of a sound: {wanted}")
    if report["unsaid"]:
        print(f"not said, for want of a sound: {' '.join(report['syllables'][i] for i in report['unsaid'])}")
