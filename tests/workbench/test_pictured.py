"""Pictures that are kept: without what else the file said, once, and never overwritten."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import InputError
from tests.engine.systems.picturing import drawn
from workbench.pictured import Placed, keep


def photograph(path: Path) -> Path:
    """Take a picture on its side, with a place in its metadata."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "SECRET PLACE"
    Image.new("RGB", (80, 40), (200, 30, 30)).save(path, exif=exif, comment=b"SECRET COMMENT")
    return path


def test_a_picture_is_kept_upright_without_its_metadata(tmp_path: Path) -> None:
    kept = keep(photograph(tmp_path / "IMG_1.jpg"), tmp_path / "pictures")
    content = kept.path.read_bytes()
    assert (kept.name, kept.size, "rotated" in kept.remarks) == ("IMG_1.jpg", (40, 80), True)
    assert kept.path.parent == tmp_path / "pictures" and kept.path.stem == hashlib.sha256(content).hexdigest()[:32]
    assert b"SECRET" not in content and b"Exif" not in content
    with Image.open(kept.path) as opened:
        assert opened.size == (40, 80)


def test_what_looks_the_same_is_kept_once_and_never_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    first = keep(Path(drawn(tmp_path, "red")), folder)
    (tmp_path / "copy.png").write_bytes((tmp_path / "red-0.png").read_bytes())
    before = first.path.stat().st_mtime_ns
    second = keep(tmp_path / "copy.png", folder)
    again = keep(first.path, folder)
    assert first.path == second.path == again.path and second.name == "copy.png"
    assert first.path.stat().st_mtime_ns == before and [path.name for path in folder.iterdir()] == [first.path.name]


@pytest.mark.parametrize(("name", "content"), [("页.jpg", b"<html>404</html>"), ("notes.png", b"\x89PNG\r\n\x1a\n" + b"0" * 40)])
def test_what_cannot_be_read_is_named_without_its_folder(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name) as refused:
        keep(tmp_path / name, tmp_path / "pictures")
    assert str(tmp_path) not in str(refused.value) and not (tmp_path / "pictures").exists()


def test_a_kept_picture_that_is_gone_or_damaged_is_told_of(tmp_path: Path) -> None:
    kept = keep(Path(drawn(tmp_path, "blue")), tmp_path / "pictures")
    kept.path.write_bytes(b"damaged")
    with pytest.raises(InputError, match=kept.path.name):
        keep(kept.path, tmp_path / "pictures")
    kept.path.unlink()
    with pytest.raises(InputError, match="there is no picture"):
        keep(kept.path, tmp_path / "pictures")


def test_a_placed_picture_is_known_by_its_content_alone(tmp_path: Path) -> None:
    assert Placed(str(tmp_path / "0a1b.jpg"), "王芳's <photo>.png").key == "0a1b"
