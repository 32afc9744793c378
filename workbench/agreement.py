"""Agreement of a project's annotators, gathered from the store, measured by the engine, and kept until somebody saves again."""

from __future__ import annotations

import csv
import io
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from engine.document import Document
from engine.evaluation.agreement import Agreement, Figure, Layers, Window, match, measure, measure_over_time
from workbench.differences import NONE, Lowest, Pair, confusion, differences, lowest
from workbench.errors import UserError
from workbench.store import Store

_KEPT = 8
_WINDOWS = 8
_SMALLEST = 10


@dataclass(frozen=True, slots=True)
class Question:
    """What agreement is asked for.

    Attributes:
        annotators: whose; all if none are named.
        labels: of these alone; all if none are named.
        since: of what was saved on this day or later.
        until: and on this day at the latest.
    """

    annotators: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is left out."""
        return self == Question()


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found.

    Attributes:
        question: what was asked.
        agreement: every figure.
        windows: the same over time; empty where there are too few documents for two windows.
        differences: what pairs of annotators called a stretch, and how often in which document.
        lowest: the documents with the lowest agreement.
        revision: the latest in the store when it was asked.
        moment: when it was computed.
    """

    question: Question
    agreement: Agreement
    windows: tuple[Window, ...]
    differences: dict[Pair, Counter[int]]
    lowest: tuple[Lowest, ...]
    revision: int
    moment: datetime


class Agreements:
    """What was measured lately; the headline of each project is a setting of the store, so that it outlives a restart."""

    def __init__(self, store: Store) -> None:
        """Measure what a store holds."""
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, Question, int], Measured] = OrderedDict()

    def known(self, project: int, question: Question) -> Measured | None:
        """Return what was measured of this already, if nobody has saved since."""
        with self._lock:
            return self._kept.get((project, question, self._store.latest_revision()))

    def measure(self, project: int, question: Question, tell: Callable[[str, int, int], None] = lambda *_: None) -> Measured:
        """Measure, or return what was measured already.

        Args:
            project: whose annotators.
            question: which of them, and of what.
            tell: is told of each step: ``"read"`` an annotator, ``"measure"``, ``"time"``, and how many of how many are done.

        Raises:
            UserError: if there are no two annotators, or no document of two.
        """
        known = self.known(project, question)
        if known:
            return known
        revision = self._store.latest_revision()
        layers = self._gather(project, question, tell)
        tell("measure", 0, 2)
        agreement = measure(layers)
        tell("time", 1, 2)
        saved = self._store.statistics.saved(project)
        windows = _windows(layers, lambda document: saved[int(document.meta["revision"])])
        now = datetime.now().astimezone()
        found = Measured(question, agreement, windows, differences(layers), lowest(layers), revision, now)
        with self._lock:
            self._kept[project, question, revision] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        if question.is_whole:
            self._store.settings.set(_headline(project), _summary(found))
        return found

    def headline(self, project: int) -> dict[str, Any] | None:
        """Return Cohen's kappa per character as last measured over all annotators of a project, and since how many saves."""
        kept = self._store.settings.get(_headline(project))
        return {**kept, "since": self._store.latest_revision() - kept["revision"]} if kept else None

    def _gather(self, project: int, question: Question, tell: Callable[[str, int, int], None]) -> Layers:
        authors = [name for name in self._store.reading.authors(project) if name in (question.annotators or (name,))]
        if len(authors) < 2:
            raise UserError("agreement.few.error")
        saved = self._store.statistics.saved(project)
        found: dict[str, list[Document]] = {}
        for number, author in enumerate(authors):
            tell("read", number, len(authors))
            documents = self._store.reading.answers(project, author=author)
            # Names of documents need not be unique; their numbers are.
            found[author] = [replace(each, id=each.meta["document"]) for each in documents if _within(question, each, saved)]
        layers = match(found)
        if not any(sum(document is not None for document in row) > 1 for row in layers.rows):
            raise UserError("agreement.shared.error")
        return layers.only(question.labels) if question.labels else layers


