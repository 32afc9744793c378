"""What a corpus format is: how to recognise, read and write it, and what it cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.document import Document
from engine.formats.losses import Part
from engine.formats.source import Source, object_of

Parser = Callable[[Source], Iterator[Document]]
Sniffer = Callable[[str, Path], float]
Writer = Callable[[Iterable[Document], Path], None]


@dataclass(frozen=True)
class Format:
    """One corpus format.

    Attributes:
        name: the key in the registry.
        title: what a person calls it.
        extensions: usual ends of file names, compression aside; ``"/"`` where a folder is written.
        sniff: how likely a file or folder is of this format, in [0, 1], from its first lines, none of a folder, and its path.
        parse: yields the sound documents of a source and reports the rest to it.
        write: writes documents to a path, one after another as they come; each is first made :meth:`fit`.
        lacks: what it cannot hold, in the order in which it is taken off.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    sniff: Sniffer
    parse: Parser
    write: Writer
    lacks: tuple[Part, ...] = ()

    def fit(self, document: Document) -> tuple[Document | None, dict[Part, int]]:
        """Return what this format can hold of a document, ``None`` if nothing, and how many of each part are lost."""
        fitting: Document | None = document
        lost: dict[Part, int] = {}
        for part in self.lacks:
            count = part.count(fitting) if fitting is not None else 0
            if fitting is not None and count:
                lost[part] = count
                fitting = part.without(fitting)
        return fitting, lost

    def loses(self, document: Document) -> dict[Part, int]:
        """Return what is lost when a document is written in this format, and how much of it."""
        return self.fit(document)[1]


def first_row(head: str) -> dict[str, Any]:
    """Return the first line's JSON object, or an empty one."""
    line = next((line for line in head.split("\n") if line.strip()), "")
    return object_of(line) or {}
