"""Text that is read in pictures: where it stands, in which order, once for each picture, and what is said where it cannot be."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.errors import ConfigError, InputError
from engine.modalities import picture_text
from engine.modalities.picture_text import Line, can_read_text, in_reading_order, read_text
from tests.engine.systems.picturing import drawn, lettered

reads = pytest.mark.skipif(not can_read_text(), reason="rapidocr is not installed; pip install rapidocr onnxruntime")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A reader that has read nothing yet, beside the one that others have loaded."""
    reader = picture_text._Reader()
    monkeypatch.setattr(picture_text, "_reader", lambda: reader)
    yield


def line(text: str, left: float, top: float, right: float, bottom: float) -> Line:
    return Line(text, (left, top, right, bottom), 0.9)


class Counting:
    """Stands for rapidocr: finds one line in each picture, and counts how often and by how many at once it is asked."""

    def __init__(self) -> None:
        self.asked, self.inside, self.most, self.shapes = 0, 0, 0, []

    def __call__(self, pixels: Any) -> Any:
        self.asked, self.inside = self.asked + 1, self.inside + 1
        self.most = max(self.most, self.inside)
        self.shapes.append(pixels.shape)
        corners = np.array([[[16, 12], [80, 12], [80, 240], [16, 240]]], float)
        self.inside -= 1
        return SimpleNamespace(txts=("字",), boxes=corners, scores=(0.75,))


@reads
def test_chinese_is_read_line_by_line_without_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = read_text(lettered(tmp_path / "sign.png", "南京市长江大桥", "王芳到了北京大学"))
    assert [line.text for line in found] == ["南京市长江大桥", "王芳到了北京大学"]
    assert all(0.8 < line.confidence <= 1 for line in found)
    (left, top, right, bottom), below = found[0].box, found[1].box
    assert 0 <= left < 0.15 and 0.4 < right < 0.75 and top < 0.2 and bottom < below[1] + 0.1


@reads
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 3), (200, 150)])
def test_a_picture_without_text_has_no_lines_whatever_its_shape(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, "white").save(tmp_path / "empty.png")
    assert read_text(tmp_path / "empty.png") == ()


def test_lines_go_from_top_to_bottom_and_in_a_row_from_left_to_right() -> None:
    lines = [line("3", 0.1, 0.5, 0.4, 0.6), line("2", 0.5, 0.12, 0.9, 0.22), line("1", 0.1, 0.1, 0.4, 0.2)]
    assert [found.text for found in in_reading_order(lines)] == ["1", "2", "3"]
    assert in_reading_order([]) == ()


def test_a_picture_is_read_once_and_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    engine, loaded = Counting(), []
    monkeypatch.setattr(picture_text, "_loaded", lambda: loaded.append(1) or engine)
    monkeypatch.setattr(picture_text, "_REMEMBERED", 2)
    paths = [drawn(tmp_path, shape) for shape in ("red", "green", "blue")]
    threads = [threading.Thread(target=read_text, args=(path,)) for path in paths[:2] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(loaded), engine.asked, engine.most) == (1, 2, 1)
    read_text(paths[2])
    read_text(paths[2])
    assert engine.asked == 3


def test_boxes_are_shares_of_the_picture_though_it_is_padded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None
) -> None:
    engine = Counting()
    monkeypatch.setattr(picture_text, "_loaded", lambda: engine)
    Image.new("RGB", (160, 12), "white").save(tmp_path / "slim.png")
    (found,) = read_text(tmp_path / "slim.png")
    assert engine.shapes == [(80, 160, 3)] and found == Line("字", (0.1, 1.0, 0.5, 1.0), 0.75)


def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(ConfigError, match=r"cannot be loaded .*pip install rapidocr onnxruntime"):
        read_text(drawn(tmp_path, "red"))
    monkeypatch.setattr(picture_text, "NEEDED", ("no_such_package",))
    assert not can_read_text()


def test_a_reader_that_fails_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    def fails(pixels: Any) -> None:
        raise RuntimeError("bad weights\nat line 3")

    monkeypatch.setattr(picture_text, "_loaded", lambda: fails)
    with pytest.raises(ConfigError, match=r"could not be read \(bad weights\)"):
        read_text(drawn(tmp_path, "red"))


def test_a_file_that_is_no_picture_needs_no_reader(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no picture"):
        read_text(tmp_path / "gone.png")
