"""Masked language modelling over characters, whole words masked together (Devlin et al. 2019; Cui et al. 2021).

15% of the characters are chosen, word by word; of these 80% become the mask, 10% a random character, 10% stay, anew in every
epoch. Windows are cut out of one long stream of lines, so that nothing is padded. The output matrix is the embedding's, and is
applied to the masked positions alone.

With the objective ``replaced``, a small generator fills the masks and the encoder tells which characters it replaced (ELECTRA,
Clark et al. 2020); both share the character embeddings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForMaskedLM, BertForMaskedLM, ModernBertForMaskedLM, PreTrainedModel

from engine.errors import ConfigError, InputError
from engine.layers.text_encoder import check_rows, small_shape
from engine.modalities.text import CharacterVocabulary
from engine.pretraining.loop import LoopConfig, Task
from engine.pretraining.packing import WORD, PackedText
from engine.systems.contract import option

_JUDGED = 512
"""Windows of held-out text that a judgement looks at."""
_IGNORED = -100
_DISCRIMINATOR_WEIGHT = 50.0


@dataclass(frozen=True)
class MaskedLMConfig(LoopConfig):
    """Options of ``masked-lm``; ``layers``, ``width`` and ``longest`` count only where no encoder is named."""

    encoder: str = option("", help="system.encoder.help")
    layers: int = option(5, minimum=1, maximum=24, help="system.layers.help")
    width: int = option(256, minimum=64, maximum=1024, help="system.width.help")
    longest: int = option(512, minimum=32, maximum=8192, help="pretraining.longest.help")
    sequence: int = option(128, minimum=16, maximum=8192, help="pretraining.sequence.help")
    vocabulary: int = option(8000, minimum=1000, maximum=32_000, help="pretraining.vocabulary.help")
    traditional: float = option(0.05, minimum=0, maximum=1, help="pretraining.traditional.help")
    objective: str = option("masked", choices=("masked", "replaced"), help="pretraining.objective.help")
    mask_rate: float = option(0.15, minimum=0.01, maximum=0.9, help="pretraining.mask_rate.help")
    dropout: float = option(0.0, minimum=0, maximum=0.9, help="system.dropout.help")
    generator: int = option(128, minimum=64, maximum=1024, help="pretraining.generator.help")


class Windows:
    """Windows of packed text, in an order that is new in every epoch."""

    def __init__(self, text: PackedText, length: int, begin: int, seed: int) -> None:
        """Cut windows of ``length`` positions, the first of which is the begin mark.

        Raises:
            InputError: if there is less text than one window.
        """
        self.text, self.length, self.begin, self.seed = text, length, begin, seed
        self._cache: tuple[int, np.ndarray[Any, Any]] = (-1, np.zeros(0, np.int64))
        self._count = len(self._starts(0))
        if not self._count:
            raise InputError(f"there is not even one window of {length} characters to learn from; give more text")

    def __len__(self) -> int:
        """Return the number of windows of an epoch."""
        return self._count

    def __getitem__(self, number: int) -> np.ndarray[Any, Any]:
        """Return window ``number`` of the endless succession of epochs, ``[T]``, with the marks of words."""
        epoch, place = divmod(number, self._count)
        start = self._starts(epoch)[place]
        window = np.empty(self.length, np.uint16)
        window[0] = self.begin | WORD
        window[1:] = self.text.indices[start : start + self.length - 1]
        return window

    def _starts(self, epoch: int) -> np.ndarray[Any, Any]:
        """Return where an epoch's windows start; each source occurs as often as its weight says."""
        if self._cache[0] != epoch:
            step = self.length - 1
            random = np.random.default_rng((self.seed, epoch))
            starts = []
            for first, last, weight in self.text.segments:
                shift = int(random.integers(step)) if last - first > 2 * step else 0
                whole = (last - first - step) // step  # the same number whatever the shift
                every = first + shift + step * np.arange(max(0, whole))
                starts += [every] * int(weight)
                starts.append(random.permutation(every)[: round(len(every) * (weight % 1))])
            self._cache = (epoch, random.permutation(np.concatenate(starts)) if starts else np.zeros(0, np.int64))
        return self._cache[1]


