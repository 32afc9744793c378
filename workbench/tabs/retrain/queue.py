"""The queue of retrainings and the project's policy: when the model is retrained without anybody asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, get_args

import gradio as gr

from workbench.names import called
from workbench.retraining.arms import ARMS, TASK
from workbench.retraining.scheduling import HIGH, Depth, Policy
from workbench.store import Cause, Request
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, project_of, require_lead
from workbench.tabs.retrain.form import depth_choice
from workbench.views.requests import Entry, requests_html

_REFUSED = 3


@dataclass(frozen=True)
class _Parts:
    listed: gr.HTML
    kind: gr.Dropdown
    every: gr.Number
    depth: gr.Radio
    choose: gr.Button
    told: gr.HTML


def build(context: Context) -> Section:
    """Lay the section out and wire it."""
    t = context.texts
    listed = gr.HTML(js_on_load="duomo.deeds(element, trigger, ['withdraw', 'first'])", elem_id="retrain-queue")
    with gr.Accordion(t("scheduling.title"), open=False, elem_id="retrain-policy"):
        with gr.Row(equal_height=False):
            kinds = [(t(f"scheduling.policy.{kind}"), kind) for kind in get_args(Cause)]
            kind = gr.Dropdown(kinds, label=t("scheduling.kind.label"), filterable=False, min_width=240, elem_id="policy-kind")
            every = gr.Number(50, label=t("scheduling.every.label"), precision=0, min_width=120, elem_id="policy-every")
        depth = depth_choice(context, "policy")
        choose = gr.Button(t("scheduling.choose.label"), scale=0, min_width=120, elem_id="policy-choose")
        told = gr.HTML(elem_classes="notices")
    parts = _Parts(listed, kind, every, depth, choose, told)
    does, guarded = _Handlers(context, parts), guard(context, told)
    choose.click(guarded(does.choose), [context.session, kind, every, depth], told, trigger_mode="once", **QUIET)
    listed.withdraw(guarded(does.withdraw), context.session, [told, listed], **QUIET)
    listed.first(guarded(does.first), context.session, [told, listed], **QUIET)
    return Section(does.draw, [listed, kind, every, depth], told, [])


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """List what waits, and show the policy of the project that is worked in."""
        policy = self.context.services.learning.schedule.policy(project_of(self.context, session, request))
        chosen = {self.parts.kind: policy.kind, self.parts.every: policy.every, self.parts.depth: policy.depth}
        return {self.parts.listed: self._listed(request), **chosen}

    def choose(self, session: Session, kind: str, every: float | None, depth: str, request: gr.Request) -> dict[Any, Any]:
        """Retrain by another policy from now on."""
        require_lead(self.context, request)
        project = project_of(self.context, session, request)
        policy = Policy(cast(Cause, kind), int(every or 0), cast(Depth, depth))
        self.context.services.learning.schedule.choose(project, policy)
        return {self.parts.told: notice(self.context.texts("scheduling.choose.done"), "success")}

    def withdraw(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take a waiting retraining back."""
        require_lead(self.context, request)
        self.context.services.store.requests.withdraw(int(event.id))
        return {self.parts.listed: self._listed(request)}

    def first(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Let a waiting retraining come before the others."""
        require_lead(self.context, request)
        requests = self.context.services.store.requests
        highest = max((waiting.priority for waiting in requests.waiting()), default=0)
        requests.raise_to(int(event.id), max(HIGH, highest + 1))
        return {self.parts.listed: self._listed(request)}

    def _listed(self, request: gr.Request) -> str:
        services, t = self.context.services, self.context.texts
        waiting, latest = services.store.requests.waiting(), services.store.requests.latest(_REFUSED)
        refused = [each for each in latest if each.state == "refused"]
        lead = services.store.projects.curates(account_of(request))
        return requests_html(map(self._entry, waiting), map(self._entry, refused), t, lead=lead)

    def _entry(self, asked: Request) -> Entry:
        services = self.context.services
        who = called(asked.account, services.store, self.context.texts) if asked.account else ""
        project = services.store.projects.get(asked.project).name
        when, compares = f"{asked.created.astimezone():%m-%d %H:%M}", asked.options.get(TASK) == ARMS
        return Entry(asked.id, project, who, asked.cause, when, self.context.texts.kept(asked.message), compares)
