"""What annotators agree on and what is to be adjudicated, case by case, and the layer that most of them would have."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from engine.document import Document, Span
from engine.evaluation.agreement.layers import Layers, Row

AGREED, TYPE, BORDERS, UNMARKED = "agreed", "type", "borders", "unmarked"
KINDS = (AGREED, TYPE, BORDERS, UNMARKED)
"""All marked it; the same stretch with another label; stretches that overlap; some marked it and the others nothing there."""

_Marks = dict[Span, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """Spans that are one question, and who marked them.

    Attributes:
        document: its id.
        kind: of :data:`KINDS`.
        marked: each span with the annotators that marked it, by place.
        annotators: all who annotated the document.
    """

    document: str
    kind: str
    marked: tuple[tuple[Span, tuple[str, ...]], ...]
    annotators: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the case as plain values."""
        marked = [{"span": list(span.key), "annotators": list(by)} for span, by in self.marked]
        return {"document": self.document, "kind": self.kind, "marked": marked, "annotators": list(self.annotators)}


@dataclass(frozen=True, slots=True)
class Majority:
    """What most annotators marked.

    Attributes:
        documents: each document that two or more annotated, with the spans that more than half of its annotators marked.
        ties: spans that exactly half of them marked, which are left out.
    """

    documents: tuple[Document, ...]
    ties: tuple[Case, ...]


def list_cases(layers: Layers) -> tuple[Case, ...]:
    """List what is agreed on and what is not in the documents that two or more annotated, in order.

    A span that all marked is agreed on. What remains is one case as far as spans of different annotators overlap; spans that
    the same annotators marked, such as lie in each other, are cases of their own.
    """
    cases: list[Case] = []
    for row in layers.rows:
        name, there, marks = _marks(layers, row)
        if len(there) > 1:
            agreed = [span for span, by in marks.items() if by == there]
            groups = [[span] for span in agreed] + _questions({span: by for span, by in marks.items() if by != there})
            for spans in sorted(groups, key=lambda group: group[0].priority):
                kind = AGREED if marks[spans[0]] == there else _kind(spans)
                cases.append(Case(name, kind, tuple((span, marks[span]) for span in spans), there))
    return tuple(cases)


def majority(layers: Layers) -> Majority:
    """Keep the spans that more than half of a document's annotators marked.

    Of layers whose spans do not overlap, those kept do not either: two that more than half marked are together in some layer.
    """
    documents: list[Document] = []
    ties: list[Case] = []
    for row in layers.rows:
        name, there, marks = _marks(layers, row)
        if len(there) > 1:
            first = next(document for document in row if document is not None)
            documents.append(
                first.with_spans(replace(span, score=None) for span, by in marks.items() if 2 * len(by) > len(there))
            )
            halves = [(span, by) for span, by in marks.items() if 2 * len(by) == len(there)]
            ties += [Case(name, _kind_of_tie(span, marks), ((span, by),), there) for span, by in halves]
    return Majority(tuple(documents), tuple(ties))


def _marks(layers: Layers, row: Row) -> tuple[str, tuple[str, ...], _Marks]:
    """Return a document's id, who annotated it, and who marked each span, by place."""
    there = [(name, document) for name, document in zip(layers.annotators, row, strict=True) if document is not None]
    found: dict[Span, list[str]] = defaultdict(list)
    for name, document in there:
        for span in document.spans:
            found[span].append(name)
    ordered = sorted(found, key=lambda span: span.priority)
    return there[0][1].id, tuple(name for name, _ in there), {span: tuple(found[span]) for span in ordered}


def _questions(marks: _Marks) -> list[list[Span]]:
    """Group spans that overlap and that different annotators marked, each group by place."""
    groups: list[list[Span]] = []
    for span in marks:
        rivals = [group for group in groups if any(_are_rivals(span, other, marks) for other in group)]
        joined = [other for group in rivals for other in group]
        groups = [group for group in groups if group not in rivals]
        groups.append(sorted([*joined, span], key=lambda member: member.priority))
    return groups


def _are_rivals(one: Span, other: Span, marks: _Marks) -> bool:
    mine, theirs = set(marks[one]), set(marks[other])
    return one.overlaps(other) and bool(mine - theirs) and bool(theirs - mine)


def _kind(spans: list[Span]) -> str:
    if len(spans) == 1:
        return UNMARKED
    return TYPE if len({(span.start, span.end) for span in spans}) == 1 else BORDERS


def _kind_of_tie(span: Span, marks: _Marks) -> str:
    rivals = [other for other in marks if other != span and _are_rivals(span, other, marks)]
    return _kind([span, *rivals])
