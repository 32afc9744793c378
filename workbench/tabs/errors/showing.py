"""What Errors shows: names, figures, comparison and sentences of a study, as its view asks for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import gradio as gr

from engine.errors import EngineError
from engine.evaluation.kinds import KINDS
from engine.evaluation.selecting import WRONG, Hit, select
from engine.evaluation.study import OUTCOMES, Case, Study
from engine.reporting.words import Words
from workbench.errors import UserError
from workbench.studies import Model, Worked, unannotated
from workbench.studies.data import PROJECT, SAMPLE, Data
from workbench.tabs import Context, Session, account_of, notice, project_of
from workbench.tabs.errors.address import NOBODY, View, written
from workbench.tabs.errors.layout import Parts
from workbench.views.cases import Sentence, Track, cases_html
from workbench.views.compared import PARTS, compared_html
from workbench.views.confusion import cell_name, confusion_html
from workbench.views.document_list import Leaf
from workbench.views.escape import esc
from workbench.views.frequency import frequency_html
from workbench.views.kinds import kinds_html
from workbench.views.sentence_lists import lists_html
from workbench.views.slices import slices_html, types_html
from workbench.views.study_summary import forms_html, headline_html, reliability_html

SIZE = 20
ROWS, MOST_ROWS = "rows", 200
"""A selection of the page's own: sentences by their numbers, as they were chosen on the map; so many stand in an address."""
DEEDS = ("evidence", "annotate", "keep", "explain")


