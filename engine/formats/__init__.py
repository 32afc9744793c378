"""Corpus formats: one registry, one way to read and one to write.

Adding a format is one file here that makes a :class:`Format`, and its name in :data:`FORMATS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.document import Document
from engine.errors import FormatError, InputError, Problem
from engine.formats.boson import BOSON
from engine.formats.cluener import CLUENER
from engine.formats.cmner import CMNER
from engine.formats.cnerta import CNERTA
from engine.formats.columns import BIO, BIOES, BMES
from engine.formats.contract import Format
from engine.formats.native import JSONL
from engine.formats.source import read_head
from engine.formats.twitter import TWITTER

__all__ = ["FORMATS", "Format", "get", "read", "sniff", "write"]

FORMATS: dict[str, Format] = {f.name: f for f in (JSONL, BIO, BMES, BIOES, CMNER, CNERTA, TWITTER, CLUENER, BOSON)}
CERTAIN_ENOUGH = 0.4


def get(name: str) -> Format:
    """Return a format by name.

    Raises:
        InputError: if there is none of that name.
    """
    if name not in FORMATS:
        raise InputError(f"there is no format {name!r}; choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def sniff(path: str | Path) -> Format:
    """Recognise the format of a file from its first lines.

    Raises:
        FormatError: if no format fits.
        InputError: if the file cannot be opened.
    """
    path = Path(path)
    head = read_head(path)
    best = max(FORMATS.values(), key=lambda format: format.sniff(head, path))
    if best.sniff(head, path) < CERTAIN_ENOUGH:
        got = repr(head[:60]) if head.strip() else "an empty file"
        raise FormatError([Problem(str(path), 1, f"a file in one of the formats {', '.join(FORMATS)}", got)])
    return best


def read(path: str | Path, format: str | None = None) -> list[Document]:
    """Read a corpus file, plain or compressed as .xz or .gz, or a part of it.

    Args:
        path: the file; ``F#0/10`` is every tenth document from the first on, ``F#-0/10`` all the others.
        format: a name in :data:`FORMATS`; recognised from the file if absent.

    Raises:
        FormatError: with every malformed place.
        InputError: if the file cannot be opened or the format is not known.
    """
    file, keep = part(path)
    documents = (get(format) if format else sniff(file)).read(file)
    return [document for i, document in enumerate(documents) if keep(i)]


def part(path: str | Path) -> tuple[Path, Callable[[int], bool]]:
    """Split ``F#k/n`` into the file and a test of which documents, by their number from 0, belong to the part."""
    whole = Path(path)
    found = re.fullmatch(r"(.+)#(-?)(\d+)/([1-9]\d*)", str(path))
    if found is None or whole.exists():
        return whole, lambda i: True
    file, minus, k, n = found[1], bool(found[2]), int(found[3]), int(found[4])
    return Path(file), lambda i: (i % n == k) != minus


def write(documents: Iterable[Document], path: str | Path, format: str = "jsonl") -> int:
    """Write a corpus file, compressed if its name ends in .xz or .gz, and return the number of documents written.

    Args:
        documents: what to write; formats of columns hold flat spans only and leave out empty texts.
        path: the file; it is replaced only when all is written.
        format: a name in :data:`FORMATS`.

    Raises:
        InputError: if the format is not known or read-only, or cannot hold a document.
    """
    chosen = get(format)
    if chosen.write is None:
        writable = ", ".join(name for name, f in FORMATS.items() if f.write)
        raise InputError(f"{format} can be read but not written; choose one of {writable}")
    return chosen.write(documents, Path(path))
