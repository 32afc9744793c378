"""Labels, guidelines, rules and members of another project: how they differ from a project's own, and what is taken over of them.

Nothing is overwritten unasked: of each it is said whether ours stay, theirs are taken, or both are put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.store.checking import check_name, check_storable
from workbench.store.errors import StoreError
from workbench.store.events import record
from workbench.store.labels import Label, add_label, describe, settle
from workbench.store.naming import resolve
from workbench.store.projects import MOST_ANNOTATORS, Member, project_row
from workbench.store.schema import AccountRow, DocumentRow, LabelRow, MemberRow

Way = Literal["ours", "theirs", "merge"]
_SAID = ("zh", "en", "colour", "key", "definition", "examples", "retired", "becomes")
_BETWEEN = "\n\n---\n\n"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a project is annotated: whether spans may nest, by how many, and whether they see each other's work."""

    nested: bool = True
    overlap: int = 1
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """What is taken over of another project.

    Attributes:
        labels: ``"merge"`` adds theirs that are not ours.
        guidelines: ``"merge"`` puts theirs below ours.
        rules: ``"merge"`` is ``"ours"``: of two rules, one holds.
        documents: of documents that were annotated further both here and there: ``"ours"`` leaves them as they are here,
            ``"theirs"`` appends what was done there.
        members: ``"theirs"`` admits who has an account here and is no member yet, as what they were there.
    """

    labels: Way = "merge"
    guidelines: Way = "ours"
    rules: Way = "ours"
    documents: Way = "ours"
    members: Way = "ours"


@dataclass(frozen=True, slots=True)
class Differing:
    """How another project's labels, guidelines and rules differ from ours.

    Attributes:
        empty: whether ours has no document, label or guideline yet, so that nothing can be lost.
        new: labels that are theirs alone.
        changed: labels of both that are described otherwise, and in what.
        own: labels that are ours alone.
        guidelines: whether they differ.
        ruled: whether theirs are told at all, and differ.
        ours: our rules.
        theirs: their rules.
    """

    empty: bool
    new: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    own: tuple[str, ...]
    guidelines: bool
    ruled: bool
    ours: Rules
    theirs: Rules

    @property
    def ways(self) -> Ways:
        """Return what is taken over unless another choice is made: everything into an empty project, else only what is new."""
        if not self.empty:
            return Ways()
        return Ways("theirs", "theirs", "theirs" if self.ours == Rules() else "ours", members="theirs")


def differing(session: Session, project: int, labels: Sequence[Label], guidelines: str | None, rules: Rules | None) -> Differing:
    """Compare another project's labels, guidelines and rules to ours.

    Raises:
        StoreError: if there is no such project, or theirs cannot be.
    """
    check_labels(labels)
    row, rows = project_row(session, project), _rows(session, project)
    changed = {}
    for label in labels:
        ours = rows.get(label.name)
        if ours is not None and (differs := tuple(what for what in _SAID if _said(ours, what) != getattr(label, what))):
            changed[label.name] = differs
    any_document = session.scalar(select(DocumentRow.id).where(DocumentRow.project_id == project).limit(1))
    own, theirs = Rules(row.nested, row.overlap, row.blind), rules or Rules()
    return Differing(
        empty=any_document is None and not rows and not row.guidelines,
        new=tuple(label.name for label in labels if label.name not in rows),
        changed=changed,
        own=tuple(name for name in rows if name not in {label.name for label in labels}),
        guidelines=guidelines not in (None, row.guidelines),
        ruled=rules is not None and own != theirs,
        ours=own,
        theirs=theirs,
    )


def check_labels(labels: Sequence[Label]) -> None:
    """See that labels can be a project's.

    Raises:
        StoreError: if a name is none or there twice, or becomes none, or itself.
    """
    becomes = {label.name: label.becomes for label in labels if label.becomes}
    names = {label.name for label in labels}
    if len(names) < len(labels):
        raise StoreError("two labels have one name; export the bundle again")
    for label in labels:
        if check_name(label.name, "a label") != label.name:
            raise StoreError(f"{label.name!r} cannot be the name of a label; export the bundle again")
        if label.becomes and (label.becomes not in names or resolve(label.name, becomes) in becomes):
            raise StoreError(f"the label {label.name} is read as {label.becomes}, which is none; export the bundle again")