def table_csv(measured: Measured, kind: str) -> str:
    """Return a table as CSV, with a byte order mark, without which Excel takes Chinese for something else.

    Args:
        measured: what was found.
        kind: ``"overall"``, ``"pairs"``, ``"labels"``, ``"time"``, ``"confusion"`` or ``"documents"``.

    Raises:
        KeyError: if there is no such table.
    """
    rows = _TABLES[kind](measured)
    written = io.StringIO()
    csv.writer(written).writerows([[_plain(cell) for cell in row] for row in rows])
    return "\ufeff" + written.getvalue()


MEASURES = ("kappa", "fleiss", "alpha", "alpha_unitizing", "span_kappa", "f1", "border_f1")


def _plain(cell: object) -> object:
    # A cell that begins like this is a formula to a spreadsheet, and names are whatever somebody typed.
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell != NONE else cell


def _cells(figure: Figure | None) -> tuple[object, object, object]:
    return ("", "", "") if figure is None else (figure.value, figure.low, figure.high)


def _columns(measures: Iterable[str]) -> list[str]:
    return [f"{measure}{part}" for measure in measures for part in ("", "_low", "_high")]


def _overall_rows(found: Measured) -> list[Sequence[object]]:
    return [("measure", "value", "low", "high"), *((name, *_cells(getattr(found.agreement.overall, name))) for name in MEASURES)]


def _pair_rows(found: Measured) -> list[Sequence[object]]:
    measures = ("kappa", "span_kappa", "f1", "border_f1")
    head = ["one", "other", "documents", *_columns(measures)]
    rows = [
        [*pair.annotators, pair.documents, *(cell for name in measures for cell in _cells(getattr(pair, name)))]
        for pair in found.agreement.pairs
    ]
    return [head, *rows]


def _label_rows(found: Measured) -> list[Sequence[object]]:
    rows = [
        [label, *(cell for name in MEASURES[:-1] for cell in _cells(getattr(figures, name)))]
        for label, figures in found.agreement.labels.items()
    ]
    return [["label", *_columns(MEASURES[:-1])], *rows]


def _time_rows(found: Measured) -> list[Sequence[object]]:
    measures = ("kappa", "f1")
    rows = [
        [window.first, window.last, window.agreement.documents]
        + [cell for name in measures for cell in _cells(getattr(window.agreement.overall, name))]
        for window in found.windows
    ]
    return [["first", "last", "documents", *_columns(measures)], *rows]


def _confusion_rows(found: Measured) -> list[Sequence[object]]:
    return [("one", "other", "count"), *((*pair, count) for pair, count in sorted(confusion(found.differences).items()))]


def _document_rows(found: Measured) -> list[Sequence[object]]:
    rows = [(each.document_id, each.f1, each.annotators, each.excerpt) for each in found.lowest]
    return [("document", "f1", "annotators", "text"), *rows]


_TABLES: Mapping[str, Callable[[Measured], list[Sequence[object]]]] = {
    "overall": _overall_rows,
    "pairs": _pair_rows,
    "labels": _label_rows,
    "time": _time_rows,
    "confusion": _confusion_rows,
    "documents": _document_rows,
}


def _within(question: Question, document: Document, saved: Any) -> bool:
    moment = saved.get(int(document.meta["revision"]))
    if moment is None:
        return False
    day = moment.astimezone().date()
    return (question.since is None or question.since <= day) and (question.until is None or day <= question.until)


def _windows(layers: Layers, when: Callable[[Document], datetime]) -> tuple[Window, ...]:
    shared = tuple(row for row in layers.rows if sum(document is not None for document in row) > 1)
    size = max(_SMALLEST, -(-len(shared) // _WINDOWS))
    if len(shared) < 2 * size:
        return ()
    return measure_over_time(Layers(layers.annotators, shared), when, size, resamples=200)


def _headline(project: int) -> str:
    return f"agreement.{project}"


def _summary(found: Measured) -> dict[str, Any]:
    agreement = found.agreement
    kappa = agreement.overall.kappa.to_json()
    moment = found.moment.isoformat(timespec="minutes")
    return {"kappa": kappa, "annotators": len(agreement.annotators), "documents": agreement.shared, "moment": moment} | {
        "revision": found.revision
    }
