"""Which documents and revisions of another copy of a project are here already, so that bringing it in twice makes no doubles.

A document is the same if its name, its text and the moment it was made are; else if a document here, not in the recycle bin, has
its name and text. A revision is the same if its client key is, in the same document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.store.adopting import Rules
from workbench.store.assignments import Assignment
from workbench.store.errors import StoreError
from workbench.store.events import Event
from workbench.store.labels import Label
from workbench.store.projects import Member
from workbench.store.queries import digest_of
from workbench.store.records import Revision, StoredDocument
from workbench.store.schema import DocumentRow, RevisionRow, StateRow
from workbench.store.selections import Selection
from workbench.store.whole import Evidence

AT_ONCE = 400
"""Rows that are asked for or written at once."""
_T = TypeVar("_T")


class Past(Protocol):
    """Another copy of a project: ids are its own, labels as they were said; what it does not tell is empty or ``None``."""

    @property
    def labels(self) -> Sequence[Label]:
        """Return every label, retired ones and former names too."""

    @property
    def guidelines(self) -> str | None:
        """Return the guidelines."""

    @property
    def rules(self) -> Rules | None:
        """Return the rules."""

    @property
    def members(self) -> Sequence[Member]:
        """Return who worked in the project, and as what."""

    def documents(self) -> Iterator[StoredDocument]:
        """Yield the documents in their order."""

    def revisions(self) -> Iterator[Revision]:
        """Yield the revisions in the order in which they were saved."""

    def evidence(self) -> Iterator[Evidence]:
        """Yield what models' proposals rested on."""

    def events(self) -> Iterator[Event]:
        """Yield the events, oldest first."""

    def assignments(self) -> Iterator[Assignment]:
        """Yield who was given what, in their order."""

    def selections(self) -> Iterator[Selection]:
        """Yield which documents were chosen to be next, in their order."""


@dataclass
class Matched:
    """What of another copy is here already; keys are its ids.

    Attributes:
        texts: of its documents.
        documents: which document here each is; those that are not here are left out.
        homes: those documents here.
        revisions: which revision here each is.
        new: how many revisions of each document are not here.
        taken: client keys that revisions of other documents have here.
        numbers: by ids of documents here, the number of their last revision.
        diverged: its documents that were annotated further both here and there.
        binned: how many are in its recycle bin.
        authors: who annotated there.
    """

    texts: dict[int, str] = field(default_factory=dict)
    documents: dict[int, int] = field(default_factory=dict)
    homes: set[int] = field(default_factory=set)
    revisions: dict[int, int] = field(default_factory=dict)
    new: dict[int, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    numbers: dict[int, int] = field(default_factory=dict)
    diverged: set[int] = field(default_factory=set)
    binned: int = 0
    authors: set[str] = field(default_factory=set)


@dataclass
class Arriving:
    """Another copy of a project while it is brought in; theirs are ids of the copy.

    Attributes:
        session: in which.
        project: into which.
        past: the copy.
        found: what of it was here already.
        left: its documents that stay as they are here.
        places: which document here each of its documents is.
        fresh: by ids here, the documents that were added.
    """

    session: Session
    project: int
    past: Past
    found: Matched
    left: set[int]
    places: dict[int, int] = field(default_factory=dict)
    fresh: dict[int, StoredDocument] = field(default_factory=dict)

    def place(self, theirs: int) -> int:
        """Return the document here that one of the copy is.

        Raises:
            StoreError: if the copy has none of this id.
        """
        if theirs not in self.places:
            raise StoreError(f"document {theirs} is named and is not there; export the bundle again")
        return self.places[theirs]

    def add(self, rows: Iterable[Any]) -> None:
        """Add rows, so that they have ids."""
        self.session.add_all(rows)
        self.session.flush()


def matched(session: Session, project: int, past: Past) -> Matched:
    """Compare another copy of a project with what is here.

    Raises:
        StoreError: if a revision there is of no document.
    """
    found = Matched()
    for some in batches(past.documents()):
        _match_documents(session, project, some, found)
    known: dict[int, int] = {}
    for several in batches(past.revisions()):
        _match_revisions(session, several, found, known)
    for ours in batches(found.documents.values()):
        counted = select(RevisionRow.document_id, func.max(RevisionRow.number), func.count())
        for document, number, count in session.execute(
            counted.where(RevisionRow.document_id.in_(ours)).group_by(RevisionRow.document_id)
        ):
            found.numbers[document] = number
            known[document] = count - known.get(document, 0)
    found.diverged = {theirs for theirs, ours in found.documents.items() if found.new.get(theirs) and known.get(ours)}
    return found


def key_here(key: str, document: int) -> str:
    """Return the client key that a revision gets here where its own is that of another document's."""
    return f"{key}@{document}"


def batches(items: Iterable[_T], size: int = AT_ONCE) -> Iterator[list[_T]]:
    """Yield some items at a time."""
    coming = iter(items)
    while some := list(islice(coming, size)):
        yield some


def _match_documents(session: Session, project: int, some: Sequence[StoredDocument], found: Matched) -> None:
    query = select(DocumentRow.id, DocumentRow.digest, DocumentRow.name, DocumentRow.created, StateRow.deleted)
    query = query.join(StateRow, StateRow.document_id == DocumentRow.id).where(DocumentRow.project_id == project)
    digests = {document.id: digest_of(document.text) for document in some}
    exact: dict[Any, int] = {}
    alike: dict[Any, int] = {}
    for number, digest, name, created, deleted in session.execute(query.where(DocumentRow.digest.in_(set(digests.values())))):
        exact[digest, name, created] = number
        if deleted is None:
            alike.setdefault((digest, name), number)
    for document in some:
        if document.id in found.texts:
            raise StoreError(f"document {document.id} is there twice; export the bundle again")
        found.texts[document.id] = document.text
        found.binned += document.deleted is not None
        same = (digests[document.id], document.name)
        ours = exact.get((*same, document.created)) or (alike.get(same) if document.deleted is None else None)
        if ours is not None and ours not in found.homes:
            found.documents[document.id] = ours
            found.homes.add(ours)


def _match_revisions(session: Session, some: Sequence[Revision], found: Matched, known: dict[int, int]) -> None:
    keys = {revision.client_key for revision in some}
    for revision in some:
        if revision.document_id not in found.texts:
            raise StoreError(f"revision {revision.id} is of a document that is not there; export the bundle again")
        if (ours := found.documents.get(revision.document_id)) is not None:
            keys.add(key_here(revision.client_key, ours))
    query = select(RevisionRow.client_key, RevisionRow.document_id, RevisionRow.id).where(RevisionRow.client_key.in_(keys))
    there = {key: (document, number) for key, document, number in session.execute(query)}
    for revision in some:
        ours = found.documents.get(revision.document_id)
        found.authors |= {revision.author} - {""}
        same = [there.get(revision.client_key), there.get(key_here(revision.client_key, ours or 0))]
        here = next((number for each in same if each for document, number in [each] if document == ours), None)
        if here is not None and ours is not None:
            found.revisions[revision.id] = here
            known[ours] = known.get(ours, 0) + 1
        else:
            found.new[revision.document_id] = found.new.get(revision.document_id, 0) + 1
            found.taken |= {revision.client_key} & there.keys()
