"""The buttons that save evidence as a figure; panels.js asks for the file."""

from __future__ import annotations

from collections.abc import Mapping

from engine.drawing.sheet import FORMATS
from workbench.views.escape import esc


def save_html(texts: Mapping[str, str], item: int | None = None) -> str:
    """Return a button for each format.

    Args:
        texts: the words ``views.figure.save``.
        item: which piece of evidence is meant, where no element around the buttons says so.
    """
    words, number = texts.get("views.figure.save", "Save figure"), "" if item is None else f' data-item="{item}"'
    buttons = "".join(
        f'<button type="button" data-format="{kind}" aria-label="{esc(words)}: {kind.upper()}">{kind.upper()}</button>'
        for kind in FORMATS
    )
    return f'<p class="duomo-save"{number}><span>{esc(words)}</span>{buttons}</p>'
