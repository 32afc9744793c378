"""Taking documents out, in any format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from engine.formats import FORMATS
from workbench.errors import UserError
from workbench.exchange import ANNOTATED_BY, BEST, COUNTED, GOLD, IMPORTED, Choice, Working, lost, take
from workbench.exchange.telling import format_title
from workbench.names import called
from workbench.tabs import QUIET, Context, Door, Section, Session, account_of, guard, notice, project_of, require
from workbench.views.escape import esc
from workbench.views.incoming import progress_html

_PERIOD = 0.4
_LAYERS = (BEST, GOLD, IMPORTED)


@dataclass(frozen=True)
class _Parts:
    format: gr.Dropdown
    layer: gr.Dropdown
    finished: gr.Checkbox
    every: gr.Checkbox
    losses: gr.HTML
    write: gr.Button
    stop: gr.Button
    progress: gr.HTML
    file: gr.DownloadButton

    @property
    def choices(self) -> list[Any]:
        return [self.format, self.layer, self.finished, self.every]

    @property
    def drawn(self) -> list[Any]:
        return [self.layer, self.every, self.losses, self.write, self.stop, self.progress, self.file]


def build(context: Context, problem: gr.HTML) -> tuple[Section, Door]:
    """Lay the part out and wire it; return it, and what says what an export would lose."""
    parts = _layout(context)
    does, guarded = _Handlers(context, parts), guard(context, problem)
    drawn, asked = [problem, *parts.drawn], [context.session, *parts.choices]
    telling = Door(guarded(does.lost), asked, drawn)
    gr.on([choice.input for choice in parts.choices], telling.handler, asked, drawn, **QUIET)
    writing = parts.write.click(guarded(does.write), asked, drawn, **{**QUIET, "trigger_mode": "once"})
    parts.stop.click(does.given_up, None, parts.drawn, cancels=[writing], **QUIET)
    return Section(does.show, parts.drawn, problem, ()), telling


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the part anew."""
        project, account = project_of(self.context, session, request), account_of(request)
        own = self.context.services.store.projects.role(project, account) == "annotator"
        layers, going = _layers(self.context, project, account if own else None), self.parts
        return {
            going.layer: gr.update(choices=layers, value=layers[0][1]),
            going.every: gr.update(visible=not own),
            going.losses: "",
            going.progress: "",
            going.file: gr.update(visible=False, value=None),
        }

    def lost(self, session: Session, format: str, layer: str, finished: bool, every: bool, request: gr.Request) -> dict[Any, Any]:
        """Say before an export what its format cannot hold."""
        project, choice = self._choice(session, format, layer, finished, every, request)
        looked_at, losses = lost(self.context.services, project, choice)
        going = self.parts
        return {
            going.losses: _losses(self.context, looked_at, losses),
            going.write: gr.update(interactive=bool(looked_at)),
            going.file: gr.update(visible=False, value=None),
            going.progress: "",
        }

    def write(
        self, session: Session, format: str, layer: str, finished: bool, every: bool, request: gr.Request
    ) -> Iterator[dict[Any, Any]]:
        """Write the file, saying how far it is, and offer it."""
        project, choice = self._choice(session, format, layer, finished, every, request)
        going, t = self.parts, self.context.texts
        services = self.context.services
        writing = Working("export", lambda tell: take(services, project, choice, _exports(), tell))
        begun = {going.write: gr.update(interactive=False), going.stop: gr.update(visible=True)}
        yield {**begun, going.file: gr.update(visible=False)}
        try:
            while writing.is_alive():
                writing.join(_PERIOD)
                yield {going.progress: progress_html(0, 0, t("exchange.writing.line", count=f"{writing.told or 0:,}"))}
        finally:
            writing.end()
        yield {going.write: gr.update(interactive=True), going.stop: gr.update(visible=False), going.progress: ""}
        taken = writing.finished()
        size = f"{taken.path.stat().st_size / 1e6:,.2f} MB"
        offered = t("exchange.download.label", name=taken.path.name, size=size)
        said = notice(t("exchange.written.line", count=f"{taken.documents:,}"), "success")
        yield {going.progress: said, going.file: gr.update(visible=True, value=str(taken.path), label=offered)}

    def given_up(self) -> dict[Any, Any]:
        """Say that an export was stopped."""
        going = self.parts
        said = notice(self.context.texts("exchange.given_up.line"), "info")
        return {going.write: gr.update(interactive=True), going.stop: gr.update(visible=False), going.progress: said}

    def _choice(
        self, session: Session, format: str, layer: str, finished: bool, every: bool, request: gr.Request
    ) -> tuple[int, Choice]:
        """Return what is exported; an annotator exports their own annotations, whatever is asked for."""
        account = require(self.context, session, request, "annotator", "curator", "admin")
        project = project_of(self.context, session, request)
        if self.context.services.store.projects.role(project, account) == "annotator":
            layer, every = f"{ANNOTATED_BY}{account}", False
        if format not in FORMATS or not (layer in _LAYERS or layer.startswith(ANNOTATED_BY)):
            raise UserError("exchange.choice.error")
        return project, Choice(format, layer, finished, every)


