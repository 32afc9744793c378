"""Boson news: six types, whole paragraphs; one JSON object a line as CLUENER's ``entity_list``, or the first release's markup.

In the markup, ``{{location:杭州}}`` is a mention inside a line of text, and a backslash followed by n is a line break of
the article. The former is written, since the latter can hold neither nested mentions nor ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.document import Document, Span
from engine.formats.cluener import LACKS, parse_row, types_of
from engine.formats.contract import Format, first_row
from engine.formats.source import Source, json_text, read_head, write_lines

TYPES = frozenset("product_name time person_name org_name location company_name".split())
JSON_ROW = re.compile(r'\s*\{\s*"')
MENTION = re.compile(r"\{\{(\w+):(.+?)\}\}")


def _parse(source: Source) -> Iterator[Document]:
    if not JSON_ROW.match(read_head(source.path)):
        yield from _parse_markup(source)
        return
    for number, row in source.rows():
        document = parse_row(source, number, row)
        if document is not None:
            yield document


def _parse_markup(source: Source) -> Iterator[Document]:
    for number, line in source.lines():
        if not line.strip():
            continue
        rest = MENTION.sub("", line)
        if "{{" in rest or "}}" in rest:
            source.report(number, "every mention as {{type:mention}}", rest[max(0, rest.find("{{")) :])
            continue
        text, spans, done = "", [], 0
        for match in MENTION.finditer(line):
            text += line[done : match.start()].replace("\\n", "\n")
            mention = match[2].replace("\\n", "\n")
            spans.append(Span(len(text), len(text) + len(mention), match[1]))
            text, done = text + mention, match.end()
        yield Document(text + line[done:].replace("\\n", "\n"), tuple(spans))


def _row(document: Document) -> dict[str, Any]:
    entities = [
        {
            "entity_type": span.label,
            "entity": document.mention(span),
            "entity_index": {"begin": span.start, "end": span.end},
        }
        for span in document.spans
    ]
    return {"id": document.id, "text": document.text, "entity_list": entities}


def _write(documents: Iterable[Document], path: Path) -> None:
    write_lines(path, (json_text(_row(document)) + "\n" for document in documents))


def _sniff(head: str, path: Path) -> float:
    if {"text", "entity_list"} <= first_row(head).keys():
        types = types_of(head)
        return 0.9 * len(types & TYPES) / max(1, len(types))
    return 0.8 if any(match[1] in TYPES for match in MENTION.finditer(head)) else 0.0


BOSON = Format("boson", "Boson news, six types", (".json", ".jsonl", ".txt"), _sniff, _parse, _write, LACKS)
