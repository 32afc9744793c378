"""Where sentences of a study and its figures go: to Analyse, onto bench and map, to Annotate, onto lists, into files."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.bench_panel import BenchState
from workbench.errors import UserError
from workbench.map_panel import Subject
from workbench.sentence_lists import csv_of, document_for, entry_of, jsonl_of
from workbench.store import Entry
from workbench.studies import Worked
from workbench.tabs import Asked, Session, account_of, notice, project_of, require
from workbench.tabs.errors.address import NOBODY, View
from workbench.tabs.errors.looking import Looking
from workbench.tabs.errors.showing import MOST_ROWS, ROWS

_MOST_KEPT = 2000


@dataclass(frozen=True)
class Taking(Looking):
    """Takes what a study found elsewhere; each method answers an event."""

    def evidence(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask for a sentence to be read on Analyse by the same checkpoint, which shows its evidence."""
        session.asked = None
        session.asked = self._asked(session, request, int(event.row))
        return {}

    def explain(self, event: gr.EventData, session: Session, state: BenchState, request: gr.Request) -> dict[Any, Any]:
        """Lay a sentence on the bench, which asks what the answer hangs on."""
        asked, bench = self._asked(session, request, int(event.row)), self.parts.bench
        return {self.parts.workbench: gr.update(open=True), **bench.receive(asked.document, asked.checkpoint, state)}

    def annotate(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask for a sentence to be opened in Annotate; one that the project does not have is brought in first."""
        session.wanted = 0
        services, account = self.context.services, account_of(request)
        project, worked = project_of(self.context, session, request), self.worked(session, request)
        document = worked.documents[int(event.row)]
        known = document_for(services.store, project, document)
        if not known:
            require(self.context, session, request, "curator", "admin")
            known = services.bring(project, document, by=account)
        services.store.reading.view(known, account)
        session.wanted = known
        return {}

    def keep(self, event: gr.EventData, session: Session, name: str, request: gr.Request) -> dict[Any, Any]:
        """Add a sentence, or all that are selected, to a list."""
        view, worked = self.view(session), self.worked(session, request)
        rows = [hit.row for hit in self.hits(worked, view)] if event._data.get("every") else [int(event.row)]
        return self._kept(session, request, name, rows)

    def keep_rows(self, event: gr.EventData, session: Session, name: str, request: gr.Request) -> dict[Any, Any]:
        """Add the sentences that were chosen on the map to a list, and show them."""
        rows = sorted({int(row) for row in event.rows})
        shown = self.selected(session, request, f"{ROWS}:{','.join(map(str, rows[:MOST_ROWS]))}")
        return {**shown, **self._kept(session, request, name, rows)}

    def save(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Hand a list to the browser as a file."""
        store, account, kind = self.context.services.store, account_of(request), str(event.format)
        entries = store.lists.entries(int(event.id), account)
        written_as, media = (csv_of, "text/csv") if kind == "csv" else (jsonl_of, "application/jsonl")
        content = b64encode(written_as(entries).encode("utf-8")).decode("ascii")
        found = store.lists.get(int(event.id), account)
        name = "".join(letter if letter.isalnum() else "-" for letter in found.name) if found else "list"
        return {self.parts.file: {"name": f"{name}.{kind if kind == 'csv' else 'jsonl'}", "type": media, "base64": content}}

    def report(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Hand a report of the study, or all its figures, to the browser as a file."""
        from engine.reporting import FORMATS, figures_zip, report_bytes

        worked, view, kind = self.worked(session, request), self.view(session), str(event.kind)
        study, language = self._titled(worked), self.context.texts.language
        figures = [worked.figures(index) for index in range(len(worked.models))]
        # The two that are compared, or else each with the first.
        pairs = [(view.a, view.b)] if view.b != NOBODY else [(0, other) for other in range(1, len(figures))]
        differences = {pair: worked.difference(*pair) for pair in pairs}
        if str(event.what) == "figures":
            content, name, media = (
                figures_zip(kind, study, figures, differences, language=language),
                "figures.zip",
                "application/zip",
            )
        else:
            content = report_bytes(kind, study, figures, differences, language=language)
            name, media = f"errors.{kind}", FORMATS[kind]
        return {self.parts.file: {"name": name, "type": media, "base64": b64encode(content).decode("ascii")}}

    def subject(self, session: Session, request: gr.Request) -> Subject:
        """Say what the map of mentions is of."""
        worked, studies = self.worked(session, request), self.context.services.studies
        view = self.view(session)
        model = worked.models[view.a]
        return Subject(worked.study, view.a, lambda: self.context.services.checkpoints.tagger(studies.checkpoint(model)))

    # what several of them need

    def _kept(self, session: Session, request: gr.Request, name: str, rows: Sequence[int]) -> dict[Any, Any]:
        view, worked, t = self.view(session), self.worked(session, request), self.context.texts
        if len(rows) > _MOST_KEPT:
            raise UserError("errors.keep.many", count=len(rows), most=_MOST_KEPT)
        called = (name or "").strip() or t("errors.named.first")
        project, entries = project_of(self.context, session, request), [self._entry(worked, view, row) for row in rows]
        found, added = self.context.services.store.lists.add(project, called, entries, by=account_of(request))
        said = t("errors.keep.done", added=added, name=found.name, count=found.count)
        return {**self.lists(session, request, found.name), self.parts.told: notice(said, "success")}

    def _asked(self, session: Session, request: gr.Request, row: int) -> Asked:
        view, worked = self.view(session), self.worked(session, request)
        services, model = self.context.services, worked.models[view.a]
        path = services.studies.checkpoint(model).path
        # Everywhere the empty name stands for the checkpoint in use.
        return Asked(worked.documents[row], "" if path == services.checkpoints.in_use().path else str(path))

    def _entry(self, worked: Worked, view: View, row: int) -> Entry:
        reading, model = worked.study.readings[view.a], worked.models[view.a]
        about = {
            "data": view.question.data,
            "model": model.key,
            "selection": view.select,
            "cases": [[case.outcome, *case.kinds] for case in reading.cases if case.row == row],
        }
        return entry_of(worked.documents[row], reading.predicted[row].spans, about)
