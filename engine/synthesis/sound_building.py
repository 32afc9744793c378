"""Making a database of sounds from recordings of single syllables and from synthetic voices."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import InputError
from engine.modalities.databases import replacing
from engine.modalities.pinyin import Syllable, syllables
from engine.modalities.sounds import INDEX, MELS, Row, SoundDatabase, index_of
from engine.modalities.spectrogram import Picture, Waveform, spectrogram
from engine.synthesis.speaking import check_voice, synthesise_all

ENDINGS = (".wav", ".mp3", ".flac", ".ogg")
_LONGEST_FILE = 30.0
_FULL_SCALE, _CLIPPED_SHARE = 0.999, 0.01

Observe = Callable[[int, int], None]
"""Told how many sounds are done, of how many."""
_Sound = tuple[Row, "Picture | str"]


@dataclass(frozen=True, slots=True)
class SoundProblem:
    """A sound that was left out.

    Attributes:
        source: the recording's path, or ``espeak-ng:`` and the voice.
        reason: why.
    """

    source: str
    reason: str

    def __str__(self) -> str:
        """Return ``source: reason``."""
        return f"{self.source}: {self.reason}"


@dataclass(frozen=True)
class SoundReport:
    """What a build made, and what it could not use.

    Attributes:
        folder: the database.
        rows: spectrograms in it.
        syllables: distinct syllables in it.
        speakers: rows of each speaker.
        missing: syllables of Mandarin that nobody says in it.
        problems: sounds left out.
        seconds: how long it took.
        size_bytes: of the folder.
    """

    folder: Path
    rows: int
    syllables: int
    speakers: Mapping[str, int]
    missing: tuple[str, ...]
    problems: tuple[SoundProblem, ...]
    seconds: float
    size_bytes: int


def build_sounds(
    folder: str | Path, recordings: Sequence[str | Path], voices: Sequence[str], observe: Observe = lambda done, total: None
) -> SoundReport:
    """Make a database of sounds; the same sounds give the same database, byte by byte.

    Recordings of any syllable are taken; voices say all of :func:`~engine.modalities.pinyin.syllables`. What cannot be used is
    left out and reported. The folder appears only when all of it is written, and replaces a database of the same name.

    Args:
        folder: where to.
        recordings: folders of recordings, each of one speaker, whose file names hold a syllable: ``cmn-chang2.mp3``.
        voices: of eSpeak NG, each a speaker too.
        observe: follows the work.

    Raises:
        InputError: if a folder of recordings or a voice cannot be had, two speakers are called the same, nothing is left to build
            from, or the target is a folder of something else.
    """
    started = time.perf_counter()
    target = Path(folder)
    if target.exists() and not (target / INDEX).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not empty and no database of sounds; give another place with --out")
    folders = [Path(recorded) for recorded in recordings]
    _check(folders, voices)
    files = [file for recorded in folders for file in sorted(recorded.iterdir()) if not file.name.startswith(".")]
    total = len(files) + len(voices) * len(syllables())
    rows: list[Row] = []
    mels: list[Picture] = []
    problems: list[SoundProblem] = []
    for done, (row, result) in enumerate(_sounds(files, voices), 1):
        if isinstance(result, str):
            problems.append(SoundProblem(row.source, result))
        else:
            rows.append(row)
            mels.append(result)
        observe(done, total)
    if not rows:
        first = f"; the first of {len(problems)} problems is {problems[0]}" if problems else ""
        raise InputError(f"nothing to build sounds from{first}: give --recordings with files like zhang3.wav, or a --voice")
    _write(target, rows, mels)
    database = SoundDatabase.open(target)
    return SoundReport(
        target,
        len(rows),
        len(set(database.syllables)),
        Counter(database.speakers),
        tuple(syllable for syllable in syllables() if not database.rows_of(syllable)),
        tuple(problems),
        time.perf_counter() - started,
        sum(file.stat().st_size for file in target.iterdir()),
    )


def _check(folders: Sequence[Path], voices: Sequence[str]) -> None:
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: there is no such folder of recordings")
    for voice in voices:
        check_voice(voice)
    speakers = Counter([*(folder.resolve().name for folder in folders), *voices])
    if twice := [speaker for speaker, count in speakers.items() if count > 1]:
        raise InputError(f"two speakers are called {twice[0]!r}; rename one of the folders, or give the voice once")


def _sounds(files: Sequence[Path], voices: Sequence[str]) -> Iterator[_Sound]:
    for file in files:
        try:
            syllable = syllable_of(file.name)
        except InputError as error:
            yield Row("", "", str(file)), str(error)
            continue
        try:
            picture: Picture | str = spectrogram(*read_recording(file))
        except InputError as error:
            picture = str(error)
        speaker = file.resolve().parent.name
        yield Row(syllable, speaker, str(file) if isinstance(picture, str) else file.name), picture
    for voice in voices:
        for syllable, said in zip(syllables(), synthesise_all(syllables(), voice), strict=True):
            row = Row(syllable, voice, f"espeak-ng:{voice}")
            try:
                yield row, said if isinstance(said, str) else spectrogram(*said)
            except InputError as error:
                yield row, f"{syllable} {error}"


def syllable_of(name: str) -> str:
    """Return the one syllable that a recording's file name holds, between whatever else.

    Raises:
        InputError: if it is not a recording's name, or holds no syllable or several.
    """
    stem, ending = os.path.splitext(name)
    if ending.lower() not in ENDINGS:
        raise InputError(f"is no recording; those end in {', '.join(ENDINGS)}")
    found: list[str] = []
    refused = "its name holds no syllable with its tone, such as zhang3"
    for part in re.split(r"[^\w:]+|_+", stem):
        if re.fullmatch(r"[^\W\d]+:?[1-5]", part):
            try:
                found.append(str(Syllable.parse(part)))
            except InputError as error:
                refused = str(error)
    if len(set(found)) > 1:
        raise InputError(f"its name holds several syllables, {', '.join(found)}")
    if not found:
        raise InputError(refused)
    return found[0]


def read_recording(file: Path) -> tuple[Waveform, int]:
    """Read a recording of one syllable as mono, and see that it was not recorded too loud.

    Raises:
        InputError: if it cannot be read, is far too long, or is clipped.
    """
    import soundfile

    try:
        length = soundfile.info(file).duration
        if length > _LONGEST_FILE:
            raise InputError(f"takes {length:.0f} s; cut it into syllables")
        waveform, rate = soundfile.read(file, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise InputError(f"cannot be read as a recording ({error})") from error
    clipped = float(np.mean(np.abs(waveform) >= _FULL_SCALE)) if waveform.size else 0.0
    if clipped > _CLIPPED_SHARE:
        raise InputError(f"is clipped: {clipped:.1%} of its samples are at full scale; record it with less gain")
    return waveform.mean(axis=1), rate


def _write(folder: Path, rows: Sequence[Row], mels: Sequence[Picture]) -> None:
    with replacing(folder) as half:
        np.save(half / MELS, np.stack(mels), allow_pickle=False)
        (half / INDEX).write_text(index_of(rows), encoding="utf-8")
