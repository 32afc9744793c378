"""What a corpus format is: how to recognise, read and write it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.document import Document
from engine.formats.source import Source

Parser = Callable[[Source], Iterator[Document]]
Sniffer = Callable[[str, Path], float]
Writer = Callable[[Iterable[Document], Path], int]


@dataclass(frozen=True)
class Format:
    """One corpus format.

    Attributes:
        name: the key in the registry.
        title: what a person calls it.
        extensions: usual ends of file names, compression aside.
        sniff: how likely a file is of this format, in [0, 1], from its first lines and its path.
        parse: yields the sound documents of a source and reports the rest to it.
        write: writes documents to a path and returns how many; ``None`` where we only read.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    sniff: Sniffer
    parse: Parser
    write: Writer | None = None

    def read(self, path: Path) -> Iterator[Document]:
        """Yield the documents of a file; what is malformed is raised at its end, all together.

        Raises:
            FormatError: with every malformed place.
            InputError: if the file cannot be opened.
        """
        source = Source(path)
        yield from self.parse(source)
        source.finish()


def first_row(head: str) -> dict[str, Any]:
    """Return the first line's JSON object, or an empty one."""
    line = next((line for line in head.split("\n") if line.strip()), "")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
