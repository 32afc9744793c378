"""Documents of a desk: looked at before anything is stored, then brought into a project a few at a time."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.document import Document
from engine.errors import InputError, Problem
from engine.formats import get
from engine.formats.preview import Look as Seen
from engine.formats.source import Source
from workbench.exchange.desk import Desk, shown
from workbench.exchange.ready import Options, Part, columns_of, make_ready
from workbench.services import Services
from workbench.store import Label, Store, StoreError
from workbench.store.checking import check_flat, check_json, check_name, check_storable

FIRST_SHOWN = 5
_AT_ONCE = 50


@dataclass(frozen=True)
class Look:
    """What would be brought in.

    Attributes:
        desk: where it lies.
        parts: the corpora, with the formats that they are read in.
        documents: how many sound documents there are.
        characters: of all their texts.
        labels: how many spans each has, the most frequent first.
        first: the first documents.
        problems: what is wrong, by file and line; what is wrong is left out.
        notes: what is sound but not kept, or read otherwise than it is written, and how often.
        found: pictures and recordings that are there.
        missing: names of those that are not.
        columns: of the first table, to choose from.
    """

    desk: Desk
    parts: tuple[Part, ...]
    documents: int
    characters: int
    labels: Mapping[str, int]
    first: tuple[Document, ...]
    problems: tuple[Problem, ...]
    notes: Mapping[str, int]
    found: int
    missing: tuple[str, ...]
    columns: tuple[str, ...]


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
        declared: labels that were added to the project's.
        seconds: since the beginning.
    """

    documents: int
    done: int = 0
    added: int = 0
    known: int = 0
    left: int = 0
    problems: list[Problem] = field(default_factory=list)
    declared: tuple[str, ...] = ()
    seconds: float = 0.0


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
    seen, notes = Seen(FIRST_SHOWN), Counter[str]()
    for part in parts:
        source = Source(desk.files / part.path)
        for document in _sound(source, part, flat):
            kept, missing = _at_hand(desk, document, source.inside)
            seen.add(kept, source.inside)
            seen.missing |= dict.fromkeys(missing)
        notes.update(source.notes)
        seen.missing |= dict.fromkeys(source.missing)
        problems += sorted(source.problems, key=lambda problem: (problem.file, problem.line))
    named = tuple(replace(wrong, file=shown(desk, wrong.file), expected=shown(desk, wrong.expected)) for wrong in problems)
    labels, missing_names = dict(seen.labels.most_common()), tuple(shown(desk, name) for name in seen.missing)
    found = (seen.documents, seen.characters, labels, tuple(seen.first), named, dict(notes), seen.found, missing_names)
    return Look(desk, tuple(parts), *found, columns_of(desk))


def bring(
    services: Services, project: int, desk: Desk, parts: tuple[Part, ...], documents: int, *, by: str, incomplete: bool = True
) -> Iterator[Progress]:
    """Bring what was looked at into a project, a few documents at a time; one that is there already is not added again.

    Args:
        services: for the store, and to keep pictures and recordings.
        project: into which.
        desk: where it lies.
        parts: as they were looked at.
        documents: how many there are.
        by: who brings them.
        incomplete: whether to bring a document whose picture or recording is missing or cannot be read, without it.

    Yields:
        Progress: after every few documents, and at the end.

    Raises:
        StoreError: if a label or a document cannot be stored.
        InputError: if a file cannot be read any more.
    """
    begun, progress = time.monotonic(), Progress(documents)
    flat = not services.store.projects.get(project).nested
    waiting: list[Document] = []
    for part in parts:
        file = desk.files / part.path
        source = Source(file, desk.files / f"{file.stem}.unpacked")
        for document in _sound(source, part, flat):
            progress.done += 1
            kept = _kept(services, desk, document, incomplete, progress)
            if kept is None:
                progress.left += 1
            else:
                waiting.append(kept)
            if len(waiting) >= _AT_ONCE:
                _store(services.store, project, waiting, by, progress)
                progress.seconds = time.monotonic() - begun
                yield progress
    _store(services.store, project, waiting, by, progress)
    progress.seconds = time.monotonic() - begun
    yield progress


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


def _store(store: Store, project: int, waiting: list[Document], by: str, progress: Progress) -> None:
    added = store.documents.add(project, waiting, by=by) if waiting else None
    if added:
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
