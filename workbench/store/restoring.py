"""Brings another copy of a project back: documents and everything that was ever done to them, by whom and when.

All of it is one transaction: it is in whole, or not at all. Who did something keeps the name they had there, whether or not there
is an account of it here; that it was brought in stands in an event of each document, of the kind ``imported``, naming the copy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workbench.store.adopting import Differing, Joining, Ways, admit, adopt, check_labels, differing, joining
from workbench.store.checking import check_json, check_storable
from workbench.store.events import record
from workbench.store.labels import add_label
from workbench.store.matching import Arriving, Past, batches, matched
from workbench.store.naming import resolve
from workbench.store.projects import project_row
from workbench.store.queries import digest_of
from workbench.store.records import StoredDocument
from workbench.store.retelling import Retold, retell
from workbench.store.revisions import refresh_status, resolutions
from workbench.store.rewriting import Rewritten, rewrite
from workbench.store.schema import AccountRow, AssignmentRow, DocumentRow, EventRow, LabelRow, StateRow, now
from workbench.store.store import Store


@dataclass(frozen=True, slots=True)
class Compared:
    """What another copy of a project would bring.

    Attributes:
        differing: its labels, guidelines and rules.
        documents: how many it has.
        binned: of these in its recycle bin.
        known: of these here already.
        diverged: of these annotated further both here and there.
        revisions: how many of its revisions are not here.
        accounts: authors whose name an account has here.
        names: authors whose name none has.
        joining: who of its members can be admitted, and who has no account here.
    """

    differing: Differing
    documents: int
    binned: int
    known: int
    diverged: int
    revisions: int
    accounts: tuple[str, ...]
    names: tuple[str, ...]
    joining: Joining


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought in.

    Attributes:
        added: documents that were not here.
        known: documents that were.
        left: of these, left as they are here.
        revisions: that were not here.
        admitted: accounts that are members since.
        strangers: members of the copy who have no account here.
    """

    added: int
    known: int
    left: int
    revisions: int
    admitted: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


def compare(store: Store, project: int, past: Past) -> Compared:
    """Tell what another copy of a project would bring; nothing is changed.

    Raises:
        StoreError: if there is no such project, or the copy is not sound.
    """
    with store._database.reading() as session:
        differs = differing(session, project, past.labels, past.guidelines, past.rules)
        found = matched(session, project, past)
        accounts, comers = set(session.scalars(select(AccountRow.name))), joining(session, project, past.members)
    return Compared(
        differs,
        len(found.texts),
        found.binned,
        len(found.documents),
        len(found.diverged),
        sum(found.new.values()),
        tuple(sorted(found.authors & accounts)),
        tuple(sorted(found.authors - accounts)),
        comers,
    )


def restore(
    store: Store,
    project: int,
    past: Past,
    *,
    by: str,
    ways: Ways,
    source: str,
    tell: Callable[[int, int], None] = lambda done, whole: None,
) -> Restored:
    """Bring another copy of a project in, as a whole.

    Args:
        store: into which.
        project: into which.
        past: the copy; read several times.
        by: who brings it in.
        ways: what is taken over where the two differ.
        source: what the copy is known by, for the events.
        tell: is told how many revisions are in, of how many; what it raises undoes everything.

    Raises:
        StoreError: if the copy is not sound; nothing is then changed.
    """
    with store._database.writing() as session:
        project_row(session, project)
        check_labels(past.labels)
        empty = differing(session, project, past.labels, past.guidelines, past.rules).empty
        found = matched(session, project, past)
        left = set(found.diverged) if ways.documents == "ours" else set()
        arriving = Arriving(session, project, past, found, left, dict(found.documents))
        _add_documents(arriving)
        retold = retell(arriving, whole=empty)
        adopt(session, project, past.labels, past.guidelines, past.rules, ways, by)
        session.flush()
        rewritten = rewrite(arriving, resolutions(session, project), tell)
        if ways.labels == "ours" or past.guidelines is None:  # an annotator's own bundle tells no labels
            _declare(session, project, rewritten.labels, by)
        _note_states(arriving, retold, rewritten)
        _note_source(arriving, rewritten, by, source)
        comers = joining(session, project, past.members)
        admitted = comers.known if ways.members == "theirs" else ()
        admit(session, project, admitted, by)
        people = (tuple(member.account for member in some) for some in (admitted, comers.strangers))
        return Restored(len(arriving.fresh), len(found.documents), len(left), sum(rewritten.added.values()), *people)


def _add_documents(arriving: Arriving) -> None:
    new = (document for document in arriving.past.documents() if document.id not in arriving.places)
    for some in batches(new):
        rows = [_document_row(arriving.project, document) for document in some]
        arriving.add(rows)
        for document, row in zip(some, rows, strict=True):
            arriving.places[document.id] = row.id
            arriving.fresh[row.id] = document


def _document_row(project: int, document: StoredDocument) -> DocumentRow:
    check_storable(document.text, document.name, document.recording, *document.pictures)
    check_json(dict(document.meta))
    return DocumentRow(
        text=document.text,
        digest=digest_of(document.text),
        created=document.created or now(),
        project_id=project,
        name=document.name,
        meta=dict(document.meta),
        pictures=list(document.pictures),
        recording=document.recording,
    )


def _declare(session: Session, project: int, used: Iterable[str], by: str) -> None:
    """Add the labels in use that are none yet, by their names alone."""
    becomes = resolutions(session, project)
    rows = {row.name: row for row in session.scalars(select(LabelRow).where(LabelRow.project_id == project))}
    for name in dict.fromkeys(resolve(name, becomes) for name in used):
        if name not in rows:
            add_label(session, project, name, rows)
            record(session, "label", by, project=project, payload={"name": name, "added": True, "changes": {}})
    session.flush()


def _note_states(arriving: Arriving, retold: Retold, rewritten: Rewritten) -> None:
    """Note how far each document is, by what was done to it."""
    session = arriving.session
    for some in batches(arriving.fresh.items()):
        states = []
        for place, document in some:
            status = _status(rewritten.layers.get(place, ()), retold.assignments.get(place, ()))
            kept = {"flagged": document.flagged, "deleted": document.deleted}
            states.append({"document_id": place, "project_id": arriving.project, "status": status, **kept})
        session.execute(insert(StateRow), states)
    for place in {*rewritten.layers, *retold.assignments} - arriving.fresh.keys():
        refresh_status(session, place)
    for place, flagged in retold.flagged.items():
        state = session.get(StateRow, place)
        if state is not None and place not in arriving.fresh:
            state.flagged = flagged


def _status(layers: Collection[str], given: Collection[AssignmentRow]) -> str:
    """Return how far a document is, as :func:`refresh_status` finds it."""
    if "gold" in layers:
        return "gold"
    if any(row.finished for row in given) and all(row.finished or row.skipped for row in given):
        return "finished"
    return "begun" if "annotation" in layers else "open"


def _note_source(arriving: Arriving, rewritten: Rewritten, by: str, source: str) -> None:
    common = {"project_id": arriving.project, "account": by, "kind": "imported", "created": now()}
    for some in batches(sorted({*arriving.fresh, *rewritten.added})):
        told = ({"bundle": source, "revisions": rewritten.added[place]} for place in some)
        rows: list[dict[str, Any]] = [
            {**common, "document_id": place, "payload": payload} for place, payload in zip(some, told, strict=True)
        ]
        arriving.session.execute(insert(EventRow), rows)
