"""The card of a character: how it looks and sounds to the model, what that changed, and what looks and sounds like it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.character_card import GLYPH, PHONETIC, CharacterCard, Neighbour, Picture
from engine.modalities.pinyin import Syllable
from engine.modalities.radicals import radical_sign
from workbench.views.characters import pinyin_html
from workbench.views.data_urls import png_url
from workbench.views.escape import esc
from workbench.views.strip import mark

_SMALL = 0.005


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card's character stands.

    Attributes:
        offset: in the text; of a neighbour, that of the character it was reached from.
        within: whether it is the text's own character, not a neighbour.
        context: the reading there if none were chosen, ``""`` for none.
        effect: how much each modality changed its tag.
    """

    offset: int
    within: bool
    context: str
    effect: Mapping[str, float]


def character_card_html(card: CharacterCard, place: Place, texts: Mapping[str, str]) -> str:
    """Draw a card.

    Args:
        card: what is known of the character.
        place: where it stands.
        texts: the words ``views.character.*``.
    """
    shown, offset = esc(mark(card.character)), f' data-offset="{place.offset}"'
    title = esc(texts["views.character.title"].format(character=card.character))
    code = f"U+{ord(card.character):04X}"
    back = "" if place.within else _back(place, texts)
    own = ' data-own="1"' if place.within else ""
    return (
        f'<article class="duomo-card"{offset}{own} aria-label="{title}">'
        f'<header><span class="duomo-card-sign">{shown}</span><span class="duomo-note">{code}</span>{back}</header>'
        f'<div class="duomo-senses">{_look(card, place, texts)}{_sound(card, place, texts)}</div></article>'
    )


def _back(place: Place, texts: Mapping[str, str]) -> str:
    words = esc(texts["views.character.back"])
    return f'<button type="button" class="duomo-quiet" data-at="{place.offset}">{words}</button>'


def _look(card: CharacterCard, place: Place, texts: Mapping[str, str]) -> str:
    parts = [f"<h3>{esc(texts['views.modality.glyph'])}</h3>", _masked(card, GLYPH, texts)]
    if card.masked.get(GLYPH) != "not_han":
        parts += [_pictures(card, texts), _form(card, texts)]
    if card.radical:
        sign = unicodedata.normalize("NFKC", radical_sign(card.radical))
        parts.append(_fact(texts["views.character.radical"], f"{sign} · {card.radical}"))
    return f"<section>{''.join(parts)}{_effect(GLYPH, place, texts)}{_near(GLYPH, card, place, texts)}</section>"


def _pictures(card: CharacterCard, texts: Mapping[str, str]) -> str:
    if not card.glyphs:
        drawn = f'<figure><span class="duomo-drawn" aria-hidden="true">{esc(card.form)}</span></figure>'
        return f'<div class="duomo-pictures">{drawn}</div><p class="duomo-hint">{esc(texts["views.character.drawn"])}</p>'
    figures = "".join(_figure(picture, 48, card.form, name) for name, picture in card.glyphs)
    return f'<div class="duomo-pictures">{figures}</div>'


def _figure(picture: Picture, side: int, alt: str, name: str) -> str:
    image = f'<img src="{png_url(picture)}" width="{side}" height="{side}" alt="{esc(alt)}">'
    return f"<figure>{image}<figcaption>{esc(name)}</figcaption></figure>"


def _form(card: CharacterCard, texts: Mapping[str, str]) -> str:
    if card.form == card.character:
        return ""
    words = texts["views.character.traditional"].format(form=card.form, character=card.character)
    return f'<p class="duomo-hint">{esc(words)}</p>'


def _sound(card: CharacterCard, place: Place, texts: Mapping[str, str]) -> str:
    parts = [f"<h3>{esc(texts['views.modality.phonetic'])}</h3>", _masked(card, PHONETIC, texts)]
    if card.reading:
        parts += [_syllable(card.reading, texts), _spectrograms(card, texts)]
    if place.within and card.masked.get(PHONETIC) != "off":
        parts.append(_readings(card, place, texts))
    return f"<section>{''.join(parts)}{_effect(PHONETIC, place, texts)}{_near(PHONETIC, card, place, texts)}</section>"


def _syllable(reading: str, texts: Mapping[str, str]) -> str:
    syllable = Syllable.parse(reading)
    none = texts["views.character.none"]
    facts = (
        _fact(texts["views.character.initial"], syllable.initial or none),
        _fact(texts["views.character.final"], syllable.final.replace("v", "ü")),
        _fact(texts["views.character.tone"], texts[f"views.tone.{syllable.tone}"]),
    )
    return f'<p class="duomo-pinyin">{pinyin_html(reading)}</p><div class="duomo-facts">{"".join(facts)}</div>'


