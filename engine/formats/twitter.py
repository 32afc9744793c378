"""Twitter 2015 and 2017: English tweets with one picture each; ``IMGID:…``, then one token and its BIO tag a line.

The text is the tokens joined by a space, offsets refer to it, and ``meta["tokens"]`` keeps the tokens as a JSON list, since one
of them may itself hold a space. The picture is looked for in folders beside the file whose names hold ``image``. When a file is
written, one that is not found so is copied into such a folder.

A text is written as its ``meta["tokens"]``, or else as the words between its white space; since the format knows no characters, a
span that begins or ends inside a word is lost, so that Chinese without spaces is better written in another format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.document import Document, Span
from engine.formats.attachments import IMAGES, UNNAMED, Attachments, Copies, expect
from engine.formats.columns import join_cells, read_blocks, read_spans, rows_of, scheme_of
from engine.formats.contract import Format
from engine.formats.losses import ABSENT, ANNOTATED, BLANK, BROKEN_IDS, OVERLAPS, READINGS, SCORES, SPEECH, Part
from engine.formats.source import Source, write_lines
from engine.tags import Scheme

HEADER = "IMGID:"
TOKENS = "tokens"


def _parse(source: Source) -> Iterator[Document]:
    blocks = list(read_blocks(source, HEADER))
    scheme = scheme_of(blocks)
    images = Attachments(source.path, ("image",), IMAGES)
    for block in blocks:
        spans = read_spans(source, block, scheme)
        if block.header and not block.rows:
            source.report(block.header[0], "tokens after the header", HEADER + block.header[1])
        if block.header and block.rows and block.sound:
            tokens = [cell for _, cell, _ in block.rows]
            name = block.header[1]
            pictures = tuple(path for path in images.of(name) if Path(path).stem == name)
            expect(source, name, pictures)
            text, moved = join_cells(tokens, spans, " ")
            meta = {TOKENS: json.dumps(tokens, ensure_ascii=False)}
            yield Document(text, moved, name, pictures, meta=meta)


def _words(document: Document) -> list[tuple[int, int]]:
    """Return where the tokens are, after the document's own list of them if it fits its text."""
    try:
        tokens = json.loads(document.meta.get(TOKENS, ""))
    except ValueError:
        tokens = None
    fits = isinstance(tokens, list) and all(isinstance(t, str) and t and not set("\t\n") & set(t) for t in tokens)
    if fits and " ".join(tokens) == document.text:
        places, start = [], 0
        for token in tokens:
            places.append((start, start + len(token)))
            start += len(token) + 1
        return places
    return [found.span() for found in re.finditer(r"\S+", document.text)]


def _aligned(document: Document) -> Document:
    starts, ends = ({place[side] for place in _words(document)} for side in (0, 1))
    return document.with_spans(span for span in document.spans if span.start in starts and span.end in ends)


def _in_words(document: Document) -> list[Span]:
    """Return the spans, all of whole words, with offsets that count words."""
    words = _words(document)
    starts, ends = {start: i for i, (start, _) in enumerate(words)}, {end: i + 1 for i, (_, end) in enumerate(words)}
    return [Span(starts[span.start], ends[span.end], span.label) for span in document.spans]


def _respaced(document: Document) -> Document:
    tokens = [document.text[start:end] for start, end in _words(document)]
    text, spans = join_cells(tokens, _in_words(document), " ")
    return replace(document, text=text, spans=spans)


def _tokens_alone(document: Document) -> Document:
    return replace(document, meta={key: value for key, value in document.meta.items() if key == TOKENS})


def _write(documents: Iterable[Document], path: Path) -> None:
    copies = Copies(path, "images", IMAGES)

    def lines() -> Iterator[str]:
        for tweet in documents:
            if tweet.images:
                copies.put(tweet.id, tweet.images)
            tokens = [tweet.text[start:end] for start, end in _words(tweet)]
            yield f"{HEADER}{tweet.id}\n" + rows_of(tokens, _in_words(tweet), Scheme.BIO) + "\n"

    write_lines(path, lines())


def _sniff(head: str, path: Path) -> float:
    return 1.0 if head.lstrip("\r\n").startswith(HEADER) else 0.0


INSIDE = Part("inside", "spans that begin or end inside a word", lambda d: len(d.spans) - len(_aligned(d).spans), _aligned)
SPACES = Part(
    "spaces", "texts with other white space than a space between words", lambda d: int(_respaced(d).text != d.text), _respaced
)
FURTHER = Part(
    "further-pictures", "pictures after the first", lambda d: len(d.images[1:]), lambda d: replace(d, images=d.images[:1])
)
OTHERS = Part("meta", "further data but tokens", lambda d: len(d.meta) - len(_tokens_alone(d).meta), _tokens_alone)
LACKS = (BLANK, SCORES, SPEECH, ANNOTATED, READINGS, BROKEN_IDS, ABSENT, UNNAMED, FURTHER, INSIDE, OVERLAPS, SPACES, OTHERS)
TWITTER = Format("twitter", "Twitter 2015/2017, tweets with a picture", (".txt",), _sniff, _parse, _write, LACKS)
