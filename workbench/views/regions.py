"""Where characters look: their shares drawn on the pictures, and for each region the characters that look at it.

What is chosen is drawn by pictures.js; without it, the mean over all characters stands there, each number behind its region.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from engine.document import Document
from engine.drawing.colours import palette
from engine.evidence import Box, RegionAttention
from workbench.views.escape import esc
from workbench.views.picture import WHOLE, Picture, caption, is_grid, region_name
from workbench.views.strip import SHOWN, mark, part

_UNIT = 10_000
_WRITTEN = 8
"""Regions of a picture up to which each has its number written in it."""


def regions_html(
    document: Document, attention: RegionAttention, pictures: Sequence[Picture], texts: Mapping[str, str], below: str = ""
) -> str:
    """Draw the pictures with the characters to choose from; nothing where there is nothing to look at.

    Args:
        document: the predicted document.
        attention: the evidence.
        pictures: that it is about, in its order.
        texts: the words ``views.regions.*``, ``views.picture.name`` and ``views.strip.part``.
        below: HTML under the pictures.
    """
    if not pictures or not len(pictures) == len(attention.boxes) == len(attention.values):
        return ""
    shown = [rows[:SHOWN] for rows in attention.values]
    means = [mean_shares(rows) for rows in attention.values]
    most = max((share for mean in means for share in mean), default=0.0)
    figures = "".join(
        _figure(picture, boxes, mean, most, texts) for picture, boxes, mean in zip(pictures, attention.boxes, means, strict=True)
    )
    title = esc(texts["views.regions.title"])
    words = {name: texts[f"views.regions.{name}"] for name in ("looks", "looked", "all")}
    values = json.dumps([[[round(share * _UNIT) for share in row] for row in rows] for rows in shown], separators=(",", ":"))
    return (
        f'<section class="duomo-panel duomo-regions" aria-label="{title}" data-values="{values}" '
        f'data-words="{esc(json.dumps(words))}"><p class="duomo-caption">{title}</p>'
        f'<p class="duomo-hint">{esc(texts["views.regions.hint"])}</p>{_choices(document, texts)}'
        f'<p class="duomo-told" role="status">{esc(told(means, attention.boxes, pictures, texts))}</p>'
        f'<div class="duomo-looked">{figures}</div>{below}</section>'
    )


def mean_shares(rows: Sequence[Sequence[float]]) -> list[float]:
    """Return where some characters look on average.

    Args:
        rows: ``[characters, regions]``, their shares of attention.
    """
    return [sum(shares) / len(rows) for shares in zip(*rows, strict=True)]


def _choices(document: Document, texts: Mapping[str, str]) -> str:
    last = min(len(document), SHOWN)
    colours = palette(dict.fromkeys(span.label for span in document.spans))
    entities = "".join(
        f'<button type="button" class="duomo-ask duomo-ask-entity" data-start="{span.start}" data-end="{span.end}" '
        f'aria-pressed="false" style="--color:{colours[span.label]}">{esc(document.mention(span))}'
        f"<small>{esc(span.label)}</small></button>"
        for span in document.spans
        if span.end <= last
    )
    every = esc(texts["views.regions.all"])
    signs = "".join(
        # One stop for the Tab key; from it the arrow keys go on.
        f'<button type="button" class="duomo-ask duomo-ask-sign" data-start="{at}" data-end="{at + 1}" aria-pressed="false" '
        f'tabindex="{-1 if at else 0}">{esc(mark(document.text[at]))}</button>'
        for at in range(last)
    )
    note = f'<p class="duomo-note">{esc(part(0, last, len(document), texts))}</p>' if last < len(document) else ""
    return (
        f'<div class="duomo-asks" role="group" aria-label="{esc(texts["views.regions.entities"])}">'
        f'<button type="button" class="duomo-ask" data-every aria-pressed="true">{every}</button>{entities}</div>'
        f'<div class="duomo-signs" role="group" aria-label="{esc(texts["views.regions.characters"])}">{signs}</div>{note}'
    )


def told(
    means: Sequence[Sequence[float]],
    boxes: Sequence[tuple[Box, ...]],
    pictures: Sequence[Picture],
    texts: Mapping[str, str],
    mention: str = "",
) -> str:
    """Say where it is looked most; nothing where nothing is looked at.

    Args:
        means: for each picture the shares of its regions.
        boxes: of the pictures.
        pictures: in the order of the evidence.
        texts: the words ``views.regions.*``.
        mention: which characters look; by default all.
    """
    found = [(share, number, place) for number, mean in enumerate(means) for place, share in enumerate(mean)]
    if not found:
        return ""
    share, number, place = max(found, key=lambda one: one[0])
    where = texts["views.regions.place"].format(number=pictures[number].number, region=region_name(boxes[number], place, texts))
    said = texts["views.regions.looks"]
    for sign, words in (("%1", f"“{mention}”" if mention else texts["views.regions.all"]), ("%2", where), ("%3", f"{share:.1%}")):
        said = said.replace(sign, words)
    return said


def _figure(picture: Picture, boxes: tuple[Box, ...], shares: Sequence[float], most: float, texts: Mapping[str, str]) -> str:
    name, (width, height) = caption(picture, texts), picture.size
    frame = f'style="aspect-ratio:{width}/{height};--wide:{min(1.0, width / height):.3f}"'
    image = f'<img src="{esc(picture.url)}" alt="{name}">'
    if not boxes:
        note = f'<p class="duomo-note">{esc(texts["views.regions.unseen"])}</p>'
        return f'<figure><div class="duomo-frame is-unseen" {frame}>{image}</div><figcaption>{name}</figcaption>{note}</figure>'
    columns = len({box[0] for box in boxes}) if is_grid(boxes) else 1
    regions = "".join(
        _region(picture, boxes, place, shares[place] if shares else 0.0, most, texts) for place in range(len(boxes))
    )
    kind = " is-grid" if is_grid(boxes) else ""
    return (
        f'<figure><div class="duomo-frame{kind}" data-columns="{columns}" {frame}>{image}'
        f'<div role="group" aria-label="{name}">{regions}</div></div><figcaption>{name}</figcaption></figure>'
    )


def _region(picture: Picture, boxes: tuple[Box, ...], place: int, share: float, most: float, texts: Mapping[str, str]) -> str:
    left, top, right, bottom = boxes[place]
    where = texts["views.regions.place"].format(number=picture.number, region=region_name(boxes, place, texts))
    named, said = esc(where), f"{esc(where)} {share:.1%}"
    written = f"<b>{share:.0%}</b>" if len(boxes) <= _WRITTEN else ""
    whole = " is-whole" if boxes[place] == WHOLE else ""
    return (
        f'<button type="button" class="duomo-region{whole}" data-name="{named}" title="{said}" aria-label="{said}" '
        f'tabindex="{-1 if place else 0}" style="left:{left:.2%};top:{top:.2%};width:{right - left:.2%};'
        f'height:{bottom - top:.2%};--share:{share / most if most else 0:.3f}">{written}</button>'
    )
