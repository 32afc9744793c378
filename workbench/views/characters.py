"""The characters of a text in a row, each with how it is read: the way to each one's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.document import Document
from engine.evidence import Characters
from engine.modalities.pinyin import Syllable
from workbench.views.escape import esc
from workbench.views.strip import mark


def characters_html(
    document: Document,
    characters: Characters,
    context: Sequence[str | None],
    texts: Mapping[str, str],
    *,
    model: str = "",
    open_first: bool = True,
) -> str:
    """Draw the characters as buttons.

    Args:
        document: the predicted document with the readings that were chosen.
        characters: the evidence.
        context: how each character would be read if none were chosen.
        texts: the words ``views.characters.*``.
        model: what tells the model from others: another one's strip is drawn anew, be it alike.
        open_first: whether the page is to ask for the card of the character to begin with.
    """
    if not document.text:
        return ""
    title = esc(texts["views.characters.title"])
    first = first_of(document, characters)
    signs = "".join(_sign(at, at == first, document, characters, context, texts) for at in range(len(document)))
    opening = f' data-model="{esc(model)}"' + (f' data-open="{first}"' if open_first else "")
    return (
        f'<section class="duomo-characters"{opening}><h2>{title}</h2>'
        f'<p class="duomo-hint">{esc(texts["views.characters.hint"])}</p>'
        f'<div class="duomo-signs" role="toolbar" aria-label="{title}">{signs}</div>'
        f"{_chosen(document, context, texts)}</section>"
    )


def first_of(document: Document, characters: Characters) -> int:
    """Return the character to begin with: the first of the first entity, else the first that was seen."""
    if document.readings:
        return min(document.readings)
    if document.spans:
        return document.spans[0].start
    return next((at for at, form in enumerate(characters.forms) if form), 0)


def marked(reading: str | None) -> str:
    """Return numbered Pinyin with its tone as a mark, a dash for none."""
    return Syllable.parse(reading).marked if reading else "–"


def pinyin_html(reading: str | None) -> str:
    """Return numbered Pinyin with its tone as a mark, named as what it is: it is spoken and drawn otherwise than Chinese."""
    return f'<span lang="zh-Latn">{esc(marked(reading))}</span>'


def _sign(
    at: int, first: bool, document: Document, characters: Characters, context: Sequence[str | None], texts: Mapping[str, str]
) -> str:
    reading = characters.readings[at] or document.readings.get(at) or context[at]
    chosen = at in document.readings
    masked = "" if characters.forms[at] or characters.readings[at] else " is-masked"
    before = f"<s>{pinyin_html(context[at])}</s> " if chosen else ""
    said = esc(texts["views.characters.chosen"]) if chosen else ""
    return (
        f'<button type="button" class="duomo-sign{masked}{" is-chosen" if chosen else ""}" data-at="{at}" '
        f'tabindex="{0 if first else -1}" title="{said}"><b>{esc(mark(document.text[at]))}</b>'
        f"<small>{before}{pinyin_html(reading)}</small></button>"
    )


def _chosen(document: Document, context: Sequence[str | None], texts: Mapping[str, str]) -> str:
    if not document.readings:
        return ""
    back = texts["views.characters.back"]
    buttons = "".join(
        f'<button type="button" data-offset="{at}" data-choose="" title="{esc(back.format(reading=marked(context[at])))}">'
        f'{esc(document.text[at])} {pinyin_html(reading)} <span aria-hidden="true">×</span>'
        f'<span class="duomo-hidden">{esc(back.format(reading=marked(context[at])))}</span></button>'
        for at, reading in sorted(document.readings.items())
    )
    return f'<p class="duomo-chosen"><span>{esc(texts["views.characters.chosen"])}</span>{buttons}</p>'
