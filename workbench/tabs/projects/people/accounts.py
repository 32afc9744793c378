"""Every account, for admins: make one, give it another role or password, let it sign in no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.store import Role
from workbench.store.accounts import ROLES, SHORTEST
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice
from workbench.views.people import accounts_html, nobody_html


@dataclass(frozen=True)
class _Parts:
    section: gr.Column
    table: gr.HTML
    tools: gr.Row
    account: gr.Dropdown
    role: gr.Dropdown
    give: gr.Button
    password: gr.Textbox
    renew: gr.Button
    disable: gr.Button
    told: gr.HTML
    name: gr.Textbox
    shown: gr.Textbox
    first: gr.Dropdown
    secret: gr.Textbox
    add: gr.Button

    @property
    def drawn(self) -> list[Any]:
        return [self.section, self.table, self.tools, self.account, self.first, self.add]

    @property
    def typed(self) -> list[Any]:
        return [self.name, self.shown, self.first, self.secret]


def build(context: Context) -> Section:
    """Lay the section out and wire it."""
    parts = _layout(context)
    does, guarded = _Handlers(context, parts), guard(context, parts.told)
    shown = [parts.told, parts.account, parts.role, parts.disable]
    parts.table.choose(guarded(does.choose), None, shown, **QUIET)
    parts.account.input(guarded(does.look), parts.account, shown, **QUIET)
    made = [parts.told, *parts.typed]
    adding = gr.on([parts.add.click, parts.secret.submit], guarded(does.add), parts.typed, made, **QUIET, trigger_mode="once")
    setting = [parts.renew.click, parts.password.submit]
    changes = [
        adding,
        parts.give.click(guarded(does.give), [parts.account, parts.role], parts.told, **QUIET),
        gr.on(setting, guarded(does.renew), [parts.account, parts.password], [parts.told, parts.password], **QUIET),
        parts.disable.click(guarded(does.disable), parts.account, shown, **QUIET),
    ]
    return Section(does.draw, parts.drawn, parts.told, changes)


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """List them; where there are none, say what that means and what the first one changes."""
        if not self._may(request):
            return {self.parts.section: gr.update(visible=False)}
        t, accounts = self.context.texts, self.context.services.store.accounts.list()
        roles = [(t(f"role.{role}.label"), role) for role in (ROLES if accounts else ("admin",))]
        return {
            self.parts.section: gr.update(visible=True),
            self.parts.table: accounts_html(accounts, t.words) if accounts else nobody_html(t.words),
            self.parts.tools: gr.update(visible=bool(accounts)),
            self.parts.account: gr.update(choices=[account.name for account in accounts]),
            self.parts.first: gr.update(choices=roles, value="annotator" if accounts else "admin"),
            self.parts.add: t("people.add.label" if accounts else "people.first.label"),
        }

    def choose(self, event: gr.EventData, request: gr.Request) -> dict[Any, Any]:
        """Take an account of the list."""
        return {self.parts.account: str(event.name), **self.look(str(event.name), request)}

    def look(self, account: str | None, request: gr.Request) -> dict[Any, Any]:
        """Show an account's role, and what can be done about it."""
        self._require(request)
        found, t = self.context.services.store.accounts.get(_named(account)), self.context.texts
        label = t("people.enable.label" if found.disabled else "people.disable.label")
        return {self.parts.role: found.role, self.parts.disable: label}

    def add(self, name: str, shown: str, role: Role, password: str, request: gr.Request) -> dict[Any, Any]:
        """Make an account; with the first one, signing in begins."""
        by, services, t = self._require(request), self.context.services, self.context.texts
        made = services.store.accounts.create(name, password, role, shown=shown, by=by)
        services.signing.sessions.refresh()
        told = t("people.add.done", name=made.name, role=t(f"role.{made.role}.label"))
        return {
            self.parts.told: notice(told, "success"),
            **{part: "" for part in (self.parts.name, self.parts.shown, self.parts.secret)},
        }

    def give(self, account: str | None, role: Role, request: gr.Request) -> dict[Any, Any]:
        """Give an account another role."""
        by, t = self._require(request), self.context.texts
        found = self.context.services.store.accounts.change(_named(account), role=role, by=by)
        return self._tell("people.give.done", name=found.name, role=t(f"role.{found.role}.label"))

    def renew(self, account: str | None, password: str, request: gr.Request) -> dict[Any, Any]:
        """Give an account another password; whoever is signed in with the old one is not any more."""
        by, services = self._require(request), self.context.services
        services.store.accounts.change_password(_named(account), password, by=by)
        services.signing.sessions.renew(_named(account), request.cookies.values())
        return {**self._tell("people.renew.done", name=account), self.parts.password: ""}

    def disable(self, account: str | None, request: gr.Request) -> dict[Any, Any]:
        """Let somebody sign in no more, or again."""
        by, services = self._require(request), self.context.services
        before = services.store.accounts.get(_named(account))
        services.store.accounts.disable(before.name, disabled=before.disabled is None, by=by)
        services.signing.sessions.refresh()
        told = self._tell("people.enable.done" if before.disabled else "people.disable.done", name=before.name)
        return {**told, self.parts.disable: self.look(before.name, request)[self.parts.disable]}

    def _may(self, request: gr.Request) -> bool:
        return self.context.services.store.accounts.administers(account_of(request))

    def _require(self, request: gr.Request) -> str:
        if not self._may(request):
            raise UserError("projects.role.error", roles=self.context.texts("role.admin.label"))
        return account_of(request)

    def _tell(self, key: str, **values: Any) -> dict[Any, Any]:
        return {self.parts.told: notice(self.context.texts(key, **values), "success")}


