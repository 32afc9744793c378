"""GlyDB: every Han character that all of some typefaces can draw, as a grey picture of 48 by 48 in each of them.

MPM-CNER (Mai et al. 2022), sections 2.1 and 2.2. The pictures are those of traditional forms: simplified text is converted on the
way to the look-up. White is 0, ink 255.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.modalities.radicals import radical
from engine.modalities.typefaces import Typeface

SIDE = 48
_SIZE = 44
FORMAT = 1
INDEX, PICTURES = "index.json", "pictures.npy"

Observe = Callable[[int, int], None]


@dataclass(frozen=True)
class GlyphDatabase:
    """A folder of glyphs, opened.

    Attributes:
        characters: N characters.
        radicals: the number of each one's radical.
        typefaces: the names of F typefaces.
        pictures: ``[F, N, 48, 48]``, bytes on the disk, read as they are needed.
    """

    characters: tuple[str, ...]
    radicals: tuple[int, ...]
    typefaces: tuple[str, ...]
    pictures: NDArray[np.uint8]
    rows: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        """Note which row each character is in."""
        object.__setattr__(self, "rows", {character: row for row, character in enumerate(self.characters)})

    @classmethod
    def open(cls, folder: str | Path) -> GlyphDatabase:
        """Open a folder that :func:`build_glyphs` has made.

        Raises:
            InputError: if it is missing or damaged.
        """
        folder = Path(folder)
        if not (folder / INDEX).is_file():
            raise InputError(f"there are no glyphs in {folder}; make them: python -m engine build glyphs")
        try:
            index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
            characters, typefaces = tuple(index["characters"]), tuple(index["typefaces"])
            pictures = np.load(folder / PICTURES, mmap_mode="r", allow_pickle=False)
            wanted = (len(typefaces), len(characters), SIDE, SIDE)
            if index["format"] != FORMAT or pictures.shape != wanted or pictures.dtype != np.uint8:
                raise ValueError(f"format {index['format']} and pictures {pictures.shape}, not {FORMAT} and {wanted}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"the glyphs in {folder} cannot be read ({error}); make them again: python -m engine build glyphs"
            ) from error
        return cls(characters, tuple(radical(c) for c in characters), typefaces, pictures)


def build_glyphs(folder: str | Path, typefaces: Sequence[Typeface], observe: Observe = lambda done, all: None) -> dict[str, Any]:
    """Draw the characters that all the typefaces have; the folder appears only when all are drawn.

    Args:
        folder: where to; one that is there is replaced.
        typefaces: those to draw with; a damaged one is named in the report and left out.
        observe: told how many pictures of how many are drawn.

    Returns:
        ``characters``, ``typefaces``, ``left_out`` (typefaces and why), ``empty`` (characters that a typeface lists but does not
        draw), ``seconds``, ``bytes``.

    Raises:
        InputError: if no typeface can be used, or they have no character in common.
    """
    began = time.monotonic()
    sound, left_out = _sound(typefaces)
    if not sound:
        reasons = "; ".join(left_out.values()) or "none was found on this machine"
        raise InputError(f"no typeface draws Chinese characters: {reasons}; name one with --typeface FILE")
    common = frozenset.intersection(*(points for _, points in sound))
    points = sorted(point for point in common if radical(chr(point)))
    if not points:
        names = ", ".join(typeface.name for typeface, _ in sound)
        raise InputError(f"the typefaces {names} have no Han character in common; leave some out")
    folder = Path(folder)
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    half.mkdir(parents=True)
    try:
        drawn = _draw([typeface for typeface, _ in sound], points, half / "all.npy", observe)
        inked = drawn.reshape(len(sound), len(points), -1).max(2).min(0) > 0
        empty = [chr(point) for point, ink in zip(points, inked, strict=True) if not ink]
        np.save(half / PICTURES, drawn[:, inked])
        del drawn
        (half / "all.npy").unlink()
        characters = [chr(point) for point, ink in zip(points, inked, strict=True) if ink]
        drawn_in = [typeface.name for typeface, _ in sound]
        content = {"format": FORMAT, "typefaces": drawn_in, "characters": "".join(characters)}
        (half / INDEX).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return {
        "folder": str(folder),
        "characters": len(characters),
        "typefaces": drawn_in,
        "left_out": left_out,
        "empty": empty,
        "seconds": round(time.monotonic() - began, 1),
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
    }


@lru_cache(maxsize=4096)
def traditional(text: str) -> str:
    """Return a text's traditional form, character for character: 头发 as 頭髮, 发现 as 發現.

    A word whose traditional form has another length is converted a character at a time.
    """
    converter = _converter()
    whole: str = converter.convert(text)
    if len(whole) == len(text):
        return whole
    return "".join(form if len(form := converter.convert(character)) == 1 else character for character in text)


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("s2t")


def _sound(typefaces: Sequence[Typeface]) -> tuple[list[tuple[Typeface, frozenset[int]]], dict[str, str]]:
    sound, left_out = [], {}
    for typeface in typefaces:
        try:
            points = typeface.characters()
            typeface.font(_SIZE)
        except InputError as error:
            left_out[typeface.name] = str(error)
            continue
        if any(radical(chr(point)) for point in points):
            sound.append((typeface, points))
        else:
            left_out[typeface.name] = f"{typeface.path}: draws no Han character"
    return sound, left_out


def _draw(typefaces: Sequence[Typeface], points: Sequence[int], path: Path, observe: Observe) -> NDArray[np.uint8]:
    shape = (len(typefaces), len(points), SIDE, SIDE)
    pictures: NDArray[np.uint8] = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    for f, typeface in enumerate(typefaces):
        font = typeface.font(_SIZE)
        for n, point in enumerate(points):
            pictures[f, n] = draw(chr(point), font)
            if n % 500 == 0:
                observe(f * len(points) + n, len(typefaces) * len(points))
    observe(len(typefaces) * len(points), len(typefaces) * len(points))
    return pictures


def draw(character: str, font: Any) -> NDArray[np.uint8]:
    """Return one glyph, ``[48, 48]``, in the middle of the picture."""
    from PIL import Image, ImageDraw

    picture = Image.new("L", (SIDE, SIDE), 0)
    ImageDraw.Draw(picture).text((SIDE / 2, SIDE / 2), character, fill=255, font=font, anchor="mm")
    return np.asarray(picture)
