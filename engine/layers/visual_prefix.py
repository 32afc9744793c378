"""A visual prefix in every attention layer of a text encoder: keys and values that characters attend to beside each other's.

"DGHC" (Liu et al. 2024), equation 14, after HVPNet (Chen et al. 2022): ``softmax(Q [phi_k; K]^T / sqrt(d)) [phi_v; V]``. It is
put in through the attention interface of transformers: the encoder, whichever of BERT's family it is, stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from engine.errors import ConfigError
from engine.layers.text_encoder import TextEncoder

_NAME = "duomo_prefixed"


@dataclass
class Prefix:
    """What is put before the keys and values of each layer.

    Attributes:
        keys: of each layer, ``[B, P, H]``.
        values: of each layer, ``[B, P, H]``.
        mask: which of them there are, ``[B, P]``; one that is not gets no share.
        shares: where not none, the mean over its heads of what each position gives to each of them, ``[B, L, P]``, is added here
            by every layer.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    mask: Tensor
    shares: list[Tensor] | None = field(default=None)


def take_prefixes(encoder: TextEncoder) -> int:
    """Make an encoder take prefixes, and return of how many layers.

    Raises:
        ConfigError: if its attention cannot be extended.
    """
    AttentionInterface.register(_NAME, _prefixed_attention)
    AttentionMaskInterface.register(_NAME, sdpa_mask)
    model = encoder.model
    layers = sum(hasattr(module, "layer_idx") and hasattr(module, "config") for module in _attentions(model))
    try:
        model.set_attn_implementation(_NAME)
    except ValueError as error:
        raise ConfigError(
            f"an encoder of the type {model.config.model_type} takes no visual prefix; name one like BERT"
        ) from error
    if layers != model.config.num_hidden_layers:
        raise ConfigError(f"an encoder of the type {model.config.model_type} takes no visual prefix; name one like BERT")
    return layers


def _attentions(model: nn.Module) -> list[nn.Module]:
    """Return the modules that call the attention interface: the innermost that know which layer they are of."""
    knowing = [module for module in model.modules() if isinstance(getattr(module, "layer_idx", None), int)]
    return [module for module in knowing if not any(other in knowing for other in module.modules() if other is not module)]


def _prefixed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    prefix: Prefix | None = None,
    **rest: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attend as ``sdpa`` does, with the layer's prefix before the keys and values ``[B, heads, L, d]`` if there is one."""
    if prefix is None:
        attended: tuple[Tensor, Tensor | None] = sdpa_attention_forward(module, query, key, value, attention_mask, **rest)
        return attended
    layer: Any = module.layer_idx
    batch, heads, length, size = query.shape
    before = [given[layer].to(key.dtype).unflatten(-1, (heads, size)).transpose(1, 2) for given in (prefix.keys, prefix.values)]
    visible = prefix.mask[:, None, None, :].expand(batch, 1, length, -1)
    if attention_mask is None:
        own = visible.new_ones(batch, 1, length, key.shape[2])
    else:
        own = attention_mask.expand(batch, -1, length, -1)
    if own.dtype != torch.bool:
        visible = torch.zeros_like(visible, dtype=own.dtype).masked_fill(~visible, torch.finfo(own.dtype).min)
    mask = torch.cat((visible.expand(-1, own.shape[1], -1, -1), own), -1)
    keys, values = torch.cat((before[0], key), 2), torch.cat((before[1], value), 2)
    if prefix.shares is not None:
        prefix.shares.append(_shares(query, keys, mask, rest.get("scaling"))[..., : prefix.mask.shape[1]])
    extended: tuple[Tensor, Tensor | None] = sdpa_attention_forward(module, query, keys, values, mask, **rest)
    return extended


def _shares(query: Tensor, keys: Tensor, mask: Tensor, scaling: float | None) -> Tensor:
    """Return what each position gives to each key, the mean over the heads, ``[B, L, P + L]``."""
    similarity = (query @ keys.transpose(2, 3)).float() * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    biased = similarity.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else similarity + mask
    shares: Tensor = biased.softmax(-1).nan_to_num(0.0).mean(1)
    return shares
