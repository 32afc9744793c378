"""Which characters sound alike, look alike, or are one character in two scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.shipped import SHIPPED

ALIKE = 0.8
"""Cosine, about the mean, from which on two glyphs look alike: 末 and 未 have 0.97, 鳥 and 烏 0.87, 張 and 王 0.03."""
_VECTORS = SHIPPED / "zh-glyph-small"


def sound_alike(mention: str, other: str, offset: int) -> bool:
    """Tell whether two mentions are read alike at an offset, tones aside; each is read as a word."""
    mine, theirs = _syllables(mention)[offset], _syllables(other)[offset]
    return mine is not None and theirs is not None and mine[:-1] == theirs[:-1]


@lru_cache(1 << 14)
def _syllables(mention: str) -> tuple[str | None, ...]:
    from engine.modalities.pinyin import read

    return tuple(read(mention))


def look_alike(one: str, other: str) -> bool:
    """Tell whether two characters look alike, by the vectors of glyphs that ship; without them none do."""
    rows, vectors = _glyphs()
    mine, theirs = _row(one, rows), _row(other, rows)
    return mine is not None and theirs is not None and mine != theirs and float(vectors[mine] @ vectors[theirs]) >= ALIKE


def _row(character: str, rows: dict[str, int]) -> int | None:
    from engine.modalities.glyphs import traditional

    return rows.get(traditional(character))


@cache
def _glyphs() -> tuple[dict[str, int], NDArray[np.float32]]:
    try:
        items = json.loads((_VECTORS / "items.json").read_text(encoding="utf-8"))["items"]
    except OSError:
        return {}, np.empty((0, 0), np.float32)
    from safetensors.numpy import load_file

    vectors: Any = load_file(_VECTORS / "table.safetensors")["vectors"].astype(np.float32)
    centred = vectors - vectors.mean(0)
    return {item: row for row, item in enumerate(items)}, centred / np.linalg.norm(centred, axis=1, keepdims=True)


def scripts_of(characters: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return which of some characters are simplified alone, and which are traditional alone; most are neither."""
    simplified, traditional = set(), set()
    for character in characters:
        older, newer = _older(character), _newer(character)
        if older != character and newer == character:
            simplified.add(character)
        elif newer != character and older == character:
            traditional.add(character)
    return frozenset(simplified), frozenset(traditional)


@lru_cache(1 << 15)
def _older(character: str) -> str:
    from engine.modalities.glyphs import traditional

    return traditional(character)


@lru_cache(1 << 15)
def _newer(character: str) -> str:
    converted: str = _converter().convert(character)
    return converted


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
