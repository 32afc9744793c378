"""What a model's evidence came to, in numbers that documents are found by: how high, where, and whether the model was right.

A measure belongs to a revision and says what the model had before the person decided. Where no model had, there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from workbench.store.checking import check_storable
from workbench.store.errors import StoreError
from workbench.store.naming import Becomes
from workbench.store.revisions import keys_of
from workbench.store.schema import HeadRow, MeasureRow, RevisionRow, StateRow
from workbench.store.sight import Sight

_Stretch = tuple[int, int]
_WHOLE: _Stretch = (0, 0)


@dataclass(frozen=True, slots=True)
class Measure:
    """What one piece of evidence came to over a stretch of text.

    Attributes:
        name: of the evidence, with the part of it that is meant: ``"class_attention"``, ``"modality_gates.glyph"``.
        extent: the code points, half-open; ``None`` for the whole text.
        highest: the greatest of its values there.
        mean: their mean.
    """

    name: str
    extent: _Stretch | None
    highest: float
    mean: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What is asked of the evidence of documents; bounds left out are not asked.

    Attributes:
        name: of the measure.
        above: the highest value is greater.
        below: the highest value is less.
        wrong: whether what the model had proposed at that very place is not what was saved; ``None`` for either.
        whole: whether the text as a whole is meant; by default, any one entity, proposed or marked.
    """

    name: str
    above: float | None = None
    below: float | None = None
    wrong: bool | None = None
    whole: bool = False


def add_measures(session: Session, row: RevisionRow, measures: Iterable[Measure], becomes: Becomes) -> None:
    """Keep the measures of a revision that was appended.

    Raises:
        StoreError: if a value is not finite.
    """
    rows = []
    judged = _Judged(row, becomes)
    for measure in measures:
        check_storable(measure.name)
        if not (math.isfinite(measure.highest) and math.isfinite(measure.mean)):
            raise StoreError(f"the evidence {measure.name} is not a number; nothing is saved: save without evidence")
        start, end = measure.extent or _WHOLE
        place = {"revision_id": row.id, "document_id": row.document_id, "name": measure.name, "start": start, "end": end}
        wrong = judged.wrong((start, end))
        rows.append({**place, "highest": measure.highest, "mean": measure.mean, "wrong": wrong})
    if rows:
        session.execute(insert(MeasureRow), rows)


def judge_anew(session: Session, revision_ids: Iterable[int], becomes: Becomes) -> None:
    """See anew where models were wrong, after labels became others."""
    for number in revision_ids:
        rows = session.scalars(select(MeasureRow).where(MeasureRow.revision_id == number)).all()
        revision = session.get(RevisionRow, number) if rows else None
        if revision is None:
            continue
        judged = _Judged(revision, becomes)
        for row in rows:
            row.wrong = judged.wrong((row.start, row.end))


def has_measure(asked: Measured, sight: Sight, document_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that the evidence of a latest revision that may be seen is as asked."""
    query = select(MeasureRow.name).join(HeadRow, HeadRow.revision_id == MeasureRow.revision_id)
    found = query.where(MeasureRow.document_id == document_id, MeasureRow.name == asked.name, sight.heads())
    found = found.where(MeasureRow.end == 0 if asked.whole else MeasureRow.end > 0)
    if asked.above is not None:
        found = found.where(MeasureRow.highest > asked.above)
    if asked.below is not None:
        found = found.where(MeasureRow.highest < asked.below)
    if asked.wrong is not None:
        found = found.where(MeasureRow.wrong.is_(asked.wrong))
    return found.exists()


def measured_in(session: Session, project: int, sight: Sight) -> tuple[str, ...]:
    """Return the names of the measures that documents of a project can be found by."""
    query = (
        select(MeasureRow.name)
        .join(HeadRow, HeadRow.revision_id == MeasureRow.revision_id)
        .join(StateRow, StateRow.document_id == MeasureRow.document_id)
        .where(StateRow.project_id == project, StateRow.deleted.is_(None), sight.heads())
        .group_by(MeasureRow.name)
        .order_by(func.count().desc(), MeasureRow.name)
    )
    return tuple(session.scalars(query))


class _Judged:
    """What a model had proposed, beside what was saved and what is not decided yet."""

    def __init__(self, row: RevisionRow, becomes: Becomes) -> None:
        self._foretold = bool(row.checkpoint or row.prediction)
        self._said, self._proposed = keys_of(row.spans, becomes), keys_of(row.prediction, becomes)
        self._open = {(start, end) for start, end, _ in keys_of(row.proposals, becomes)}

    def wrong(self, extent: _Stretch) -> bool | None:
        if not self._foretold or extent in self._open or (extent == _WHOLE and self._open):
            return None
        if extent == _WHOLE:
            return self._said != self._proposed
        return self._labels(self._said, extent) != self._labels(self._proposed, extent)

    @staticmethod
    def _labels(keys: set[tuple[int, int, str]], extent: _Stretch) -> set[str]:
        return {label for start, end, label in keys if (start, end) == extent}
