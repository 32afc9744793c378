"""Agreement: how far annotators agree, and on what they do not."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import gradio as gr

from engine.drawing.sheet import FORMATS
from workbench.agreement import Measured, Question, table_csv
from workbench.differences import confusion, documents_of
from workbench.errors import UserError
from workbench.names import called
from workbench.steps import Outcome, steps
from workbench.store import Role
from workbench.tabs import (
    QUIET,
    Context,
    Disputed,
    Session,
    Tab,
    account_of,
    guard,
    hand_over,
    notice,
    opening,
    project_of,
    require,
)
from workbench.views.agreement import about, confusion_html, headline_html, labels_html, pairs_html, time_html
from workbench.views.agreement_figure import confusion_table, labels_table, overall_table, pairs_table, table_figure, time_figure
from workbench.views.escape import esc

KEY = "agreement"
_JUDGES: tuple[Role, ...] = ("curator", "admin")
_RESULT = "duomoPanels.saving(element, trigger, 'figure'); duomo.deeds(element, trigger, ['about'])"
_TABLES = ("overall", "pairs", "labels", "time", "confusion", "documents")


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    work: gr.Column
    annotators: gr.Dropdown
    labels: gr.Dropdown
    since: gr.Textbox
    until: gr.Textbox
    measure: gr.Button
    result: gr.HTML
    lowest: gr.HTML
    file: gr.JSON

    @property
    def asked(self) -> list[Any]:
        return [self.annotators, self.labels, self.since, self.until]

    @property
    def shown(self) -> list[Any]:
        return [self.problem, self.result, self.lowest]

    @property
    def drawn(self) -> list[Any]:
        return [*self.shown, self.work, self.annotators, self.labels]


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("agreement.tab.label"), id=KEY) as item:
        parts = _layout(context)
    does, guarded = _Handlers(context, parts), guard(context, parts.problem)
    asked = [context.session, *parts.asked]
    parts.measure.click(guarded(does.measure), asked, parts.shown, trigger_mode="once", **QUIET)
    saved = parts.result.figure(guarded(does.save), asked, [parts.problem, parts.file], trigger_mode="once", **QUIET)
    hand_over(saved, parts.file)
    disputed = parts.result.about(guarded(does.about), asked, parts.problem, **QUIET)
    door = opening(context, item, parts.problem, does.show, parts.drawn)
    return Tab(item, opening=door, signals={"judged": parts.lowest.open, "disputed": disputed.success})


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Offer who and what there is; show what was measured of all, if nobody has saved since."""
        parts, store, t = self.parts, self.context.services.store, self.context.texts
        project = project_of(self.context, session, request)
        if store.projects.role(project, account_of(request)) not in _JUDGES:
            return {parts.problem: notice(t("agreement.role.note"), "info"), parts.work: gr.update(visible=False)}
        authors = store.reading.authors(project)
        names = [(called(name, store, t), name) for name in authors]
        known = self.context.services.agreements.known(project, Question())
        empty = "" if len(authors) > 1 else f'<p class="empty">{esc(t("agreement.few.error"))}</p>'
        return {
            parts.work: gr.update(visible=True),
            parts.annotators: gr.update(choices=names, value=[]),
            parts.labels: gr.update(choices=list(store.labels.used(project)), value=[]),
            parts.result: _result(self.context, known) if known else empty,
            parts.lowest: _lowest(self.context, known) if known else "",
        }

    def measure(
        self, session: Session, annotators: list[str], labels: list[str], since: str, until: str, request: gr.Request
    ) -> Iterator[dict[Any, Any]]:
        """Measure, and tell how far it is."""
        require(self.context, session, request, *_JUDGES)
        question = _question(annotators, labels, since, until)
        project = project_of(self.context, session, request)
        measuring = self.context.services.agreements.measure
        for step in steps(lambda tell: measuring(project, question, tell), "agreement"):
            if isinstance(step, Outcome):
                shown = step.value
                yield {self.parts.result: _result(self.context, shown), self.parts.lowest: _lowest(self.context, shown)}
            else:
                yield {self.parts.result: _progress(self.context, *step.said), self.parts.lowest: ""}

    def save(
        self,
        event: gr.EventData,
        session: Session,
        annotators: list[str],
        labels: list[str],
        since: str,
        until: str,
        request: gr.Request,
    ) -> dict[Any, Any]:
        """Hand a table of what was measured, or its figure, to the browser as a file."""
        require(self.context, session, request, *_JUDGES)
        part, kind = _TABLES[int(event.item)], str(event.format)
        project = project_of(self.context, session, request)
        measured = self.context.services.agreements.measure(project, _question(annotators, labels, since, until))
        written = table_csv(measured, part).encode() if kind == "csv" else _figure(self.context, project, measured, part, kind)
        file = {"name": f"agreement-{part}.{kind}", "type": {"csv": "text/csv", **FORMATS}[kind]}
        return {self.parts.file: {**file, "base64": b64encode(written).decode("ascii")}}

    def about(
        self,
        event: gr.EventData,
        session: Session,
        annotators: list[str],
        labels: list[str],
        since: str,
        until: str,
        request: gr.Request,
    ) -> dict[Any, Any]:
        """Ask for the documents of a disagreement to be adjudicated."""
        require(self.context, session, request, *_JUDGES)
        project, one, other = project_of(self.context, session, request), str(event.one), str(event.other)
        measured = self.context.services.agreements.measure(project, _question(annotators, labels, since, until))
        documents = documents_of(measured.differences, one, other)
        if not documents:
            raise UserError("agreement.about.error")
        session.disputed = Disputed(project, about(one, other, self.context.texts.words), documents)
        return {}


