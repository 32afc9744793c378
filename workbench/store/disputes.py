"""What is there to adjudicate: documents of several annotators, and on how many stretches they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, case, func, select

from workbench.store.database import Database
from workbench.store.naming import Becomes, resolve
from workbench.store.projects import project_in
from workbench.store.records import Status
from workbench.store.revisions import resolutions
from workbench.store.schema import DocumentRow, HeadRow, MentionRow, StateRow

_EXCERPT = 80


@dataclass(frozen=True, slots=True)
class Dispute:
    """A document that can be adjudicated.

    Attributes:
        document_id: which.
        name: what its file calls it.
        excerpt: how its text begins.
        annotators: how many have saved an annotation of it.
        differing: how many labelled stretches some of them marked and others did not.
        status: how far the document is.
        judged: whether it has gold.
    """

    document_id: int
    name: str
    excerpt: str
    annotators: int
    differing: int
    status: Status
    judged: bool


class Disputes:
    """The documents to adjudicate of every project."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def list(self, project: int, *, judged: bool = False) -> tuple[Dispute, ...]:
        """Return what two or more have annotated, or all who were to: disagreement first, then as they came.

        Args:
            project: whose documents; those in the recycle bin are left out.
            judged: those that have gold already too.

        Raises:
            StoreError: if there is no such project.
        """
        with self._database.reading() as session:
            project_in(session, project)
            query = _query(project, resolutions(session, project))
            rows = session.execute(query).all()
        found = (Dispute(row[0], row[1], row[2], row[3], row[4], cast(Status, row[5]), bool(row[6])) for row in rows)
        wanted = (each for each in found if judged or not each.judged)
        return tuple(sorted(wanted, key=lambda each: (not each.differing, each.document_id)))


def _query(project: int, becomes: Becomes) -> Select[Any]:
    annotations = (HeadRow.layer == "annotation", StateRow.project_id == project, StateRow.deleted.is_(None))
    voters = (
        select(HeadRow.document_id, func.count().label("annotators"))
        .join(StateRow, StateRow.document_id == HeadRow.document_id)
        .where(*annotations)
        .group_by(HeadRow.document_id)
        .subquery()
    )
    label: Any = MentionRow.label
    if becomes:
        label = case({name: resolve(name, becomes) for name in becomes}, value=label, else_=label)
    # One head may hold a label under its former and its present name.
    votes = func.count(func.distinct(MentionRow.revision_id))
    units = (
        select(MentionRow.document_id, votes.label("votes"))
        .join(HeadRow, HeadRow.revision_id == MentionRow.revision_id)
        .join(StateRow, StateRow.document_id == MentionRow.document_id)
        .where(*annotations)
        .group_by(MentionRow.document_id, MentionRow.start, MentionRow.end, label)
        .subquery()
    )
    differing = (
        select(units.c.document_id, func.count().label("differing"))
        .join(voters, voters.c.document_id == units.c.document_id)
        .where(units.c.votes < voters.c.annotators)
        .group_by(units.c.document_id)
        .subquery()
    )
    gold = select(HeadRow.document_id).where(HeadRow.document_id == DocumentRow.id, HeadRow.layer == "gold").exists()
    return (
        select(
            DocumentRow.id,
            DocumentRow.name,
            func.substr(DocumentRow.text, 1, _EXCERPT),
            voters.c.annotators,
            func.coalesce(differing.c.differing, 0),
            StateRow.status,
            gold,
        )
        .join(StateRow, StateRow.document_id == DocumentRow.id)
        .join(voters, voters.c.document_id == DocumentRow.id)
        .outerjoin(differing, differing.c.document_id == DocumentRow.id)
        .where((voters.c.annotators > 1) | (StateRow.status.in_(["finished", "gold"])))
    )