def _named(account: str | None) -> str:
    if not account:
        raise UserError("people.person.error")
    return account


def _layout(context: Context) -> _Parts:
    t = context.texts
    roles: list[Any] = [(t(f"role.{role}.label"), role) for role in ROLES]
    secret: dict[str, Any] = {
        "type": "password",
        "max_lines": 1,
        "html_attributes": gr.InputHTMLAttributes(autocomplete="new-password"),
        "placeholder": t("people.password.hint", shortest=SHORTEST),
        "min_width": 180,
    }
    kind: dict[str, Any] = {"value": "annotator", "label": t("people.kind.label"), "filterable": False}
    word: dict[str, Any] = {"max_lines": 1, "html_attributes": gr.InputHTMLAttributes(autocomplete="off"), "min_width": 160}
    with gr.Column(visible=False, elem_classes="people-part", elem_id="people-accounts") as section:
        gr.HTML(f"<h2>{t('people.accounts.title')}</h2>")
        table = gr.HTML(js_on_load="duomo.named(element, trigger, 'choose')", elem_id="people-table")
        told = gr.HTML(elem_classes="notices", elem_id="people-told")
        with gr.Row(elem_classes="people-manage", visible=False) as tools:
            with gr.Column(min_width=180):
                account = gr.Dropdown([], value=None, label=t("people.account.label"), elem_id="people-account")
                disable = gr.Button(t("people.disable.label"), elem_id="people-disable")
            with gr.Column(min_width=180):
                role = gr.Dropdown(roles, **kind, elem_id="people-kind")
                give = gr.Button(t("people.give.label"), elem_id="people-give")
            with gr.Column(min_width=180):
                password = gr.Textbox(label=t("people.renew.word"), **secret, elem_id="people-renewed")
                renew = gr.Button(t("people.renew.label"), elem_id="people-renew")
        gr.HTML(f"<h3>{t('people.add.title')}</h3>")
        with gr.Row():
            name = gr.Textbox(label=t("people.name.label"), **word, elem_id="people-name")
            shown = gr.Textbox(label=t("people.shown.label"), placeholder=t("people.shown.hint"), **word, elem_id="people-shown")
            first = gr.Dropdown(roles, **kind, min_width=140, elem_id="people-first")
            password_of_new = gr.Textbox(label=t("people.password.label"), **secret, elem_id="people-secret")
        with gr.Row(elem_classes="people-actions"):
            add = gr.Button(t("people.add.label"), variant="primary", scale=0, min_width=260, elem_id="people-add")
    return _Parts(
        section, table, tools, account, role, give, password, renew, disable, told, name, shown, first, password_of_new, add
    )
