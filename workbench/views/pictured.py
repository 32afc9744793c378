"""What is to be said of the pictures beside a text, in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.views.escape import esc


def pictured_html(
    used: int,
    total: int,
    remarks: Sequence[tuple[str, Sequence[str]]],
    texts: Mapping[str, str],
    *,
    unseen: Sequence[str] = (),
    without: str = "",
) -> str:
    """Return how many pictures there are, and what is worth knowing of them.

    Args:
        used: pictures that the answer had.
        total: pictures in the row.
        remarks: of each picture its name and those of :class:`engine.modalities.images.Image`.
        texts: the words ``views.pictured.*``.
        unseen: why others could not be read.
        without: why the answer makes no use of them, as HTML.
    """
    facts = texts["views.pictured.line"].format(used=used, total=total)
    notes = [texts["views.pictured.unseen"].format(message=message) for message in unseen]
    for name, found in remarks:
        notes += [f"{name}: {texts[f'views.pictured.remark.{remark}']}" for remark in found]
    said = "".join(f'<p class="duomo-note">{esc(note)}</p>' for note in notes)
    return f'<section class="pictured"><p class="facts-line">{esc(facts)}</p>{without}{said}</section>'
