"""PhnDB, the database of how syllables sound: a folder of spectrograms, one row for each syllable of each speaker.

mels.npy      ``[S, 48, 48, 3]``, uint8; see :mod:`engine.modalities.spectrogram`
index.json    what each row is, and what the spectrograms were made with
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError, InputError
from engine.modalities.pinyin import Syllable
from engine.modalities.spectrogram import SETTINGS, SIDE, flipped, spectrogram

__all__ = ["INDEX", "MELS", "Row", "SoundDatabase", "flipped", "index_of", "spectrogram"]

MELS, INDEX = "mels.npy", "index.json"
FORMAT = 1
_KIND = "duomo sounds"


@dataclass(frozen=True, slots=True)
class Row:
    """Whose sound of what a row is.

    Attributes:
        syllable: numbered Pinyin.
        speaker: the recordings' folder, or the voice.
        source: the recording's file name, or ``espeak-ng:`` and the voice.
    """

    syllable: str
    speaker: str
    source: str


@dataclass(frozen=True)
class SoundDatabase:
    """The spectrograms of syllables, read from the disk as they are asked for.

    Attributes:
        folder: where it lies.
        mels: ``[S, 48, 48, 3]``, uint8, not to be written to.
        rows: what each of the S rows is.
    """

    folder: Path
    mels: NDArray[np.uint8]
    rows: tuple[Row, ...]

    @classmethod
    def open(cls, folder: str | Path) -> SoundDatabase:
        """Open a database.

        Raises:
            ConfigError: if there is none, or it is damaged, or was made by another version.
        """
        folder = Path(folder)
        again = f"make it by `python -m engine build sounds --out {folder}`"
        if not (folder / INDEX).is_file() or not (folder / MELS).is_file():
            raise ConfigError(f"{folder}: no database of sounds here; {again}")
        try:
            index: Mapping[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
            if (index["kind"], index["format"], index["spectrogram"]) != (_KIND, FORMAT, SETTINGS):
                raise ConfigError(f"{folder}: this database of sounds was made by another version of Duomo; {again}")
            rows = tuple(Row(*(str(row[name]) for name in ("syllable", "speaker", "source"))) for row in index["rows"])
            for row in rows:
                Syllable.parse(row.syllable)
            mels = np.load(folder / MELS, mmap_mode="r", allow_pickle=False)
            if (mels.dtype, mels.shape) != (np.uint8, (len(rows), SIDE, SIDE, 3)):
                raise ValueError(f"{MELS} holds {mels.dtype} {list(mels.shape)}, {INDEX} has {len(rows)} rows")
        except ConfigError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError) as error:
            raise ConfigError(f"{folder}: the database of sounds is damaged ({error}); {again}") from error
        return cls(folder, mels, rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @cached_property
    def syllables(self) -> tuple[str, ...]:
        """Return the syllable of each row."""
        return tuple(row.syllable for row in self.rows)

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """Return the speaker of each row."""
        return tuple(row.speaker for row in self.rows)

    def rows_of(self, syllable: str) -> tuple[int, ...]:
        """Return the indices of a syllable's rows, one or more for each speaker; none if nobody says it."""
        return self._rows_of.get(syllable, ())

    @cached_property
    def _rows_of(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for i, row in enumerate(self.rows):
            found.setdefault(row.syllable, []).append(i)
        return {syllable: tuple(rows) for syllable, rows in found.items()}


def index_of(rows: Iterable[Row]) -> str:
    """Return what ``index.json`` says of rows."""
    described = [{"syllable": row.syllable, "speaker": row.speaker, "source": row.source} for row in rows]
    index = {"kind": _KIND, "format": FORMAT, "spectrogram": SETTINGS, "rows": described}
    return json.dumps(index, ensure_ascii=True, indent=0) + "\n"
