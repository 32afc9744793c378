"""What Annotate shows: a document in the editor with what is known of it, the queue and the list beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import gradio as gr

from engine.errors import InputError
from engine.modalities.speech import RATE, read_speech
from workbench import annotating
from workbench.annotating import Sheet
from workbench.names import called
from workbench.picture_panel.drawing import drawn_if_there
from workbench.services import Analysis
from workbench.span_editor import editor_notes, evidence_snippets, proposed_spans, word_borders
from workbench.store import Criteria, Glance, Label, Note, Revision
from workbench.tabs import Context, Session, account_of, notice, project_of
from workbench.tabs.annotate.layout import Parts, empty_desk
from workbench.views import desk
from workbench.views.beside import beside_html
from workbench.views.data_urls import wav_url
from workbench.views.escape import esc
from workbench.views.markdown import markdown_html
from workbench.views.reasons import reason_html
from workbench.views.rules import rules_markdown

_NONE: Mapping[str, Any] = MappingProxyType({})
_SHOWN = 30


@dataclass(frozen=True)
class Showing:
    """Draws the page; what is drawn of a document is what its annotator may see."""

    context: Context
    parts: Parts

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
        value = empty_desk(self.context, project) | {"account": account_of(request)}
        empty = {p.editor: value, p.pictures: "", p.sound: "", p.reason: "", p.status: ""}
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
        value = empty_desk(self.context, sheet.project.id) | {
            "account": account,
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
            self.parts.reason: self._reason(sheet),
            self.parts.propose: gr.update(visible=True),
            self.parts.status: said + self._status(sheet.notes, account, sheet.begin),
            **self._around(session, request),
        }

    def _reason(self, sheet: Sheet) -> str:
        """Say why a document came, if it was chosen."""
        selection = self.context.services.store.selections.of(sheet.number) if sheet.number else None
        if selection is None:
            return ""
        texts, pick = self.context.texts, selection.pick
        return reason_html(pick.reason, sheet.text, texts, texts.words, control=pick.arm == "control")

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
            self.parts.rules: markdown_html(rules, texts.words),
            self.parts.naming: gr.update(visible=curating),
            self.parts.choosing.frame: gr.update(visible=curating),
        }

    def _recent(self, session: Session, request: gr.Request, query: str = "") -> str:
        texts, project = self.context.texts, project_of(self.context, session, request)
        store, account = self.context.services.store, account_of(request)
        if query:
            found = store.search(project, Criteria(text=query), account=account, limit=_SHOWN)
            glances = [document.glance() for document in found.documents]
        else:
            glances = store.reading.recent(project, account=account, limit=_SHOWN)
        if not glances:
            return f'<p class="empty">{esc(texts("annotate.recent.none" if query else "annotate.recent.empty"))}</p>'
        return desk.entries_html([_entry(glance, session.opened) for glance in glances], texts)

    def _proposals(self, analysis: Analysis, project: int) -> tuple[dict[str, Any], str]:
        document, evidence = analysis.prediction.document, analysis.prediction.evidence
        kept, foreign = annotating.offered(self.context.services, project, proposed_spans(document, evidence))
        snippets = evidence_snippets(document, evidence, self.context.texts.words)
        left_out = (
            self._said("annotate.foreign.labels", "warning", labels=self.context.texts.listed(sorted(foreign))) if foreign else ""
        )
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


def _navigation(sheet: Sheet) -> dict[str, Any] | None:
    """Return where a document stands in the queue; where there is no queue it can still be flagged."""
    if sheet.place is None:
        return None
    place, queue = sheet.place, sheet.place.total > 0
    steps = {"next": queue, "previous": place.before is not None, "skip": queue}
    return {"position": place.position, "total": place.total, **steps}


def _entry(glance: Glance, opened: int) -> desk.Entry:
    current = glance.id == opened
    return desk.Entry(glance.id, glance.text, glance.status, glance.spans_count, glance.revisions_count, glance.flagged, current)


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
