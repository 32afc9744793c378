"""Pictures and recordings that lie in folders beside a corpus file."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from engine.document import Document
from engine.errors import InputError
from engine.formats.losses import Part
from engine.formats.source import Source

IMAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp")
RECORDINGS = (".wav", ".flac", ".mp3", ".ogg")


class Attachments:
    """The media files below those folders beside a corpus whose names hold one of some words."""

    def __init__(self, corpus: Path, words: tuple[str, ...], suffixes: tuple[str, ...]) -> None:
        """Remember where to look; the folders are listed at the first question."""
        self.folder, self.words, self.suffixes = corpus.parent, words, suffixes

    @cached_property
    def _paths(self) -> dict[str, tuple[str, ...]]:
        """Map each file's stem, and its stem before the first ``_``, to its paths."""
        found: dict[str, list[str]] = {}
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if not folder.is_dir() or not any(word in folder.name.lower() for word in self.words):
                continue
            for path in sorted(folder.rglob("*")):
                if path.suffix.lower() in self.suffixes:
                    for key in dict.fromkeys((path.stem, path.stem.partition("_")[0])):
                        found.setdefault(key, []).append(str(path))
        return {key: tuple(paths) for key, paths in found.items()}

    def of(self, key: str) -> tuple[str, ...]:
        """Return the files named ``key``, or ``key_…``, in order."""
        return self._paths.get(key, ())


def expect(source: Source, key: str, found: tuple[str, ...]) -> tuple[str, ...]:
    """Return what was found for a document that should have a picture or recording, noting its name where there is none."""
    if not found:
        source.missing.append(key)
    return found


def beside(source: Source, path: str) -> str:
    """Return the path of a picture or recording, where it lies beside the file if it does; another stays as given."""
    near = os.path.join(source.path.parent, path)
    return near if path and os.path.isfile(near) else path


def _nameable(document: Document) -> Document:
    """Return a document with those files alone that can be found again by its id."""
    named = re.fullmatch(r"[^\W_]([^\W_]|-){0,99}", document.id)
    images = tuple(path for path in document.images if named and Path(path).suffix.lower() in IMAGES)
    heard = named and document.audio is not None and Path(document.audio).suffix.lower() in RECORDINGS
    return replace(document, images=images, audio=document.audio if heard else None)


def _files(document: Document) -> int:
    return len(document.images) + (document.audio is not None)


UNNAMED = Part(
    "unnamed",
    "pictures and recordings that cannot be named after the id",
    lambda document: _files(document) - _files(_nameable(document)),
    _nameable,
)


class Copies:
    """Pictures or recordings that are copied beside a corpus while it is written, where its reader finds them."""

    def __init__(self, corpus: Path, word: str, suffixes: tuple[str, ...]) -> None:
        """Remember where to: the folder ``NAME_WORD`` beside ``NAME.txt``; it is made for the first file."""
        self.folder = corpus.parent / f"{corpus.name.partition('.')[0]}_{word}"
        self.found = Attachments(corpus, (word,), suffixes)

    def put(self, key: str, files: tuple[str, ...], numbered: bool = False) -> None:
        """Copy the files of one document under its id, unless they are what a reader finds there already.

        Args:
            key: the document's id.
            files: what to copy.
            numbered: name them ``KEY_01``, … instead of ``KEY``.

        Raises:
            InputError: if one cannot be copied.
        """
        if [os.path.realpath(file) for file in files] == [os.path.realpath(file) for file in self.found.of(key)]:
            return
        for number, file in enumerate(files, 1):
            target = self.folder / f"{key}{f'_{number:02}' if numbered else ''}{Path(file).suffix.lower()}"
            try:
                self.folder.mkdir(exist_ok=True)
                shutil.copyfile(file, target)
            except shutil.SameFileError:
                continue
            except OSError as error:
                message = f"{file} cannot be copied to {target}: {error.strerror or error}; choose another place or make room"
                raise InputError(message) from error
