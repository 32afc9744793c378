"""Accounts: who may sign in. Of a password only its Argon2 hash is kept; nothing here logs or returns one."""

from __future__ import annotations

import hashlib
import time
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal, cast, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.store.checking import check_name, check_storable
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.events import record
from workbench.store.schema import AccountRow, now

Role = Literal["annotator", "curator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
_REMEMBERED = 1.0
SHORTEST, LONGEST = 8, 1024
"""Characters of a password; a longest one, lest hashing it be an attack."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in.

    Attributes:
        name: what they sign in with; revisions name it as their author, so it never changes.
        shown: what others read.
        role: ``"admin"`` may do everything everywhere; others what their membership in a project says, but a curator may make
            projects.
        created: when, in UTC.
        disabled: since when they may not sign in any more.
    """

    name: str
    shown: str
    role: Role
    created: datetime
    disabled: datetime | None = None


class Accounts:
    """Everyone who may sign in, or once could."""

    def __init__(self, database: Database, hasher: PasswordHasher | None = None) -> None:
        """Serve an open database.

        Args:
            database: to keep accounts in.
            hasher: how passwords are hashed; by default as RFC 9106 recommends.
        """
        self._database = database
        self._hasher = hasher or PasswordHasher()
        self._names: tuple[float, dict[str, str]] = (-_REMEMBERED, {})

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody's password")

    def any(self) -> bool:
        """Tell whether there is an account; where there is none, whoever opens the page may do everything."""
        with self._database.reading() as session:
            return any_account(session)

    def shown(self, name: str) -> str:
        """Return what others read of an account; the name itself where there is none of it. Changes are seen within a second."""
        moment, names = self._names
        if time.monotonic() - moment > _REMEMBERED or name not in names:
            with self._database.reading() as session:
                names = {known: shown for known, shown in session.execute(select(AccountRow.name, AccountRow.shown))}
            self._names = time.monotonic(), names
        return names.get(name, name)

    def list(self) -> tuple[Account, ...]:
        """Return every account by name, disabled ones too."""
        with self._database.reading() as session:
            return tuple(_read(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.name)))

    def get(self, name: str) -> Account:
        """Return an account.

        Raises:
            StoreError: if there is none of this name.
        """
        with self._database.reading() as session:
            return _read(account_row(session, name))

    def create(self, name: str, password: str, role: Role = "annotator", *, shown: str = "", by: str = "") -> Account:
        """Add an account.

        Args:
            name: to sign in with; blanks around it do not count.
            password: kept as its hash alone.
            role: the first account must be an admin, or nobody could make another.
            shown: what others read; the name by default.
            by: who adds it.

        Raises:
            StoreError: if the name is taken, or name, password or role cannot be.
        """
        name, shown = check_name(name, "an account"), check_name(shown or name, "a person")
        _check_role(role)
        hashed = self._hashed(password)
        with self._database.writing() as session:
            if session.get(AccountRow, name) is not None:
                raise StoreError(f"there is an account {name} already; choose another name")
            if role != "admin" and not any_account(session):
                raise StoreError("the first account must be an admin, or nobody could make another; give it that role")
            row = AccountRow(name=name, shown=shown, hash=hashed, role=role, created=now(), disabled=None)
            session.add(row)
            record(session, "account", by, payload={"name": name, "created": role})
            return _read(row)

    def check(self, name: str, password: str) -> Account | None:
        """Return the account that a name and a password are of, or nothing; which of the two was wrong takes as long to tell.

        A hash made with older parameters is made anew.
        """
        with self._database.reading() as session:
            row = session.get(AccountRow, name.strip()) if _storable(name) else None
        known = row is not None and row.disabled is None
        right = self._verify(row.hash if row is not None and known else self._nobody, password)
        if row is None or not known or not right:
            return None
        if self._hasher.check_needs_rehash(row.hash):
            self._rehash(row.name, row.hash, password)
        return _read(row)

    def administers(self, name: str) -> bool:
        """Tell whether somebody may look after accounts: admins, and everybody where there are none."""
        with self._database.reading() as session:
            row = session.get(AccountRow, name)
            if row is None:
                return not any_account(session)
            return row.role == "admin" and row.disabled is None

    def seal(self, name: str) -> str | None:
        """Return what changes with an account's password, and tells nothing of it; nothing for who may not sign in."""
        with self._database.reading() as session:
            row = session.get(AccountRow, name)
            return hashlib.sha256(row.hash.encode()).hexdigest() if row is not None and row.disabled is None else None

    def change_password(self, name: str, password: str, *, by: str = "") -> None:
        """Give an account another password; whoever may is for the caller to say.

        Raises:
            StoreError: if there is no such account or this cannot be a password.
        """
        hashed = self._hashed(password)
        with self._database.writing() as session:
            account_row(session, name).hash = hashed
            record(session, "account", by, payload={"name": name, "password": "changed"})

    def change(self, name: str, *, shown: str | None = None, role: Role | None = None, by: str = "") -> Account:
        """Change what others read, or the role.

        Raises:
            StoreError: if there is no such account, or nobody would be admin any more.
        """
        with self._database.writing() as session:
            row = account_row(session, name)
            if shown is not None and (shown := check_name(shown, "a person")) != row.shown:
                record(session, "account", by, payload={"name": name, "shown": [row.shown, shown]})
                row.shown = shown
            if role is not None and role != row.role:
                _check_role(role)
                _keep_an_admin(session, row)
                record(session, "account", by, payload={"name": name, "role": [row.role, role]})
                row.role = role
            return _read(row)

    def disable(self, name: str, *, disabled: bool = True, by: str = "") -> Account:
        """Let somebody sign in no more, or again; what they did stays theirs.

        Raises:
            StoreError: if there is no such account, or nobody would be admin any more.
        """
        with self._database.writing() as session:
            row = account_row(session, name)
            if disabled != (row.disabled is not None):
                if disabled:
                    _keep_an_admin(session, row)
                row.disabled = now() if disabled else None
                record(session, "account", by, payload={"name": name, "disabled": disabled})
            return _read(row)

    def _hashed(self, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST:
            raise StoreError(f"a password has {SHORTEST} to {LONGEST} characters, this one has {len(password)}; choose another")
        check_storable(password)
        return self._hasher.hash(_normal(password))

    def _verify(self, hashed: str, password: str) -> bool:
        if len(password) > LONGEST or not _storable(password):
            password = ""
        try:
            return self._hasher.verify(hashed, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def _rehash(self, name: str, old: str, password: str) -> None:
        hashed = self._hasher.hash(_normal(password))
        with self._database.writing() as session:
            row = account_row(session, name)
            if row.hash == old:  # not if the password was changed meanwhile
                row.hash = hashed


def any_account(session: Session) -> bool:
    """Tell whether there is an account."""
    return session.scalar(select(AccountRow.name).limit(1)) is not None


def account_row(session: Session, name: str) -> AccountRow:
    """Return the row of an account.

    Raises:
        StoreError: if there is none of this name.
    """
    row = session.get(AccountRow, name)
    if row is None:
        raise StoreError(f"there is no account {name}; reload the page to see those there are")
    return row


def _normal(password: str) -> str:
    # Keyboards differ in how they compose a letter and its marks (RFC 8265, OpaqueString).
    return unicodedata.normalize("NFC", password)


def _storable(value: str) -> bool:
    try:
        check_storable(value)
    except StoreError:
        return False
    return True


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise StoreError(f"{role} is no role; use {', '.join(ROLES)}")


def _keep_an_admin(session: Session, row: AccountRow) -> None:
    others = select(func.count()).where(AccountRow.role == "admin", AccountRow.disabled.is_(None), AccountRow.name != row.name)
    if row.role == "admin" and row.disabled is None and not session.scalar(others):
        raise StoreError(f"{row.name} is the only admin; make somebody else admin first")


def _read(row: AccountRow) -> Account:
    return Account(row.name, row.shown, cast(Role, row.role), row.created, row.disabled)
