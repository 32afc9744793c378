"""All that is known of one character by itself: how it looks, how it sounds, and which others look and sound like it.

The pictures come from the databases in the cache, if they were built, and from eSpeak NG, if it is there; what there is not is
left out, with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError, EngineError, InputError
from engine.modalities.databases import database
from engine.modalities.glyphs import INDEX as GLYPH_INDEX
from engine.modalities.glyphs import GlyphDatabase
from engine.modalities.pinyin import readings_of
from engine.modalities.radicals import radical
from engine.modalities.sounds import INDEX as SOUND_INDEX
from engine.modalities.sounds import SoundDatabase
from engine.modalities.spectrogram import spectrogram
from engine.synthesis import speaking

if TYPE_CHECKING:
    from engine.layers.vector_table import VectorTable

GLYPH, PHONETIC = "glyph", "phonetic"
NEIGHBOURS = 8
_SPEAKERS = 4
_EXAMPLES = 3
_SYNTHETIC = "espeak-ng:"
_log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sound:
    """One syllable, said.

    Attributes:
        waveform: ``[N]`` in [-1, 1].
        rate: in Hz.
        mel: ``[48, 48]``, log-Mel energies, bands from low to high by frames.
    """

    waveform: NDArray[np.float32]
    rate: int
    mel: Picture


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something near in a space of vectors.

    Attributes:
        item: a character, or a syllable as numbered Pinyin.
        cosine: of the angle between the two, about the mean of all.
        characters: a few characters that are read as the syllable; of a character, itself.
    """

    item: str
    cosine: float
    characters: tuple[str, ...]


@dataclass(frozen=True)
class CharacterCard:
    """One character, looked at and listened to.

    Attributes:
        character: as it stands in the text.
        form: its traditional form, whose glyph is looked at.
        radical: the number of the form's radical, 0 for none.
        reading: as numbered Pinyin, ``""`` for none.
        readings: all that the dictionary has, the most common first.
        glyphs: the typefaces' names and pictures ``[48, 48]``; none if no database was built or it has not the form.
        sound: the reading as the synthetic voice says it; none if it cannot.
        recordings: speakers and their spectrograms ``[48, 48]``, bands from low to high by frames; of a built database.
        can_speak: whether there is a synthetic voice at all.
        masked: for each modality that gets nothing of this character, why: ``off``, ``not_han``, ``no_glyph``, ``no_reading`` or
            ``no_sound``.
        neighbours: for each modality that gets something, the nearest, nearest first.
    """

    character: str
    form: str
    radical: int
    reading: str
    readings: tuple[str, ...]
    glyphs: tuple[tuple[str, Picture], ...]
    sound: Sound | None
    recordings: tuple[tuple[str, Picture], ...]
    can_speak: bool
    masked: Mapping[str, str]
    neighbours: Mapping[str, tuple[Neighbour, ...]]


def character_card(character: str, form: str, reading: str, tables: Mapping[str, VectorTable]) -> CharacterCard:
    """Look a character up.

    Args:
        character: as it stands in the text.
        form: its traditional form there.
        reading: how it is read there, ``""`` if it is not read.
        tables: the vectors of the system, for ``glyph`` and ``phonetic`` where it has them.
    """
    masked = {GLYPH: _unseen(form, tables.get(GLYPH)), PHONETIC: _unheard(reading, tables.get(PHONETIC))}
    neighbours = {}
    if not masked[GLYPH]:
        neighbours[GLYPH] = tuple(Neighbour(item, cosine, (item,)) for item, cosine in tables[GLYPH].nearest(form, NEIGHBOURS))
    if not masked[PHONETIC]:
        near = tables[PHONETIC].nearest(reading, NEIGHBOURS)
        neighbours[PHONETIC] = tuple(Neighbour(item, cosine, characters_read(item)[:_EXAMPLES]) for item, cosine in near)
    return CharacterCard(
        character,
        form,
        radical(form),
        reading,
        readings_of(character),
        glyph_pictures(form),
        say(reading) if reading else None,
        recordings(reading) if reading else (),
        _can_speak(),
        {name: why for name, why in masked.items() if why},
        neighbours,
    )


def warm() -> None:
    """Load what the first card would take seconds for: the library of spectrograms, the voice, who is read how."""
    say("yi1")
    _readers()


@lru_cache(2048)
def say(syllable: str) -> Sound | None:
    """Return how the synthetic voice says a syllable; ``None`` if there is no voice or it cannot say this.

    Args:
        syllable: numbered Pinyin.
    """
    if not _can_speak():
        return None
    try:
        waveform, rate = speaking.synthesise(syllable, speaking.VOICES[0])
        return Sound(waveform, rate, spectrogram(waveform, rate)[..., 0])
    except EngineError as error:
        _log.info("%s is not said: %s", syllable, error)
        return None


def glyph_pictures(form: str) -> tuple[tuple[str, Picture], ...]:
    """Return the typefaces that a character was drawn in, and the pictures ``[48, 48]``."""
    folder = database("glyphs")
    glyphs = _glyphs(folder, _changed(folder / GLYPH_INDEX))
    if glyphs is None or form not in glyphs.rows:
        return ()
    row = glyphs.rows[form]
    return tuple((name, np.array(glyphs.pictures[face, row])) for face, name in enumerate(glyphs.typefaces))


def recordings(syllable: str) -> tuple[tuple[str, Picture], ...]:
    """Return people who say a syllable, at most four, and the log-Mel energies ``[48, 48]`` of each."""
    folder = database("sounds")
    sounds = _sounds(folder, _changed(folder / SOUND_INDEX))
    rows = [] if sounds is None else [row for row in sounds.rows_of(syllable) if _is_recorded(sounds, row)]
    return tuple((sounds.rows[row].speaker, np.array(sounds.mels[row, ..., 0])) for row in rows[:_SPEAKERS] if sounds is not None)


def characters_read(syllable: str) -> tuple[str, ...]:
    """Return the characters of GB 2312 whose most common reading is a syllable, its frequent half first."""
    return _readers().get(syllable, ())


def _unseen(form: str, table: VectorTable | None) -> str:
    if table is None:
        return "off"
    if form in table.rows:
        return ""
    return "no_glyph" if radical(form) else "not_han"


def _unheard(reading: str, table: VectorTable | None) -> str:
    if table is None:
        return "off"
    if not reading:
        return "no_reading"
    return "" if reading in table.rows else "no_sound"


def _is_recorded(sounds: SoundDatabase, row: int) -> bool:
    return not sounds.rows[row].source.startswith(_SYNTHETIC)


def _changed(index: Path) -> int:
    return index.stat().st_mtime_ns if index.is_file() else 0


@lru_cache(1)
def _glyphs(folder: Path, changed: int) -> GlyphDatabase | None:
    try:
        return GlyphDatabase.open(folder) if changed else None
    except InputError as error:
        _log.warning("%s", error)
        return None


@lru_cache(1)
def _sounds(folder: Path, changed: int) -> SoundDatabase | None:
    try:
        return SoundDatabase.open(folder) if changed else None
    except ConfigError as error:
        _log.warning("%s", error)
        return None


@cache
def _can_speak() -> bool:
    # Where there is no eSpeak NG, looking for it takes a while, and it does not appear while a program runs.
    return speaking.can_speak()


@cache
def _readers() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            if readings := readings_of(bytes((row, cell)).decode("gb2312", "ignore")):
                found.setdefault(readings[0], []).append(bytes((row, cell)).decode("gb2312"))
    return {syllable: tuple(characters) for syllable, characters in found.items()}
