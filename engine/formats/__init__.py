"""Corpus formats: one registry, one way to read and one to write.

Adding a format is one file here that makes a :class:`Format`, and its name in :data:`FORMATS`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.document import Document
from engine.errors import FormatError, InputError, Problem
from engine.formats.boson import BOSON
from engine.formats.brat import BRAT
from engine.formats.bundle import BUNDLE
from engine.formats.cluener import CLUENER
from engine.formats.cmner import CMNER
from engine.formats.cnerta import CNERTA
from engine.formats.columns import BIO, BIOES, BMES
from engine.formats.contract import Format
from engine.formats.doccano import DOCCANO
from engine.formats.label_studio import LABEL_STUDIO
from engine.formats.losses import Part
from engine.formats.native import JSONL
from engine.formats.other_jsonl import OTHER_JSONL
from engine.formats.plain_text import LINES, TEXTS
from engine.formats.preview import Look, Preview
from engine.formats.source import Source, read_head
from engine.formats.tables import TABLE
from engine.formats.token_tables import TOKEN_TABLE
from engine.formats.twitter import TWITTER

__all__ = ["FORMATS", "Format", "Preview", "Written", "get", "preview", "read", "sniff", "stream", "write"]

_CORPORA = (BIO, BMES, BIOES, CMNER, CNERTA, TWITTER, CLUENER, BOSON)
_TOOLS = (BUNDLE, DOCCANO, LABEL_STUDIO, BRAT, TABLE, TOKEN_TABLE, OTHER_JSONL, LINES, TEXTS)
FORMATS: dict[str, Format] = {f.name: f for f in (JSONL, *_CORPORA, *_TOOLS)}
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
    """Recognise the format of a file from its first lines, or of a folder from what lies in it.

    Raises:
        FormatError: if no format fits.
        InputError: if the file cannot be opened.
    """
    path = Path(path)
    head = "" if path.is_dir() else read_head(path)
    best = max(FORMATS.values(), key=lambda format: format.sniff(head, path))
    if best.sniff(head, path) < CERTAIN_ENOUGH:
        got = repr(head[:60]) if head.strip() else "a folder without texts" if path.is_dir() else "an empty file"
        raise FormatError([Problem(str(path), 1, f"a file in one of the formats {', '.join(FORMATS)}", got)])
    return best


def read(path: str | Path, format: str | None = None) -> list[Document]:
    """Read a corpus file, plain or compressed as .xz or .gz, a part of it, or a folder.

    Args:
        path: the file; ``F#0/10`` is every tenth document from the first on, ``F#-0/10`` all the others.
        format: a name in :data:`FORMATS`; recognised from the file if absent.

    Raises:
        FormatError: with every malformed place.
        InputError: if the file cannot be opened or the format is not known.
    """
    return list(stream(path, format))


def stream(path: str | Path, format: str | None = None, notes: Counter[str] | None = None) -> Iterator[Document]:
    """Read a corpus as :func:`read` does, a document at a time; what is malformed is raised at its end, all together.

    Args:
        path: the file, a part of it, or the folder.
        format: a name in :data:`FORMATS`; recognised if absent.
        notes: gets what is sound but not kept, or read otherwise than it is written, and how often.

    The files of a bundle are unpacked into a folder beside it: of ``news.zip`` into ``news``.

    Raises:
        FormatError: with every malformed place.
        InputError: if the file cannot be opened or the format is not known.
    """
    file, keep = part(path)
    chosen = get(format) if format else sniff(file)
    source = Source(file, file.with_suffix("") if file.suffix else file.with_name(file.name + ".files"))
    for i, document in enumerate(chosen.parse(source)):
        if keep(i):
            yield document
    if notes is not None:
        notes.update(source.notes)
    source.finish()


def preview(path: str | Path, format: str | None = None, limit: int = 5) -> Preview:
    """Look at what :func:`read` would import, holding no more than the first documents; what is malformed is listed, not raised.

    Args:
        path: the file, a part of it, or the folder.
        format: a name in :data:`FORMATS`; recognised if absent.
        limit: how many documents to hold.

    Raises:
        InputError: if the file cannot be opened or the format is not known.
    """
    file, keep = part(path)
    source, look = Source(file), Look(limit)
    try:
        chosen = get(format) if format else sniff(file)
    except FormatError as error:
        source.problems += error.problems
        return look.preview(source, None)
    for i, document in enumerate(chosen.parse(source)):
        if keep(i):
            look.add(document, source.inside)
    return look.preview(source, chosen.name)


def part(path: str | Path) -> tuple[Path, Callable[[int], bool]]:
    """Split ``F#k/n`` into the file and a test of which documents, by their number from 0, belong to the part."""
    whole = Path(path)
    found = re.fullmatch(r"(.+)#(-?)(\d+)/([1-9]\d*)", str(path))
    if found is None or whole.exists():
        return whole, lambda i: True
    file, minus, k, n = found[1], bool(found[2]), int(found[3]), int(found[4])
    return Path(file), lambda i: (i % n == k) != minus


@dataclass(frozen=True)
class Written:
    """What came of writing a corpus.

    Attributes:
        documents: how many were written.
        lost: what the format could not hold, and how much of it.
    """

    documents: int
    lost: Mapping[Part, int]


def write(documents: Iterable[Document], path: str | Path, format: str = "jsonl") -> Written:
    """Write a corpus file, compressed if its name ends in .xz or .gz, or a folder; documents are written as they come.

    Args:
        documents: what to write; may be a generator, nothing is held of them.
        path: the file; it is replaced only when all is written. A folder must be new or empty.
        format: a name in :data:`FORMATS`.

    Returns:
        How many were written, and what of them is lost: :meth:`Format.loses` tells it beforehand.

    Raises:
        InputError: if the format is not known, or a label or the disk stands against it.
    """
    chosen = get(format)
    written, lost = 0, Counter[Part]()

    def fitting() -> Iterator[Document]:
        nonlocal written
        for document in documents:
            fit, missing = chosen.fit(document)
            lost.update(missing)
            if fit is not None:
                written += 1
                yield fit

    chosen.write(fitting(), Path(path))
    return Written(written, dict(lost))
