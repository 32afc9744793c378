"""Projects: which one is worked in, and what is done with it, a page each. No page knows another; they are joined here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.tabs import (
    QUIET,
    Context,
    Door,
    Session,
    Tab,
    account_of,
    guard,
    notice,
    project_of,
    remembered_project,
    require_lead,
)
from workbench.tabs.projects import adjudicate, agreement, documents, exchange, labels, overview, people

KEY = "projects"
_PAGES = (overview, documents, adjudicate, agreement, labels, exchange, people)


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    chosen: gr.Dropdown
    name: gr.Textbox
    create: gr.Button

    @property
    def drawn(self) -> list[Any]:
        return [self.problem, self.chosen, self.name, self.create]


def build(context: Context) -> Tab:
    """Lay the tab out and wire it."""
    with gr.Tab(context.texts("projects.tab.label"), id=KEY, elem_classes="page") as item:
        parts = _layout(context)
        with gr.Tabs(elem_id="project-pages") as tabs:
            pages = {module.KEY: module.build(context) for module in _PAGES}
    does, guarded = _Handlers(context, parts), guard(context, parts.problem)
    show = guarded(does.show)
    changing = [page for page in pages.values() if "projects" in page.signals]
    changes = [
        item.select(show, context.session, parts.drawn, **QUIET),
        parts.chosen.input(guarded(does.choose), [context.session, parts.chosen], parts.drawn, **QUIET),
        gr.on([parts.create.click, parts.name.submit], guarded(does.create), [context.session, parts.name], parts.drawn, **QUIET),
    ]
    changes += [page.signals["projects"](show, context.session, parts.drawn, **QUIET) for page in changing]
    for change in changes:
        for key, page in pages.items():
            door = page.opening
            change.success(_where_shown(key, door), door.inputs, door.outputs, **QUIET)
    _join(context, tabs, pages)
    signals = {name: signal for page in pages.values() for name, signal in page.signals.items()}
    return Tab(item, opening=Door(show, [context.session], parts.drawn), signals=signals)


def _where_shown(key: str, door: Door) -> Callable[..., dict[Any, Any]]:
    """Let a page be drawn only if it is the one that is looked at; the others are when they are opened."""

    @functools.wraps(door.handler)
    def drawn(session: Session, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return door.handler(session, *args, **kwargs) if (session.page or overview.KEY) == key else gr.skip()

    return drawn


def _join(context: Context, tabs: gr.Tabs, pages: dict[str, Tab]) -> None:
    """Let one page lead to another."""

    def judge(session: Session, event: gr.EventData) -> gr.Tabs:
        session.wanted = int(event.id)
        return gr.Tabs(selected=adjudicate.KEY)

    def turn(event: gr.EventData) -> gr.Tabs:
        return gr.Tabs(selected=event.page if event.page in pages else overview.KEY)

    pages[agreement.KEY].signals["disputed"](lambda: gr.Tabs(selected=adjudicate.KEY), None, tabs, **QUIET)
    pages[agreement.KEY].signals["judged"](judge, context.session, tabs, **QUIET)
    pages[overview.KEY].signals["turned"](turn, None, tabs, **QUIET)


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """List the projects that are open to whoever looks."""
        store, account = self.context.services.store, account_of(request)
        projects = store.projects.list(account=account)
        chosen = project_of(self.context, session, request) if projects else None
        makes = store.projects.curates(account)
        drawn = {
            self.parts.chosen: gr.update(choices=[(project.name, project.id) for project in projects], value=chosen),
            self.parts.name: gr.update(visible=makes),
            self.parts.create: gr.update(visible=makes),
        }
        nothing = self.context.texts("projects.none.error", account=account)
        return drawn if projects else {**drawn, self.parts.problem: notice(nothing)}

    def choose(self, session: Session, project: int, request: gr.Request) -> dict[Any, Any]:
        """Work in another project from now on."""
        self.context.services.store.settings.set(remembered_project(account_of(request)), project)
        session.project = project
        return self.show(session, request)

    def create(self, session: Session, name: str, request: gr.Request) -> dict[Any, Any]:
        """Make a project and work in it."""
        project = self.context.services.store.projects.create(name, by=require_lead(self.context, request))
        return {**self.choose(session, project.id, request), self.parts.name: gr.update(value="")}


def _layout(context: Context) -> _Parts:
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    with gr.Row(elem_classes="project-bar", equal_height=True):
        chosen = gr.Dropdown(label=t("projects.chosen.label"), choices=[], elem_id="project-chosen", min_width=220, scale=2)
        words: dict[str, Any] = {"label": t("projects.name.label"), "placeholder": t("projects.name.hint")}
        name = gr.Textbox(**words, max_lines=1, elem_id="project-name", min_width=160, scale=2)
        create = gr.Button(t("projects.create.label"), min_width=100, scale=0, elem_id="project-create")
    return _Parts(problem, chosen, name, create)
