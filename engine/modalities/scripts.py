"""What is said of a text, and how it falls into words: the script from which an utterance is built."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType

from engine.document import Document
from engine.errors import InputError
from engine.modalities.pinyin import read, read_words, words

WORDS, MARK = "words", "|"
"""Where a document's meta names the words in which it is said, and what stands between them."""
_NUMERALS = ("ling2", "yi1", "er4", "san1", "si4", "wu3", "liu4", "qi1", "ba1", "jiu3")
_STOPS = frozenset("，。！？；：、…,.!?;:\n")
_NONE: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Script:
    """A text to be said.

    Attributes:
        syllables: of each character, numbered Pinyin; ``None`` for what is not said.
        words: start and end of each word in the text, in order; they hold all of the text.
        stops: offsets of characters behind which a reader stops: marks of punctuation that are not said.
    """

    syllables: tuple[str | None, ...]
    words: tuple[tuple[int, int], ...]
    stops: frozenset[int] = frozenset()

    @property
    def said(self) -> tuple[int, ...]:
        """Return the offsets of what is said."""
        return tuple(offset for offset, syllable in enumerate(self.syllables) if syllable)

    @property
    def borders(self) -> frozenset[int]:
        """Return where words begin."""
        return frozenset(start for start, _ in self.words)


def script_of(document: Document) -> Script:
    """Return what a reader says of a document.

    Characters are read in their context, or as the document says; digits are said one by one; Latin letters are not said. The
    words are jieba's, cut further where an annotated entity begins or ends, for a reader knows what is meant. Inside an entity
    jieba's own borders stay, so that a border says "a word", not "an entity". Where the document's meta names its ``words``, with
    ``|`` between them, they are those, and none are cut.

    Raises:
        InputError: if the words that a document names are not its text.
    """
    text = document.text
    if given := document.meta.get(WORDS):
        if given.replace(MARK, "") != text:
            raise InputError(f"the words {given!r} are not those of {text!r}; mark its own characters with {MARK}")
        return script_of_words(given.split(MARK), document.readings)
    borders = {0, len(text)} | {border for span in document.spans for border in (span.start, span.end)}
    place = 0
    for word in words(text):
        borders.add(place)
        place += len(word)
    ordered = sorted(borders)
    stops = frozenset(i for i, character in enumerate(text) if character in _STOPS and not _within_number(text, i))
    return Script(_said(text, read(text, document.readings)), tuple(zip(ordered[:-1], ordered[1:], strict=True)), stops)


def said_of(document: Document) -> tuple[int, ...]:
    """Return the offsets of what is said of a document, whatever its words are."""
    syllables = _said(document.text, read(document.text, document.readings))
    return tuple(offset for offset, syllable in enumerate(syllables) if syllable)


def script_of_words(given: Sequence[str], readings: Mapping[int, str] = _NONE) -> Script:
    """Return what a reader says of a text in words that somebody gives, who stops nowhere but between them.

    Each word is read by itself, so that 市长 is ``shi4 zhang3`` and 长江 is ``chang2 jiang1``.

    Args:
        given: joined they are the text.
        readings: of characters, by offset in the text, where the dictionary's are not meant.

    Raises:
        InputError: if a word is empty, or a reading is no syllable or lies outside the text.
    """
    for number, word in enumerate(given, start=1):
        if not word.strip():
            raise InputError(f"word {number} of {len(given)} is empty; leave its mark out")
    ends = tuple(accumulate(map(len, given)))
    return Script(_said("".join(given), read_words(given, readings)), tuple(zip((0, *ends[:-1]), ends, strict=True)))


def _said(text: str, readings: Sequence[str | None]) -> tuple[str | None, ...]:
    return tuple(reading or _numeral(character) for character, reading in zip(text, readings, strict=True))


def _numeral(character: str) -> str | None:
    digit = unicodedata.decimal(character, None)
    return None if digit is None else _NUMERALS[digit]


def _within_number(text: str, place: int) -> bool:
    """Tell whether a mark, as in 3.14 or 12:30, stands between two digits."""
    return 0 < place < len(text) - 1 and text[place - 1].isdecimal() and text[place + 1].isdecimal()
