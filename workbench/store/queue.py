"""The questions of who is to do what next."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from workbench.store.schema import AssignmentRow, SelectionRow, StateRow

_LAST = 2**31 - 1
_PLACE = func.coalesce(SelectionRow.position, _LAST)
RANK = tuple_(_PLACE, StateRow.document_id)
"""The order of what was given to nobody: as it was chosen, the rest behind as it came in."""


def documents_of(project: Any) -> Any:
    """Return the query of the documents of a project, as they came; those in the recycle bin are left out."""
    query = select(StateRow.document_id).where(StateRow.project_id == project, StateRow.deleted.is_(None))
    return query.order_by(StateRow.document_id)


def free_documents(project: Any) -> Any:
    """Return the query of the documents that were given to nobody and that nobody has annotated: what was chosen first."""
    given = select(AssignmentRow.document_id).where(AssignmentRow.document_id == StateRow.document_id).exists()
    query = documents_of(project).outerjoin(SelectionRow, SelectionRow.document_id == StateRow.document_id)
    return query.where(StateRow.status == "open", ~given).order_by(None).order_by(*RANK)


def rank_of(session: Session, document_id: int) -> Any:
    """Return where a document stands in the order of :data:`RANK`; 0 stands before all."""
    position = session.scalar(select(SelectionRow.position).where(SelectionRow.document_id == document_id))
    return tuple_(literal(_LAST if position is None and document_id else position or 0), literal(document_id))


def given_to(project: Any, account: Any) -> Any:
    """Return the query of what was given to somebody, in the order in which they are to do it."""
    return (
        select(
            AssignmentRow.document_id,
            AssignmentRow.position,
            AssignmentRow.finished,
            AssignmentRow.skipped,
            SelectionRow.document_id.is_not(None).label("chosen"),
        )
        .join(StateRow, StateRow.document_id == AssignmentRow.document_id)
        .outerjoin(SelectionRow, SelectionRow.document_id == AssignmentRow.document_id)
        .where(AssignmentRow.project_id == project, AssignmentRow.account == account, StateRow.deleted.is_(None))
        .order_by(AssignmentRow.position)
    )


# To put a statement together takes longer than to run it, and these two are asked at every save.
@cache
def standing() -> Any:
    """Return the query of how many documents somebody is to do, and of those before one of them, the last where it is none."""
    given = given_to(bindparam("project"), bindparam("account")).order_by(None).subquery()
    here = given.c.document_id == bindparam("document")
    at = select(given.c.position).where(here).scalar_subquery()
    before = select(given.c.document_id).where(or_(at.is_(None), given.c.position < at)).order_by(given.c.position.desc())
    waits = and_(given.c.finished.is_(None), given.c.skipped.is_(None))
    return select(
        func.count().label("total"),
        func.count(case((waits, 1))).label("waiting"),
        func.count(case((given.c.position <= at, 1))).label("ahead"),
        func.count(case((here, 1))).label("here"),
        before.limit(1).scalar_subquery().label("before"),
    ).select_from(given)


@cache
def standing_among_free() -> Any:
    """Return the same query of the documents that are nobody's."""
    document = bindparam("document", type_=Integer)
    ranked = free_documents(bindparam("project")).order_by(None).add_columns(_PLACE.label("place"))
    free = ranked.subquery()
    here = free.c.document_id == document
    at = select(free.c.place).where(here).scalar_subquery()
    earlier = or_(free.c.place < at, and_(free.c.place == at, free.c.document_id < document))
    before = select(free.c.document_id).where(earlier).order_by(free.c.place.desc(), free.c.document_id.desc()).limit(1)
    return select(
        func.count().label("total"),
        func.count(case((or_(earlier, here), 1))).label("ahead"),
        func.count(case((here, 1))).label("here"),
        before.scalar_subquery().label("before"),
    ).select_from(free)


def waiting_for(project: int, account: str) -> Any:
    """Return the same query of what they have neither finished nor put off."""
    return given_to(project, account).where(AssignmentRow.finished.is_(None), AssignmentRow.skipped.is_(None))
