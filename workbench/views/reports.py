"""The buttons that save a report, or its figures; panels.js asks for the file."""

from __future__ import annotations

from collections.abc import Mapping

from engine.drawing import sheet
from engine.reporting import FORMATS
from workbench.views.escape import esc

REPORT, FIGURES = range(2)
"""What a row of buttons saves, as the browser names it."""
_NAMES = {"tex": "LaTeX", "md": "Markdown"}


def reports_html(texts: Mapping[str, str]) -> str:
    """Return a row of buttons for the report and one for its figures.

    Args:
        texts: the words ``report.save.label`` and ``report.figures.label``.
    """
    rows = ((REPORT, "report.save.label", FORMATS), (FIGURES, "report.figures.label", sheet.FORMATS))
    return "".join(_row(item, texts[key], kinds) for item, key, kinds in rows)


def _row(item: int, words: str, kinds: Mapping[str, str]) -> str:
    names = {kind: _NAMES.get(kind, kind.upper()) for kind in kinds}
    buttons = "".join(
        f'<button type="button" data-format="{kind}" aria-label="{esc(words)}: {name}">{name}</button>'
        for kind, name in names.items()
    )
    return f'<p class="duomo-save" data-item="{item}"><span>{esc(words)}</span>{buttons}</p>'
