"""Labels and rules: the labels of the project, its guidelines and its choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from engine.tags import flatten
from workbench.errors import UserError
from workbench.labelling import STANDARD, colour_of, former_names, moved
from workbench.store import Label, Project
from workbench.tabs import QUIET, Context, Door, Session, Tab, account_of, guard, notice, project_of, require
from workbench.views.colours import palette
from workbench.views.escape import esc
from workbench.views.label_list import LabelCard, label_list_html, undeclared_html

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
class _Form:
    part: gr.Column
    title: gr.HTML
    chosen: gr.State
    name: gr.Textbox
    zh: gr.Textbox
    en: gr.Textbox
    colour: gr.ColorPicker
    key: gr.Textbox
    definition: gr.Textbox
    examples: gr.Textbox
    save: gr.Button
    new: gr.Button
    merging: gr.Column
    into: gr.Dropdown
    preview: gr.HTML
    merge: gr.Button

    @property
    def fields(self) -> list[Any]:
        return [self.name, self.zh, self.en, self.colour, self.key, self.definition, self.examples]

    @property
    def drawn(self) -> list[Any]:
        return [self.part, self.title, self.chosen, *self.fields, self.merging, self.into, self.preview, self.merge, self.new]


@dataclass(frozen=True)
class _Begin:
    part: gr.Column
    standard: gr.Button
    model: gr.Button
    project: gr.Dropdown
    copy: gr.Button


@dataclass(frozen=True)
class _Rules:
    text: gr.Textbox
    writing: gr.Column
    shown: gr.Markdown
    save: gr.Button


@dataclass(frozen=True)
class _Choices:
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


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    hint: gr.HTML
    listed: gr.HTML
    undeclared: gr.HTML
    begin: _Begin
    form: _Form
    rules: _Rules
    choices: _Choices

    @property
    def labels(self) -> list[Any]:
        return [self.problem, self.hint, self.listed, self.undeclared, self.begin.part, self.begin.project, *self.form.drawn]

    @property
    def ruled(self) -> list[Any]:
        return [self.problem, self.rules.text, self.rules.writing, self.rules.shown]

    @property
    def chosen(self) -> list[Any]:
        choices = self.choices
        return [self.problem, choices.part, *choices.fields, choices.weighed, choices.archived]

    @property
    def drawn(self) -> list[Any]:
        return [*dict.fromkeys([*self.labels, *self.ruled, *self.chosen])]


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("labels.tab.label"), id=KEY) as item:
        parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, parts.problem), context.session
    show, form, begin, rules, choices = guarded(does.show), parts.form, parts.begin, parts.rules, parts.choices
    labels: Callable[..., dict[str, Any]] = lambda *inputs: {"inputs": [session, *inputs], "outputs": parts.labels, **QUIET}  # noqa: E731
    for listed in (parts.listed, parts.undeclared):
        listed.act(guarded(does.act), **labels(form.chosen))
    form.new.click(guarded(does.new), **labels())
    form.save.click(guarded(does.save), **labels(form.chosen, *form.fields), trigger_mode="once")
    form.into.input(guarded(does.preview), [session, form.chosen, form.into], [parts.problem, form.preview, form.merge], **QUIET)
    form.merge.click(guarded(does.merge), **labels(form.chosen, form.into), trigger_mode="once")
    begin.standard.click(guarded(does.begin_standard), **labels(), trigger_mode="once")
    begin.model.click(guarded(does.begin_model), **labels(), trigger_mode="once")
    begin.copy.click(guarded(does.begin_project), **labels(begin.project), trigger_mode="once")
    rules.text.change(does.preview_rules, rules.text, rules.shown, **QUIET, trigger_mode="always_last")
    rules.save.click(guarded(does.save_rules), [session, rules.text], parts.ruled, **QUIET)
    weighing = [choices.nested.input, choices.blind.input, choices.overlap.input]
    gr.on(weighing, guarded(does.weigh), [session, *choices.fields[1:]], [parts.problem, choices.weighed], **QUIET)
    changes = [
        choices.save.click(guarded(does.save_choices), [session, *choices.fields], parts.chosen, **QUIET),
        choices.archive.click(guarded(does.archive), [session], parts.chosen, **QUIET, trigger_mode="once"),
        choices.archived.open(guarded(does.take_out), [session], parts.chosen, **QUIET),
    ]
    item.select(show, session, parts.drawn, **QUIET)
    return Tab(item, opening=Door(show, [session], parts.drawn), signals={"projects": _any(changes)})


def _any(changes: list[Any]) -> Callable[..., Any]:
    """Return what joins a listener to each of some changes."""
    return lambda *args, **kwargs: [change.success(*args, **kwargs) for change in changes][-1]


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew."""
        session.page = KEY
        project = project_of(self.context, session, request)
        record, editable = self.context.services.store.projects.get(project), self._may(project, request)
        rules, choices = self.parts.rules, self.parts.choices
        return {
            **self._labels(project, request),
            rules.text: record.guidelines,
            rules.writing: gr.update(visible=editable),
            rules.shown: record.guidelines or self.context.texts("labels.guidelines.none"),
            choices.part: gr.update(visible=editable),
            **dict(zip(choices.fields, (record.name, record.nested, record.overlap, record.blind), strict=True)),
            choices.weighed: "",
            choices.archived: self._archived(request),
        }

    # labels

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
        own = palette(before).get(old) or _suggested(before)
        labels.put(project, [_described(before.get(old, Label(old)), own, said)], by=account)
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

    # guidelines

    def preview_rules(self, text: str) -> str:
        """Show what the guidelines will look like."""
        return text or self.context.texts("labels.guidelines.none")

    def save_rules(self, session: Session, text: str, request: gr.Request) -> dict[Any, Any]:
        """Keep the guidelines."""
        account, project = self._curator(session, request)
        self.context.services.store.projects.change(project, guidelines=text, by=account)
        return {self.parts.rules.shown: self.preview_rules(text), **self._said(self.context.texts("labels.guidelines.saved"))}

    # choices

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
        return {self.parts.choices.weighed: notice(" ".join(lines), "warning")}

    def save_choices(
        self, session: Session, name: str, nested: bool, overlap: float | None, blind: bool, request: gr.Request
    ) -> dict[Any, Any]:
        """Keep the choices."""
        account, project = self._curator(session, request)
        chosen: dict[str, Any] = {"nested": bool(nested), "overlap": int(overlap or 0), "blind": bool(blind)}
        self.context.services.store.projects.change(project, name=name, by=account, **chosen)
        return {self.parts.choices.weighed: "", **self._said(self.context.texts("labels.choices.saved"))}

    def archive(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Put the project away and go on in another."""
        account, project = self._curator(session, request)
        projects = self.context.services.store.projects
        if len(projects.list(account=account)) < 2:
            raise UserError("labels.archive.last")
        name = projects.archive(project, by=account).name
        session.project = 0
        said = self._said(self.context.texts("labels.archive.done", name=name))
        return {self.parts.choices.archived: self._archived(request), **said}

    def take_out(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take an archived project out again."""
        account, projects = account_of(request), self.context.services.store.projects
        if projects.role(int(event.id), account) not in ("curator", "admin"):
            raise UserError("labels.archived.error")
        name = projects.archive(int(event.id), archived=False, by=account).name
        said = self._said(self.context.texts("labels.archived.back", name=name))
        return {self.parts.choices.archived: self._archived(request), **said}

    # drawing

    def _labels(self, project: int, request: gr.Request, chosen: str = "") -> dict[Any, Any]:
        """Draw the list and the form; of a label that there is none of, an empty form."""
        t, listed, editable = self.context.texts, self._listed(project), self._may(project, request)
        store, begin = self.context.services.store, self.parts.begin
        used, former = store.labels.used(project), former_names(store.labels.list(project, all=True))
        cards = [_card(label, used.get(label.name, 0), former.get(label.name, ())) for label in listed]
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
        values = (shown.zh, shown.en, shown.colour or colours.get(chosen) or _suggested(colours), shown.key, shown.definition)
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
        return {self.parts.problem: notice(line, "success")}

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


def _curates(projects: Any, project: Project, account: str) -> bool:
    return projects.role(project.id, account) in ("curator", "admin")


def _suggested(names: Iterable[str]) -> str:
    """Return the colour that the page would give to one more label."""
    return palette([*names, "*"])["*"]


def _described(label: Label, own: str, said: tuple[str | None, ...]) -> Label:
    """Return a label as the form describes it; ``own`` is the colour that the page would choose."""
    zh, en, colour, key, definition, examples = ((each or "").strip() for each in said)
    listed = tuple(line.strip() for line in examples.splitlines() if line.strip())
    described: dict[str, Any] = {"zh": zh, "en": en, "colour": colour_of(colour, own), "key": key, "definition": definition}
    return replace(label, **described, examples=listed)


def _card(label: Label, used: int, former: tuple[str, ...]) -> LabelCard:
    words = (label.name, label.zh, label.en, label.colour, label.key, label.definition, label.examples, label.retired)
    return LabelCard(*words, used, former)


def _layout(context: Context) -> _Parts:
    t = context.texts
    problem = gr.HTML(elem_classes="notices", elem_id="labels-problem")
    with gr.Row(elem_classes="labels-desk", equal_height=False):
        with gr.Column(scale=5, min_width=300):
            hint = gr.HTML()
            begin = _begin(context)
            undeclared = gr.HTML(js_on_load=_ACTS, elem_id="labels-undeclared")
            listed = gr.HTML(js_on_load=_ACTS, elem_id="labels-list")
        form = _form(context)
    gr.HTML(f"<h2>{esc(t('labels.guidelines.title'))}</h2><p>{esc(t('labels.guidelines.hint'))}</p>")
    with gr.Row(elem_classes="guidelines", equal_height=False):
        with gr.Column(min_width=280) as writing:
            text = gr.Textbox(label=t("labels.guidelines.label"), lines=10, max_lines=24, elem_id="labels-guidelines")
            save = gr.Button(t("labels.guidelines.save"), elem_id="labels-guidelines-save", scale=0, min_width=140)
        with gr.Column(min_width=280):
            shown = gr.Markdown(elem_id="labels-guidelines-shown", elem_classes="guidelines-shown", line_breaks=True)
    choices = _choices(context)
    return _Parts(problem, hint, listed, undeclared, begin, form, _Rules(text, writing, shown, save), choices)


def _begin(context: Context) -> _Begin:
    t = context.texts
    with gr.Column(visible=False, elem_id="labels-begin") as part:
        gr.HTML(f"<p>{esc(t('labels.begin.label'))}</p>")
        standard = gr.Button(t("labels.begin.standard"), variant="primary", elem_id="labels-begin-standard")
        model = gr.Button(t("labels.begin.model"), elem_id="labels-begin-model")
        with gr.Row(equal_height=True, elem_classes="add-label"):
            project = gr.Dropdown(
                [], label=t("labels.begin.project"), filterable=False, min_width=160, elem_id="labels-begin-from"
            )
            copy = gr.Button(t("labels.begin.copy"), scale=0, min_width=90, elem_id="labels-begin-copy")
    return _Begin(part, standard, model, project, copy)


def _form(context: Context) -> _Form:
    t = context.texts
    one: dict[str, Any] = {"max_lines": 1, "interactive": True}
    with gr.Column(scale=4, min_width=280, elem_id="labels-form") as part:
        title, chosen = gr.HTML(), gr.State("")
        name = gr.Textbox(label=t("labels.name.label"), elem_id="labels-name", **one)
        with gr.Row():
            zh = gr.Textbox(label=t("labels.zh.label"), elem_id="labels-zh", min_width=110, **one)
            en = gr.Textbox(label=t("labels.en.label"), elem_id="labels-en", min_width=110, **one)
        with gr.Row():
            key = gr.Textbox(label=t("labels.key.label"), elem_id="labels-key", min_width=80, max_length=1, **one)
            colour = gr.ColorPicker(label=t("labels.colour.label"), elem_id="labels-colour", min_width=110, interactive=True)
        definition = gr.Textbox(label=t("labels.definition.label"), lines=2, max_lines=8, elem_id="labels-definition")
        examples = gr.Textbox(label=t("labels.examples.label"), lines=2, max_lines=8, elem_id="labels-examples")
        with gr.Row(elem_classes="actions"):
            save = gr.Button(t("labels.save.label"), variant="primary", elem_id="labels-save", scale=0, min_width=120)
            new = gr.Button(t("labels.new.label"), elem_id="labels-new", scale=0, min_width=120)
        with gr.Column(visible=False, elem_id="labels-merging") as merging:
            into = gr.Dropdown([], label=t("labels.into.label"), filterable=False, elem_id="labels-into")
            preview = gr.HTML(elem_id="labels-preview", elem_classes="notices")
            merge = gr.Button(t("labels.merge.label"), elem_id="labels-merge", scale=0, min_width=120, interactive=False)
    fields = (name, zh, en, colour, key, definition, examples)
    return _Form(part, title, chosen, *fields, save, new, merging, into, preview, merge)


def _choices(context: Context) -> _Choices:
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
    return _Choices(part, name, nested, overlap, blind, weighed, save, archive, archived)
