"""The entities of a text as a table."""

from __future__ import annotations

from collections.abc import Mapping

from engine.document import Document, Span
from engine.drawing.colours import palette
from workbench.views.escape import esc

MOST = 200
"""Rows drawn; the rest is counted in words."""
_COLUMNS = ("text", "type", "place", "confidence")


def entities_html(document: Document, texts: Mapping[str, str]) -> str:
    """Return the table of a document's spans: what it says, of which type, where, how sure.

    Args:
        document: the document, its spans scored or not.
        texts: the words ``views.entities.*``, and ``views.type.LABEL`` for the types that have a plain name.
    """
    words = {name: esc(texts[f"views.entities.{name}"]) for name in (*_COLUMNS, "title", "empty")}
    title = f"<h2>{words['title']}</h2>"
    if not document.spans:
        return f'{title}<p class="duomo-note">{words["empty"]}</p>'
    colours = palette(dict.fromkeys(span.label for span in document.spans))
    head = "".join(f'<th scope="col">{words[column]}</th>' for column in _COLUMNS)
    rows = "".join(_row(document, span, colours[span.label], texts) for span in document.spans[:MOST])
    rest = len(document.spans) - MOST
    more = f'<p class="duomo-note">{esc(texts["views.entities.more"].format(count=rest))}</p>' if rest > 0 else ""
    return f'{title}<table class="entities"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _row(document: Document, span: Span, colour: str, texts: Mapping[str, str]) -> str:
    kind = texts.get(f"views.type.{span.label}", "")
    sure = "–" if span.score is None else f"{span.score:.1%}"
    return (
        f'<tr data-start="{span.start}" data-end="{span.end}" tabindex="0">'
        f'<td class="mention">{esc(document.mention(span))}</td>'
        f'<td><span class="type" style="--color:{colour}">{esc(span.label)}</span><span class="kind">{esc(kind)}</span></td>'
        f'<td class="figure">{span.start}–{span.end}</td><td class="figure">{sure}</td></tr>'
    )
