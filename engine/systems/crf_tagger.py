"""What every system that ends in a CRF over characters has in common: tags in, loss, spans with confidence, evidence out.

A subclass says how characters become vectors (``encode``) and which of its parameters are the pre-trained ones.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from engine.document import Document, LabelSet, Span
from engine.evidence import Alternative, Alternatives, Evidence, Scores
from engine.layers.crf import CRF, Marginals
from engine.modalities.text import CharacterVocabulary, encode_text
from engine.systems.contract import SCHEME, Batch, Output, System
from engine.tags import decode_tags, encode_spans, tag_names

READINGS = 5


class CrfTagger(System):
    """Characters to vectors to emissions to a CRF in BIOES."""

    emits: ClassVar[tuple[str, ...]] = ("label_probabilities", "alternatives")
    nested = False
    by_label: ClassVar[tuple[str, ...]] = ()
    """Names of weights that have a row for each label instead of each tag."""

    def __init__(self, labels: LabelSet, vocabulary: CharacterVocabulary, width: int, dropout: float) -> None:
        """Make the head.

        Args:
            labels: entity types.
            vocabulary: known characters.
            width: H, of the vectors that ``encode`` gives.
            dropout: probability, before the emissions.
        """
        super().__init__()
        self.labels = labels
        self.vocabulary = vocabulary
        self.tags = tag_names(labels.names, SCHEME)
        self.tag_index = {tag: i for i, tag in enumerate(self.tags)}
        self.dropout = nn.Dropout(dropout)
        self.emit = nn.Linear(width, len(self.tags))
        self.crf = CRF(self.tags, SCHEME)

    @abstractmethod
    def encode(self, batch: Batch) -> Tensor:
        """Return a vector for each character, ``[B, T, H]``."""

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return everything as head; a system with a pre-trained encoder says which part that is."""
        return {"encoder": [], "head": list(self.parameters())}

    @torch.no_grad()
    def adopt(self, other: System) -> None:
        """Take over every weight; those that have a row or column for each tag, by the tag's name."""
        assert isinstance(other, CrfTagger)
        mine, theirs = self.state_dict(), other.state_dict()
        rows = torch.tensor([self.tag_index[tag] for tag in other.tags])
        labels = torch.tensor([self.labels.names.index(label) for label in other.labels.names])
        for name, tensor in theirs.items():
            target = mine[name]
            if name in self.by_label:
                target[labels] = tensor
            elif target.shape == tensor.shape:
                target.copy_(tensor)
            elif tensor.dim() == 2 and target.shape[1] != tensor.shape[1]:  # transitions, [K, K]
                target[rows[:, None], rows[None, :]] = tensor
            else:
                target[rows] = tensor

    def collate(self, documents: Sequence[Document]) -> Batch:
        """Turn documents into tensors; spans of labels that the system does not know are left out."""
        text = encode_text(documents, self.vocabulary)
        tags = torch.zeros_like(text.ids)
        known = set(self.labels.names)
        for row, document in enumerate(documents):
            kept = [span for span in document.spans if span.label in known]
            for position, tag in enumerate(encode_spans(kept, len(document), SCHEME)):
                tags[row, position] = self.tag_index[tag]
        return Batch(tuple(documents), text, tags, self._possible(documents, tags))

    def _possible(self, documents: Sequence[Document], tags: Tensor) -> Tensor | None:
        """Return which tags each position may have, ``[B, T, K]``, or nothing if each document is annotated in full.

        Outside the spans of a document, a label that its annotators did not look for is as possible as none.
        """
        unknown = [
            [] if document.annotated is None else [label for label in self.labels.names if label not in document.annotated]
            for document in documents
        ]
        if not any(unknown):
            return None
        possible = nn.functional.one_hot(tags, len(self.tags)).bool()
        for row, labels in enumerate(unknown):
            free = torch.tensor([tag.partition("-")[2] in labels for tag in self.tags])
            outside = tags[row] == self.tag_index["O"]
            possible[row, outside] |= free
        return possible

    def forward(self, batch: Batch) -> Output:
        """Return the CRF's loss and the emissions."""
        emissions = self.emit(self.dropout(self.encode(batch)))
        if batch.tags is None or not bool(batch.text.mask.any()):
            return Output(None, emissions)
        if batch.possible is None:
            return Output(self.crf.loss(emissions, batch.tags, batch.text.mask), emissions)
        return Output(self.crf.partial_loss(emissions, batch.possible, batch.text.mask), emissions)

    def decode(self, batch: Batch) -> list[list[Span]]:
        """Return the best path's spans; a span's confidence is the probability of exactly its tags."""
        emissions = self._emissions(batch)
        marginals = self.crf.marginals(emissions, batch.text.mask)
        paths = self.crf.decode(emissions, batch.text.mask)
        return [self._spans(emissions, marginals, row, path) for row, path in enumerate(paths)]

    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Return each character's label probabilities and the n best readings."""
        emissions = self._emissions(batch)
        marginals = self.crf.marginals(emissions, batch.text.mask)
        lengths = batch.text.mask.sum(1).tolist()
        return [
            [
                self._label_probabilities(marginals.tags[row, :n]),
                self._alternatives(emissions[row, :n], float(marginals.total[row])),
            ]
            for row, n in enumerate(lengths)
        ]

    @torch.no_grad()
    def _emissions(self, batch: Batch) -> Tensor:
        without_gold = replace(batch, tags=None, possible=None)
        emissions: Tensor = self(without_gold).emissions
        return emissions.float()

    def _spans(self, emissions: Tensor, marginals: Marginals, row: int, path: Sequence[int]) -> list[Span]:
        found = []
        for span in decode_tags([self.tags[i] for i in path], SCHEME):
            score = self.crf.segment_probability(emissions, marginals, row, span.start, path[span.start : span.end])
            found.append(Span(span.start, span.end, span.label, score))
        return found

    def _label_probabilities(self, tags: Tensor) -> Scores:
        """Sum the tags' probabilities ``[T, K]`` by label."""
        columns = ("O", *self.labels.names)
        owner = torch.tensor([columns.index(tag.partition("-")[2] or "O") for tag in self.tags], device=tags.device)
        summed = tags.new_zeros(len(tags), len(columns)).index_add_(1, owner, tags).clamp(0, 1)
        return Scores("label_probabilities", columns, tuple(tuple(row) for row in summed.tolist()))

    def _alternatives(self, emissions: Tensor, total: float) -> Alternatives:
        if not len(emissions):
            return Alternatives("alternatives", ())
        readings = []
        for path, probability in self.crf.n_best(emissions, total, READINGS):
            spans = decode_tags([self.tags[i] for i in path], SCHEME)
            readings.append(Alternative(tuple(span.key for span in spans), probability))
        return Alternatives("alternatives", tuple(readings))
