"""What is to be said of a recording, in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.views.escape import esc


def spoken_html(seconds: float, pauses: int, remarks: Sequence[str], texts: Mapping[str, str], *, without: str = "") -> str:
    """Return how long a recording is, how often it pauses, and what is worth knowing of it.

    Args:
        seconds: that it lasts.
        pauses: their number.
        remarks: those of :class:`engine.modalities.speech.Speech`.
        texts: the words ``views.spoken.*``.
        without: why the answer makes no use of it.
    """
    facts = texts["views.spoken.line"].format(seconds=f"{seconds:.1f}", pauses=pauses)
    said = [without, *(texts[f"views.spoken.remark.{remark}"] for remark in remarks)]
    notes = "".join(f'<p class="duomo-note">{esc(note)}</p>' for note in said if note)
    return f'<section class="spoken"><p class="facts-line">{esc(facts)}</p>{notes}</section>'
