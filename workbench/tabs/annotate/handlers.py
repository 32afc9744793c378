"""What is done on Annotate: opening documents, saving them, going through the queue, and what helps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import gradio as gr

from workbench import annotating
from workbench.annotating import Sheet
from workbench.errors import UserError
from workbench.services import LONGEST
from workbench.store import Label
from workbench.store.errors import StoreError
from workbench.tabs import Session, account_of, project_of, require
from workbench.tabs.annotate.showing import Showing


@dataclass(frozen=True)
class Handlers(Showing):
    """What the page does; each method answers an event."""

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

    def resume(self, drafts: str, session: Session, request: gr.Request) -> dict[Any, Any]:
        """After a reload, go on with one's own draft that no server has acknowledged."""
        account = account_of(request)
        waiting: list[dict[str, Any]] = json.loads(drafts or "[]")
        said = next((draft for draft in waiting if draft.get("account") == account), {})
        text = str(said.get("text", ""))
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
            # It is of a document that is gone, or no longer theirs: it stays where it is.
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

    def reorder(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """After documents were chosen: what lies on the desk untouched makes room for the first of them."""
        services, number = self.context.services, session.opened
        if not number or services.store.reading.view(number, account_of(request)).begin is None:
            return self._go_on(session, request)
        return self._around(session, request)

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
