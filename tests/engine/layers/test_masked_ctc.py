"""Masked CTC against the sum over every path, which small cases allow, against torch's CTC and against its plain definition."""

import itertools
import math
import time

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from engine.layers.acoustic_encoder import AcousticEncoder
from engine.layers.masked_ctc import (
    ForcedAlignment,
    align,
    align_all,
    allowed_units,
    can_align,
    ctc_loss,
    masked_ctc_loss,
    sentence_log_probs,
    stretches,
)

SEEDS = st.integers(0, 2**31 - 1)
quickly = settings(max_examples=25, deadline=None)
UNITS = 9
SENTENCES = st.lists(st.lists(st.integers(1, UNITS - 1), max_size=4), min_size=1, max_size=4)


def normal(seed, *shape, scale=2.0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale


def prefix(lengths, longest):
    return torch.arange(longest) < torch.tensor(lengths)[:, None]


def batch(sentences):
    """Return targets with characters of no sentence under their padding, and their mask."""
    longest = max(map(len, sentences))
    targets = torch.tensor([[*sentence, *[UNITS - 1] * (longest - len(sentence))] for sentence in sentences])
    return targets.long().reshape(len(sentences), longest), prefix([len(sentence) for sentence in sentences], longest)


def paths_of(targets, steps):
    """Return every path that says the targets: repeats are merged, then blanks dropped (Graves et al. 2006)."""
    units = [0, *sorted(set(targets))]
    for path in itertools.product(units, repeat=steps):
        if [unit for unit, _ in itertools.groupby(path) if unit] == targets:
            yield path


def score(log_probs, path):
    return sum(log_probs[t][unit] for t, unit in enumerate(path))


def test_a_sentence_keeps_its_characters_and_the_blank():
    targets = torch.tensor([[3, 5, 3], [2, 8, 8], [4, 4, 4]])
    mask = torch.tensor([[True, True, True], [True, False, False], [False] * 3])
    kept = [row.nonzero().flatten().tolist() for row in allowed_units(targets, mask, UNITS)]
    assert kept == [[0, 3, 5], [0, 2], [0]]


@quickly
@given(SEEDS, st.lists(st.integers(1, 3), min_size=1, max_size=3), st.integers(1, 5))
def test_the_loss_is_the_share_of_the_paths_that_say_the_sentence(seed, sentence, steps):
    logits, (targets, target_mask) = normal(seed, 1, steps, UNITS), batch([sentence])
    left = [0, *sorted(set(sentence))]
    log_probs = torch.full((steps, UNITS), -torch.inf)
    log_probs[:, left] = logits[0, :, left].log_softmax(-1)
    found = [math.exp(score(log_probs.tolist(), path)) for path in paths_of(sentence, steps)]
    speech = torch.ones(1, steps, dtype=torch.bool)
    assert can_align(speech, targets, target_mask).item() is bool(found)
    expected = -math.log(sum(found)) / len(sentence) if found else 0.0
    assert masked_ctc_loss(logits, speech, targets, target_mask).item() == pytest.approx(expected, abs=1e-4)


@quickly
@given(SEEDS)
def test_where_no_unit_is_masked_it_is_torchs_ctc(seed):
    everything = torch.arange(1, UNITS).expand(3, -1)
    logits, lengths = normal(seed, 3, 20, UNITS).requires_grad_(), [20, 8, 13]
    ours = masked_ctc_loss(logits, prefix(lengths, 20), everything, torch.ones_like(everything, dtype=torch.bool))
    theirs = functional.ctc_loss(logits.log_softmax(-1).transpose(0, 1), everything, lengths, [UNITS - 1] * 3)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    of_ours, of_theirs = (torch.autograd.grad(loss, logits)[0] for loss in (ours, theirs))
    assert torch.allclose(of_ours, of_theirs, atol=1e-6)


@quickly
@given(SEEDS, SENTENCES, st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_a_sentences_own_units_give_the_value_and_the_gradients_of_all_units(seed, sentences, lengths):
    vectors, weight, bias = normal(seed, len(sentences), 9, 5), normal(seed + 1, UNITS, 5), normal(seed + 2, UNITS)
    learned = [tensor.requires_grad_() for tensor in (vectors, weight, bias)]
    (targets, target_mask), mask = batch(sentences), prefix(lengths[: len(sentences)], 9)
    plain = masked_ctc_loss(vectors @ weight.T + bias, mask, targets, target_mask)
    log_probs, own = sentence_log_probs(vectors, weight, bias, targets, target_mask)
    assert log_probs.shape[-1] == 1 + max(len(set(sentence)) for sentence in sentences)
    assert torch.allclose(log_probs.exp().sum(-1), torch.ones(()), atol=1e-5)
    small = ctc_loss(log_probs, mask, own, target_mask)
    assert small.item() == pytest.approx(plain.item(), abs=1e-5)
    for expected, found in zip(torch.autograd.grad(plain, learned), torch.autograd.grad(small, learned), strict=True):
        assert expected.isfinite().all() and torch.allclose(expected, found, atol=1e-5)
    (within,) = torch.autograd.grad(ctc_loss(log_probs, mask, own, target_mask), log_probs)
    assert within.isfinite().all(), "a unit that is masked has a gradient too, if of nothing"


@quickly
@given(SEEDS, SENTENCES, st.lists(st.integers(0, 6), min_size=4, max_size=4))
def test_what_cannot_be_aligned_counts_for_nothing(seed, sentences, lengths):
    lengths = lengths[: len(sentences)]
    logits, (targets, target_mask) = normal(seed, len(sentences), 6, UNITS).requires_grad_(), batch(sentences)
    loss = masked_ctc_loss(logits, prefix(lengths, 6), targets, target_mask)
    (gradient,) = torch.autograd.grad(loss, logits)
    alone = []
    for row, (sentence, length) in enumerate(zip(sentences, lengths, strict=True)):
        if sentence and length >= len(sentence) + sum(a == b for a, b in itertools.pairwise(sentence)):
            own = logits[row : row + 1, :length]
            alone.append(masked_ctc_loss(own, torch.ones(1, length, dtype=torch.bool), *batch([sentence])))
    expected = sum(alone, logits.sum() * 0) / max(1, len(alone))
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    assert torch.allclose(gradient, torch.autograd.grad(expected, logits)[0], atol=1e-6)


def test_a_character_that_is_not_spoken_can_be_left_out():
    logits = normal(1, 2, 8, UNITS)
    holes = torch.tensor([[7, 2, 7, 2, 5], [3, 8, 1, 8, 8]])
    kept = torch.tensor([[False, True, False, True, True], [True, False, True, False, False]])
    speech = prefix([8, 6], 8)
    closed = batch([[2, 2, 5], [3, 1]])
    assert can_align(prefix([3, 2], 8), holes, kept).tolist() == [False, True]
    assert masked_ctc_loss(logits, speech, holes, kept).item() == pytest.approx(masked_ctc_loss(logits, speech, *closed).item())


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e6])
def test_extreme_logits_stay_finite(scale):
    logits, (targets, target_mask) = (normal(1, 2, 40, UNITS) * scale).requires_grad_(), batch([[1, 1, 4], [5]])
    loss = masked_ctc_loss(logits, prefix([40, 9], 40), targets, target_mask)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite() and gradient.isfinite().all()


