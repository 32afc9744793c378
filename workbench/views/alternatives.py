"""The n best readings of a text, side by side: what each holds, how likely it is, where it departs from the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.document import Document
from engine.drawing.colours import palette
from engine.evidence import Alternative, Alternatives
from workbench.views.escape import esc

_Triple = tuple[int, int, str]
_MANY = 12


def alternatives_html(
    alternatives: Alternatives, document: Document, texts: Mapping[str, str], *, title: str = "", limit: int = 5
) -> str:
    """List the readings, most probable first.

    Args:
        alternatives: the evidence.
        document: the text that was read.
        texts: the words ``views.alternatives.label``, ``.none``, ``.nothing``, ``.added``, ``.removed`` and ``.same`` (``%1``).
        title: a caption above the list.
        limit: the most readings to show.
    """
    readings = alternatives.readings[:limit]
    if not readings:
        return f'<p class="duomo-note">{esc(texts.get("views.alternatives.none", "Only one reading."))}</p>'
    colours = palette(sorted({label for reading in readings for _, _, label in reading.spans}))
    best = set(readings[0].spans)
    items = "".join(_reading(reading, best, document, colours, texts) for reading in readings)
    label = title or texts.get("views.alternatives.label", "Readings")
    return f'<p class="duomo-caption">{esc(label)}</p><ol class="duomo-readings" aria-label="{esc(label)}">{items}</ol>'


def _reading(
    reading: Alternative, best: set[_Triple], document: Document, colours: Mapping[str, str], texts: Mapping[str, str]
) -> str:
    held = set(reading.spans)
    added, removed, same = held - best, best - held, held & best
    parts = [entity_html(triple, document, colours, "", "") for triple in _ordered(same if len(same) <= _MANY else ())]
    if len(same) > _MANY:
        as_above = texts.get("views.alternatives.same", "%1 as above").replace("%1", str(len(same)))
        parts.append(f'<span class="duomo-note">{esc(as_above)}</span>')
    parts += [
        entity_html(triple, document, colours, "added", texts.get("views.alternatives.added", "added"))
        for triple in _ordered(added)
    ]
    parts += [
        entity_html(triple, document, colours, "removed", texts.get("views.alternatives.removed", "not in this reading"))
        for triple in _ordered(removed)
    ]
    nothing = texts.get("views.alternatives.nothing", "No entities")
    shown = "".join(parts) or f'<span class="duomo-note">{esc(nothing)}</span>'
    share = min(1.0, max(0.0, reading.probability))
    fill = f'<span class="duomo-bar-fill" style="width:{share:.1%}"></span>'
    bar = f'<span class="duomo-bar-track" aria-hidden="true">{fill}</span>'
    return f"<li><span>{bar}{share:.1%}</span><span>{shown}</span></li>"


def _ordered(triples: Iterable[_Triple]) -> list[_Triple]:
    return sorted(triples, key=lambda triple: (triple[0], -triple[1], triple[2]))


def entity_html(triple: _Triple, document: Document, colours: Mapping[str, str], change: str, words: str) -> str:
    """Draw one entity, as it is, added or removed.

    Args:
        triple: start, end, label.
        document: whose text it is in.
        colours: of the labels.
        change: ``added``, ``removed`` or nothing.
        words: what the change is called where it is read aloud.
    """
    start, end, label = triple
    mark = {"added": "＋", "removed": "−"}.get(change, "")
    sign = f'<span class="duomo-sign-mark" role="img" aria-label="{esc(words)}">{mark}</span>' if mark else ""
    kind = f" is-{change}" if change else ""
    color = colours.get(label, "#999999")
    return (
        f'<span class="duomo-entity{kind}" data-start="{start}" data-end="{end}" style="--color:{color}">{sign}'
        f"{esc(document.text[start:end])}<small>{esc(label)}</small></span>"
    )
