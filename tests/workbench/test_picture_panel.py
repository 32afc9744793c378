"""What the browser says of pictures is taken only as far as it is of pictures and models that there are."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio", reason="gradio is not installed")

from engine.modalities.images import MOST_IMAGES  # noqa: E402
from engine.modalities.picture_text import Line  # noqa: E402
from tests.engine.systems.picturing import drawn  # noqa: E402
from tests.workbench.test_picture_views import is_safe  # noqa: E402
from tests.workbench.test_views import NASTY  # noqa: E402
from workbench.errors import UserError  # noqa: E402
from workbench.language import Texts  # noqa: E402
from workbench.picture_panel import offered, written  # noqa: E402
from workbench.picture_panel.source import _arranged, _row  # noqa: E402
from workbench.pictured import Placed  # noqa: E402
from workbench.tabs import Session  # noqa: E402
from workbench.uploads import uploaded  # noqa: E402


def context(*models: str) -> Any:
    """Stand for a page on which models look at pictures."""
    checkpoints = SimpleNamespace(looking=lambda: [SimpleNamespace(path=Path(model)) for model in models])
    return SimpleNamespace(texts=Texts("zh"), services=SimpleNamespace(checkpoints=checkpoints))


def test_the_row_is_put_as_it_is_wanted_and_nothing_is_added() -> None:
    known = {key: Placed(f"/pictures/{key}.jpg", key) for key in "abc"}
    wanted = [
        {"key": "c", "off": True},
        {"key": "../../etc/passwd", "off": False},
        {"key": "a", "off": False},
        {"key": "c", "off": False},
    ]
    assert [(picture.name, picture.off) for picture in _arranged(known, wanted)] == [("c", True), ("a", False)]


def test_pictures_that_are_off_are_not_shown_to_the_model() -> None:
    session = Session(pictures=(Placed("/pictures/a.jpg", "a"), Placed("/pictures/b.jpg", "b", off=True)))
    assert session.shown_pictures == ["/pictures/a.jpg"]


def test_only_models_that_look_are_offered() -> None:
    assert offered(context("/models/umt"), str(Path("/models/umt"))) == str(Path("/models/umt"))
    with pytest.raises(UserError):
        offered(context("/models/umt"), "/etc")


def test_only_uploaded_files_are_read(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        uploaded(tmp_path / "secret.png")


@pytest.mark.parametrize("nasty", NASTY)
def test_the_row_shows_whatever_a_picture_is_called(nasty: str, tmp_path: Path) -> None:
    picture = Placed(drawn(tmp_path, "red"), nasty, off=True)
    row = _row(context(), Session(pictures=(picture,)))
    assert is_safe(row) and 'aria-pressed="false"' in row and 'data-key="red-0"' in row
    assert all(source.startswith("data:image/jpeg") for source in re.findall(r'src="([^"]*)"', row))
    gone = _row(context(), Session(pictures=(Placed("/pictures/gone.jpg", nasty),)))
    assert 'src="data:,"' in gone and json.dumps(MOST_IMAGES) in gone


def test_the_text_in_pictures_is_read_picture_by_picture_as_far_as_they_are_still_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "read_text", lambda path: (Line(Path(path).stem, (0, 0, 1, 1), 0.5),))
    first, second, third = (Placed(drawn(tmp_path, shape), shape, off=shape == "blue") for shape in ("red", "green", "blue"))
    session = Session(pictures=(first, second, third))
    reading = written.read_all(session)
    assert next(reading) == (1, 2) and written.unread(session) == [first, second]
    session.pictures = (second, third)
    assert next(reading) == (2, 2) and list(reading) == []
    assert [picture.written and picture.written[0].text for picture in session.pictures] == ["green-0", None]
    assert written.unread(session) == []


@pytest.mark.parametrize("nasty", NASTY)
def test_lines_are_offered_whatever_they_say(nasty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "can_read_text", lambda: True)
    lines = (Line(nasty, (0, 0, 1, 0.5), 0.876), Line("大桥", (0, 0.5, 1, 1), 0.5))
    row = _row(context(), Session(pictures=(Placed(drawn(tmp_path, "red"), nasty, written=lines),)))
    assert is_safe(row) and row.count("data-add") == 3 and "<small>88%</small>" in row and "data-read" not in row


def test_what_was_not_found_and_what_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "can_read_text", lambda: True)
    picture = Placed(drawn(tmp_path, "red"), "red")
    assert "data-read>" in _row(context(), Session(pictures=(picture,))) and "data-read" not in _row(context(), Session())
    assert "没有找到文字" in _row(context(), Session(pictures=(replace(picture, written=()),)))
    monkeypatch.setattr(written, "can_read_text", lambda: False)
    row = _row(context(), Session(pictures=(picture,)))
    assert "<code>pip install rapidocr onnxruntime</code>" in row and "data-read" not in row
