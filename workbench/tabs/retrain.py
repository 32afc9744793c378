"""Retrain: teach the model what was corrected, watch it learn, and decide whether to use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.document import Document
from engine.retraining import RetrainConfig, changeable_options
from engine.run import Status
from engine.systems import SYSTEMS
from engine.systems.contract import Option, options
from workbench.errors import UserError
from workbench.jobs import ACTIVE, Job
from workbench.tabs import QUIET, Context, Door, Session, Tab, account_of, guard, notice, project_of, require_lead
from workbench.views.escape import esc
from workbench.views.spans import spans_html
from workbench.views.training import progress_html, result_html

KEY = "retrain"
_PERIOD = 1.0
# What is free text names files of the server's, which a page that others may use must not read: those are for the command line.
FORM = tuple(option for option in options(RetrainConfig) if option.choices or option.type is not str)
"""The options of a retraining that the page offers."""
SYSTEM_FORM = {
    name: tuple(
        option for option in options(system.Config) if not option.structural and (option.choices or option.type is not str)
    )
    for name, system in SYSTEMS.items()
}
"""The options of each system that a retraining may change."""
_SHOWN = 20
# A bound that nobody comes near is not worth reading.
_UNBOUNDED = 1_000_000


@dataclass(frozen=True)
class _SystemForm:
    row: gr.Row
    controls: Sequence[Any]


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    model: gr.Dropdown
    count: gr.HTML
    settings: gr.Accordion
    controls: Sequence[Any]
    systems: Mapping[str, _SystemForm]
    start: gr.Button
    cancel: gr.Button
    progress: gr.HTML
    result: gr.HTML
    use: gr.Button
    keep: gr.Button
    timer: gr.Timer

    @property
    def drawn(self) -> list[Any]:
        parts = [self.problem, self.count, self.settings, self.start, self.cancel, self.progress, self.result]
        forms = [part for form in self.systems.values() for part in (form.row, *form.controls)]
        return [*parts, *forms, self.model, self.use, self.keep, self.timer]


def build(context: Context) -> Tab:
    """Lay the tab out and wire it."""
    with gr.Tab(context.texts("retrain.tab.label"), id=KEY, elem_classes="page") as item:
        parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, parts.problem), [context.session]
    show = guarded(does.show)
    once = {**QUIET, "trigger_mode": "once"}
    parts.start.click(
        guarded(does.start),
        [*session, *parts.controls, *(control for form in parts.systems.values() for control in form.controls)],
        parts.drawn,
        **once,
    )
    parts.cancel.click(guarded(does.cancel), session, [parts.problem, parts.cancel], **once)
    parts.keep.click(guarded(does.keep), session, parts.drawn, **once)
    used = parts.use.click(guarded(does.use), session, parts.drawn, **once)
    chosen = parts.model.input(guarded(does.choose), [*session, parts.model], parts.drawn, **once)
    parts.timer.tick(guarded(does.watch), session, parts.drawn, **once)
    item.select(show, session, parts.drawn, **QUIET)
    return Tab(
        item,
        opening=Door(show, session, parts.drawn),
        signals={"used": used.success, "chosen": chosen.success},
        doors={"count": Door(guarded(does.recount), session, [parts.problem, parts.count, parts.start])},
    )


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the tab anew: it may have been closed while a job ran."""
        session.seen = ""
        drawn, counted, start = self._draw(session), self.recount(session, request), self.parts.start
        return {
            **drawn,
            **counted,
            start: {**drawn[start], **counted[start]},
            **_system_settings(self.parts, self.context),
            self.parts.model: gr.update(**_models(self.context)),
        }

    def start(self, session: Session, request: gr.Request, *values: Any) -> dict[Any, Any]:
        """Start a job with the settings of the form."""
        require_lead(self.context, request)
        chosen = {option.name: value for option, value in zip(FORM, values, strict=False)}
        # Gradio joins the values of all forms in the order of the page; those of other systems are passed over.
        following = iter(values[len(FORM) :])
        forms = {name: {option.name: next(following) for option in form} for name, form in SYSTEM_FORM.items()}
        services = self.context.services
        chosen_for_system = forms.get(services.checkpoints.in_use().system, {})
        services.retrain(RetrainConfig(**chosen), chosen_for_system, project_of(self.context, session, request))
        return self._draw(session)

    def watch(self, session: Session) -> dict[Any, Any]:
        """Draw what has changed since the last look."""
        return self._draw(session)

    def cancel(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask the job to stop."""
        require_lead(self.context, request)
        self.context.services.jobs.cancel(session.job)
        return {self.parts.cancel: gr.update(interactive=False, value=self.context.texts("retrain.cancel.asked"))}

    def use(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take the new model into use."""
        require_lead(self.context, request)
        info = self.context.services.use_job(session.job)
        told = notice(self.context.texts("retrain.use.done", name=info.name), "success")
        return {**self.show(session, request), self.parts.problem: told}

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
        corrections = services.corrections(project_of(self.context, session, request))
        lead = services.store.projects.curates(account_of(request))
        counted = _count(self.context, corrections, lead)
        return {self.parts.count: counted, self.parts.start: gr.update(interactive=bool(corrections))}

    def _draw(self, session: Session) -> dict[Any, Any]:
        job = self.context.services.jobs.latest()
        status = job.status() if job else None
        seen = f"{job.id} {job.decision} {status.state} {status.updated}" if job and status else "none"
        if seen == session.seen:
            return {}
        session.seen, session.job = seen, job.id if job else ""
        return {**_stage(self.parts, self.context, job), **_report(self.parts, self.context, job, status)}


def _stage(parts: _Parts, context: Context, job: Job | None) -> dict[Any, Any]:
    """Return what can be done now: start, cancel, or decide."""
    active, undecided = bool(job and job.active), bool(job and job.undecided)
    idle = not active and not undecided
    return {
        parts.timer: gr.Timer(active=active),
        parts.settings: gr.update(visible=idle),
        parts.start: gr.update(visible=idle),
        parts.cancel: gr.update(visible=active, interactive=True, value=context.texts("retrain.cancel.label")),
        parts.use: gr.update(visible=undecided),
        parts.keep: gr.update(visible=undecided),
    }


def _system_settings(parts: _Parts, context: Context) -> dict[Any, Any]:
    """Show the settings of the system of the checkpoint in use, at their values for a retraining."""
    parent = context.services.checkpoints.in_use()
    values = {option.name: option.default for option in changeable_options(parent)}
    drawn: dict[Any, Any] = {form.row: gr.update(visible=name == parent.system) for name, form in parts.systems.items()}
    for option, control in zip(SYSTEM_FORM[parent.system], parts.systems[parent.system].controls, strict=True):
        drawn[control] = gr.update(value=values[option.name])
    return drawn


def _report(parts: _Parts, context: Context, job: Job | None, status: Status | None) -> dict[Any, Any]:
    """Return how the job stands, or what came of it."""
    progress, result = "", ""
    if job and status and status.state in ACTIVE:
        progress = progress_html(status, job.run.events(), context.texts.words)
    elif job and job.undecided:
        result = _result(job, context)
    elif job and status and not job.decision and status.state == "failed":
        progress = notice(context.texts("retrain.failed.line", message=status.message))
    elif job and status and not job.decision and status.state == "cancelled":
        progress = notice(context.texts("retrain.cancelled.line"), "info")
    return {parts.progress: progress, parts.result: gr.update(visible=bool(result), value=result)}


def _layout(context: Context) -> _Parts:
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    count = gr.HTML(elem_classes="lead", elem_id="retrain-count")
    result = gr.HTML(elem_classes="panel", elem_id="retrain-result", visible=False)
    with gr.Row(elem_classes="actions"):
        start = gr.Button(t("retrain.start.label"), variant="primary", elem_id="retrain-start", scale=0, min_width=180)
        cancel = gr.Button(t("retrain.cancel.label"), elem_id="retrain-cancel", visible=False, scale=0, min_width=140)
        use = gr.Button(t("retrain.use.label"), variant="primary", elem_id="retrain-use", visible=False, scale=0, min_width=180)
        keep = gr.Button(t("retrain.keep.label"), elem_id="retrain-keep", visible=False, scale=0, min_width=180)
    progress = gr.HTML(elem_id="retrain-progress")
    with gr.Accordion(t("retrain.settings.label"), open=False, elem_id="retrain-settings") as settings:
        with gr.Row(elem_classes="form"):
            controls = [_control(option, context) for option in FORM]
        systems = {name: _system_form(name, context) for name in SYSTEM_FORM}
    model = gr.Dropdown(
        [], label=t("retrain.model.label"), info=t("retrain.model.hint"), filterable=False, elem_id="retrain-model"
    )
    timer = gr.Timer(_PERIOD, active=False)
    return _Parts(problem, model, count, settings, controls, systems, start, cancel, progress, result, use, keep, timer)


def _models(context: Context) -> dict[str, Any]:
    services = context.services
    return {
        "choices": [(info.name, str(info.path)) for info in services.checkpoints.all()],
        "value": str(services.checkpoints.in_use().path),
    }


def _system_form(name: str, context: Context) -> _SystemForm:
    with gr.Row(elem_classes="form", visible=False) as row:
        gr.HTML(f"<h3>{esc(context.texts('retrain.system.label', system=name))}</h3>")
        return _SystemForm(row, [_control(option, context, name) for option in SYSTEM_FORM[name]])


def label_key(option: Option) -> str:
    """Return the key of an option's name, which stands beside the key of its explanation."""
    return option.help.removesuffix("help") + "label"


def _control(option: Option, context: Context, owner: str = KEY) -> Any:
    t, words = context.texts, context.texts.words
    # An option of a newer engine shows under its own name until it has words.
    label, hint = words.get(label_key(option), option.name), words.get(option.help, "")
    if option.minimum is not None and option.maximum is not None and option.maximum < _UNBOUNDED:
        hint += t("retrain.form.range", minimum=f"{option.minimum:,.10g}", maximum=f"{option.maximum:,.10g}")
    common: dict[str, Any] = {
        "label": label,
        "info": hint,
        "elem_id": f"{owner}-{option.name}",
        "min_width": 240,
        "interactive": True,
    }
    if option.choices:
        return gr.Dropdown(list(option.choices), value=option.default, filterable=False, **common)
    if option.type is bool:
        return gr.Checkbox(option.default, **common)
    # The bounds are told, not given to the component: the config refuses a value in words of ours.
    whole: dict[str, Any] = {"precision": 0, "step": 1} if option.type is int else {}
    return gr.Number(option.default, **whole, **common)


def _result(job: Job, context: Context) -> str:
    report = job.run.report()
    if report is None:
        raise UserError("retrain.report.error", job=job.id)
    return result_html(report, context.texts.words)


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
