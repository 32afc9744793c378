"""The corpora that Duomo is measured on, reduced to the three types PER, LOC and ORG that all of the compared models know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine import formats
from engine.document import Document, relabel
from engine.tags import flatten

LABELS = ("PER", "LOC", "ORG")
WEIBO = {"PER.NAM": "PER", "LOC.NAM": "LOC", "GPE.NAM": "LOC", "ORG.NAM": "ORG"} | {
    f"{kind}.NOM": "" for kind in ("PER", "LOC", "GPE", "ORG")
}


@dataclass(frozen=True)
class Corpus:
    """A corpus file below the data folder, and how its labels are mapped; ``""`` drops one."""

    name: str
    file: str
    mapping: dict[str, str]

    def read(self, folder: Path) -> list[Document]:
        """Return its documents with flat spans of the three types."""
        documents = (relabel(document, self.mapping) for document in formats.read(folder / self.file))
        return [plain(document) for document in documents]


CORPORA = {
    corpus.name: corpus
    for corpus in (
        Corpus("msra", "msra/dev.txt", {}),
        Corpus("weibo", "weibo/dev.char.bmes", WEIBO),
        Corpus("cnerta", "cnerta/valid.json#0/10", {}),
        Corpus("cmner", "cmner/dev.txt", {"MISC": ""}),
    )
}


def plain(document: Document) -> Document:
    """Return the document with flat spans of the three types, nested ones reduced to the longest."""
    return document.with_spans(flatten(span for span in document.spans if span.label in LABELS))
