"""A project as a file in any format: which annotations, what is lost, and the file itself, written as the documents come."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from engine.document import Document
from engine.formats import Format, get, write
from engine.formats.bundle import write_bundle
from engine.formats.losses import ABSENT, PICTURES, SPEECH
from engine.formats.losses import Part as Lost
from workbench.exchange.desk import MEDIA, clear_old
from workbench.exchange.packing import members
from workbench.services import Services

BEST, GOLD, IMPORTED, ANNOTATED_BY = "best", "gold", "imported", "by:"
COUNTED = 2000
"""Documents of which losses are counted before an export; of more, the first."""
OURS = ("document", "revision", "author", "checkpoint", "layer")
"""Further data that the store says of an annotation."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\s]+')
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Choice:
    """What of a project is exported.

    Attributes:
        format: a name in :data:`engine.formats.FORMATS`.
        layer: the best annotation of each document there is; the gold alone; what files said; or ``by:`` and an annotator.
        finished: only documents that are finished or adjudicated.
        every: documents without such an annotation too.
    """

    format: str
    layer: str = BEST
    finished: bool = False
    every: bool = True

    @property
    def author(self) -> str | None:
        """Return whose annotations are exported, ``None`` for no one's in particular."""
        return self.layer.removeprefix(ANNOTATED_BY) if self.layer.startswith(ANNOTATED_BY) else None


@dataclass(frozen=True)
class Taken:
    """An export: the file, how many documents are in it, and what of them its format could not hold."""

    path: Path
    documents: int
    lost: Mapping[Lost, int]


def lost(services: Services, project: int, choice: Choice) -> tuple[int, Mapping[Lost, int]]:
    """Return what an export would lose of the first :data:`COUNTED` documents, and how many were looked at."""
    counted, chosen, looked_at = Counter[Lost](), get(choice.format), 0
    for document in islice(documents(services, project, choice), COUNTED):
        looked_at += 1
        counted.update(chosen.loses(_without_ours(chosen, document)))
    return looked_at, counted


def documents(services: Services, project: int, choice: Choice) -> Iterator[Document]:
    """Yield the documents of an export, their pictures and recordings by the paths of the workspace."""
    layers: tuple[Any, ...] = {GOLD: ("gold",), IMPORTED: ("imported",)}.get(choice.layer, ())
    answers = services.store.reading.answers
    for document in answers(project, author=choice.author, layers=layers, finished=choice.finished, every=choice.every):
        images = tuple(str(services.picture_folder / Path(name).name) for name in document.images)
        audio = str(services.speech_folder / Path(document.audio).name) if document.audio else None
        yield replace(document, images=images, audio=audio)


def take(
    services: Services, project: int, choice: Choice, folder: Path, tell: Callable[[int], None] = lambda done: None
) -> Taken:
    """Write an export; where a format keeps files beside it, or is a folder, all of it is one ZIP file.

    Args:
        services: for the store and the workspace.
        project: which.
        choice: what of it.
        folder: of all exports; those that nobody fetched for a day are cleared.
        tell: is told how many documents are written; may raise to end it.

    Raises:
        InputError: if a label or the disk stands against it.
    """
    clear_old(folder)
    chosen, root = get(choice.format), folder / secrets.token_urlsafe(12)
    name = _UNSAFE.sub("_", services.store.projects.get(project).name).strip("._")[:60] or "project"
    content = root / name
    content.mkdir(parents=True)
    try:
        if choice.format == "bundle":
            return _bundled(services, project, choice, root / f"{name}.zip", tell)
        missing = Counter[Lost]()
        target = content / (choice.format if chosen.extensions[0] == "/" else f"{name}{chosen.extensions[0]}")
        coming = _told(documents(services, project, choice), tell)
        written = write(
            (_placed(chosen, _without_ours(chosen, document), content, missing) for document in coming), target, choice.format
        )
        return Taken(_single(content), written.documents, {**written.lost, **missing})
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


def _told(coming: Iterator[Document], tell: Callable[[int], None]) -> Iterator[Document]:
    for number, document in enumerate(coming):
        tell(number)
        yield document


def _without_ours(chosen: Format, document: Document) -> Document:
    """Return a document without what the store says of its annotation, for formats that cannot hold it, or as comments alone."""
    holds = not any(part.key in ("meta", "comments") for part in chosen.lacks)
    kept = {key: value for key, value in document.meta.items() if key not in OURS or (holds and value)}
    return replace(document, meta=kept)


def _placed(chosen: Format, document: Document, content: Path, missing: Counter[Lost]) -> Document:
    """Return a document whose files lie beside the export; some formats copy them themselves, others only say where they lie."""
    if ABSENT in chosen.lacks:
        return document
    if gone := ABSENT.count(document):
        if PICTURES not in chosen.lacks or SPEECH not in chosen.lacks:
            missing[ABSENT] += gone
        document = ABSENT.without(document) or document
    images, audio = document.images, document.audio
    if PICTURES not in chosen.lacks:
        images = tuple(_beside(path, content, "pictures") for path in images)
    if SPEECH not in chosen.lacks and audio:
        audio = _beside(audio, content, "speech")
    return replace(document, images=images, audio=audio)


def _beside(path: str, content: Path, folder: str) -> str:
    target = content / folder / Path(path).name
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)
    return f"{folder}/{target.name}"


def _single(content: Path) -> Path:
    """Return the one file of an export, or a ZIP file of all there are."""
    files = sorted(file for file in content.rglob("*") if file.is_file())
    if len(files) == 1 and files[0].parent == content:
        return files[0]
    archive = content.with_name(f"{content.name}.zip")
    with zipfile.ZipFile(archive, "w", allowZip64=True) as packed:
        for file in files:
            how = zipfile.ZIP_STORED if file.suffix.lower() in MEDIA else zipfile.ZIP_DEFLATED
            packed.write(file, str(file.relative_to(content.parent)), compress_type=how)
    shutil.rmtree(content)
    return archive


# the bundle


def _bundled(services: Services, project: int, choice: Choice, path: Path, tell: Callable[[int], None]) -> Taken:
    """Write a bundle; of all documents without a choice among them, with those in the recycle bin."""
    counted, missing = [0], Counter[Lost]()
    chosen = get(choice.format)

    def fitting() -> Iterator[Document]:
        for document in _told(documents(services, project, choice), tell):
            fit, lacking = chosen.fit(document)
            missing.update(lacking)
            if fit is not None:
                counted[0] += 1
                yield fit

    full = choice.layer == BEST and choice.every and not choice.finished
    among = None if full else frozenset(int(document.meta["document"]) for document in documents(services, project, choice))
    write_bundle(fitting(), path, members(services, project, author=choice.author, among=among))
    return Taken(path, counted[0], missing)
