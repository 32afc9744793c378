"""Who works in the project, and how far everyone is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.store import Account, Member, Progress, Role
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, require
from workbench.views.escape import esc
from workbench.views.people import Worker, workers_html


@dataclass(frozen=True)
class _Parts:
    section: gr.Column
    table: gr.HTML
    tools: gr.Column
    person: gr.Dropdown
    role: gr.Radio
    admit: gr.Button
    dismiss: gr.Button
    take_back: gr.Button
    told: gr.HTML

    @property
    def drawn(self) -> list[Any]:
        return [self.section, self.table, self.tools, self.person]


def build(context: Context) -> Section:
    """Lay the section out and wire it."""
    parts = _layout(context)
    does, guarded = _Handlers(context, parts), guard(context, parts.told)
    chosen = [context.session, parts.person]
    parts.table.choose(guarded(does.choose), context.session, [parts.told, parts.person, parts.role], **QUIET)
    parts.person.input(guarded(does.look), chosen, [parts.told, parts.role], **QUIET)
    changes = [
        parts.admit.click(guarded(does.admit), [*chosen, parts.role], parts.told, **QUIET),
        parts.dismiss.click(guarded(does.dismiss), chosen, parts.told, **QUIET),
        parts.take_back.click(guarded(does.take_back), chosen, parts.told, **QUIET),
    ]
    return Section(does.draw, parts.drawn, parts.told, changes)


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Show everyone to who leads the project, to others themselves alone."""
        store, account = self.context.services.store, account_of(request)
        if not session.project or not account:
            return {self.parts.section: gr.update(visible=False)}
        leads = store.projects.role(session.project, account) != "annotator"
        accounts = {found.name: found for found in store.accounts.list()}
        members = {member.account: member for member in store.projects.members(session.project)}
        progress = {found.account: found for found in store.assignments.progress(session.project)}
        names = sorted(members.keys() | progress.keys()) if leads else [account]
        workers = [_worker(self.context, name, accounts.get(name), members.get(name), progress.get(name)) for name in names]
        title = self.context.texts("people.members.title" if leads else "people.members.own")
        drawn = {
            self.parts.section: gr.update(visible=True),
            self.parts.table: f"<h2>{esc(title)}</h2>" + workers_html(workers, self.context.texts.words, chosen=leads),
            self.parts.tools: gr.update(visible=leads),
        }
        return {**drawn, self.parts.person: gr.update(choices=_persons(accounts, members, progress))} if leads else drawn

    def choose(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take somebody of the list."""
        return {self.parts.person: str(event.name), **self.look(session, str(event.name), request)}

    def look(self, session: Session, person: str | None, request: gr.Request) -> dict[Any, Any]:
        """Show which role somebody has."""
        require(self.context, session, request, "curator", "admin")
        members = self.context.services.store.projects.members(session.project)
        role = next((member.role for member in members if member.account == person), "annotator")
        return {self.parts.role: role}

    def admit(self, session: Session, person: str | None, role: Role, request: gr.Request) -> dict[Any, Any]:
        """Let somebody work in the project, or in another role."""
        by, store = require(self.context, session, request, "curator", "admin"), self.context.services.store
        shown = store.accounts.get(_named(person)).shown
        store.projects.admit(session.project, _named(person), role, by=by)
        project, label = store.projects.get(session.project).name, self.context.texts(f"role.{role}.label")
        return self._tell(self.context.texts("people.admit.done", person=shown, project=project, role=label))

    def dismiss(self, session: Session, person: str | None, request: gr.Request) -> dict[Any, Any]:
        """Let somebody no longer work in the project."""
        by, store = require(self.context, session, request, "curator", "admin"), self.context.services.store
        store.projects.dismiss(session.project, _named(person), by=by)
        waiting = next((p.given - p.finished for p in store.assignments.progress(session.project) if p.account == person), 0)
        key = "people.dismiss.waiting" if waiting else "people.dismiss.done"
        return self._tell(self.context.texts(key, person=_shown(self.context, person), count=waiting))

    def take_back(self, session: Session, person: str | None, request: gr.Request) -> dict[Any, Any]:
        """Take back what somebody has not finished."""
        by, store = require(self.context, session, request, "curator", "admin"), self.context.services.store
        count = store.assignments.take_back(session.project, _named(person), by=by)
        key = "people.back.done" if count else "people.back.none"
        return self._tell(self.context.texts(key, person=_shown(self.context, person), count=count))

    def _tell(self, text: str) -> dict[Any, Any]:
        return {self.parts.told: notice(text, "success")}


def _named(person: str | None) -> str:
    if not person:
        raise UserError("people.person.error")
    return person


def _shown(context: Context, person: str | None) -> str:
    return next((found.shown for found in context.services.store.accounts.list() if found.name == person), person or "")


def _worker(context: Context, name: str, account: Account | None, member: Member | None, progress: Progress | None) -> Worker:
    t = context.texts
    role = t(f"role.{member.role}.label") if member else t("people.role.admin" if _admin(account) else "people.role.none")
    done = progress or Progress(name, 0, 0, 0)
    disabled = account is not None and account.disabled is not None
    shown = account.shown if account else name
    return Worker(name, shown, role, disabled, done.given, done.finished, done.skipped, done.waiting)


def _admin(account: Account | None) -> bool:
    return account is not None and account.role == "admin"


def _persons(accounts: dict[str, Account], members: Any, progress: Any) -> list[tuple[str, str]]:
    """Return who can be chosen: members first, then who could become one; who is disabled only if they are or have been one."""
    here = members.keys() | progress.keys()
    names = sorted(here) + sorted(name for name, found in accounts.items() if name not in here and found.disabled is None)
    return [(_label(name, accounts.get(name)), name) for name in names]


def _label(name: str, account: Account | None) -> str:
    return name if account is None or account.shown == name else f"{account.shown} · {name}"


def _layout(context: Context) -> _Parts:
    t = context.texts
    with gr.Column(visible=False, elem_classes="people-part", elem_id="people-members") as section:
        table = gr.HTML(js_on_load="duomo.named(element, trigger, 'choose')", elem_id="people-workers")
        told = gr.HTML(elem_classes="notices")
        with gr.Column(elem_classes="people-tools") as tools:
            with gr.Row(equal_height=False):
                person = gr.Dropdown([], value=None, label=t("people.person.label"), elem_id="people-person", min_width=220)
                roles = [(t(f"role.{role}.label"), role) for role in ("annotator", "curator")]
                role = gr.Radio(roles, value="annotator", label=t("people.role.label"), elem_id="people-role", min_width=220)
            with gr.Row(elem_classes="people-actions"):
                admit = gr.Button(t("people.admit.label"), variant="primary", scale=0, min_width=210, elem_id="people-admit")
                take_back = gr.Button(t("people.back.label"), scale=0, min_width=190, elem_id="people-back")
                dismiss = gr.Button(t("people.dismiss.label"), scale=0, min_width=110, elem_id="people-dismiss")
    return _Parts(section, table, tools, person, role, admit, dismiss, take_back, told)
