"""Databases to test on: a file of SQLite, and a PostgreSQL server of our own."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from workbench.store import Store


def initdb() -> str | None:
    """Find PostgreSQL's programs, which Debian keeps out of the path."""
    return shutil.which("initdb") or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server of our own, reached through a socket in a temporary folder."""
    pytest.importorskip("psycopg", reason="psycopg, of the extra postgres, is not installed")
    program = initdb()
    if program is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="duomo-pg-"))
    # PostgreSQL refuses to run as root.
    as_user: list[str] = []
    if shutil.which("runuser") and Path("/proc/self").stat().st_uid == 0:
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

    control = str(Path(program).with_name("pg_ctl"))
    run(program, "-D", f"{folder}/data", "-U", "duomo", "-E", "UTF8", "--auth=trust")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    run(control, "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        yield folder
    finally:
        run(control, "-D", f"{folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/folder/duomo.db"
    folder = request.getfixturevalue("postgresql")
    name = f"test_{tmp_path.name}".lower()
    admin = sa.create_engine(f"postgresql+psycopg://duomo@/postgres?host={folder}", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}"')
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    admin.dispose()
    return f"postgresql://duomo@/{name}?host={folder}"


@pytest.fixture
def store(url):
    opened = Store.open(url)
    yield opened
    opened.close()