@quickly
@given(SEEDS, st.lists(st.integers(1, 3), min_size=1, max_size=3), st.integers(1, 6))
def test_the_best_path_is_the_most_probable_of_all(seed, sentence, steps):
    log_probs = normal(seed, steps, 4).log_softmax(-1)
    every = {path: score(log_probs.tolist(), path) for path in paths_of(sentence, steps)}
    found = align(log_probs, torch.tensor(sentence))
    if not every:
        assert found is None
        return
    path, best = max(every.items(), key=lambda item: item[1])
    runs = [[t for t, _ in run] for unit, run in itertools.groupby(enumerate(path), key=lambda item: item[1]) if unit]
    assert found.score == pytest.approx(best / steps, abs=1e-5)
    assert (found.first, found.last) == (tuple(run[0] for run in runs), tuple(run[-1] for run in runs))
    posteriors = [sum(math.exp(log_probs[t, unit]) for t in run) / len(run) for unit, run in zip(sentence, runs, strict=True)]
    assert found.posteriors == pytest.approx(posteriors, abs=1e-5)
    assert found.confidence == pytest.approx(sum(posteriors) / len(sentence), abs=1e-5)


@pytest.mark.parametrize(("steps", "sentence"), [(0, [1]), (5, []), (2, [1, 2, 3]), (2, [1, 1]), (4, [1, 1, 1])])
def test_what_has_no_path_has_no_alignment(steps, sentence):
    assert align(torch.zeros(steps, 4).log_softmax(-1), torch.tensor(sentence, dtype=torch.long)) is None


def test_a_path_through_an_impossible_vector_is_none():
    log_probs = torch.zeros(4, 3)
    log_probs[2] = -torch.inf
    assert align(log_probs, torch.tensor([1])) is None


