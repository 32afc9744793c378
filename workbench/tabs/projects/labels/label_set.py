"""The labels of a project: described, put in order, renamed, merged and retired; no annotation is lost by any of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from engine.drawing.colours import palette
from workbench.errors import UserError
from workbench.labelling import STANDARD, former_names, moved
from workbench.store import Label
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, project_of, require
from workbench.tabs.projects.labels.form import Begin, Form, card_of, described, lay_out_begin, lay_out_form, suggested
from workbench.views.escape import esc
from workbench.views.label_list import label_list_html, undeclared_html

KEY = "labels"
# The keyboard stays where it was when the list is drawn anew; editing goes to the form.
_ACTS = """
let last = null;
element.addEventListener("click", (event) => {
  const found = event.target.closest("[data-act]");
  if (!found) return;
  last = found.dataset.act === "edit" ? null : [found.dataset.act, found.dataset.name];
  trigger("act", { act: found.dataset.act, name: found.dataset.name });
});
new MutationObserver(() => {
  const active = document.activeElement;
  if (!last || (active && active !== document.body && !element.contains(active))) return;
  const able = [...element.querySelectorAll("[data-act]:enabled")].filter((button) => button.dataset.name === last[1]);
  const found = able.find((button) => button.dataset.act === last[0]) ?? able[0];
  if (found && found !== active) found.focus();
}).observe(element, { attributes: true, characterData: true, childList: true, subtree: true });
"""


@dataclass(frozen=True)
class _Parts:
    told: gr.HTML
    hint: gr.HTML
    listed: gr.HTML
    undeclared: gr.HTML
    begin: Begin
    form: Form

    @property
    def drawn(self) -> list[Any]:
        return [self.told, self.hint, self.listed, self.undeclared, self.begin.part, self.begin.project, *self.form.drawn]


def build(context: Context, told: gr.HTML) -> Section:
    """Lay the section out and wire it."""
    parts = _layout(context, told)
    does, guarded, session = _Handlers(context, parts), guard(context, told), context.session
    form, begin = parts.form, parts.begin
    labels: Callable[..., dict[str, Any]] = lambda *inputs: {"inputs": [session, *inputs], "outputs": parts.drawn, **QUIET}  # noqa: E731
    for listed in (parts.listed, parts.undeclared):
        listed.act(guarded(does.act), **labels(form.chosen))
    form.new.click(guarded(does.new), **labels())
    form.save.click(guarded(does.save), **labels(form.chosen, *form.fields), trigger_mode="once")
    form.into.input(guarded(does.preview), [session, form.chosen, form.into], [told, form.preview, form.merge], **QUIET)
    form.merge.click(guarded(does.merge), **labels(form.chosen, form.into), trigger_mode="once")
    begin.standard.click(guarded(does.begin_standard), **labels(), trigger_mode="once")
    begin.model.click(guarded(does.begin_model), **labels(), trigger_mode="once")
    begin.copy.click(guarded(does.begin_project), **labels(begin.project), trigger_mode="once")
    return Section(does.draw, parts.drawn, told, [])


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the list and an empty form."""
        return self._labels(project_of(self.context, session, request), request)

    def act(self, event: gr.EventData, session: Session, chosen: str, request: gr.Request) -> dict[Any, Any]:
        """Do what a button of the list says."""
        account, project, name = *self._curator(session, request), str(event.name)
        labels, t = self.context.services.store.labels, self.context.texts
        used, said = labels.used(project), ""
        match event.act:
            case "up" | "down":
                names = [label.name for label in self._listed(project)]
                labels.order(project, moved(names, name, down=event.act == "down"), by=account)
            case "edit":
                chosen = name
            case "retire":
                labels.retire(project, name, by=account)
                said = t("labels.retired.line", name=name, count=f"{used.get(name, 0):,}")
            case "offer":
                labels.retire(project, name, retired=False, by=account)
                said = t("labels.offered.line", name=name)
            case "part":
                labels.part(project, name, by=account)
                said = t("labels.parted.line", name=name)
            case "declare" | "declare_all":
                names = [name] if name else self._undeclared(project)
                labels.put(project, [Label(each) for each in names], by=account)
                said = t("labels.declared.line", names=", ".join(names))
        return {**self._labels(project, request, chosen), **self._said(said)}

    def new(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Empty the form for another label."""
        _, project = self._curator(session, request)
        return self._labels(project, request)

    def save(self, request: gr.Request, session: Session, chosen: str, name: str, *said: str | None) -> dict[Any, Any]:
        """Add a label, or describe the chosen one anew; another name renames it."""
        account, project = self._curator(session, request)
        labels, t, name = self.context.services.store.labels, self.context.texts, name.strip()
        before = {label.name: label for label in self._listed(project)}
        old = chosen if chosen in before else name
        count = f"{labels.used(project).get(old, 0):,}"
        own = palette(before).get(old) or suggested(before)
        labels.put(project, [described(before.get(old, Label(old)), own, said)], by=account)
        if name != old:
            labels.rename(project, old, name, by=account)
        told = t("labels.saved.line", name=name) if name == old else t("labels.renamed.line", old=old, new=name, count=count)
        return {**self._labels(project, request, name), **self._said(told)}

    def preview(self, session: Session, chosen: str, into: str | None, request: gr.Request) -> dict[Any, Any]:
        """Say before a merge how many annotations will be read anew."""
        _, project = self._curator(session, request)
        form, t = self.parts.form, self.context.texts
        count = self.context.services.store.labels.used(project).get(chosen, 0)
        line = t("labels.merge.preview", name=chosen, into=into, count=f"{count:,}") if into else ""
        return {form.preview: notice(line, "info"), form.merge: gr.update(interactive=bool(into))}

    def merge(self, session: Session, chosen: str, into: str, request: gr.Request) -> dict[Any, Any]:
        """Let the annotations under the chosen label be read as another."""
        account, project = self._curator(session, request)
        labels = self.context.services.store.labels
        count = labels.used(project).get(chosen, 0)
        labels.merge(project, chosen, into or "", by=account)
        said = self.context.texts("labels.merged.line", name=chosen, into=into, count=f"{count:,}")
        return {**self._labels(project, request, into), **self._said(said)}

    def begin_standard(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Begin with a standard set."""
        return self._begun(session, request, STANDARD)

    def begin_model(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Begin with the labels of the model in use."""
        known = {label.name: label for label in STANDARD}
        names = self.context.services.checkpoints.in_use().labels
        return self._begun(session, request, tuple(replace(known.get(name, Label(name)), key="") for name in names))

    def begin_project(self, session: Session, other: int | None, request: gr.Request) -> dict[Any, Any]:
        """Begin with the labels of another project."""
        store = self.context.services.store
        if other is None or store.projects.role(other, account_of(request)) is None:
            raise UserError("labels.begin.error")
        return self._begun(session, request, store.labels.list(other))

    def _begun(self, session: Session, request: gr.Request, labels: tuple[Label, ...]) -> dict[Any, Any]:
        account, project = self._curator(session, request)
        if not labels:
            raise UserError("labels.begin.error")
        self.context.services.store.labels.put(project, labels, by=account)
        said = self.context.texts("labels.declared.line", names=", ".join(label.name for label in labels))
        return {**self._labels(project, request), **self._said(said)}

    def _labels(self, project: int, request: gr.Request, chosen: str = "") -> dict[Any, Any]:
        """Draw the list and the form; of a label that there is none of, an empty form."""
        t, listed, editable = self.context.texts, self._listed(project), self._may(project, request)
        store, begin = self.context.services.store, self.parts.begin
        used, former = store.labels.used(project), former_names(store.labels.list(project, all=True))
        cards = [card_of(label, used.get(label.name, 0), former.get(label.name, ())) for label in listed]
        undeclared = {name: used[name] for name in self._undeclared(project)}
        others = [(p.name, p.id) for p in store.projects.list(account=account_of(request)) if p.id != project]
        hint = t("labels.list.hint" if editable else "labels.readonly.hint")
        return {
            self.parts.hint: f"<h2>{esc(t('labels.list.label'))}</h2><p>{esc(hint)}</p>",
            self.parts.listed: label_list_html(cards, t.words, chosen=chosen, editable=editable),
            self.parts.undeclared: undeclared_html(undeclared, t.words, editable=editable),
            begin.part: gr.update(visible=editable and not listed),
            begin.project: gr.update(choices=others, value=others[0][1] if others else None, visible=bool(others)),
            **self._form(listed, used, chosen, editable),
        }

    def _form(self, listed: tuple[Label, ...], used: Mapping[str, int], chosen: str, editable: bool) -> dict[Any, Any]:
        form, t = self.parts.form, self.context.texts
        label = next((label for label in listed if label.name == chosen), None)
        shown, colours = label or Label(""), palette(each.name for each in listed)
        values = (shown.zh, shown.en, shown.colour or colours.get(chosen) or suggested(colours), shown.key, shown.definition)
        hint = t("labels.name.hint", count=f"{used.get(chosen, 0):,}") if label else None
        title = t("labels.form.chosen", name=chosen) if label else t("labels.form.new")
        others = [each.name for each in listed if each.name != chosen]
        return {
            form.part: gr.update(visible=editable),
            form.title: f"<h2>{esc(title)}</h2>",
            form.chosen: shown.name,
            form.name: gr.update(value=shown.name, info=hint),
            **dict(zip(form.fields[1:6], values, strict=True)),
            form.examples: "\n".join(shown.examples),
            form.new: gr.update(visible=label is not None),
            form.merging: gr.update(visible=label is not None and bool(others)),
            form.into: gr.update(choices=others, value=None),
            form.preview: "",
            form.merge: gr.update(interactive=False),
        }

    def _said(self, line: str) -> dict[Any, Any]:
        return {self.parts.told: notice(line, "success")}

    def _listed(self, project: int) -> tuple[Label, ...]:
        """Return every label that is not a former name, retired ones too."""
        return tuple(label for label in self.context.services.store.labels.list(project, all=True) if not label.becomes)

    def _undeclared(self, project: int) -> list[str]:
        known = {label.name for label in self._listed(project)}
        return [name for name in self.context.services.store.labels.used(project) if name not in known]

    def _may(self, project: int, request: gr.Request) -> bool:
        return self.context.services.store.projects.role(project, account_of(request)) in ("curator", "admin")

    def _curator(self, session: Session, request: gr.Request) -> tuple[str, int]:
        account = require(self.context, session, request, "curator", "admin")
        return account, project_of(self.context, session, request)


def _layout(context: Context, told: gr.HTML) -> _Parts:
    with gr.Row(elem_classes="labels-desk", equal_height=False):
        with gr.Column(scale=5, min_width=300):
            hint = gr.HTML()
            begin = lay_out_begin(context)
            undeclared = gr.HTML(js_on_load=_ACTS, elem_id="labels-undeclared")
            listed = gr.HTML(js_on_load=_ACTS, elem_id="labels-list")
        form = lay_out_form(context)
    return _Parts(told, hint, listed, undeclared, begin, form)
