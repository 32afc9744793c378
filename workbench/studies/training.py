"""What models were trained on, as far as somebody says: a shipped sample, an uploaded file, or what they learned of projects."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.document import Document
from workbench.errors import UserError
from workbench.studies.data import FILE, PROJECT, SAMPLE, Data, StudyData

LEARNED = "learned"
"""Kind of the corrections of a project that a checkpoint has learned: ``learned:3``."""


class Training:
    """The training documents of all studies; every way to them asks whether who asks may see them."""

    def __init__(self, data: StudyData, taught: Callable[[str, int], Sequence[Document]]) -> None:
        """Serve the data of studies.

        Args:
            data: samples, files and projects.
            taught: returns the corrections of a project that a checkpoint, by its name, has learned.
        """
        self._data, self._taught = data, taught

    def offered(self, project: int, account: str) -> list[Data]:
        """Return what somebody who works in a project can say that models were trained on."""
        found = self._data.offered(project, account)
        learned = [Data(f"{LEARNED}:{project}", LEARNED, each.name) for each in found if each.kind == PROJECT]
        return learned + [each for each in found if each.kind in (SAMPLE, FILE)]

    def named(self, key: str, account: str) -> Data:
        """Return what a key stands for.

        Raises:
            UserError: if there are no such documents, or the account may not see them.
        """
        kind, _, name = key.partition(":")
        if kind == LEARNED:
            return Data(key, LEARNED, self._data.named(f"{PROJECT}:{name}", account).name)
        if kind not in (SAMPLE, FILE):
            raise UserError("errors.data.error")
        return self._data.named(key, account)

    def documents(self, key: str, checkpoints: Sequence[str], account: str) -> list[tuple[Document, ...]]:
        """Return for each checkpoint what it was trained on: one and the same tuple where that is the same.

        Args:
            key: as in :meth:`offered`; empty where nobody says.
            checkpoints: their names.
            account: who asks.

        Raises:
            UserError: if there are no such documents, or the account may not see them.
        """
        if not key:
            return [()] * len(checkpoints)
        data = self.named(key, account)
        if data.kind != LEARNED:
            return [self._data.documents(key, account)] * len(checkpoints)
        project = int(key.partition(":")[2])
        taught = {name: tuple(self._taught(name, project)) for name in dict.fromkeys(checkpoints)}
        return [taught[name] for name in checkpoints]
