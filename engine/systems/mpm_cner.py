"""MPM-CNER: how characters look and sound, fused with what they mean by cross-modality attention; BiLSTM and CRF on top.

A glyph's and a syllable's vectors do not depend on the sentence: they are computed once by the pre-trained encoders of pictures
and looked up here, so that neither typeface nor sound is needed to predict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from engine.document import Document, LabelSet
from engine.evidence import Characters, Evidence, Gates, Heatmap, Scores
from engine.layers.bilstm import BiLSTM
from engine.layers.cross_modality import CrossModalityAttention
from engine.layers.learned_table import LearnedTable, load_table, restored_table
from engine.layers.text_encoder import TextEncoder
from engine.layers.vector_table import UNKNOWN, VectorTable
from engine.modalities.glyphs import traditional
from engine.modalities.pinyin import read
from engine.modalities.text import CharacterVocabulary, encode_text
from engine.systems.contract import Batch, Modality, Options, Paper, option
from engine.systems.encoder_tagger import EncoderConfig, EncoderTagger, built_encoder, encoder_of_shape

GLYPH, PHONETIC = "glyph", "phonetic"
_ABSENT = 0.02
_MEASURED = 256
"""Documents from which the mean of the encoder's vectors is taken."""


@dataclass(frozen=True)
class MpmCnerConfig(EncoderConfig):
    """Options of ``mpm-cner``; the switches are those of the paper's ablation."""

    glyph: bool = option(True, help="system.glyph.help", structural=True)
    phonetic: bool = option(True, help="system.phonetic.help", structural=True)
    fusion: str = option("attention", choices=("attention", "concatenation"), help="system.fusion.help", structural=True)
    gate: str = option("learned", choices=("learned", "none"), help="system.gate.help", structural=True)
    pretrained: bool = option(True, help="system.pretrained.help", structural=True)
    glyph_encoder: str = option("zh-glyph-small", help="system.glyph_encoder.help", structural=True)
    phonetic_encoder: str = option("zh-sound-small", help="system.phonetic_encoder.help", structural=True)
    swin: str = option("frozen", choices=("frozen", "trained"), help="system.swin.help", structural=True)
    lstm: int = option(128, minimum=8, maximum=1024, help="system.lstm.help", structural=True)


