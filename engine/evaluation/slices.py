"""Parts of a labelled corpus to be scored by themselves: sentences or entities of one kind.

A slice of sentences keeps whole documents; a slice of entities keeps, of the annotated and of the predicted spans alike, those of
its kind, and every document.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from engine.document import Document, Span, topmost
from engine.variants import DRAWN, MISLEADING, MUTE, NATURAL, NO_PAUSES, RELATED, TEXT, UNRELATED, shown, spoken

_TONES = {"\u0304", "\u0301", "\u030c", "\u0300"}
_SANDHI = {"一", "不"}
_OFTEN = 0.1
_AT_LEAST = 2


@dataclass(frozen=True)
class Comparison:
    """Annotated documents and what a model says of them, with what slices ask about.

    Attributes:
        gold: the annotated documents.
        predicted: the same texts with predicted spans.
        unknown: characters that the model's vocabulary does not have.
        unseen: characters that the training documents do not have.
        repeated: texts that occur in the training part as well.
    """

    gold: tuple[Document, ...]
    predicted: tuple[Document, ...]
    unknown: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Slice:
    """One kind of part.

    Attributes:
        name: to ask for it by.
        title: what it holds.
        cut: from a comparison to its part.
        like: the slice whose published figures are the nearest to it, where none are published of it.
    """

    name: str
    title: str
    cut: Callable[[Comparison], Comparison]
    like: str = ""


@cache
def polyphonic_characters() -> frozenset[str]:
    """Return the characters that have several common readings.

    Nearly every sentence has a character for which a dictionary lists a further, archaic reading. Common is a reading that at
    least a tenth, and two, of the words with the character in pypinyin's dictionary of 47,000 words have; the neutral tone does
    not count as a reading, nor do the changes of tone in 一 and 不, since they tell nothing about the word.
    """
    from pypinyin.phrases_dict import phrases_dict

    readings: dict[str, Counter[str]] = defaultdict(Counter)
    for phrase, syllables in phrases_dict.items():
        if len(phrase) == len(syllables):
            for character, (syllable, *_) in zip(phrase, syllables, strict=True):
                if _TONES & set(unicodedata.normalize("NFD", syllable)):
                    readings[character][syllable] += 1
    several = set()
    for character, counts in readings.items():
        often = max(_AT_LEAST, _OFTEN * counts.total())
        if sum(count >= often for count in counts.values()) > 1:
            several.add(character)
    return frozenset(several - _SANDHI)


def is_polyphonic(character: str) -> bool:
    """Tell whether a character has several common readings, as 长 has."""
    return character in polyphonic_characters()


def has_polyphonic_entity(document: Document) -> bool:
    """Tell whether a polyphonic character is in an annotated entity or right beside one, where it may decide the boundary."""
    return any(
        is_polyphonic(character) for span in document.spans for character in document.text[max(0, span.start - 1) : span.end + 1]
    )


def _of_documents(test: Callable[[Comparison, Document], bool]) -> Callable[[Comparison], Comparison]:
    def cut(whole: Comparison) -> Comparison:
        kept = [i for i, document in enumerate(whole.gold) if test(whole, document)]
        gold, predicted = (tuple(documents[i] for i in kept) for documents in (whole.gold, whole.predicted))
        return replace(whole, gold=gold, predicted=predicted)

    return cut


def _of_entities(test: Callable[[Comparison, str], bool]) -> Callable[[Comparison], Comparison]:
    def cut(whole: Comparison) -> Comparison:
        gold, predicted = (
            tuple(_keeping(document, lambda mention: test(whole, mention)) for document in documents)
            for documents in (whole.gold, whole.predicted)
        )
        return replace(whole, gold=gold, predicted=predicted)

    return cut


def _of_mode(mode: str) -> Callable[[Comparison], Comparison]:
    return _of_documents(lambda whole, document: spoken(document) == mode)


def _shown(way: str) -> Callable[[Comparison], Comparison]:
    return _of_documents(lambda whole, document: shown(document) == way)


def _shown_of_label(label: str) -> Callable[[Comparison], Comparison]:
    def cut(whole: Comparison) -> Comparison:
        part = _shown(DRAWN)(whole)
        gold, predicted = (
            tuple(document.with_spans([span for span in document.spans if span.label == label]) for document in documents)
            for documents in (part.gold, part.predicted)
        )
        return replace(part, gold=gold, predicted=predicted)

    return cut


def _flat_of_mode(mode: str) -> Callable[[Comparison], Comparison]:
    def cut(whole: Comparison) -> Comparison:
        part = _of_mode(mode)(whole)
        gold, predicted = (
            tuple(document.with_spans(topmost(document.spans)) for document in documents)
            for documents in (part.gold, part.predicted)
        )
        return replace(part, gold=gold, predicted=predicted)

    return cut


def _keeping(document: Document, test: Callable[[str], bool]) -> Document:
    kept: Sequence[Span] = [span for span in document.spans if test(document.mention(span))]
    return document.with_spans(kept)


_ALL = (
    Slice("all", "all sentences", lambda whole: whole),
    Slice(
        "unrepeated",
        "sentences that are not in the training part",
        _of_documents(lambda whole, document: document.text not in whole.repeated),
        "all",
    ),
    Slice(
        "monophonic",
        "sentences without a polyphonic character in or beside an entity",
        _of_documents(lambda whole, document: not has_polyphonic_entity(document)),
    ),
    Slice(
        "polyphonic",
        "sentences with a polyphonic character in or beside an entity",
        _of_documents(lambda whole, document: has_polyphonic_entity(document)),
    ),
    Slice(
        "known", "entities of characters that the encoder knows", _of_entities(lambda whole, text: not whole.unknown & set(text))
    ),
    Slice(
        "unknown",
        "entities with a character that the encoder does not know",
        _of_entities(lambda whole, text: bool(whole.unknown & set(text))),
    ),
    Slice(
        "seen",
        "entities whose characters are all in the training documents",
        _of_entities(lambda whole, text: not whole.unseen & set(text)),
        "known",
    ),
    Slice(
        "unseen",
        "entities with a character that is not in the training documents",
        _of_entities(lambda whole, text: bool(whole.unseen & set(text))),
        "unknown",
    ),
    Slice("natural", "sentences spoken with natural pauses", _of_mode(NATURAL)),
    Slice("no-pauses", "sentences spoken without pauses", _of_mode(NO_PAUSES)),
    Slice("misleading", "sentences spoken with misleading pauses", _of_mode(MISLEADING)),
    Slice("mute", "sentences without speech", _of_mode(MUTE)),
    Slice("flat", "sentences spoken with natural pauses, outermost entities alone", _flat_of_mode(NATURAL)),
    Slice("flat-no-pauses", "sentences spoken without pauses, outermost entities alone", _flat_of_mode(NO_PAUSES)),
    Slice("flat-misleading", "sentences spoken with misleading pauses, outermost entities alone", _flat_of_mode(MISLEADING)),
    Slice("flat-mute", "sentences without speech, outermost entities alone", _flat_of_mode(MUTE)),
    Slice("drawn", "posts with the pictures drawn for them", _shown(DRAWN)),
    *(
        Slice(f"drawn-{label}", f"{label} in posts with the pictures drawn for them", _shown_of_label(label))
        for label in ("PER", "LOC", "ORG", "MISC")
    ),
    Slice("related", "posts with pictures that fit them alone", _shown(RELATED)),
    Slice("unrelated", "posts with pictures that do not fit them alone", _shown(UNRELATED)),
    Slice("text", "posts without pictures", _shown(TEXT)),
)
SLICES: dict[str, Slice] = {slice.name: slice for slice in _ALL}
