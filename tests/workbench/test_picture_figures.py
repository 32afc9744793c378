"""What an answer owes to pictures leaves the screen with the pictures in it, in every format and whatever they are called."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.document import Document, Span
from engine.drawing.sheet import FORMATS
from engine.evidence import Correlation, Evidence, Gates, Heatmap, RegionAttention
from engine.layers.seeing import WHOLE, grid_boxes
from tests.engine.systems.picturing import drawn
from tests.workbench.test_views import NASTY
from workbench.language import Texts
from workbench.views.looking import looking_html
from workbench.views.picture import Picture, picture_of
from workbench.views.picture_figure import picture_figure

ZH, EN = Texts("zh").words, Texts("en").words
TEXT = Document("苹果上新", (Span(0, 2, "ORG", 0.9),))
OBJECTS = (WHOLE, (0.25, 0.2, 0.75, 0.8))
GRID = grid_boxes(2, 2)
ON_OBJECTS = RegionAttention("region_attention", (OBJECTS, ()), (((0.1, 0.9),) * 4, ((),) * 4))
ON_GRIDS = RegionAttention("region_attention", (GRID, GRID), (((0.0, 0.5, 0.0, 0.0),) * 4, ((0.1, 0.1, 0.2, 0.1),) * 4))
CORRELATION = Correlation("correlation", (0.8, -0.5))
GATES = Gates("dynamic_gates", ("1.0", "1.1", "2.0", "2.1"), ((0.7, 0.3, 1.0, 0.0), (0.5, 0.5, 0.9, 0.1)))
ALL = [ON_OBJECTS, ON_GRIDS, CORRELATION, GATES]


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    return [picture_of(drawn(tmp_path, shape), number, shape) for number, shape in enumerate(("red", "blue"), start=1)]


def draw(evidence: Evidence, pictures: list[Picture], kind: str = "png", **options: object) -> bytes:
    words = options.pop("words", ZH)
    return picture_figure(evidence, TEXT, pictures, words, others=(ON_OBJECTS,), model="模型 m · 指纹 0123", kind=kind, **options)


def colours(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


def share_of(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(pixels - colour).sum(axis=2) < 60).mean())


@pytest.mark.parametrize("evidence", ALL, ids=["objects", "grids", "correlation", "gates"])
@pytest.mark.parametrize("kind", FORMATS)
def test_each_is_drawn_in_every_format_the_same_each_time(evidence: Evidence, kind: str, pictures: list[Picture]) -> None:
    begins = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF-"}
    made = draw(evidence, pictures, kind)
    assert made.startswith(begins[kind]) and made == draw(evidence, pictures, kind)
    if kind == "svg":  # the pictures are in the file, nothing is asked for from anywhere
        found = re.findall(rb'xlink:href="([^"]{0,30})', made)
        assert any(link.startswith(b"data:image/png;base64") for link in found)
        assert all(link.startswith((b"data:", b"#")) for link in found)
    if kind == "pdf":
        assert b"/Image" in made


def test_the_pictures_are_seen_in_the_figure_and_what_is_looked_at_is_orange(pictures: list[Picture]) -> None:
    correlation = colours(draw(CORRELATION, pictures))
    assert share_of(correlation, (210, 40, 40)) > 0.002 and share_of(correlation, (40, 60, 200)) > 0.002
    assert share_of(colours(draw(ON_OBJECTS, pictures)), (213, 94, 0)) > 0.005


def test_those_characters_are_drawn_that_are_chosen(pictures: list[Picture]) -> None:
    rows = ((0.9, 0.1), (0.9, 0.1), (0.1, 0.9), (0.1, 0.9))
    attention = RegionAttention("region_attention", (OBJECTS, ()), (rows, ((),) * 4))
    first, last, every = (draw(attention, pictures, stretch=stretch) for stretch in ((0, 2), (2, 4), None))
    assert len({first, last, every}) == 3
    assert draw(attention, pictures, stretch=(2, 9)).startswith(b"\x89PNG")


@pytest.mark.parametrize("nasty", [*NASTY, "很" * 200, "a" * 300, "😀𠮷\u202e$x^2$", ""])
def test_whatever_a_picture_is_called_the_figure_is_drawn(nasty: str, pictures: list[Picture]) -> None:
    named = [Picture(picture.number, nasty, picture.thumbnail_url, picture.url, picture.size) for picture in pictures]
    assert draw(CORRELATION, named, "svg", words=EN).startswith(b"<?xml")


@pytest.mark.parametrize("size", [(1, 400), (400, 1), (3, 3)])
def test_a_slim_picture_has_its_place(size: tuple[int, int], tmp_path: Path) -> None:
    Image.new("RGB", size, (200, 30, 30)).save(tmp_path / "slim.png")
    slim = [picture_of(tmp_path / "slim.png", number, "slim") for number in (1, 2)]
    assert all(draw(evidence, slim).startswith(b"\x89PNG") for evidence in ALL)


def test_many_pictures_stand_in_rows(tmp_path: Path) -> None:
    many = [picture_of(drawn(tmp_path, "green", number), number, f"{number}") for number in range(1, 19)]
    attention = RegionAttention("region_attention", (OBJECTS,) * 18, (((0.1, 0.9),) * 4,) * 18)
    with Image.open(io.BytesIO(draw(attention, many))) as opened:
        assert opened.height > opened.width


def test_what_cannot_be_drawn_is_refused(pictures: list[Picture]) -> None:
    with pytest.raises(ValueError, match="a figure is one of png, svg, pdf"):
        draw(GATES, pictures, "gif")
    for evidence in (Heatmap("visual_gate", ("pictures",), ((0.5,) * 4,)), CORRELATION, GATES):
        with pytest.raises(ValueError, match="no figure of 1 pictures is drawn of"):
            draw(evidence, pictures[:1])


def test_each_panel_says_which_evidence_its_buttons_save(pictures: list[Picture]) -> None:
    html = looking_html(TEXT, pictures, [Heatmap("visual_gate", (), ()), GATES, CORRELATION, ON_OBJECTS], ZH)
    assert re.findall(r'duomo-save" data-item="(\d)"', html) == ["3", "2", "1"] and html.count('data-format="pdf"') == 3
