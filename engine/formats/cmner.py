"""CMNER: Weibo posts with their pictures; ``WID:…``, then BIO columns, lines ending in CRLF.

Pictures are found in folders beside the file whose names hold ``image``, in files called after the post: ``WID_….jpg``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.document import Document
from engine.errors import InputError
from engine.formats.attachments import IMAGES, Attachments
from engine.formats.columns import join_cells, read_blocks, read_spans, restore_breaks, rows_of, scheme_of
from engine.formats.contract import Format
from engine.formats.source import Source, write_lines
from engine.tags import Scheme

HEADER = "WID:"


def _parse(source: Source) -> Iterator[Document]:
    blocks = list(read_blocks(source, HEADER))
    scheme = scheme_of(blocks)
    images = Attachments(source.path, ("image",), IMAGES)
    for block in blocks:
        spans = read_spans(source, block, scheme)
        if block.header and not block.rows:
            source.report(block.header[0], "characters after the header", HEADER + block.header[1])
        if block.header and block.rows:
            name = block.header[1]
            text, moved = join_cells(restore_breaks([cell for _, cell, _ in block.rows]), spans)
            yield Document(text, moved, name, images.of(name))


def _write(documents: Iterable[Document], path: Path) -> int:
    posts = [document for document in documents if document.text]
    for post in posts:
        if "\n" in post.id or "\r" in post.id:
            raise InputError(f"the id {post.id!r} holds a line break and cannot be written as {HEADER}; give it another")
    write_lines(path, (f"{HEADER}{post.id}\r\n{rows_of(post, Scheme.BIO, chr(13) + chr(10))}\r\n" for post in posts))
    return len(posts)


def _sniff(head: str, path: Path) -> float:
    return 1.0 if head.lstrip("\r\n").startswith(HEADER) else 0.0


CMNER = Format("cmner", "CMNER, Weibo posts with pictures", (".txt",), _sniff, _parse, _write)
