"""What every system that reads text with an encoder has in common: an encoder, built or restored, at a rate of its own.

A subclass says what becomes of the encoder's vectors (``encode``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from engine.document import LabelSet
from engine.errors import ConfigError
from engine.layers.recurrent_encoder import RecurrentEncoder
from engine.layers.text_encoder import (
    TextEncoder,
    dropout_settings,
    encoder_settings,
    pretrained_encoder,
    restored_encoder,
    small_encoder,
)
from engine.modalities.text import CharacterVocabulary, TextFeatures, drop_characters
from engine.systems.contract import Batch, Options, option
from engine.systems.crf_tagger import CrfTagger
from engine.tags import FLAT, STRUCTURES

ENCODER, BILSTM, CNN_BILSTM = "encoder", "bilstm", "cnn-bilstm"
"""What characters may be read with; a system that leaves the choice has an option ``text``."""
TextSide = TextEncoder | RecurrentEncoder


@dataclass(frozen=True)
class EncoderConfig(Options):
    """Options of every system on an encoder; ``layers`` and ``width`` count only where no pre-trained one is named."""

    encoder: str = option("", help="system.encoder.help", structural=True)
    layers: int = option(5, minimum=1, maximum=24, help="system.layers.help", structural=True)
    width: int = option(256, minimum=64, maximum=1024, help="system.width.help", structural=True)
    dropout: float = option(0.1, minimum=0, maximum=0.9, help="system.dropout.help")
    character_dropout: float = option(0.02, minimum=0, maximum=0.5, help="system.character_dropout.help", retraining=0.0)
    window: int = option(254, minimum=16, maximum=4096, help="system.window.help", structural=True)
    structure: str = option(FLAT, choices=STRUCTURES, help="system.structure.help", structural=True)
    pieces: bool = option(False, help="system.pieces.help", structural=True)
    frozen: int = option(0, minimum=0, maximum=24, help="system.frozen.help")


class EncoderTagger(CrfTagger):
    """A Transformer encoder below, a CRF on top; subclasses are made of a configuration, labels and an encoder."""

    def __init__(self, config: EncoderConfig, labels: LabelSet, encoder: TextSide, width: int = 0) -> None:
        """Make a system on an encoder.

        Args:
            config: options.
            labels: entity types, and how they nest.
            encoder: reads the characters.
            width: H, of the vectors that ``encode`` gives, if not the encoder's.

        Raises:
            ConfigError: if more layers are to be frozen than the encoder has.
        """
        super().__init__(labels, encoder.vocabulary, width or encoder.width, config.dropout, config.structure)
        self.config = config
        self.encoder = encoder
        if config.frozen and isinstance(encoder, TextEncoder):
            encoder.freeze(config.frozen)

    @classmethod
    def build(cls, config: Options, labels: LabelSet, texts: Iterable[str]) -> EncoderTagger:
        """Make a system on the named pre-trained encoder, or on a small one with the characters of the texts."""
        assert isinstance(config, EncoderConfig)
        return cls(config, labels, text_side(config, texts))

    @classmethod
    def restore(
        cls, config: Options, labels: LabelSet, vocabulary: CharacterVocabulary, shape: Mapping[str, Any]
    ) -> EncoderTagger:
        """Make a system of a checkpoint's shape."""
        assert isinstance(config, EncoderConfig)
        return cls(config, labels, text_side_of_shape(config, vocabulary, shape))

    @property
    def shape(self) -> dict[str, Any]:
        """Return the encoder's settings."""
        return encoder_settings(self.encoder) if isinstance(self.encoder, TextEncoder) else {"width": self.encoder.width}

    @property
    def window(self) -> int:
        """Return the most characters of one pass, which the encoder's positions bound."""
        return min(int(self.config.window), self.encoder.longest)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return the encoder's parameters, and the rest, which those of a BiLSTM are of; those that are frozen are in neither."""
        encoder = list(self.encoder.parameters()) if isinstance(self.encoder, TextEncoder) else []
        inside = {id(parameter) for parameter in encoder}
        head = [parameter for parameter in self.parameters() if id(parameter) not in inside]
        return {"encoder": [parameter for parameter in encoder if parameter.requires_grad], "head": head}

    @property
    def embeddings(self) -> tuple[nn.Embedding, ...]:
        """Return the encoder's table."""
        return (self.encoder.embedding,)

    def on_characters(self, batch: Batch, table: nn.Embedding, values: Tensor) -> Tensor:
        """Take off the marks, and divide what a word piece was given among its characters."""
        if isinstance(self.encoder, TextEncoder) and table is self.encoder.embedding:
            return self.encoder.shared(batch.text, values)
        return values

    def characters(self, batch: Batch) -> Tensor:
        """Return the indices of the characters, ``[B, T]``; in training some are made unknown."""
        ids, mask = batch.text.ids, batch.text.mask
        return drop_characters(ids, mask, self.vocabulary, self.config.character_dropout) if self.training else ids

    def read(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the encoder's vectors, ``[B, T, encoder.width]``."""
        vectors: Tensor = self.encoder(TextFeatures(ids, mask))
        return vectors


def text_side(config: EncoderConfig, texts: Iterable[str]) -> TextSide:
    """Return what a configuration reads characters with; a BiLSTM reads them one by one, whatever the option ``pieces`` says.

    That is an encoder, or, where its option ``text`` says so, a BiLSTM with the characters of the texts, behind a convolution or
    not. A convolved one starts with the vocabulary and the character embeddings of the named encoder if there is one.
    """
    text = getattr(config, "text", ENCODER)
    if text == ENCODER:
        return built_encoder(config, texts)
    if text == BILSTM or not config.encoder:
        return RecurrentEncoder(CharacterVocabulary.of(texts), config.width, config.dropout, convolved=text == CNN_BILSTM)
    return RecurrentEncoder.on_embeddings(pretrained_encoder(config.encoder), config.dropout)


def text_side_of_shape(config: EncoderConfig, vocabulary: CharacterVocabulary, shape: Mapping[str, Any]) -> TextSide:
    """Return what a checkpoint reads characters with, whose weights are loaded next."""
    text = getattr(config, "text", ENCODER)
    if text == ENCODER:
        return encoder_of_shape(config, vocabulary, shape)
    width = int(shape.get("width", config.width))
    return RecurrentEncoder(vocabulary, width, config.dropout, convolved=text == CNN_BILSTM)


def built_encoder(config: EncoderConfig, texts: Iterable[str]) -> TextEncoder:
    """Return the named pre-trained encoder, or a small one with the characters of the texts.

    Raises:
        ConfigError: if it cannot be loaded, or is to read word pieces and has none.
    """
    if config.encoder:
        return pretrained_encoder(config.encoder, dropout=config.dropout, pieces=config.pieces)
    if config.pieces:
        raise ConfigError(
            "pieces: an encoder that is made here reads characters; leave pieces out, or name with encoder= one that has word "
            "pieces, such as multilingual BERT"
        )
    sizes = {"layers": config.layers, "width": config.width, "longest": config.window}
    return small_encoder(CharacterVocabulary.of(texts), dropout=config.dropout, **sizes)


def encoder_of_shape(config: EncoderConfig, vocabulary: CharacterVocabulary, shape: Mapping[str, Any]) -> TextEncoder:
    """Return an encoder of a checkpoint's shape, whose weights are loaded next."""
    settings = dict(shape)
    if not config.encoder:
        settings |= dropout_settings(settings["model_type"], config.dropout)
    return restored_encoder(settings, vocabulary)
