"""What documents can be looked for by: the choices, what there is to choose in a project, and what a choice asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import gradio as gr

from workbench.names import called
from workbench.store import Criteria, Measured
from workbench.store.records import Status
from workbench.store.searching import Order, Origin
from workbench.tabs import Context

_STATES = ("open", "begun", "finished", "gold")
_ORIGINS = ("annotation", "imported", "gold", "predicted")
_ORDERS = ("recent", "newest", "oldest", "name", "longest", "shortest")
_EITHER = {"": None, "yes": True, "no": False}
_NOBODY = "\x00"
"""Stands for who had not signed in: an empty choice is none."""
DEFAULTS: dict[str, Any] = {
    "bin": "all",
    "order": "recent",
    "at_least": None,
    "at_most": None,
    "bound": "above",
    "value": 0.5,
    "whole": "entity",
}


@dataclass(frozen=True)
class Filters:
    """The choices, in the order in which handlers get them."""

    bin: gr.Radio
    text: gr.Textbox
    status: gr.Dropdown
    order: gr.Dropdown
    label: gr.Dropdown
    origin: gr.Dropdown
    at_least: gr.Number
    at_most: gr.Number
    author: gr.Dropdown
    assigned: gr.Dropdown
    flagged: gr.Dropdown
    disagreement: gr.Dropdown
    conflicted: gr.Dropdown
    measure: gr.Dropdown
    whole: gr.Dropdown
    bound: gr.Dropdown
    value: gr.Number
    wrong: gr.Dropdown

    @property
    def all(self) -> list[Any]:
        """Return every choice, in that order."""
        return list(vars(self).values())


def offered(context: Context, filters: Filters, project: int, account: str, *, curates: bool, fresh: bool) -> dict[Any, Any]:
    """Return what can be chosen in a project.

    Args:
        context: of the page.
        filters: the choices.
        project: whose.
        account: who looks; in blind mode they can choose nobody but themselves.
        curates: whether they may see everything.
        fresh: whether to choose nothing, as for another project.
    """
    store, texts = context.services.store, context.texts
    alone = store.projects.get(project).blind and not curates
    labels = dict.fromkeys([*(each.name for each in store.labels.list(project)), *([] if alone else store.labels.used(project))])
    authors = (account,) if alone else store.reading.authors(project)
    holders = (account,) if alone else tuple(each.account for each in store.assignments.progress(project))
    choices = {
        filters.label: [(label, label) for label in labels],
        filters.author: _people(authors, context),
        filters.assigned: _people(holders, context),
        filters.measure: [(_measure_name(name, context), name) for name in store.reading.measures(project, account)],
    }
    anyone = (texts("documents.any.label"), "")
    drawn: dict[Any, Any] = {}
    for part in filters.all:
        said: dict[str, Any] = {"value": DEFAULTS.get(_name(filters, part), "")} if fresh else {}
        if part in choices:
            said["choices"] = [anyone, *choices[part]]
        if part is filters.bin:
            said["visible"] = curates
        drawn[part] = gr.update(**said)
    return drawn


def _name(filters: Filters, part: Any) -> str:
    return next(name for name, value in vars(filters).items() if value is part)


def _people(accounts: tuple[str, ...], context: Context) -> list[tuple[str, str]]:
    return [(called(account, context.services.store, context.texts), account or _NOBODY) for account in accounts]


def _person(chosen: str) -> str | None:
    return None if not chosen else "" if chosen == _NOBODY else chosen


def _measure_name(name: str, context: Context) -> str:
    """Return the words for a measure: those of the evidence's drawing, without the unit, with the part that is meant."""
    words = context.texts.words
    for kind in ("heatmap", "scores", "gates", "regions", "correlation", "speech"):
        if title := words.get(f"views.{kind}.{name}"):
            return _plain(title)
    evidence, _, part = name.rpartition(".")
    named = next(
        (words[key] for kind in ("heatmap", "scores", "gates") if (key := f"views.{kind}.{evidence}") in words), evidence
    )
    return f"{_plain(named)} · {words.get(f'views.modality.{part}', part)}" if evidence else name


