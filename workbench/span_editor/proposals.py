"""A prediction as proposals for the editor: its spans, what else each might be, and what speaks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from engine.document import Document, Span
from engine.evidence import Alternatives, Evidence, Gates, Heatmap, Scores
from workbench.views.gates import gates_html
from workbench.views.heatmap import heatmap_html, with_named_rows
from workbench.views.looking import is_of_pictures
from workbench.views.scores import scores_html

_Triple = tuple[int, int, str]
_MOST = 9
"""Alternatives of a span: each has a digit as its key."""


def proposed_spans(document: Document, evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Return the spans of a prediction as the editor takes them, each with its alternatives.

    Args:
        document: as it was predicted.
        evidence: what the system gave; alternatives are gathered from its n best readings.
    """
    readings = [item for item in evidence if isinstance(item, Alternatives)]
    made = []
    for span in document.spans:
        proposal: dict[str, Any] = {**asdict(span), "predicted": True}
        alternatives = span_alternatives(span, readings[0]) if readings else []
        if alternatives:
            proposal["alternatives"] = alternatives
        made.append(proposal)
    return made


def span_alternatives(span: Span, readings: Alternatives) -> list[dict[str, Any]]:
    """Return what the other readings have where a span is, most probable first.

    Readings that say the same there count as one, with the sum of their probabilities: they differ elsewhere. It is a lower
    bound, since readings beyond the n best are not counted.

    Args:
        span: of the best reading.
        readings: the n best.
    """
    own = (span.start, span.end, span.label)
    shares: dict[tuple[_Triple, ...], float] = defaultdict(float)
    for reading in readings.readings:
        if own not in reading.spans:
            shares[tuple(sorted(_over(span, reading.spans)))] += reading.probability
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    return [_alternative(span, triples, min(1.0, share)) for triples, share in ranked]


def evidence_snippets(document: Document, evidence: Sequence[Evidence], texts: Mapping[str, str]) -> dict[str, str]:
    """Draw what can be drawn of a text's evidence, by name, each under its own caption.

    Pictures and speech are drawn beside the text, not here.

    Args:
        document: as it was predicted.
        evidence: what the system gave.
        texts: the words of the views.
    """
    snippets = {}
    for item in evidence:
        match item:
            case Scores():
                snippets[item.name] = scores_html(item, document.text, texts)
            case Heatmap(values=(_, *_)):
                snippets[item.name] = heatmap_html(with_named_rows(item, texts), document, texts)
            case Gates() if not is_of_pictures(item):
                snippets[item.name] = gates_html(item, texts)
            case _:
                continue
    return snippets


def _over(span: Span, triples: Iterable[_Triple]) -> list[_Triple]:
    return [(start, end, label) for start, end, label in triples if start < span.end and span.start < end]


def _alternative(span: Span, triples: Sequence[_Triple], share: float) -> dict[str, Any]:
    if len(triples) == 1 and triples[0][:2] == (span.start, span.end):
        return {"label": triples[0][2], "score": share}
    return {"spans": [{"start": start, "end": end, "label": label} for start, end, label in triples], "score": share}
