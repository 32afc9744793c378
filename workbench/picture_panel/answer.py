"""What an answer owes to the pictures: how many there are, where the model looks, and what changes when they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.errors import InputError
from workbench.errors import UserError
from workbench.picture_panel.drawing import drawn
from workbench.services import Analysis
from workbench.tabs import Context, Session
from workbench.views.changes import changes_html
from workbench.views.escape import esc
from workbench.views.looking import looking_html
from workbench.views.picture import Picture
from workbench.views.picture_figure import picture_figure
from workbench.views.pictured import gate_changed_html, pictured_html

Answer = Callable[[str, str, Session], dict[Any, Any]]
"""Reads a text with a checkpoint and with what the session knows, and shows it."""
_OFFERED = 6


@dataclass(frozen=True)
class PictureAnswer:
    """The panel's components.

    Attributes:
        panel: how many pictures there are, what is wrong with them, and which models would look at them.
        changes: what other pictures have changed.
        figure: where the model looks, and how far it lets them in.
    """

    panel: gr.HTML
    changes: gr.HTML
    figure: gr.HTML

    @classmethod
    def lay_out(cls) -> PictureAnswer:
        """Lay the panel out, where the caller stands."""
        panel = gr.HTML(
            js_on_load="duomoPictures.offer(element, trigger, 'use')", elem_classes="picture-part", elem_id="analyse-pictures"
        )
        changes = gr.HTML(elem_classes="picture-part", elem_id="analyse-picture-changes")
        figure = gr.HTML(
            js_on_load="duomoPanels.saving(element, trigger, 'figure')",
            elem_classes="picture-part panel",
            elem_id="analyse-picture-figure",
        )
        return cls(panel, changes, figure)

    @property
    def results(self) -> list[Any]:
        """Return what an analysis fills."""
        return [self.panel, self.changes, self.figure]

    def shown(self, context: Context, session: Session, analysis: Analysis) -> dict[Any, Any]:
        """Return what an analysis shows in the panel; nothing for a text without pictures."""
        if not session.pictures:
            return dict.fromkeys(self.results, "")
        pictures = _looked_at(session, analysis)
        figure = looking_html(analysis.prediction.document, pictures, analysis.prediction.evidence, context.texts.words)
        return {self.panel: _panel(context, session, analysis), self.changes: "", self.figure: figure}

    def saved(self, context: Context, session: Session, analysis: Analysis, event: gr.EventData, model: str) -> bytes:
        """Return a figure of what the answer owes to the pictures.

        Args:
            context: of the page.
            session: which names the pictures.
            analysis: that the page shows.
            event: which evidence, as which format, for which characters.
            model: what the small print says of the model.

        Raises:
            UserError: if the pictures are not there any more.
        """
        prediction, pictures = analysis.prediction, _looked_at(session, analysis)
        if not pictures:
            raise UserError("analyse.figure.error")
        chosen = [int(place) for place in list(event.stretch)[:2]]
        return picture_figure(
            prediction.evidence[int(event.item)],
            prediction.document,
            pictures,
            context.texts.words,
            others=prediction.evidence,
            model=model,
            kind=str(event.format),
            stretch=(chosen[0], chosen[1]) if len(chosen) == 2 else None,
        )

    def comparing(self, context: Context, answer: Answer) -> Answer:
        """Return an answer that says what has changed since the one that the page shows.

        Args:
            context: of the page.
            answer: shows the text's answer.
        """

        def compared(text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
            before = context.services.analysis(session.analysis)
            shown = answer(text, checkpoint, session)
            return {**shown, self.changes: _changed(context, before, context.services.analysis(session.analysis))}

        return compared


def offered(context: Context, folder: object) -> str:
    """Return the folder of a model that looks at pictures, as it was offered.

    Raises:
        UserError: if there is no such model.
    """
    if str(folder) not in {str(info.path) for info in context.services.checkpoints.looking()}:
        raise UserError("analyse.blind.error")
    return str(folder)


def _changed(context: Context, before: Analysis | None, after: Analysis | None) -> str:
    """Return what has changed between two answers by one model about one text; nothing for others."""
    if before is None or after is None or before.checkpoint.digest != after.checkpoint.digest:
        return ""
    old, new = before.prediction.document, after.prediction.document
    if old.text != new.text or old.images == new.images:
        return ""
    words = {**context.texts.words, "views.changes.title": context.texts("analyse.pictures.changed")}
    return changes_html(old, new, words) + gate_changed_html(before.prediction.evidence, after.prediction.evidence, words)


def _looked_at(session: Session, analysis: Analysis) -> list[Picture]:
    """Return the pictures that the evidence is about; none where one of them is gone by now."""
    places = {picture.path: (number, picture.name) for number, picture in enumerate(session.pictures, start=1)}
    try:
        return [drawn(str(picture.path), *places.get(str(picture.path), (0, picture.name))) for picture in analysis.looked_at]
    except InputError:
        return []


def _panel(context: Context, session: Session, analysis: Analysis) -> str:
    blind = "" if analysis.looks or not analysis.pictures else _blind(context, analysis)
    remarks = [(picture.name, picture.remarks) for picture in session.pictures]
    used, total, words = len(analysis.looked_at), len(session.pictures), context.texts.words
    unseen = [context.texts.said(reason) for reason in analysis.unseen]
    return pictured_html(used, total, remarks, words, unseen=unseen, without=blind)


def _blind(context: Context, analysis: Analysis) -> str:
    """Say that the model does not look at pictures, and offer those that do."""
    t, name, others = context.texts, analysis.checkpoint.name, context.services.checkpoints.looking()
    if not others:
        return f'<p class="duomo-note">{esc(t("analyse.blind.all", name=name))}</p>'
    buttons = "".join(
        f'<button type="button" class="quiet" data-use="{esc(info.path)}">{esc(t("analyse.blind.use", name=info.name))}</button>'
        for info in others[:_OFFERED]
    )
    return f'<div class="picture-offer"><span>{esc(t("analyse.blind.line", name=name))}</span>{buttons}</div>'