def adopt(
    session: Session, project: int, labels: Sequence[Label], guidelines: str | None, rules: Rules | None, ways: Ways, by: str
) -> None:
    """Take over what is to be taken over; what was before stands in events.

    Raises:
        StoreError: if something cannot be; the session must then be undone.
    """
    if labels and ways.labels != "ours":
        _adopt_labels(session, project, labels, ways.labels, by)
    row, choices = project_row(session, project), dict[str, Any]()
    if guidelines is not None and ways.guidelines != "ours":
        check_storable(guidelines)
        choices["guidelines"] = guidelines if ways.guidelines == "theirs" else _joined(row.guidelines, guidelines)
    if rules is not None and ways.rules == "theirs":
        if not 1 <= rules.overlap <= MOST_ANNOTATORS:
            raise StoreError(f"a document has 1 to {MOST_ANNOTATORS} annotators, not {rules.overlap}; export the bundle again")
        choices |= {"nested": rules.nested, "overlap": rules.overlap, "blind": rules.blind}
    changes = {what: [getattr(row, what), value] for what, value in choices.items() if getattr(row, what) != value}
    for what, (_, value) in changes.items():
        setattr(row, what, value)
    if changes:
        record(session, "project", by, project=project, payload={"changes": changes})


@dataclass(frozen=True, slots=True)
class Joining:
    """Who worked in another project: those who can be admitted here, and those who have no account here."""

    known: tuple[Member, ...]
    strangers: tuple[Member, ...]


def joining(session: Session, project: int, members: Sequence[Member]) -> Joining:
    """Tell who of another project's members can be admitted; who is a member here stays what they are.

    Raises:
        StoreError: if somebody was what nobody can be.
    """
    for member in members:
        if member.role not in ("annotator", "curator"):
            raise StoreError(f"{member.account} was {member.role}, which is no role in a project; export the bundle again")
    accounts = set(session.scalars(select(AccountRow.name)))
    here = set(session.scalars(select(MemberRow.account).where(MemberRow.project_id == project)))
    known = tuple(member for member in members if member.account in accounts - here)
    return Joining(known, tuple(member for member in members if member.account not in accounts))


def admit(session: Session, project: int, members: Sequence[Member], by: str) -> None:
    """Let people work in a project who have an account and do not yet."""
    for member in members:
        session.add(MemberRow(project_id=project, account=member.account, role=member.role))
        record(session, "member", by, project=project, payload={"account": member.account, "role": ["", member.role]})


def _adopt_labels(session: Session, project: int, labels: Sequence[Label], way: Way, by: str) -> None:
    rows = _rows(session, project)
    before = {name: row.becomes for name, row in rows.items() if row.becomes}
    after, taken = dict(before), []
    for label in labels:
        if label.name not in rows or way == "theirs":
            taken.append(label)
            after.pop(label.name, None)
            after |= {label.name: label.becomes} if label.becomes else {}
    names = {label.name for label in taken}
    # Two labels that can be chosen cannot have one key: those that are taken over whole keep theirs.
    held = {row.key.lower(): row for row in rows.values() if row.key and row.name not in names}
    for label in taken:
        other = held.get(label.key.lower()) if label.key and label.offered else None
        if other is not None and way == "theirs":
            record(session, "label", by, project=project, payload={"name": other.name, "changes": {"key": [other.key, ""]}})
            other.key = ""
        describe(
            session,
            rows.get(label.name) or add_label(session, project, label.name, rows),
            replace(label, key="") if other is not None and way == "merge" else label,
            by,
        )
    settle(session, project, rows, after)
    if after != before:
        record(session, "label", by, project=project, payload={"becomes": [before, after]})
    if way == "theirs":
        order = [label.name for label in labels] + [name for name in rows if name not in names]
        for position, name in enumerate(order):
            rows[name].position = position


def _rows(session: Session, project: int) -> dict[str, LabelRow]:
    query = select(LabelRow).where(LabelRow.project_id == project).order_by(LabelRow.position, LabelRow.id)
    return {row.name: row for row in session.scalars(query)}


def _said(row: LabelRow, what: str) -> Any:
    return tuple(row.examples) if what == "examples" else getattr(row, what)


def _joined(ours: str, theirs: str) -> str:
    if not ours or not theirs or theirs in ours:
        return ours or theirs
    return ours + _BETWEEN + theirs