class MaskedLM(Task):
    """The encoder, what predicts from it, and the windows it learns from."""

    def __init__(
        self, config: MaskedLMConfig, vocabulary: CharacterVocabulary, mask: int, text: PackedText, held_out: PackedText
    ) -> None:
        """Make a task.

        Args:
            config: options.
            vocabulary: of the packed text.
            mask: index of the mask token.
            text: to learn from.
            held_out: to judge by.

        Raises:
            InputError: if there is not enough text.
            ConfigError: if the encoder does not fit the vocabulary.
        """
        super().__init__()
        self.config, self.vocabulary, self.mask = config, vocabulary, mask
        self.windows = Windows(text, config.sequence, vocabulary.begin, config.seed)
        self.held_out = Windows(held_out, config.sequence, vocabulary.begin, 0)
        self.model = masked_model(config, vocabulary)
        self.generator: nn.Module | None = None
        if config.objective == "replaced":
            embeddings: Any = self.model.get_input_embeddings()
            width = embeddings.embedding_dim
            self.generator = _Generator(config, vocabulary, embeddings)
            self.tell: nn.Module = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))
            for parameter in _without(self.model, self.encoder):
                parameter.requires_grad_(False)  # what predicts characters is the generator's part

    @property
    def encoder(self) -> PreTrainedModel:
        """Return the encoder alone."""
        encoder: PreTrainedModel = self.model.base_model  # type: ignore[assignment]
        return encoder

    def batch(self, step: int, rank: int, processes: int) -> Mapping[str, Tensor]:
        """Return ``ids`` and ``labels``, each ``[B, T]``."""
        size = self.config.batch_size
        first = (step * processes + rank) * size
        return self._masked(self.windows, range(first, first + size), np.random.default_rng((self.config.seed, step, rank)))

    def units(self, batch: Mapping[str, Tensor]) -> int:
        """Return the number of characters."""
        return batch["ids"].numel()

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the mean loss over the masked characters, with ELECTRA's second term where asked for."""
        if self.generator is None:
            logits, labels = self._predict(batch)
            return nn.functional.cross_entropy(logits.float(), labels)
        logits, labels = self.generator(batch)
        loss = nn.functional.cross_entropy(logits.float(), labels)
        told, replaced = self._tell(batch, logits)
        return loss + _DISCRIMINATOR_WEIGHT * nn.functional.binary_cross_entropy_with_logits(told.float(), replaced.float())

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """Return perplexity and accuracy over the masked held-out characters; for ``replaced`` also the share told right."""
        losses, right, count, told_right, told_count = 0.0, 0, 0, 0, 0
        device = self.encoder.device
        size = min(self.config.batch_size, 64)
        for first in range(0, min(_JUDGED, len(self.held_out)), size):
            numbers = range(first, min(first + size, len(self.held_out)))
            random = np.random.default_rng((0, first))
            batch = {k: v.to(device) for k, v in self._masked(self.held_out, numbers, random).items()}
            logits, labels = self._predict(batch) if self.generator is None else self.generator(batch)
            losses += float(nn.functional.cross_entropy(logits.float(), labels, reduction="sum"))
            right += int((logits.argmax(-1) == labels).sum())
            count += len(labels)
            if self.generator is not None:
                told, replaced = self._tell(batch, logits)
                told_right += int(((told > 0) == replaced)[replaced].sum())
                told_count += int(replaced.sum())
        figures = {"perplexity": float(np.exp(min(50.0, losses / max(1, count)))), "accuracy": right / max(1, count)}
        return figures | ({"replaced_found": told_right / max(1, told_count)} if self.generator is not None else {})

    def _masked(self, windows: Windows, numbers: range, random: np.random.Generator) -> dict[str, Tensor]:
        """Choose whole words and mask them."""
        packed = np.stack([windows[number] for number in numbers])
        ids = (packed & (WORD - 1)).astype(np.int64)
        words = np.cumsum(packed >= WORD, axis=1)  # (B, T), the number of the word that each position is in
        chosen = np.take_along_axis(random.random(ids.shape), words - 1, 1) < self.config.mask_rate
        vocabulary = self.vocabulary
        chosen &= (ids != vocabulary.begin) & (ids != vocabulary.end)
        if not chosen.any():
            chosen[0, 1] = True
        labels = np.where(chosen, ids, _IGNORED)
        fate = random.random(ids.shape)
        ids = np.where(chosen & (fate < 0.8), self.mask, ids)
        others = random.integers(max(vocabulary.begin, vocabulary.end, self.mask) + 1, vocabulary.size, ids.shape)
        ids = np.where(chosen & (fate >= 0.9), others, ids)
        return {"ids": torch.from_numpy(ids), "labels": torch.from_numpy(labels)}

    def _predict(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits ``[M, V]`` and labels ``[M]`` of the M masked positions."""
        places = batch["labels"] != _IGNORED
        model: Any = self.model
        if isinstance(model, ModernBertForMaskedLM):
            logits: Tensor = model.decoder(model.head(self._vectors(batch["ids"])[places]))
        elif isinstance(model, BertForMaskedLM):
            logits = model.cls(self._vectors(batch["ids"])[places])
        else:
            logits = model(input_ids=batch["ids"]).logits[places]
        return logits, batch["labels"][places]

    def _vectors(self, ids: Tensor) -> Tensor:
        encoder: Any = self.encoder
        vectors: Tensor = encoder(input_ids=ids).last_hidden_state
        return vectors

    def _tell(self, batch: Mapping[str, Tensor], logits: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the masks from the generator's distribution; return logits and truth of "was replaced", over all but the marks."""
        places = batch["labels"] != _IGNORED
        noise = -torch.log(-torch.log(torch.rand_like(logits, dtype=torch.float32).clamp(1e-9, 1 - 1e-7)))
        original = torch.where(places, batch["labels"], batch["ids"])
        filled = original.clone()
        filled[places] = (logits.detach().float() + noise).argmax(-1)
        real = (original != self.vocabulary.begin) & (original != self.vocabulary.end)
        return self.tell(self._vectors(filled)).squeeze(-1)[real], (filled != original)[real]


class _Generator(nn.Module):
    """A narrower encoder that fills masks; its character embeddings are the big one's."""

    def __init__(self, config: MaskedLMConfig, vocabulary: CharacterVocabulary, embeddings: nn.Embedding) -> None:
        super().__init__()
        self.characters = embeddings
        width = embeddings.embedding_dim
        self.project = nn.Linear(width, config.generator)
        shape = small_shape(
            vocabulary, layers=config.layers, width=config.generator, dropout=config.dropout, longest=config.longest
        )
        shape.vocab_size = 1
        shape.pad_token_id = None
        make: Any = AutoModel.from_config
        self.encoder = make(shape)
        self.encoder.get_input_embeddings().requires_grad_(False)  # not used: vectors are fed in
        self.out = nn.Sequential(nn.Linear(config.generator, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(vocabulary.size))

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        hidden = self.encoder(inputs_embeds=self.project(self.characters(batch["ids"]))).last_hidden_state
        places = batch["labels"] != _IGNORED
        logits = nn.functional.linear(self.out(hidden[places]), self.characters.weight, self.bias)
        return logits, batch["labels"][places]


def _without(model: nn.Module, part: nn.Module) -> list[nn.Parameter]:
    """Return the parameters of a model that are not in one of its parts."""
    inside = {id(parameter) for parameter in part.parameters()}
    return [parameter for parameter in model.parameters() if id(parameter) not in inside]


def masked_model(config: MaskedLMConfig, vocabulary: CharacterVocabulary) -> PreTrainedModel:
    """Make a small model, or load the one that is to be trained further.

    Raises:
        ConfigError: if it cannot be loaded, or has not the rows for the vocabulary.
    """
    if not config.encoder:
        shape = small_shape(vocabulary, layers=config.layers, width=config.width, dropout=config.dropout, longest=config.longest)
        return ModernBertForMaskedLM(shape)
    try:
        model: PreTrainedModel = AutoModelForMaskedLM.from_pretrained(
            config.encoder, attn_implementation="sdpa", dtype=torch.float32, use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigError(f"encoder: {config.encoder!r} cannot be loaded ({first}); give a folder or a reachable name") from error
    check_rows(model, vocabulary, config.encoder)
    return model
