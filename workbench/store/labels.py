"""The labels of a project: what can be chosen from, how it is shown and explained, and what former names are read as."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.store.checking import check_json, check_name, check_storable
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.events import record
from workbench.store.measures import judge_anew
from workbench.store.memory import remembered
from workbench.store.naming import Becomes, merged, parted, renamed, resolve
from workbench.store.projects import project_row
from workbench.store.revisions import differ, resolutions
from workbench.store.schema import HeadRow, LabelRow, MentionRow, RevisionRow, StateRow

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_WORDS = ("zh", "en", "colour", "key", "definition")


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a project.

    Attributes:
        name: what annotations hold and files say, e.g. ``"PER"``.
        zh: its name in Chinese.
        en: its name in English.
        colour: ``"#rrggbb"``, or empty for one of the page's choice.
        key: the key that marks with it, or empty.
        definition: when it applies, in Markdown.
        examples: sentences or mentions that show it.
        retired: whether it can no longer be chosen; what it marked stays.
        becomes: the name it is read as since it was renamed or merged; empty for its own.
    """

    name: str
    zh: str = ""
    en: str = ""
    colour: str = ""
    key: str = ""
    definition: str = ""
    examples: tuple[str, ...] = field(default=())
    retired: bool = False
    becomes: str = ""

    @property
    def offered(self) -> bool:
        """Tell whether it can be chosen."""
        return not self.retired and not self.becomes


class Labels:
    """The labels of every project; each change is an event, and none touches an annotation."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def list(self, project: int, *, all: bool = False) -> tuple[Label, ...]:
        """Return the labels of a project in their order.

        Args:
            project: which.
            all: retired ones and former names too.
        """
        with self._database.reading() as session:
            labels = remembered(session, ("labels", project), lambda: tuple(_read(row) for row in _rows(session, project)))
        return tuple(label for label in labels if all or label.offered)

    def becomes(self, project: int) -> Becomes:
        """Return what former names of a project's labels are read as, for :func:`workbench.store.naming.resolve`."""
        with self._database.reading() as session:
            return resolutions(session, project)

    def used(self, project: int) -> Mapping[str, int]:
        """Return how many spans each label has in the latest annotations of a project's documents, declared or not."""
        query = (
            select(MentionRow.label, func.count())
            .join(StateRow, StateRow.document_id == MentionRow.document_id)
            .where(StateRow.project_id == project, StateRow.deleted.is_(None))
            .group_by(MentionRow.label)
        )
        with self._database.reading() as session:
            becomes = resolutions(session, project)
            counts: dict[str, int] = {}
            for name, count in session.execute(query):
                name = resolve(name, becomes)
                counts[name] = counts.get(name, 0) + count
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def put(self, project: int, labels: Iterable[Label], *, by: str = "") -> tuple[Label, ...]:
        """Add labels, or describe those there are anew; ``retired`` is taken over too, ``becomes`` is not looked at.

        Raises:
            StoreError: if a name, colour or key cannot be; nothing is then changed.
        """
        with self._database.writing() as session:
            project_row(session, project)
            rows = {row.name: row for row in _rows(session, project)}
            for label in labels:
                name = check_name(label.name, "a label")
                row = rows.get(name) or add_label(session, project, name, rows)
                if row.becomes:
                    raise StoreError(f"{name} is read as {row.becomes} now; describe that label")
                describe(session, row, label, by)
            _check_keys(rows.values())
            return _ordered(rows)

    def order(self, project: int, names: Sequence[str], *, by: str = "") -> tuple[Label, ...]:
        """Put labels into another order; those not named come after them, as they were."""
        with self._database.writing() as session:
            rows = {row.name: row for row in _rows(session, project)}
            before = [label.name for label in _ordered(rows)]
            after = [name for name in dict.fromkeys(names) if name in rows]
            after += [name for name in before if name not in after]
            for position, name in enumerate(after):
                rows[name].position = position
            if after != before:
                record(session, "label", by, project=project, payload={"order": [before, after]})
            return _ordered(rows)

    def retire(self, project: int, name: str, *, retired: bool = True, by: str = "") -> tuple[Label, ...]:
        """Offer a label no longer, or again; what it marked stays.

        Raises:
            StoreError: if there is no such label.
        """
        with self._database.writing() as session:
            rows = {row.name: row for row in _rows(session, project)}
            row = _row(rows, name)
            if row.retired != retired:
                row.retired = retired
                _check_keys(rows.values())
                record(session, "label", by, project=project, payload={"name": name, "retired": [not retired, retired]})
            return _ordered(rows)

    def rename(self, project: int, old: str, new: str, *, by: str = "") -> tuple[Label, ...]:
        """Give a label another name; annotations under the old one are read as the new.

        Raises:
            StoreError: if there is another label of the new name, or was.
        """
        new = check_name(new, "a label")
        with self._database.writing() as session:
            rows = {row.name: row for row in _rows(session, project)}
            before = _becomes(rows)
            if new in rows and new not in before and new != old:
                raise StoreError(f"there is a label {new} already; merge {old} into it, or choose another name")
            after = renamed(before, old, new)
            row = rows.get(old) or add_label(session, project, old, rows)
            other = rows.get(new) or add_label(session, project, new, rows)
            for what in (*_WORDS, "examples", "position", "retired"):
                setattr(other, what, getattr(row, what))
            row.key = ""
            settle(session, project, rows, after)
            record(session, "label", by, project=project, payload={"renamed": [old, new]})
            return _ordered(rows)

    def merge(self, project: int, label: str, into: str, *, by: str = "") -> tuple[Label, ...]:
        """Let annotations under a label be read as another; :meth:`part` takes it back.

        Raises:
            StoreError: if they cannot be merged.
        """
        with self._database.writing() as session:
            rows = {row.name: row for row in _rows(session, project)}
            _row(rows, into)
            after = merged(_becomes(rows), label, into)
            if label not in rows:
                add_label(session, project, label, rows)
            rows[label].key = ""
            settle(session, project, rows, after)
            record(session, "label", by, project=project, payload={"merged": [label, into]})
            return _ordered(rows)

    def part(self, project: int, name: str, *, by: str = "") -> tuple[Label, ...]:
        """Take back what a name became: annotations under it are read as they were said.

        Raises:
            StoreError: if it became nothing.
        """
        with self._database.writing() as session:
            rows = {row.name: row for row in _rows(session, project)}
            before = _becomes(rows)
            settle(session, project, rows, parted(before, name))
            record(session, "label", by, project=project, payload={"parted": [name, before[name]]})
            return _ordered(rows)


