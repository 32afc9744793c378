"""What kind of error a wrong case is: those of CNERTA, those of CMNER, and ours for Chinese.

A kind is one line of :data:`KINDS`: its name, whose it is, and a test. A case is of every kind whose test it passes; in each
group it counts once as the first of them, in the order of the list: what is rare and says much stands before what is frequent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from engine.document import Document, Span, topmost
from engine.evaluation.likeness import look_alike, scripts_of, sound_alike
from engine.evaluation.slices import is_polyphonic
from engine.evaluation.study import BOTH, BOUNDARY, MISSED, SPURIOUS, TYPE, Case, Known
from engine.evaluation.usage import Usage

DUOMO, CMNER, CNERTA = "duomo", "cmner", "cnerta"
GROUPS = (DUOMO, CMNER, CNERTA)
OTHER = "other"
"""What a case of none of our kinds counts as."""


@dataclass(frozen=True)
class Wrong:
    """A case that is wrong, and what a test may look at.

    Attributes:
        case: the case.
        truth: its document as it is annotated.
        guess: its document as it is predicted.
        exact: keys of the entities there that are right.
        known: what the model has met.
        here: how mentions are used in the annotated documents.
        there: how they are used in the training documents.
    """

    case: Case
    truth: Document
    guess: Document
    exact: frozenset[tuple[int, int, str]]
    known: Known
    here: Usage
    there: Usage

    @property
    def span(self) -> Span:
        """Return the annotated entity, or the predicted one if there is none."""
        span = self.case.gold or self.case.found
        if span is None:
            raise ValueError("a case has an annotated or a predicted entity, or both")
        return span

    @property
    def mention(self) -> str:
        """Return its characters."""
        return self.truth.mention(self.span)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return the entities of the case, one or two."""
        return tuple(span for span in (self.case.gold, self.case.found) if span)

    @property
    def borders(self) -> tuple[int, ...]:
        """Return the offsets at which a border is wrong: between two characters, or at an end of the text."""
        gold, found = ({span.start, span.end} if span else set() for span in (self.case.gold, self.case.found))
        return tuple(sorted(gold ^ found))

    @cached_property
    def wanted(self) -> list[Span]:
        """Return the annotated entities that are not found."""
        return [span for span in self.truth.spans if span.key not in self.exact]

    @cached_property
    def said(self) -> list[Span]:
        """Return the predicted entities that are wrong."""
        return [span for span in self.guess.spans if span.key not in self.exact]


@dataclass(frozen=True)
class Kind:
    """One kind of error.

    Attributes:
        name: to ask for it by.
        group: whose kind it is, of :data:`GROUPS`.
        test: whether a case is of it.
    """

    name: str
    group: str
    test: Callable[[Wrong], bool]


def kinds_of(wrong: Wrong) -> tuple[str, ...]:
    """Return all kinds of a wrong case, ours first, in each group the one that it counts as first."""
    names = [kind.name for kind in KINDS.values() if kind.test(wrong)]
    return tuple(names) if any(KINDS[name].group == DUOMO for name in names) else (OTHER, *names)


def first_of(kinds: tuple[str, ...], group: str) -> str:
    """Return the kind of a group that a case counts as; empty for none."""
    return next((name for name in kinds if KINDS[name].group == group), "")


def _of(*outcomes: str) -> Callable[[Wrong], bool]:
    return lambda wrong: wrong.case.outcome in outcomes


def _covers_several(spans: list[Span], cover: Span) -> bool:
    """Tell whether a span overlaps several others that do not lie in each other."""
    return len(topmost(span for span in spans if span.overlaps(cover))) > 1


def _is_merged(wrong: Wrong) -> bool:
    """One prediction over several entities."""
    return any(_covers_several(wrong.wanted, said) for said in wrong.said if said.overlaps(wrong.span))


def _is_split(wrong: Wrong) -> bool:
    """Several predictions over one entity."""
    return any(_covers_several(wrong.said, wanted) for wanted in wrong.wanted if wanted.overlaps(wrong.span))


def _relation(test: Callable[[Span, Span], bool]) -> Callable[[Wrong], bool]:
    def tell(wrong: Wrong) -> bool:
        gold, found = wrong.case.gold, wrong.case.found
        return gold is not None and found is not None and wrong.case.outcome != TYPE and test(gold, found)

    return tell


def _is_by_words(wrong: Wrong) -> bool:
    """A wrong border of the prediction lies between two words of jieba, and the border that it should have had within one."""
    gold, found = wrong.case.gold, wrong.case.found
    if gold is None or found is None:
        return False
    words = _word_borders(wrong.truth.text)
    return any(
        said != wanted and said in words and wanted not in words
        for said, wanted in ((found.start, gold.start), (found.end, gold.end))
    )


@lru_cache(4096)
def _word_borders(text: str) -> frozenset[int]:
    from engine.modalities.pinyin import words

    borders, place = {0}, 0
    for word in words(text):
        place += len(word)
        borders.add(place)
    return frozenset(borders)


def _is_polyphone(wrong: Wrong) -> bool:
    """A character with several common readings stands on either side of a wrong border."""
    return any(is_polyphonic(c) for border in wrong.borders for c in wrong.truth.text[max(0, border - 1) : border + 1])


