"""Classification Attention: classes embedded from the training entities attend to the characters of the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.document import Document, LabelSet
from engine.errors import ConfigError
from engine.evidence import Evidence, Heatmap
from engine.layers.class_attention import ClassAttention, class_embedding, first_direction
from engine.layers.text_encoder import TextEncoder
from engine.modalities.text import encode_text
from engine.systems.contract import Batch, Modality, Paper, option
from engine.systems.encoder_tagger import EncoderConfig, EncoderTagger

_READ_TOGETHER = 16


@dataclass(frozen=True)
class ClassAttentionConfig(EncoderConfig):
    """Options of ``class-attention``."""

    heads: int = option(4, minimum=1, maximum=64, help="system.heads.help", structural=True)
    alpha: float = option(1.0, minimum=0, maximum=1, help="system.alpha.help", structural=True)
    direction: str = option("all", choices=("all", "class"), help="system.direction.help", structural=True)


class ClassAttentionTagger(EncoderTagger):
    """A Transformer encoder, classification attention, a CRF."""

    name = "class-attention"
    modalities = (Modality("text"),)
    emits = ("label_probabilities", "alternatives", "class_attention")
    paper = Paper(
        "Classification Attention for Chinese NER (anonymous, under review)",
        2020,
        "how the classes' results are merged is not in the paper: here by a matrix for each class; the direction removed is the "
        "first of all entities together, since a class's own is its mean, and removing it only shortens the embedding; "
        "direction=class is the published form",
    )
    Config = ClassAttentionConfig
    by_label = ("classes", "attention.merge")
    classes: Tensor

    def __init__(self, config: ClassAttentionConfig, labels: LabelSet, encoder: TextEncoder) -> None:
        """Make a system on an encoder; its classes are not known until :meth:`prepare`.

        Raises:
            ConfigError: if the heads do not divide the width.
        """
        super().__init__(config, labels, encoder)
        width = encoder.width
        if width % config.heads:
            raise ConfigError(f"heads: {config.heads} do not divide a width of {width}; choose a number that does")
        self.attention = ClassAttention(len(labels.names), width, config.heads, config.dropout)
        self.register_buffer("classes", torch.zeros(len(labels.names), width))

    @torch.no_grad()
    def prepare(self, documents: Sequence[Document]) -> None:
        """Embed the classes that are not known yet from the entities of the documents, with the encoder as it is."""
        unknown = [row for row in range(len(self.classes)) if not self.classes[row].any()]
        if not unknown:
            return
        found = self._entities(documents)
        everything = [vector for entities in found.values() for vector in entities]
        if not everything:
            return
        direction = first_direction(torch.stack(everything)) if self.config.direction == "all" else None
        for row in unknown:
            if entities := found[self.labels.names[row]]:
                self.classes[row] = class_embedding(torch.stack(entities), self.config.alpha, direction)

    def _entities(self, documents: Sequence[Document]) -> dict[str, list[Tensor]]:
        """Return the vectors of each class's entities: the mean of the encoder's over an entity's characters."""
        found: dict[str, list[Tensor]] = {label: [] for label in self.labels.names}
        holding = sorted((d for d in documents if any(span.label in found for span in d.spans)), key=len)
        training = self.training
        self.eval()
        for first in range(0, len(holding), _READ_TOGETHER):
            part = holding[first : first + _READ_TOGETHER]
            vectors = self.encoder(encode_text(part, self.vocabulary).to(self.classes.device))
            for row, document in enumerate(part):
                for span in document.spans:
                    if span.label in found:
                        found[span.label].append(vectors[row, span.start : span.end].float().mean(0))
        self.train(training)
        return found

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, H]``."""
        return self._attend(batch)[0]

    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Add what share of each class's attention each character has: in each head, and the mean of the heads."""
        with torch.no_grad():
            shares = self._attend(batch)[1].float()
        lengths = batch.text.mask.sum(1).tolist()
        rows = [
            [*found, self._heatmap(shares[row, :, :, :length])]
            for row, (found, length) in enumerate(zip(super().explain(batch), lengths, strict=True))
        ]
        return rows

    def _attend(self, batch: Batch) -> tuple[Tensor, Tensor]:
        vectors = self.read(self.characters(batch), batch.text.mask)
        attended: tuple[Tensor, Tensor] = self.attention(vectors, self.classes, batch.text.mask)
        return attended

    def _heatmap(self, shares: Tensor) -> Heatmap:
        mean = shares.mean(0).tolist()
        heads = tuple(tuple(tuple(row) for row in head) for head in shares.tolist())
        return Heatmap("class_attention", self.labels.names, tuple(tuple(row) for row in mean), heads)
