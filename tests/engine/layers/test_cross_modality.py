import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.layers.cross_modality import CrossModalityAttention
from engine.layers.vector_table import UNKNOWN, VectorTable


def made(batch=2, length=5, width=8, other=6, seed=1, gate=None):
    torch.manual_seed(seed)
    attention = CrossModalityAttention(width, other, gated=gate is not None)
    if gate is not None:
        attention.gate.data.fill_(gate)
    return attention, torch.randn(batch, length, width), torch.randn(batch, length, other)


@pytest.mark.parametrize("gate", [None, 0.0, 0.7])
@torch.no_grad()
def test_equations_11_and_12_number_by_number(gate):
    attention, vectors, others = made(gate=gate)
    everywhere = torch.ones(2, 5, dtype=torch.bool)
    fused, shares = attention(vectors, others, everywhere, everywhere)
    for b in range(2):
        for i in range(5):
            query = attention.project.weight @ torch.nn.functional.layer_norm(others[b, i], (6,))
            scores = [math.exp(float(vectors[b, j] @ query) / math.sqrt(8)) for j in range(5)]
            expected = [score / sum(scores) for score in scores]
            assert shares[b, i].tolist() == pytest.approx(expected, abs=1e-5)
            gathered = sum(share * vectors[b, j] for j, share in enumerate(expected))
            assert torch.allclose(fused[b, i], (1.0 if gate is None else gate) * gathered + vectors[b, i], atol=1e-5)


@torch.no_grad()
@given(st.lists(st.booleans(), min_size=5, max_size=5), st.integers(0, 5), st.integers(0, 100))
@settings(deadline=None, max_examples=40)
def test_a_masked_character_asks_nothing_and_padding_answers_nothing(known, length, seed):
    attention, vectors, others = made(batch=1, seed=seed)
    mask = torch.arange(5)[None] < length
    fused, shares = attention(vectors, others, torch.tensor([known]), mask)
    for i in range(5):
        if known[i] and i < length:
            assert float(shares[0, i].sum()) == pytest.approx(1, abs=1e-5)
            assert not shares[0, i, length:].any()
        else:
            assert not shares[0, i].any() and torch.equal(fused[0, i], vectors[0, i])
    changed = attention(vectors, others + ~torch.tensor([known])[..., None] * 7.0, torch.tensor([known]), mask)[0]
    assert torch.allclose(changed, fused, atol=1e-5)


class TestVectorTable:
    @pytest.fixture
    def table(self):
        table = VectorTable(["江", "河", "橋"], 2)
        table.vectors.copy_(torch.tensor([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.5]]))
        return table

    def test_what_is_not_in_it_is_masked(self, table):
        rows = torch.tensor(table.find(["橋", None, "A", "江"]))
        assert rows.tolist() == [2, UNKNOWN, UNKNOWN, 0]
        vectors, known = table(rows)
        assert known.tolist() == [True, False, False, True]
        assert torch.equal(vectors[known], table.vectors[[2, 0]])

    def test_the_nearest_come_first_without_the_item_itself(self, table):
        assert [item for item, _ in table.nearest("江", 2)] == ["河", "橋"]
        assert table.nearest("江", 99)[0][1] > 0.9
        assert table.nearest("湖", 3) == []
