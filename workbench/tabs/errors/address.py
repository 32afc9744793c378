"""What of a study is looked at, and how it stands in the page's address, so that a link opens the same view."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode

from workbench.studies import Model, Question

PLACE = "#errors"
NOBODY = -1


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at.

    Attributes:
        question: what is studied.
        key: of the study, once there is one; not part of the address.
        a: the reading whose figures are shown.
        b: the one that it is compared with, or :data:`NOBODY`.
        select: which cases are listed, see :mod:`engine.evaluation.selecting`; empty for none.
        page: of the list.
        together: whether a case counts under every error kind that it is of.
    """

    question: Question
    key: str = ""
    a: int = 0
    b: int = NOBODY
    select: str = ""
    page: int = 0
    together: bool = False


def written(view: View) -> str:
    """Return a view as the end of an address."""
    question = view.question
    said = {"data": question.data, "models": ",".join(model.key for model in question.models)}
    if question.mapping:
        said["map"] = json.dumps(dict(question.mapping), ensure_ascii=False, separators=(",", ":"))
    if question.training:
        said["training"] = question.training
    if view.a:
        said["a"] = str(view.a)
    if view.b != NOBODY:
        said["b"] = str(view.b)
    if view.select:
        said["select"] = view.select
    if view.page:
        said["page"] = str(view.page)
    if view.together:
        said["count"] = "together"
    return f"{PLACE}?{urlencode(said, safe=':,@~+', quote_via=quote)}"


def read(address: str) -> View | None:
    """Return the view that the end of an address asks for; nothing where it asks for none, or for none that can be."""
    place, _, query = address.partition("?")
    # In the query a plus sign stands for itself: it separates what a model is asked without.
    said = {name: values[-1] for name, values in parse_qs(query.replace("+", "%2B")).items()}
    if place != PLACE or not said.get("data") or not said.get("models"):
        return None
    models = tuple(Model.of(key) for key in said["models"].split(","))
    a, b, page = (_number(said.get(name, "")) for name in ("a", "b", "page"))
    a = a if 0 <= a < len(models) else 0
    b = b if 0 <= b < len(models) and b != a else NOBODY
    question = Question(said["data"], models, _mapping(said.get("map", "")), said.get("training", ""))
    return View(question, "", a, b, said.get("select", ""), max(0, page), said.get("count") == "together")


def _number(said: str) -> int:
    return int(said) if said.isdecimal() and len(said) < 7 else NOBODY


def _mapping(said: str) -> tuple[tuple[str, str], ...]:
    try:
        pairs = json.loads(said or "{}")
    except ValueError:
        return ()
    if not isinstance(pairs, dict):
        return ()
    return tuple(sorted((str(gold), str(found)) for gold, found in pairs.items()))
