"""What is done on Errors: a study is made, looked at from all sides, and its sentences are taken elsewhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import gradio as gr

from engine.errors import EngineError
from workbench.bench_panel import BenchState
from workbench.errors import UserError
from workbench.exchange.uploads import read_uploads
from workbench.map_panel import Subject
from workbench.sentence_lists import csv_of, document_for, entry_of, jsonl_of
from workbench.steps import Outcome, steps
from workbench.store import Entry
from workbench.studies import LabelsDifferError, Model, Progress, Question, StoppedError, Worked
from workbench.tabs import Asked, Session, account_of, notice, project_of, require
from workbench.tabs.errors.address import NOBODY, View, read, written
from workbench.tabs.errors.layout import DATA, TRAINING
from workbench.tabs.errors.showing import MOST_ROWS, ROWS, Showing, is_of_project
from workbench.uploads import uploaded
from workbench.views.compared import PARTS
from workbench.views.escape import esc
from workbench.views.label_mapping import label_mapping_html
from workbench.views.sentence_lists import lists_html
from workbench.views.training import duration

FIRST = "sample:news"
_MOST_KEPT = 2000
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Handlers(Showing):
    """What the page does; each method answers an event."""

    # the study

    def show(self, address: str, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Offer what there is; a study that is shown stays, and so does what was chosen and not studied yet."""
        view: View | None = session.study or read(address)
        offered = self._offered(session, request, view, choose=not session.listing)
        if view is None:
            models, t = self.context.services.studies.models(), self.context.texts
            offered[self.parts.figures] = self.welcome(t("errors.sample.news"), self.model_name(models[0]))
        return offered

    def restore(self, address: str, session: Session, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Open the view that the page's address asks for; without one, do nothing."""
        view = read(address)
        if view is None:
            yield {}  # a generator that yields nothing would empty what it fills
        else:
            project = is_of_project(view)
            if project and self.context.services.store.projects.admits(project, account_of(request)):
                session.project = project
            yield self._offered(session, request, view)
            yield from self._study(session, request, view)

    def run(self, session: Session, data: str, training: str, models: list[str], request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Study what is chosen."""
        question = Question(data, tuple(Model.of(key) for key in models or ()), training=training or "")
        before: View | None = session.study
        # The labels that somebody has settled stay settled for the same data.
        if before is not None and before.question.data == data:
            question = replace(question, mapping=before.question.mapping)
        yield from self._study(session, request, View(question, b=1 if len(question.models) == 2 else NOBODY))

    def map(self, event: gr.EventData, session: Session, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Study with the types taken for what was said."""
        view: View = session.pending or self._view(session)
        mapping = tuple(sorted((str(gold), str(found)) for gold, found in dict(event.mapping).items()))
        yield from self._study(session, request, replace(view, question=replace(view.question, mapping=mapping)))

    def labels(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask anew which type is taken for which."""
        session.pending = self._view(session)
        question = session.pending.question
        return {self.parts.mapping: self._mapping(self.context.services.studies.labels(question, account_of(request)))}

    def cancel(self, session: Session) -> dict[Any, Any]:
        """Ask the study that is being made to stop; what was read stays kept."""
        session.studying = ""
        return {self.parts.cancel: gr.update(interactive=False)}

    def upload(self, session: Session, files: list[str] | None, use: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Keep uploaded files for the project and choose them, as the data or as what models were trained on."""
        services, account = self.context.services, account_of(request)
        project = project_of(self.context, session, request)
        paths = [uploaded(file) for file in files or ()]
        if not paths:
            yield {}
            return
        yield {self.parts.progress: f'<p class="duomo-loading" role="status">{esc(self.context.texts("errors.files.busy"))}</p>'}
        try:
            documents, missing = read_uploads(services, paths)
            several = self.context.texts("protected.several", name=paths[0].name, count=len(paths))
            key = services.studies.data.keep(project, documents, paths[0].name if len(paths) == 1 else several, account)
        finally:
            yield {self.parts.progress: ""}
        t = self.context.texts
        said = t("errors.files.done", count=f"{len(documents):,}") + (t("protected.missing", count=missing) if missing else "")
        chosen = {"value": key}
        yield {
            self.parts.data: gr.update(choices=self._data(project, account), **(chosen if use == DATA else {})),
            self.parts.training: gr.update(choices=self._trainings(project, account), **(chosen if use == TRAINING else {})),
            self.parts.files: None,
            self.parts.problem: notice(said, "success"),
        }

    # looking

    def switch(self, session: Session, a: int, b: int, request: gr.Request) -> dict[Any, Any]:
        """Look at another reading, or compare with another."""
        view = self._view(session)
        # Which two are compared decides what is selected; a selection of a comparison means nothing without one.
        b = b if b is not None and b != a else NOBODY
        session.study = replace(view, a=int(a), b=int(b), page=0, select=view.select if b != NOBODY else _of_one(view.select))
        return self.drawn(session, self._worked(session, request))

    def count(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Count each case once, or under every kind that it is of."""
        session.study = replace(self._view(session), together=event.way == "together")
        return {
            self.parts.figures: self.figures(self._worked(session, request), session.study),
            self.parts.address: written(session.study),
        }

    def pick(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """List the sentences behind a number."""
        return {**self._select(session, request, str(event.select)), self.parts.condition: ""}

    def find(self, session: Session, condition: str, request: gr.Request) -> dict[Any, Any]:
        """List the sentences that a condition holds of."""
        return self._select(session, request, f"text:{condition.strip()}" if condition.strip() else "all")

    def turn(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go to another page of the list."""
        session.study = replace(self._view(session), page=max(0, int(event.number)))
        return self.listed(session, self._worked(session, request))

    def _select(self, session: Session, request: gr.Request, selection: str) -> dict[Any, Any]:
        worked, before = self._worked(session, request), self._view(session)
        session.study = replace(self._view(session), select=selection, page=0)
        try:
            return self.listed(session, worked)
        except EngineError:  # a condition that cannot be read selects nothing
            session.study = before
            raise

    # taking sentences elsewhere

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
        project, worked = project_of(self.context, session, request), self._worked(session, request)
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
        view, worked = self._view(session), self._worked(session, request)
        rows = [hit.row for hit in self.hits(worked, view)] if event._data.get("every") else [int(event.row)]
        return self._kept(session, request, name, rows)

    def keep_rows(self, event: gr.EventData, session: Session, name: str, request: gr.Request) -> dict[Any, Any]:
        """Add the sentences that were chosen on the map to a list, and show them."""
        rows = sorted({int(row) for row in event.rows})
        shown = self._select(session, request, f"{ROWS}:{','.join(map(str, rows[:MOST_ROWS]))}")
        return {**shown, **self._kept(session, request, name, rows)}

    def open_row(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Show the sentence of a mark on the map."""
        return self._select(session, request, f"{ROWS}:{int(event.row)}")

    def _kept(self, session: Session, request: gr.Request, name: str, rows: Sequence[int]) -> dict[Any, Any]:
        view, worked, t = self._view(session), self._worked(session, request), self.context.texts
        if len(rows) > _MOST_KEPT:
            raise UserError("errors.keep.many", count=len(rows), most=_MOST_KEPT)
        called = (name or "").strip() or t("errors.named.first")
        project, entries = project_of(self.context, session, request), [self._entry(worked, view, row) for row in rows]
        found, added = self.context.services.store.lists.add(project, called, entries, by=account_of(request))
        said = t("errors.keep.done", added=added, name=found.name, count=found.count)
        return {**self._lists(session, request, found.name), self.parts.told: notice(said, "success")}

    def study_list(self, event: gr.EventData, session: Session, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Study the sentences of a list, with the models that were asked last."""
        before: View | None = session.study
        models = before.question.models if before else self.context.services.studies.models()[:1]
        training = before.question.training if before else ""
        yield from self.run(session, f"list:{int(event.id)}", training, [model.key for model in models], request)

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

        worked, view, kind = self._worked(session, request), self._view(session), str(event.kind)
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
        worked, studies = self._worked(session, request), self.context.services.studies
        view = self._view(session)
        model = worked.models[view.a]
        return Subject(worked.study, view.a, lambda: self.context.services.checkpoints.tagger(studies.checkpoint(model)))

    # what all of them need

    def _view(self, session: Session) -> View:
        if session.study is None:
            raise UserError("errors.nothing.error")
        return self.view(session)

    def _worked(self, session: Session, request: gr.Request) -> Worked:
        """Return the study that is looked at; one that was forgotten meanwhile is made again, of what is kept.

        Raises:
            UserError: if there is none, or whoever asks may not see its data (any more).
        """
        view, studies = self._view(session), self.context.services.studies
        studies.named(view.question, account_of(request))
        worked = studies.held(view.key)
        if worked is None:
            worked = studies.work(view.question, account_of(request), lambda *_: None)
            session.study = replace(view, key=worked.key)
        return worked

    def _study(self, session: Session, request: gr.Request, view: View) -> Iterator[dict[Any, Any]]:
        parts, t, account = self.parts, self.context.texts, account_of(request)
        studies, token = self.context.services.studies, uuid4().hex
        studies.named(view.question, account)
        # What is shown stays what is asked about until there is something else.
        session.pending, session.studying = view, token
        yield {
            parts.mapping: "",
            parts.progress: self._progress(None),
            parts.run: gr.update(visible=False),
            parts.cancel: gr.update(visible=True, interactive=True),
        }
        over = {parts.progress: "", parts.run: gr.update(visible=True), parts.cancel: gr.update(visible=False)}

        def work(told: Any) -> Worked:
            def tell(far: Progress) -> None:
                if session.studying != token:
                    raise StoppedError
                told(far)

            return studies.work(view.question, account, tell)

        try:
            for step in steps(work, "study"):
                if isinstance(step, Outcome):
                    worked: Worked = step.value
                    session.study, session.pending = replace(view, key=worked.key), None
                    yield {**self._offered(session, request, view), **self.drawn(session, worked)}
                else:
                    yield {parts.progress: self._progress(*step.said)}
        except LabelsDifferError as differ:
            yield {**over, parts.mapping: self._mapping(differ)}
        except StoppedError:
            yield {**over, parts.problem: notice(t("errors.cancel.done"), "info")}
        except Exception:
            yield over
            raise
        finally:
            # Nobody waits any more, be it that the page was closed.
            if session.studying == token:
                session.studying = ""

    def _mapping(self, differ: LabelsDifferError) -> str:
        return label_mapping_html(differ.counts, differ.labels, differ.suggested, self.context.texts, gaps=differ.gaps)

    def _progress(self, far: Progress | None) -> str:
        t, time, share = self.context.texts, "", 0.0
        if far is None:
            stage = t("errors.progress.loading")
        elif not far.model:
            stage, share = t("errors.progress.judging"), 1.0
        else:
            name, share = self.model_name(Model.of(far.model)), far.done / far.total
            stage = t("errors.progress.reading", model=name, done=f"{far.done:,}", total=f"{far.total:,}")
            left = t("views.progress.left", time=duration(far.left, t.words)) if far.left else ""
            so_far = "" if far.f1 is None else t("errors.progress.so_far", f1=f"{far.f1 * 100:.1f}")
            time = " · ".join(part for part in (so_far, left) if part)
        return (
            f'<section class="progress errors-progress"><p class="progress-head"><strong>{esc(stage)}</strong>'
            f'<span>{esc(time)}</span></p><div class="track" role="progressbar" aria-label="{esc(t("errors.progress.label"))}" '
            f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{share * 100:.0f}"><span style="width:{share:.1%}"></span>'
            f"</div></section>"
        )

    def _offered(self, session: Session, request: gr.Request, view: View | None, *, choose: bool = True) -> dict[Any, Any]:
        services, account = self.context.services, account_of(request)
        project = project_of(self.context, session, request)
        data, trainings = self._data(project, account), self._trainings(project, account)
        if view is not None:
            # A link may ask for what another project has.
            data = _with(data, view.question.data, lambda key: self.data_name(services.studies.data.named(key, account)))
            trainings = _with(
                trainings, view.question.training, lambda key: self.data_name(services.studies.training.named(key, account))
            )
        models = services.studies.models()
        asked = list(view.question.models) if view else models[:1]
        models += [model for model in asked if model.key not in [each.key for each in models]]
        offered: dict[str, Any] = {"choices": data}
        trained: dict[str, Any] = {"choices": trainings}
        readers: dict[str, Any] = {"choices": [(self.model_name(model), model.key) for model in models]}
        if choose:
            offered["value"] = view.question.data if view else FIRST
            trained["value"] = view.question.training if view else ""
            readers["value"] = [model.key for model in asked]
        updates = {self.parts.data: offered, self.parts.training: trained, self.parts.models: readers}
        return {**{part: gr.update(**update) for part, update in updates.items()}, **self._lists(session, request)}

    def _data(self, project: int, account: str) -> Choices:
        return [(self.data_name(each), each.key) for each in self.context.services.studies.data.offered(project, account)]

    def _trainings(self, project: int, account: str) -> Choices:
        offered = self.context.services.studies.training.offered(project, account)
        return [(self.context.texts("errors.training.none"), ""), *((self.data_name(each), each.key) for each in offered)]

    def _lists(self, session: Session, request: gr.Request, chosen: str = "") -> dict[Any, Any]:
        store, t = self.context.services.store, self.context.texts
        lists = store.lists.of(project_of(self.context, session, request), account_of(request))
        names = [each.name for each in lists]
        update: dict[str, Any] = {"choices": names or [t("errors.named.first")]}
        if chosen or not session.listing:
            session.listing = chosen or (names[0] if names else t("errors.named.first"))
            update["value"] = session.listing
        return {
            self.parts.named: gr.update(**update),
            self.parts.lists: lists_html([(each.id, each.name, each.count) for each in lists], t),
        }

    def _asked(self, session: Session, request: gr.Request, row: int) -> Asked:
        view, worked = self._view(session), self._worked(session, request)
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


def _with(choices: Choices, key: str, name: Callable[[str], str]) -> Choices:
    return choices if key in [known for _, known in choices] else [*choices, (name(key), key)]


def _of_one(selection: str) -> str:
    return "" if selection in PARTS else selection
