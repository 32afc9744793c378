"""The gates of pictures: how far each layer lets in the whole of a picture and each object in it, picture beside picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.evidence import Box, Gates, RegionAttention
from workbench.views.colours import step
from workbench.views.escape import esc
from workbench.views.picture import WHOLE, Picture, caption, region_name
from workbench.views.strip import hint_html, scale_html

_HEAD = 44
"""Pixels of the longer side of what stands over a column."""


def picture_gates_html(
    gates: Gates, regions: RegionAttention | None, pictures: Sequence[Picture], texts: Mapping[str, str], below: str = ""
) -> str:
    """Draw a small table for each picture, layers by blocks, all in the same colours, so that pictures can be compared.

    Args:
        gates: the evidence; its sources are ``1.0`` for the whole of the first picture, ``1.1`` for its first object and so on.
        regions: which tells where the objects are, if it is there.
        pictures: that the gates are about, in their order.
        texts: the words ``views.gates.*``, ``views.hint.dynamic_gates``, ``views.regions.*`` and ``views.picture.name``.
        below: HTML under the tables.
    """
    blocks = blocks_of(gates)
    if not gates.values or set(blocks) != set(range(1, len(pictures) + 1)):
        return ""
    most = max(max(row) for row in gates.values)
    title = esc(texts[f"views.gates.{gates.name}"])
    tables = "".join(
        _table(gates, columns, picture, boxes_of(regions, number - 1), most, texts)
        for (number, columns), picture in zip(sorted(blocks.items()), pictures, strict=True)
    )
    return (
        f'<section class="duomo-panel duomo-picture-gates" aria-label="{title}"><p class="duomo-caption">{title}</p>'
        f"{hint_html(gates.name, texts)}<div>{tables}</div>{scale_html(most)}{below}</section>"
    )


def blocks_of(gates: Gates) -> dict[int, list[int]]:
    """Return the columns of each picture, by its number from 1."""
    blocks: dict[int, list[int]] = {}
    for column, source in enumerate(gates.sources):
        picture = source.split(".")[0]
        blocks.setdefault(int(picture) if picture.isdecimal() else 0, []).append(column)
    return blocks


def boxes_of(regions: RegionAttention | None, place: int) -> tuple[Box, ...] | None:
    """Return where the blocks of a picture are, or none if that is not known."""
    return regions.boxes[place] if regions and place < len(regions.boxes) else None


def _table(
    gates: Gates,
    columns: Sequence[int],
    picture: Picture,
    boxes: tuple[Box, ...] | None,
    most: float,
    texts: Mapping[str, str],
) -> str:
    # Where it is not known which objects there are, all that the gates have are drawn.
    shown = columns if boxes is None else columns[: len(boxes)]
    name = caption(picture, texts)
    if not shown:
        return f'<figure><figcaption>{name}</figcaption><p class="duomo-note">{esc(texts["views.regions.unseen"])}</p></figure>'
    known = boxes or (WHOLE,)
    names = [esc(region_name((WHOLE,), block, texts)) for block in range(len(shown))]
    heads = "".join(
        f'<th scope="col" title="{names[block]}">{_head(picture, known[block] if block < len(known) else None)}'
        f"<span>{names[block]}</span></th>"
        for block in range(len(shown))
    )
    rows = "".join(
        f'<tr><th scope="row">{esc(texts["views.gates.layer"].replace("%1", str(layer)))}</th>'
        f"{''.join(_cell(row[column], most, f'{names[block]} ') for block, column in enumerate(shown))}</tr>"
        for layer, row in enumerate(gates.values, start=1)
    )
    return (
        f'<figure style="--thumbnail:url({esc(picture.thumbnail_url)})"><figcaption>{name}</figcaption>'
        f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></figure>"
    )


def _head(picture: Picture, box: Box | None) -> str:
    """Draw a part of the thumbnail, in its own proportions."""
    if box is None:
        return ""
    left, top, right, bottom = box
    wide, high = max(right - left, 1e-3), max(bottom - top, 1e-3)
    width, height = wide * picture.size[0], high * picture.size[1]
    scale = _HEAD / max(width, height)
    across = left / (1 - wide) if wide < 1 else 0.0
    down = top / (1 - high) if high < 1 else 0.0
    return (
        f'<i class="duomo-crop" aria-hidden="true" style="width:{max(6.0, width * scale):.0f}px;'
        f"height:{max(6.0, height * scale):.0f}px;"
        f'background-size:{1 / wide:.1%} {1 / high:.1%};background-position:{across:.1%} {down:.1%}"></i>'
    )


def _cell(value: float, most: float, name: str) -> str:
    return f'<td class="duomo-cell duomo-q{step(value, most)}" title="{name}{value:.1%}">{f"{value:.0%}".rstrip("%")}</td>'
