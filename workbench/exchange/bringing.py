"""Documents of a desk: looked at before anything is stored, then brought into a project a few at a time."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.document import Document
from engine.errors import InputError, Problem
from engine.formats import get
from engine.formats.preview import Contents, in_order
from engine.formats.preview import Look as Seen
from engine.formats.source import Source
from workbench.exchange.desk import Desk, shown
from workbench.exchange.empty import Empty, says_nothing
from workbench.exchange.ready import Options, Part, columns_of, make_ready
from workbench.exchange.returning import Kept, give_back, past_of
from workbench.exchange.working import Stopped
from workbench.services import Services
from workbench.store import Label, Store, StoreError
from workbench.store.adopting import Ways
from workbench.store.checking import check_flat, check_json, check_name, check_storable

FIRST_SHOWN = 5
_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class Look(Contents):
    """What would be brought in; what is wrong is left out.

    Attributes:
        desk: where it lies.
        parts: the corpora, with the formats that they are read in.
        columns: of the first table, to choose from.
        empty: documents without spans, of which a file does not say whether somebody has looked at them.
        whole: the bundle among the parts that tells a project's whole history, if one does.
    """

    desk: Desk
    parts: tuple[Part, ...]
    columns: tuple[str, ...]
    empty: Empty = Empty()
    whole: Part | None = None


@dataclass
class Progress:
    """How far an import is.

    Attributes:
        documents: how many there are in all.
        done: how many were gone through.
        added: how many were added.
        known: how many were in the project already.
        left: how many were left out since a picture or recording of theirs is missing or cannot be read.
        problems: pictures and recordings that cannot be read.
        seconds: since the beginning.
        kept: what came of a bundle's history, once it is in.
        versions: how many revisions of a bundle's history are written and how many there are, until all are in at once.
    """

    documents: int
    done: int = 0
    added: int = 0
    known: int = 0
    left: int = 0
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    kept: Kept | None = None
    versions: tuple[int, int] | None = None


def look(desk: Desk, options: Options, *, flat: bool = False) -> Look:
    """Look at what a desk holds; nothing is stored.

    Args:
        desk: where it lies.
        options: how it is read.
        flat: whether documents whose spans overlap are left out and reported, as the project's rules say.

    Raises:
        InputError: if a file cannot be opened.
    """
    parts, problems = make_ready(desk, options)
    seen, notes, empty = Seen(FIRST_SHOWN), Counter[str](), Empty()
    parts, whole = _with_one_whole(desk, parts, problems)
    for part in parts:
        source = Source(desk.files / part.path)
        for document in _sound(source, part, flat):
            kept, missing = _at_hand(desk, document, source.inside)
            seen.add(kept, source.inside)
            seen.missing |= dict.fromkeys(missing)
            empty += Empty.of(part.format, document) if part is not whole else Empty()
        notes.update(source.notes)
        seen.missing |= dict.fromkeys(source.missing)
        problems += in_order(source.problems)
    named = tuple(
        replace(wrong, file=shown(desk, wrong.file), expected=shown(desk, wrong.expected), got=shown(desk, wrong.got))
        for wrong in problems
    )
    contents = replace(seen.contents(named, notes), missing=tuple(shown(desk, name) for name in seen.missing))
    return Look(**vars(contents), desk=desk, parts=tuple(parts), columns=columns_of(desk), empty=empty, whole=whole)


def bring(
    services: Services,
    project: int,
    seen: Look,
    *,
    by: str,
    incomplete: bool = True,
    annotated: bool | None = None,
    ways: Ways | None = None,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Bring what was looked at into a project, a few documents at a time; one that is there already is not added again.

    A bundle that tells its history is brought in at once: as a whole, or not at all.

    Args:
        services: for the store, and to keep pictures and recordings.
        project: into which.
        seen: what was looked at.
        by: who brings it.
        incomplete: whether to bring a document whose picture or recording is missing or cannot be read, without it.
        annotated: whether documents without spans were found to hold no entity; by default, as their formats suggest.
        ways: what is taken over of a bundle whose labels, guidelines or rules differ; by default, what overwrites nothing.
        tell: is told how far it is after every few documents; may raise to end it.

    Raises:
        Stopped: once the desk is halted.
        StoreError: if a label or a document cannot be stored.
        InputError: if a file cannot be read any more.
    """
    begun, progress, desk = time.monotonic(), Progress(seen.documents), seen.desk
    annotated = seen.empty.annotated if annotated is None else annotated
    flat = not services.store.projects.get(project).nested
    waiting: list[Document] = []

    def told() -> None:
        progress.seconds = time.monotonic() - begun
        tell(progress)
        if desk.halted:
            raise Stopped

    def versions(done: int, whole: int) -> None:
        progress.versions = done, whole
        told()

    for part in seen.parts:
        if part == seen.whole:
            progress.kept = give_back(services, project, desk, part, by=by, ways=ways, tell=versions)
            progress.problems += progress.kept.problems
            progress.added += progress.kept.restored.added
            progress.known += progress.kept.restored.known
            progress.versions = None
            continue
        file = desk.files / part.path
        for document in _sound(Source(file, desk.unpacked(part.path)), part, flat):
            progress.done += 1
            kept = _kept(services, desk, document, incomplete, progress)
            if kept is None:
                progress.left += 1
            else:
                waiting.append(kept)
            if len(waiting) >= _AT_ONCE:
                _store(services.store, project, waiting, by, annotated, progress)
                told()
    _store(services.store, project, waiting, by, annotated, progress)
    progress.seconds = time.monotonic() - begun
    return progress


