"""What a choice has changed: the entities that came and went, and how sure the model is of the others."""

from __future__ import annotations

from collections.abc import Mapping

from engine.document import Document
from engine.drawing.colours import palette
from workbench.views.alternatives import entity_html
from workbench.views.escape import esc

_MOST = 4


def changes_html(before: Document, after: Document, texts: Mapping[str, str]) -> str:
    """Compare two answers about one text.

    Args:
        before: the answer before.
        after: the answer now.
        texts: the words ``views.changes.*``, ``views.alternatives.added`` and ``views.alternatives.removed``.
    """
    old, new = ({span.key: span.score for span in document.spans} for document in (before, after))
    colours = palette(dict.fromkeys(label for _, _, label in sorted(old.keys() | new.keys())))
    parts = [
        entity_html(key, after, colours, change, texts[f"views.alternatives.{change}"])
        for key in sorted(old.keys() ^ new.keys())
        for change in ("added" if key in new else "removed",)
    ]
    parts = parts or [f"<span>{esc(texts['views.changes.none'])}</span>"]
    moved = [(key, was, now) for key in old.keys() & new.keys() if _percent(was := old[key]) != _percent(now := new[key])]
    moved.sort(key=lambda entry: -abs((entry[1] or 0) - (entry[2] or 0)))
    words = [f"{after.text[key[0] : key[1]]} {_percent(was)} → {_percent(now)}" for key, was, now in moved[:_MOST]]
    confidence = f'<p class="duomo-note">{esc(texts["views.changes.confidence"])} {esc(" · ".join(words))}</p>' if words else ""
    return (
        f'<section class="duomo-changes" role="status"><p class="duomo-caption">{esc(texts["views.changes.title"])}</p>'
        f"<div>{''.join(parts)}</div>{confidence}</section>"
    )


def _percent(score: float | None) -> str:
    return "–" if score is None else f"{score:.0%}"