def _plain(title: str) -> str:
    return title.removesuffix("，%").removesuffix(", %")


def criteria_of(said: dict[str, Any]) -> Criteria:
    """Return what was chosen, by the names of the choices, as the store is asked."""
    measured = None
    if said["measure"]:
        value = said["value"]
        bounds = {said["bound"]: float(value)} if value not in (None, "") else {}
        measured = Measured(said["measure"], wrong=_EITHER[said["wrong"] or ""], whole=said["whole"] == "text", **bounds)
    return Criteria(
        text=said["text"] or "",
        labels=(said["label"],) if said["label"] else (),
        labels_by=cast(Origin, said["origin"]) or None,
        at_least=_whole(said["at_least"]),
        at_most=_whole(said["at_most"]),
        author=_person(said["author"]),
        status=cast(Status, said["status"]) or None,
        flagged=_EITHER[said["flagged"] or ""],
        disagreement=_EITHER[said["disagreement"] or ""],
        conflicted=_EITHER[said["conflicted"] or ""],
        assigned=_person(said["assigned"]),
        measured=measured,
        order=cast(Order, said["order"]) or "recent",
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def lay_out(context: Context) -> tuple[Filters, gr.Button]:
    """Lay the choices out, with the button that clears them."""
    t = context.texts

    def choice(name: str, *values: str, width: int = 130) -> gr.Dropdown:
        options = [(t(f"documents.{name}.{value or 'any'}"), value) for value in values] or [(t("documents.any.label"), "")]
        value: Any = DEFAULTS.get(name, "")
        return gr.Dropdown(options, value=value, label=t(f"documents.{name}.label"), elem_id=f"documents-{name}", min_width=width)

    def number(name: str, step: float = 1, precision: int | None = 0) -> gr.Number:
        steps: dict[str, Any] = {"step": step, "precision": precision}
        label, begin = t(f"documents.{name}.label"), DEFAULTS.get(name)
        return gr.Number(begin, label=label, **steps, elem_id=f"documents-{name}", min_width=90)

    places = [(t(f"documents.place.{place}"), place) for place in ("all", "bin")]
    bin = gr.Radio(places, value="all", show_label=False, container=False, elem_id="documents-place", visible=False)
    with gr.Row(elem_classes="sieve", equal_height=True):
        words: dict[str, Any] = {"label": t("documents.text.label"), "placeholder": t("documents.text.hint")}
        text = gr.Textbox(**words, max_lines=1, elem_id="documents-text", min_width=220, scale=3)
        status, order = choice("status", "", *_STATES), choice("order", *_ORDERS)
    with gr.Accordion(t("documents.more.label"), open=False, elem_id="documents-more"):
        with gr.Row(elem_classes="sieve"):
            label, origin = choice("label"), choice("origin", "", *_ORIGINS)
            at_least, at_most = number("at_least"), number("at_most")
            author, assigned = choice("author"), choice("assigned")
        with gr.Row(elem_classes="sieve"):
            flagged, disagreement, conflicted = (
                choice(name, "", "yes", "no") for name in ("flagged", "disagreement", "conflicted")
            )
        with gr.Row(elem_classes="sieve"):
            measure, whole = choice("measure", width=220), choice("whole", "entity", "text")
            bound = choice("bound", "above", "below", width=90)
            value = number("value", step=0.05, precision=None)
            wrong = choice("wrong", "", "yes", "no")
        with gr.Row(elem_classes="sieve-foot"):
            gr.HTML(f'<p class="duomo-note">{t("documents.measure.hint")}</p>')
            clear = gr.Button(t("documents.clear.label"), size="sm", scale=0, min_width=120, elem_id="documents-clear")
    kept = (
        bin,
        text,
        status,
        order,
        label,
        origin,
        at_least,
        at_most,
        author,
        assigned,
        flagged,
        disagreement,
        conflicted,
        measure,
        whole,
        bound,
        value,
        wrong,
    )
    return Filters(*kept), clear
