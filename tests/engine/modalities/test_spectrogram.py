import numpy as np
import pytest

from engine.errors import InputError
from engine.modalities.spectrogram import flipped, spectrogram
from tests.engine.modalities.voiced import RATE, glide


def test_a_syllable_is_a_picture():
    picture = spectrogram(glide(), RATE)
    assert picture.shape == (48, 48, 3) and picture.dtype == np.uint8
    assert picture[..., 0].max() == 255 and picture[..., 0].min() == 0
    assert np.array_equal(picture, spectrogram(glide(), RATE))


def test_loudness_and_silence_around_it_do_not_matter():
    sound = glide()
    quiet = np.concatenate([np.zeros(3000, np.float32), 0.05 * sound, np.zeros(5000, np.float32)])
    difference = np.abs(spectrogram(sound, RATE).astype(int) - spectrogram(quiet, RATE))
    assert np.quantile(difference, 0.9) <= 20


def ridge(picture):
    """Return the band of the strongest harmonic in each frame, but for the edges."""
    return picture[:12, 6:42, 0].argmax(axis=0)


def test_the_tone_is_seen_and_flipping_turns_it_round():
    rising, falling = spectrogram(glide(200, 400), RATE), spectrogram(glide(400, 200), RATE)
    assert (np.diff(ridge(rising)) >= 0).all() and ridge(rising)[-1] >= ridge(rising)[0] + 2
    assert (np.diff(ridge(falling)) <= 0).all()
    assert np.array_equal(ridge(flipped(rising)), ridge(rising)[::-1])
    assert np.array_equal(flipped(flipped(rising)), rising)
    assert flipped(np.stack([rising, falling])).shape == (2, 48, 48, 3)


def test_what_does_not_change_is_in_the_middle_of_the_scale():
    steady = spectrogram(glide(300, 300), RATE)[2:20, 10:38, 1:]
    assert np.abs(steady.astype(int) - 128).mean() < 6


@pytest.mark.parametrize("seconds", [0.1, 0.3, 1.4])
@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_it_fills_the_picture_whatever_its_length_and_rate(seconds, rate):
    picture = spectrogram(glide(seconds=seconds, rate=rate), rate)
    assert picture.shape == (48, 48, 3) and (picture[..., 0].max(axis=0) > 100).sum() >= 44


@pytest.mark.parametrize(
    ("waveform", "message"),
    [
        (np.zeros(0), "silent"),
        (np.zeros(9000), "silent"),
        (np.full(9000, 1e-4), "silent"),
        (np.ones(20), r"sounds for 0\.00 s"),
        (glide(seconds=2), r"sounds for \d\.\d+ s; a syllable takes"),
        (np.array([0.5, np.nan] * 5000), "no numbers"),
    ],
)
def test_what_is_no_syllable_is_refused(waveform, message):
    with pytest.raises(InputError, match=message):
        spectrogram(waveform.astype(np.float32), RATE)
