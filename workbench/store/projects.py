"""Projects: documents that are annotated together, by whom and by which rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session

from workbench.store.accounts import Role, account_row, any_account
from workbench.store.checking import check_name, check_storable
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.events import record
from workbench.store.memory import remembered
from workbench.store.schema import AccountRow, MemberRow, ProjectRow, now

MOST_ANNOTATORS = 20
"""Annotators that a document may have at most."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project.

    Attributes:
        id: 1 for the one that is always there.
        name: no other project's.
        nested: whether spans may lie in each other; flat: no two overlap.
        guidelines: in Markdown.
        overlap: how many annotators each document is to have.
        blind: whether annotators see nothing of each other's work.
        created: when, in UTC.
        archived: since when nothing is to be done in it any more.
    """

    id: int
    name: str
    nested: bool
    guidelines: str
    overlap: int
    blind: bool
    created: datetime
    archived: datetime | None

    @property
    def independent(self) -> bool:
        """Tell whether every annotator has a version of their own, rather than all going on from the last save."""
        return self.blind or self.overlap > 1


@dataclass(frozen=True, slots=True)
class Member:
    """That somebody works in a project: by account name, shown name, and role there."""

    account: str
    shown: str
    role: Role


class Projects:
    """Every project; each change is an event."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def list(self, *, archived: bool = False, account: str | None = None) -> tuple[Project, ...]:
        """Return the projects, oldest first.

        Args:
            archived: those that are archived too.
            account: only those that this account may work in.
        """
        with self._database.reading() as session:
            there = remembered(session, "projects", lambda: _all(session))
            wanted = [project for project in there if archived or project.archived is None]
            return tuple(project for project in wanted if account is None or role_in(session, project.id, account))

    def get(self, project: int) -> Project:
        """Return a project.

        Raises:
            StoreError: if there is none of this id.
        """
        with self._database.reading() as session:
            return project_in(session, project)

    def create(
        self, name: str, *, nested: bool = True, guidelines: str = "", overlap: int = 1, blind: bool = False, by: str = ""
    ) -> Project:
        """Make a project; who makes it is a curator of it.

        Raises:
            StoreError: if the name is taken, or it or the overlap cannot be.
        """
        said = {"name": name, "nested": nested, "guidelines": guidelines, "overlap": overlap, "blind": blind}
        with self._database.writing() as session:
            row = ProjectRow(**_sound(session, said, None), created=now(), archived=None)
            session.add(row)
            session.flush()
            record(session, "project", by, project=row.id, payload={"created": row.name})
            if session.get(AccountRow, by) is not None:
                session.add(MemberRow(project_id=row.id, account=by, role="curator"))
                record(session, "member", by, project=row.id, payload={"account": by, "role": ["", "curator"]})
            return read_project(row)

    def change(self, project: int, *, by: str = "", **choices: Any) -> Project:
        """Change choices of a project; what they were before stands in the event.

        Args:
            project: which.
            by: who changes them.
            choices: of ``name``, ``nested``, ``guidelines``, ``overlap`` and ``blind``.

        Raises:
            StoreError: if there is no such project, or a choice cannot be.
        """
        with self._database.writing() as session:
            row = project_row(session, project)
            sound = _sound(session, choices, row)
            changes = {what: [getattr(row, what), value] for what, value in sound.items() if getattr(row, what) != value}
            for what, (_, value) in changes.items():
                setattr(row, what, value)
            if changes:
                record(session, "project", by, project=project, payload={"changes": changes})
            return read_project(row)

    def archive(self, project: int, *, archived: bool = True, by: str = "") -> Project:
        """Put a project away, or take it out again; nothing in it changes.

        Raises:
            StoreError: if there is no such project.
        """
        with self._database.writing() as session:
            row = project_row(session, project)
            if archived != (row.archived is not None):
                row.archived = now() if archived else None
                record(session, "project", by, project=project, payload={"archived": archived})
            return read_project(row)

    def members(self, project: int) -> tuple[Member, ...]:
        """Return who works in a project, by name; admins are not listed unless they are members too."""
        query = select(MemberRow, AccountRow.shown).join(AccountRow, AccountRow.name == MemberRow.account)
        with self._database.reading() as session:
            rows = session.execute(query.where(MemberRow.project_id == project).order_by(MemberRow.account))
            return tuple(_read_member(row, shown) for row, shown in rows)

    def admit(self, project: int, account: str, role: Role = "annotator", *, by: str = "") -> None:
        """Let somebody work in a project, or in another role.

        Raises:
            StoreError: if there is no such project or account, or the role cannot be.
        """
        if role not in ("annotator", "curator"):
            raise StoreError(f"{role} is no role in a project; use annotator or curator")
        with self._database.writing() as session:
            project_row(session, project)
            account_row(session, account)
            row = session.get(MemberRow, (project, account))
            before = row.role if row else ""
            session.merge(MemberRow(project_id=project, account=account, role=role))
            if before != role:
                record(session, "member", by, project=project, payload={"account": account, "role": [before, role]})

    def dismiss(self, project: int, account: str, *, by: str = "") -> None:
        """Let somebody no longer work in a project; what they did stays, and so do their assignments until taken back.

        Raises:
            StoreError: if they do not.
        """
        with self._database.writing() as session:
            row = session.get(MemberRow, (project, account))
            if row is None:
                raise StoreError(f"{account} is no member of project {project}; reload the page to see who is")
            session.delete(row)
            record(session, "member", by, project=project, payload={"account": account, "role": [row.role, ""]})

    def admits(self, project: int, account: str) -> bool:
        """Tell whether somebody may work in a project that is there and not archived."""
        with self._database.reading() as session:
            there = remembered(session, "projects", lambda: _all(session))
            open_to_all = any(each.id == project and each.archived is None for each in there)
            return open_to_all and role_in(session, project, account) is not None

    def role(self, project: int, account: str) -> Role | None:
        """Return what somebody may do in a project, nothing for who has no part in it; see :func:`role_in`."""
        with self._database.reading() as session:
            return role_in(session, project, account)

    def curates(self, account: str) -> bool:
        """Tell whether somebody may decide what concerns every project, such as the model in use.

        Admins and curators may, and who is curator in any project; where there are no accounts, everybody.
        """
        with self._database.reading() as session:
            row = session.get(AccountRow, account)
            if row is None:
                return not any_account(session)
            member = select(MemberRow.account).where(MemberRow.account == account, MemberRow.role == "curator")
            return row.disabled is None and (row.role != "annotator" or session.scalar(member.limit(1)) is not None)


