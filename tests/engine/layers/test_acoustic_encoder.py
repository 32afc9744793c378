import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.layers.acoustic_encoder import SUBSAMPLING, AcousticEncoder, sinusoids

quickly = settings(max_examples=15, deadline=None)
BANDS = 10


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(1)
    return AcousticEncoder(BANDS, 16, 2, 2, 0.1).eval()


def batch(lengths, seed=1, under=0.0):
    """Return random features of some lengths, with something else under their padding."""
    features = torch.randn(len(lengths), max(lengths), BANDS, generator=torch.Generator().manual_seed(seed))
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return features.masked_fill(~mask[..., None], under), mask


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 6, 7, 8, 9, 100])
@torch.no_grad()
def test_each_vector_stands_for_four_frames(encoder, frames):
    vectors, mask = encoder(*batch([frames]))
    assert vectors.shape == (1, -(-frames // SUBSAMPLING), 16) and mask.shape == vectors.shape[:2] and mask.all()
    assert vectors.isfinite().all() and vectors.std() > 0.1


@quickly
@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.sampled_from([0.0, 50.0, float("nan")]), st.booleans())
def test_an_utterance_is_the_same_alone_and_padded(encoder, lengths, under, trained):
    features, mask = batch([*lengths, 41], under=under)
    with torch.set_grad_enabled(trained):  # without gradients torch takes another way through its Transformer
        vectors, shorter = encoder(features, mask)
        for row, length in enumerate(lengths):
            steps = -(-length // SUBSAMPLING)
            assert shorter[row].tolist() == [s < steps for s in range(11)]
            assert not vectors[row, steps:].any()
            alone, _ = encoder(features[row : row + 1, :length], mask[row : row + 1, :length])
            assert torch.allclose(vectors[row, :steps], alone[0], atol=1e-5)


def test_padding_and_silence_leave_no_trace_in_any_gradient(encoder):
    features, mask = batch([23, 0, 6], under=3.0)
    features.requires_grad_()
    vectors, shorter = encoder(features, mask)
    assert not vectors[1].any() and not shorter[1].any()
    together = torch.autograd.grad(vectors.pow(2).sum(), [features, *encoder.parameters()])
    assert all(gradient.isfinite().all() for gradient in together)
    assert not together[0][~mask].any() and together[0][mask].any(-1).all()
    cut = ((features[row : row + 1, :length], mask[row : row + 1, :length]) for row, length in ((0, 23), (2, 6)))
    first, third = (encoder(*one)[0] for one in cut)
    alone = first.pow(2).sum() + third.pow(2).sum()
    for expected, found in zip(torch.autograd.grad(alone, list(encoder.parameters())), together[1:], strict=True):
        assert torch.allclose(expected, found, atol=1e-4)


@pytest.mark.parametrize("frames", [0, 12])
def test_a_batch_that_nobody_speaks_in_is_nothing(encoder, frames):
    features, mask = torch.zeros(2, frames, BANDS), torch.zeros(2, frames, dtype=torch.bool)
    vectors, shorter = encoder(features, mask)
    assert vectors.shape == (2, frames // SUBSAMPLING, 16) and not vectors.any() and not shorter.any()


@torch.no_grad()
def test_the_same_sound_is_told_by_where_it_is(encoder):
    vectors, _ = encoder(torch.ones(1, 80, BANDS), torch.ones(1, 80, dtype=torch.bool))
    assert (vectors[0, 5] - vectors[0, 12]).abs().max() > 0.01


@torch.no_grad()
def test_a_minute_of_speech_passes(encoder):
    vectors, mask = encoder(*batch([6000, 3]))
    assert vectors.shape == (2, 1500, 16) and mask.sum(1).tolist() == [1500, 1] and vectors.isfinite().all()


def test_positions_are_computed_and_not_stored(encoder):
    assert not list(encoder.buffers()) and sinusoids(3000, 16).unique(dim=0).shape == (3000, 16)
    third = sinusoids(4, 6)[3]
    angles = 3 / 10_000 ** torch.tensor([0, 2 / 6, 4 / 6])
    assert torch.allclose(third[0::2], angles.sin()) and torch.allclose(third[1::2], angles.cos())


def test_dropout_is_for_training_only():
    torch.manual_seed(1)
    encoder, speech = AcousticEncoder(BANDS, 16, 1, 2, 0.5), batch([20])
    assert not torch.equal(encoder(*speech)[0], encoder(*speech)[0])
    encoder.eval()
    assert torch.equal(encoder(*speech)[0], encoder(*speech)[0])
