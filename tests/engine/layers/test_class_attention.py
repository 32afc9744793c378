"""Classification Attention against its equations, written out one number at a time."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.layers.class_attention import ClassAttention, class_embedding

SEEDS = st.integers(0, 2**31 - 1)
quickly = settings(max_examples=25, deadline=None)


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@quickly
@given(SEEDS, st.integers(1, 6), st.floats(0, 1))
def test_a_class_is_the_mean_of_its_entities_less_the_direction_they_share(seed, entities, alpha):
    columns = normal(seed, entities, 5) + 1
    # The first singular vector is what the matrix times its transpose stretches most.
    values, vectors = torch.linalg.eigh((columns.T @ columns).double())
    shared = vectors[:, values.argmax()].float()
    expected = sum(e - alpha * shared * (shared @ e) for e in columns) / entities
    assert torch.allclose(class_embedding(columns, alpha), expected, atol=1e-4)


def test_without_weight_it_is_the_mean_and_with_all_of_it_one_entity_is_nothing():
    columns = normal(1, 4, 5)
    assert torch.allclose(class_embedding(columns, 0.0), columns.mean(0), atol=1e-6)
    assert torch.allclose(class_embedding(columns[:1], 1.0), torch.zeros(5), atol=1e-6)


def attention(seed=1, classes=3, heads=2, width=8):
    torch.manual_seed(seed)
    return ClassAttention(classes, width, heads, 0.0).eval()


@quickly
@given(SEEDS)
def test_shares_and_output_follow_the_equations(seed):
    layer = attention(seed)
    vectors, classes = normal(seed, 1, 4, 8), normal(seed + 1, 3, 8)
    found, shares = layer(vectors, classes, torch.ones(1, 4, dtype=torch.bool))
    query, key, value = layer.query(vectors[0]), layer.key(classes), layer.value(vectors[0])
    side_by_side = torch.zeros(4, 3, 8)
    for head, c in ((head, c) for head in range(2) for c in range(3)):
        part = slice(4 * head, 4 * head + 4)
        similarity = torch.stack([(query[t, part] @ key[c, part]) / math.sqrt(4) for t in range(4)]).softmax(0)
        assert torch.allclose(shares[0, head, c], similarity, atol=1e-5)
        side_by_side[:, c, part] = similarity[:, None] * value[:, part]
    matrix = torch.cat(list(layer.merge))  # [C * H, H], what BERT's self-output matrix is for one sentence
    attended = layer.merge_norm(vectors[0] + side_by_side.flatten(1) @ matrix + layer.merge_bias)
    assert torch.allclose(found[0], layer.norm(attended + layer.between(attended)), atol=1e-5)


def test_padding_gets_no_share_and_changes_nothing():
    layer, classes = attention(), normal(2, 3, 8)
    vectors = normal(3, 2, 6, 8)
    mask = torch.arange(6) < torch.tensor([[6], [4]])
    found, shares = layer(vectors, classes, mask)
    alone, own = layer(vectors[1:, :4], classes, mask[1:, :4])
    assert torch.allclose(found[1, :4], alone[0], atol=1e-6) and torch.allclose(shares[1, :, :, :4], own[0], atol=1e-6)
    assert not shares[1, :, :, 4:].any()
    assert torch.allclose(shares.sum(-1), torch.ones(2, 2, 3))


def test_a_class_that_is_not_known_attends_to_nothing_and_changes_nothing():
    layer, classes, vectors = attention(), normal(2, 3, 8), normal(3, 1, 6, 8)
    mask = torch.ones(1, 6, dtype=torch.bool)
    classes[1] = 0
    found, shares = layer(vectors, classes, mask)
    assert not shares[:, :, 1].any() and shares[:, :, 0].any()
    with torch.no_grad():
        layer.merge[1].mul_(7)
    assert torch.equal(layer(vectors, classes, mask)[0], found)


def test_a_sentence_without_a_character_stays_finite():
    found, shares = attention()(normal(3, 1, 1, 8), normal(2, 3, 8), torch.zeros(1, 1, dtype=torch.bool))
    assert found.isfinite().all() and not shares.any()