def _near(wrong: Wrong) -> Iterator[tuple[int, str]]:
    """Yield mentions of the training documents and of the annotated ones that differ from this one in one character."""
    if not wrong.there.count(wrong.mention):
        yield from wrong.there.one_off(wrong.mention)
        yield from wrong.here.one_off(wrong.mention)


def _is_homophone(wrong: Wrong) -> bool:
    """The mention is not one of the training's, and reads like another that differs from it in one character."""
    return any(sound_alike(wrong.mention, other, offset) for offset, other in _near(wrong))


def _is_look_alike(wrong: Wrong) -> bool:
    """The mention is not one of the training's, and looks like another that differs from it in one character."""
    return any(look_alike(wrong.mention[offset], other[offset]) for offset, other in _near(wrong))


def _is_rare(wrong: Wrong) -> bool:
    """A character of the mention is not in the model's vocabulary, or not in its training documents."""
    characters = {c for span in wrong.spans for c in wrong.truth.mention(span)}
    return bool(characters & wrong.known.unknown) or bool(wrong.there and characters - wrong.there.characters)


def _is_other_script(wrong: Wrong) -> bool:
    """The mention has a traditional character where the documents are simplified, or the other way round."""
    simplified, traditional = scripts_of(wrong.mention)
    return bool(simplified if (wrong.there or wrong.here).is_traditional else traditional)


def _is_nested(wrong: Wrong) -> bool:
    """The annotated entity lies in another or holds one; a made-up one lies in an entity or holds one."""
    return any(span.key != wrong.span.key and (span.holds(wrong.span) or wrong.span.holds(span)) for span in _around(wrong))


def _around(wrong: Wrong) -> tuple[Span, ...]:
    return wrong.truth.spans if wrong.case.gold else tuple(s for s in wrong.truth.spans if s.key in wrong.exact)


def _has_digits_or_latin(wrong: Wrong) -> bool:
    return any(_is_digit_or_latin(c) for span in wrong.spans for c in wrong.truth.mention(span))


def _is_digit_or_latin(character: str) -> bool:
    return character.isdecimal() or (character.isalpha() and "LATIN" in unicodedata.name(character, ""))


def _is_abbreviation(wrong: Wrong) -> bool:
    """The mention is made of some characters of a longer one of its type, in their order."""
    mention, label = wrong.mention, wrong.span.label
    return len(mention) > 1 and (wrong.here.is_shortened(mention, label) or wrong.there.is_shortened(mention, label))


def _is_inconsistent(wrong: Wrong) -> bool:
    """The same mention is annotated with another type elsewhere, or in one place and not in another."""
    return wrong.here.is_mixed(wrong.mention)


def _touches_wrong(wrong: Wrong) -> bool:
    """A missed entity is overlapped by a wrong prediction, or a made-up one overlaps an entity that is not found."""
    others = wrong.said if wrong.case.outcome == MISSED else wrong.wanted
    return any(span.overlaps(wrong.span) for span in others)


def _is_span_inaccurate(wrong: Wrong) -> bool:
    return wrong.case.outcome in (BOUNDARY, BOTH) or wrong.case.outcome in (MISSED, SPURIOUS) and _touches_wrong(wrong)


def _has_place(wrong: Wrong) -> bool:
    found = wrong.case.found
    return found is not None and any((span.start, span.end) == (found.start, found.end) for span in wrong.truth.spans)


_ALL = (
    Kind("inconsistent", DUOMO, _is_inconsistent),
    Kind("script", DUOMO, _is_other_script),
    Kind("look_alike", DUOMO, _is_look_alike),
    Kind("homophone", DUOMO, _is_homophone),
    Kind("rare", DUOMO, _is_rare),
    Kind("merged", DUOMO, _is_merged),
    Kind("split", DUOMO, _is_split),
    Kind("nested", DUOMO, _is_nested),
    Kind("abbreviation", DUOMO, _is_abbreviation),
    Kind("digits_latin", DUOMO, _has_digits_or_latin),
    Kind("segmentation", DUOMO, _is_by_words),
    Kind("polyphone", DUOMO, _is_polyphone),
    Kind("too_long", DUOMO, _relation(lambda gold, found: found.holds(gold))),
    Kind("too_short", DUOMO, _relation(lambda gold, found: gold.holds(found))),
    Kind("crossing", DUOMO, _relation(lambda gold, found: gold.crosses(found))),
    Kind(OTHER, DUOMO, lambda wrong: False),
    Kind("inaccurate_span", CMNER, _is_span_inaccurate),
    Kind("wrong_type", CMNER, _of(TYPE, BOTH)),
    Kind("omission", CMNER, lambda wrong: wrong.case.outcome == MISSED and not _touches_wrong(wrong)),
    Kind("non_entity", CMNER, lambda wrong: wrong.case.outcome == SPURIOUS and not _touches_wrong(wrong)),
    Kind("type_error", CNERTA, _has_place),
    Kind("boundary_error", CNERTA, lambda wrong: wrong.case.found is not None and not _has_place(wrong)),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
