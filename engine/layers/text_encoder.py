"""Text encoders: our own small Transformer, or any pre-trained one by name or folder.

Both are transformers' models with scaled-dot-product attention, fed one unit for each character between a begin and an end mark;
where the vocabulary knows word pieces, one for each of these, whose vector all of its characters take.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, ModernBertConfig, PreTrainedModel

from engine.errors import ConfigError
from engine.modalities.text import CharacterVocabulary, TextFeatures
from engine.shipped import SHIPPED

_SEEING = ("swin", "efficientnet-lite0")
"""Types of ours that look at pictures."""
_DROPOUTS = {
    "modernbert": ("embedding_dropout", "mlp_dropout", "attention_dropout"),
    "bert": ("hidden_dropout_prob", "attention_probs_dropout_prob"),
}


class TextEncoder(nn.Module):
    """From characters to vectors, ``[B, T] -> [B, T, H]``."""

    def __init__(self, model: PreTrainedModel, vocabulary: CharacterVocabulary) -> None:
        """Wrap a model of the BERT kind."""
        super().__init__()
        self.model = model
        self.vocabulary = vocabulary

    @property
    def width(self) -> int:
        """Return H."""
        return int(self.model.config.hidden_size)

    @property
    def longest(self) -> int:
        """Return how many characters fit between the marks."""
        return int(self.model.config.max_position_embeddings) - 4

    @property
    def embedding(self) -> nn.Embedding:
        """Return the table in which its units are looked up."""
        table = self.model.get_input_embeddings()
        assert isinstance(table, nn.Embedding)
        return table

    def freeze(self, layers: int) -> None:
        """Let the bottom layers, and the embeddings below them, not learn (Wu and Dredze 2019, section 4.4).

        Args:
            layers: how many, from 1 on.

        Raises:
            ConfigError: if there are fewer.
        """
        there = int(self.model.config.num_hidden_layers)
        stacks = [part for part in self.model.modules() if isinstance(part, nn.ModuleList) and len(part) == there]
        if not stacks or layers > there:
            raise ConfigError(
                f"frozen: {layers} layers cannot be frozen, the encoder has {there if stacks else 'none by itself'}"
            )
        embeddings = getattr(self.model, "embeddings", None) or self.model.get_input_embeddings()
        for part in (embeddings, *stacks[0][:layers]):
            part.requires_grad_(False)

    def forward(self, text: TextFeatures, **attention: Any) -> Tensor:
        """Encode; the vectors of the two marks are cut off."""
        return self.marked(text, **attention)[:, 1 : text.ids.shape[1] + 1]

    def marked(self, text: TextFeatures, **attention: Any) -> Tensor:
        """Encode; the vectors of the marks stay, ``[B, T + 2, H]``, that of the begin mark first.

        Args:
            text: the characters.
            attention: handed down to the attention of each layer.
        """
        marked, mask = self._mark(self._units(text))
        hidden: Tensor = self.model(input_ids=marked, attention_mask=mask.long(), **attention).last_hidden_state
        return self.spread(text, hidden)

    def spread(self, text: TextFeatures, values: Tensor) -> Tensor:
        """Give each character what its unit has, ``[B, L, ...] -> [B, T + 2, ...]``, the marks before and behind included.

        Args:
            text: the characters.
            values: of the units that the model reads and their marks; L is T + 2 where each character is a unit.
        """
        if self.vocabulary.pieces is None:
            return values
        starts = self._starts(text)
        places = nn.functional.pad(starts.cumsum(1), (1, 1))  # [B, T + 2]
        lengths, units = text.mask.sum(1, keepdim=True), starts.sum(1, keepdim=True)
        behind = torch.arange(places.shape[1], device=places.device) - lengths
        places = torch.where(behind > 0, (units + behind).clamp(max=values.shape[1] - 1), places)
        return values[torch.arange(len(places), device=places.device)[:, None], places]

    def shared(self, text: TextFeatures, values: Tensor) -> Tensor:
        """Divide what each unit has among its characters, ``[B, L] -> [B, T]``; what the marks have is left out.

        Args:
            text: the characters.
            values: of the units that the model reads and their marks, as for :meth:`spread`.
        """
        each = self.spread(text, values)[:, 1 : text.ids.shape[1] + 1] * text.mask
        if self.vocabulary.pieces is None:
            return each
        units = (self._starts(text).cumsum(1) - 1).clamp(min=0)
        sizes = torch.zeros_like(each).scatter_add(1, units, text.mask.to(each.dtype))
        return each / sizes.gather(1, units).clamp(min=1)

    def _starts(self, text: TextFeatures) -> Tensor:
        return text.mask & (text.ids != self.vocabulary.continues)

    def _units(self, text: TextFeatures) -> TextFeatures:
        """Return what the model reads: characters, or pieces of which each stands once, ``[B, T] -> [B, P]``."""
        vocabulary = self.vocabulary
        if vocabulary.pieces is None:
            return text
        starts = self._starts(text)
        counts = starts.sum(1)
        width = max(1, int(counts.max()))
        mask = torch.arange(width, device=counts.device) < counts[:, None]
        ids = text.ids.new_full(mask.shape, vocabulary.pad)
        ids[mask] = text.ids[starts]  # both in the order of the rows
        return TextFeatures(ids, mask)

    def _mark(self, text: TextFeatures) -> tuple[Tensor, Tensor]:
        """Put the begin mark before and the end mark right behind each sentence, ``[B, T] -> [B, T + 2]``."""
        vocabulary = self.vocabulary
        ids = nn.functional.pad(text.ids, (1, 1), value=vocabulary.pad)
        mask = nn.functional.pad(text.mask, (2, 0), value=True)
        ids[:, 0] = vocabulary.begin
        rows = torch.arange(len(ids), device=ids.device)
        ids[rows, text.mask.sum(1) + 1] = vocabulary.end
        return ids, mask


def small_encoder(vocabulary: CharacterVocabulary, *, layers: int, width: int, dropout: float, longest: int) -> TextEncoder:
    """Make our own small Transformer, untrained.

    Args:
        vocabulary: its characters.
        layers: number of layers.
        width: H, a multiple of 64; each head is 64 wide.
        dropout: probability, everywhere.
        longest: most characters of a sentence.
    """
    make: Any = AutoModel.from_config
    return TextEncoder(make(small_shape(vocabulary, layers=layers, width=width, dropout=dropout, longest=longest)), vocabulary)


def small_shape(vocabulary: CharacterVocabulary, *, layers: int, width: int, dropout: float, longest: int) -> ModernBertConfig:
    """Return the shape of our own small Transformer: ModernBERT's (Warner et al. 2024), with a narrower local window.

    Rotary positions, normalisation before each block and gated units learn from a few million characters what BERT's absolute
    positions need many times as much for. Every third layer sees the whole sentence, the others 16 characters either way.
    """
    rates: Any = dropout_settings("modernbert", dropout)
    shape = ModernBertConfig(
        vocab_size=vocabulary.size,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // 64),
        intermediate_size=3 * width // 2,
        max_position_embeddings=longest + 4,
        local_attention=32,
        layer_types=["sliding_attention" if layer % 3 else "full_attention" for layer in range(layers)],
        pad_token_id=vocabulary.pad,
        bos_token_id=vocabulary.begin,
        cls_token_id=vocabulary.begin,
        eos_token_id=vocabulary.end,
        sep_token_id=vocabulary.end,
        tie_word_embeddings=True,
        **rates,
    )
    shape._attn_implementation = "sdpa"
    return shape


def dropout_settings(model_type: str, dropout: float) -> dict[str, float]:
    """Return what a model of ours, of now or of an earlier version, calls its dropout."""
    return {name: dropout for name in _DROPOUTS[model_type]}


def _with_dropout(config: Any, dropout: float) -> Any:
    """Give an encoder of a known type the dropout if it was pre-trained without any."""
    names = _DROPOUTS.get(config.model_type, ())
    if not any(getattr(config, name) for name in names):
        for name in names:
            setattr(config, name, dropout)
    return config


def pretrained_encoder(name: str, *, dropout: float = 0.0, pieces: bool = False) -> TextEncoder:
    """Load a pre-trained encoder and its vocabulary by hub name, local folder, or name of one of ours; only safetensors are read.

    A trained checkpoint serves too: its encoder is taken out of it, for another system to start from.

    Args:
        name: of the encoder.
        dropout: probability, for an encoder that was pre-trained without any; one that has its own keeps it.
        pieces: whether words written with letters are read as its word pieces.

    Raises:
        ConfigError: if it cannot be loaded, its vocabulary is another model's, or it has no word pieces, with what to do.
    """
    if not Path(name).exists() and (SHIPPED / name).is_dir():
        name = str(SHIPPED / name)
    if _is_checkpoint(Path(name)):
        return _encoder_of_checkpoint(Path(name), pieces)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModel.from_pretrained(
            name,
            config=_with_dropout(AutoConfig.from_pretrained(name), dropout),
            attn_implementation="sdpa",
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError, ImportError, RuntimeError, SafetensorError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigError(
            f"the encoder {name!r} cannot be loaded ({first}); give a local folder with safetensors weights, "
            "or a hub name while the hub is reachable"
        ) from error
    vocabulary = CharacterVocabulary.of_tokenizer(tokenizer, pieces)
    check_rows(model, vocabulary, name)
    return TextEncoder(_without_pooler(model), vocabulary)


def is_encoder(folder: Path) -> bool:
    """Tell whether a folder is a transformers model that reads text, and no trained system of ours."""
    config = _config(folder)
    return "model_type" in config and config["model_type"] not in _SEEING and "system" not in config


def sees(folder: Path) -> bool:
    """Tell whether a folder is one of our encoders that look at pictures."""
    return _config(folder).get("model_type") in _SEEING


def _is_checkpoint(folder: Path) -> bool:
    return "system" in _config(folder)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _encoder_of_checkpoint(folder: Path, pieces: bool) -> TextEncoder:
    shape = _config(folder).get("shape", {})
    if "model_type" not in shape:
        raise ConfigError(f"the checkpoint {str(folder)!r} has no encoder to start from; name one of a system that has")
    vocabulary = CharacterVocabulary.load(folder)
    if pieces and vocabulary.pieces is None:
        raise ConfigError(f"pieces: the checkpoint {str(folder)!r} reads characters and knows no word pieces; leave pieces out")
    vocabulary = vocabulary if pieces else replace(vocabulary, pieces=None)
    encoder = restored_encoder({key: value for key, value in shape.items() if key != "tables"}, vocabulary)
    prefix = "encoder."
    try:
        weights = load_file(folder / "model.safetensors")
        own = {name.removeprefix(prefix): tensor.float() for name, tensor in weights.items() if name.startswith(prefix)}
        encoder.load_state_dict(own)
    except (OSError, RuntimeError, SafetensorError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigError(f"the encoder of {str(folder)!r} cannot be loaded ({first}); fetch the checkpoint again") from error
    return encoder


def our_encoders() -> list[Path]:
    """List the folders of the encoders that ship."""
    return [folder for folder in sorted(SHIPPED.iterdir()) if is_encoder(folder)] if SHIPPED.is_dir() else []


def check_rows(model: PreTrainedModel, vocabulary: CharacterVocabulary, name: str) -> None:
    """Check that a model has a vector for every token of its vocabulary.

    Raises:
        ConfigError: if it has not.
    """
    table: Any = model.get_input_embeddings()
    if table.num_embeddings < vocabulary.size:
        raise ConfigError(
            f"the encoder {name!r} has vectors for {table.num_embeddings} tokens, but its vocabulary lists {vocabulary.size}; "
            "the two are of different models: put the model's own tokenizer files beside its weights"
        )


def restored_encoder(settings: dict[str, Any], vocabulary: CharacterVocabulary) -> TextEncoder:
    """Make an encoder of known shape whose weights a checkpoint brings.

    Args:
        settings: what :func:`encoder_settings` returned.
        vocabulary: its characters.

    Raises:
        ConfigError: if this version of transformers does not know the model type.
    """
    rest = dict(settings)
    kind = str(rest.pop("model_type", ""))
    try:
        config: Any = AutoConfig.for_model(kind, **rest)
    except ValueError as error:
        raise ConfigError(f"the encoder type {kind!r} is not known to the installed transformers; update it") from error
    config._attn_implementation = "sdpa"
    make: Any = AutoModel.from_config
    return TextEncoder(_without_pooler(make(config)), vocabulary)


def _without_pooler(model: PreTrainedModel) -> PreTrainedModel:
    """Take off the layer over the begin mark, which no label depends on and no gradient reaches."""
    if isinstance(getattr(model, "pooler", None), nn.Module):
        model.register_module("pooler", None)
    return model


def encoder_settings(encoder: TextEncoder) -> dict[str, Any]:
    """Return an encoder's shape as plain values, for a checkpoint."""
    settings: dict[str, Any] = encoder.model.config.to_diff_dict()
    unwanted = ("_name_or_path", "architectures", "transformers_version", "dtype", "torch_dtype")
    return {key: value for key, value in settings.items() if key not in unwanted} | {
        "model_type": encoder.model.config.model_type
    }
