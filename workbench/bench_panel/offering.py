"""What can be done to a place of the sentence, in plain words: to the character, to the entities around it, to the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.counterfactual.edit import Edit, Setting
from engine.counterfactual.wording import UNKNOWN, homophones, lookalikes, names_of, simple_form
from engine.document import Document, Span
from engine.modalities.glyphs import traditional
from engine.modalities.hearing import heard_pauses
from engine.modalities.pinyin import Syllable, read, readings_of

if TYPE_CHECKING:
    from engine.systems.contract import System

Words = Callable[..., str]
Offer = tuple[Edit, str]
Group = tuple[str, list[Offer], str]
"""A title, the edits with what they are called, and the edit whose value is typed; or nothing."""
_FEW = 4
_BESIDE = {"speech": lambda document: document.audio is not None, "image": lambda document: bool(document.images)}


def offered(document: Document, at: int, system: System, setting: Setting, words: Words) -> list[Group]:
    """Return what can be done where somebody points.

    Args:
        document: with what is found in it.
        at: the character that is pointed at; -1 for none.
        system: that reads it.
        setting: what is known of it.
        words: of the page.
    """
    groups: list[Group] = []
    if 0 <= at < len(document):
        groups.append(_character(document, at, system, setting, words))
        groups += [_entity(document, span, words) for span in document.spans if span.start <= at < span.end]
    return groups


def whole(document: Document, system: System, pictures: Sequence[tuple[str, str]], words: Words) -> Group:
    """Return what can be done to the whole, the speech and the pictures included.

    Args:
        document: the sentence.
        system: that reads it.
        pictures: others to swap for those beside it: the key of each, and what it is called.
        words: of the page.
    """
    offers = [*_scripts(document, words)]
    offers += [
        (Edit("without", value=name), words("bench.offer.without", name=words(f"bench.modality.{name}")))
        for name in system.optional_modalities
        if _BESIDE.get(name, lambda _: True)(document)
    ]
    if system.uses(system.config, "speech") and heard_pauses(document):
        offers.append((Edit("no_pauses"), words("bench.offer.no_pauses")))
    if system.uses(system.config, "image"):
        for number in range(1, len(document.images) + 1):
            offers.append((Edit("no_picture", number, number + 1), words("bench.offer.no_picture", number=number)))
            offers += [
                (Edit("swap_picture", number, number + 1, key), words("bench.offer.swap", number=number, name=name))
                for key, name in pictures[:_FEW]
            ]
    return words("bench.offer.whole"), offers, ""


def _character(document: Document, at: int, system: System, setting: Setting, words: Words) -> Group:
    offers = [
        (Edit("homophone", at, at + 1, other), words("bench.offer.homophone", put=other))
        for other in homophones(document, at)[:_FEW]
    ]
    offers += [
        (Edit("lookalike", at, at + 1, other), words("bench.offer.lookalike", put=other))
        for other in lookalikes(document, at, setting.glyphs)[:_FEW]
    ]
    offers.append((Edit("mask", at, at + 1), words("bench.offer.mask", sign="□")))
    if system.uses(system.config, "phonetic"):
        now = read(document.text, document.readings)[at]
        offers += [
            (Edit("reading", at, at + 1, other), words("bench.offer.reading", put=Syllable.parse(other).marked))
            for other in readings_of(document.text[at])[:_FEW]
            if other != now
        ]
    if at < len(setting.times) and setting.times[at][1]:
        offers.append((Edit("pause", at, at + 1, "0.3"), words("bench.offer.pause", seconds="0.3")))
    return words("bench.offer.character", old=document.text[at]), offers, str(Edit("replace", at, at + 1))


def _entity(document: Document, span: Span, words: Words) -> Group:
    place = span.start, span.end
    offers = [(Edit("entity", *place), words("bench.offer.same"))] if names_of(span.label) else []
    offers += [
        (Edit("entity", *place, kind), words("bench.offer.other", kind=words(f"bench.kind.{kind}")))
        for kind in ("person", "place", "organisation", "company", "work")
        if names_of(kind) != names_of(span.label)
    ]
    offers += [(Edit("mask", *place, sign), words("bench.offer.mask", sign=sign)) for sign in ("□", "某")]
    offers.append((Edit("mask", *place, UNKNOWN), words("bench.offer.unknown")))
    title = words("bench.offer.entity", old=document.mention(span), label=span.label)
    return title, offers, str(Edit("replace", *place))


def _scripts(document: Document, words: Words) -> Iterator[Offer]:
    simple = simple_form(document.text)
    if simple != document.text:
        yield Edit("simplified"), words("bench.offer.simplified")
    if traditional(simple) != document.text:
        yield Edit("traditional"), words("bench.offer.traditional")
