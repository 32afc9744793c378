"""Evidence in a real browser: grids, the switch between heads, and figures that are saved."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
gr = pytest.importorskip("gradio", reason="gradio is not installed")

from engine.document import Document, Span  # noqa: E402
from engine.evidence import Heatmap, Scores  # noqa: E402
from engine.tagger import Prediction  # noqa: E402
from tests.browser.serving import StandIn, fresh_pages, served  # noqa: E402
from workbench.services import Services  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
SHOWN = "text => document.querySelector('#analyse-hero .duomo-text')?.textContent.replace(/[A-Z]+ \\d+%/g, '').trim() === text"
TEXT = "王小明在南京市长江大桥边等王小红。"
MAP, GRID, EFFECT = (f"#analyse-evidence [data-item='{item}']" for item in range(3))


class Made(StandIn):
    """Stands for a tagger: evidence of every kind that is drawn as cells, the same for the same text."""

    def answer(self, document: Document) -> Prediction:
        chance, length = random.Random(1), len(document)

        def row() -> tuple[float, ...]:
            shares = [chance.random() ** 6 for _ in range(length)]
            return tuple(share / sum(shares) for share in shares)

        heads = tuple((row(), row()) for _ in range(2))
        mean = tuple(tuple((a + b) / 2 for a, b in zip(*both, strict=True)) for both in zip(*heads, strict=True))
        asked = tuple(row() for _ in range(length))
        changes = tuple((chance.random() / 2, chance.random() / 9) for _ in range(length))
        evidence = (
            Heatmap("class_attention", ("PER", "LOC"), mean, heads),
            Heatmap("cross_modality_attention.glyph", tuple(document.text), asked),
            Scores("modality_effect", ("glyph", "phonetic"), changes),
        )
        spans = (Span(0, min(3, length), "PER", 0.9), Span(min(4, length - 1), length, "LOC", 0.5))
        return Prediction(document.with_spans(spans), evidence, 0.01)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[str]:
    """The workbench with made evidence."""
    monkeypatch = pytest.MonkeyPatch()
    folder: Path = tmp_path_factory.mktemp("figures")
    with served(folder, Made(), monkeypatch) as address:
        yield address
    monkeypatch.undo()


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Analyse a text on a fresh page; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening(text: str = TEXT, width: int = 1280) -> Any:
            page = fresh(width, accept_downloads=True)
            page.goto(url)
            page.wait_for_selector(".duomo-hero")
            page.locator("#analyse-text textarea").fill(text)
            page.locator("#analyse-run").click()
            page.wait_for_function(SHOWN, arg=text)
            page.wait_for_selector(GRID)
            return page

        yield opening


def saved(page: Any, panel: str, kind: str) -> tuple[str, bytes]:
    """Press a button and return what the browser has downloaded."""
    with page.expect_download() as download:
        page.locator(f"{panel} button[data-format={kind}]").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_figure_is_downloaded_in_every_format(visit: Callable[..., Any]) -> None:
    from PIL import Image

    page = visit()
    begins = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF-"}
    files = {kind: saved(page, MAP, kind) for kind in begins}
    for kind, magic in begins.items():
        name, data = files[kind]
        assert name == f"duomo-class-attention.{kind}"
        assert data.startswith(magic) and len(data) > 10_000
    with Image.open(io.BytesIO(files["png"][1])) as image:
        assert image.width > 1000 and len(image.convert("RGB").getcolors(1_000_000) or []) > 100
    assert b"</svg>" in files["svg"][1] and b"%%EOF" in files["pdf"][1][-16:]
    page.wait_for_function("!document.querySelector('[data-format][aria-busy]')")


def test_the_head_that_is_shown_is_the_one_that_is_saved(visit: Callable[..., Any]) -> None:
    page = visit()
    (prediction,) = Made().predict([Document(TEXT)])
    heatmap = prediction.evidence[0]
    assert isinstance(heatmap, Heatmap)
    cells = page.locator(f"{MAP} .duomo-cell")
    for number, values in enumerate((heatmap.values, *heatmap.heads)):
        if number:
            page.locator(f"{MAP} .duomo-switch input:checked").focus()
            page.keyboard.press("ArrowRight")
        flat = [value for row in values for value in row]
        written = [f"{value:.0%}".rstrip("%") if value >= 0.005 else "" for value in flat]
        assert cells.all_inner_texts() == written
        strongest = max(range(len(flat)), key=lambda at: flat[at])
        assert "duomo-q100" in (cells.nth(strongest).get_attribute("class") or "")
        assert f"{max(flat):.1%}" in (cells.nth(strongest).get_attribute("title") or "")
    assert saved(page, MAP, "svg")[0] == "duomo-class-attention-head2.svg"


def test_a_row_of_a_grid_lights_up_and_the_arrow_keys_go_through_them(visit: Callable[..., Any]) -> None:
    page = visit()
    rows = page.locator(f"{GRID} tbody tr")
    assert rows.count() == len(TEXT)
    lit = "row => getComputedStyle(row.cells[1]).boxShadow !== 'none'"
    rows.nth(3).locator("th").hover()
    assert rows.nth(3).evaluate(lit) and not rows.nth(5).evaluate(lit)
    page.mouse.move(0, 0)
    rows.nth(0).locator("th").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    assert rows.nth(2).locator("th").evaluate("head => head === document.activeElement")
    assert rows.nth(2).evaluate(lit) and not rows.nth(0).evaluate(lit)
    page.keyboard.press("Enter")
    # The character is pointed at in the sentence, in every strip and at both sides of the grid.
    assert page.locator("#analyse-hero .duomo-seg.is-focus").count() == 1
    assert page.locator(f"{GRID} th.is-focus").count() == 2
    assert page.locator(f"{EFFECT} td.is-focus").count() == 2


@pytest.mark.parametrize("width", [400, 1280])
def test_a_large_grid_scrolls_inside_itself_and_says_what_it_shows(visit: Callable[..., Any], width: int) -> None:
    page = visit("南京市长江大桥边" * 10, width)
    assert page.locator(f"{GRID} tbody tr").count() == 60
    assert "60" in page.locator(f"{GRID} .duomo-note").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    box = page.locator(f"{GRID} tbody td").first.bounding_box()
    assert 20 <= box["width"] <= 24 and 20 <= box["height"] <= 24


def test_an_analysis_that_is_forgotten_is_said(visit: Callable[..., Any], url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit()
    monkeypatch.setattr(Services, "analysis", lambda self, key: None)
    page.locator(f"{MAP} button[data-format=png]").click()
    page.wait_for_selector(".notice-error")
    page.wait_for_function("!document.querySelector('[data-format][aria-busy]')")
