"""The radical of a Han character, after kRSUnicode of the Unicode Han Database, as a generated table beside this file."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

RADICALS = 214
_TABLE = Path(__file__).with_name("radicals.txt")
_FIRST_SIGN = 0x2F00


def radical(character: str) -> int:
    """Return the number of a character's Kangxi radical, 1 to 214; 0 if it is not a Han character that has one."""
    starts, numbers = _runs()
    place = bisect_right(starts, ord(character)) - 1
    return numbers[place] if place >= 0 else 0


def radical_sign(number: int) -> str:
    """Return the sign of a radical, e.g. ``⽔`` for 85."""
    return chr(_FIRST_SIGN + number - 1)


@lru_cache(maxsize=1)
def _runs() -> tuple[list[int], list[int]]:
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    pairs = [line.split() for line in lines if not line.startswith("#")]
    return [int(start, 16) for start, _ in pairs], [int(number) for _, number in pairs]
