"""CSV and TSV with named columns, a token a row: a column of tokens or characters, one of tags in any scheme.

An empty row, or another value in the column that names the sentence or document, begins the next one; a sentence is named in each
of its rows or in the first alone. Tokens are joined without white space. A character a row is written, in BIO.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.document import Document
from engine.formats.columns import Block, join_cells, read_spans, scheme_of
from engine.formats.contract import Format
from engine.formats.keys import one_key
from engine.formats.losses import ANNOTATED, EMPTY, META, OVERLAPS, PICTURES, READINGS, SCORES, SPEECH
from engine.formats.source import Source
from engine.formats.tables import columns_of, header_of, write_table
from engine.tags import Scheme, encode_spans

TOKENS = ("token", "char", "character", "word", "Word", "字", "字符", "词")
TAGS = ("tag", "Tag", "ner_tag", "ner", "label", "标签", "标注")
PARTS = ("id", "sentence_id", "sentence", "sentence #", "Sentence #", "doc_id", "doc", "句子")


def _parse(source: Source) -> Iterator[Document]:
    names, rows = columns_of(source)
    token, tag = (
        one_key(source, 1, dict.fromkeys(names), keys, what)
        for keys, what in ((TOKENS, "a column of tokens"), (TAGS, "one of tags"))
    )
    part = next((name for name in PARTS if name in names and name not in (token, tag)), None)
    if source.problems or token is None or tag is None:
        return
    blocks = list(_blocks(source, rows, names, token, tag, part))
    scheme = scheme_of(blocks)
    for block in blocks:
        text, spans = join_cells([cell for _, cell, _ in block.rows], read_spans(source, block, scheme))
        if block.sound:
            yield Document(text, spans, block.comments.get("id", ""))


def _blocks(
    source: Source, rows: Iterable[tuple[int, list[str]]], names: list[str], token: str, tag: str, part: str | None
) -> Iterator[Block]:
    block = Block()
    for number, cells in rows:
        if any(cells) and len(cells) != len(names):
            source.report(number, f"{len(names)} cells", f"{len(cells)}: {' | '.join(cells)}")
            block.sound = False
            continue
        found = dict(zip(names, cells, strict=False))
        name = found.get(part or "", "")
        if not any(cells) or (name and block.rows and name != block.comments.get("id", name)):
            if block.rows:
                yield block
            block = Block()
        if any(cells):
            block.comments |= {"id": name} if name else {}
            if found[token] and found[tag]:
                block.rows.append((number, found[token], found[tag]))
            else:
                source.report(number, f"a cell under {token} and under {tag}", " | ".join(cells))
                block.sound = False
    if block.rows:
        yield block


def _write(documents: Iterable[Document], path: Path) -> None:
    def rows() -> Iterator[list[str]]:
        yield ["id", "token", "tag"]
        for document in documents:
            for character, name in zip(document.text, encode_spans(document.spans, len(document), Scheme.BIO), strict=True):
                yield [document.id, character, name]
            yield []

    write_table(path, rows())


def _sniff(head: str, path: Path) -> float:
    names = set(header_of(head))
    return 0.95 if names & set(TOKENS) and names & set(TAGS) else 0.0


LACKS = (EMPTY, OVERLAPS, SCORES, PICTURES, SPEECH, META, ANNOTATED, READINGS)
TOKEN_TABLE = Format("csv-tokens", "CSV or TSV, a token a row", (".csv", ".tsv"), _sniff, _parse, _write, LACKS)
