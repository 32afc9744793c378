"""Cross-modal attention against torch's own attention, and UMT's interaction against its equations."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from engine.layers.cross_modal import CrossModalAttention, MultimodalInteraction, PlaceBias

SEEDS = st.integers(0, 2**31 - 1)
quickly = settings(max_examples=20, deadline=None)


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def made(layer, seed=1, width=8, heads=2, dropout=0.0):
    torch.manual_seed(seed)
    return layer(width, heads, dropout).eval()


def prefix(lengths, longest):
    return torch.arange(longest) < torch.tensor(lengths)[:, None]


@quickly
@given(SEEDS, st.integers(1, 7), st.integers(1, 7))
@torch.no_grad()
def test_equation_1_with_torchs_own_attention(seed, spoken, longest):
    layer, text, speech = made(CrossModalAttention, seed), normal(seed, 2, 4, 8), normal(seed + 1, 2, 7, 8)
    text_mask, speech_mask = prefix([4, 2], 4), prefix([spoken, longest], 7)
    fused, shares = layer(text, speech, text_mask, speech_mask)
    reference = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    reference.in_proj_weight.copy_(torch.cat([part.weight for part in (layer.query, layer.key, layer.value)]))
    reference.in_proj_bias.copy_(torch.cat([part.bias for part in (layer.query, layer.key, layer.value)]))
    reference.out_proj.load_state_dict(layer.merge.state_dict())
    attended, expected = reference(text, speech, speech, key_padding_mask=~speech_mask, average_attn_weights=False)
    hidden = layer.merge_norm(text + attended)
    wide, narrow = layer.between[0], layer.between[2]
    assert wide.out_features == 4 * 8
    result = layer.norm(hidden + narrow(functional.relu(wide(hidden))))
    assert torch.allclose(fused[text_mask], result[text_mask], atol=1e-5)
    assert torch.allclose(shares * text_mask[:, None, :, None], expected * text_mask[:, None, :, None], atol=1e-6)
    assert not fused[~text_mask].any() and not shares.transpose(1, 2)[~text_mask].any()


@quickly
@given(SEEDS, st.sampled_from([CrossModalAttention, MultimodalInteraction]), st.integers(0, 5), st.integers(0, 6))
@torch.no_grad()
def test_padding_of_either_modality_changes_nothing(seed, kind, characters, spoken):
    layer, text, speech = made(kind, seed), normal(seed, 2, 5, 8), normal(seed + 1, 2, 6, 8)
    text_mask, speech_mask = prefix([5, characters], 5), prefix([6, spoken], 6)
    together = layer(text, speech, text_mask, speech_mask)
    changed = layer(
        text.masked_fill(~text_mask[..., None], 9.0), speech.masked_fill(~speech_mask[..., None], -9.0), text_mask, speech_mask
    )
    alone = layer(text[1:, :characters], speech[1:, :spoken], text_mask[1:, :characters], speech_mask[1:, :spoken])
    for first, second in zip(together, changed, strict=True):
        assert first.isfinite().all() and torch.allclose(first, second, atol=1e-5)
    assert torch.allclose(together[0][1, :characters], alone[0][0], atol=1e-5)
    assert torch.allclose(together[1][1, :, :characters, :spoken], alone[1][0], atol=1e-5)
    assert not together[0][1, characters:].any() and not together[1][1, :, :, spoken:].any()


@pytest.mark.parametrize("longest", [0, 6])
def test_to_a_sentence_without_speech_attention_adds_nothing(longest):
    layer, text, speech = made(CrossModalAttention), normal(1, 1, 4, 8), normal(2, 1, longest, 8).requires_grad_()
    silence = torch.zeros(1, longest, dtype=torch.bool)
    with torch.no_grad():
        layer.merge.bias.copy_(torch.arange(8))  # which a sum of zeros would still let through
    fused, shares = layer(text, speech, torch.ones(1, 4, dtype=torch.bool), silence)
    hidden = layer.merge_norm(text)
    assert torch.allclose(fused, layer.norm(hidden + layer.between(hidden)), atol=1e-6) and not shares.any()
    fused.pow(2).sum().backward()
    assert not speech.grad.any()
    assert all(not part.weight.grad.any() for part in (layer.query, layer.key, layer.value, layer.merge))
    assert layer.between[0].weight.grad.any() and layer.between[0].weight.grad.isfinite().all()


@torch.no_grad()
def test_the_interaction_follows_its_equations():
    layer, text, speech = made(MultimodalInteraction), normal(1, 2, 4, 8), normal(2, 2, 6, 8)
    text_mask, speech_mask = prefix([4, 3], 4), prefix([5, 6], 6)
    fused, shares, gates = layer(text, speech, text_mask, speech_mask)
    p = layer.speech_over_text(speech, text, speech_mask, text_mask)[0]
    a = layer.text_over_aware(text, p, text_mask, speech_mask)[0]
    q, expected = layer.text_over_speech(text, speech, text_mask, speech_mask)
    of_a, of_q = layer.gate.weight.split(8, 1)
    g = torch.sigmoid(a @ of_a.T + q @ of_q.T)
    assert torch.allclose(fused, torch.cat((a, g * q), -1), atol=1e-6) and torch.equal(shares, expected)
    assert torch.allclose(gates[text_mask], g.mean(-1)[text_mask], atol=1e-6) and not gates[~text_mask].any()


def test_without_speech_the_interaction_is_of_text_only():
    layer, text, speech = made(MultimodalInteraction), normal(1, 2, 4, 8), normal(2, 2, 6, 8).requires_grad_()
    text_mask, speech_mask = prefix([4, 4], 4), prefix([6, 0], 6)
    fused, shares, gates = layer(text, speech, text_mask, speech_mask)
    assert not fused[1, :, 8:].any() and not shares[1].any() and not gates[1].any()
    assert fused[0, :, 8:].any() and ((gates[0] > 0) & (gates[0] < 1)).all()
    silent = layer.text_over_aware(text[1:], speech[1:], text_mask[1:], speech_mask[1:])[0]
    assert torch.allclose(fused[1:, :, :8], silent, atol=1e-6)
    fused.pow(2).sum().backward()
    assert speech.grad[0].any() and not speech.grad[1].any()
    assert all(parameter.grad.isfinite().all() for parameter in layer.parameters())


def test_heads_look_around_the_place_of_a_query_each_at_a_distance_of_its_own():
    bias = PlaceBias(2)(torch.tensor([[20, -1, 3]]), 40)
    assert bias.shape == (1, 2, 3, 40) and not bias[0, :, 1].any()
    assert bias[0, :, 0].argmax(-1).tolist() == [18, 22] and bias[0, :, 2].argmax(-1).tolist() == [1, 5]
    shares = bias[0, :, 0].softmax(-1)
    assert (shares[:, 14:27].sum(-1) > 0.95).all()


def test_a_character_learns_to_look_where_its_sound_is():
    torch.manual_seed(1)
    layer = CrossModalAttention(8, 2, 0.0)
    optimiser, everywhere = torch.optim.Adam(layer.parameters(), 0.02), torch.ones(32, 4, dtype=torch.bool)
    text, characters, colours = 3 * torch.eye(8)[:4].expand(32, 4, 8), torch.eye(8)[:4], torch.eye(8)[4:]
    for step in range(100):
        # what is said in each of four places: a character, and a colour that only its sound tells
        said, colour = normal(step, 32, 4).argsort(1), torch.randint(4, (32, 4))
        fused, shares = layer(text, 3 * (characters[said] + colours[colour]), everywhere, everywhere)
        own = said.argsort(1)
        loss = functional.cross_entropy(fused[..., 4:].transpose(1, 2), colour.gather(1, own))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert shares.mean(1).gather(2, own[..., None]).mean() > 0.7  # by chance 0.25
