"""A project's protected test set: annotated documents that every retraining of the project is judged by and none learns from.

It is kept in the store, so that a backup has it; what a retraining reads is a file that is written of it where it is not there.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import formats
from engine.document import Document
from engine.formats.native import from_row, to_row
from engine.formats.source import Source
from workbench.errors import UserError
from workbench.keeping import write_once
from workbench.store.checking import check_json

if TYPE_CHECKING:
    from workbench.store import Store

_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Protected:
    """What a protected test set is.

    Attributes:
        name: of the file that it came from.
        documents: how many, each a sentence in most corpora.
        characters: of all of them together.
        labels: how many entities there are of each type, the most frequent first.
        created: when it was chosen, ISO time in UTC.
        by: who chose it; empty where nobody has to sign in.
    """

    name: str
    documents: int
    characters: int
    labels: Mapping[str, int]
    created: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Texts of a protected test set that are learned from too.

    Attributes:
        documents: how many documents have such a text.
        share: of all documents of the set.
        example: the first such text, shortened.
    """

    documents: int
    share: float
    example: str


class ProtectedSets:
    """The protected test sets of all projects, one at most of each."""

    def __init__(self, store: Store, folder: Path, beside: Callable[[Document], Document]) -> None:
        """Keep them in a store.

        Args:
            store: of the process.
            folder: where the files go that retrainings read.
            beside: puts paths in place of the names of recordings and pictures.
        """
        self._store, self._folder, self._beside = store, folder, beside

    def of(self, project: int) -> Protected | None:
        """Return a project's set, if it has one."""
        said = self._store.settings.get(_key(project))
        return Protected(**said) if said else None

    def choose(self, project: int, documents: Sequence[Document], name: str, *, by: str = "") -> Protected:
        """Judge a project's retrainings by these documents from now on, in place of those before.

        Args:
            project: whose.
            documents: annotated; recordings and pictures are named as they are in the workspace.
            name: of the file that they came from.
            by: who chooses.

        Raises:
            UserError: if there is nothing to judge by, or some texts are annotated in the project too.
            StoreError: if a text cannot be kept.
        """
        found = [document for document in documents if document.text.strip()]
        labels = Counter(span.label for document in found for span in document.spans)
        if not labels:
            raise UserError("protected.empty.error")
        if (shared := self._overlap(project, found)).documents:
            values = {"count": shared.documents, "share": f"{shared.share:.1%}", "example": shared.example}
            raise UserError("protected.overlap.error", **values)
        return self._keep(project, found, name, by)

    def overlap(self, project: int) -> Overlap:
        """Return what of a project's set has been annotated in the project since."""
        return self._overlap(project, self.documents(project))

    def trim(self, project: int) -> Protected | None:
        """Take what has been annotated in the project out of its set; return what is left, nothing where nothing is."""
        said, taught = self.of(project), self._taught(project)
        left = [document for document in self.documents(project) if document.text not in taught]
        if said is None or not any(document.spans for document in left):
            self.remove(project)
            return None
        return self._keep(project, left, said.name, said.by)

    def remove(self, project: int) -> None:
        """Judge a project's retrainings by no such set any more."""
        self._store.settings.set(_key(project), None)
        self._store.settings.set(_key(project, "documents"), None)

    def documents(self, project: int) -> list[Document]:
        """Return a project's set; none where it has none."""
        source = Source(self._folder / _key(project))
        rows = self._store.settings.get(_key(project, "documents")) or []
        return [document for n, row in enumerate(rows, start=1) if (document := from_row(source, n, row)) is not None]

    def file(self, project: int) -> Path | None:
        """Return a file of a project's set for a retraining to read; nothing where the project has none.

        Raises:
            OSError: if it cannot be written.
        """
        documents = [self._beside(document) for document in self.documents(project)]
        if not documents:
            return None
        said = json.dumps([to_row(document) for document in documents], sort_keys=True).encode()
        file = self._folder / f"{hashlib.sha256(said).hexdigest()[:16]}.jsonl"
        write_once(file, lambda partial: formats.write(documents, partial))
        return file

    def _keep(self, project: int, documents: Sequence[Document], name: str, by: str) -> Protected:
        labels = Counter(span.label for document in documents for span in document.spans)
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        said = Protected(name, len(documents), sum(map(len, documents)), dict(labels.most_common()), now, by)
        rows: list[dict[str, Any]] = [to_row(document) for document in documents]
        check_json([name, rows])
        self._store.settings.set(_key(project, "documents"), rows)
        self._store.settings.set(_key(project), asdict(said))
        return said

    def _overlap(self, project: int, documents: Sequence[Document]) -> Overlap:
        taught = self._taught(project)
        shared = [document.text for document in documents if document.text in taught]
        example = shared[0][:_SHOWN] if shared else ""
        return Overlap(len(shared), len(shared) / max(1, len(documents)), example)

    def _taught(self, project: int) -> set[str]:
        """Return what the project's models learn from, or have learned."""
        return {document.text for document in self._store.corrections(project=project)}


def _key(project: int, what: str = "") -> str:
    return f"protected.{project}" + (f".{what}" if what else "")
