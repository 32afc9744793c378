"""An answer that looked: what it owes to the pictures beside the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.document import Document
from engine.evidence import Correlation, Evidence, Gates, RegionAttention
from workbench.views.correlation import correlation_html
from workbench.views.picture import Picture
from workbench.views.picture_gates import picture_gates_html
from workbench.views.regions import regions_html
from workbench.views.saving import save_html

GATES = "dynamic_gates"
"""The gates that are of pictures."""


def looking_html(document: Document, pictures: Sequence[Picture], evidence: Sequence[Evidence], texts: Mapping[str, str]) -> str:
    """Draw where the characters look, how far the pictures have to do with the text, and how far they are let in.

    Args:
        document: the predicted document.
        pictures: that the evidence is about, in its order.
        evidence: what the system gave; what has to do with pictures is drawn.
        texts: the words of the three views.
    """
    attention = next((item for item in evidence if isinstance(item, RegionAttention)), None)
    visible = [bool(boxes) for boxes in attention.boxes] if attention and len(attention.boxes) == len(pictures) else []
    correlation = next((item for item in evidence if isinstance(item, Correlation)), None)
    gates = next((item for item in evidence if isinstance(item, Gates) and item.name == GATES), None)
    # By its place among the evidence a piece is asked for as a figure.
    save = {id(item): save_html(texts, number) for number, item in enumerate(evidence)}
    drawn = (
        regions_html(document, attention, pictures, texts, save[id(attention)]) if attention else "",
        correlation_html(correlation, pictures, texts, visible, save[id(correlation)]) if correlation else "",
        picture_gates_html(gates, attention, pictures, texts, save[id(gates)]) if gates else "",
    )
    return "".join(drawn)


def is_of_pictures(evidence: Evidence) -> bool:
    """Tell whether a piece of evidence is drawn here, and not among the others."""
    return isinstance(evidence, RegionAttention | Correlation) or (isinstance(evidence, Gates) and evidence.name == GATES)
