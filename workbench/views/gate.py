"""What the gate says of a new checkpoint: the verdict, figures before and after, and every text that is read otherwise now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from engine.document import Document, Span
from engine.drawing.colours import palette
from engine.gate import REFUSED, Figures, Gate, Part, Reason
from engine.prediction_changes import BROKEN, CHANGED, FIXED, Changed, Stretch
from workbench.views.alternatives import entity_html
from workbench.views.escape import esc
from workbench.views.spans import spans_html

if TYPE_CHECKING:
    from engine.influence import Cause

Words = Callable[..., str]
PLACES = 10_000
"""More than one document has that are read otherwise: the number of each is the document's times this, and its own."""
_SHOWN = 50
_AROUND = 12
_NONE = "—"
_MICRO = ' class="is-micro"'


def gate_html(gate: Gate, changes: Sequence[Changed], words: Words) -> str:
    """Draw all of it.

    Args:
        gate: what it said.
        changes: the documents that are read otherwise; a place among them is asked about by their number and its own.
        words: of the page.
    """
    kind = "refused" if gate.verdict == REFUSED else "passed"
    said = f'<p class="verdict is-{kind}" role="status">{esc(words(f"gate.verdict.{kind}", margin=f"{gate.margin:g}"))}</p>'
    falls = [f"<li>{_fall(reason, 'refused', words)}</li>" for reason in gate.reasons]
    falls += [f"<li>{_fall(reason, 'warned', words)}</li>" for reason in gate.warnings]
    learned = gate.learned
    share = words("gate.learned", count=learned.documents, before=f"{learned.before:.0%}", after=f"{learned.after:.0%}")
    tables = "".join(_part(part, words) for part in gate.parts)
    listed = f'<ul class="falls">{"".join(falls)}</ul>' if falls else ""
    return f'{said}{listed}<p class="learned">{esc(share)}</p>{tables}{_changes(changes, words)}'


def causes_html(asked: str, causes: Sequence[Cause], words: Words, kept: Mapping[str, str]) -> str:
    """List the corrections that have most to do with a reading.

    Args:
        asked: the words that were asked about.
        causes: the first the most.
        words: of the page.
        kept: the same words by their keys.
    """
    facts = [
        words("gate.cause.facts", gradient=f"{cause.gradient:.3g}", similarity=f"{cause.similarity:.2f}") for cause in causes
    ]
    rows = "".join(
        f"<li>{spans_html(cause.document, kept)}<small>{esc(said)}</small></li>"
        for cause, said in zip(causes, facts, strict=True)
    )
    title, hint = esc(words("gate.cause.title", text=asked)), esc(words("gate.cause.hint"))
    return f'<h3>{title}</h3><p class="duomo-hint">{hint}</p><ol class="corrections">{rows}</ol>'


def _fall(reason: Reason, kind: str, words: Words) -> str:
    part = words(f"gate.part.{reason.part}")
    if reason.kind == "unmeasured":
        return esc(words("gate.unmeasured", part=part))
    figures = {"before": f"{reason.before:.1%}", "after": f"{reason.after:.1%}", "support": reason.support}
    return esc(words(f"gate.fall.{kind}", type=reason.type or words("gate.all"), part=part, **figures))


def _part(part: Part, words: Words) -> str:
    names = ("type", "support", "precision", "recall", "f1", "change", "fixed", "broken")
    heads = "".join(f'<th scope="col">{esc(words(f"gate.{name}"))}</th>' for name in names)
    rows = "".join(_row(row, words) for row in (part.micro, *part.types))
    title = words(f"gate.{part.name}.title", count=f"{part.documents:,}")
    table = f'<table class="duomo-figures"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<h3>{esc(title)}</h3><div class="duomo-scroll">{table}</div>'


def _row(row: Figures, words: Words) -> str:
    name, after = row.type or words("gate.all"), row.after
    rise = -row.fall
    sign = "▲ +" if rise > 0.05 else "▼ −" if rise < -0.05 else ""
    change = _NONE if row.before is None else f"{sign}{abs(rise):.1f}"
    cells = [f"{row.support:,}", *(f"{100 * value:.1f}" for value in (after.precision, after.recall, after.f1))]
    drawn = "".join(f"<td>{cell}</td>" for cell in cells)
    return (
        f'<tr{"" if row.type else _MICRO}><th scope="row">{esc(name)}</th>{drawn}<td>{change}</td>'
        f"<td>{row.fixed}</td><td>{row.broken}</td></tr>"
    )


def _changes(changes: Sequence[Changed], words: Words) -> str:
    found: dict[str, list[tuple[int, int, Changed, Stretch]]] = {BROKEN: [], FIXED: [], CHANGED: []}
    for number, changed in enumerate(changes):
        for place, stretch in enumerate(changed.changes):
            found[stretch.kind].append((number, place, changed, stretch))
    if not any(found.values()):
        return f'<p class="duomo-hint">{esc(words("gate.changes.none"))}</p>'
    parts = []
    for kind, places in found.items():
        if places:
            rows = "".join(_place(*place, words) for place in places[:_SHOWN])
            more = len(places) - _SHOWN
            rest = f'<p class="duomo-hint">{esc(words("gate.changes.more", count=f"{more:,}"))}</p>' if more > 0 else ""
            head = esc(words(f"gate.changes.{kind}", count=f"{len(places):,}"))
            parts.append(f"<details><summary>{head}</summary><ul class='corrections'>{rows}</ul>{rest}</details>")
    return f"<h3>{esc(words('gate.changes.title'))}</h3>{''.join(parts)}"


def _place(number: int, place: int, changed: Changed, stretch: Stretch, words: Words) -> str:
    text = changed.text
    begin, end = max(0, stretch.start - _AROUND), min(len(text), stretch.end + _AROUND)
    dots = ("…" if begin else "", "…" if end < len(text) else "")
    before, after = esc(dots[0] + text[begin : stretch.start]), esc(text[stretch.end : end] + dots[1])
    shown = f"{before}<b>{esc(text[stretch.start : stretch.end])}</b>{after}"
    colours = palette(sorted({span.label for span in chain(stretch.old, stretch.new, changed.gold or ())}))
    document = Document(text)

    def entities(spans: Sequence[Span], change: str) -> str:
        return "".join(entity_html(s.key, document, colours, change, words(f"views.alternatives.{change}")) for s in spans)

    gold = [s for s in changed.gold or () if s.start < stretch.end and stretch.start < s.end]
    right = f' <span class="duomo-note">{esc(words("gate.gold"))}</span> {_plain(gold, document, colours)}' if gold else ""
    button = (
        f'<button type="button" data-do="cause" data-id="{number * PLACES + place}">{esc(words("gate.cause.label"))}</button>'
    )
    return (
        f'<li><span lang="zh">{shown}</span> {entities(stretch.old, "removed")}{entities(stretch.new, "added")}{right} '
        f"<small>{esc(words(f'gate.part.{changed.part}'))}</small> {button}</li>"
    )


def _plain(spans: Sequence[Span], document: Document, colours: Mapping[str, str]) -> str:
    return "".join(entity_html(span.key, document, colours, "", "") for span in spans)
