import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.layers.spec_augment import spec_augment

quickly = settings(max_examples=25, deadline=None)


def batch(lengths, bands=20):
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.ones(len(lengths), max(lengths), bands), mask


def runs(flags):
    """Return how many stretches of true there are."""
    return sum(now and not before for before, now in zip([False, *flags], flags, strict=False))


@quickly
@given(st.integers(0, 2**31 - 1), st.lists(st.integers(0, 300), min_size=1, max_size=4))
def test_at_most_two_bands_and_two_stretches_are_filled_with_the_mean(seed, lengths):
    features, mask = batch([*lengths, 4000])
    masked = spec_augment(features, mask, torch.Generator().manual_seed(seed))
    assert features.all(), "the features given are left as they are"
    for row, length in enumerate([*lengths, 4000]):
        assert masked[row, length:].all(), "the padding is left as it is"
        gone = masked[row, :length] == 0
        bands, frames = (gone.all(dim).tolist() if length else [] for dim in (0, 1))
        assert runs(bands) <= 2 and sum(bands) <= 2 * 6
        assert runs(frames) <= 2 and sum(frames) <= 2 * min(100, length // 20)
        if length:
            assert torch.equal(gone, gone.all(0)[None] | gone.all(1)[:, None])


def test_masks_differ_between_utterances_and_are_the_generators():
    features, mask = batch([400] * 50)
    masked = spec_augment(features, mask, torch.Generator().manual_seed(1))
    assert torch.equal(masked, spec_augment(features, mask, torch.Generator().manual_seed(1)))
    gone = masked == 0
    assert len(gone.all(1).unique(dim=0)) > 40 and len(gone.all(2).unique(dim=0)) > 40
    # every band and every frame can be drawn, the first and the last too
    many = spec_augment(*batch([100] * 1500), torch.Generator().manual_seed(2)) == 0
    assert many.all(1).any(0).all() and many.all(2).any(0).all()
