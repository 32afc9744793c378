"""The training runs that the workbench has begun: the job table. A run itself is a folder and a process of its own."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select

from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.records import RunKind, RunRecord, read_run
from workbench.store.schema import FIRST, RunRow


class Runs:
    """The runs of every project."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def all(self) -> list[RunRecord]:
        """Return every run, latest first."""
        query = select(RunRow).order_by(RunRow.created.desc(), RunRow.id.desc())
        with self._database.reading() as session:
            return [read_run(row) for row in session.scalars(query)]

    def add(
        self,
        run_id: str,
        folder: str,
        parent: str,
        last_revision: int,
        project: int = FIRST,
        kind: RunKind = "retraining",
    ) -> None:
        """Add a run.

        Args:
            run_id: its name, not used before.
            folder: where it lives.
            parent: the checkpoint that it begins from.
            last_revision: the latest revision that it learns from.
            project: whose corrections it learns.
            kind: what it is for.

        Raises:
            StoreError: if there is a run of this name.
        """
        with self._database.writing() as session:
            if session.get(RunRow, run_id) is not None:
                raise StoreError(f"there is a run {run_id} already; choose another name")
            row = RunRow(id=run_id, folder=folder, parent=parent, last_revision=last_revision, project_id=project, kind=kind)
            session.add(row)

    def mark(self, run_id: str, decision: Literal["used", "kept"]) -> None:
        """Note what became of a run: its model is used, or the old one was kept.

        Raises:
            StoreError: if there is no such run.
        """
        with self._database.writing() as session:
            row = session.get(RunRow, run_id)
            if row is None:
                raise StoreError(f"there is no run {run_id}; reload the page to see those there are")
            row.decision = decision
