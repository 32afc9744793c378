"""What choosing brought in the project that is worked in: F1 on the control arm, time, outlook, and whether to go on.

And, on request, both arms as teachers: the same small system learns from equally many documents of either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.retraining.arms import ARMS, TASK
from workbench.retraining.jobs import Job
from workbench.retraining.savings import advise, outlook, points
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, project_of, require_lead
from workbench.views.arms import arms_html
from workbench.views.escape import esc
from workbench.views.savings import savings_html

_AIM = 85


@dataclass(frozen=True)
class _Parts:
    told: gr.HTML
    aim: gr.Number
    drawn: gr.HTML
    compare: gr.Button
    compared: gr.HTML


def build(context: Context) -> Section:
    """Lay the section out and wire it."""
    t = context.texts
    with gr.Accordion(t("savings.title"), open=False, elem_id="retrain-savings") as frame:
        told = gr.HTML(elem_classes="notices")
        with gr.Row():
            aim = gr.Number(_AIM, label=t("savings.aim.label"), precision=0, scale=0, min_width=140, elem_id="savings-aim")
        drawn = gr.HTML(elem_id="savings-drawn")
        gr.HTML(f"<h3>{esc(t('arms.title'))}</h3><p>{esc(t('arms.about'))}</p>")
        compare = gr.Button(t("arms.compare.label"), elem_id="savings-compare", scale=0, min_width=200)
        compared = gr.HTML(elem_id="savings-compared")
    parts = _Parts(told, aim, drawn, compare, compared)
    does, guarded = _Handlers(context, parts), guard(context, told)
    outputs = [told, drawn, compare, compared]
    frame.expand(guarded(does.show), [context.session, aim], outputs, **QUIET)
    aim.change(guarded(does.show), [context.session, aim], outputs, trigger_mode="always_last", **QUIET)
    compare.click(guarded(does.compare), context.session, [told, compared], trigger_mode="once", **QUIET)
    return Section(does.draw, [compare, compared], told, [])


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, aim: float | None, request: gr.Request) -> dict[Any, Any]:
        """Draw the meter for an F1 that is aimed at."""
        if aim is None or not 1 <= aim <= 100:
            raise UserError("savings.aim.error")
        store, project = self.context.services.store, project_of(self.context, session, request)
        if aim != store.settings.get(_aimed(project), _AIM):
            store.settings.set(_aimed(project), aim)
        known = points(store.selections.judged(project))
        drawn = savings_html(known, outlook(known, aim / 100), advise(known, aim / 100), aim / 100, self.context.texts)
        return {self.parts.drawn: drawn, **self.draw(session, request)}

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw how the comparison stands, and what came of the last one that is done."""
        services, project = self.context.services, project_of(self.context, session, request)
        aim = services.store.settings.get(_aimed(project), _AIM) / 100
        job, lead = services.jobs.comparison(project), services.store.projects.curates(account_of(request))
        drawn = arms_html(services.learning.arms.result(project), aim, self.context.texts)
        return {
            self.parts.compare: gr.update(visible=lead, interactive=not (job and job.active)),
            self.parts.compared: self._standing(job) + drawn,
        }

    def compare(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask for a comparison; it waits while another job runs."""
        account, project = require_lead(self.context, request), project_of(self.context, session, request)
        learning, t = self.context.services.learning, self.context.texts
        # What cannot be is told at once rather than when its turn comes.
        learning.arms.parts(project)
        asked = learning.schedule.request(project, {TASK: ARMS}, {}, by=account)
        told = t("scheduling.waiting.note") if asked.state == "waiting" else t("arms.begun")
        return {self.parts.told: notice(told, "info"), self.parts.compared: self.draw(session, request)[self.parts.compared]}

    def _standing(self, job: Job | None) -> str:
        status = job.status() if job else None
        t = self.context.texts
        if job is None or status is None or status.state == "done" or job.decision:
            return ""
        if job.active:
            return notice(t("arms.running"), "info")
        if status.state == "cancelled":
            return notice(t("arms.cancelled"), "info")
        return notice(t("arms.failed", message=t.said(status.message)))


def _aimed(project: int) -> str:
    return f"savings.aim.{project}"
