"""CMNER: Weibo posts with their pictures; ``WID:…``, then BIO columns, lines ending in CRLF.

Pictures are found in folders beside the file whose names hold ``image``, in files called after the post: ``WID_….jpg``. When a
file is written, those that are not found so are copied into such a folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.document import Document
from engine.formats.attachments import IMAGES, UNNAMED, Attachments, Copies, expect
from engine.formats.columns import join_cells, read_blocks, read_spans, restore_breaks, rows_of, scheme_of
from engine.formats.contract import Format
from engine.formats.losses import ABSENT, ANNOTATED, BROKEN_IDS, EMPTY, META, OVERLAPS, READINGS, SCORES, SPEECH
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
        if block.header and block.rows and block.sound:
            name = block.header[1]
            text, moved = join_cells(restore_breaks([cell for _, cell, _ in block.rows]), spans)
            yield Document(text, moved, name, expect(source, name, images.of(name)))


def _write(documents: Iterable[Document], path: Path) -> None:
    copies = Copies(path, "images", IMAGES)

    def lines() -> Iterator[str]:
        for post in documents:
            if post.images:
                copies.put(post.id, post.images, numbered=True)
            yield f"{HEADER}{post.id}\r\n" + rows_of(post.text, post.spans, Scheme.BIO, "\r\n") + "\r\n"

    write_lines(path, lines())


def _sniff(head: str, path: Path) -> float:
    return 1.0 if head.lstrip("\r\n").startswith(HEADER) else 0.0


LACKS = (EMPTY, OVERLAPS, SCORES, SPEECH, META, ANNOTATED, READINGS, BROKEN_IDS, ABSENT, UNNAMED)
CMNER = Format("cmner", "CMNER, Weibo posts with pictures", (".txt",), _sniff, _parse, _write, LACKS)
