"""Databases to test on: a file of SQLite, and a PostgreSQL server of our own."""

import pytest

from tests.workbench.postgresql import PostgreSQL, initdb
from workbench.store import Store


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server of our own."""
    yield from _postgresql(durable=False)


@pytest.fixture
def postgresql_to_kill():
    """One that a test may end as it likes."""
    yield from _postgresql(durable=True)


def _postgresql(*, durable):
    pytest.importorskip("psycopg", reason="psycopg, of the extra postgres, is not installed")
    program = initdb()
    if program is None:
        pytest.skip("PostgreSQL is not installed")
    server = PostgreSQL(program, durable=durable)
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/folder/duomo.db"
        return
    server, name = request.getfixturevalue("postgresql"), f"test_{tmp_path.name}".lower()
    yield server.database(name)
    server.drop(name)


@pytest.fixture
def store(url):
    opened = Store.open(url)
    yield opened
    opened.close()
