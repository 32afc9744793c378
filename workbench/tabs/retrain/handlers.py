"""What is done on Retrain: ask for a retraining, watch it, decide about what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from engine.document import Document
from engine.gate import read_gate
from engine.influence import causes_of_run
from engine.lineage import lineage
from engine.prediction_changes import read_changes
from engine.retraining import RetrainConfig, changed_options
from engine.run import Status
from workbench.errors import UserError
from workbench.retraining.jobs import ACTIVE, Job
from workbench.tabs import Context, Session, account_of, notice, project_of, require_lead
from workbench.tabs.retrain.form import FORM, SYSTEM_FORM, settings_of
from workbench.tabs.retrain.layout import BUSY, IDLE, Parts
from workbench.views.escape import esc
from workbench.views.gate import PLACES, causes_html, gate_html
from workbench.views.lineage import lineage_html
from workbench.views.spans import spans_html
from workbench.views.training import progress_html

_SHOWN = 20
_CAUSES = 5
_TIMES = 3


@dataclass(frozen=True)
class Handlers:
    """What the page does; each method answers an event."""

    context: Context
    parts: Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the tab anew: it may have been closed while a job ran."""
        session.seen = ""
        drawn, counted, start = self._draw(session, request), self.recount(session, request), self.parts.start
        return {
            **drawn,
            **counted,
            start: {**drawn[start], **counted[start]},
            **settings_of(self.parts.systems, self.context),
            **self.parts.queue.draw(session, request),
            **self.parts.protected.draw(session, request),
            self.parts.model: gr.update(**_models(self.context)),
            self.parts.lineage: _lineage(self.context),
            self.parts.problem: self._lost(),
        }

    def _lost(self) -> str:
        lost = self.context.services.checkpoints.lost()
        return notice(self.context.texts("checkpoints.lost", lost=lost.lost, used=lost.used), "info") if lost else ""

    def start(self, session: Session, request: gr.Request, *values: Any) -> dict[Any, Any]:
        """Ask for a retraining with the settings of the form; it waits while another runs."""
        account = require_lead(self.context, request)
        chosen = {option.name: value for option, value in zip(FORM, values, strict=False)}
        # Gradio joins the values of all forms in the order of the page; those of other systems are passed over.
        following = iter(values[len(FORM) :])
        forms = {name: {option.name: next(following) for option in form} for name, form in SYSTEM_FORM.items()}
        services, project = self.context.services, project_of(self.context, session, request)
        parent = services.checkpoints.in_use()
        # What cannot be is told at once rather than when its turn comes.
        options = RetrainConfig(**chosen).to_json()
        system_options = changed_options(parent, forms.get(parent.system, {}))
        if not services.learning.corrections(project):
            raise UserError("jobs.nothing.error")
        asked = services.learning.schedule.request(project, options, system_options, by=account)
        told = notice(self.context.texts("scheduling.waiting.note"), "info") if asked.state == "waiting" else ""
        return {**self._draw(session, request), **self.parts.queue.draw(session, request), self.parts.problem: told}

    def watch(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw what has changed since the last look."""
        drawn = self._draw(session, request)
        if not drawn:
            return {}
        return {**drawn, **self.parts.queue.draw(session, request), **self.parts.meter.draw(session, request)}

    def cancel(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask the job to stop."""
        require_lead(self.context, request)
        self.context.services.jobs.cancel(session.job)
        return {self.parts.cancel: gr.update(interactive=False, value=self.context.texts("retrain.cancel.asked"))}

    def use(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take the new model into use, if the gate lets it pass."""
        return self._use(session, request)

    def override(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take the new model into use though the gate refused it."""
        return self._use(session, request, override=True)

    def _use(self, session: Session, request: gr.Request, *, override: bool = False) -> dict[Any, Any]:
        require_lead(self.context, request)
        info = self.context.services.learning.use(session.job, override=override)
        told = notice(self.context.texts("retrain.use.done", name=info.name), "success")
        return {**self.show(session, request), self.parts.problem: told}

    def cause(self, event: gr.EventData, session: Session, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Say which corrections have most to do with a place that is read otherwise now."""
        require_lead(self.context, request)
        run, t = self.context.services.jobs.get(session.job).run, self.context.texts
        yield {self.parts.causes: f'<p class="duomo-loading" role="status">{esc(t("gate.cause.loading"))}</p>'}
        number, place = divmod(int(event.id), PLACES)
        changed = read_changes(run.folder)[number]
        stretch = changed.changes[place]
        asked, found = causes_of_run(run, Document(changed.text), (stretch.start, stretch.end))
        text = changed.text[asked.start : asked.end]
        yield {self.parts.causes: causes_html(text, found[:_CAUSES], t, t.words)}

    def choose(self, session: Session, checkpoint: str, request: gr.Request) -> dict[Any, Any]:
        """Take another model into use, an older one perhaps."""
        require_lead(self.context, request)
        info = self.context.services.checkpoints.use(checkpoint)
        told = notice(self.context.texts("retrain.use.done", name=info.name), "success")
        return {**self.show(session, request), self.parts.problem: told}

    def keep(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Decide for the old model."""
        require_lead(self.context, request)
        self.context.services.jobs.keep(session.job)
        return {**self.show(session, request), self.parts.problem: notice(self.context.texts("retrain.keep.done"), "success")}

    def recount(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Say how much there is to learn of the project that is worked in; who only annotates need not see what others did."""
        services = self.context.services
        corrections = services.learning.corrections(project_of(self.context, session, request))
        lead = services.store.projects.curates(account_of(request))
        counted = _count(self.context, corrections, lead)
        return {self.parts.count: counted, self.parts.start: gr.update(interactive=bool(corrections))}

    def _draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        job = self.context.services.jobs.current(project_of(self.context, session, request))
        status = job.status() if job else None
        waiting = " ".join(f"{each.id}" for each in self.context.services.store.requests.waiting())
        seen = f"{job.id} {job.decision} {status.state} {status.updated} {waiting}" if job and status else f"none {waiting}"
        if seen == session.seen:
            return {}
        session.seen, session.job = seen, job.id if job else ""
        return {**_stage(self.parts, self.context, job), **_report(self.parts, self.context, job, status)}


def _stage(parts: Parts, context: Context, job: Job | None) -> dict[Any, Any]:
    """Return what can be done now: start, cancel, or decide."""
    active, undecided = bool(job and job.active), bool(job and job.undecided)
    refused = bool(job and undecided and job.refused)
    return {
        parts.timer: gr.Timer(BUSY if active else IDLE),
        parts.depth: gr.update(visible=not undecided),
        parts.settings: gr.update(visible=not undecided),
        parts.start: gr.update(visible=not undecided),
        parts.cancel: gr.update(visible=active, interactive=True, value=context.texts("retrain.cancel.label")),
        parts.use: gr.update(visible=undecided and not refused),
        parts.override: gr.update(visible=undecided and refused),
        parts.keep: gr.update(visible=undecided),
    }


def _report(parts: Parts, context: Context, job: Job | None, status: Status | None) -> dict[Any, Any]:
    """Return how the job stands, or what came of it."""
    progress, result = "", ""
    if job and status and status.state in ACTIVE:
        said = replace(status, message=context.texts.said(status.message))
        progress = progress_html(said, job.run.events(), context.texts.words)
    elif job and job.undecided:
        result = _superseded(job, context) + _result(job, context)
        # A later one that failed supersedes nothing, and is told of all the same.
        later = context.services.jobs.newest(job.project)
        progress = _failed(later, later.status(), context) if later else ""
    elif job and status and _failed(job, status, context):
        progress = _failed(job, status, context)
    elif job and status and not job.decision and status.state == "cancelled":
        progress = notice(context.texts("retrain.cancelled.line"), "info")
    return {parts.progress: progress, parts.result: gr.update(visible=bool(result), value=result), parts.causes: ""}


def _models(context: Context) -> dict[str, Any]:
    services = context.services
    return {
        "choices": [(info.name, str(info.path)) for info in services.checkpoints.all()],
        "value": str(services.checkpoints.in_use().path),
    }


def _failed(job: Job, status: Status | None, context: Context) -> str:
    if job.decision or status is None or status.state != "failed":
        return ""
    return notice(context.texts("retrain.failed.line", message=context.texts.said(status.message)))


def _superseded(job: Job, context: Context) -> str:
    """Say whose results, that nobody had decided about, a job's stands in place of."""
    before = context.services.jobs.superseded_by(job.id)
    if not before:
        return ""
    times = context.texts.listed(f"{each.created.astimezone():%m-%d %H:%M}" for each in before[:_TIMES])
    return notice(context.texts("retrain.superseded.line", count=len(before), times=times), "info")


def _result(job: Job, context: Context) -> str:
    if job.run.report() is None:
        raise UserError("retrain.report.error", job=job.id)
    return gate_html(read_gate(job.run.folder), read_changes(job.run.folder), context.texts)


def _lineage(context: Context) -> str:
    checkpoints = context.services.checkpoints
    return lineage_html(lineage(checkpoints.all()), checkpoints.in_use().digest, context.texts)


def _count(context: Context, corrections: Sequence[Document], listing: bool) -> str:
    t, parent = context.texts, context.services.checkpoints.in_use().name
    if not corrections:
        return f'<p class="lead-figure">0</p><p class="lead-line">{esc(t("retrain.count.none", parent=parent))}</p>'
    line = f'<p class="lead-figure">{len(corrections)}</p><p class="lead-line">{esc(t("retrain.count.some", parent=parent))}</p>'
    if not listing:
        return line
    listed = "".join(f"<li>{spans_html(document, t.words)}</li>" for document in corrections[-_SHOWN:][::-1])
    return (
        f'{line}<details class="listed"><summary>{esc(t("retrain.count.list"))}</summary>'
        f'<ul class="corrections">{listed}</ul></details>'
    )
