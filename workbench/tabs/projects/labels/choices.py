"""What a project chooses: its name, tag rules, overlap and blind mode; and projects put away and taken out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.tags import flatten
from workbench.errors import UserError
from workbench.store import Project
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, project_of, require
from workbench.views.escape import esc


@dataclass(frozen=True)
class _Parts:
    told: gr.HTML
    part: gr.Column
    name: gr.Textbox
    nested: gr.Radio
    overlap: gr.Number
    blind: gr.Checkbox
    weighed: gr.HTML
    save: gr.Button
    archive: gr.Button
    archived: gr.HTML

    @property
    def fields(self) -> list[Any]:
        return [self.name, self.nested, self.overlap, self.blind]

    @property
    def drawn(self) -> list[Any]:
        return [self.told, self.part, *self.fields, self.weighed, self.archived]


def build(context: Context, told: gr.HTML) -> Section:
    """Lay the section out and wire it; the changes are those after which the list of projects is another."""
    parts = _layout(context, told)
    does, guarded, session = _Handlers(context, parts), guard(context, told), context.session
    weighing = [parts.nested.input, parts.blind.input, parts.overlap.input]
    gr.on(weighing, guarded(does.weigh), [session, *parts.fields[1:]], [told, parts.weighed], **QUIET)
    changes = [
        parts.save.click(guarded(does.save), [session, *parts.fields], parts.drawn, **QUIET),
        parts.archive.click(guarded(does.archive), [session], parts.drawn, **QUIET, trigger_mode="once"),
        parts.archived.open(guarded(does.take_out), [session], parts.drawn, **QUIET),
    ]
    return Section(does.draw, parts.drawn, told, changes)


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Show the choices to who may make them."""
        store, project = self.context.services.store, project_of(self.context, session, request)
        record, may = store.projects.get(project), store.projects.role(project, account_of(request)) in ("curator", "admin")
        return {
            self.parts.part: gr.update(visible=may),
            **dict(zip(self.parts.fields, (record.name, record.nested, record.overlap, record.blind), strict=True)),
            self.parts.weighed: "",
            self.parts.archived: self._archived(request),
        }

    def weigh(self, session: Session, nested: bool, overlap: float | None, blind: bool, request: gr.Request) -> dict[Any, Any]:
        """Say what a choice will come to before it is saved."""
        _, project = self._curator(session, request)
        store, t = self.context.services.store, self.context.texts
        now, lines = store.projects.get(project), []
        if now.nested and not nested:
            answers = store.reading.answers(project)
            crowded = sum(len(flatten(document.spans)) < len(document.spans) for document in answers)
            lines += [t("labels.choices.flat", count=f"{crowded:,}")] if crowded else []
        if blind != now.blind:
            lines.append(t("labels.choices.blind" if blind else "labels.choices.seen"))
        if (overlap or 1) > 1 and overlap != now.overlap:
            lines.append(t("labels.choices.many"))
        return {self.parts.weighed: notice(" ".join(lines), "warning")}

    def save(
        self, session: Session, name: str, nested: bool, overlap: float | None, blind: bool, request: gr.Request
    ) -> dict[Any, Any]:
        """Keep the choices."""
        account, project = self._curator(session, request)
        chosen: dict[str, Any] = {"nested": bool(nested), "overlap": int(overlap or 0), "blind": bool(blind)}
        self.context.services.store.projects.change(project, name=name, by=account, **chosen)
        return {self.parts.weighed: "", **self._said(self.context.texts("labels.choices.saved"))}

    def archive(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Put the project away and go on in another."""
        account, project = self._curator(session, request)
        projects = self.context.services.store.projects
        if len(projects.list(account=account)) < 2:
            raise UserError("labels.archive.last")
        name = projects.archive(project, by=account).name
        session.project = 0
        said = self._said(self.context.texts("labels.archive.done", name=name))
        return {self.parts.archived: self._archived(request), **said}

    def take_out(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take an archived project out again."""
        account, projects = account_of(request), self.context.services.store.projects
        if projects.role(int(event.id), account) not in ("curator", "admin"):
            raise UserError("labels.archived.error")
        name = projects.archive(int(event.id), archived=False, by=account).name
        said = self._said(self.context.texts("labels.archived.back", name=name))
        return {self.parts.archived: self._archived(request), **said}

    def _archived(self, request: gr.Request) -> str:
        t, account = self.context.texts, account_of(request)
        projects = self.context.services.store.projects
        away = [p for p in projects.list(archived=True, account=account) if p.archived and _curates(projects, p, account)]
        items = "".join(
            f'<li><span>{esc(p.name)}</span><button type="button" class="label-act" data-id="{p.id}">'
            f"{esc(t('labels.archived.out'))}</button></li>"
            for p in away
        )
        return f'<h3>{esc(t("labels.archived.label"))}</h3><ul class="archived">{items}</ul>' if items else ""

    def _said(self, line: str) -> dict[Any, Any]:
        return {self.parts.told: notice(line, "success")}

    def _curator(self, session: Session, request: gr.Request) -> tuple[str, int]:
        account = require(self.context, session, request, "curator", "admin")
        return account, project_of(self.context, session, request)


def _curates(projects: Any, project: Project, account: str) -> bool:
    return projects.role(project.id, account) in ("curator", "admin")


def _layout(context: Context, told: gr.HTML) -> _Parts:
    t = context.texts
    with gr.Column(elem_id="labels-choices") as part:
        gr.HTML(f"<h2>{esc(t('labels.choices.title'))}</h2>")
        with gr.Row(elem_classes="form"):
            name = gr.Textbox(label=t("labels.project.label"), max_lines=1, elem_id="labels-project", min_width=200)
            kinds = [(t("labels.nested.yes"), True), (t("labels.nested.no"), False)]
            nested = gr.Radio(kinds, label=t("labels.nested.label"), elem_id="labels-nested", min_width=220)
            overlap = gr.Number(1, label=t("labels.overlap.label"), precision=0, minimum=1, maximum=20, elem_id="labels-overlap")
            blind = gr.Checkbox(False, label=t("labels.blind.label"), elem_id="labels-blind", min_width=220)
        weighed = gr.HTML(elem_classes="notices", elem_id="labels-weighed")
        with gr.Row(elem_classes="actions"):
            save = gr.Button(t("labels.choices.save"), elem_id="labels-choices-save", scale=0, min_width=140)
            archive = gr.Button(t("labels.archive.label"), elem_id="labels-archive", scale=0, min_width=140)
        gr.HTML(f'<p class="duomo-note">{esc(t("labels.archive.hint"))}</p>')
        archived = gr.HTML(js_on_load="duomo.openings(element, trigger, 'open')", elem_id="labels-archived")
    return _Parts(told, part, name, nested, overlap, blind, weighed, save, archive, archived)
