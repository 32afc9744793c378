"""Raw text for pre-training: read as a stream, whatever its encoding and its lines, cleaned and deduplicated.

Nothing holds a corpus in memory: one hash of eight bytes a line is all that grows.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine import formats
from engine.errors import InputError
from engine.formats.source import Source

LONGEST_LINE = 1 << 16
"""Bytes after which a line is cut, so that a file of one line is read like any other."""
_STRAY = 0.01
"""Share of control characters up to which a line is text, and they are taken out of it."""
_NOISE = 0.9
"""Share of unreadable lines above which a file is no text."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ue000-\uf8ff]")
_MARKUP = re.compile(
    r"<rt[^<]{0,80}</rt>?|</?(?:ruby|rp|br|p|div|span|strong|em|code|img|a)(?![a-z])[^<>\u4e00-\u9fff]{0,200}>?|<[/!]?[a-z]+>"
)
_UNFINISHED = re.compile(rb"(?:[\xc0-\xff]|[\xe0-\xff][\x80-\xbf]|[\xf0-\xff][\x80-\xbf]{2})\Z")
"""The first bytes of a UTF-8 character whose last are missing."""
_BLANK = re.compile(r"\s+")
_WORDLESS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class TextSource:
    """A file to learn from.

    Attributes:
        path: of a .txt or .xz file of raw text, or of a labelled corpus, whose text alone is read.
        labelled: which of the two it is.
        weight: how many times it is seen in one epoch.
    """

    path: str
    labelled: bool = False
    weight: float = 1.0


@dataclass
class Counts:
    """What became of one source's lines."""

    path: str
    weight: float
    lines: int = 0
    kept: int = 0
    held_out: int = 0
    foreign: int = 0
    repeated: int = 0
    excluded: int = 0
    unreadable: int = 0
    other_encoding: int = 0
    characters: int = 0


def clean(
    sources: Sequence[TextSource],
    exclude: Sequence[str],
    folder: Path,
    *,
    traditional: float,
    held_out: int,
    observe: Callable[[str], None],
) -> tuple[list[Counts], Counter[str]]:
    """Write the cleaned lines of each source and of the held-out part; count their characters.

    Args:
        sources: where the text comes from; of lines that repeat, the first is kept.
        exclude: labelled corpora whose sentences are left out.
        folder: gets ``text-0.txt`` … and ``held_out.txt``, UTF-8.
        traditional: share of the lines that are turned into traditional characters.
        held_out: one line in so many is held out, chosen by its hash.
        observe: told what is being done.

    Raises:
        InputError: if a file cannot be opened, or nothing in it is of use.
        FormatError: if a labelled corpus has malformed lines.
    """
    observe("reading what is excluded")
    excluded = {_key(line) for path in exclude for document in formats.read(path) for line in document.text.splitlines()}
    convert = _converter() if traditional else str
    seen: set[bytes] = set()
    characters: Counter[str] = Counter()
    counts = []
    with (folder / "held_out.txt").open("w", encoding="utf-8") as held:
        for i, source in enumerate(sources):
            observe(f"reading {Path(source.path).name}")
            count = Counts(source.path, source.weight)
            with (folder / f"text-{i}.txt").open("w", encoding="utf-8") as kept:
                for line in _lines(source, count):
                    key = _key(line)
                    if key in excluded or key in seen:
                        count.excluded += key in excluded
                        count.repeated += key not in excluded
                        continue
                    seen.add(key)
                    number = int.from_bytes(key, "big")
                    out = number % held_out == 0
                    written = convert(line) if (number >> 20) % 1000 < 1000 * traditional else line
                    count.held_out += out
                    count.kept += not out
                    count.characters += 0 if out else len(written)
                    characters.update(written)
                    (held if out else kept).write(written + "\n")
            if not count.kept or count.unreadable > _NOISE * count.lines:
                raise InputError(
                    f"{source.path}: {count.kept + count.held_out} of its {count.lines} lines can be learned from "
                    f"({count.foreign} without enough Chinese, {count.unreadable} neither UTF-8 nor GB 18030, "
                    f"{count.repeated} repeated, {count.excluded} excluded); give Chinese text as UTF-8, or leave the file out"
                )
            counts.append(count)
    return counts, characters


def _lines(source: TextSource, count: Counts) -> Iterator[str]:
    """Yield the usable lines of a source, cleaned."""
    for line in _labelled(source.path) if source.labelled else _raw(source.path, count):
        count.lines += 1
        cleaned = _BLANK.sub(" ", _MARKUP.sub("", line)).strip()
        noise = len(_CONTROL.findall(cleaned))
        if not cleaned or noise > _STRAY * len(cleaned):
            count.unreadable += bool(cleaned)
            continue
        cleaned = _CONTROL.sub("", cleaned) if noise else cleaned
        han = len(_HAN.findall(cleaned))
        if han < 4 or han < 0.3 * len(cleaned):
            count.foreign += 1
            continue
        yield cleaned


def _labelled(path: str) -> Iterator[str]:
    for document in formats.read(path):
        yield from document.text.splitlines()


def _raw(path: str, count: Counts) -> Iterator[str]:
    """Read lines of any length and of mixed encodings."""
    source = Source(Path(path))
    with source.opened() as handle:
        for raw in _pieces(handle):
            try:
                yield raw.decode("utf-8-sig")
            except UnicodeDecodeError:
                line = _decode_gb(raw)
                count.other_encoding += line is not None
                count.unreadable += line is None
                count.lines += line is None
                if line is not None:
                    yield line
    source.finish()


def _pieces(handle: IO[bytes]) -> Iterator[bytes]:
    """Yield lines, those that are too long in parts, which never break a UTF-8 character."""
    rest = b""
    while block := handle.readline(LONGEST_LINE):
        piece = rest + block
        broken = _UNFINISHED.search(piece)
        end = broken.start() if broken and len(block) == LONGEST_LINE else len(piece)
        yield piece[:end]
        rest = piece[end:]
    if rest:
        yield rest


def _decode_gb(raw: bytes) -> str | None:
    """Decode what is not UTF-8 as GB 18030 if that gives Chinese, which bytes at random do not."""
    try:
        line = raw.decode("gb18030")
    except UnicodeDecodeError:
        return None
    common = sum("\u4e00" <= character <= "\u9fff" or character.isascii() for character in line)
    return line if common > 0.8 * len(line) and not _CONTROL.search(line.strip()) else None


def _key(line: str) -> bytes:
    """Return what two lines share that differ in spacing, punctuation or case only."""
    return hashlib.blake2b(_WORDLESS.sub("", line).lower().encode("utf-8", "replace"), digest_size=8).digest()


def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("s2t").convert
    return convert
