"""brat standoff: a text in ``NAME.txt`` and its annotations in ``NAME.ann``, a whole folder of such pairs or one of them.

``T1<tab>PER 0 2<tab>王芳``: offsets count the code points of the text file as it is, a carriage return or a byte order mark
included (https://brat.nlplab.org/standoff.html). Files of tools that translate line ends count a CRLF as one; the mention
behind the offsets tells, and they are converted. Spans of several stretches, relations, events, attributes and notes are not
kept, and are noted. Documents come in the order of their file names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.document import Document, Span
from engine.errors import InputError
from engine.formats.contract import Format
from engine.formats.folders import LONG_IDS, TEXT, Stems, new_folder, texts_in
from engine.formats.keys import Place, spans_of
from engine.formats.losses import ANNOTATED, META, PICTURES, READINGS, SCORES, SPEECH
from engine.formats.source import Source

ANNOTATIONS = ".ann"
_BOUND = re.compile(r"T\d+\t(\S.*?) ([0-9]{1,9} [0-9]{1,9}(?:;[0-9]{1,9} [0-9]{1,9})*)\t(.*)")
_KINDS = {
    "R": "relations: not kept",
    "E": "events: not kept",
    "A": "attributes: not kept",
    "M": "attributes: not kept",
    "N": "normalisations: not kept",
    "#": "notes: not kept",
    "*": "relations: not kept",
}


def _parse(source: Source) -> Iterator[Document]:
    files = texts_in(source.path)
    if source.path.is_dir():
        texts = {file for _, file in files}
        for file in sorted(source.path.rglob(f"*{ANNOTATIONS}")):
            if file.with_suffix(TEXT) not in texts:
                source.member(file).report(0, f"a text beside it, {file.with_suffix(TEXT).name}", "no file")
    for name, file in files:
        before = len(source.problems)
        text = source.member(file).whole()
        spans = [] if text is None else _spans(source.member(file.with_suffix(ANNOTATIONS)), text)
        if text is not None and len(source.problems) == before:
            yield Document(text, tuple(spans), name)


def _spans(source: Source, text: str) -> list[Span]:
    places: list[Place] = []
    numbers: list[int] = []
    for number, line in source.lines() if source.path.is_file() else ():
        found = _BOUND.fullmatch(line)
        if found and ";" in found[2]:
            source.note("spans of several stretches: not kept")
        elif found:
            start, end = map(int, found[2].split(" "))
            places.append((start, end, found[1], found[3]))
            numbers.append(number)
        elif line[:1] in _KINDS:
            source.note(_KINDS[line[0]])
        elif line:
            source.report(number, "T1, a tab, type, start and end, a tab, and the text, or another annotation of brat", line)
    return [span for span in spans_of(source, numbers, text, places) if span]


def _lines(document: Document) -> Iterator[str]:
    for number, span in enumerate(document.spans, 1):
        if re.search(r"\s", span.label):
            raise InputError(f"the label {span.label!r} holds white space and cannot be written for brat; rename it")
        mention = re.sub(r"\s", " ", document.mention(span))
        yield f"T{number}\t{span.label} {span.start} {span.end}\t{mention}\n"


def _write(documents: Iterable[Document], path: Path) -> None:
    stems = Stems()
    with new_folder(path) as folder:
        for document in documents:
            stem = stems.of(document)
            (folder / f"{stem}{TEXT}").write_bytes(document.text.encode("utf-8"))
            (folder / f"{stem}{ANNOTATIONS}").write_bytes("".join(_lines(document)).encode("utf-8"))


def _sniff(head: str, path: Path) -> float:
    if path.is_dir():
        return 1.0 if next(path.rglob(f"*{ANNOTATIONS}"), None) else 0.0
    pair = path.suffix in (TEXT, ANNOTATIONS) and path.with_suffix(TEXT).is_file() and path.with_suffix(ANNOTATIONS).is_file()
    return 1.0 if pair else 0.0


LACKS = (SCORES, PICTURES, SPEECH, META, ANNOTATED, READINGS, LONG_IDS)
BRAT = Format("brat", "brat standoff, a folder of .txt and .ann", ("/", ".ann"), _sniff, _parse, _write, LACKS)
