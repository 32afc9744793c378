"""What a study of errors can be made of: samples, projects, uploaded files, lists of sentences; and who may open which."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import samples
from engine.document import Document
from engine.errors import FormatError
from engine.evaluation.slicing import ANNOTATOR
from engine.formats.native import from_row, to_row
from engine.formats.source import Source
from workbench.errors import UserError
from workbench.keeping import write_once
from workbench.store.checking import check_json

if TYPE_CHECKING:
    from workbench.store import Store

SAMPLES: dict[str, Callable[[], list[Document]]] = {
    "news": samples.news,
    "ambiguous": samples.ambiguous,
    "ambiguous_names": samples.ambiguous_names,
}
SAMPLE, PROJECT, FILE, LIST = "sample", "project", "file", "list"
_HASH = 16
_OFFERED_FILES = 12


@dataclass(frozen=True, slots=True)
class Data:
    """Documents that a study can be made of.

    Attributes:
        key: to ask for them by, and what stands in an address: ``sample:news``, ``project:3``, ``file:3-1f0c…``, ``list:7``.
        kind: what stands before the colon.
        name: as whoever made it calls it; of a sample its key.
    """

    key: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is remembered of an uploaded file."""

    name: str
    project: int
    account: str


class StudyData:
    """The data of all studies; every way to them asks whether who asks may see them."""

    def __init__(self, store: Store, folder: Path, beside: Callable[[Document], Document]) -> None:
        """Serve a store.

        Args:
            store: has projects and lists.
            folder: where uploaded files are kept.
            beside: puts paths in place of the names of recordings and pictures.
        """
        self._store, self._folder, self._beside = store, folder, beside

    def offered(self, project: int, account: str) -> list[Data]:
        """Return what somebody who works in a project can choose from."""
        found = [Data(f"{SAMPLE}:{name}", SAMPLE, name) for name in SAMPLES]
        if self._sees(project, account):
            found.insert(0, Data(f"{PROJECT}:{project}", PROJECT, self._store.projects.get(project).name))
        found += [Data(f"{LIST}:{each.id}", LIST, each.name) for each in self._store.lists.of(project, account)]
        files = sorted(self._folder.glob(f"{project}-*.name.json"), key=lambda file: -file.stat().st_mtime)
        for file in files[:_OFFERED_FILES]:
            key = file.name.removesuffix(".name.json")
            kept = self._kept(key)
            if kept and self._may_open(kept, account):
                found.append(Data(f"{FILE}:{key}", FILE, kept.name))
        return found

    def named(self, key: str, account: str) -> Data:
        """Return what a key stands for.

        Raises:
            UserError: if there is no such data, or the account may not see it.
        """
        kind, _, name = key.partition(":")
        if kind == SAMPLE and name in SAMPLES:
            return Data(key, kind, name)
        if kind == PROJECT and name.isdecimal() and self._sees(int(name), account):
            return Data(key, kind, self._store.projects.get(int(name)).name)
        if kind == LIST and name.isdecimal() and (found := self._store.lists.get(int(name), account)):
            return Data(key, kind, found.name)
        if kind == FILE and (kept := self._kept(name)) and self._may_open(kept, account):
            return Data(key, kind, kept.name)
        # That something is there is nobody's business who may not see it.
        raise UserError("errors.data.error")

    def documents(self, key: str, account: str) -> tuple[Document, ...]:
        """Return the annotated documents; those without a character are left out.

        Raises:
            UserError: if there is no such data, or the account may not see it, or nothing is in it.
        """
        data, name = self.named(key, account), key.partition(":")[2]
        match data.kind:
            case "sample":
                found = SAMPLES[name]()
            case "project":
                found = [self._beside(_annotated(document)) for document in self._store.reading.answers(int(name))]
            case "list":
                found = [self._beside(entry.document) for entry in self._store.lists.entries(int(name), account)]
                found = list({(document.text, document.id): document for document in found}.values())
            case _:
                found = [self._beside(document) for document in self._read(name)]
        found = [document for document in found if document.text.strip()]
        if not found:
            raise UserError("errors.data.empty")
        return tuple(found)

    def keep(self, project: int, documents: Sequence[Document], name: str, account: str) -> str:
        """Keep the documents of an uploaded file for a project and return their key.

        Raises:
            StoreError: if they hold what cannot be kept.
            UserError: if there are none.
        """
        rows = [to_row(document) for document in documents if document.text.strip()]
        if not rows:
            raise UserError("errors.data.empty")
        check_json([name, rows])
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        kept = json.dumps(asdict(_Kept(name, project, account)), ensure_ascii=False)
        said = "\n".join([account, name, lines]).encode()
        key = f"{project}-{hashlib.sha256(said).hexdigest()[:_HASH]}"
        _write(self._folder / f"{key}.jsonl", lines)
        _write(self._folder / f"{key}.name.json", kept)
        return f"{FILE}:{key}"

    def _read(self, key: str) -> list[Document]:
        file = self._folder / f"{key}.jsonl"
        source = Source(file)
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
        found = [document for n, row in enumerate(rows, start=1) if (document := from_row(source, n, row)) is not None]
        if source.problems:
            raise FormatError(source.problems)
        return found

    def _kept(self, key: str) -> _Kept | None:
        if not key.replace("-", "").isalnum():  # it comes from an address, and becomes a file's name
            return None
        try:
            return _Kept(**json.loads((self._folder / f"{key}.name.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _may_open(self, kept: _Kept, account: str) -> bool:
        member = self._store.projects.admits(kept.project, account)
        return member and (kept.account == account or self._sees(kept.project, account))

    def _sees(self, project: int, account: str) -> bool:
        """Tell whether somebody may see what all have annotated in a project: not an annotator of a blind one."""
        if not self._store.projects.admits(project, account):
            return False
        role = self._store.projects.role(project, account)
        return role != "annotator" or not self._store.projects.get(project).blind


def _annotated(document: Document) -> Document:
    """Return a document of a project that says who annotated it, for slices by annotator."""
    author = document.meta.get("author", "")
    return replace(document, meta={**document.meta, ANNOTATOR: author}) if author else document


def _write(file: Path, content: str) -> None:
    write_once(file, lambda partial: Path(partial).write_text(content, encoding="utf-8"))
