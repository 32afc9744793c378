"""Events, assignments and selections of another copy of a project, told again here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import func, select

from workbench.store.checking import check_json, check_storable, checked
from workbench.store.errors import StoreError
from workbench.store.events import KINDS, Event
from workbench.store.matching import AT_ONCE, Arriving, batches
from workbench.store.records import dump_spans
from workbench.store.schema import AssignmentRow, EventRow, SelectionRow
from workbench.store.selections import Arm, Selection, reached

_Identity = tuple[int | None, str, str, datetime, str]
_OF_PROJECTS = ("project", "label", "member", "chosen")


@dataclass
class Retold:
    """What was told again, by ids of documents here: the assignments that were added, and whether a flag was set last."""

    assignments: dict[int, list[AssignmentRow]] = field(default_factory=dict)
    flagged: dict[int, bool] = field(default_factory=dict)


def retell(arriving: Arriving, *, whole: bool) -> Retold:
    """Add the events, assignments and selections that are not here.

    Args:
        arriving: the copy, its documents added.
        whole: whether what was done to the project itself, its labels and members, is told too.

    Raises:
        StoreError: if one is not sound.
    """
    retold = Retold()
    _Events(arriving, retold, whole).add()
    _add_assignments(arriving, retold)
    _add_selections(arriving)
    return retold


class _Events:
    def __init__(self, arriving: Arriving, retold: Retold, whole: bool) -> None:
        self.arriving, self.retold, self.whole = arriving, retold, whole
        self.places: dict[int, int] = {}
        self.waiting: dict[int, EventRow] = {}
        self.known, self.last_flags = self._known()

    def add(self) -> None:
        for event in self.arriving.past.events():
            row = self._row(event)
            if row is None:
                continue
            if same := self.known.get(_identity(row)):
                self.places[event.id] = same.pop(0)
                continue
            place = row.document_id
            if place is not None and row.kind in ("flagged", "unflagged") and _later(row.created, self.last_flags.get(place)):
                self.last_flags[place], self.retold.flagged[place] = row.created, row.kind == "flagged"
            self.waiting[event.id] = row
            if len(self.waiting) >= AT_ONCE:
                self._flush()
        self._flush()

    def _row(self, event: Event) -> EventRow | None:
        """Return an event as it is here; nothing for one that is left out."""
        if event.kind not in KINDS or event.kind == "account" or (event.document_id is None) != (event.kind in _OF_PROJECTS):
            raise StoreError(f"event {event.id} is of no known kind, {event.kind!r}; export the bundle again")
        check_storable(event.account)
        check_json(dict(event.payload))
        if event.document_id in self.arriving.left or (event.document_id is None and not self.whole):
            return None
        place = None if event.document_id is None else self.arriving.place(event.document_id)
        payload = dict(event.payload)
        if event.kind == "note_closed":
            closed = payload.get("note", 0)
            if closed in self.waiting:
                self._flush()
            if closed not in self.places:
                return None
            payload["note"] = self.places[closed]
        where = {"project_id": self.arriving.project, "document_id": place}
        return EventRow(**where, account=event.account, kind=event.kind, payload=payload, created=event.created)

    def _flush(self) -> None:
        self.arriving.add(self.waiting.values())
        self.places.update({theirs: row.id for theirs, row in self.waiting.items()})
        self.waiting.clear()

    def _known(self) -> tuple[dict[_Identity, list[int]], dict[int, datetime]]:
        """Return the events that there are of documents that were here, and when their flags were set last."""
        known: dict[_Identity, list[int]] = {}
        flags: dict[int, datetime] = {}
        for some in batches(self.arriving.found.documents.values()):
            query = select(EventRow).where(EventRow.document_id.in_(some)).order_by(EventRow.id)
            for row in self.arriving.session.scalars(query):
                known.setdefault(_identity(row), []).append(row.id)
                if row.kind in ("flagged", "unflagged") and row.document_id is not None:
                    flags[row.document_id] = row.created
        return known, flags


def _add_assignments(arriving: Arriving, retold: Retold) -> None:
    """Give out what was given out there and is not given to the same person here."""
    last = select(func.max(AssignmentRow.position)).where(AssignmentRow.project_id == arriving.project)
    position, rows = arriving.session.scalar(last) or 0, []
    for past in arriving.past.assignments():
        place = arriving.place(past.document_id)
        check_storable(past.account)
        there = place not in arriving.fresh and arriving.session.get(AssignmentRow, (place, past.account)) is not None
        if past.document_id in arriving.left or there:
            continue
        position += 1
        moments = {"given": past.given, "finished": past.finished, "skipped": past.skipped}
        where = {"document_id": place, "project_id": arriving.project, "position": position}
        rows.append(AssignmentRow(**where, account=past.account, **moments))
        retold.assignments.setdefault(place, []).append(rows[-1])
    for some in batches(rows):
        arriving.add(some)


def _add_selections(arriving: Arriving) -> None:
    """Note why documents were chosen that were not chosen here: behind what was, in the rounds that they were chosen in."""
    past = [(arriving.place(each.pick.document_id), each) for each in arriving.past.selections()]
    here = {place: row for place, _ in past if (row := _selection_here(arriving, place)) is not None}
    rounds = {each.round: here[place].round for place, each in past if place in here and here[place].created == each.created}
    last, position = reached(arriving.session, arriving.project)
    rows = [
        _selection_row(arriving, place, each, rounds.get(each.round, last + each.round), position + each.position)
        for place, each in past
        if place not in here and each.pick.document_id not in arriving.left
    ]
    for some in batches(rows):
        arriving.add(some)


def _selection_here(arriving: Arriving, place: int) -> SelectionRow | None:
    return None if place in arriving.fresh else arriving.session.get(SelectionRow, place)


def _selection_row(arriving: Arriving, place: int, past: Selection, round: int, position: int) -> SelectionRow:
    pick = past.pick
    if pick.arm not in get_args(Arm):
        raise StoreError(f"document {pick.document_id} was chosen by no known arm, {pick.arm!r}; export the bundle again")
    said = checked(arriving.found.texts[pick.document_id], pick.predicted)
    check_storable(past.strategy, past.checkpoint, *(span.label for span in said.spans))
    check_json(dict(pick.reason))
    return SelectionRow(
        document_id=place,
        project_id=arriving.project,
        round=round,
        position=position,
        arm=pick.arm,
        strategy=past.strategy,
        checkpoint=past.checkpoint,
        learned=past.learned,
        predicted=dump_spans(said.spans),
        reason=dict(pick.reason),
        created=past.created,
    )


def _identity(row: EventRow) -> _Identity:
    payload: dict[str, Any] = row.payload
    return row.document_id, row.kind, row.account, row.created, json.dumps(payload, sort_keys=True)


def _later(moment: datetime, than: datetime | None) -> bool:
    return than is None or moment >= than
