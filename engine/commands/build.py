"""``build``: the databases that modalities look things up in, and speech, pictures and translations for corpora."""

from __future__ import annotations

import argparse
from typing import Any

from engine.commands import build_pictures, build_recording, build_translation, build_utterances
from engine.commands.output import add_json, few, print_json, progress

_DESCRIPTION = """\
Build what a modality learns from; once is enough.

  python -m engine build glyphs      how characters look, for pre-training the glyph modality
  python -m engine build sounds      how syllables sound, for pre-training the phonetic modality
  python -m engine build utterances  speech for a corpus that has none
  python -m engine build recording   one sentence, said in the words that you mark
  python -m engine build pictures    pictures for a corpus that has none
  python -m engine build translation an annotated corpus in another language

The first two make vectors of your own (python -m engine pretrain glyphs, or sounds); the ones that ship need neither."""

_GLYPHS = """\
Build the database of glyphs (GlyDB): a grey picture of 48 by 48 of every Han character that all of some typefaces can draw.

  python -m engine build glyphs                                 with up to six of the known typefaces that this machine has
  python -m engine build glyphs --typeface my/kai.ttf --typeface /usr/share/fonts/truetype/arphic/uming.ttc:1

Debian has six with 19,076 characters in common: fonts-noto-cjk (Noto Sans TC and Noto Serif TC), fonts-arphic-uming,
fonts-arphic-ukai and fonts-cns11643-{sung,kai}. macOS and Windows bring some of their own, and `pip install zhplot` carries one.
With fewer it works all the same, on what they have. A damaged typeface is named and left out."""

_SOUNDS = """\
Build the database of sounds (PhnDB): a Mel-spectrogram for each syllable of Mandarin and each speaker.

  python -m engine build sounds                                     synthetic voices alone
  python -m engine build sounds --recordings speakers/wang          and a person's recordings, cmn-chang2.mp3, zhang3.wav, …
  python -m engine build sounds --recordings wang --no-synthesis    those alone
  python -m engine build sounds --voice cmn-latn-pinyin+f2 --voice cmn-latn-pinyin+m3@pitch=40,speed=140

A folder of recordings (wav, mp3, flac, ogg) is one speaker. The file names hold the syllable in Pinyin with its tone, 1 to 5, and
v for ü: lv4. What cannot be used is left out and listed. Voices come from eSpeak NG, offline: `pip install espeakng-loader`."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "build",
        help="build a database of a modality, speech, pairs of posts and pictures, or a translation",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    databases = parser.add_subparsers(metavar="WHAT", required=True)
    _add_glyphs(databases)
    _add_sounds(databases)
    build_utterances.add(databases)
    build_recording.add(databases)
    build_pictures.add(databases)
    build_translation.add(databases)


def _add_glyphs(databases: Any) -> None:
    glyphs = databases.add_parser(
        "glyphs", help="how characters look", description=_GLYPHS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    glyphs.add_argument(
        "--typeface",
        action="append",
        default=[],
        metavar="F[:FACE]",
        help="a .ttf, .otf or .ttc file, and which of a collection's faces; several times; instead of the known ones",
    )
    glyphs.add_argument("--out", metavar="DIR", help="where to; by default where pre-training looks for it, in your cache")
    add_json(glyphs)
    glyphs.set_defaults(handler=glyph_database)


def glyph_database(arguments: argparse.Namespace) -> int:
    """Build the database of glyphs in this process."""
    from engine.modalities.databases import database
    from engine.modalities.glyphs import build_glyphs
    from engine.modalities.typefaces import WANTED, Typeface, installed

    typefaces = [Typeface.parse(value) for value in arguments.typeface] or installed()[:WANTED]
    with progress("glyph") as observe:
        report = build_glyphs(arguments.out or database("glyphs"), typefaces, observe)
    if arguments.json:
        print_json(report)
        return 0
    print(
        f"{report['folder']}: {report['characters']:,} characters in {len(report['typefaces'])} typefaces, "
        f"{report['bytes'] / 1e6:.0f} MB, in {report['seconds']:.0f} s"
    )
    for name in report["typefaces"]:
        print(f"  {name}")
    if len(report["typefaces"]) < WANTED:
        print(f"the paper has {WANTED} typefaces; more of them, named with --typeface, make vectors that generalise better")
    if report["empty"]:
        print(f"left out {len(report['empty'])} characters that a typeface lists but does not draw: {few(report['empty'], ' ')}")
    if report["left_out"]:
        print(f"left out {len(report['left_out'])}:", few(list(report["left_out"].values()), "\n  "), sep="\n  ")
    return 0


def _add_sounds(databases: Any) -> None:
    sounds = databases.add_parser(
        "sounds", help="how syllables sound", description=_SOUNDS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sounds.add_argument(
        "--recordings", action="append", default=[], metavar="DIR", help="recordings of one speaker; may be given several times"
    )
    sounds.add_argument(
        "--voice",
        action="append",
        default=[],
        metavar="V",
        help="a voice of eSpeak NG, with @pitch=0…100,range=0…100,speed=80…450 if wanted; several times; five voices by default",
    )
    sounds.add_argument("--no-synthesis", action="store_true", help="build from recordings alone")
    sounds.add_argument("--out", metavar="DIR", help="where to; by default where systems look for it, in your cache")
    add_json(sounds)
    sounds.set_defaults(handler=sounds_database)


def sounds_database(arguments: argparse.Namespace) -> int:
    """Build the database of sounds in this process."""
    from engine.errors import InputError
    from engine.modalities.databases import database
    from engine.synthesis.sound_building import build_sounds
    from engine.synthesis.speaking import VOICES

    if arguments.no_synthesis and arguments.voice:
        raise InputError("--no-synthesis and --voice contradict each other; give one of them")
    voices = [] if arguments.no_synthesis else arguments.voice or VOICES
    with progress("sound") as observe:
        report = build_sounds(arguments.out or database("sounds"), arguments.recordings, voices, observe)
    if arguments.json:
        print_json(
            {
                "database": str(report.folder),
                "rows": report.rows,
                "syllables": report.syllables,
                "speakers": dict(report.speakers),
                "missing": list(report.missing),
                "problems": [{"source": problem.source, "reason": problem.reason} for problem in report.problems],
                "seconds": round(report.seconds, 1),
                "size_bytes": report.size_bytes,
            }
        )
        return 0
    _print_sounds(report)
    return 0


def _print_sounds(report: Any) -> None:
    print(
        f"{report.folder}: {report.rows:,} sounds of {report.syllables:,} syllables, {report.size_bytes / 1e6:.0f} MB, "
        f"in {report.seconds:.0f} s"
    )
    for speaker, rows in report.speakers.items():
        print(f"  {rows:>6,}  {speaker}")
    if report.missing:
        print(f"nobody says {len(report.missing)} syllables: {few(report.missing, ' ')}")
    if report.problems:
        print(f"left out {len(report.problems)}:", few([str(problem) for problem in report.problems], "\n  "), sep="\n  ")
