"""How a study is asked for and made: what there is to choose, uploads, labels to settle, progress, and stopping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import gradio as gr

from workbench.exchange.uploads import read_uploads
from workbench.steps import Outcome, steps
from workbench.studies import LabelsDifferError, Model, Progress, Question, StoppedError, Worked
from workbench.tabs import Session, account_of, notice, project_of
from workbench.tabs.errors.address import NOBODY, View, read
from workbench.tabs.errors.layout import DATA, TRAINING
from workbench.tabs.errors.showing import Showing, is_of_project
from workbench.uploads import uploaded
from workbench.views.escape import esc
from workbench.views.label_mapping import label_mapping_html
from workbench.views.training import duration

FIRST = "sample:news"
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Studying(Showing):
    """Has studies made; each method answers an event."""

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

    def study_list(self, event: gr.EventData, session: Session, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Study the sentences of a list, with the models that were asked last."""
        before: View | None = session.study
        models = before.question.models if before else self.context.services.studies.models()[:1]
        training = before.question.training if before else ""
        yield from self.run(session, f"list:{int(event.id)}", training, [model.key for model in models], request)

    def map(self, event: gr.EventData, session: Session, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Study with the types taken for what was said."""
        view: View = session.pending or self.view(session)
        mapping = tuple(sorted((str(gold), str(found)) for gold, found in dict(event.mapping).items()))
        yield from self._study(session, request, replace(view, question=replace(view.question, mapping=mapping)))

    def labels(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask anew which type is taken for which."""
        session.pending = self.view(session)
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
        chosen: dict[str, Any] = {"value": key}
        yield {
            self.parts.data: gr.update(choices=self._data(project, account), **(chosen if use == DATA else {})),
            self.parts.training: gr.update(choices=self._trainings(project, account), **(chosen if use == TRAINING else {})),
            self.parts.files: None,
            self.parts.problem: notice(said, "success"),
        }

    # what all of them need

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
        return {**{part: gr.update(**update) for part, update in updates.items()}, **self.lists(session, request)}

    def _data(self, project: int, account: str) -> Choices:
        return [(self.data_name(each), each.key) for each in self.context.services.studies.data.offered(project, account)]

    def _trainings(self, project: int, account: str) -> Choices:
        offered = self.context.services.studies.training.offered(project, account)
        return [(self.context.texts("errors.training.none"), ""), *((self.data_name(each), each.key) for each in offered)]


def _with(choices: Choices, key: str, name: Callable[[str], str]) -> Choices:
    return choices if key in [known for _, known in choices] else [*choices, (name(key), key)]
