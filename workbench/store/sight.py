"""What an account may see of a document: in a blind project an annotator sees nobody's annotations but their own.

What a file said, the import, is everybody's. Curators and admins see everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from workbench.store.errors import StoreError
from workbench.store.events import Event
from workbench.store.projects import project_in, role_in
from workbench.store.records import Revision
from workbench.store.schema import AssignmentRow, HeadRow

_OPEN_TO_ALL = ("imported", "deleted", "restored")


@dataclass(frozen=True, slots=True)
class Sight:
    """Through whose eyes documents of a project are read.

    Attributes:
        account: whose; ``None`` for the program itself, which sees all.
        blind: whether what others did is kept from them.
    """

    account: str | None = None
    blind: bool = False

    def heads(self) -> ColumnElement[bool]:
        """Return the condition on heads that may be seen."""
        if not self.blind:
            return HeadRow.layer != ""
        own = and_(HeadRow.layer == "annotation", HeadRow.author == (self.account or ""))
        return or_(own, HeadRow.layer == "imported")

    def sees(self, done: Revision | Event) -> bool:
        """Tell whether a revision or an event may be seen."""
        if not self.blind:
            return True
        if isinstance(done, Revision):
            return done.layer == "imported" or (done.layer == "annotation" and done.author == self.account)
        return done.account == self.account or done.kind in _OPEN_TO_ALL

    def status(self, session: Session, document_id: int, status: str) -> str:
        """Return how far a document is: for who sees nobody else, how far they are with it themselves."""
        if not self.blind:
            return status
        row = session.get(AssignmentRow, (document_id, self.account))
        if row is not None and row.finished is not None:
            return "finished"
        own: Any = select(HeadRow.revision_id).where(HeadRow.document_id == document_id, HeadRow.layer == "annotation")
        return "begun" if session.scalar(own.where(HeadRow.author == self.account)) else "open"


ALL = Sight()


def sight_of(session: Session, project: int, account: str | None) -> Sight:
    """Return what somebody may see in a project.

    Raises:
        StoreError: if they have no part in it.
    """
    if account is None:
        return ALL
    role = role_in(session, project, account)
    if role is None:
        raise StoreError(f"{account or 'who has not signed in'} has no part in project {project}; ask its curator for access")
    return Sight(account, role == "annotator" and project_in(session, project).blind)
