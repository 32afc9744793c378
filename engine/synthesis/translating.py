"""Translating an annotated corpus without aligning its words: the placeholder method of CMNER (Ji et al. 2024, section 5.2).

Each entity gives way to a placeholder, ``SPAN``, numbered where a text has several; the text is translated with the placeholders
in it, each entity by itself, and the entities' translations are put where the placeholders have come to stand (after Zhou et al.
2022). A translation in which a placeholder is lost, doubled or mangled is left out and told of: where an entity went is never
guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from engine.document import Document, Span
from engine.tags import flatten

PLACEHOLDER = "SPAN"
FROM, TO = "translated_from", "translated_to"
"""Under which keys of the meta stand the languages."""
LOST, DOUBLED, MANGLED = "a placeholder was lost", "a placeholder was doubled", "a placeholder was mangled"
HELD, EMPTY, SILENT = "the text itself holds SPAN", "the text is empty", "an entity was translated by nothing"
UNTRANSLATED = "it is longer than the translator takes"
INNER, AUDIO, READINGS = "entities that overlap another", "recordings, which say the text as it was", "readings of characters"
_OF_THE_SOURCE = ("tokens",)
"""Keys of the meta that say how the text was cut, which the translation is not."""
_UNSPACED = ("zh", "zho", "cmn", "yue", "ja", "jpn", "th", "tha")
"""Languages written without spaces, as the first part of a code names them."""
_LETTER = "A-Za-zＡ-Ｚａ-ｚ\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u058f"
_DIGIT = "0-9０-９"
_WORD = "[SＳ][PＰ][AＡ][NＮ]"
_ANY = re.compile(rf"(?<![{_LETTER}]){_WORD}(?![{_LETTER}])", re.IGNORECASE)
_NUMBERED = re.compile(rf"{_ANY.pattern}(?:[^\S\r\n]?([{_DIGIT}]+)(?![{_DIGIT}{_LETTER}]))?", re.IGNORECASE)
_MUTILATED = re.compile(_WORD, re.IGNORECASE)
_HAN = re.compile("[\u3000-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_CLOSING = "。．.！!？?"
_SENTENCE = re.compile(r"[^\r\n。！？]*(?:[。！？]+[”』」’）)\"]*|[\r\n]+|$)")


class Translator(Protocol):
    """What translates plain texts from one language to another."""

    @property
    def source(self) -> str:
        """Return the language of the texts, as a code."""

    @property
    def target(self) -> str:
        """Return the language that they are translated to, as a code."""

    def translate(self, texts: Sequence[str]) -> list[str | None]:
        """Return a translation of each text; nothing of one that is longer than can be taken in."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A document whose entities have given way to placeholders.

    Attributes:
        document: as it was.
        sentences: the text with placeholders, in the pieces that are translated one by one; joined they are the whole of it.
        spans: the entities in the order of their placeholders.
        numbers: what each placeholder is numbered; empty for the only one of a text, which has no number.
        dropped: what is not translated, and how many of it.
    """

    document: Document
    sentences: tuple[str, ...]
    spans: tuple[Span, ...]
    numbers: tuple[int, ...]
    dropped: Mapping[str, int]

    @property
    def asked(self) -> list[str]:
        """Return what has to be translated, spaces aside."""
        whole = [*self.sentences, *(self.document.mention(span) for span in self.spans)]
        return [text.strip() for text in whole if text.strip()]


def masked(document: Document) -> Masked | str:
    """Put placeholders in place of a document's entities, or say why it cannot be done.

    Of entities that overlap, the outermost and longest is translated; the others are dropped and counted, since where they lie in
    the translation is not known.
    """
    spans = flatten(document.spans)
    borders = [0, *(place for span in spans for place in (span.start, span.end)), len(document)]
    around = [document.text[borders[i] : borders[i + 1]] for i in range(0, len(borders), 2)]
    if not document.text.strip():
        return EMPTY
    if any(_ANY.search(text) for text in around):
        return HELD
    first = 1
    while len(spans) > 9 * first:  # all have as many digits, so that none is the beginning of another
        first *= 10
    numbers = tuple(range(first, first + len(spans))) if len(spans) > 1 else ()
    named = [f"{PLACEHOLDER}{number}" for number in numbers] or [PLACEHOLDER] * len(spans)
    whole = around[0]
    for name, text in zip(named, around[1:], strict=True):
        whole += (" " if whole[-1:].isalnum() else "") + name + (" " if text[:1].isalnum() else "") + text
    dropped = {INNER: len(document.spans) - len(spans), AUDIO: int(document.audio is not None), READINGS: len(document.readings)}
    sentences = tuple(piece for piece in _SENTENCE.findall(whole) if piece)
    return Masked(document, sentences, tuple(spans), numbers, {what: count for what, count in dropped.items() if count})


def unmasked(masked: Masked, translations: Mapping[str, str | None], source: str, target: str) -> Document | str:
    """Put the translated entities where the placeholders stand, or say why it cannot be done.

    What a translator does to a placeholder without leaving a doubt is taken: other case, full-width letters or digits, a space
    before the number, another order.

    Args:
        masked: the document.
        translations: of everything it asks for.
        source: code of its language.
        target: code of the language that it is translated to.

    Returns:
        the translation with its labels, under the document's name, with its pictures; or why there is none.
    """
    if any(translations[text] is None for text in masked.asked):
        return UNTRANSLATED
    text = "".join(_sentence(sentence, translations, target) for sentence in masked.sentences).strip()
    if is_spaced(target):
        text = re.sub(r"[^\S\r\n]+", " ", text)
        text = re.sub(r" (?=[\r\n])", "", text)
    places = _places(text, len(masked.spans), masked.numbers)
    if isinstance(places, str):
        return places
    mentions = [_mention(masked.document.mention(span), translations) for span in masked.spans]
    if not all(mentions):
        return SILENT
    pieces: list[tuple[str, Span | None]] = []
    end = 0
    for start, stop, which in places:
        pieces += [(text[end:start], None), (mentions[which], masked.spans[which])]
        end = stop
    joined, spans = _joined([*pieces, (text[end:], None)], is_spaced(target))
    if not joined:
        return EMPTY
    meta = {key: value for key, value in masked.document.meta.items() if key not in _OF_THE_SOURCE}
    meta |= {FROM: source, TO: target}
    return replace(masked.document, text=joined, spans=tuple(spans), audio=None, readings={}, meta=meta)


def is_spaced(language: str) -> bool:
    """Tell whether a language puts spaces between words."""
    return re.split("[-_]", language.strip("_<>"))[0].lower() not in _UNSPACED


def _sentence(sentence: str, translations: Mapping[str, str | None], target: str) -> str:
    """Return a sentence's translation between the white space that it stands in."""
    core = sentence.strip()
    start = sentence.index(core) if core else len(sentence)
    before, behind = sentence[:start], sentence[start + len(core) :]
    if core and not behind and is_spaced(target):
        behind = " "
    return before + ((translations[core] or "").strip() if core else "") + behind