def _layout(context: Context) -> _Parts:
    t = context.texts
    with gr.Column(scale=4, min_width=280, elem_id="exchange-outgoing", elem_classes="exchange-part"):
        gr.HTML(f"<h2>{esc(t('exchange.outgoing.label'))}</h2><p>{esc(t('exchange.outgoing.hint'))}</p>")
        formats = [(format_title(t, name), name) for name in FORMATS]
        common: dict[str, Any] = {"filterable": False}
        format = gr.Dropdown(formats, value="jsonl", label=t("exchange.to.label"), elem_id="exchange-to", **common)
        layer = gr.Dropdown([], label=t("exchange.layer.label"), elem_id="exchange-layer", **common)
        finished = gr.Checkbox(False, label=t("exchange.finished.label"), elem_id="exchange-finished")
        every = gr.Checkbox(True, label=t("exchange.every.label"), elem_id="exchange-every")
        losses = gr.HTML(elem_id="exchange-losses")
        with gr.Row(elem_classes="actions"):
            write = gr.Button(t("exchange.write.label"), variant="primary", elem_id="exchange-write", scale=0, min_width=140)
            stop = gr.Button(t("exchange.stop.label"), visible=False, elem_id="exchange-write-stop", scale=0, min_width=120)
        progress = gr.HTML(elem_id="exchange-write-progress")
        file = gr.DownloadButton(visible=False, variant="primary", elem_id="exchange-download")
    return _Parts(format, layer, finished, every, losses, write, stop, progress, file)


def _exports() -> Path:
    """Return the folder of exports: where Gradio keeps what it serves, so that it makes no second copy."""
    return Path(get_upload_folder()) / "duomo-exports"


def _layers(context: Context, project: int, own: str | None) -> list[tuple[str, str]]:
    t = context.texts
    if own is not None:
        return [(t("exchange.layer.own"), f"{ANNOTATED_BY}{own}")]
    store = context.services.store
    authors = store.reading.authors(project)
    by = [(t("exchange.layer.by", name=called(author, store, t)), f"{ANNOTATED_BY}{author}") for author in authors]
    return [*((t(f"exchange.layer.{layer}"), layer) for layer in _LAYERS), *by]


def _losses(context: Context, looked_at: int, losses: Any) -> str:
    t = context.texts
    if not looked_at:
        return notice(t("exchange.losses.empty"), "info")
    if not losses:
        return notice(t("exchange.losses.none", count=f"{looked_at:,}"), "success")
    named = [(t(f"exchange.part.{part.key.replace('-', '_')}"), count) for part, count in losses.items()]
    items = "".join(f"<li>{esc(name)}<b>{count:,}</b></li>" for name, count in named)
    of = t("exchange.losses.first" if looked_at >= COUNTED else "exchange.losses.line", count=f"{looked_at:,}")
    return f'<div class="notice notice-warning" role="status">{esc(of)}<ul class="losses">{items}</ul></div>'
