"""What is to be said of the pictures beside a text, in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.evidence import Evidence, Heatmap
from workbench.views.escape import esc

_GATE = "visual_gate"


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
        texts: the words ``views.pictured.*``; a remark without words, that every photograph has, is not told.
        unseen: why others could not be read.
        without: why the answer makes no use of them, as HTML.
    """
    facts = texts["views.pictured.line"].format(used=used, total=total)
    notes = [texts["views.pictured.unseen"].format(message=message) for message in unseen]
    for name, found in remarks:
        told = [texts.get(f"views.pictured.remark.{remark}") for remark in found]
        notes += [f"{name}: {words}" for words in told if words]
    said = "".join(f'<p class="duomo-note">{esc(note)}</p>' for note in notes)
    return f'<section class="pictured"><p class="facts-line">{esc(facts)}</p>{without}{said}</section>'


def gate_changed_html(before: Sequence[Evidence], after: Sequence[Evidence], texts: Mapping[str, str]) -> str:
    """Say how far the pictures were let in before and are now; nothing where neither answer has a visual gate.

    Args:
        before: evidence of the answer before.
        after: evidence of the answer now.
        texts: the words ``views.pictured.gate``.
    """
    means = [_gate(evidence) for evidence in (before, after)]
    if means == [None, None]:
        return ""
    was, now = ("–" if mean is None else f"{mean:.1%}" for mean in means)
    return f'<p class="duomo-note">{esc(texts["views.pictured.gate"].format(before=was, after=now))}</p>'


def _gate(evidence: Sequence[Evidence]) -> float | None:
    for item in evidence:
        if isinstance(item, Heatmap) and item.name == _GATE and item.values and item.values[0]:
            return sum(item.values[0]) / len(item.values[0])
    return None