def _mention(mention: str, translations: Mapping[str, str | None]) -> str:
    """Return an entity's translation, without the full stop that translators give to what they take for a sentence."""
    core = mention.strip()
    found = (translations.get(core) or "").strip()
    return found if core[-1:] in _CLOSING else found.rstrip(_CLOSING).rstrip()


def _places(text: str, count: int, numbers: Sequence[int]) -> list[tuple[int, int, int]] | str:
    """Return where the placeholders stand and which each of them is, in the order of the text, or what is wrong with them."""
    if not count:
        return []
    pattern = _NUMBERED if numbers else _ANY
    found = list(pattern.finditer(text))
    if len(found) < count and len(_MUTILATED.findall(text)) > len(found):
        return MANGLED
    given = [int(match[1] or -1) if numbers else 0 for match in found]
    expected = list(numbers) if numbers else [0] * count
    if len(given) > count and not numbers or any(times > 1 for number, times in Counter(given).items() if number in numbers):
        return DOUBLED
    if not set(given) <= set(expected):
        return MANGLED
    if len(given) < count:
        return LOST
    return [(match.start(), match.end(), expected.index(number)) for match, number in zip(found, given, strict=True)]


def _joined(pieces: Sequence[tuple[str, Span | None]], spaced: bool) -> tuple[str, list[Span]]:
    """Put texts and entities together, each pair with the space between them that the language has there."""
    whole, gap = "", ""
    spans: list[Span] = []
    for text, span in pieces:
        core = text.strip()
        if not core:
            gap += text
            continue
        start = text.index(core)
        gap += text[:start]
        whole += _gap(whole[-1:], gap, core[0], spaced) if whole else ""
        if span is not None:
            spans.append(replace(span, start=len(whole), end=len(whole) + len(core), score=None))
        whole += core
        gap = text[start + len(core) :]
    return whole, spans


def _gap(left: str, gap: str, right: str, spaced: bool) -> str:
    if "\n" in gap or "\r" in gap:
        return gap
    if not spaced and (_HAN.match(left) or _HAN.match(right)):
        return ""
    return gap or (" " if left.isalnum() and right.isalnum() else "")
