"""Why a document came: what the strategy saw in it, or that it was drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.document import Document
from engine.drawing.colours import palette
from engine.evidence import Alternative, Alternatives
from workbench.views.alternatives import alternatives_html, entity_html
from workbench.views.escape import esc

Words = Callable[..., str]
_Spans = Sequence[Sequence[Any]]


def reason_html(reason: Mapping[str, Any], text: str, words: Words, kept: Mapping[str, str], *, control: bool) -> str:
    """Say why a document came.

    Args:
        reason: of :meth:`engine.acquisition.Reason.to_json`.
        text: the document's.
        words: of the page.
        kept: the same words by their keys.
        control: whether it was drawn for the control arm.
    """
    if control:
        return _framed(words("reason.control.line"), words("reason.control.hint"), "", words)
    title = named(str(reason.get("strategy", "")), kept)
    line = words("reason.line", strategy=title, place=reason.get("place", 0), pool=reason.get("pool", 0))
    document = Document(text)
    details = [
        _readings(reason.get("readings") or (), document, kept),
        _characters(reason.get("characters") or (), text, words),
        *(_effect(effect, document, words) for effect in reason.get("modalities") or ()),
        _neighbour(reason.get("neighbour"), words),
        _parts(reason.get("parts") or (), words, kept),
    ]
    return _framed(line, "", "".join(details), words)


def named(strategy: str, kept: Mapping[str, str]) -> str:
    """Return what a strategy is called; a mixture goes by what it was asked for as."""
    return kept.get(f"strategy.{strategy.replace('-', '_')}.label", strategy)


def _framed(line: str, hint: str, details: str, words: Words) -> str:
    said = f'<p class="duomo-hint">{esc(hint)}</p>' if hint else ""
    more = f"<details><summary>{esc(words('reason.more'))}</summary>{details}</details>" if details else ""
    return f'<section class="reason"><p>{esc(line)}</p>{said}{more}</section>'


def _readings(readings: Sequence[Mapping[str, Any]], document: Document, kept: Mapping[str, str]) -> str:
    if not readings:
        return ""
    found = tuple(Alternative(tuple(map(_key, each["spans"])), float(each["probability"])) for each in readings)
    title = kept["reason.readings.label"]
    return alternatives_html(Alternatives("alternatives", found), document, kept, title=title)


def _characters(characters: Sequence[Mapping[str, Any]], text: str, words: Words) -> str:
    if not characters:
        return ""
    rows = []
    for each in characters:
        tags = " / ".join(f"{tag} {share:.2f}" for tag, share in each.get("tags") or ())
        rows.append(
            f'<li><b lang="zh">{esc(text[each["offset"]])}</b> {esc(tags)} '
            f"<small>{esc(words('reason.nats', value=format(each['value'], '.2f')))}</small></li>"
        )
    return f'<p class="duomo-caption">{esc(words("reason.characters.label"))}</p><ul class="reason-list">{"".join(rows)}</ul>'


def _effect(effect: Mapping[str, Any], document: Document, words: Words) -> str:
    name = words(f"modality.{effect['modality']}.label")
    line = esc(words("reason.modality.line", modality=name, moved=f"{effect['moved']:.1%}"))
    changed = _entities(effect["lost"], document, "removed", words) + _entities(effect["gained"], document, "added", words)
    return f'<p class="duomo-caption">{line}</p>{f"<p>{changed}</p>" if changed else ""}'


def _entities(spans: _Spans, document: Document, change: str, words: Words) -> str:
    keys = [_key(span) for span in spans]
    colours = palette(sorted({label for _, _, label in keys}))
    return "".join(entity_html(key, document, colours, change, words(f"views.alternatives.{change}")) for key in keys)


def _neighbour(neighbour: Mapping[str, Any] | None, words: Words) -> str:
    if not neighbour:
        return ""
    line = words("reason.neighbour.line", id=neighbour["id"], distance=f"{neighbour['distance']:.2f}")
    return f'<p class="duomo-caption">{esc(line)}</p>'


def _parts(parts: Sequence[Sequence[Any]], words: Words, kept: Mapping[str, str]) -> str:
    rows = "".join(
        f"<li>{esc(words('reason.part', strategy=named(name, kept), weight=f'{weight:g}', place=f'{place:.0%}'))}</li>"
        for name, weight, place in parts
    )
    return f'<ul class="reason-list">{rows}</ul>' if rows else ""


def _key(span: Sequence[Any]) -> tuple[int, int, str]:
    start, end, label = span
    return int(start), int(end), str(label)