@quickly
@given(SEEDS, st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(0, 60))
def test_stretches_are_in_order_and_never_overlap(seed, sentence, more):
    found = align(normal(seed, len(sentence) + more, 6).log_softmax(-1), torch.tensor(sentence))
    assume(found is not None)
    times = [time for stretch in stretches(found, 0.04) for time in stretch]
    assert times == sorted(times) and 0 <= times[0] and times[-1] <= 0.04 * (len(sentence) + more) + 1e-9
    assert all(end - start >= 0.04 - 1e-9 for start, end in stretches(found, 0.04))


def test_a_stretch_begins_a_vector_before_it_is_said_but_not_in_another():
    found = ForcedAlignment((0, 5, 8), (0, 7, 8), (1.0, 1.0, 1.0), 0.0)
    assert stretches(found, 0.5) == ((0.0, 0.5), (2.0, 4.0), (4.0, 4.5))


@quickly
@given(SEEDS, st.lists(st.tuples(st.lists(st.integers(1, 5), max_size=8), st.integers(0, 12)), min_size=1, max_size=5))
def test_many_sentences_are_aligned_as_each_alone(seed, sentences):
    longest, vectors = max(len(sentence) for sentence, _ in sentences), [len(sentence) + more for sentence, more in sentences]
    log_probs = normal(seed, len(sentences), max(vectors), 6).log_softmax(-1)
    targets = torch.tensor([sentence + [0] * (longest - len(sentence)) for sentence, _ in sentences])
    mask, target_mask = prefix(vectors, max(vectors)), prefix([len(sentence) for sentence, _ in sentences], longest)
    alone = [
        align(log_probs[row, :count], torch.tensor(sentence, dtype=torch.long))
        for row, ((sentence, _), count) in enumerate(zip(sentences, vectors, strict=True))
    ]
    assert align_all(log_probs, mask, targets, target_mask) == alone


def test_a_minute_of_speech_is_aligned_at_once():
    log_probs, targets = normal(1, 1500, 101).log_softmax(-1), torch.arange(120) % 100 + 1
    took = []
    for _ in range(3):
        start = time.process_time()
        assert align(log_probs, targets) is not None
        took.append(time.process_time() - start)
    assert min(took) < 0.1


def spoken(seed, sentences, sounds):
    """Return made-up speech, its mask, and from where to where each character sounds, in vectors, with silence around it."""
    generator = torch.Generator().manual_seed(seed)
    utterances, places = [], []
    for sentence in sentences:
        lengths = torch.randint(2, 5, (len(sentence),), generator=generator).tolist()
        ends = [2 * (i + 1) + sum(lengths[: i + 1]) for i in range(len(sentence))]
        utterance = torch.zeros(4 * (ends[-1] + 2), sounds.shape[1])
        for character, length, end in zip(sentence, lengths, ends, strict=True):
            utterance[4 * (end - length) : 4 * end] = sounds[character]
        utterances.append(utterance)
        places.extend((end - length, end) for length, end in zip(lengths, ends, strict=True))
    features = torch.nn.utils.rnn.pad_sequence(utterances, batch_first=True)
    mask = prefix([len(utterance) for utterance in utterances], features.shape[1])
    return features + 0.3 * torch.randn(features.shape, generator=generator), mask, places


def test_a_little_training_finds_where_each_character_is_said_and_what_is_not():
    torch.manual_seed(1)
    sounds = normal(1, UNITS, 8, scale=1.5)
    encoder, table = AcousticEncoder(8, 32, 1, 2, 0.0), torch.nn.Linear(32, UNITS)
    optimiser = torch.optim.Adam([*encoder.parameters(), *table.parameters()], 0.003)

    def log_probs_of(features, mask, sentences):
        vectors, shorter = encoder(features, mask)
        return *sentence_log_probs(vectors, table.weight, table.bias, *batch(sentences)), shorter

    for step in range(100):
        sentences = torch.randint(1, UNITS, (12, 5)).tolist()
        features, mask, _ = spoken(step, sentences, sounds)
        log_probs, own, shorter = log_probs_of(features, mask, sentences)
        loss = ctc_loss(log_probs, shorter, own, torch.ones_like(own, dtype=torch.bool))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    features, mask, places = spoken(9999, sentences, sounds)

    def aligned(sentences):
        rows = zip(*log_probs_of(features, mask, sentences), strict=True)
        return [align(log_probs[shorter], own) for log_probs, own, shorter in rows]

    right, wrong = aligned(sentences), aligned([[UNITS - character for character in sentence] for sentence in sentences])
    found = [stretch for one in right for stretch in stretches(one, 1)]
    heard = sum(start < to and end > since for (start, end), (since, to) in zip(found, places, strict=True))
    assert heard / len(places) > 0.95
    assert min(one.confidence for one in right) > max(one.confidence for one in wrong)
