"""Evidence as panels: for each kind that a system may give, its view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.document import Document
from engine.evidence import Alternatives, Evidence, Heatmap, Scores
from workbench.views.alternatives import alternatives_html
from workbench.views.escape import esc
from workbench.views.heatmap import heatmap_html
from workbench.views.scores import scores_html


def evidence_html(document: Document, evidence: Iterable[Evidence], texts: Mapping[str, str], *, longest: int) -> str:
    """Return the panels of all evidence that can be drawn.

    Args:
        document: the predicted document.
        evidence: what the system gave.
        texts: the words ``views.evidence.*`` and those of the views.
        longest: characters up to which evidence is asked for, named where there is none.
    """
    title = f"<h2>{esc(texts['views.evidence.title'])}</h2>"
    if len(document) > longest:
        return f'{title}<p class="duomo-note">{esc(texts["views.evidence.long"].format(longest=longest))}</p>'
    panels = "".join(_panel(document, item, texts) for item in evidence)
    return title + (panels or f'<p class="duomo-note">{esc(texts["views.evidence.none"])}</p>')


def _panel(document: Document, evidence: Evidence, texts: Mapping[str, str]) -> str:
    match evidence:
        case Scores():
            return scores_html(evidence, document.text, texts)
        case Alternatives():
            return alternatives_html(evidence, document, texts)
        case Heatmap():
            return heatmap_html(evidence, document, texts)
        case _:
            return ""