@dataclass(frozen=True)
class Showing:
    """Draws a study in the words of a page."""

    context: Context
    parts: Parts

    # names

    def data_name(self, data: Data) -> str:
        """Return what data is called in a list of choices."""
        t = self.context.texts
        name = t(f"errors.sample.{data.name}") if data.kind == SAMPLE else data.name
        return t(f"errors.data.{data.kind}", name=name)

    def model_name(self, model: Model) -> str:
        """Return what a model is called: its checkpoint, and what is kept from it."""
        t = self.context.texts
        if not model.without:
            return model.name
        if len(model.without) > 1:
            return t("errors.model.text", name=model.name)
        return t("errors.model.without", name=model.name, what=t(f"errors.without.{model.without[0]}"))

    def selection_name(self, selection: str, a: str, b: str) -> str:
        """Return what a selection is called."""
        t, (kind, _, value) = self.context.texts, selection.partition(":")
        if kind == "text":
            return t("errors.selected.text", text=value)
        if kind == ROWS:
            return t("errors.selected.rows")
        values = [unquote(part) for part in value.split(":")]
        value = values[0]
        match kind:
            case "cell" if len(values) == 2:
                return cell_name(values[0], values[1], t)
            case "kind" | "first" if value in KINDS:
                return t("errors.selected.kind", name=Words(t.language).kind(value))
            case "outcome" if value in OUTCOMES:
                return Words(t.language)(f"outcome.{value}")
            case "outcome" if value == WRONG:
                return t("errors.outcome.wrong")
            case "bin":
                return t("errors.selected.bin", bin=value.replace("-", "–"))
            case "slice":
                return t("errors.selected.slice", name=Words(t.language).slice(value))
            case "type":
                return t("errors.selected.type", name=value)
        if selection in PARTS:
            return t(f"errors.compared.{selection}", a=a, b=b)
        # What somebody has written into an address by hand is shown as it is written.
        return t("errors.selected.all") if selection == "all" else selection

    # parts of the page

    def drawn(self, session: Session, worked: Worked) -> dict[Any, Any]:
        """Draw a study as the session's view asks for it."""
        parts, t, view = self.parts, self.context.texts, self.view(session)
        names = [self.model_name(model) for model in worked.models]
        several = len(names) > 1
        a = [(name, index) for index, name in enumerate(names)]
        b = [(t("errors.b.none"), NOBODY), *((name, index) for name, index in a if index != view.a)]
        return {
            parts.progress: "",
            parts.mapping: "",
            parts.cancel: gr.update(visible=False),
            parts.run: gr.update(visible=True),
            parts.switch: gr.update(visible=several),
            parts.a: gr.update(choices=a, value=view.a),
            parts.b: gr.update(choices=b, value=view.b),
            parts.figures: self.figures(worked, view),
            parts.below: gr.update(visible=True),
            **self._first_listed(session, worked),
        }

    def _first_listed(self, session: Session, worked: Worked) -> dict[Any, Any]:
        """Draw the sentences; a selection that somebody has written into an address by hand may be none."""
        try:
            return self.listed(session, worked)
        except EngineError as error:
            session.study = replace(self.view(session), select="", page=0)
            told = notice(self.context.texts("page.engine.error", message=error))
            return {**self.listed(session, worked), self.parts.told: told}

    def view(self, session: Session) -> View:
        """Return what is looked at.

        Raises:
            UserError: if there is no study.
        """
        if session.study is None:
            raise UserError("errors.nothing.error")
        view: View = session.study
        return view

    def worked(self, session: Session, request: gr.Request) -> Worked:
        """Return the study that is looked at; one that was forgotten meanwhile is made again, of what is kept.

        Raises:
            UserError: if there is none, or whoever asks may not see its data (any more).
        """
        view, studies = self.view(session), self.context.services.studies
        studies.named(view.question, account_of(request))
        worked = studies.held(view.key)
        if worked is None:
            worked = studies.work(view.question, account_of(request), lambda *_: None)
            session.study = replace(view, key=worked.key)
        return worked

    def figures(self, worked: Worked, view: View) -> str:
        """Draw all figures of the reading that is looked at, and how it differs from the other one."""
        t, figures = self.context.texts, worked.figures(view.a)
        difference = worked.difference(view.a, view.b) if view.b != NOBODY else None
        a, b = self._names(worked, view)
        types, slices = (difference.types, difference.slices) if difference else (None, None)
        reading = worked.study.readings[view.a]
        made = t("errors.made.line", seconds=f"{reading.seconds:.1f}", cached=reading.cached, documents=figures.documents)
        head = headline_html(figures, t) + self._labels(worked, view)
        kinds, slices_note = self._untrained(worked, view)
        frequency = frequency_html(figures.slices, t)
        parts = [
            self._section("headline", f"{a} · {self.data_name(_data_of(worked))}", head, made),
            self._section("compared", t("errors.compared.title"), compared_html(difference, a, b, t)) if difference else "",
            '<div class="errors-pair"><div>',
            self._section("confusion", t("errors.confusion.title"), confusion_html(figures.labels, figures.confusion, t)),
            self._section("types", t("errors.types.title"), types_html(figures.types, t, types)),
            self._section("forms", t("errors.forms.title"), forms_html(figures, t)),
            "</div><div>",
            self._section("kinds", t("errors.kinds.title"), kinds_html(figures.kinds, t, together=view.together), kinds),
            self._section("reliability", t("errors.reliability.title"), reliability_html(figures, t)),
            self._section("frequency", t("errors.frequency.title"), frequency) if frequency else "",
            "</div></div>",
            self._section("slices", t("errors.slices.title"), slices_html(figures.slices, t, slices), slices_note),
        ]
        return "".join(parts)

    def _untrained(self, worked: Worked, view: View) -> tuple[str, str]:
        """Say of which kinds and of which slices nothing is known without the documents that the model was trained on."""
        t, question = self.context.texts, worked.question
        if worked.study.readings[view.a].known.training:
            return "", ""
        why = t("errors.training.learned_none" if question.training else "errors.training.not_said")
        return f"{why}{t('errors.training.kinds')}", f"{why}{t('errors.training.slices')}"

    def _labels(self, worked: Worked, view: View) -> str:
        """Say of what types a model makes up all that it finds, and offer to take them for others."""
        t, labels = self.context.texts, unannotated(worked, view.a)
        if not labels and not worked.question.mapping:
            return ""
        said = f"{esc(t('errors.labels.note', labels='、'.join(labels)))} " if labels else ""
        change = f'<button type="button" class="quiet" data-do="labels">{esc(t("errors.labels.change"))}</button>'
        return f'<p class="errors-labels">{said}{change}</p>'

    def _section(self, name: str, title: str, html: str, note: str = "") -> str:
        said = f'<p class="duomo-hint">{esc(note)}</p>' if note else ""
        return f'<section class="errors-part is-{name}"><h2>{esc(title)}</h2>{html}{said}</section>'

    def _names(self, worked: Worked, view: View) -> tuple[str, str]:
        names = [self.model_name(model) for model in worked.models]
        return names[view.a], "" if view.b == NOBODY else names[view.b]

    def listed(self, session: Session, worked: Worked) -> dict[Any, Any]:
        """Draw the sentences of the selection."""
        view = self.view(session)
        if not view.select:
            return {self.parts.sentences: "", self.parts.told: "", self.parts.address: written(view)}
        hits = self.hits(worked, view)
        last = max(0, (len(hits) - 1) // SIZE)
        if view.page > last:
            view = session.study = replace(view, page=last)
        shown = [self._sentence(worked, view, hit) for hit in hits[view.page * SIZE : (view.page + 1) * SIZE]]
        title = self.selection_name(view.select, *self._names(worked, view))
        html = cases_html(shown, Leaf(view.page, SIZE, len(hits)), title, self.context.texts, deeds=DEEDS)
        return {self.parts.sentences: html, self.parts.told: "", self.parts.address: written(view)}

    def hits(self, worked: Worked, view: View) -> tuple[Hit, ...]:
        """Return the sentences of the selection."""
        kind, _, numbers = view.select.partition(":")
        if kind == ROWS:
            rows = {int(number) for number in numbers.split(",") if number.isdecimal()}
            return tuple(hit for hit in select(worked.study, "all", view.a) if hit.row in rows)
        return select(worked.study, view.select, view.a, None if view.b == NOBODY else view.b)

    def _titled(self, worked: Worked) -> Study:
        """Return a study whose data and models are called as on the page."""
        names = [self.model_name(model) for model in worked.models]
        readings = [replace(reading, name=name) for reading, name in zip(worked.study.readings, names, strict=True)]
        return replace(worked.study, name=self.data_name(_data_of(worked)), readings=tuple(readings))

    def _sentence(self, worked: Worked, view: View, hit: Hit) -> Sentence:
        gold = worked.study.gold[hit.row]
        which = [view.a] if view.b == NOBODY else [view.a, view.b]
        tracks = [
            Track(
                self.model_name(worked.models[index]),
                worked.study.readings[index].predicted[hit.row].spans,
                cases_of(worked, index, hit.row),
            )
            for index in which
        ]
        return Sentence(hit.row, gold.id, gold.text, gold.spans, tuple(tracks), hit.cases)

    def lists(self, session: Session, request: gr.Request, chosen: str = "") -> dict[Any, Any]:
        """Draw the lists of sentences, and offer them to be added to; one that was added to is chosen."""
        store, t = self.context.services.store, self.context.texts
        lists = store.lists.of(project_of(self.context, session, request), account_of(request))
        names = [each.name for each in lists]
        update: dict[str, Any] = {"choices": names or [t("errors.named.first")]}
        if chosen or not session.listing:
            session.listing = chosen or (names[0] if names else t("errors.named.first"))
            update["value"] = session.listing
        return {
            self.parts.named: gr.update(**update),
            self.parts.lists: lists_html([(each.id, each.name, each.count) for each in lists], t),
        }

    # before there is anything

    def welcome(self, data: str, model: str) -> str:
        """Offer a first study, so that nobody meets an empty form."""
        t = self.context.texts
        return (
            f'<section class="errors-welcome"><p class="lead-line">{esc(t("errors.welcome.line"))}</p>'
            f'<button type="button" class="main" data-do="begin">{esc(t("errors.welcome.go", data=data, model=model))}</button>'
            f'<p class="duomo-hint">{esc(t("errors.welcome.hint"))}</p></section>'
        )


def cases_of(worked: Worked, index: int, row: int) -> tuple[Case, ...]:
    """Return the cases of one sentence."""
    return tuple(case for case in worked.study.readings[index].cases if case.row == row)


def _data_of(worked: Worked) -> Data:
    key = worked.question.data
    return Data(key, key.partition(":")[0], worked.study.name)


def is_of_project(view: View) -> int:
    """Return the project whose documents are studied; 0 for other data."""
    kind, _, name = view.question.data.partition(":")
    return int(name) if kind == PROJECT and name.isdecimal() else 0
