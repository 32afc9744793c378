"""How characters are read: Hanyu Pinyin with the tone as a number, ``zhang3``, ``lv4`` for lǜ, 5 for the neutral tone.

Readings are those of a dictionary, before any tone sandhi: 一 is ``yi1`` and 不 ``bu4`` wherever they stand.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from types import MappingProxyType

from engine.errors import InputError

_NUMBERED = re.compile("([a-zê]+)([1-5])")
_SYLLABIC = frozenset({"m", "n", "ng"})
_NONE: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class Syllable:
    """One toned syllable.

    Two syllables have the same initial and final exactly when they differ in nothing but their tones: y and w count as initials,
    so that ``yan`` is not taken for an ``an`` without one.

    Attributes:
        initial: ``zh``; empty for ``an``.
        final: ``ang``, with ``v`` for ü wherever Pinyin writes ü.
        tone: 1 to 4, 5 for the neutral tone.
    """

    initial: str
    final: str
    tone: int

    @classmethod
    def parse(cls, text: str) -> Syllable:
        """Read numbered Pinyin; ü may be written ``ü``, ``v`` or ``u:``.

        Raises:
            InputError: if it is not a syllable that some character is read as, in whatever tone.
        """
        return _parse(text)

    def __str__(self) -> str:
        """Return ``zhang3``."""
        return f"{self.initial}{self.final}{self.tone}"

    @property
    def toneless(self) -> str:
        """Return ``zhang``."""
        return self.initial + self.final

    @property
    def marked(self) -> str:
        """Return ``zhǎng``."""
        from pypinyin.contrib.tone_convert import to_tone

        return to_tone(str(self))


@lru_cache(1 << 14)
def _parse(text: str) -> Syllable:
    from pypinyin.contrib.tone_convert import to_initials

    plain = unicodedata.normalize("NFC", text.strip().lower()).replace("u:", "v").replace("ü", "v")
    found = _NUMBERED.fullmatch(plain)
    if found is None:
        raise InputError(f"{text!r} is no Pinyin with its tone behind it, 1 to 5; write for instance zhang3, lv4, de5")
    # Pinyin writes ü as u after j, q, x and y, and of nue and lue there is only the one with ü
    toneless = re.sub("^([nl])ue$", r"\1ve", re.sub("^([jqxy])v", r"\1u", found[1]))
    if toneless not in _toneless():
        raise InputError(f"{text!r}: no character is read {toneless!r}; see that the syllable is spelt as in a dictionary")
    # with strict=True, y and w are no initials, and yo could not be told from o
    initial = "" if toneless in _SYLLABIC else to_initials(toneless, strict=False)
    return Syllable(initial, toneless[len(initial) :], int(found[2]))


@cache
def _toneless() -> frozenset[str]:
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    readings = {reading for several in PINYIN_DICT.values() for reading in several.split(",")}
    return frozenset(unicodedata.normalize("NFC", to_normal(reading, v_to_u=False)) for reading in readings)


@cache
def syllables() -> tuple[str, ...]:
    """Return every toned syllable that a character of GB 2312 can be read as, sorted: 1,349 of them.

    54 of them are in the neutral tone. They stay, for the most frequent character of all, 的, is read ``de5``. The paper has
    1,310 kinds of pronunciation and does not say which; without the neutral tone there are 1,295 here.
    """
    return tuple(sorted({reading for character in _gb2312() for reading in readings_of(character)}))


def _gb2312() -> Iterable[str]:
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            yield bytes((row, cell)).decode("gb2312", "ignore")


@lru_cache(1 << 16)
def readings_of(character: str) -> tuple[str, ...]:
    """Return all readings of a character as numbered syllables, the most common first; none for what is not Han."""
    from pypinyin import Style, pinyin

    found = pinyin(character, Style.TONE3, heteronym=True, errors="ignore", neutral_tone_with_five=True)
    return tuple(dict.fromkeys(found[0])) if found else ()


def read(text: str, chosen: Mapping[int, str] = _NONE) -> list[str | None]:
    """Return how each code point of a text is read in its context; ``None`` for what is not read.

    jieba cuts the words; pypinyin looks each of them up, or the longest words within it that it knows: 长 is ``chang2`` in
    南京市长江大桥 and ``zhang3`` in 银行行长. A character that it knows no word for gets the most common reading, which is wrong
    for 长 in 很长 (``zhang3``), 还 in 还钱 (``hai2``), 得 in 必须得去 (``de2``), 地 in 慢慢地 (``di4``), and for surnames such as
    单 and 任; the dictionary gives 头发 and 大夫 their full tones. Such readings can be chosen.

    Args:
        text: any text.
        chosen: readings that overrule, by offset; any syllable, listed for the character or not.

    Raises:
        InputError: if a chosen reading is no syllable, or its offset is not in the text.
    """
    readings: list[str | None] = []
    for readable, run in groupby(text, lambda character: bool(readings_of(character))):
        if readable:
            readings += [reading for word in words("".join(run)) for reading in _read_word(word)]
        else:
            readings += [None for _ in run]
    return _overruled(readings, chosen)


def read_words(given: Sequence[str], chosen: Mapping[int, str] = _NONE) -> list[str | None]:
    """Return how each code point of a text is read where somebody says how it falls into words, each a text by itself.

    Args:
        given: joined they are the text; one that is no word of the dictionary is cut further by jieba.
        chosen: readings that overrule, by offset in the text.

    Raises:
        InputError: if a chosen reading is no syllable, or its offset is not in the text.
    """
    return _overruled([reading for word in given for reading in read(word)], chosen)


def _overruled(readings: list[str | None], chosen: Mapping[int, str]) -> list[str | None]:
    for offset, reading in chosen.items():
        if not 0 <= offset < len(readings):
            raise InputError(f"the reading {reading!r} is chosen for offset {offset}; the text has {len(readings)} characters")
        readings[offset] = str(Syllable.parse(reading))
    return readings


@lru_cache(1 << 16)
def _read_word(word: str) -> tuple[str, ...]:
    from pypinyin import Style, lazy_pinyin

    found = lazy_pinyin(word, Style.TONE3, errors="ignore", neutral_tone_with_five=True)
    # a phrase of the dictionary need not have one reading for each code point
    return tuple(found) if len(found) == len(word) else tuple(readings_of(character)[0] for character in word)


def words(text: str) -> list[str]:
    """Return the words that jieba cuts a text into; joined they are the text."""
    return list(_cutter()(text))


@cache
def _cutter() -> Callable[[str], Iterable[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports what newer setuptools discourage
        import jieba
    jieba.setLogLevel(60)
    jieba.initialize()
    cut: Callable[[str], Iterable[str]] = jieba.cut
    return cut
