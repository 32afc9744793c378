"""Twitter 2015 and 2017: English tweets with one picture each; ``IMGID:…``, then one token and its BIO tag a line.

The text is the tokens joined by a space, offsets refer to it, and ``meta["tokens"]`` keeps the tokens as a JSON list, since one
of them may itself hold a space. The picture is looked for in folders beside the file whose names hold ``image``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from engine.document import Document
from engine.formats.attachments import IMAGES, Attachments
from engine.formats.columns import join_cells, read_blocks, read_spans, scheme_of
from engine.formats.contract import Format
from engine.formats.source import Source

HEADER = "IMGID:"


def _parse(source: Source) -> Iterator[Document]:
    blocks = list(read_blocks(source, HEADER))
    scheme = scheme_of(blocks)
    images = Attachments(source.path, ("image",), IMAGES)
    for block in blocks:
        spans = read_spans(source, block, scheme)
        if block.header and not block.rows:
            source.report(block.header[0], "tokens after the header", HEADER + block.header[1])
        if block.header and block.rows:
            tokens = [cell for _, cell, _ in block.rows]
            name = block.header[1]
            pictures = tuple(path for path in images.of(name) if Path(path).stem == name)
            text, moved = join_cells(tokens, spans, " ")
            meta = {"tokens": json.dumps(tokens, ensure_ascii=False)}
            yield Document(text, moved, name, pictures, meta=meta)


def _sniff(head: str, path: Path) -> float:
    return 1.0 if head.lstrip("\r\n").startswith(HEADER) else 0.0


TWITTER = Format("twitter", "Twitter 2015/2017, tweets with a picture", (".txt",), _sniff, _parse)
