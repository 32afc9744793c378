"""The CRF against the sum over every path, which small cases allow, and against pytorch-crf's own decoding."""

import itertools
import math
from operator import contains

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.document import LabelSet, Span, uncrossed
from engine.layers.crf import CRF
from engine.nested_tags import follows
from engine.tag_set import TagSet
from engine.tags import Scheme, is_valid, tag_names

SEEDS = st.integers(0, 2**31 - 1)
quickly = settings(max_examples=25, deadline=None)


TAGS = tag_names(["PER"])


def chain(seed, tags=TAGS, scheme=Scheme.BIOES, constrained=True, scale=2.0):
    torch.manual_seed(seed)
    crf = CRF([() if tag == "O" else (tag,) for tag in tags], scheme, constrained=constrained)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return crf


def sentence(seed, length, tags=5, scale=2.0):
    return torch.randn(length, tags, generator=torch.Generator().manual_seed(seed)) * scale


def enumerated(crf, emissions):
    """Return every path that the scheme allows and its probability, by brute force."""
    length, tags = emissions.shape
    start, end, transitions, rows = (tensor.tolist() for tensor in (crf.start, crf.end, crf.transitions, emissions))
    scores = {}
    for path in itertools.product(range(tags), repeat=length):
        score = start[path[0]] + end[path[-1]] + sum(rows[t][tag] for t, tag in enumerate(path))
        scores[path] = score + sum(transitions[a][b] for a, b in itertools.pairwise(path))
    top = max(scores.values())
    total = top + math.log(sum(math.exp(score - top) for score in scores.values()))
    return {path: math.exp(score - total) for path, score in scores.items()}, total


def full(emissions):
    return emissions[None], torch.ones(1, len(emissions), dtype=torch.bool)


@quickly
@given(SEEDS, st.integers(1, 4), st.booleans())
def test_the_best_path_is_the_most_probable_of_all(seed, length, constrained):
    crf, emissions = chain(seed, constrained=constrained), sentence(seed + 1, length)
    paths, _ = enumerated(crf, emissions)
    (best,) = crf.decode(*full(emissions))
    assert paths[tuple(best)] == pytest.approx(max(paths.values()), rel=1e-4)


@quickly
@given(SEEDS, st.integers(1, 4), st.booleans())
def test_marginals_are_sums_over_all_paths(seed, length, constrained):
    crf, emissions = chain(seed, constrained=constrained), sentence(seed + 1, length)
    paths, total = enumerated(crf, emissions)
    marginals = crf.marginals(*full(emissions))
    assert float(marginals.total) == pytest.approx(total, abs=1e-3)
    for t, tag in itertools.product(range(length), range(5)):
        expected = sum(p for path, p in paths.items() if path[t] == tag)
        assert float(marginals.tags[0, t, tag]) == pytest.approx(expected, abs=1e-4)


@quickly
@given(SEEDS, st.integers(1, 4), st.data())
def test_a_segments_probability_is_the_sum_of_the_paths_that_go_one_of_its_ways(seed, length, data):
    crf, emissions = chain(seed), sentence(seed + 1, length)
    paths, _ = enumerated(crf, emissions)
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    possible = st.sets(st.integers(0, 4), min_size=1, max_size=data.draw(st.integers(1, 3)))
    among = [[data.draw(possible) for _ in range(start, end)] for _ in range(data.draw(st.integers(1, 3)))]
    ways = torch.tensor([[[tag in tags for tag in range(5)] for tags in way] for way in among])
    batch, mask = full(emissions)
    found = crf.segment_probability(crf.marginals(batch, mask), batch, 0, start, ways)
    through = [p for path, p in paths.items() if any(all(map(contains, way, path[start:end])) for way in among)]
    assert found == pytest.approx(sum(through), abs=1e-4)
    assert 0 <= found <= 1


