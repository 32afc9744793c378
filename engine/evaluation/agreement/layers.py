"""The layers of several annotators over the same documents, matched with each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from engine.document import Document
from engine.errors import InputError

Row = tuple[Document | None, ...]
"""One document as each annotator has it, in the order of the annotators; ``None`` where one has not annotated it."""


@dataclass(frozen=True, slots=True)
class Layers:
    """What several annotators marked in the same documents.

    Attributes:
        annotators: their names, each once.
        rows: the documents. In each, the spans are of labels that all its annotators were to mark (``Document.annotated``).
    """

    annotators: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Return the pairs of annotators, by number."""
        return tuple(combinations(range(len(self.annotators)), 2))

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels that somebody marked, sorted."""
        return tuple(sorted({span.label for _, document in self.documents() for span in document.spans}))

    def documents(self) -> Iterator[tuple[int, Document]]:
        """Yield each annotator's documents with the annotator's number, document by document."""
        for row in self.rows:
            yield from ((i, document) for i, document in enumerate(row) if document is not None)

    def only(self, labels: Sequence[str]) -> Layers:
        """Return the layers with spans of some labels alone."""

        def kept(document: Document | None) -> Document | None:
            return document and document.with_spans(span for span in document.spans if span.label in labels)

        return Layers(self.annotators, tuple(tuple(map(kept, row)) for row in self.rows))


def match(layers: Mapping[str, Sequence[Document]]) -> Layers:
    """Match the documents of several annotators: by their id, and what has an id of its own by its text.

    Where one layer has an id or a text several times, the first is matched with the first, the second with the second.

    Args:
        layers: each annotator's documents, in any order; some may be missing.

    Raises:
        InputError: if there is no annotator, or a document has another text for one than for another.
    """
    if not layers:
        raise InputError("there are no annotators; give the layers of two or more")
    groups: dict[tuple[str, int], dict[str, Document]] = {}
    for annotator, documents in layers.items():
        seen: Counter[str] = Counter()
        for document in documents:
            groups.setdefault((document.id, seen[document.id]), {})[annotator] = document
            seen[document.id] += 1
    rows = [_row(found, tuple(layers)) for found in _by_text(list(groups.values()))]
    return Layers(tuple(layers), tuple(rows))


def _by_text(groups: list[dict[str, Document]]) -> list[dict[str, Document]]:
    """Put documents that one annotator alone has with the others of the same text; the order is that of first appearance."""
    same: dict[str, list[dict[str, Document]]] = defaultdict(list)
    for group in groups:
        if len(group) > 1:
            same[next(iter(group.values())).text].append(group)
    kept = []
    for group in groups:
        if len(group) == 1:
            ((annotator, document),) = group.items()
            home = next((other for other in same[document.text] if annotator not in other), None)
            if home is not None:
                home[annotator] = document
                continue
            same[document.text].append(group)
        kept.append(group)
    return kept


def _row(found: Mapping[str, Document], annotators: Sequence[str]) -> Row:
    first, *others = found
    document = found[first]
    for other in others:
        if found[other].text != document.text:
            texts = f"{document.text[:30]!r} and {found[other].text[:30]!r}"
            raise InputError(
                f"document {document.id!r} has another text from {first} than from {other}: {texts}; "
                "give layers of the same documents"
            )
    asked = [set(layer.annotated) for layer in found.values() if layer.annotated is not None]
    if asked:
        labels = tuple(sorted(set.intersection(*asked)))
        found = {name: replace(layer, annotated=labels) for name, layer in found.items()}
        found = {name: layer.with_spans(layer.judged(layer.spans)) for name, layer in found.items()}
    return tuple(found.get(annotator) for annotator in annotators)
