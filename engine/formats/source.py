"""Corpus files as lines, and back: compression, byte order mark, CRLF, and the list of what is wrong.

A line ends at a line feed and nowhere else: U+2028, U+0085 and a lone carriage return are characters that a corpus may annotate.
"""

from __future__ import annotations

import gzip
import json
import lzma
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from engine.errors import FormatError, InputError, Problem

HEAD_BYTES = 1 << 16
LONGEST_HEAD = 1 << 22
BOM = b"\xef\xbb\xbf"
SHOWN = 60


def open_bytes(path: Path, mode: str = "rb", named: Path | None = None) -> IO[bytes]:
    """Open a file, through its compression if its name, or the name ``named``, ends in .xz or .gz."""
    suffix = (named or path).suffix
    if suffix == ".xz":
        return cast("IO[bytes]", lzma.open(path, mode))
    if suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, mode))
    return cast("IO[bytes]", open(path, mode))


def read_head(path: Path) -> str:
    """Return the first lines of a file for sniffing, the last of them whole unless it is enormous.

    Raises:
        FormatError: if the file is damaged.
        InputError: if it cannot be opened.
    """
    source = Source(path)
    head = b""
    with source.opened() as handle:
        head = handle.read(HEAD_BYTES) + handle.readline(LONGEST_HEAD)
    source.finish()
    return head.removeprefix(BOM).decode("utf-8", "replace")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as UTF-8, each ending as given, replacing the file only once all are written.

    Raises:
        InputError: if a line cannot be written as UTF-8, or the disk does not take the file; an older file stays as it was.
    """
    part = path.with_name(path.name + ".part")
    try:
        with open_bytes(part, "wb", named=path) as handle:
            for line in lines:
                handle.write(line.encode("utf-8"))
        os.replace(part, path)
    except UnicodeEncodeError as error:
        half = ord(error.object[error.start])
        raise InputError(f"U+{half:04X} is half of a character and cannot be written as UTF-8; export as jsonl") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}; choose another place or make room") from error
    finally:
        part.unlink(missing_ok=True)


class Source:
    """A corpus file being read, and everything found wrong with it so far.

    Attributes:
        path: the file.
        problems: in file order.
    """

    def __init__(self, path: Path) -> None:
        """Remember the file; it is opened when its lines are asked for."""
        self.path = path
        self.problems: list[Problem] = []

    def report(self, line: int, expected: str, got: str) -> None:
        """Note one malformed place; ``got`` is shortened and quoted."""
        shown = got if len(got) <= SHOWN else got[:SHOWN] + "…"
        self.problems.append(Problem(str(self.path), line, expected, repr(shown)))

    def finish(self) -> None:
        """Raise everything that was reported.

        Raises:
            FormatError: if anything was.
        """
        if self.problems:
            raise FormatError(sorted(self.problems, key=lambda problem: problem.line))

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Hold the file open; damage found while it is read is reported, not raised.

        Raises:
            InputError: if it cannot be opened.
        """
        try:
            with open_bytes(self.path) as handle:
                yield handle
        except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
            self.report(0, f"a whole {self.path.suffix} file", str(error))
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror or error}; check the path") from error

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield line numbers, from 1, and lines without LF or CRLF; lines that are not UTF-8 are reported."""
        with self.opened() as handle:
            for number, raw in enumerate(handle, 1):
                ended = raw.removesuffix(b"\n").removesuffix(b"\r")
                try:
                    yield number, (ended.removeprefix(BOM) if number == 1 else ended).decode("utf-8")
                except UnicodeDecodeError as error:
                    self.report(number, "UTF-8 text", f"bytes {ended[error.start : error.start + 8].hex(' ')}")

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line numbers and the JSON object on each line; empty lines are skipped, anything else is reported."""
        for number, line in self.lines():
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                yield number, row
            else:
                self.report(number, "one JSON object", line)
