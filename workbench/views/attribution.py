"""An attribution: how much each character or modality speaks for an entity or against it, and how far that can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from engine.attribution.attribution import CHARACTERS, GRADIENTS, METHODS, Attribution
from engine.attribution.faithfulness import Curve, Faithfulness
from engine.document import Document, Span
from engine.drawing.sheet import GREY, RULE, Sheet, sheet
from engine.drawing.wording import spelled, wide, wrapped
from engine.evidence import Heatmap
from workbench.views.escape import esc
from workbench.views.plots import Line, lines_svg
from workbench.views.saving import save_html
from workbench.views.strip import strip_html

Words = Callable[..., str]
ITEM, CURVES, GRID = 0, 1, 2
"""Numbers of what can be saved: the heat strip, the curves, the grid of outcomes."""
_PLOT, _LEFT, _GAP = (230.0, 130.0), 46.0, 104.0
_TITLE, _PRINT, _LABEL = 11.0, 6.5, 8.0
_INKS = ("#D55E00", "#6B6760")


def choices_html(document: Document, target: Span | None, method: str, words: Words) -> str:
    """Offer the entities that can be asked about, and the methods.

    Args:
        document: with what is found in it.
        target: the entity that is asked about; none yet.
        method: that is used.
        words: of the page.
    """
    if not document.spans:
        return f'<p class="duomo-note">{esc(words("bench.why.nothing"))}</p>'
    asked = target or document.spans[0]

    def button(said: str, span: Span, way: str, pressed: bool) -> str:
        place = f'data-start="{span.start}" data-end="{span.end}" data-label="{esc(span.label)}" data-method="{way}"'
        on = str(pressed and target is not None).lower()
        return f'<button type="button" class="quiet" data-do="explain" {place} aria-pressed="{on}">{esc(said)}</button>'

    spans = "".join(
        button(f"{document.mention(span)} {span.label}", span, method, span.key == asked.key) for span in document.spans
    )
    ways = "".join(button(words(f"bench.method.{name}"), asked, name, name == method) for name in METHODS)
    rows = (("bench.why.entity", spans), ("bench.why.method", ways))
    return "".join(
        f'<div class="bench-group" role="group" aria-label="{esc(words(key))}"><h4>{esc(words(key))}</h4>'
        f"<div>{buttons}</div></div>"
        for key, buttons in rows
    )


def attribution_html(found: Attribution, document: Document, words: Words, kept: dict[str, str]) -> str:
    """Draw an attribution.

    Args:
        found: to draw.
        document: with what is found in it.
        words: of the page: ``bench.why.*``, ``bench.method.*``.
        kept: the same words by their keys.
    """
    drawn = _strip(found, document, words, kept) if found.over == CHARACTERS else _bars(found, words)
    hint = esc(words(f"bench.method.{found.method}_hint"))
    trust = _trust(found.faithfulness, words, kept)
    sums = f"<p>{esc(_sums(found, words))}</p>"
    return f'<section class="bench-why"><p class="duomo-hint">{hint}</p>{drawn}{sums}{trust}</section>'


def heatmap_of(found: Attribution, words: Words) -> Heatmap:
    """Return the shares of what speaks for the entity, and of what speaks against it."""
    all_ = sum(map(abs, found.values)) or 1.0
    rows = tuple(tuple(max(0.0, sign * value) / all_ for value in found.values) for sign in (1, -1))
    return Heatmap("attribution", (words("bench.why.for"), words("bench.why.against")), rows)


def title_of(found: Attribution, document: Document, words: Words) -> str:
    """Return what an attribution is called."""
    target = found.target
    entity = {"text": document.mention(target), "label": target.label, "sure": f"{target.score or 0:.1%}"}
    return words("bench.why.title", **entity, method=words(f"bench.method.{found.method}"))


def verdict_words(measured: Faithfulness | None, words: Words) -> str:
    """Say how far an attribution can be trusted."""
    if measured is None:
        return words("bench.trust.single")
    areas = {
        "deleted": f"{measured.deletion.area:.2f}",
        "deleted_random": f"{measured.random_deletion.area:.2f}",
        "inserted": f"{measured.insertion.area:.2f}",
        "inserted_random": f"{measured.random_insertion.area:.2f}",
    }
    score, draws = f"{measured.score:+.2f}".replace("-", "−"), measured.draws
    return words(f"bench.trust.{measured.verdict}", score=score, draws=draws) + words("bench.trust.areas", **areas)


def _strip(found: Attribution, document: Document, words: Words, kept: dict[str, str]) -> str:
    heatmap = heatmap_of(found, words)
    below = [""] * len(document)
    below[found.target.start] = found.target.label
    most = max((value for row in heatmap.values for value in row), default=0.0)
    rows = [(name, values) for name, values in zip(heatmap.rows, heatmap.values, strict=True)]
    start = max(0, found.target.start - 60)
    drawn = strip_html(rows, document.text, kept, title=title_of(found, document, words), start=start, most=most, below=below)
    return f'<div data-item="{ITEM}">{drawn}{save_html(kept)}</div>'


def _bars(found: Attribution, words: Words) -> str:
    most = max(map(abs, found.values), default=0.0) or 1.0
    rows = "".join(
        f'<tr><th scope="row">{esc(words(f"bench.modality.{name}"))}</th><td><span class="bench-bar" aria-hidden="true">'
        f'<i class="{"is-against" if value < 0 else "is-for"}" style="width:{abs(value) / most:.1%}"></i></span></td>'
        f"<td>{_signed(value)}</td><td>{esc(words('bench.why.against' if value < 0 else 'bench.why.for'))}</td></tr>"
        for name, value in zip(found.players, found.values, strict=True)
    )
    return f'<table class="bench-modalities"><tbody>{rows}</tbody></table>'


def _sums(found: Attribution, words: Words) -> str:
    whole, empty = (f"{math.exp(value):.1%}" for value in (found.whole, found.empty))
    said = words("bench.why.span", whole=whole, empty=empty)
    if found.gap is None or found.method != GRADIENTS:
        return said
    return said + words("bench.why.gap", gap=f"{abs(found.gap) / (abs(found.whole - found.empty) or 1):.1%}")


def _trust(measured: Faithfulness | None, words: Words, kept: dict[str, str]) -> str:
    said = f'<p class="bench-trust is-{measured.verdict if measured else "single"}">{esc(verdict_words(measured, words))}</p>'
    title = f"<h4>{esc(words('bench.trust.title'))}</h4>"
    if measured is None:
        return title + said
    plots = "".join(_plot(words(f"bench.trust.{name}"), lines, places) for name, lines, places in _courses(measured, words))
    return f'{title}{said}<div data-item="{CURVES}"><div class="bench-curves">{plots}</div>{save_html(kept)}</div>'


def _plot(title: str, lines: Sequence[Line], places: Sequence[str]) -> str:
    return f"<figure><figcaption>{esc(title)}</figcaption>{lines_svg(lines, places, title=title)}</figure>"


def _courses(measured: Faithfulness, words: Words) -> list[tuple[str, list[Line], list[str]]]:
    found = []
    for name, own, random in (
        ("deletion", measured.deletion, measured.random_deletion),
        ("insertion", measured.insertion, measured.random_insertion),
    ):
        lines = [_line(words("bench.trust.own"), own), _line(words("bench.trust.random"), random)]
        found.append((name, lines, [f"{share:.0%}" for share in own.shares]))
    return found


def _line(name: str, curve: Curve) -> Line:
    return Line(name, [(value, None, None) for value in curve.probabilities])


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{abs(value):.2f}"


def curves_figure(found: Attribution, document: Document, words: Words, *, model: str, kind: str) -> bytes:
    """Draw the deletion and the insertion curve side by side, each beside random orders, as a file.

    Args:
        found: that was measured.
        document: that it is of.
        words: of the page.
        model: what the small print says of the model.
        kind: one of :data:`engine.drawing.sheet.FORMATS`.

    Raises:
        ValueError: if it was not measured.
    """
    if found.faithfulness is None:
        raise ValueError("there are no curves of a single player")
    courses = _courses(found.faithfulness, words)
    width = 2 * (_LEFT + _PLOT[0] + _GAP)
    prints = [
        line
        for said in (verdict_words(found.faithfulness, words).replace("−", "-"), model)
        for line in wrapped(spelled(said), _PRINT, width - 32)
    ]
    title = title_of(found, document, words)
    heads = wrapped(spelled(title), _TITLE, width - 32)
    top = 16 + 16 * len(heads) + 20
    names = [line.name for line in courses[0][1]]
    captions = [spelled(words(f"bench.trust.{name}")) for name, _, _ in courses]
    with sheet(width, top + _PLOT[1] + 34 + 10 * len(prints), [*prints, "0123456789.%"], [*heads, *names, *captions]) as drawn:
        for number, head in enumerate(heads):
            drawn.write(16, 27 + 16 * number, head, _TITLE, bold=True)
        for number, (_, lines, places) in enumerate(courses):
            left = _LEFT + number * width / 2
            drawn.write(left, top - 8, captions[number], _LABEL, bold=True)
            _curves(drawn, left, top, lines, places)
        for number, line in enumerate(prints):
            drawn.write(16, top + _PLOT[1] + 36 + 10 * number, line, _PRINT, ink=GREY)
        return drawn.save(kind, title)


def _curves(drawn: Sheet, left: float, top: float, lines: Sequence[Line], places: Sequence[str]) -> None:
    (across, down), ends = _PLOT, []
    for tick in (0.0, 0.5, 1.0):
        y = top + down * (1 - tick)
        drawn.line([(left, y), (left + across, y)], RULE, 0.5)
        drawn.write(left - 5, y + 2.5, f"{tick:.1f}", _PRINT, at="right", ink=GREY)
    for at in (0, len(places) - 1):
        drawn.write(left + across * at / (len(places) - 1), top + down + 12, places[at], _PRINT, at="center", ink=GREY)
    for line, ink in zip(lines, _INKS, strict=True):
        values = [point[0] for point in line.points if point]
        points = [(left + across * at / (len(values) - 1), top + down * (1 - value)) for at, value in enumerate(values)]
        drawn.line(points, ink, 1.5)
        ends.append((points[len(points) // 3], line.name, ink))
        for x, y in points:
            drawn.dot(x, y, 2.0, ink)
    # The ends of both curves meet: their names stand beside the plot, in the order of their middles.
    for number, ((_, _y), name, ink) in enumerate(sorted(ends, key=lambda end: end[0][1])):
        drawn.write(left + across + 8, top + 12 + 14 * number, name, _LABEL, bold=True, ink=ink)
        assert wide(name, _LABEL) < _GAP