def _layout(context: Context) -> _Parts:
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    with gr.Column(elem_id="agreement-page") as work:
        with gr.Row(elem_classes="agree-ask", equal_height=False):
            many: dict[str, Any] = {"choices": [], "multiselect": True, "min_width": 180, "scale": 3}
            annotators = gr.Dropdown(label=t("agreement.annotators.label"), elem_id="agreement-annotators", **many)
            labels = gr.Dropdown(label=t("agreement.labels.label"), elem_id="agreement-labels", **many)
            day: dict[str, Any] = {"placeholder": t("agreement.day.hint"), "max_lines": 1, "min_width": 110, "scale": 1}
            since = gr.Textbox(label=t("agreement.since.label"), elem_id="agreement-since", **day)
            until = gr.Textbox(label=t("agreement.until.label"), elem_id="agreement-until", **day)
            measure = gr.Button(
                t("agreement.measure.label"), variant="primary", min_width=100, scale=0, elem_id="agreement-measure"
            )
        result = gr.HTML(js_on_load=_RESULT, elem_id="agreement-result")
        lowest = gr.HTML(js_on_load="duomo.openings(element, trigger, 'open')", elem_id="agreement-lowest")
    return _Parts(problem, work, annotators, labels, since, until, measure, result, lowest, gr.JSON(visible=False))


def _question(annotators: Sequence[str], labels: Sequence[str], since: str, until: str) -> Question:
    return Question(tuple(sorted(annotators)), tuple(sorted(labels)), _day(since), _day(until))


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said.strip()) if said.strip() else None
    except ValueError as error:
        raise UserError("agreement.day.error", day=said) from error


def _progress(context: Context, step: str, done: int, total: int) -> str:
    said = context.texts(f"agreement.progress.{step}", done=done + 1, total=total)
    share = 0.5 * done / total if step == "read" else 0.5 + 0.5 * done / total
    return f'<p class="duomo-loading" role="status">{esc(said)}</p><progress value="{share:.2f}" max="1"></progress>'


def _result(context: Context, measured: Measured) -> str:
    t, words, agreement = context.texts, context.texts.words, measured.agreement
    names, counts = _names(context, measured), confusion(measured.differences)
    drawn: Mapping[str, str] = {
        "overall": headline_html(agreement, words),
        "pairs": pairs_html(agreement, names, words),
        "labels": labels_html(agreement, counts, words),
        "time": time_html(measured.windows, words),
        "confusion": confusion_html(counts, words),
    }
    when = t("agreement.moment.line", time=f"{measured.moment:%Y-%m-%d %H:%M}")
    parts = [_section(context, name, html, drawable=name != "time" or bool(measured.windows)) for name, html in drawn.items()]
    return f'{"".join(parts)}<p class="duomo-hint">{esc(when)}</p>'


def _names(context: Context, measured: Measured) -> dict[str, str]:
    return {name: called(name, context.services.store, context.texts) for name in measured.agreement.annotators}


def _figure(context: Context, project: int, measured: Measured, part: str, kind: str) -> bytes:
    """Draw a part of what was measured; the small print says of which project and when."""
    t, words, agreement = context.texts, context.texts.words, measured.agreement
    when = t("agreement.moment.line", time=f"{measured.moment:%Y-%m-%d %H:%M}")
    note = f"{context.services.store.projects.get(project).name} · {when}"
    said: dict[str, Any] = {"title": t(f"agreement.{part}.title"), "note": note, "kind": kind}
    match part:
        case "overall":
            return table_figure(overall_table(agreement, words), **said)
        case "pairs":
            return table_figure(pairs_table(agreement, _names(context, measured), words), **said)
        case "labels":
            return table_figure(labels_table(agreement, words), **said)
        case "confusion":
            return table_figure(confusion_table(confusion(measured.differences), words), **said)
    return time_figure(measured.windows, words, **said)


def _section(context: Context, name: str, html: str, *, drawable: bool) -> str:
    t = context.texts
    title, save = esc(t(f"agreement.{name}.title")), esc(t("agreement.save.label"))
    buttons = "".join(
        f'<button type="button" data-format="{kind}" aria-label="{save}: {title}, {kind.upper()}">{kind.upper()}</button>'
        for kind in ("csv", *(FORMATS if drawable else ()))
    )
    item = _TABLES.index(name)
    return (
        f'<section class="agree-part is-{name}" data-item="{item}"><h2>{title}</h2>{html}'
        f'<p class="duomo-save"><span>{save}</span>{buttons}</p></section>'
    )


def _lowest(context: Context, measured: Measured) -> str:
    t = context.texts
    if not measured.lowest:
        return ""
    entries = "".join(
        f'<li><button type="button" class="document" data-id="{each.document_id}">'
        f'<span class="document-text" lang="zh">{esc(" ".join(each.excerpt.split()))}</span><span class="document-facts">'
        f"{esc(t('agreement.lowest.facts', f1=f'{each.f1:.3f}', count=each.annotators))}</span></button></li>"
        for each in measured.lowest
    )
    head, hint = esc(t("agreement.documents.title")), esc(t("agreement.lowest.hint"))
    return f'<h2>{head}</h2><p class="duomo-hint">{hint}</p><ul class="documents">{entries}</ul>'
