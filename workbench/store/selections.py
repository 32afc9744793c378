"""What active learning chose to be annotated next: the order of the queue, why a document came, and which arm it is of.

A round chooses some documents by a strategy and some at random, which are the control arm: only of these is it known how the
model fares on documents that nobody picked for it. What has been annotated keeps the round that it came by; what has not can be
chosen anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from engine.document import Document, Span
from workbench.store.checking import check_json, checked
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.events import record
from workbench.store.naming import UNCHANGED, Becomes, resolved
from workbench.store.projects import project_row
from workbench.store.queries import best_of_each
from workbench.store.records import dump_spans, read_spans
from workbench.store.revisions import resolutions
from workbench.store.schema import AssignmentRow, DocumentRow, RevisionRow, SelectionRow, StateRow, now

Arm = Literal["chosen", "control"]


@dataclass(frozen=True, slots=True)
class Pick:
    """A document that is to be annotated next.

    Attributes:
        document_id: which.
        arm: ``"chosen"`` by the strategy, ``"control"`` at random.
        predicted: what the model says of it now.
        reason: why it came, any JSON object; see :class:`engine.acquisition.Reason`.
    """

    document_id: int
    arm: Arm
    predicted: tuple[Span, ...] = ()
    reason: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """That a document was chosen.

    Attributes:
        pick: which, by which arm, why, and what the model said of it.
        round: rises with every choice made in the project.
        position: in the project's queue.
        strategy: of the round.
        checkpoint: the model that chose.
        learned: how many of the project's documents it had learned by then.
        created: when, in UTC.
    """

    pick: Pick
    round: int
    position: int
    strategy: str
    checkpoint: str
    learned: int
    created: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A chosen document as a person has annotated it since.

    Attributes:
        selection: how it came.
        document: text and spans, as they are learned from.
        revision: the id of the annotation that counts.
        seconds: how long it took, where that is known.
    """

    selection: Selection
    document: Document
    revision: int
    seconds: float | None = None


