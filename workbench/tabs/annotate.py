"""Annotate: a document of the project that is worked in, in our own span editor; every save is a new revision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import gradio as gr

from engine.errors import InputError
from engine.modalities.speech import RATE, read_speech
from workbench import annotating
from workbench.annotating import Sheet
from workbench.errors import UserError
from workbench.names import called
from workbench.picture_panel.drawing import drawn_if_there
from workbench.services import LONGEST, Analysis
from workbench.span_editor import SpanEditor, editor_notes, editor_texts, evidence_snippets, proposed_spans, word_borders
from workbench.store import Criteria, Label, Note, Revision, StoredDocument
from workbench.store.errors import StoreError
from workbench.tabs import QUIET, Context, Door, Session, Tab, account_of, guard, notice, project_of, require
from workbench.views import desk
from workbench.views.beside import beside_html
from workbench.views.data_urls import wav_url
from workbench.views.escape import esc
from workbench.views.rules import rules_markdown

KEY = "annotate"
_NONE: Mapping[str, Any] = MappingProxyType({})
_SHOWN = 30
_BEAT = 10
_PULSE = f"duomo.pulse(element, watch, trigger, 'beat', 'news', {_BEAT})"


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    guide: gr.Accordion
    rules: gr.Markdown
    pictures: gr.HTML
    sound: gr.HTML
    editor: SpanEditor
    propose: gr.Button
    status: gr.HTML
    queue: gr.HTML
    take: gr.Button
    search: gr.Textbox
    recent: gr.HTML
    naming: gr.Row
    label: gr.Textbox
    add: gr.Button
    pulse: gr.HTML
    draft: gr.Textbox

    @property
    def around(self) -> list[Any]:
        return [self.problem, self.guide, self.rules, self.queue, self.take, self.recent, self.naming]

    @property
    def opened(self) -> list[Any]:
        return [*self.around, self.pictures, self.sound, self.editor, self.propose, self.status]


def build(context: Context) -> Tab:
    """Lay the tab out and wire it."""
    with gr.Tab(context.texts("annotate.tab.label"), id=KEY, elem_classes="page") as item:
        parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, parts.problem), context.session
    carry, opened = guarded(does.carry), parts.opened
    many: dict[str, Any] = {**QUIET, "trigger_mode": "multiple"}
    saved = parts.editor.save(guarded(does.save), [parts.editor, session], opened, **many)
    parts.editor.next(guarded(does.next), [session], opened, **QUIET)
    parts.editor.previous(guarded(does.previous), [session], opened, **QUIET)
    parts.editor.skip(guarded(does.skip), [session], opened, **QUIET)
    parts.editor.flagged(guarded(does.flag), [parts.editor, session], opened, **many)
    parts.take.click(guarded(does.take), [session], opened, **QUIET)
    parts.recent.open(guarded(does.reopen), [session], opened, **QUIET)
    asked = [parts.editor, session]
    parts.propose.click(guarded(does.propose), asked, [parts.problem, parts.editor, parts.status], **QUIET)
    naming = [parts.add.click, parts.label.submit]
    named = [parts.label, parts.editor, session]
    gr.on(naming, guarded(does.add_label), named, [*parts.around, parts.editor, parts.label], **QUIET)
    found = [parts.search, session]
    parts.search.change(guarded(does.find), found, [parts.problem, parts.recent], **QUIET, trigger_mode="always_last")
    parts.pulse.beat(does.beat, [session], parts.pulse, **QUIET)
    parts.pulse.news(does.news, [parts.editor, session], parts.editor, **QUIET)
    item.select(guarded(does.visit), [session], opened, **QUIET)
    return Tab(
        item,
        opening=Door(guarded(does.resume), [parts.draft, session], opened, script="() => [duomo.latestDraft(), null]"),
        signals={"saved": saved.success},
        doors={"carry": Door(carry, [session], opened), "open": Door(guarded(does.open), [session], opened)},
    )


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    # what lies on the desk

    def carry(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Bring the analysis that is shown into the editor, as proposals, in the project that is worked in."""
        services, key = self.context.services, session.analysis
        analysis = services.analysis(key)
        if analysis is None:
            raise UserError("annotate.carry.error")
        project, text = project_of(self.context, session, request), analysis.prediction.document.text
        sheet = annotating.sheet_with(services, text, project, account_of(request))
        more, left_out = self._proposals(analysis, project)
        return self._show(session, request, sheet, more, said=left_out, carried=key)

    def visit(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Nobody meets an empty editor while something waits for them or there is an analysis to begin from."""
        services, project = self.context.services, project_of(self.context, session, request)
        if session.opened and services.store.document(session.opened).project_id != project:
            return self._clear(session, request)
        if not session.document:
            waiting = services.store.assignments.next(project, account_of(request))
            if waiting is not None:
                return self._open(session, request, waiting)
            if services.analysis(session.analysis):
                return self.carry(session, request)
        return self._around(session, request)

    def open(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Open the document that another tab asks for."""
        wanted, session.wanted = session.wanted, 0
        return self._open(session, request, wanted) if wanted else self._around(session, request)

    def reopen(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Bring a document of the list into the editor."""
        return self._open(session, request, int(event.id))

    def resume(self, draft: str, session: Session, request: gr.Request) -> dict[Any, Any]:
        """After a reload, go on with the draft that no server has acknowledged."""
        said = json.loads(draft) if draft else {}
        text, account = str(said.get("text", "")), account_of(request)
        project = project_of(self.context, session, request)
        if not text or len(text) > LONGEST:
            return self._around(session, request)
        try:
            number = annotating.id_of(str(said.get("key", "")))
            services = self.context.services
            if number and services.store.document(number).text == text:
                return self._open(session, request, number)
            return self._show(session, request, annotating.sheet_with(services, text, project, account))
        except (StoreError, UserError):
            # It is somebody else's who works at this browser, or of a document that is gone: it stays where it is.
            return self._around(session, request)

    # saving

    def save(self, event: gr.EventData, value: dict[str, Any], session: Session, request: gr.Request) -> dict[Any, Any]:
        """Append a revision and tell the editor that it is safe."""
        services, account = self.context.services, account_of(request)
        act = annotating.read_act(event._data)
        # A draft of another text may be sent while this one is shown: what is known about the shown one is not about it.
        shown = act.key == session.document
        project = project_of(self.context, session, request)
        analysis = services.analysis(session.carried) if shown else None
        revision = annotating.save(services, act, project, account, analysis)
        services.presence.save(request.session_hash or "", revision.document_id, account)
        answered = {**value, "acknowledged": act.client_key, "revision": revision.id}
        if shown and not annotating.id_of(act.key):
            session.opened, session.document = revision.document_id, annotating.key_of(revision.document_id)
            answered |= {"key": session.document, "former": act.key}
            self._enter(session, request)
        with services.store.together():
            listed = self._listed(session, request)
            if not shown:
                return {self.parts.editor: answered, **listed}
            answered |= {"other": self._rival(revision, account), "others": self._company(session, request)}
            notes = annotating.notes_on(services, revision.document_id, account)
            status = self._status(notes, account, revision, fresh=True)
        return {self.parts.editor: answered, self.parts.status: status, **listed}

    # the queue

    def next(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go on; what is left as it was saved is finished."""
        services, account, number = self.context.services, account_of(request), session.opened
        if number and not event.unsaved and str(event.key) == session.document:
            if services.store.reading.view(number, account).own:
                services.store.marks.finish(number, account)
        return self._go_on(session, request)

    def previous(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go back to the document before."""
        place = annotating.sheet_of(self.context.services, session.opened, account_of(request)).place
        if place is None or place.before is None:
            return self._around(session, request)
        return self._open(session, request, place.before)

    def skip(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Put the document off and go on."""
        services, account = self.context.services, account_of(request)
        services.store.reading.view(session.opened, account)
        services.store.marks.skip(session.opened, account)
        return self._go_on(session, request)

    def flag(self, event: gr.EventData, value: dict[str, Any], session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask for the document to be looked at, or no longer."""
        store, account, flagged = self.context.services.store, account_of(request), bool(event.flagged)
        store.reading.view(session.opened, account)
        (store.marks.flag if flagged else store.marks.unflag)(session.opened, account, "")
        return {self.parts.editor: {**value, "flagged": flagged}, **self._around(session, request)}

    def take(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Open what is to be done next."""
        return self._go_on(session, request)

    # what helps

    def propose(self, value: dict[str, Any], session: Session, request: gr.Request) -> dict[Any, Any]:
        """Let the model in use read the document; what it finds joins what is there, as proposals."""
        services, account = self.context.services, account_of(request)
        if not value["text"] or value["key"] != session.document:
            raise UserError("annotate.propose.error")
        project = project_of(self.context, session, request)
        number = session.opened
        sheet = (
            annotating.sheet_of(services, number, account)
            if number
            else Sheet(value["text"], services.store.projects.get(project))
        )
        recording, pictures = annotating.files_beside(services, sheet)
        key, analysis = services.analyse(sheet.text, "", sheet.beside["readings"], recording, pictures)
        more, left_out = self._proposals(analysis, sheet.project.id)
        decided = [span for span in value["spans"] if not span.get("predicted")]
        joined = {**value, "spans": [*decided, *more["spans"]], "evidence": more["evidence"], "joining": uuid4().hex}
        session.carried = key
        said = left_out or self._said("annotate.propose.done", count=len(more["spans"]), model=analysis.checkpoint.name)
        return {self.parts.editor: joined, self.parts.status: said + self._status(sheet.notes, account, sheet.begin)}

    def add_label(self, name: str, value: dict[str, Any], session: Session, request: gr.Request) -> dict[Any, Any]:
        """Offer one more type: in the project, where it has types of its own."""
        account = require(self.context, session, request, "curator", "admin")
        services, project = self.context.services, project_of(self.context, session, request)
        if services.store.labels.list(project):
            services.store.labels.put(project, [Label(services.check_label(name))], by=account)
        else:
            services.add_label(name)
        used = [span["label"] for span in value["spans"]]
        labels = annotating.labels_of(services, project, self.context.texts.language, used)
        return {self.parts.editor: {**value, "labels": labels}, self.parts.label: "", **self._around(session, request)}

    def find(self, query: str, session: Session, request: gr.Request) -> dict[Any, Any]:
        """List the documents that hold some text."""
        return {self.parts.recent: self._recent(session, request, query)}

    def beat(self, session: Session, request: gr.Request) -> str:
        """Say that this page still shows its document, and hear who else does."""
        self.context.services.presence.beat(request.session_hash or "", session.opened, account_of(request))
        return json.dumps(self._company(session, request))

    def news(self, value: dict[str, Any], session: Session, request: gr.Request) -> Any:
        """Show who came and went."""
        company = self._company(session, request)
        return {**value, "others": company} if value["key"] == session.document else gr.skip()

    # drawing

    def _open(self, session: Session, request: gr.Request, number: int) -> dict[Any, Any]:
        with self.context.services.store.together():
            sheet = annotating.sheet_of(self.context.services, number, account_of(request))
            session.project = sheet.project.id
            return self._show(session, request, sheet)

    def _go_on(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        services, account = self.context.services, account_of(request)
        project, number = project_of(self.context, session, request), session.opened
        found = services.store.assignments.claim(project, account, after=number)
        if found is not None and found != number:
            return self._open(session, request, found)
        # All is done, or only what is shown is left.
        said = self._said("annotate.queue.last" if found else "annotate.queue.done", "warning" if found else "success")
        sheet = annotating.sheet_of(services, number, account) if number else None
        status = said + (self._status(sheet.notes, account, sheet.begin) if sheet else "")
        return {self.parts.status: status, **self._around(session, request)}

    def _clear(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Clear the desk: another project is worked in."""
        session.document = session.carried = ""
        session.opened = 0
        self.context.services.presence.leave(request.session_hash or "")
        project, p = project_of(self.context, session, request), self.parts
        waiting = self.context.services.store.assignments.next(project, account_of(request))
        if waiting is not None:
            return self._open(session, request, waiting)
        empty = {p.editor: _empty(self.context, project), p.pictures: "", p.sound: "", p.status: ""}
        return {**empty, p.propose: gr.update(visible=False), **self._around(session, request)}

    def _show(
        self,
        session: Session,
        request: gr.Request,
        sheet: Sheet,
        more: Mapping[str, Any] = _NONE,
        said: str = "",
        carried: str = "",
    ) -> dict[Any, Any]:
        services, texts, account = self.context.services, self.context.texts, account_of(request)
        session.document, session.opened, session.carried = sheet.key, sheet.number, carried
        self._enter(session, request)
        spans = annotating.shown_spans(sheet)
        own = [note for note in sheet.notes if note.account == account]
        value = _empty(self.context, sheet.project.id) | {
            "key": sheet.key,
            "former": sheet.former,
            "text": sheet.text,
            "spans": spans,
            "boundaries": word_borders(sheet.text),
            "revision": sheet.begin.id if sheet.begin else 0,
            "notes": editor_notes(own, sheet.spans),
            "flat": not sheet.project.nested,
            "flagged": bool(sheet.view and sheet.view.document.flagged),
            "others": self._company(session, request),
            "navigation": _navigation(sheet),
            **more,
        }
        value["labels"] = annotating.labels_of(
            services, sheet.project.id, texts.language, [span["label"] for span in [*spans, *value["spans"]]]
        )
        recording, _ = annotating.files_beside(services, sheet)
        pictures = sheet.beside["pictures"]
        analysis = services.analysis(carried)
        if analysis and analysis.pictures:
            pictures = [picture.path.name for picture in analysis.pictures]
        return {
            self.parts.editor: value,
            self.parts.pictures: _pictures(self.context, pictures),
            self.parts.sound: _sound(self.context, recording),
            self.parts.propose: gr.update(visible=True),
            self.parts.status: said + self._status(sheet.notes, account, sheet.begin),
            **self._around(session, request),
        }

    def _listed(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw what a save changes beside the editor."""
        services, texts = self.context.services, self.context.texts
        project = project_of(self.context, session, request)
        place = services.store.assignments.place(project, account_of(request), unassigned=True)
        return {
            self.parts.recent: self._recent(session, request),
            self.parts.queue: desk.queue_html(place.waiting, place.total, texts),
            self.parts.take: gr.update(visible=bool(place.waiting)),
        }

    def _around(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw everything beside the editor."""
        services, texts, account = self.context.services, self.context.texts, account_of(request)
        project = services.store.projects.get(project_of(self.context, session, request))
        rules = rules_markdown(project.guidelines, _defined(services.store.labels.list(project.id), texts.language), texts)
        curating = services.store.projects.role(project.id, account) != "annotator"
        return {
            **self._listed(session, request),
            self.parts.guide: gr.update(visible=bool(rules)),
            self.parts.rules: rules,
            self.parts.naming: gr.update(visible=curating),
        }

    def _recent(self, session: Session, request: gr.Request, query: str = "") -> str:
        texts, project = self.context.texts, project_of(self.context, session, request)
        found = self.context.services.store.search(project, Criteria(text=query), account=account_of(request), limit=_SHOWN)
        if not found.documents:
            return f'<p class="empty">{esc(texts("annotate.recent.none" if query else "annotate.recent.empty"))}</p>'
        return desk.entries_html([_entry(stored, session.opened) for stored in found.documents], texts)

    def _proposals(self, analysis: Analysis, project: int) -> tuple[dict[str, Any], str]:
        document, evidence = analysis.prediction.document, analysis.prediction.evidence
        kept, foreign = annotating.offered(self.context.services, project, proposed_spans(document, evidence))
        snippets = evidence_snippets(document, evidence, self.context.texts.words)
        left_out = self._said("annotate.foreign.labels", "warning", labels="、".join(sorted(foreign))) if foreign else ""
        return {"spans": kept, "evidence": snippets}, left_out

    def _said(self, key: str, kind: str = "success", **values: Any) -> str:
        return notice(self.context.texts(key, **values), kind)

    def _status(self, notes: Iterable[Note], account: str, last: Revision | None, *, fresh: bool = False) -> str:
        texts = self.context.texts
        line = desk.saved_html(last.number, last.created, texts) if last and last.layer == "annotation" else ""
        conflict = self._said("annotate.status.conflict", "warning") if fresh and last and last.conflicted else ""
        others = [(self._called(note.account), note.text) for note in notes if note.account != account]
        return conflict + line + desk.remarks_html(others, texts)

    def _called(self, account: str) -> str:
        return called(account, self.context.services.store, self.context.texts)

    def _rival(self, revision: Revision, account: str) -> dict[str, Any] | None:
        before = annotating.rival(self.context.services, revision, account)
        if before is None:
            return None
        author = self._called(before.author)
        return {"author": author, "spans": [asdict(span) for span in before.spans], "revision": before.id}

    def _enter(self, session: Session, request: gr.Request) -> None:
        presence, page = self.context.services.presence, request.session_hash or ""
        if session.opened:
            presence.enter(page, session.opened, account_of(request))
        else:
            presence.leave(page)

    def _company(self, session: Session, request: gr.Request) -> list[dict[str, str]]:
        services, account = self.context.services, account_of(request)
        others = services.presence.others(request.session_hash or "") if session.opened else ()
        if not others or services.store.reading.view(session.opened, account).blind:
            return []
        return [{"author": self._called(other.author), "state": other.state} for other in others]


def _layout(context: Context) -> _Parts:
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    with gr.Row(elem_classes="desk", equal_height=False):
        with gr.Column(scale=5, min_width=280):
            with gr.Accordion(t("annotate.guide.label"), open=False, visible=False, elem_id="annotate-guide") as guide:
                rules = gr.Markdown(sanitize_html=True, elem_classes="rules")
            pictures = gr.HTML(elem_id="annotate-pictures", elem_classes="picture-part")
            sound = gr.HTML(elem_id="annotate-sound")
            editor = SpanEditor(_empty(context, 0), elem_id="annotate-editor")
            status = gr.HTML(elem_classes="facts", elem_id="annotate-status")
            propose = gr.Button(t("annotate.propose.label"), visible=False, scale=0, min_width=160, elem_id="annotate-propose")
        with gr.Column(scale=2, min_width=240):
            queue = gr.HTML(elem_id="annotate-queue")
            take = gr.Button(t("annotate.take.label"), variant="primary", visible=False, elem_id="annotate-take")
            words: dict[str, Any] = {"label": t("annotate.recent.label"), "placeholder": t("annotate.search.hint")}
            search = gr.Textbox(**words, max_lines=1, elem_id="annotate-search")
            recent = gr.HTML(js_on_load="duomo.openings(element, trigger, 'open')", elem_id="annotate-recent")
            with gr.Row(elem_classes="add-label", equal_height=True) as naming:
                words = {"label": t("annotate.label.label"), "placeholder": t("annotate.label.hint")}
                label = gr.Textbox(**words, max_lines=1, elem_id="annotate-label", min_width=120)
                add = gr.Button(t("annotate.label.add"), min_width=80, scale=0, elem_id="annotate-add")
    pulse = gr.HTML(html_template="<span></span>", js_on_load=_PULSE, elem_id="annotate-pulse")
    draft = gr.Textbox(visible=False)
    return _Parts(
        problem,
        guide,
        rules,
        pictures,
        sound,
        editor,
        propose,
        status,
        queue,
        take,
        search,
        recent,
        naming,
        label,
        add,
        pulse,
        draft,
    )


def _empty(context: Context, project: int) -> dict[str, Any]:
    labels = annotating.labels_of(context.services, project, context.texts.language)
    return {"key": "", "text": "", "spans": [], "labels": labels, "texts": editor_texts(context.texts), "acknowledged": ""}


def _navigation(sheet: Sheet) -> dict[str, Any] | None:
    """Return where a document stands in the queue; where there is no queue it can still be flagged."""
    if sheet.place is None:
        return None
    place, queue = sheet.place, sheet.place.total > 0
    steps = {"next": queue, "previous": place.before is not None, "skip": queue}
    return {"position": place.position, "total": place.total, **steps}


def _entry(stored: StoredDocument, opened: int) -> desk.Entry:
    spans = len(stored.latest.spans) if stored.latest else 0
    current = stored.id == opened
    return desk.Entry(stored.id, stored.text, stored.name, stored.status, spans, stored.revisions_count, stored.flagged, current)


def _defined(labels: Sequence[Label], language: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(label.name, annotating.title_of(label, language), label.definition, label.examples) for label in labels]


def _pictures(context: Context, names: Sequence[str]) -> str:
    folder = context.services.picture_folder
    return beside_html([drawn_if_there(str(folder / name), at) for at, name in enumerate(names, start=1)], context.texts.words)


def _sound(context: Context, recording: Any) -> str:
    try:
        return desk.sound_html(wav_url(read_speech(recording).waveform, RATE), context.texts) if recording else ""
    except InputError:
        return ""
