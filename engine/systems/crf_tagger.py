"""What every system that ends in a CRF over characters has in common: tags in, loss, spans with confidence, evidence out.

A subclass says how characters become vectors (``encode``) and which of its parameters are the pre-trained ones. Its option
``structure`` says whether spans may lie in each other: the tags are then the multilabels of :mod:`engine.tag_set`.
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
from engine.systems.contract import SCHEME, Batch, Belief, Output, Reading, System
from engine.tag_set import TagSet
from engine.tags import NESTED

READINGS = 5


class CrfTagger(System):
    """Characters to vectors to emissions to a CRF in BIOES."""

    holds: Tensor

    emits: ClassVar[tuple[str, ...]] = ("label_probabilities", "alternatives")
    nested = True
    by_label: ClassVar[tuple[str, ...]] = ()
    """Names of weights that have a row for each label instead of each tag."""

    def __init__(self, labels: LabelSet, vocabulary: CharacterVocabulary, width: int, dropout: float, structure: str) -> None:
        """Make the head.

        Args:
            labels: entity types, and how they nest.
            vocabulary: known characters.
            width: H, of the vectors that ``encode`` gives.
            dropout: probability, before the emissions.
            structure: ``flat`` or ``nested``.
        """
        super().__init__()
        self.labels = labels if structure == NESTED else labels.flat
        self.vocabulary = vocabulary
        self.tags = TagSet(self.labels, SCHEME)
        self.dropout = nn.Dropout(dropout)
        self.emit = nn.Linear(width, len(self.tags))
        self.crf = CRF(self.tags.stacks, SCHEME)
        self.register_buffer("holds", _holds(self.tags), persistent=False)

    @property
    def structure(self) -> str:
        """Return what the option says."""
        return str(self.config.structure)

    @abstractmethod
    def encode(self, batch: Batch) -> Tensor:
        """Return a vector for each character, ``[B, T, H]``."""

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return everything as head; a system with a pre-trained encoder says which part that is."""
        return {"encoder": [], "head": list(self.parameters())}

    @torch.no_grad()
    def adopt(self, other: System) -> None:
        """Take over every weight; those that have a row or column for each tag, by the tag."""
        assert isinstance(other, CrfTagger)
        mine, theirs = self.state_dict(), other.state_dict()
        rows = torch.tensor([self.tags.index[stack] for stack in other.tags.stacks])
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
        """Turn documents into tensors; spans that the tags cannot write, such as those of unknown labels, are left out."""
        text = encode_text(documents, self.vocabulary)
        tags = torch.zeros_like(text.ids)
        for row, document in enumerate(documents):
            tags[row, : len(document)] = torch.tensor(self.tags.encode(document.spans, len(document)), dtype=tags.dtype)
        return Batch(tuple(documents), text, tags, self._possible(documents, tags))

    def _possible(self, documents: Sequence[Document], tags: Tensor) -> Tensor | None:
        """Return which tags each position may have, ``[B, T, K]``, or nothing if each document is annotated in full.

        What is marked stays. A label that the annotators did not look for is as possible as none, where a model is flat outside
        the spans of a document, where it is nested also around and inside them.
        """
        unknown = [
            frozenset() if document.annotated is None else frozenset(self.labels.names) - frozenset(document.annotated)
            for document in documents
        ]
        if not any(unknown):
            return None
        possible = nn.functional.one_hot(tags, len(self.tags)).bool()
        for row, labels in enumerate(unknown):
            for tag in set(tags[row].tolist()) if labels else ():
                free = possible.new_zeros(len(self.tags))
                free[list(self.tags.possible(tag, labels))] = True
                possible[row, tags[row] == tag] = free
        return possible

    def forward(self, batch: Batch) -> Output:
        """Return the CRF's loss and the emissions."""
        return self.judge(batch, self.encode(batch))

    def judge(self, batch: Batch, vectors: Tensor) -> Output:
        """Return the CRF's loss and the emissions of characters' vectors, ``[B, T, H]``."""
        return self.score(batch, self.emit(self.dropout(vectors)))

    def score(self, batch: Batch, emissions: Tensor) -> Output:
        """Return the CRF's loss of emissions ``[B, T, K]``, and these."""
        if batch.tags is None or not bool(batch.text.mask.any()):
            return Output(None, emissions)
        if batch.possible is None:
            loss = self.crf.strict_loss if self.structure == NESTED else self.crf.loss
            return Output(loss(emissions, batch.tags, batch.text.mask), emissions)
        return Output(self.crf.partial_loss(emissions, batch.possible, batch.text.mask), emissions)

    def decode(self, batch: Batch) -> list[list[Span]]:
        """Return the best path's spans; a span's confidence is its probability, whatever lies around it or in it."""
        emissions = self._emissions(batch)
        marginals = self.crf.marginals(emissions, batch.text.mask)
        paths = self.crf.decode(emissions, batch.text.mask)
        return [self._spans(emissions, marginals, row, path) for row, path in enumerate(paths)]

    @property
    def tag_names(self) -> tuple[str, ...]:
        """Return the names of the tags; those of a stack are joined."""
        return self.tags.names

    def believe(self, batch: Batch, readings: int = 1) -> list[Belief]:
        """Return the CRF's marginals, and the n best paths."""
        emissions, mask = self._emissions(batch), batch.text.mask
        marginals = self.crf.marginals(emissions, mask)
        lengths = mask.sum(1).tolist()
        paths = self._best(emissions, mask, marginals) if readings == 1 else [[] for _ in lengths]
        if readings > 1:
            rows = [(emissions[row, :n], float(marginals.total[row])) for row, n in enumerate(lengths)]
            paths = [self.crf.ranked(own, total, readings) if len(own) else [([], 0.0)] for own, total in rows]
        return [
            Belief(
                marginals.tags[row, :n],
                tuple(Reading(tuple(path), tuple(self.tags.decode(path)), value) for path, value in found),
            )
            for row, (n, found) in enumerate(zip(lengths, paths, strict=True))
        ]

    def _best(self, emissions: Tensor, mask: Tensor, marginals: Marginals) -> list[list[tuple[list[int], float]]]:
        """Return each best path with its log probability; found for all sentences at once."""
        paths = self.crf.decode(emissions, mask)
        tags = torch.zeros_like(mask, dtype=torch.long)
        for row, path in enumerate(paths):
            tags[row, : len(path)] = torch.tensor(path, dtype=torch.long)
        values = (self.crf.path_scores(emissions, tags, mask) - marginals.total).clamp(max=0).tolist()
        return [[(path, value if path else 0.0)] for path, value in zip(paths, values, strict=True)]

    def log_probability(self, batch: Batch, span: Span) -> Tensor:
        """Return the CRF's marginal of the span."""
        emissions = self(replace(batch, tags=None, possible=None)).emissions
        found = self.crf.segment_log_probability(emissions, batch.text.mask, span.start, self._ways(span))
        return found.to(emissions.dtype)

    @torch.no_grad()
    def represent(self, batch: Batch) -> Tensor:
        """Return what the emissions are made of."""
        return self.encode(replace(batch, tags=None, possible=None)).float()

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
        return [
            replace(span, score=self.crf.segment_probability(marginals, emissions, row, span.start, self._ways(span)))
            for span in self.tags.decode(path)
        ]

    def _ways(self, span: Span) -> Tensor:
        """Return which tags hold a span at each of its characters, ``[depths, n, K]``.

        A mention keeps its depth in the stacks, since what begins after it or ends before it lies deeper.
        """
        alone = self.tags.encode([Span(0, span.end - span.start, span.label)], span.end - span.start)
        ways = self.holds[:, alone]
        return ways[ways.any(2).all(1)]

    def _label_probabilities(self, tags: Tensor) -> Scores:
        """Sum the tags' probabilities ``[T, K]`` by label: of a nested model those of all tags that hold the label."""
        columns = ("O", *self.labels.names)
        owned = torch.tensor([[label in (labels or ("O",)) for label in columns] for labels in self.tags.labels])
        summed = (tags @ owned.to(tags)).clamp(0, 1)
        return Scores("label_probabilities", columns, tuple(tuple(row) for row in summed.tolist()))

    def _alternatives(self, emissions: Tensor, total: float) -> Alternatives:
        if not len(emissions):
            return Alternatives("alternatives", ())
        readings = []
        for path, probability in self.crf.n_best(emissions, total, READINGS):
            readings.append(Alternative(tuple(span.key for span in self.tags.decode(path)), probability))
        return Alternatives("alternatives", tuple(readings))


def _holds(tags: TagSet) -> Tensor:
    """Return which tags hold each flat tag at each depth, ``[depth, flat tags, K]``."""
    holds = torch.zeros(tags.depth, tags.flat, len(tags), dtype=torch.bool)
    for i, stack in enumerate(tags.stacks):
        for depth, tag in enumerate(stack):
            holds[depth, tags.index[tag,], i] = True
    return holds
