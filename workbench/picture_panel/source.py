"""The pictures beside a text: chosen, dropped or pasted, put in order, switched off one by one, removed.

What the browser does with them is panel.js's work: it uploads files through the page's own connection, says which pictures
are in the row, in which order, and which of them are off, and adds lines that were found in them to the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from engine.errors import InputError
from engine.modalities.images import MOST_IMAGES
from workbench.errors import UserError
from workbench.picture_panel.answer import Answer
from workbench.picture_panel.drawing import thumbnail_url
from workbench.picture_panel.written import read_all, read_button, written_html
from workbench.pictured import Placed
from workbench.tabs import QUIET, Context, Session, explain, guard, notice
from workbench.uploads import uploaded
from workbench.views.escape import esc

_ENDINGS = "image/*,.heic,.heif,.avif"
_LONGEST_NAME = 80


@dataclass(frozen=True)
class PictureSource:
    """The place's components.

    Attributes:
        place: folded up until it is asked for.
        row: the pictures, and the ways in.
        problem: what is wrong with which file.
    """

    place: gr.Accordion
    row: gr.HTML
    problem: gr.HTML

    @classmethod
    def lay_out(cls, context: Context) -> PictureSource:
        """Lay the place out, where the caller stands."""
        with gr.Accordion(context.texts("analyse.pictures.label"), open=False, elem_id="picture-source") as place:
            row = gr.HTML(
                _row(context, Session()),
                js_on_load="duomoPictures.row(element, trigger, upload, 'put', 'arrange', 'read')",
                elem_id="picture-row",
            )
            problem = gr.HTML(elem_classes="notices", elem_id="picture-problem")
        return cls(place, row, problem)

    @property
    def results(self) -> list[Any]:
        """Return what an analysis fills."""
        return [self.row, self.place]

    def shown(self, context: Context, session: Session, **place: Any) -> dict[Any, Any]:
        """Return what the place says of the pictures that there are, and becomes beside that."""
        t, used, total = context.texts, len(session.shown_pictures), len(session.pictures)
        name = t("analyse.pictures.given", used=used, total=total) if total else t("analyse.pictures.label")
        return {self.row: _row(context, session), self.place: gr.update(label=name, **place)}


def wire(
    context: Context,
    source: PictureSource,
    answer: Answer,
    asked: Sequence[Any],
    answered: Sequence[Any],
    event: dict[str, Any],
) -> list[Any]:
    """Have the text answered anew when pictures come, go or change places; return those events.

    Args:
        context: of the page.
        source: laid out before.
        answer: shows the text's answer in ``answered``.
        asked: text, checkpoint and session.
        answered: what the answer fills, and the page's own problem.
        event: how a prediction is registered.
    """
    does, guarded = _Handlers(context, source, answer), guard(context, source.problem)
    outputs = [source.problem, *answered]
    shown = [source.problem, *source.results]
    source.row.read(does.read, [asked[-1]], shown, **QUIET, trigger_mode="once", concurrency_id="written", concurrency_limit=1)
    # No picture may be lost because another is on its way; of several changes of the row, the last one says it all.
    return [
        source.row.put(guarded(does.put), asked, outputs, **{**event, "trigger_mode": "multiple"}),
        source.row.arrange(guarded(does.arrange), asked, outputs, **{**event, "trigger_mode": "always_last"}),
    ]


@dataclass(frozen=True)
class _Handlers:
    context: Context
    source: PictureSource
    answer: Answer

    def put(self, event: gr.EventData, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Take in what the browser has uploaded; of each file that is not taken, say why."""
        problems, beyond = [], [str(name)[:_LONGEST_NAME] for name in list(event.beyond)[:MOST_IMAGES]]
        for file in list(event.files)[:MOST_IMAGES]:
            name = str(file["name"])[:_LONGEST_NAME]
            if len(session.pictures) >= MOST_IMAGES:
                beyond.append(name)
                continue
            try:
                self._place(uploaded(file["path"]), name, session)
            except InputError as error:
                problems.append(self.context.texts("analyse.pictures.refused", message=error))
            except UserError as error:
                problems.append(self.context.texts(error.key, **error.values))
        if beyond:
            problems.append(self.context.texts("analyse.pictures.many", most=MOST_IMAGES, names=", ".join(beyond)))
        said = "".join(notice(problem, "warning") for problem in problems)
        return {**self._answered(text, checkpoint, session), **({self.source.problem: said} if said else {})}

    def arrange(self, event: gr.EventData, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Put the pictures as the browser has them: which are there, in which order, which are off."""
        known = {picture.key: picture for picture in session.pictures}
        session.pictures = tuple(_arranged(known, event.pictures))
        return self._answered(text, checkpoint, session)

    def read(self, session: Session) -> Iterator[dict[Any, Any]]:
        """Read the text in the pictures, and show it picture by picture."""
        problem = ""
        try:
            for number, total in read_all(session):
                busy = self.context.texts("analyse.written.busy", number=number, total=total)
                yield {self.source.problem: "", self.source.row: _row(self.context, session, busy)}
        except Exception as error:  # the border, as in guard, which knows no handlers that yield
            problem = notice(explain(error, self.context))
        yield {self.source.problem: problem, **self.source.shown(self.context, session)}

    def _place(self, path: Path, name: str, session: Session) -> None:
        kept = self.context.services.keep_picture(path)
        if any(picture.path == str(kept.path) for picture in session.pictures):
            raise UserError("analyse.pictures.twice", name=name)
        session.pictures = (*session.pictures, Placed(str(kept.path), name, remarks=kept.remarks))

    def _answered(self, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        row = self.source.shown(self.context, session)
        if not text.strip():  # nothing to answer yet: the pictures wait for their words
            told = notice(self.context.texts("analyse.pictures.wordless"), "warning") if session.pictures else ""
            return {**row, self.source.problem: told}
        return {**row, **self.answer(text, checkpoint, session)}


def _arranged(known: dict[str, Placed], wanted: Iterable[Any]) -> Iterable[Placed]:
    """Return the known pictures as they are wanted, each once."""
    for one in list(wanted)[:MOST_IMAGES]:
        picture = known.pop(str(one["key"]), None)
        if picture:
            yield replace(picture, off=bool(one["off"]))


def _row(context: Context, session: Session, busy: str = "") -> str:
    t = context.texts
    words = esc(json.dumps({"sending": t("analyse.pictures.sending"), "failed": t("analyse.pictures.failed")}))
    choose = (
        f'<label class="quiet" tabindex="0">{esc(t("analyse.pictures.choose"))}'
        f'<input type="file" accept="{_ENDINGS}" multiple tabindex="-1"></label>'
    )
    several = read_button(context, session, bool(busy))
    if session.pictures:
        switch = "none" if session.shown_pictures else "all"
        several += (
            f'<button type="button" class="quiet" data-every="{switch}">{esc(t(f"analyse.pictures.{switch}"))}</button>'
            f'<button type="button" class="quiet" data-every="clear">{esc(t("analyse.pictures.clear"))}</button>'
        )
    items = "".join(_item(context, picture, number) for number, picture in enumerate(session.pictures, start=1))
    pictures = f'<ol class="picture-row" aria-label="{esc(t("analyse.pictures.row"))}">{items}</ol>' if items else ""
    return (
        f'<div class="picture-place" data-words="{words}" data-most="{MOST_IMAGES}"><div class="picture-ways">{choose}{several}'
        f'<span class="picture-said" role="status">{esc(busy)}</span></div>{pictures}{written_html(context, session)}'
        f'<p class="duomo-note">{esc(t("analyse.pictures.hint", most=MOST_IMAGES))}</p></div>'
    )


def _item(context: Context, picture: Placed, number: int) -> str:
    t = context.texts
    name, pressed = esc(t("analyse.pictures.toggle", number=number, name=picture.name)), str(not picture.off).lower()
    tools = "".join(
        f'<button type="button" data-do="{do}" aria-label="{esc(t(f"analyse.pictures.{do}"))}: {name}" '
        f'title="{esc(t(f"analyse.pictures.{do}"))}">{sign}</button>'
        for do, sign in (("earlier", "←"), ("later", "→"), ("remove", "×"))
    )
    off = f'<span class="picture-off">{esc(t("analyse.pictures.off"))}</span>' if picture.off else ""
    return (
        f'<li data-key="{esc(picture.key)}" data-off="{str(picture.off).lower()}" draggable="true">'
        f'<button type="button" class="picture-toggle" data-do="toggle" aria-pressed="{pressed}" aria-label="{name}" '
        f'title="{name}">'
        f'<img src="{esc(thumbnail_url(picture.path))}" alt="" draggable="false">{off}</button>'
        f'<span class="picture-number" aria-hidden="true">{number}</span><span class="picture-tools">{tools}</span></li>'
    )
