"""What an answer owes to pictures as a figure that leaves the screen: PNG, SVG or PDF, the pictures in it."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import PIL.Image
from PIL import ImageEnhance, ImageOps

from engine.document import Document
from engine.drawing.colours import ink_on, ramp
from engine.drawing.sheet import FORMATS, GREY, RULE, Sheet, sheet
from engine.drawing.wording import shortened, spelled, wrapped
from engine.evidence import Box, Correlation, Evidence, Gates, RegionAttention
from workbench.views.correlation import correlation_hint, correlation_said
from workbench.views.picture import WHOLE, Picture, is_grid, region_name
from workbench.views.picture_gates import blocks_of, boxes_of
from workbench.views.regions import mean_shares, told

_WIDTH, _MARGIN, _GAP = 480.0, 16.0, 14.0
_ROOM = _WIDTH - 2 * _MARGIN
# Sizes of type: title, words, captions, numbers, small print; then the lines that they stand on.
_TITLE, _WORD, _CAPTION, _NUMBER, _PRINT = 11.0, 9.5, 8.0, 6.5, 6.5
_TITLE_LINE, _WORD_LINE, _CAPTION_LINE, _PRINT_LINE = 16.0, 14.0, 14.0, 9.5
_LOOKED, _MARKED, _DOT = "#D55E00", "#111111", "#A4343A"
_BESIDE, _HIGHEST, _WIDEST = 3, 220.0, 300.0
_WRITTEN = 8
_ROW, _THUMBNAIL, _DIAL = 46.0, 36.0, 110.0
_HEAD, _CELL, _LAYER = 38.0, (42.0, 15.0), 42.0


@dataclass(frozen=True)
class _Part:
    """The middle of a figure: how high it is, which words it needs, and how it is drawn from a height on."""

    title: str
    height: float
    words: Sequence[str]
    draw: Callable[[Sheet, float], None]


def picture_figure(
    evidence: Evidence,
    document: Document,
    pictures: Sequence[Picture],
    texts: Mapping[str, str],
    *,
    others: Sequence[Evidence] = (),
    model: str,
    kind: str = "png",
    stretch: tuple[int, int] | None = None,
) -> bytes:
    """Draw where it is looked, how far the pictures have to do with the text, or how far they are let in.

    Args:
        evidence: of pictures.
        document: the predicted document.
        pictures: that the evidence is about, in its order.
        texts: the words of the views of pictures.
        others: the answer's other evidence, which tells where objects are.
        model: what the small print says of the model.
        kind: one of :data:`engine.drawing.sheet.FORMATS`.
        stretch: the characters of which it is drawn where they look, half-open; by default all.

    Raises:
        ValueError: for a format or a kind of evidence that there is not, or pictures that are not those of the evidence.
    """
    if kind not in FORMATS:
        raise ValueError(f"a figure is one of {', '.join(FORMATS)}; got {kind!r}")
    regions = next((item for item in others if isinstance(item, RegionAttention)), None)
    match evidence:
        case RegionAttention() if len(evidence.boxes) == len(pictures):
            part = _looked(evidence, document, pictures, texts, stretch)
        case Correlation() if len(evidence.values) == len(pictures):
            part = _correlated(evidence, regions, pictures, texts)
        case Gates() if set(blocks_of(evidence)) == set(range(1, len(pictures) + 1)):
            part = _let_in(evidence, regions, pictures, texts)
        case _:
            raise ValueError(f"no figure of {len(pictures)} pictures is drawn of {type(evidence).__name__} {evidence.name}")
    heads, prints = wrapped(spelled(part.title), _TITLE, _ROOM), wrapped(spelled(model), _PRINT, _ROOM)
    height = 2 * _MARGIN + len(heads) * _TITLE_LINE + part.height + 8 + len(prints) * _PRINT_LINE
    with sheet(_WIDTH, height, [*part.words, *prints, "0123456789%.+-\N{MINUS SIGN}"], [*heads, *part.words]) as drawn:
        y = _MARGIN
        for line in heads:
            drawn.write(_MARGIN, y + _TITLE, line, _TITLE, bold=True)
            y += _TITLE_LINE
        part.draw(drawn, y + 4)
        for number, line in enumerate(prints):
            drawn.write(_MARGIN, y + part.height + 8 + _PRINT + number * _PRINT_LINE, line, _PRINT, ink=GREY)
        return drawn.save(kind, part.title)


# where it is looked


def _looked(
    attention: RegionAttention,
    document: Document,
    pictures: Sequence[Picture],
    texts: Mapping[str, str],
    stretch: tuple[int, int] | None,
) -> _Part:
    start, end = stretch if stretch and 0 <= stretch[0] < stretch[1] <= len(document) else (0, len(document))
    means = [mean_shares(rows[start:end]) for rows in attention.values]
    mention = document.text[start:end] if stretch else ""
    said = wrapped(spelled(told(means, attention.boxes, pictures, texts, mention)), _WORD, _ROOM)
    columns = min(_BESIDE, len(pictures))
    cell = min(_WIDEST, (_ROOM - (columns - 1) * _GAP) / columns)
    sizes = [_fitted(picture.size, (cell, _HIGHEST)) for picture in pictures]
    rows = [range(at, min(at + columns, len(pictures))) for at in range(0, len(pictures), columns)]
    highs = [max(sizes[at][1] for at in row) for row in rows]
    captions = [
        _caption(picture, texts, cell, "" if boxes else texts["views.regions.unseen"])
        for picture, boxes in zip(pictures, attention.boxes, strict=True)
    ]
    most = max((share for mean in means for share in mean), default=0.0)

    def draw(drawn: Sheet, top: float) -> None:
        for line in said:
            drawn.write(_MARGIN, top + _WORD, line, _WORD)
            top += _WORD_LINE
        top += 4
        for row, high in zip(rows, highs, strict=True):
            for column, at in enumerate(row):
                x = _MARGIN + column * (cell + _GAP)
                _regions(drawn, (x, top, *sizes[at]), pictures[at], attention.boxes[at], means[at], most)
                drawn.write(x, top + sizes[at][1] + _CAPTION + 3, captions[at], _CAPTION, ink=GREY)
            top += high + _CAPTION_LINE + 6

    height = len(said) * _WORD_LINE + sum(high + _CAPTION_LINE + 6 for high in highs) + 8
    return _Part(texts["views.regions.title"], height, [*said, *captions], draw)


def _regions(
    drawn: Sheet,
    place: tuple[float, float, float, float],
    picture: Picture,
    boxes: Sequence[Box],
    shares: Sequence[float],
    most: float,
) -> None:
    x, y, wide, high = place
    # The picture steps back behind what is drawn on it; one that was not seen, further still.
    pale = ImageEnhance.Color(_pixels(picture)).enhance(0.25)
    drawn.image(x, y, (wide, high), pale)
    if not boxes:
        drawn.tint(x, y, (wide, high), "#FFFFFF", 0.6)
    for box, share in zip(boxes, shares, strict=False):
        left, top, size = x + box[0] * wide, y + box[1] * high, ((box[2] - box[0]) * wide, (box[3] - box[1]) * high)
        strength = share / most if most else 0.0
        if is_grid(tuple(boxes)):
            drawn.tint(left, top, size, _LOOKED, 0.75 * strength)
            continue
        whole = box == WHOLE
        if not whole:
            drawn.tint(left, top, size, _LOOKED, 0.45 * strength)
        drawn.outline(left, top, size, "#FFFFFF", 3.6 if whole else 2.4)
        drawn.outline(left, top, size, _LOOKED, 0.6 + (2.4 if whole else 1.2) * strength)
    for box, share in zip(boxes, shares, strict=False):
        if len(boxes) <= _WRITTEN:
            words = f"{share:.0%}"
            long = 4 + 0.62 * _NUMBER * len(words)
            # Of the whole picture in its left corner, of an object in its right one, so that one covers no other.
            left = x + 2 if box == WHOLE else x + box[2] * wide - long - 1
            drawn.tint(left, y + box[1] * high + 1.5, (long, _NUMBER + 4), _MARKED, 0.8)
            drawn.write(left + long / 2, y + box[1] * high + _NUMBER + 3, words, _NUMBER, at="center", ink="#FFFFFF")


# how far the pictures have to do with the text


def _correlated(
    correlation: Correlation, regions: RegionAttention | None, pictures: Sequence[Picture], texts: Mapping[str, str]
) -> _Part:
    rows = []
    for place, (picture, value) in enumerate(zip(pictures, correlation.values, strict=True)):
        seen = boxes_of(regions, place) != ()
        said = correlation_said(value, texts) if seen else texts["views.correlation.unseen"]
        rows.append((picture, value if seen else None, _caption(picture, texts, 160), said))
    hint = wrapped(spelled(correlation_hint(texts)), _CAPTION, _ROOM)

    def draw(drawn: Sheet, top: float) -> None:
        for line in hint:
            drawn.write(_MARGIN, top + _CAPTION, line, _CAPTION, ink=GREY)
            top += _CAPTION_LINE
        top += 4
        for picture, value, caption, said in rows:
            drawn.line([(_MARGIN, top), (_WIDTH - _MARGIN, top)], RULE, 0.5)
            middle, left = top + _ROW / 2, _WIDTH - _MARGIN - 100 - _DIAL
            square = ImageOps.fit(_pixels(picture), (160, 160))
            drawn.image(_MARGIN, middle - _THUMBNAIL / 2, (_THUMBNAIL, _THUMBNAIL), square)
            drawn.write(_MARGIN + _THUMBNAIL + 10, middle + 3, caption, _WORD)
            drawn.write(_WIDTH - _MARGIN - 88, middle + 3, said, _WORD)
            if value is not None:
                drawn.tint(left, middle - 4, (0.35 * _DIAL, 8), RULE)
                drawn.tint(left + 0.65 * _DIAL, middle - 4, (0.35 * _DIAL, 8), GREY)
                drawn.outline(left, middle - 4, (_DIAL, 8), GREY, 0.7)
                drawn.dot(left + _DIAL * (max(-1.0, min(1.0, value)) + 1) / 2, middle, 5.5, _DOT)
            top += _ROW

    words = [*hint, *(words for _, _, caption, said in rows for words in (caption, said))]
    height = len(hint) * _CAPTION_LINE + 4 + _ROW * len(rows) + 6
    return _Part(texts["views.correlation.title"], height, words, draw)


# how far each layer lets them in


def _let_in(gates: Gates, regions: RegionAttention | None, pictures: Sequence[Picture], texts: Mapping[str, str]) -> _Part:
    layers = [texts["views.gates.layer"].replace("%1", str(layer)) for layer in range(1, len(gates.values) + 1)]
    most = max((value for row in gates.values for value in row), default=0.0)
    tables = []
    for number, columns in sorted(blocks_of(gates).items()):
        boxes = boxes_of(regions, number - 1)
        shown = columns if boxes is None else columns[: len(boxes)]
        names = [region_name((WHOLE,), block, texts) for block in range(len(shown))]
        values = [[row[column] for column in shown] for row in gates.values]
        wide = _LAYER + max(3, len(shown)) * _CELL[0]
        unseen = "" if shown else texts["views.regions.unseen"]
        caption = _caption(pictures[number - 1], texts, wide, unseen)
        tables.append((pictures[number - 1], boxes or (WHOLE,), names, values, caption, wide))
    high = _CAPTION_LINE + _HEAD + 12 + len(layers) * _CELL[1] + _GAP
    rows: list[list[int]] = [[]]
    for at, table in enumerate(tables):
        taken = sum(tables[other][-1] + _GAP for other in rows[-1])
        if rows[-1] and taken + table[-1] > _ROOM:
            rows.append([])
        rows[-1].append(at)

    def draw(drawn: Sheet, top: float) -> None:
        for row in rows:
            x = _MARGIN
            for at in row:
                picture, boxes, names, values, caption, wide = tables[at]
                drawn.write(x, top + _CAPTION, caption, _CAPTION, ink=GREY)
                _table(drawn, (x, top + _CAPTION_LINE), picture, boxes, names, values, layers, most)
                x += wide + _GAP
            top += high
        drawn.write(_MARGIN, top + 6, "0", _PRINT, ink=GREY)
        drawn.ramp(_MARGIN + 10, top, (120, 7), [ramp(shade / 100) for shade in range(101)])
        drawn.frame(_MARGIN + 10, top, 120, 7)
        drawn.write(_MARGIN + 136, top + 6, f"{most:.0%}", _PRINT, ink=GREY)

    words = [*layers, *(words for table in tables for words in (*table[2], table[4]))]
    return _Part(texts[f"views.gates.{gates.name}"], high * len(rows) + 18, words, draw)


def _table(
    drawn: Sheet,
    corner: tuple[float, float],
    picture: Picture,
    boxes: Sequence[Box],
    names: Sequence[str],
    values: Sequence[Sequence[float]],
    layers: Sequence[str],
    most: float,
) -> None:
    (x, top), (wide, high) = corner, _CELL
    if not names:
        return
    pixels, body = _pixels(picture), top + _HEAD + 12
    for block, name in enumerate(names):
        middle = x + _LAYER + (block + 0.5) * wide
        if block < len(boxes):
            part = _cropped(pixels, boxes[block])
            width, height = _fitted(part.size, (_HEAD, _HEAD))
            drawn.image(middle - width / 2, top + _HEAD - height, (width, height), part)
        drawn.write(middle, top + _HEAD + 9, name, _NUMBER, at="center")
    shades = [[ramp(value / most if most else 0.0) for value in row] for row in values]
    drawn.paint(x + _LAYER, body, _CELL, shades)
    for layer, row in enumerate(values):
        line = body + (layer + 0.5) * high + _NUMBER * 0.36
        drawn.write(x, line, layers[layer], _NUMBER)
        for block, value in enumerate(row):
            number, ink = f"{value * 100:.0f}", ink_on(shades[layer][block])
            drawn.write(x + _LAYER + (block + 0.5) * wide, line, number, _NUMBER, at="center", ink=ink)


# pictures


def _caption(picture: Picture, texts: Mapping[str, str], width: float, more: str = "") -> str:
    name = texts["views.picture.name"].format(number=picture.number, name=picture.name)
    return shortened(spelled(f"{name} · {more}" if more else name), _CAPTION, width)


def _pixels(picture: Picture) -> PIL.Image.Image:
    with PIL.Image.open(io.BytesIO(b64decode(picture.url.partition(",")[2]))) as opened:
        return opened.convert("RGB")


def _cropped(pixels: PIL.Image.Image, box: Box) -> PIL.Image.Image:
    (width, height), (left, top, right, bottom) = pixels.size, box
    x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
    return pixels.crop((x, y, max(x + 1, round(right * width)), max(y + 1, round(bottom * height))))


def _fitted(size: tuple[int, int], room: tuple[float, float]) -> tuple[float, float]:
    scale = min(room[0] / size[0], room[1] / size[1])
    return size[0] * scale, size[1] * scale
