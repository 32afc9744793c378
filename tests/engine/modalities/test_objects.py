"""Boxes around what stands out in a picture."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.errors import InputError
from engine.modalities.objects import LARGEST, MOST_OBJECTS, SMALLEST, Box, propose

RED, BLUE, WHITE = (220, 40, 30), (30, 60, 220), (250, 250, 250)


def noise(width=300, height=200, *, around=110, spread=25, seed=0):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(around, spread, (height, width, 3)), 0, 255).astype(np.uint8)


def scene(*things, **background):
    """Paint coloured rectangles, given by their shares of the picture, on noise."""
    pixels = noise(**background)
    height, width = pixels.shape[:2]
    for colour, (left, top, right, bottom) in things:
        pixels[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = colour
    return Image.fromarray(pixels)


def best_iou(boxes, truth):
    return max((box.iou(Box(*truth, score=1)) for box in boxes), default=0.0)


class TestBox:
    def test_two_are_compared_by_what_they_share(self):
        one, other = Box(0, 0, 0.5, 0.5, score=1), Box(0.25, 0, 0.75, 0.5, score=0)
        assert (one.area, one.shared(other), one.iou(other)) == pytest.approx((0.25, 0.125, 1 / 3))
        assert one.iou(one) == 1 and one.iou(Box(0.5, 0.5, 1, 1, score=0)) == 0

    @pytest.mark.parametrize(
        "edges", [(0.5, 0, 0.5, 1), (0.6, 0, 0.5, 1), (0, 0.7, 1, 0.2), (-0.1, 0, 1, 1), (0, 0, 1, 1.01), (float("nan"), 0, 1, 1)]
    )
    def test_one_that_is_none_is_refused(self, edges):
        with pytest.raises(InputError, match=r"a box with left .* is none; give shares in \[0, 1\]"):
            Box(*edges, score=0.5)

    @pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
    def test_a_score_out_of_bounds_is_refused(self, score):
        with pytest.raises(InputError, match=r"a box has the score .*; give one in \[0, 1\]"):
            Box(0, 0, 1, 1, score=score)


class TestPropose:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("truth", [(0.1, 0.1, 0.35, 0.5), (0.6, 0.5, 0.9, 0.9), (0.3, 0.2, 0.7, 0.8), (0.4, 0.6, 0.65, 1.0)])
    def test_a_bright_thing_on_noise_is_found(self, truth, seed):
        boxes = propose(scene((WHITE, truth), seed=seed))
        assert len(boxes) == 1 and boxes[0].iou(Box(*truth, score=1)) > 0.5
        assert boxes[0].label == ""

    @pytest.mark.parametrize("seed", range(3))
    def test_several_things_are_found_each(self, seed):
        truths = [(0.08, 0.15, 0.3, 0.55), (0.62, 0.1, 0.9, 0.45), (0.35, 0.6, 0.65, 0.92)]
        things = list(zip([RED, WHITE, BLUE], truths, strict=True))
        for some in (things[:2], things[1:], things):
            boxes = propose(scene(*some, seed=seed))
            assert len(boxes) == len(some)
            assert all(best_iou(boxes, truth) > 0.5 for _, truth in some)

    def test_no_more_are_returned_than_asked_for_and_the_best_first(self):
        things = [(WHITE, (x, y, x + 0.25, y + 0.35)) for x in (0.1, 0.6) for y in (0.1, 0.57)]
        boxes = propose(scene(*things), most=10)
        assert len(boxes) == 4 and [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)
        assert propose(scene(*things)) == boxes[:MOST_OBJECTS] and propose(scene(*things), most=0) == ()

    @pytest.mark.parametrize("grey", [0, 128, 255])
    def test_a_plain_picture_has_none(self, grey):
        assert propose(Image.new("RGB", (300, 200), (grey, grey, grey))) == ()

    @pytest.mark.parametrize("seed", range(5))
    def test_neither_has_noise(self, seed):
        assert propose(Image.fromarray(noise(seed=seed))) == ()
        assert propose(Image.fromarray(noise(64, 64, spread=4, seed=seed))) == ()

    def test_neither_has_what_is_a_little_lighter_than_its_surroundings(self):
        pixels = np.full((200, 300, 3), 128, np.uint8)
        pixels[50:150, 100:200] += 3
        assert propose(Image.fromarray(pixels)) == ()

    def test_the_same_picture_gives_the_same_boxes(self):
        picture = scene((RED, (0.2, 0.2, 0.5, 0.6)), (WHITE, (0.6, 0.5, 0.9, 0.9)))
        assert propose(picture) == propose(picture.copy()) != ()

    @pytest.mark.parametrize("times", [0.2, 4])
    def test_size_hardly_matters(self, times):
        truth = (0.55, 0.3, 0.85, 0.8)
        picture = scene((WHITE, truth))
        scaled = picture.resize((round(picture.width * times), round(picture.height * times)))
        assert propose(scaled)[0].iou(Box(*truth, score=1)) > 0.5

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "P", "L", "LA"])
    def test_of_any_mode(self, mode):
        truth = (0.55, 0.3, 0.85, 0.8)
        assert propose(scene((WHITE, truth)).convert(mode))[0].iou(Box(*truth, score=1)) > 0.5

    def test_what_is_transparent_is_white_whatever_it_hides(self):
        thing = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
        thing.paste((0, 0, 0, 255), (60, 40, 150, 120))
        assert propose(thing)[0].iou(Box(0.2, 0.2, 0.5, 0.6, score=1)) > 0.5
        assert propose(Image.new("RGBA", (300, 200), (255, 0, 0, 0))) == ()

    @pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3), (3000, 1), (1, 3000), (2000, 7)])
    def test_a_picture_of_hardly_any_pixels_is_no_trouble(self, size):
        pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        assert all(isinstance(box, Box) for box in propose(Image.fromarray(pixels)))

    def test_in_a_banner_too_things_are_found(self):
        truth = (0.4, 0.1, 0.6, 0.9)
        assert best_iou(propose(scene((WHITE, truth), width=1200, height=120)), truth) > 0.5

    @given(
        width=st.integers(1, 90),
        height=st.integers(1, 90),
        tones=st.integers(1, 6),
        most=st.integers(0, 5),
        seed=st.integers(0, 999),
    )
    @settings(max_examples=60, deadline=None)
    def test_boxes_keep_within_bounds_and_apart(self, width, height, tones, most, seed):
        rng = np.random.default_rng(seed)
        coarse = Image.fromarray(rng.integers(0, 256, (tones, tones, 3), dtype=np.uint8))
        boxes = propose(coarse.resize((width, height)), most)
        assert len(boxes) <= most
        for place, box in enumerate(boxes):
            assert SMALLEST - 1e-9 <= box.area <= LARGEST + 1e-9
            assert all(box.score <= better.score and box.iou(better) <= 0.3 for better in boxes[:place])

    def test_neither_torch_nor_scipy_is_imported_before_it_is_needed(self):
        command = "import sys, engine.modalities.objects; sys.exit('scipy' in sys.modules or 'torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", command], timeout=100, check=False).returncode == 0


@pytest.mark.data
def test_real_pictures_give_sensible_boxes(shared_data):
    """Boxes drawn by hand around what each picture is of."""
    folder = shared_data / "images" / "caltech101"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    truths = {
        "soccer_ball/0001.jpg": (0.42, 0.16, 0.9, 0.72),
        "elephant/0012.jpg": (0.03, 0.17, 1, 0.85),
        "sunflower/0044.jpg": (0.25, 0, 0.8, 0.8),
        "lotus/0010.jpg": (0.18, 0.22, 0.75, 0.72),
        "laptop/0002.jpg": (0.2, 0, 0.75, 1),
        "ketch/0001.jpg": (0.18, 0.02, 0.85, 0.88),
        "Faces/0030.jpg": (0.3, 0.12, 0.8, 1),
    }
    for name, truth in truths.items():
        with Image.open(folder / name) as picture:
            assert best_iou(propose(picture), truth) > 0.5, name