class Selections:
    """The rounds of every project."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def pool(self, project: int) -> tuple[Document, ...]:
        """Return what nobody has annotated yet, without spans; recordings and pictures are named, and lie in the workspace.

        Raises:
            StoreError: if there is no such project.
        """
        waiting = select(DocumentRow).join(StateRow, StateRow.document_id == DocumentRow.id).order_by(DocumentRow.id)
        with self._database.reading() as session:
            project_row(session, project)
            return tuple(_bare(row) for row in session.scalars(waiting.where(*_open(project))))

    def choose(
        self, project: int, picks: Sequence[Pick], *, strategy: str, checkpoint: str, learned: int = 0, by: str = ""
    ) -> int:
        """Put documents at the head of the queue, in this order, and return the number of the round.

        What an earlier round chose and nobody has annotated is let go. What is dealt already comes to everyone in the new order.

        Args:
            project: where.
            picks: the first to be annotated first; none to have documents come as they came in.
            strategy: by which those of the arm ``"chosen"`` were.
            checkpoint: the model that was asked.
            learned: how many of the project's documents it has learned.
            by: who had it choose.

        Raises:
            StoreError: if a document comes twice, has been annotated, or is not of the project.
        """
        with self._database.writing() as session:
            project_row(session, project)
            texts = dict(_texts(session, project))
            _check(picks, texts)
            for pick in picks:
                checked(texts[pick.document_id], pick.predicted)
                check_json(dict(pick.reason))
            last, position = reached(session, project)
            gone = select(StateRow.document_id).where(*_open(project))
            session.execute(delete(SelectionRow).where(SelectionRow.document_id.in_(gone)))
            model = {"strategy": strategy, "checkpoint": checkpoint, "learned": learned}
            common = {"project_id": project, "round": last + 1, **model, "created": now()}
            if picks:
                session.execute(insert(SelectionRow), [_row(pick, position + i, common) for i, pick in enumerate(picks, start=1)])
            _reorder(session, project, [pick.document_id for pick in picks])
            record(session, "chosen", by, project=project, payload={"round": last + 1, **model, "documents": len(picks)})
            return last + 1

    def of(self, document_id: int) -> Selection | None:
        """Return how a document came, if it was chosen."""
        with self._database.reading() as session:
            row = session.get(SelectionRow, document_id)
            return read_selection(row, resolutions(session, row.project_id)) if row else None

    def waiting(self, project: int) -> tuple[Selection, ...]:
        """Return what was chosen and nobody has annotated yet, in the order in which it comes."""
        query = select(SelectionRow).join(StateRow, StateRow.document_id == SelectionRow.document_id).where(*_open(project))
        with self._database.reading() as session:
            becomes = resolutions(session, project)
            return tuple(read_selection(row, becomes) for row in session.scalars(query.order_by(SelectionRow.position)))

    def judged(self, project: int) -> tuple[Judged, ...]:
        """Return what was chosen and has been annotated, in the order of the annotations that count."""
        best = (
            best_of_each(None, "gold", "annotation").where(StateRow.project_id == project, StateRow.deleted.is_(None)).subquery()
        )
        query = (
            select(SelectionRow, DocumentRow, RevisionRow)
            .join(DocumentRow, DocumentRow.id == SelectionRow.document_id)
            .join(best, best.c.document_id == SelectionRow.document_id)
            .join(RevisionRow, RevisionRow.id == best.c.revision_id)
            .order_by(RevisionRow.id)
        )
        with self._database.reading() as session:
            becomes = resolutions(session, project)
            return tuple(_judged(*found, becomes) for found in session.execute(query) if not found[2].proposals)


def _open(project: int) -> tuple[Any, ...]:
    return StateRow.project_id == project, StateRow.deleted.is_(None), StateRow.status == "open"


def _texts(session: Session, project: int) -> Any:
    query = select(DocumentRow.id, DocumentRow.text).join(StateRow, StateRow.document_id == DocumentRow.id)
    return ((number, text) for number, text in session.execute(query.where(*_open(project))))


def _check(picks: Sequence[Pick], texts: Mapping[int, str]) -> None:
    numbers = [pick.document_id for pick in picks]
    if odd := set(numbers) - set(texts):
        raise StoreError(f"document {min(odd)} is annotated by now, or not of this project; choose once more")
    if len(set(numbers)) < len(numbers):
        raise StoreError("a document was chosen twice in one round; choose each once")


def reached(session: Session, project: int) -> tuple[int, int]:
    """Return the last round and the last position; a round of which nothing was annotated counts too."""
    query = select(func.max(SelectionRow.round), func.max(SelectionRow.position)).where(SelectionRow.project_id == project)
    last, position = session.execute(query).one()
    return last or 0, position or 0


def _row(pick: Pick, position: int, common: Mapping[str, Any]) -> dict[str, Any]:
    own = {"document_id": pick.document_id, "position": position, "arm": pick.arm}
    return {**common, **own, "predicted": dump_spans(pick.predicted), "reason": dict(pick.reason)}


def _reorder(session: Session, project: int, first: Sequence[int]) -> None:
    """Let everyone's waiting documents come in the new order, at the places that these documents have."""
    rank = {number: place for place, number in enumerate(first)}
    waiting = select(AssignmentRow).where(
        AssignmentRow.project_id == project, AssignmentRow.finished.is_(None), AssignmentRow.skipped.is_(None)
    )
    by_account: dict[str, list[AssignmentRow]] = {}
    for row in session.scalars(waiting.order_by(AssignmentRow.position)):
        by_account.setdefault(row.account, []).append(row)
    for rows in by_account.values():
        places = [row.position for row in rows]
        ordered = sorted(rows, key=lambda row: rank.get(row.document_id, len(rank)))
        for row, place in zip(ordered, places, strict=True):
            row.position = place


def _bare(row: DocumentRow) -> Document:
    return Document(row.text, id=str(row.id), images=tuple(row.pictures), audio=row.recording or None)


def read_selection(row: SelectionRow, becomes: Becomes = UNCHANGED) -> Selection:
    """Return the record of a row, its labels under the names that they are read as now."""
    pick = Pick(row.document_id, cast(Arm, row.arm), resolved(read_spans(row.predicted), becomes), row.reason)
    return Selection(pick, row.round, row.position, row.strategy, row.checkpoint, row.learned, row.created)


def _judged(row: SelectionRow, document: DocumentRow, revision: RevisionRow, becomes: Becomes) -> Judged:
    spans = resolved(read_spans(revision.spans), becomes)
    found = Document(document.text, spans, id=str(document.id), images=tuple(revision.pictures), audio=revision.recording or None)
    return Judged(read_selection(row, becomes), found, revision.id, revision.seconds)