def role_in(session: Session, project: int, account: str) -> Role | None:
    """Return what somebody may do in a project.

    Where there are no accounts, everybody may do everything. Else an admin may everywhere, a member what the membership says, and
    nobody else, nor who is disabled, may do anything.
    """
    return remembered(session, ("role", project, account), lambda: _role_in(session, project, account))


def _role_in(session: Session, project: int, account: str) -> Role | None:
    member = and_(MemberRow.account == AccountRow.name, MemberRow.project_id == project)
    query = select(AccountRow.role, AccountRow.disabled, MemberRow.role).outerjoin(MemberRow, member)
    row = session.execute(query.where(AccountRow.name == account)).one_or_none()
    if row is None:
        return None if any_account(session) else "admin"
    everywhere, disabled, here = row
    if disabled is not None:
        return None
    return "admin" if everywhere == "admin" else _role(here) if here else None


def project_in(session: Session, project: int) -> Project:
    """Return a project.

    Raises:
        StoreError: if there is none of this id.
    """
    return remembered(session, ("project", project), lambda: read_project(project_row(session, project)))


def project_row(session: Session, project: int) -> ProjectRow:
    """Return the row of a project.

    Raises:
        StoreError: if there is none of this id.
    """
    row = session.get(ProjectRow, project)
    if row is None:
        raise StoreError(f"there is no project {project}; reload the page to see those there are")
    return row


def read_project(row: ProjectRow | Row[Any]) -> Project:
    """Return the record of a row, or of one that holds its columns."""
    return Project(row.id, row.name, row.nested, row.guidelines, row.overlap, row.blind, row.created, row.archived)


def _all(session: Session) -> tuple[Project, ...]:
    return tuple(read_project(row) for row in session.scalars(select(ProjectRow).order_by(ProjectRow.id)))


def _sound(session: Session, choices: Mapping[str, Any], row: ProjectRow | None) -> dict[str, Any]:
    """Return checked choices."""
    if odd := set(choices) - {"name", "nested", "guidelines", "overlap", "blind"}:
        raise StoreError(f"a project has no {', '.join(sorted(odd))}; change name, nested, guidelines, overlap or blind")
    sound = dict(choices)
    if "name" in sound:
        sound["name"] = check_name(sound["name"], "a project")
        other = session.scalar(select(ProjectRow.id).where(ProjectRow.name == sound["name"]))
        if other is not None and (row is None or other != row.id):
            raise StoreError(f"there is a project {sound['name']} already; choose another name")
    if "guidelines" in sound:
        check_storable(sound["guidelines"])
    if not 1 <= sound.get("overlap", 1) <= MOST_ANNOTATORS:
        raise StoreError(f"a document has 1 to {MOST_ANNOTATORS} annotators, not {sound['overlap']}; choose another overlap")
    return sound


def _read_member(row: MemberRow, shown: str) -> Member:
    return Member(row.account, shown, _role(row.role))


def _role(name: str) -> Role:
    return cast(Role, name)
