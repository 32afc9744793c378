"""What the browser says of pictures is taken only as far as it is of pictures and models that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio", reason="gradio is not installed")

from engine.modalities.images import MOST_IMAGES  # noqa: E402
from tests.engine.systems.picturing import drawn  # noqa: E402
from tests.workbench.test_picture_views import is_safe  # noqa: E402
from tests.workbench.test_views import NASTY  # noqa: E402
from workbench.errors import UserError  # noqa: E402
from workbench.language import Texts  # noqa: E402
from workbench.picture_panel import offered  # noqa: E402
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