def _rows(session: Session, project: int) -> Sequence[LabelRow]:
    query = select(LabelRow).where(LabelRow.project_id == project).order_by(LabelRow.position, LabelRow.id)
    return session.scalars(query).all()


def _row(rows: Mapping[str, LabelRow], name: str) -> LabelRow:
    if name not in rows:
        raise StoreError(f"there is no label {name}; reload the page to see those there are")
    return rows[name]


def add_label(session: Session, project: int, name: str, rows: dict[str, LabelRow]) -> LabelRow:
    """Add a label that is described as yet by its name alone, behind those there are."""
    position = max((row.position for row in rows.values()), default=-1) + 1
    blank: dict[str, Any] = dict.fromkeys(_WORDS, "")
    rows[name] = LabelRow(project_id=project, name=name, position=position, examples=[], retired=False, becomes="", **blank)
    session.add(rows[name])
    return rows[name]


def describe(session: Session, row: LabelRow, label: Label, by: str) -> None:
    """Describe a label anew; what was said of it before stands in the event.

    Raises:
        StoreError: if a colour, a key or a text cannot be.
    """
    check_storable(label.zh, label.en, label.key, label.definition, *label.examples)
    if label.colour and not _COLOUR.fullmatch(label.colour):
        raise StoreError(f"{label.colour!r} is not a colour; write it like #c04a2f")
    if len(label.key) > 1 or label.key.isspace():
        raise StoreError(f"{label.key!r} is not one key; use a letter or a digit")
    said = {**{what: getattr(label, what) for what in _WORDS}, "examples": list(label.examples), "retired": label.retired}
    check_json(said)
    changes = {what: [getattr(row, what), value] for what, value in said.items() if getattr(row, what) != value}
    new = row.id is None
    for what, value in said.items():
        setattr(row, what, value)
    if changes or new:
        record(session, "label", by, project=row.project_id, payload={"name": row.name, "added": new, "changes": changes})


def _check_keys(rows: Iterable[LabelRow]) -> None:
    holders: dict[str, str] = {}
    for row in rows:
        key = row.key.lower()
        if key and not row.retired and not row.becomes:
            if key in holders:
                raise StoreError(f"the key {row.key} is both {holders[key]}'s and {row.name}'s; give one of them another")
            holders[key] = row.name


def _becomes(rows: Mapping[str, LabelRow]) -> dict[str, str]:
    return {name: row.becomes for name, row in rows.items() if row.becomes}


def settle(session: Session, project: int, rows: Mapping[str, LabelRow], becomes: Becomes) -> None:
    """Keep what names become, and see anew which annotations differ from what a model had said."""
    for name, row in rows.items():
        row.becomes = becomes.get(name, "")
    _check_keys(rows.values())
    query = (
        select(HeadRow, RevisionRow.spans, RevisionRow.prediction)
        .join(RevisionRow, RevisionRow.id == HeadRow.revision_id)
        .join(StateRow, StateRow.document_id == HeadRow.document_id)
        .where(StateRow.project_id == project, HeadRow.disagrees.is_not(None))
    )
    judged = []
    for head, spans, prediction in session.execute(query).all():
        head.disagrees = differ(spans, prediction, becomes)
        judged.append(head.revision_id)
    judge_anew(session, judged, becomes)


def _ordered(rows: Mapping[str, LabelRow]) -> tuple[Label, ...]:
    return tuple(_read(row) for row in sorted(rows.values(), key=lambda row: (row.position, row.name)) if not row.becomes)


def _read(row: LabelRow) -> Label:
    return Label(row.name, row.zh, row.en, row.colour, row.key, row.definition, tuple(row.examples), row.retired, row.becomes)