def declare(store: Store, project: int, labels: Mapping[str, int], by: str) -> tuple[str, ...]:
    """Add labels that a project has not yet to its own; return them.

    Raises:
        StoreError: if one cannot be a label.
    """
    new = new_labels(store, project, labels)
    if new:
        store.labels.put(project, [Label(name) for name in new], by=by)
    return new


def new_labels(store: Store, project: int, labels: Mapping[str, int]) -> tuple[str, ...]:
    """Return the labels that are not among a project's, nor were under a former name."""
    known = {label.name for label in store.labels.list(project, all=True)}
    return tuple(label for label in labels if label not in known)


def _with_one_whole(desk: Desk, parts: list[Part], problems: list[Problem]) -> tuple[list[Part], Part | None]:
    """Return the parts that can be read, a bundle that tells its history first; a second such one is left out."""
    whole, others = None, []
    for part in parts:
        past = past_of(desk, part, problems)
        if past is False:
            continue
        if past is None:
            others.append(part)
        elif whole is None:
            whole = part
        else:
            problems.append(Problem(part.path, 0, "one bundle with a history at a time; import this one afterwards", "…"))
    return [*([whole] if whole else []), *others], whole


def _store(store: Store, project: int, waiting: list[Document], by: str, annotated: bool, progress: Progress) -> None:
    empty = [document for document in waiting if annotated and says_nothing(document)]
    for some, said in ((empty, True), ([document for document in waiting if document not in empty], None)):
        if some:
            added = store.documents.add(project, some, annotated=said, by=by)
            progress.added += len(added.ids)
            progress.known += added.known
    waiting.clear()


def _sound(source: Source, part: Part, flat: bool) -> Iterator[Document]:
    """Yield the documents that can be stored; the others are reported."""
    for document in get(part.format).parse(source):
        try:
            check_storable(document.text, document.id)
            check_json(dict(document.meta))
            for span in document.spans:
                check_name(span.label, "a label")
            if flat:
                check_flat(document.text, (span.key for span in document.spans))
        except StoreError as error:
            source.report(0, str(error), document.text)
        else:
            yield document


def _at_hand(desk: Desk, document: Document, inside: frozenset[str]) -> tuple[Document, list[str]]:
    """Return a document with those files alone that were uploaded with it, and what the others are called."""
    named = [*document.images, *([document.audio] if document.audio else [])]
    there = {path for path in named if path in inside or desk.holds(path)}
    missing = [os.path.basename(path.replace("\\", "/")) or path for path in named if path not in there]
    images = tuple(path for path in document.images if path in there)
    return replace(document, images=images, audio=document.audio if document.audio in there else None), missing


def _kept(services: Services, desk: Desk, document: Document, incomplete: bool, progress: Progress) -> Document | None:
    """Return a document whose files are kept in the workspace, and named as they are there; nothing if it is left out."""
    at_hand, missing = _at_hand(desk, document, frozenset())
    images, audio, odd = [], None, bool(missing)
    for path in [*at_hand.images, *([at_hand.audio] if at_hand.audio else [])]:
        try:
            if path == at_hand.audio:
                audio = services.keep_speech(path).path.name
            else:
                images.append(services.keep_picture(path).path.name)
        except InputError as error:
            odd = True
            progress.problems.append(Problem(shown(desk, path), 0, "", str(error).replace(path, Path(path).name)))
    return replace(at_hand, images=tuple(images), audio=audio) if incomplete or not odd else None
