"""Offsets of other tools, brought to code points where the text beside them shows how they were counted.

A span that also says which characters it covers proves its own offsets. Where the characters are not found there by code points,
two other ways to count explain most files: UTF-16 units, as JavaScript counts, and a CRLF as one character, as text that was read
with its line ends translated. Label Studio has exported both code points and UTF-16 units, by release
(https://github.com/HumanSignal/label-studio/issues/1347, pull request 1559).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_WAYS = (("UTF-16 units", True, False), ("a CRLF as one", False, True), ("UTF-16 units and a CRLF as one", True, True))
_BLANK = re.compile(r"\s+")


def same(mention: str, found: str) -> bool:
    """Tell whether a mention as a file quotes it is what stands in the text; white space may be another."""
    return mention == found or _BLANK.sub(" ", mention).strip() == _BLANK.sub(" ", found).strip()


def settle(text: str, places: Sequence[tuple[object, object, object]]) -> tuple[str | None, Callable[[int], int]]:
    """Find how offsets were counted.

    Args:
        text: the text that they point into.
        places: start, end and mention of each span; what is no number or no string proves nothing.

    Returns:
        The way, an empty string for code points, ``None`` where no way explains all mentions; and what turns an offset into code
        points, -1 for one that lies between two.
    """
    known = [(s, e, m) for s, e, m in places if type(s) is int and type(e) is int and isinstance(m, str)]
    if all(0 <= start and same(mention, text[start:end]) for start, end, mention in known):
        return "", lambda offset: offset
    for way, units, breaks in _WAYS:
        table = _table(text, units, breaks)
        if all(s in table and e in table and same(m, text[table[s] : table[e]]) for s, e, m in known):
            return way, lambda offset, table=table: table.get(offset, -1)
    return None, lambda offset: offset


def _table(text: str, units: bool, breaks: bool) -> dict[int, int]:
    """Map each offset counted in a way to code points."""
    table: dict[int, int] = {}
    counted = 0
    for place, character in enumerate(text):
        table.setdefault(counted, place)
        if not (breaks and character == "\r" and text[place + 1 : place + 2] == "\n"):
            counted += 2 if units and ord(character) > 0xFFFF else 1
    table[counted] = len(text)
    return table