@quickly
@given(SEEDS, st.integers(1, 4), st.integers(1, 40), st.booleans())
def test_the_n_best_paths_are_the_first_of_all_paths_in_order(seed, length, n, constrained):
    crf, emissions = chain(seed, constrained=constrained), sentence(seed + 1, length)
    paths, _ = enumerated(crf, emissions)
    possible = sorted((p for p in paths.values() if p > 1e-12), reverse=True)
    batch, mask = full(emissions)
    found = crf.n_best(emissions, float(crf.marginals(batch, mask).total), n)
    assert len({tuple(path) for path, _ in found}) == len(found)
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)
    assert [p for _, p in found][: len(possible)] == pytest.approx(possible[:n], abs=1e-4)
    assert [paths[tuple(path)] for path, _ in found] == pytest.approx([p for _, p in found], abs=1e-4)
    assert found[0][0] == crf.decode(batch, mask)[0]


@quickly
@given(SEEDS, st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_a_batch_is_its_sentences_one_by_one(seed, lengths):
    crf, width = chain(seed), max(1, *lengths, 0)
    emissions = torch.stack([sentence(seed + i, width) for i in range(len(lengths))])
    mask = torch.arange(width) < torch.tensor(lengths)[:, None]
    paths, marginals = crf.decode(emissions, mask), crf.marginals(emissions, mask)
    for row, length in enumerate(lengths):
        if not length:
            assert paths[row] == []
            continue
        alone = full(emissions[row, :length])
        assert paths[row] == crf.decode(*alone)[0]
        own = crf.marginals(*alone)
        assert torch.allclose(marginals.tags[row, :length], own.tags[0], atol=1e-4)
        assert torch.allclose(marginals.total[row], own.total[0], atol=1e-3)


@quickly
@given(SEEDS, st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_without_constraints_decoding_is_pytorch_crfs(seed, lengths):
    crf = chain(seed, constrained=False)
    emissions = torch.stack([sentence(seed + i, max(lengths)) for i in range(len(lengths))])
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    assert crf.decode(emissions, mask) == crf.chain.decode(emissions, mask)


@quickly
@given(SEEDS, st.sampled_from(list(Scheme)), st.integers(1, 12))
def test_no_invalid_sequence_is_ever_decoded(seed, scheme, length):
    tags = tag_names(["PER", "LOC"], scheme)
    crf = chain(seed, tags, scheme, scale=20.0)
    batch, mask = full(sentence(seed, length, len(tags), 20.0))
    best = crf.decode(batch, mask)[0]
    readings = crf.n_best(batch[0], float(crf.marginals(batch, mask).total), 8)
    for path in [best, *(path for path, _ in readings)]:
        assert is_valid([tags[i] for i in path], scheme)


def test_loss_is_the_negative_log_of_the_paths_probability():
    crf, emissions = chain(1, constrained=False), sentence(2, 3)
    paths, _ = enumerated(crf, emissions)
    batch, mask = full(emissions)
    assert crf.loss(batch, torch.tensor([[0, 1, 3]]), mask).item() == pytest.approx(-math.log(paths[0, 1, 3]), abs=1e-4)


def test_loss_is_averaged_over_the_sentences_that_have_a_character():
    crf = chain(1)
    emissions = torch.stack([sentence(1, 3), sentence(2, 3), sentence(3, 3)])
    tags = torch.tensor([[0, 1, 3], [0, 0, 0], [4, 0, 0]])
    mask = torch.tensor([[True] * 3, [False] * 3, [True, True, False]])
    each = [crf.loss(emissions[i : i + 1], tags[i : i + 1], mask[i : i + 1]) for i in (0, 2)]
    assert crf.loss(emissions, tags, mask).item() == pytest.approx(sum(each).item() / 2, abs=1e-5)


def test_a_long_sentence_keeps_its_probabilities():
    crf = chain(3, scale=1.0)
    batch, mask = full(sentence(4, 500, scale=4.0))
    sums = crf.marginals(batch, mask).tags.sum(-1)
    assert torch.allclose(sums, torch.ones_like(sums), atol=0.01)


def possibilities(seed, length, tags=5):
    """Return tags that each position may have, among them those of at least one path that the scheme allows."""
    generator = torch.Generator().manual_seed(seed)
    possible = torch.rand(1, length, tags, generator=generator) < 0.5
    possible[..., TAGS.index("O")] = True
    return possible


@quickly
@given(SEEDS, st.integers(1, 5))
def test_the_partial_loss_is_the_share_of_the_paths_that_agree(seed, length):
    crf, emissions, possible = chain(seed), sentence(seed, length), possibilities(seed, length)
    paths, _ = enumerated(crf, emissions)
    right = sum(p for path, p in paths.items() if all(possible[0, t, tag] for t, tag in enumerate(path)))
    loss = crf.partial_loss(emissions[None], possible, torch.ones(1, length, dtype=torch.bool))
    assert loss.item() == pytest.approx(-math.log(right), abs=1e-3)


@quickly
@given(SEEDS, st.integers(1, 6))
def test_the_partial_loss_of_full_knowledge_is_the_loss(seed, length):
    crf, emissions = chain(seed, constrained=False), sentence(seed, length)
    tags = torch.randint(5, (1, length), generator=torch.Generator().manual_seed(seed))
    mask = torch.ones(1, length, dtype=torch.bool)
    possible = torch.nn.functional.one_hot(tags, 5).bool()
    assert crf.partial_loss(emissions[None], possible, mask).item() == pytest.approx(
        crf.loss(emissions[None], tags, mask).item(), abs=1e-3
    )


@quickly
@given(SEEDS, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_the_partial_loss_teaches_what_the_loss_teaches(seed, lengths):
    crf, width = chain(seed, constrained=False), max(2, *lengths)  # One character has no transition to learn.
    emissions = torch.stack([sentence(seed + i, width) for i in range(len(lengths))]).requires_grad_()
    mask = torch.arange(width) < torch.tensor(lengths)[:, None]
    tags = torch.randint(5, mask.shape, generator=torch.Generator().manual_seed(seed))
    learned = emissions, *crf.parameters()
    whole = torch.autograd.grad(crf.loss(emissions, tags, mask), learned)
    partial = torch.autograd.grad(crf.partial_loss(emissions, torch.nn.functional.one_hot(tags, 5).bool(), mask), learned)
    for expected, found in zip(whole, partial, strict=True):
        assert torch.allclose(expected, found, atol=1e-4)


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e8])
def test_the_losses_of_extreme_emissions_are_finite(scale):
    crf = chain(3)
    emissions = (sentence(3, 6)[None] * scale).requires_grad_()
    mask = torch.ones(1, 6, dtype=torch.bool)
    illegal = torch.nn.functional.one_hot(torch.tensor([[1, 1, 2, 0, 3, 1]]), 5).bool()
    for possible in (illegal, torch.ones(1, 6, 5, dtype=torch.bool)):
        loss = crf.partial_loss(emissions, possible, mask)
        (gradient,) = torch.autograd.grad(loss, emissions)
        assert loss.isfinite() and gradient.isfinite().all()
    assert crf.marginals(emissions.detach(), mask).tags.isfinite().all()


def test_where_everything_is_possible_nothing_is_taught():
    crf = chain(1)
    emissions = sentence(1, 6)[None].requires_grad_()
    loss = crf.partial_loss(emissions, torch.ones(1, 6, 5, dtype=torch.bool), torch.ones(1, 6, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0 and emissions.grad.abs().max() == 0


def test_the_partial_loss_does_not_look_at_the_padding():
    crf, emissions = chain(2), torch.stack([sentence(3, 6), sentence(4, 6)])
    possible = possibilities(5, 6).repeat(2, 1, 1)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    alone = crf.partial_loss(emissions[1:, :4], possible[1:, :4], mask[1:, :4])
    both = crf.partial_loss(emissions, possible, mask)
    first = crf.partial_loss(emissions[:1], possible[:1], mask[:1])
    assert both.item() == pytest.approx((alone.item() + first.item()) / 2, abs=1e-4)


NESTED = TagSet(LabelSet(("LOC", "ORG"), (("ORG", "LOC"),)))


def nested_chain(seed):
    torch.manual_seed(seed)
    crf = CRF(NESTED.stacks)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=2.0)
    return crf


@quickly
@given(SEEDS, st.integers(1, 5))
def test_of_multilabels_no_invalid_sequence_is_decoded(seed, length):
    crf, emissions = nested_chain(seed), sentence(seed + 1, length, len(NESTED), 4.0)
    batch, mask = full(emissions)
    total = float(crf.marginals(batch, mask).total)
    for path in [crf.decode(batch, mask)[0], *(path for path, _ in crf.n_best(emissions, total, 5))]:
        stacks = [(), *(NESTED.stacks[i] for i in path), ()]
        assert all(follows(a, b, Scheme.BIOES) for a, b in zip(stacks, stacks[1:], strict=False))
        assert NESTED.decode(path) == uncrossed(NESTED.decode(path))


@quickly
@given(SEEDS, st.data())
def test_the_ways_of_holding_a_nested_span_are_summed(seed, data):
    crf, emissions = nested_chain(seed), sentence(seed + 1, 3, len(NESTED))
    paths, _ = enumerated(crf, emissions)
    start = data.draw(st.integers(0, 2))
    span = Span(start, data.draw(st.integers(start + 1, 3)), data.draw(st.sampled_from(["LOC", "ORG"])))
    single = NESTED.encode([Span(0, span.end - start, span.label)], span.end - start)
    tags = [NESTED.stacks[i][0] for i in single]
    ways = [
        [[len(stack) > depth and stack[depth] == tag for stack in NESTED.stacks] for tag in tags] for depth in range(NESTED.depth)
    ]
    among = torch.tensor([way for way in ways if all(map(any, way))])
    batch, mask = full(emissions)
    found = crf.segment_probability(crf.marginals(batch, mask), batch, 0, start, among)
    expected = sum(p for path, p in paths.items() if p > 1e-9 and span in NESTED.decode(path))
    assert found == pytest.approx(expected, abs=1e-4)


@quickly
@given(SEEDS, st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any))
def test_the_strict_loss_is_the_likelihood_among_valid_paths(seed, lengths):
    crf, width = chain(seed), max(lengths)
    emissions = torch.stack([sentence(seed + i, width) for i in range(len(lengths))]).requires_grad_()
    mask = torch.arange(width) < torch.tensor(lengths)[:, None]
    tags = torch.zeros(mask.shape, dtype=torch.long)
    for row, length in enumerate(lengths):
        tags[row, :length] = torch.tensor(valid_path(seed + row, length), dtype=torch.long)
    strict = crf.strict_loss(emissions, tags, mask)
    expected = [
        -math.log(enumerated(crf, emissions[row, :length].detach())[0][tuple(tags[row, :length].tolist())])
        for row, length in enumerate(lengths)
        if length
    ]
    assert strict.item() == pytest.approx(sum(expected) / len(expected), abs=1e-3)
    learned = emissions, *crf.parameters()
    partial = crf.partial_loss(emissions, torch.nn.functional.one_hot(tags, 5).bool(), mask)
    both = (torch.autograd.grad(loss, learned) for loss in (strict, partial))
    assert all(torch.allclose(ours, theirs, atol=1e-4) for ours, theirs in zip(*both, strict=True))


def valid_path(seed, length):
    """Return the tags of one drawn span."""
    generator = torch.Generator().manual_seed(seed)
    start, end = sorted(torch.randint(length + 1, (2,), generator=generator).tolist())
    spans = [Span(start, end, "PER")] if start < end else []
    return TagSet(LabelSet(("PER",))).encode(spans, length)
