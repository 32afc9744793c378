"""Corpora that are a folder of text files: how a document's id names its file, and a folder that is there whole or not at all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from engine.document import Document
from engine.errors import InputError
from engine.formats.losses import Part
from engine.formats.source import told_in_writing

TEXT = ".txt"
_LONGEST = 200
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%~]|^\.|[. ]$')
_REPEATED = re.compile(r"~\d+$")


def _is_long(document: Document) -> bool:
    return len(_stem(document.id).encode("utf-8", "surrogatepass")) > _LONGEST


def _stem(name: str) -> str:
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name)


LONG_IDS = Part("long-ids", "ids too long for a file name", lambda d: int(_is_long(d)), lambda d: replace(d, id=""))


class Stems:
    """The names of files in a folder that is being written: the id, its unsafe characters as ``%2F``, a repeated one ``~2``."""

    def __init__(self) -> None:
        """Begin with no names."""
        self._used: dict[str, int] = {}

    def of(self, document: Document) -> str:
        """Return the name of the next document's files, without an ending."""
        stem = _stem(document.id)
        known = stem.casefold()  # some file systems tell no case apart
        self._used[known] = self._used.get(known, 0) + 1
        return stem if self._used[known] == 1 else f"{stem}~{self._used[known]}"


def texts_in(path: Path) -> list[tuple[str, Path]]:
    """Return the ids and the text files of a folder and those in it, in order of their names, or those of the one file.

    A file of a pair stands for its text.
    """
    if not path.is_dir():
        return [(unquote(path.stem), path.with_suffix(TEXT))]
    files = sorted(file for file in path.rglob(f"*{TEXT}") if file.is_file())
    stems = {str(file.relative_to(path).with_suffix("")): file for file in files}
    folded = {stem.casefold() for stem in stems}
    names = ((_REPEATED.sub("", s) if _REPEATED.sub("", s).casefold() in folded else s, file) for s, file in stems.items())
    return [(unquote(name), file) for name, file in names]


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to write into, which gets its name only once all is written.

    Raises:
        InputError: if there is something of that name already, or the disk does not take it.
    """
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InputError(f"{path} is there already, and not an empty folder; choose another place")
    part = path.with_name(path.name + ".part")
    try:
        with told_in_writing(path):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            yield part
            if path.exists():
                path.rmdir()
            part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
