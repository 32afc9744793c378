"""Evidence as panels: for each kind that a system may give, its view, and what of it can leave the screen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.document import Document
from engine.evidence import Alignment, Alternatives, Evidence, Gates, Heatmap, Pauses, Scores, SpeechAttention
from workbench.views.alternatives import alternatives_html
from workbench.views.escape import esc
from workbench.views.figure import figure
from workbench.views.gates import gates_html
from workbench.views.heatmap import heatmap_html, heatmap_title, with_named_rows
from workbench.views.looking import is_of_pictures
from workbench.views.saving import save_html
from workbench.views.scores import rows, scores_html, scores_title, strongest

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_OF_SPEECH = (Alignment, SpeechAttention, Pauses)


def evidence_html(document: Document, evidence: Sequence[Evidence], texts: Mapping[str, str], *, longest: int) -> str:
    """Return the panels of all evidence that can be drawn.

    What a system heard has no panel here: alignment, attention to speech and pauses need the recording, and
    :func:`workbench.views.speech.speech_html` draws them on its axis of time. Nor has what was seen, which needs the pictures:
    :func:`workbench.views.looking.looking_html` draws it. Nothing is returned where there is nothing else.

    Args:
        document: the predicted document.
        evidence: what the system gave.
        texts: the words ``views.evidence.*`` and those of the views.
        longest: characters up to which evidence is asked for, named where there is none.
    """
    title = f"<h2>{esc(texts['views.evidence.title'])}</h2>"
    if len(document) > longest:
        return f'{title}<p class="duomo-note">{esc(texts["views.evidence.long"].format(longest=longest))}</p>'
    panels = "".join(_panel(document, number, item, texts) for number, item in enumerate(evidence))
    if not panels and any(isinstance(item, _OF_SPEECH) or is_of_pictures(item) for item in evidence):
        return ""
    return title + (panels or f'<p class="duomo-note">{esc(texts["views.evidence.none"])}</p>')


def evidence_figure(
    document: Document, evidence: Evidence, texts: Mapping[str, str], *, model: str, kind: str = "png", head: int = 0
) -> bytes:
    """Draw one piece of evidence as a file.

    Args:
        document: the predicted document.
        evidence: a heatmap or scores.
        texts: the words of the views.
        model: what the small print says of the model.
        kind: one of :data:`engine.drawing.sheet.FORMATS`.
        head: which head to draw, from 1; 0 for the mean.

    Raises:
        ValueError: for a format, a head or a kind of evidence that there is not.
    """
    match evidence:
        case Heatmap():
            drawn, title, most = with_named_rows(evidence, texts), heatmap_title(evidence, texts, head), None
        case Scores():
            drawn, title, most = rows(evidence, texts), scores_title(evidence, texts), strongest(evidence)
        case _:
            raise ValueError(f"no figure is drawn of {type(evidence).__name__}; choose a Heatmap or Scores")
    return figure(drawn, document, texts, title=title, model=model, kind=kind, head=head, most=most)


def figure_name(evidence: Evidence, kind: str, head: int = 0) -> str:
    """Return what a figure's file is called, in letters that every file system takes."""
    heads = f"-head{head}" if head else ""
    return f"duomo-{_UNSAFE.sub('-', evidence.name).strip('-')}{heads}.{kind}"


def _panel(document: Document, number: int, evidence: Evidence, texts: Mapping[str, str]) -> str:
    match evidence:
        case Scores():
            drawn = scores_html(evidence, document.text, texts) + save_html(texts)
        case Alternatives():
            drawn = alternatives_html(evidence, document, texts)
        case Heatmap(values=()):
            return ""
        case Heatmap():
            drawn = heatmap_html(with_named_rows(evidence, texts), document, texts) + save_html(texts)
        case Gates() if not is_of_pictures(evidence):
            drawn = gates_html(evidence, texts)
        case _:
            return ""
    return f'<section class="duomo-panel" data-item="{number}">{drawn}</section>'
