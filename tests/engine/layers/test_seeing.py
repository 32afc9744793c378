import threading

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.document import Document
from engine.errors import ConfigError
from engine.layers import seeing
from engine.layers.seeing import Seer, grid_boxes
from engine.modalities.images import MOST_IMAGES


@pytest.fixture
def picture(tmp_path):
    """Return a function that draws a square on noise and returns the file's path."""

    def draw(name="a.png", colour=(220, 30, 30), size=(120, 90), left=30):
        noise = np.random.default_rng(1).integers(90, 130, (size[1], size[0], 3)).astype(np.uint8)
        drawn = Image.fromarray(noise)
        ImageDraw.Draw(drawn).rectangle((left, 20, left + 40, 60), colour)
        drawn.save(tmp_path / name)
        return str(tmp_path / name)

    return draw


def post(*paths):
    return Document("好", images=paths)


def test_a_picture_is_seen_as_a_whole_by_regions_and_by_objects(picture):
    (seen,) = Seer("efficientnet-lite0").see(post(picture()))
    assert seen.whole.shape == (1280,) and seen.regions.shape == (49, 1280)
    assert len(seen.boxes) == len(seen.objects) and seen.objects.shape[1] == 1280
    assert any(abs(left - 0.25) < 0.15 and abs(top - 0.22) < 0.15 for left, top, _, _ in seen.boxes)
    assert seen.whole.dtype == np.float16 and np.isfinite(seen.whole).all()
    assert np.allclose(seen.regions.astype(np.float32).mean(0), seen.whole, atol=2e-2)


def test_no_detector_finds_no_objects(picture):
    (seen,) = Seer("efficientnet-lite0", "").see(post(picture()))
    assert seen.boxes == () and seen.objects.shape == (0, 1280)


def test_the_same_content_is_looked_at_once_wherever_it_lies(picture, monkeypatch):
    looked = []
    read = seeing.read_image
    monkeypatch.setattr(seeing, "read_image", lambda path: looked.append(path) or read(path))
    seer = Seer("efficientnet-lite0")
    first, again = picture("a.png"), picture("copy.png")
    seen = [seer.see(post(first)), seer.see(post(again, first))]
    assert len(looked) == 1 and seen[0][0] is seen[1][0] is seen[1][1]
    picture("a.png", colour=(20, 200, 40))  # another picture of the same name
    assert seer.see(post(first))[0] is not seen[0][0] and len(looked) == 2


def test_what_is_remembered_in_a_folder_is_not_looked_at_by_another(picture, tmp_path, monkeypatch):
    folder = tmp_path / "seen"
    first, other, alone = Seer("efficientnet-lite0"), Seer("efficientnet-lite0"), Seer("efficientnet-lite0", "")
    for seer in (first, other, alone):
        seer.remember_in(folder)
    (seen,) = first.see(post(picture()))
    assert not alone.see(post(picture()))[0].boxes  # what another detector found is not taken
    monkeypatch.setattr(Seer, "_look", lambda seer, path: pytest.fail("looked again"))
    (again,) = other.see(post(picture()))
    assert again.boxes == seen.boxes
    for name in ("whole", "regions", "objects"):
        assert np.array_equal(getattr(again, name), getattr(seen, name))


def test_a_damaged_memory_is_looked_at_anew(picture, tmp_path):
    seer, other = Seer("efficientnet-lite0"), Seer("efficientnet-lite0")
    for one in (seer, other):
        one.remember_in(tmp_path / "seen")
    (seen,) = seer.see(post(picture()))
    (file,) = (tmp_path / "seen").rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:100])
    (again,) = other.see(post(picture()))
    assert np.array_equal(again.whole, seen.whole)


def test_what_cannot_be_read_is_told_of_once_and_leaves_its_place_empty(picture, tmp_path, caplog):
    (tmp_path / "page.jpg").write_text("<html>", encoding="utf-8")
    seer = Seer("efficientnet-lite0")
    for _ in range(3):
        seen = seer.see(post(str(tmp_path / "page.jpg"), picture(), str(tmp_path / "gone.jpg"), str(tmp_path)))
    assert [found is None for found in seen] == [True, False, True, True]
    assert caplog.text.count("page.jpg") == caplog.text.count("gone.jpg") == 1


def test_more_pictures_than_a_text_may_have_are_told_of(picture, caplog):
    seer = Seer("efficientnet-lite0", "")
    seen = [seer.see(post(*[picture()] * (MOST_IMAGES + 1))) for _ in range(2)]
    assert len(seen[0]) == MOST_IMAGES and caplog.text.count("has 19 pictures, only the first 18 are seen") == 1


def test_an_encoder_that_is_not_there_is_no_broken_picture(picture, tmp_path):
    with pytest.raises(ConfigError, match="gone"):
        Seer(str(tmp_path / "gone")).see(post(picture()))


def test_several_threads_see_the_same(picture):
    seer, path, seen = Seer("efficientnet-lite0"), picture(), []
    threads = [threading.Thread(target=lambda: seen.append(seer.see(post(path))[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(found) for found in seen}) == 1


def test_a_grid_covers_a_picture_row_by_row():
    boxes = grid_boxes(2, 3)
    assert boxes[0] == pytest.approx((0, 0, 1 / 3, 1 / 2)) and boxes[5] == pytest.approx((2 / 3, 1 / 2, 1, 1))
    assert sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) == pytest.approx(1)
