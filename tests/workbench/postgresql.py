"""A PostgreSQL server of our own, reached through a socket in a temporary folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psutil
import sqlalchemy as sa


def initdb() -> str | None:
    """Find PostgreSQL's programs, which Debian keeps out of the path."""
    return shutil.which("initdb") or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)


class PostgreSQL:
    """A server with a folder of its own; :meth:`remove` it in the end."""

    def __init__(self, program: str, *, durable: bool = True) -> None:
        """Make an empty server and start it.

        Args:
            program: the path of ``initdb``.
            durable: whether it keeps what it has said that it keeps though it be killed; one that need not is far quicker.
        """
        self._quick = "" if durable else " -c fsync=off -c full_page_writes=off"
        self.folder = Path(tempfile.mkdtemp(prefix="duomo-pg-"))
        self._control = str(Path(program).with_name("pg_ctl"))
        # PostgreSQL refuses to run as root.
        self._as_user: list[str] = []
        if shutil.which("runuser") and Path("/proc/self").stat().st_uid == 0:
            shutil.chown(self.folder, "postgres")
            self._as_user = ["runuser", "-u", "postgres", "--"]
        self._run(program, "-D", f"{self.folder}/data", "-U", "duomo", "-E", "UTF8", "--auth=trust")
        self.start()

    def start(self) -> None:
        """Start it; after a kill it recovers first."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder}{self._quick}"
        self._run(self._control, "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def kill(self) -> None:
        """End every process of it at once, with SIGKILL."""
        server = psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0]))
        processes = [server, *server.children(recursive=True)]
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
        psutil.wait_procs(processes, timeout=30)

    def remove(self) -> None:
        """Stop it and delete what it held."""
        self._run(self._control, "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def database(self, name: str) -> str:
        """Make an empty database, and return its URL."""
        self._command(f'DROP DATABASE IF EXISTS "{name}"')
        self._command(f'CREATE DATABASE "{name}"')
        return f"postgresql://duomo@/{name}?host={self.folder}"

    def drop(self, name: str) -> None:
        """Delete a database, whoever is still connected; hundreds of them would take minutes to delete in the end."""
        self._command(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _command(self, said: str) -> None:
        admin = sa.create_engine(f"postgresql+psycopg://duomo@/postgres?host={self.folder}", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(said)
        admin.dispose()

    def _run(self, *command: str) -> None:
        subprocess.run([*self._as_user, *command], check=True, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60)
