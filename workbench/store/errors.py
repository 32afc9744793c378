"""What the database says, in words its user can act on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError


class StoreError(Exception):
    """The store cannot do what was asked; the message is one line that says what to do."""


# What SQLite and PostgreSQL write, in lower case, and what it means. The first that fits is taken.
_MEANINGS = (
    (
        ("database or disk is full", "no space left", "could not extend file"),
        "the disk that holds {place} is full; free some space and save again; what was saved before is safe",
    ),
    (
        ("readonly database", "read-only", "permission denied", "unable to open database file"),
        "{place} cannot be opened for writing; check the permissions of the file and its folder, or choose another --workspace",
    ),
    (
        ("database is locked", "database table is locked", "lock timeout"),
        "{place} is held by another program; close that program and save again",
    ),
    (
        ("not a database", "malformed", "file is encrypted"),
        "{place} is damaged or is not Duomo's; restore it from a backup, or choose another --database",
    ),
    (("append-only",), "{place} keeps every revision: nothing in it is changed or deleted; save a new revision instead"),
    (
        ("password authentication failed", "no password supplied"),
        "{place} refuses this user or password; check the address given as --database",
    ),
    (
        (
            "connection refused",
            "connection failed",
            "connection timeout",
            "connection is lost",
            "could not connect",
            "could not translate host",
            "failed to resolve host",
            "timeout expired",
            "server closed the connection",
            "terminating connection",
            "does not exist",
        ),
        "{place} cannot be reached; see that the database is running and that the address given as --database is right",
    ),
    (("can't locate revision",), "{place} was made by a newer Duomo; update Duomo, or choose another --database"),
)


def explain(error: Exception, url: URL) -> StoreError:
    """Return the StoreError that says what a database error means.

    Args:
        error: what SQLAlchemy, Alembic or the driver raised.
        url: the database; its password is not shown.
    """
    place = f"the database {url.database}" if url.drivername.startswith("sqlite") else f"the database {url.render_as_string()}"
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = str(cause).lower()
    for marks, meaning in _MEANINGS:
        if any(mark in said for mark in marks):
            return StoreError(meaning.format(place=place))
    first_line = next(iter(str(cause).splitlines()), type(cause).__name__)
    return StoreError(f"{place} answered with an error: {first_line}")


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Raise the database's errors as :class:`StoreError`."""
    try:
        yield
    except (SQLAlchemyError, CommandError, sqlite3.Error) as error:
        raise explain(error, url) from error
