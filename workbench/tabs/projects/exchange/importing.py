"""Bringing documents in: uploaded or pasted, looked at, then kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.formats import FORMATS
from workbench.errors import UserError
from workbench.exchange import ENCODINGS, SEPARATORS, Look, Options, Progress, bring, declare, lay_out, look, new_labels
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, project_of, require
from workbench.uploads import uploaded
from workbench.views.escape import esc
from workbench.views.incoming import Incoming, incoming_html, problems_html, progress_html

_LONGEST_PASTE = 2_000_000
_PERIOD = 0.4


@dataclass(frozen=True)
class _Parts:
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
        return [
            self.part,
            self.files,
            *self.options,
            self.shown,
            self.incomplete,
            self.bring,
            self.stop,
            self.progress,
            self.seen,
        ]


def build(context: Context, problem: gr.HTML) -> Section:
    """Lay the part out and wire it; what goes wrong is said in a panel of the page."""
    parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, problem), context.session
    drawn = [problem, *parts.drawn]
    asked = [session, parts.files, parts.pasted, parts.seen, *parts.options]
    once: dict[str, Any] = {**QUIET, "trigger_mode": "once"}
    gr.on([parts.files.upload, parts.look.click], guarded(does.look), asked, drawn, **once)
    gr.on([option.input for option in parts.options], guarded(does.look_again), [session, *asked[3:]], drawn, **QUIET)
    bringing = parts.bring.click(guarded(does.bring), [session, parts.seen, parts.incomplete], drawn, **once)
    parts.stop.click(does.stopped, [session, parts.seen], drawn, cancels=[bringing], **QUIET)
    return Section(does.show, parts.drawn, problem, ())


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the part anew: what was uploaded for another project is forgotten."""
        project = project_of(self.context, session, request)
        own = self.context.services.store.projects.role(project, account_of(request)) == "annotator"
        return {**_cleared(self.parts), self.parts.part: gr.update(visible=not own)}

    def look(
        self, request: gr.Request, session: Session, files: list[str] | None, pasted: str, seen: Look | None, *options: str
    ) -> Iterator[dict[Any, Any]]:
        """Lay uploaded files out and show what they would bring; nothing is stored."""
        require(self.context, session, request, "curator", "admin")
        if not files and not pasted.strip():
            raise UserError("exchange.nothing.error")
        if len(pasted) > _LONGEST_PASTE:
            raise UserError("exchange.paste.error", length=len(pasted), longest=_LONGEST_PASTE)
        yield {self.parts.shown: progress_html(0, 0, self.context.texts("exchange.looking.line"))}
        if seen is not None:
            seen.desk.clear()
        folder = self.context.services.settings.workspace / "imports"
        yield {**_cleared(self.parts, files=True)}
        desk = lay_out(folder, [uploaded(file) for file in files or ()], "" if files else pasted)
        yield self._seen(session, look(desk, _options(*options)), request)

    def look_again(self, request: gr.Request, session: Session, seen: Look | None, *options: str) -> Iterator[dict[Any, Any]]:
        """Read what was uploaded in another way."""
        require(self.context, session, request, "curator", "admin")
        if seen is not None and seen.desk.given.is_dir():
            yield self._seen(session, look(seen.desk, _options(*options)), request)

    def _seen(self, session: Session, seen: Look, request: gr.Request) -> dict[Any, Any]:
        t, project = self.context.texts, project_of(self.context, session, request)
        new = new_labels(self.context.services.store, project, seen.labels)
        read = [("*" if part.path == "." else part.path, _format_title(self.context, part.format)) for part in seen.parts]
        numbers = (seen.documents, seen.characters, seen.labels, new, seen.first, seen.problems, seen.notes)
        label = "exchange.bring.some" if seen.problems else "exchange.bring.label"
        coming = self.parts
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
        account, coming = require(self.context, session, request, "curator", "admin"), self.parts
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
        coming, t = self.parts, self.context.texts
        more = gr.update(visible=seen is not None, value=t("exchange.bring.again"))
        return {
            coming.stop: gr.update(visible=False),
            coming.bring: more,
            coming.progress: notice(t("exchange.stopped.line"), "info"),
        }


def _layout(context: Context) -> _Parts:
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
    return _Parts(part, files, pasted, see, options, shown, incomplete, bring, stop, progress, gr.State(None))


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


def _cleared(coming: _Parts, files: bool = False) -> dict[Any, Any]:
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


def _format_title(context: Context, name: str) -> str:
    return context.texts(f"exchange.format.{name.replace('-', '_')}")
