"""A project's protected test set: what is in it, by type, and what of it has been annotated since."""

from __future__ import annotations

from collections.abc import Callable

from engine.drawing.colours import palette
from workbench.protected import Overlap, Protected
from workbench.views.escape import esc
from workbench.views.plots import bars_html

Words = Callable[..., str]


def protected_html(found: Protected | None, overlap: Overlap | None, words: Words) -> str:
    """Draw it.

    Args:
        found: the set; none where the project has none.
        overlap: with what the project learns from; none where nobody has looked.
        words: of the page.
    """
    if found is None:
        return f'<p class="duomo-hint">{esc(words("protected.none"))}</p>'
    sizes = {"documents": f"{found.documents:,}", "characters": f"{found.characters:,}"}
    entities = f"{sum(found.labels.values()):,}"
    lines = [f"<p>{esc(words('protected.line', entities=entities, date=found.created[:10], **sizes))}</p>"]
    if overlap is not None and overlap.documents:
        values = {"count": overlap.documents, "share": f"{overlap.share:.1%}", "example": overlap.example}
        lines.append(f'<p class="protected-overlap" role="alert">{esc(words("protected.overlap.line", **values))}</p>')
    elif overlap is not None:
        lines.append(f'<p class="duomo-hint">{esc(words("protected.apart"))}</p>')
    bars = bars_html(found.labels, palette(found.labels), title=words("protected.types"))
    return f"{''.join(lines)}{bars}"