def _spectrograms(card: CharacterCard, texts: Mapping[str, str]) -> str:
    # Low notes stand below, as on paper; the engine has them first.
    pictures = [(texts["views.character.voice"], card.sound.mel)] if card.sound else []
    alt = texts["views.character.mel"]
    figures = "".join(_figure(mel[::-1], 96, alt, name) for name, mel in (*pictures, *card.recordings))
    hint = f'<p class="duomo-hint">{esc(alt)}</p>' if figures else ""
    words = esc(texts["views.character.play"])
    play = f'<button type="button" class="duomo-quiet" data-say="{esc(card.reading)}">▶ {words}</button>'
    if not card.sound:
        key = "views.character.unsaid" if card.can_speak else "views.character.silent"
        play = f'<p class="duomo-hint">{esc(texts[key])}</p>'
    return f'<div class="duomo-pictures">{figures}</div>{hint}{play}'


def _readings(card: CharacterCard, place: Place, texts: Mapping[str, str]) -> str:
    offered = list(dict.fromkeys([*filter(None, (place.context,)), *card.readings, *filter(None, (card.reading,))]))
    choices = "".join(_choice(reading, card, place, texts) for reading in offered)
    label, own = esc(texts["views.character.readings"]), esc(texts["views.character.own"])
    field = (
        f'<label class="duomo-own">{own} <input type="text" size="8" maxlength="12" data-own-reading spellcheck="false" '
        f'autocapitalize="off" autocomplete="off" placeholder="zhang3"></label>'
        f'<button type="button" class="duomo-quiet" data-own-choose data-offset="{place.offset}">'
        f"{esc(texts['views.character.choose'])}</button>"
    )
    return (
        f'<div class="duomo-reading"><p class="duomo-caption">{label}</p>'
        f'<div class="duomo-choices" role="group" aria-label="{label}">{choices}</div>'
        f'<div class="duomo-choices">{field}</div></div>'
    )


def _choice(reading: str, card: CharacterCard, place: Place, texts: Mapping[str, str]) -> str:
    in_context = f" <small>{esc(texts['views.character.context'])}</small>" if reading == place.context else ""
    pressed = str(reading == card.reading).lower()
    # The reading of the context is not chosen but left alone.
    value = "" if reading == place.context else esc(reading)
    return (
        f'<button type="button" data-offset="{place.offset}" data-choose="{value}" aria-pressed="{pressed}">'
        f"{pinyin_html(reading)}{in_context}</button>"
    )


def _masked(card: CharacterCard, modality: str, texts: Mapping[str, str]) -> str:
    why = card.masked.get(modality)
    if not why:
        return ""
    words = texts[f"views.masked.{why}"]
    head = "" if why == "off" else f"<strong>{esc(texts['views.character.masked'])}</strong> "
    return f'<p class="duomo-masked">{head}{esc(words)}</p>'


def _effect(modality: str, place: Place, texts: Mapping[str, str]) -> str:
    if not place.within or modality not in place.effect:
        return ""
    share = min(1.0, max(0.0, place.effect[modality]))
    fill = f'<span class="duomo-bar-fill" style="width:{share:.1%}"></span>'
    return (
        f'<p class="duomo-effect">{esc(texts["views.character.effect"])} '
        f'<span class="duomo-bar-track" aria-hidden="true">{fill}</span>{share:.1%}</p>'
    )


def _near(modality: str, card: CharacterCard, place: Place, texts: Mapping[str, str]) -> str:
    near: Sequence[Neighbour] = card.neighbours.get(modality, ())
    if not near:
        return ""
    items = "".join(f"<li>{_neighbour(modality, neighbour, place)}</li>" for neighbour in near)
    caption = esc(texts[f"views.character.near.{modality}"])
    return f'<p class="duomo-caption">{caption}</p><ol class="duomo-near" aria-label="{caption}">{items}</ol>'


def _neighbour(modality: str, neighbour: Neighbour, place: Place) -> str:
    name = esc(neighbour.item) if modality == GLYPH else pinyin_html(neighbour.item)
    others = "" if modality == GLYPH else f"<small>{esc(''.join(neighbour.characters))}</small>"
    inside = f"<b>{name}</b>{others}<small>{neighbour.cosine:.2f}</small>"
    if not neighbour.characters:
        return f"<span>{inside}</span>"
    reading = "" if modality == GLYPH else neighbour.item
    return (
        f'<button type="button" data-offset="{place.offset}" data-character="{esc(neighbour.characters[0])}" '
        f'data-reading="{esc(reading)}">{inside}</button>'
    )


def _fact(name: str, value: str) -> str:
    return f'<p class="duomo-fact"><span>{esc(name)}</span> {esc(value)}</p>'