class MpmCner(EncoderTagger):
    """A Transformer encoder, tables of glyph and phonetic vectors, their fusion, a BiLSTM, a CRF."""

    name = "mpm-cner"
    modalities = (Modality("text"), Modality(GLYPH, optional=True), Modality(PHONETIC, optional=True))
    emits = (
        "label_probabilities",
        "alternatives",
        f"cross_modality_attention.{GLYPH}",
        f"cross_modality_attention.{PHONETIC}",
        "modality_gates",
        "modality_effect",
        "characters",
    )
    paper = Paper(
        "Pretraining Multi-modal Representations for Chinese NER Task with Cross-Modality Attention (Mai et al., WSDM 2022)",
        2022,
        "the glyph and phonetic vectors are computed once and stay as they are, unless swin=trained; windows of 4 in two stages, "
        "since 8 by 8 patches hold no more; a hidden layer in the heads of RCI and PCI; what all characters share is taken off "
        "the semantic vectors, the queries are normalised, and what equations 12 and 13 add is weighed by a learned number that "
        "starts at 0 (gate=none: by 1, as published); a layer normalisation before the BiLSTM",
    )
    Config = MpmCnerConfig
    centre: Tensor

    def __init__(self, config: MpmCnerConfig, labels: LabelSet, encoder: TextEncoder, tables: Mapping[str, VectorTable]) -> None:
        """Make a system on an encoder and a table for each modality that is on: ``glyph`` and ``phonetic``."""
        super().__init__(config, labels, encoder, 2 * config.lstm)
        self.tables = nn.ModuleDict(dict(tables))
        width = encoder.width
        if config.fusion == "attention":
            self.fusion = nn.ModuleDict(
                {
                    name: CrossModalityAttention(width, table.width, gated=config.gate == "learned")
                    for name, table in tables.items()
                }
            )
        else:
            self.absent = nn.ParameterDict({name: nn.Parameter(_ABSENT * torch.randn(t.width)) for name, t in tables.items()})
            width += sum(table.width for table in tables.values())
        self.register_buffer("centre", torch.zeros(encoder.width))
        self.norm = nn.LayerNorm(width)
        self.bilstm = BiLSTM(width, config.lstm)

    @classmethod
    def build(cls, config: Options, labels: LabelSet, texts: Iterable[str]) -> MpmCner:
        """Make a system on the named encoders.

        Raises:
            ConfigError: if one of them cannot be loaded.
        """
        assert isinstance(config, MpmCnerConfig)
        names = {GLYPH: config.glyph_encoder, PHONETIC: config.phonetic_encoder}
        how = {"pretrained": config.pretrained, "trained": config.swin == "trained"}
        tables = {name: load_table(name, names[name], **how) for name in cls.used(config)}
        return cls(config, labels, built_encoder(config, texts), tables)

    @classmethod
    def restore(cls, config: Options, labels: LabelSet, vocabulary: CharacterVocabulary, shape: Mapping[str, Any]) -> MpmCner:
        """Make a system of a checkpoint's shape."""
        assert isinstance(config, MpmCnerConfig)
        encoder = {name: value for name, value in shape.items() if name != "tables"}
        tables = {name: restored_table(kept) for name, kept in shape["tables"].items()}
        return cls(config, labels, encoder_of_shape(config, vocabulary, encoder), tables)

    @staticmethod
    def used(config: MpmCnerConfig) -> tuple[str, ...]:
        """Return which modalities are on, in the order in which they are fused."""
        return tuple(name for name, on in ((GLYPH, config.glyph), (PHONETIC, config.phonetic)) if on)

    @classmethod
    def uses(cls, config: MpmCnerConfig, modality: str) -> bool:
        """Tell whether a configuration makes use of a modality; of glyphs and pronunciations only where they are on."""
        return super().uses(config, modality) and (modality not in (GLYPH, PHONETIC) or modality in cls.used(config))

    @property
    def shape(self) -> dict[str, Any]:
        """Return the encoder's settings, and what the tables hold."""
        return {**super().shape, "tables": {name: table.shape for name, table in self._tables()}}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return the text encoder's parameters, those of the encoders of pictures that are trained along, and the rest."""
        parts = super().parts()
        pictures = [p for _, table in self._tables() if isinstance(table, LearnedTable) for p in table.encoder.parameters()]
        inside = {id(parameter) for parameter in pictures}
        return {**parts, "pictures": pictures, "head": [p for p in parts["head"] if id(p) not in inside]}

    @property
    def vector_tables(self) -> Mapping[str, VectorTable]:
        """Return the tables of the modalities that are on."""
        return dict(self._tables())

    @property
    def evidence_names(self) -> tuple[str, ...]:
        """Return what this configuration gives of what the system declares."""
        on = [name for name in self.tables if self.config.fusion == "attention"]
        heatmaps = {f"cross_modality_attention.{name}" for name in on}
        missing = {name for name in self.emits if name.startswith("cross_modality_attention.")} - heatmaps
        if not self._gates():
            missing.add("modality_gates")
        if not self.tables:
            missing |= {"modality_effect", "characters"}
        return tuple(name for name in self.emits if name not in missing)

    @torch.no_grad()
    def prepare(self, documents: Sequence[Document]) -> None:
        """Measure the mean of the encoder's vectors over some documents, with the encoder as it is, unless it is known."""
        if self.centre.any():
            return
        training = self.training
        self.eval()
        total, count = torch.zeros_like(self.centre), 0
        for document in documents[:: max(1, len(documents) // _MEASURED)]:
            text = encode_text([document], self.vocabulary).to(self.centre.device)
            total += self.encoder(text)[0].float().sum(0)
            count += len(document)
        self.centre.copy_(total / max(1, count))
        self.train(training)

    def collate(self, documents: Sequence[Document]) -> Batch:
        """Add to the characters the rows of their glyphs and of their readings in the tables."""
        batch = super().collate(documents)
        features = {}
        for name, table in self._tables():
            rows = torch.full_like(batch.text.ids, UNKNOWN)
            for row, document in enumerate(documents):
                rows[row, : len(document)] = torch.tensor(table.find(_items(name, document)), dtype=rows.dtype)
            features[name] = rows
        return replace(batch, features=features)

    def without(self, batch: Batch, modality: str) -> Batch:
        """Return a batch in which no character has a glyph, or a sound."""
        if modality not in self.tables:
            return super().without(batch, modality)
        return replace(batch, features={**batch.features, modality: torch.full_like(batch.features[modality], UNKNOWN)})

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, H]``."""
        return self._fuse(batch)[0]

    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Add the shares of each modality's attention, what leaving it out changes, and what was seen and heard."""
        found = super().explain(batch)
        if not self.tables:
            return found
        with torch.no_grad():
            shares = self._fuse(batch)[1]
        effect = self._effect(batch)
        lengths = batch.text.mask.sum(1).tolist()
        for row, (items, length, document) in enumerate(zip(found, lengths, batch.documents, strict=True)):
            for name, values in shares.items():
                grid = values[row, :length, :length].float().tolist()
                items.append(Heatmap(f"cross_modality_attention.{name}", tuple(document.text), tuple(map(tuple, grid))))
            if gates := self._gates():
                items.append(Gates("modality_gates", tuple(gates), (tuple(gates.values()),)))
            columns = [effect[name][row, :length].tolist() for name in effect]
            items.append(Scores("modality_effect", tuple(effect), tuple(zip(*columns, strict=True))))
            items.append(self._characters(document))
        return found

    def _tables(self) -> list[tuple[str, VectorTable]]:
        return [(name, table) for name, table in self.tables.items() if isinstance(table, VectorTable)]

    def _fuse(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the fused vectors and each modality's shares ``[B, T, T]``; equations 11 to 13, or one beside the other."""
        mask = batch.text.mask
        vectors = self.read(self.characters(batch), mask) - self.centre
        shares = {}
        beside = [vectors]
        for name, table in self._tables():
            others, known = table(batch.features[name])
            if self.config.fusion == "attention":
                vectors, shares[name] = self.fusion[name](vectors, others.to(vectors.dtype), known, mask)
            else:
                beside.append(torch.where(known[..., None], others, self.absent[name]).to(vectors.dtype))
        fused = vectors if self.config.fusion == "attention" else torch.cat(beside, -1)
        return self.bilstm(self.dropout(self.norm(fused)), mask), shares

    def _gates(self) -> dict[str, float]:
        """Return the weight of what each modality's attention adds, where it is learned."""
        if self.config.fusion != "attention":
            return {}
        layers = [(name, layer) for name, layer in self.fusion.items() if isinstance(layer, CrossModalityAttention)]
        return {name: layer.gate.item() for name, layer in layers if layer.gate is not None}

    def _effect(self, batch: Batch) -> dict[str, Tensor]:
        """Return how far each character's tag distribution moves without a modality: total variation, ``[B, T]``."""
        whole = self.crf.marginals(self._emissions(batch), batch.text.mask).tags
        effect = {}
        for name in self.tables:
            tags = self.crf.marginals(self._emissions(self.without(batch, name)), batch.text.mask).tags
            effect[name] = ((whole - tags).abs().sum(-1) / 2).clamp(0, 1).float()
        return effect

    def _characters(self, document: Document) -> Characters:
        seen = {}
        for name, table in self._tables():
            items = _items(name, document)
            seen[name] = tuple((item or "") if row != UNKNOWN else "" for item, row in zip(items, table.find(items), strict=True))
        nothing = ("",) * len(document)
        return Characters("characters", seen.get(GLYPH, nothing), seen.get(PHONETIC, nothing))


def _items(name: str, document: Document) -> list[str | None]:
    """Return what a modality's table is asked for at each character."""
    if name == GLYPH:
        return list(traditional(document.text))
    return list(_read(document.text, tuple(document.readings.items())))


@lru_cache(maxsize=1 << 15)
def _read(text: str, chosen: tuple[tuple[int, str], ...]) -> tuple[str | None, ...]:
    return tuple(read(text, dict(chosen)))
