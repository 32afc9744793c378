"""Opens the database so that many threads and several processes can write to it without losing or blocking one another."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, NoSuchModuleError
from sqlalchemy.orm import Session

from workbench.store import migrations
from workbench.store.errors import StoreError, explained
from workbench.store.memory import Memory

# Any number will do, so long as every Duomo that shares a database uses the same.
_WRITERS_LOCK = 0x6475_6F6D_6F
_PATIENCE = 30
_TRUSTED = 30
"""Seconds for which a connection that nothing was heard on is taken to be alive."""


class _Reader(Session):
    """A session that knows every row that it has read; by itself, one forgets what nobody holds, and reads it again."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.read: list[Any] = []


@event.listens_for(_Reader, "loaded_as_persistent")
def _hold(session: _Reader, row: Any) -> None:
    session.read.append(row)


class Database:
    """An engine with two kinds of transaction: readers never wait, writers come one after another.

    That writers queue is what keeps revision ids in the order in which they become visible, so that
    "everything after revision n" misses nothing.
    """

    def __init__(self, address: str) -> None:
        """Connect and migrate.

        Args:
            address: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.

        Raises:
            StoreError: if the database cannot be used.
        """
        self.url = _url(address)
        self._engine = _engine(self.url)
        self._writers = self._engine.execution_options(writes=True)
        self._readers = self._engine
        if self.url.get_backend_name() == "postgresql":
            # Each statement sees what is committed by then, in a transaction or not; to begin and end one takes time.
            self._readers = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._memory = Memory()
        self._queue = threading.Lock()
        self._shared: ContextVar[Session | None] = ContextVar("shared", default=None)
        try:
            self._migrate()
        except StoreError:
            self.close()
            raise

    def _migrate(self) -> None:
        with explained(self.url), self._writers.begin() as connection:
            _lock_writers(connection)
            migrations.upgrade(connection)
            # Better to hear now than at the first save that the database can only be read.
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session to read in; inside :meth:`together`, it is the one that is open already."""
        shared = self._shared.get()
        if shared is not None:
            yield shared
            return
        with explained(self.url), _Reader(self._readers) as session:
            self._memory.lend(session)
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let all that this thread reads in the block be read over one connection, each row once; nothing is written in it.

        A page asks a score of small questions of the same few rows: a connection for each would take longer than the answers.
        """
        with self.reading() as session:
            before = self._shared.set(session)
            try:
                yield
            finally:
                self._shared.reset(before)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that is the only writer until it is committed, at the end of the block, or undone by an error.

        Raises:
            RuntimeError: inside :meth:`together`, where what is read after it would be from before.
        """
        if self._shared.get() is not None:
            raise RuntimeError("nothing is written while reading together")
        with self._turn(), explained(self.url), Session(self._writers, expire_on_commit=False) as session, session.begin():
            _lock_writers(session.connection())
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a connection that reads the database as it is now, however long that takes and whatever others save meanwhile."""
        reads = self._engine
        if self.url.get_backend_name() == "postgresql":
            reads = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with explained(self.url), reads.begin() as connection:
            connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            yield connection

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """Open a connection that is the only writer until the end of the block, and may make and drop tables."""
        with self._turn(), explained(self.url), self._writers.begin() as connection:
            _lock_writers(connection)
            yield connection
        self._memory = Memory()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        # SQLite lets those who wait try again at random; of many threads, one would wait for seconds.
        if not self._queue.acquire(timeout=_PATIENCE):
            raise StoreError(f"others have been saving for {_PATIENCE} seconds; nothing is lost here: save again")
        try:
            yield
        finally:
            self._queue.release()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise StoreError(f"{address!r} is not a database address; use sqlite:///FILE or postgresql://…") from error
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"Duomo keeps its data in SQLite or PostgreSQL, not in {backend}; use sqlite:///FILE or postgresql://…")
    if url.database in (None, "", ":memory:"):
        raise StoreError("a database in memory would lose annotations; name a file: sqlite:///FILE")
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        try:
            engine = create_engine(url, pool_size=10, max_overflow=30, connect_args={"connect_timeout": 10})
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise StoreError("PostgreSQL needs psycopg 3; install it with: pip install 'psycopg[binary]'") from error
        event.listen(engine, "checkin", _note_return)
        event.listen(engine, "checkout", _see_that_it_lives(engine))
        return engine
    _make_folder(url)
    engine = create_engine(url, pool_size=10, max_overflow=30, connect_args={"timeout": 10})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _note_return(connection: Any, record: Any) -> None:
    record.info["returned"] = time.monotonic()


def _see_that_it_lives(engine: Engine) -> Callable[[Any, Any, Any], None]:
    """Return what looks at a connection before it is used: the server is asked only if it may be gone.

    To ask every time, as pools do, would take as long as a statement. A server that ends says so, or its system does: there is
    something to be read.
    """

    def look(connection: Any, record: Any, _: Any) -> None:
        returned = record.info.get("returned")
        if returned is None or (time.monotonic() - returned < _TRUSTED and not _is_heard(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as error:  # whatever the driver says of a lost connection; the next one is made anew
            raise InvalidatePoolError() from error

    return look


def _is_heard(connection: Any) -> bool:
    if connection.closed:
        return True
    with selectors.DefaultSelector() as heard:
        heard.register(connection.pgconn.socket, selectors.EVENT_READ)
        return bool(heard.select(0))


def _make_folder(url: URL) -> None:
    database = url.database or ""
    if database.startswith("file:"):
        return
    folder = Path(database).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder {folder} cannot be made ({error.strerror}); choose another --workspace") from error


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # The driver's own transactions begin too late and cannot be BEGIN IMMEDIATE; _begin_sqlite begins them instead.
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    # Without this, INSERT OR REPLACE deletes rows behind the triggers' back.
    connection.execute("PRAGMA recursive_triggers=ON")


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns writer halfway fails with "database is locked" however long it would wait.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _lock_writers(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
