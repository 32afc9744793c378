"""Bringing documents in: uploaded or pasted, looked at, then kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.formats import FORMATS
from workbench.errors import UserError
from workbench.exchange import (
    ENCODINGS,
    SEPARATORS,
    Look,
    Options,
    Progress,
    Stopped,
    Working,
    bring,
    compared,
    declare,
    lay_out,
    look,
)
from workbench.exchange.telling import came_of, ended, format_title, found, how_far, worded
from workbench.store.adopting import Ways
from workbench.store.restoring import Compared
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, project_of, require
from workbench.uploads import uploaded
from workbench.views.escape import esc
from workbench.views.incoming import problems_html, progress_html

_LONGEST_PASTE = 2_000_000
_PERIOD = 0.4
_WAYS = {"labels": ("ours", "theirs", "merge"), "guidelines": ("ours", "theirs", "merge"), "rules": ("ours", "theirs")}
_WAYS |= {"documents": ("ours", "theirs"), "members": ("ours", "theirs")}


@dataclass(frozen=True)
class _Parts:
    part: gr.Column
    files: gr.File
    pasted: gr.Textbox
    look: gr.Button
    options: tuple[gr.Dropdown, ...]
    shown: gr.HTML
    empty: gr.Radio
    ways: tuple[gr.Radio, ...]
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
            self.empty,
            *self.ways,
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
    choices = [parts.incomplete, parts.empty, *parts.ways]
    parts.bring.click(guarded(does.bring), [session, parts.seen, *choices], drawn, **once)
    parts.stop.click(guarded(does.stop), [session, parts.seen], [problem, parts.stop], **QUIET)
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
        folder = self.context.services.settings.workspace / "imports"
        yield {**_cleared(self.parts, files=True)}
        desk = lay_out(folder, [uploaded(file) for file in files or ()], "" if files else pasted)
        if seen is not None:  # only now: the copies of what was looked at again are held anew
            seen.desk.clear()
        yield self._seen(session, look(desk, _options(*options), flat=self._flat(session, request)), request)

    def look_again(self, request: gr.Request, session: Session, seen: Look | None, *options: str) -> Iterator[dict[Any, Any]]:
        """Read what was uploaded in another way."""
        require(self.context, session, request, "curator", "admin")
        if seen is not None and seen.desk.given.is_dir():
            yield self._seen(session, look(seen.desk, _options(*options), flat=self._flat(session, request)), request)

    def _flat(self, session: Session, request: gr.Request) -> bool:
        return not self.context.services.store.projects.get(project_of(self.context, session, request)).nested

    def _seen(self, session: Session, seen: Look, request: gr.Request) -> dict[Any, Any]:
        t, project, store = self.context.texts, project_of(self.context, session, request), self.context.services.store
        differs = compared(store, project, seen.desk, seen.whole) if seen.whole else None
        label = "exchange.bring.some" if seen.problems else "exchange.bring.whole" if differs else "exchange.bring.label"
        coming, count = self.parts, max(seen.documents, differs.documents if differs else 0)
        columns = [gr.update(choices=["", *seen.columns]) for _ in coming.options[3:]]
        said = "annotated" if seen.empty.annotated else "open"
        empty = t("exchange.empty.label", count=f"{seen.empty.count:,}")
        return {
            **dict(zip(coming.options[3:], columns, strict=True)),
            **dict(zip(coming.ways, _ways_shown(differs), strict=True)),
            coming.shown: found(seen, differs, store, project, t),
            coming.empty: gr.update(visible=seen.empty.count > 0, label=empty, value=said),
            coming.incomplete: gr.update(visible=bool(seen.found or seen.missing) and len(seen.parts) > bool(differs)),
            coming.bring: gr.update(visible=count > 0, value=t(label, count=f"{count:,}"), interactive=True),
            coming.stop: gr.update(visible=False, value=t("exchange.stop.label")),
            coming.progress: "",
            coming.seen: seen,
        }

    def bring(
        self, request: gr.Request, session: Session, seen: Look | None, incomplete: bool, empty: str, *ways: str
    ) -> Iterator[dict[Any, Any]]:
        """Bring in what was looked at: corpora a few documents at a time, so that others can save meanwhile; a bundle at once."""
        account, coming = require(self.context, session, request, "curator", "admin"), self.parts
        if seen is None or not seen.desk.given.is_dir():
            raise UserError("exchange.gone.error")
        services, project, t = self.context.services, project_of(self.context, session, request), self.context.texts
        said: dict[str, Any] = {"by": account, "incomplete": incomplete, "annotated": empty == "annotated", "ways": _ways(ways)}
        shown = progress_html(0, seen.documents, t("exchange.bringing.begun"))
        yield {coming.bring: gr.update(visible=False), coming.stop: self._stop(), coming.progress: shown}
        declared = declare(services.store, project, seen.labels, account) if seen.whole is None else ()
        seen.desk.resume()
        working = Working("import", lambda tell: bring(services, project, seen, **said, tell=tell))
        try:
            while working.is_alive():
                working.join(_PERIOD)
                line = how_far(working.told, t) if working.told is not None else shown
                if line != shown:  # a page that is drawn anew for nothing cannot be pressed
                    shown = line
                    yield {coming.progress: line}
        finally:  # nobody waits any more
            working.end()
        try:
            last = working.finished()
        except Exception as error:
            stopped = isinstance(error, Stopped)
            what = notice(ended(seen, working.told, stopped=stopped, texts=t), "info" if stopped else "error")
            more = gr.update(visible=True, value=t("exchange.bring.again"))
            yield {coming.bring: more, coming.stop: gr.update(visible=False), coming.progress: what}
            if not stopped:
                raise
            return
        seen.desk.clear()
        yield {**_cleared(coming), coming.progress: _brought(self.context, last, declared)}

    def _stop(self) -> Any:
        return gr.update(visible=True, interactive=True, value=self.context.texts("exchange.stop.label"))

    def stop(self, session: Session, seen: Look | None, request: gr.Request) -> dict[Any, Any]:
        """Let the import end; what came of it by then is said by the import itself."""
        require(self.context, session, request, "curator", "admin")
        if seen is not None:
            seen.desk.halt()
        return {self.parts.stop: gr.update(interactive=False, value=self.context.texts("exchange.stopping.line"))}


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
        answers = [(t(f"exchange.empty.{answer}"), answer) for answer in ("annotated", "open")]
        empty = gr.Radio(answers, value="open", visible=False, elem_id="exchange-empty")
        ways = tuple(_way(context, name) for name in _WAYS)
        incomplete = gr.Checkbox(True, label=t("exchange.incomplete.label"), visible=False, elem_id="exchange-incomplete")
        with gr.Row(elem_classes="actions"):
            bring = gr.Button(variant="primary", visible=False, elem_id="exchange-bring", scale=0, min_width=200)
            stop = gr.Button(t("exchange.stop.label"), visible=False, elem_id="exchange-stop", scale=0, min_width=120)
        progress = gr.HTML(elem_id="exchange-progress")
    return _Parts(part, files, pasted, see, options, shown, empty, ways, incomplete, bring, stop, progress, gr.State(None))


def _reading_options(context: Context) -> tuple[gr.Dropdown, ...]:
    t = context.texts
    found_out = (t("exchange.auto.label"), "")
    formats = [found_out, *((format_title(t, name), name) for name in FORMATS)]
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
        coming.empty: gr.update(visible=False),
        **{way: gr.update(visible=False) for way in coming.ways},
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


def _brought(context: Context, progress: Progress, declared: tuple[str, ...]) -> str:
    said = notice(came_of(progress, declared, context.texts), "success")
    return said + problems_html(worded(progress.problems, context.texts), context.texts.words)


def _way(context: Context, name: str) -> gr.Radio:
    t = context.texts
    choices = [(t(f"exchange.way.{name}.{way}"), way) for way in _WAYS[name]]
    return gr.Radio(choices, value="ours", label=t(f"exchange.way.{name}"), visible=False, elem_id=f"exchange-way-{name}")


def _ways_shown(differs: Compared | None) -> list[Any]:
    """Return what there is to choose: nothing where the two do not differ, nor in a project that has nothing yet.

    Whom to let in is always asked.
    """
    if differs is None:
        return [gr.update(visible=False) for _ in _WAYS]
    found, ways = differs.differing, differs.differing.ways
    asked = {
        "labels": bool(found.changed or found.new) and not found.empty,
        "guidelines": found.guidelines and not found.empty,
        "rules": found.ruled,
        "documents": differs.diverged > 0,
        "members": bool(differs.joining.known),
    }
    return [gr.update(visible=asked[name], value=getattr(ways, name)) for name in _WAYS]


def _ways(chosen: tuple[str, ...]) -> Ways:
    said: dict[str, Any] = dict(zip(_WAYS, chosen, strict=True))
    if any(said[name] not in _WAYS[name] for name in _WAYS):
        raise UserError("exchange.choice.error")
    return Ways(**said)
