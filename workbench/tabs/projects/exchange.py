"""Import and export: bring documents in, and take them out in any format."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from engine.formats import FORMATS
from workbench.errors import UserError
from workbench.exchange import (
    ANNOTATED_BY,
    BEST,
    COUNTED,
    ENCODINGS,
    GOLD,
    IMPORTED,
    SEPARATORS,
    Choice,
    Look,
    Options,
    Progress,
    Stopped,
    Taken,
    bring,
    declare,
    lay_out,
    look,
    lost,
    new_labels,
    take,
)
from workbench.names import called
from workbench.tabs import QUIET, Context, Door, Session, Tab, account_of, explain, guard, notice, project_of, require
from workbench.uploads import uploaded
from workbench.views.escape import esc
from workbench.views.incoming import Incoming, incoming_html, problems_html, progress_html

KEY = "exchange"
_LONGEST_PASTE = 2_000_000
_PERIOD = 0.4
_LAYERS = (BEST, GOLD, IMPORTED)


@dataclass(frozen=True)
class _Incoming:
    part: gr.Column
    files: gr.File
    pasted: gr.Textbox
    look: gr.Button
    options: tuple[gr.Dropdown, ...]
    shown: gr.HTML
    incomplete: gr.Checkbox
    bring: gr.Button
    stop: gr.Button
    progress: gr.HTML
    seen: gr.State

    @property
    def drawn(self) -> list[Any]:
        return [self.files, *self.options, self.shown, self.incomplete, self.bring, self.stop, self.progress, self.seen]


@dataclass(frozen=True)
class _Outgoing:
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


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    incoming: _Incoming
    outgoing: _Outgoing

    @property
    def drawn(self) -> list[Any]:
        return [self.problem, self.incoming.part, *self.incoming.drawn, *self.outgoing.drawn]


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("exchange.tab.label"), id=KEY) as item:
        parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, parts.problem), context.session
    show, coming, going = guarded(does.show), parts.incoming, parts.outgoing
    stepwise, drawn = _stepwise(context, parts.problem), [parts.problem, *coming.drawn]
    asked = [session, coming.files, coming.pasted, coming.seen, *coming.options]
    once: dict[str, Any] = {**QUIET, "trigger_mode": "once"}
    gr.on([coming.files.upload, coming.look.click], stepwise(does.look), asked, drawn, **once)
    gr.on([option.input for option in coming.options], stepwise(does.look_again), [session, *asked[3:]], drawn, **QUIET)
    bringing = coming.bring.click(stepwise(does.bring), [session, coming.seen, coming.incomplete], drawn, **once)
    coming.stop.click(does.stopped, [session, coming.seen], drawn, cancels=[bringing], **QUIET)
    changes = [choice.input for choice in going.choices]
    gr.on(changes, guarded(does.lost), [session, *going.choices], [parts.problem, *going.drawn], **QUIET)
    writing = going.write.click(stepwise(does.write), [session, *going.choices], [parts.problem, *going.drawn], **once)
    going.stop.click(does.given_up, None, going.drawn, cancels=[writing], **QUIET)
    opened = item.select(show, session, parts.drawn, **QUIET)
    opened.success(guarded(does.lost), [session, *going.choices], [parts.problem, *going.drawn], **QUIET)
    return Tab(item, opening=Door(show, [session], parts.drawn))


def _stepwise(context: Context, panel: gr.HTML) -> Callable[..., Callable[..., Iterator[dict[Any, Any]]]]:
    """Return a decorator like :func:`guard`, for handlers that yield how far they are."""

    def decorate(handler: Callable[..., Iterator[dict[Any, Any]]]) -> Callable[..., Iterator[dict[Any, Any]]]:
        @functools.wraps(handler)
        def guarded(*args: Any, **kwargs: Any) -> Iterator[dict[Any, Any]]:
            try:
                for step in handler(*args, **kwargs):
                    yield {panel: "", **step}
            except Exception as error:  # the border: from here on a traceback would reach the user
                yield {panel: notice(explain(error, context))}

        return guarded

    return decorate


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew: what was uploaded for another project is forgotten."""
        session.page = KEY
        project = project_of(self.context, session, request)
        store, account = self.context.services.store, account_of(request)
        own = store.projects.role(project, account) == "annotator"
        layers = _layers(self.context, project, account if own else None)
        going = self.parts.outgoing
        return {
            **_cleared(self.parts.incoming),
            self.parts.incoming.part: gr.update(visible=not own),
            going.layer: gr.update(choices=layers, value=layers[0][1]),
            going.every: gr.update(visible=not own),
            going.losses: "",
            going.progress: "",
            going.file: gr.update(visible=False, value=None),
        }

    # bringing in

    def look(
        self, request: gr.Request, session: Session, files: list[str] | None, pasted: str, seen: Look | None, *options: str
    ) -> Iterator[dict[Any, Any]]:
        """Lay uploaded files out and show what they would bring; nothing is stored."""
        require(self.context, session, request, "curator", "admin")
        if not files and not pasted.strip():
            raise UserError("exchange.nothing.error")
        if len(pasted) > _LONGEST_PASTE:
            raise UserError("exchange.paste.error", length=len(pasted), longest=_LONGEST_PASTE)
        yield {self.parts.incoming.shown: progress_html(0, 0, self.context.texts("exchange.looking.line"))}
        if seen is not None:
            seen.desk.clear()
        folder = self.context.services.settings.workspace / "imports"
        yield {**_cleared(self.parts.incoming, files=True)}
        desk = lay_out(folder, [uploaded(file) for file in files or ()], "" if files else pasted)
        yield self._seen(session, look(desk, _options(*options), flat=self._flat(session, request)), request)

    def look_again(self, request: gr.Request, session: Session, seen: Look | None, *options: str) -> Iterator[dict[Any, Any]]:
        """Read what was uploaded in another way."""
        require(self.context, session, request, "curator", "admin")
        if seen is not None and seen.desk.given.is_dir():
            yield self._seen(session, look(seen.desk, _options(*options), flat=self._flat(session, request)), request)

    def _flat(self, session: Session, request: gr.Request) -> bool:
        return not self.context.services.store.projects.get(project_of(self.context, session, request)).nested

    def _seen(self, session: Session, seen: Look, request: gr.Request) -> dict[Any, Any]:
        t, project = self.context.texts, project_of(self.context, session, request)
        new = new_labels(self.context.services.store, project, seen.labels)
        read = [("*" if part.path == "." else part.path, _format_title(self.context, part.format)) for part in seen.parts]
        numbers = (seen.documents, seen.characters, seen.labels, new, seen.first, seen.problems, seen.notes)
        label = "exchange.bring.some" if seen.problems else "exchange.bring.label"
        coming = self.parts.incoming
        columns = [gr.update(choices=["", *seen.columns]) for _ in coming.options[3:]]
        return {
            **dict(zip(coming.options[3:], columns, strict=True)),
            coming.shown: incoming_html(Incoming(read, *numbers, seen.found, seen.missing), t.words),
            coming.incomplete: gr.update(visible=bool(seen.found or seen.missing)),
            coming.bring: gr.update(visible=bool(seen.documents), value=t(label, count=f"{seen.documents:,}"), interactive=True),
            coming.stop: gr.update(visible=False),
            coming.progress: "",
            coming.seen: seen,
        }

    def bring(self, session: Session, seen: Look | None, incomplete: bool, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Bring in what was looked at, a few documents at a time, so that others can save meanwhile."""
        account, coming = require(self.context, session, request, "curator", "admin"), self.parts.incoming
        if seen is None or not seen.desk.given.is_dir():
            raise UserError("exchange.gone.error")
        services, project = self.context.services, project_of(self.context, session, request)
        yield {
            coming.bring: gr.update(visible=False),
            coming.stop: gr.update(visible=True),
            coming.progress: progress_html(0, seen.documents, self.context.texts("exchange.bringing.begun")),
        }
        declared = declare(services.store, project, seen.labels, account)
        last, told = None, 0.0
        try:
            for last in bring(services, project, seen.desk, seen.parts, seen.documents, by=account, incomplete=incomplete):
                if time.monotonic() - told > _PERIOD:
                    told = time.monotonic()
                    yield {coming.progress: progress_html(last.done, last.documents, _how_far(self.context, last))}
        except Exception:
            yield {coming.bring: gr.update(visible=True), coming.stop: gr.update(visible=False)}
            raise
        seen.desk.clear()
        said = _brought(self.context, last, declared) if last else ""
        yield {**_cleared(coming), coming.progress: said}

    def stopped(self, session: Session, seen: Look | None) -> dict[Any, Any]:
        """Say what a stopped import comes to, and offer to go on."""
        coming, t = self.parts.incoming, self.context.texts
        more = gr.update(visible=seen is not None, value=t("exchange.bring.again"))
        return {
            coming.stop: gr.update(visible=False),
            coming.bring: more,
            coming.progress: notice(t("exchange.stopped.line"), "info"),
        }

    # taking out

    def lost(self, session: Session, format: str, layer: str, finished: bool, every: bool, request: gr.Request) -> dict[Any, Any]:
        """Say before an export what its format cannot hold."""
        project, choice = self._choice(session, format, layer, finished, every, request)
        looked_at, losses = lost(self.context.services, project, choice)
        going = self.parts.outgoing
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
        going, t = self.parts.outgoing, self.context.texts
        writing = _Writing(functools.partial(take, self.context.services, project, choice, _exports()))
        begun = {going.write: gr.update(interactive=False), going.stop: gr.update(visible=True)}
        yield {**begun, going.file: gr.update(visible=False)}
        try:
            while writing.is_alive():
                writing.join(_PERIOD)
                yield {going.progress: progress_html(0, 0, t("exchange.writing.line", count=f"{writing.done:,}"))}
        finally:
            writing.stop.set()
        yield {going.write: gr.update(interactive=True), going.stop: gr.update(visible=False), going.progress: ""}
        if writing.error is not None:
            raise writing.error
        taken = writing.taken
        size = f"{taken.path.stat().st_size / 1e6:,.2f} MB"
        offered = t("exchange.download.label", name=taken.path.name, size=size)
        said = notice(t("exchange.written.line", count=f"{taken.documents:,}"), "success")
        yield {going.progress: said, going.file: gr.update(visible=True, value=str(taken.path), label=offered)}

    def given_up(self) -> dict[Any, Any]:
        """Say that an export was stopped."""
        going = self.parts.outgoing
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


class _Writing(threading.Thread):
    """An export being written: the page looks in on it, and stops it once nobody waits for it."""

    def __init__(self, work: Callable[..., Taken]) -> None:
        super().__init__(name="export", daemon=True)
        self.work, self.done, self.stop = work, 0, threading.Event()
        self.taken: Taken
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.taken = self.work(tell=self._tell)
        except Exception as error:  # raised by who waits
            self.error = error

    def _tell(self, done: int) -> None:
        self.done = done
        if self.stop.is_set():
            raise Stopped


def _layout(context: Context) -> _Parts:
    problem = gr.HTML(elem_classes="notices")
    with gr.Row(elem_classes="exchange", equal_height=False):
        incoming = _incoming(context)
        outgoing = _outgoing(context)
    return _Parts(problem, incoming, outgoing)


def _incoming(context: Context) -> _Incoming:
    t = context.texts
    with gr.Column(scale=5, min_width=300, elem_id="exchange-incoming", elem_classes="exchange-part") as part:
        gr.HTML(f"<h2>{esc(t('exchange.incoming.label'))}</h2><p>{esc(t('exchange.incoming.hint'))}</p>")
        files = gr.File(label=t("exchange.files.label"), file_count="multiple", elem_id="exchange-files", height=150)
        words: dict[str, Any] = {"label": t("exchange.paste.label"), "placeholder": t("exchange.paste.hint")}
        pasted = gr.Textbox(**words, lines=3, max_lines=8, elem_id="exchange-paste")
        with gr.Accordion(t("exchange.options.label"), open=False, elem_id="exchange-options"):
            with gr.Row(elem_classes="form"):
                options = _reading_options(context)
        see = gr.Button(t("exchange.look.label"), elem_id="exchange-look", scale=0, min_width=140)
        shown = gr.HTML(elem_id="exchange-shown")
        incomplete = gr.Checkbox(True, label=t("exchange.incomplete.label"), visible=False, elem_id="exchange-incomplete")
        with gr.Row(elem_classes="actions"):
            bring = gr.Button(variant="primary", visible=False, elem_id="exchange-bring", scale=0, min_width=200)
            stop = gr.Button(t("exchange.stop.label"), visible=False, elem_id="exchange-stop", scale=0, min_width=120)
        progress = gr.HTML(elem_id="exchange-progress")
    return _Incoming(part, files, pasted, see, options, shown, incomplete, bring, stop, progress, gr.State(None))


def _reading_options(context: Context) -> tuple[gr.Dropdown, ...]:
    t = context.texts
    found_out = (t("exchange.auto.label"), "")
    formats = [found_out, *((_format_title(context, name), name) for name in FORMATS)]
    encodings = [found_out, *((name.upper(), name) for name in ENCODINGS)]
    separators = [found_out, *((t(f"exchange.separator.{name}"), name) for name in SEPARATORS)]
    chosen = {"format": formats, "encoding": encodings, "separator": separators}
    first = [
        gr.Dropdown(
            choices, value="", label=t(f"exchange.option.{name}"), elem_id=f"exchange-{name}", filterable=False, min_width=200
        )
        for name, choices in chosen.items()
    ]
    columns = [
        gr.Dropdown(
            [""], value="", label=t(f"exchange.option.{name}"), allow_custom_value=True, elem_id=f"exchange-{name}", min_width=140
        )
        for name in ("text", "spans", "id")
    ]
    return (*first, *columns)


def _outgoing(context: Context) -> _Outgoing:
    t = context.texts
    with gr.Column(scale=4, min_width=280, elem_id="exchange-outgoing", elem_classes="exchange-part"):
        gr.HTML(f"<h2>{esc(t('exchange.outgoing.label'))}</h2><p>{esc(t('exchange.outgoing.hint'))}</p>")
        formats = [(_format_title(context, name), name) for name in FORMATS]
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
    return _Outgoing(format, layer, finished, every, losses, write, stop, progress, file)


def _cleared(coming: _Incoming, files: bool = False) -> dict[Any, Any]:
    """Return an empty page of uploads; with ``files``, those stay in their box."""
    drawn: dict[Any, Any] = {
        coming.shown: "",
        coming.incomplete: gr.update(visible=False),
        coming.bring: gr.update(visible=False),
        coming.stop: gr.update(visible=False),
        coming.progress: "",
        coming.seen: None,
    }
    return drawn if files else {**drawn, coming.files: None}


def _options(format: str, encoding: str, separator: str, *columns: str | None) -> Options:
    text, spans, id = (column or "" for column in columns)
    sound = (format in ("", *FORMATS)) and encoding in ("", *ENCODINGS) and separator in ("", *SEPARATORS)
    if not sound:
        raise UserError("exchange.choice.error")
    return Options(format, encoding, separator, text, spans, id)


def _exports() -> Path:
    """Return the folder of exports: where Gradio keeps what it serves, so that it makes no second copy."""
    return Path(get_upload_folder()) / "duomo-exports"


def _format_title(context: Context, name: str) -> str:
    return context.texts(f"exchange.format.{name.replace('-', '_')}")


def _layers(context: Context, project: int, own: str | None) -> list[tuple[str, str]]:
    t = context.texts
    if own is not None:
        return [(t("exchange.layer.own"), f"{ANNOTATED_BY}{own}")]
    store = context.services.store
    authors = store.reading.authors(project)
    by = [(t("exchange.layer.by", name=called(author, store, t)), f"{ANNOTATED_BY}{author}") for author in authors]
    return [*((t(f"exchange.layer.{layer}"), layer) for layer in _LAYERS), *by]


def _how_far(context: Context, progress: Progress) -> str:
    left = progress.seconds / max(1, progress.done) * max(0, progress.documents - progress.done)
    counts = {"done": f"{progress.done:,}", "documents": f"{progress.documents:,}", "seconds": f"{left:.0f}"}
    return context.texts("exchange.bringing.line", **counts)


def _brought(context: Context, progress: Progress, declared: tuple[str, ...]) -> str:
    t = context.texts
    lines = [t("exchange.brought.line", added=f"{progress.added:,}", known=f"{progress.known:,}")]
    if declared:
        lines.append(t("exchange.brought.labels", labels=", ".join(declared)))
    if progress.left:
        lines.append(t("exchange.brought.left", count=f"{progress.left:,}"))
    return notice(" ".join(lines), "success") + problems_html(progress.problems, t.words)


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
