"""The map of mentions in a real browser: chosen by lasso, by rectangle and by keys, listed, told to the page, and saved."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

gr = pytest.importorskip("gradio", reason="gradio is not installed")

from engine.document import Document, Span  # noqa: E402
from engine.evaluation.judging import study_of  # noqa: E402
from engine.evaluation.study import Reading, Study  # noqa: E402
from engine.mapping import Mention, MentionMap  # noqa: E402
from tests.browser.serving import fresh_pages  # noqa: E402
from workbench import app, theme  # noqa: E402
from workbench.language import Texts  # noqa: E402
from workbench.map_panel import MapPanel, Subject, wire  # noqa: E402
from workbench.map_panel import maps as made_maps  # noqa: E402
from workbench.tabs import Context, Session  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
CANVAS = ".mention-map canvas"
CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5))


def study() -> Study:
    """Five sentences of an entity each: one is right, the others are missed."""
    gold = tuple(Document(f"王芳到了{place}。", (Span(4, 6, "LOC"),)) for place in ("杭州", "南京", "西安", "成都", "大理"))
    predicted = tuple(d.with_spans([Span(4, 6, "LOC", 0.9)] if at == 4 else []) for at, d in enumerate(gold))
    return study_of("样例", gold, [Reading("m", "0123", "", ("LOC",), predicted, ())])


def in_corners(tagger: Any, study: Study, index: int, **asked: Any) -> MentionMap:
    """Lay the five out in the corners and in the middle."""
    cases = study.readings[index].cases
    mentions = tuple(
        Mention(c.row, at, 4, 6, "LOC", "LOC" if c.found else "", c.outcome, "gold", *CORNERS[at]) for at, c in enumerate(cases)
    )
    return MentionMap("pca", mentions, 5, 1, (0.6, 0.3))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    monkeypatch.setattr(made_maps, "map_mentions", in_corners)
    services = SimpleNamespace(
        settings=SimpleNamespace(workspace=Path("/nowhere"), language="zh", share=False), signing=SimpleNamespace(enter=None)
    )
    of = study()

    def told(event: Any) -> str:
        return f"{dict(event._data)}"

    told.__annotations__["event"] = gr.EventData
    with gr.Blocks(analytics_enabled=False) as blocks:
        context = Context(services, Texts("zh"), gr.State(Session()))  # type: ignore[arg-type]
        panel = MapPanel.lay_out(context)
        wire(context, panel, lambda session, request: Subject(of, 0, lambda: SimpleNamespace()))  # type: ignore[arg-type, return-value]
        said = gr.Textbox(elem_id="said")
        panel.board.listed(told, None, said)
        panel.board.opened(told, None, said)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    look = app.launch_options(services)  # type: ignore[arg-type]
    blocks.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        theme=theme.theme(),
        css=look["css"],
        head=look["head"].replace('href="fonts/', f'href="gradio_api/file={theme.static_paths()[0]}/'),
        allowed_paths=theme.static_paths(),
    )
    yield f"http://127.0.0.1:{port}/"
    blocks.close(verbose=False)
    monkeypatch.undo()


@pytest.fixture
def page(url: str, chromium: Any) -> Iterator[Any]:
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as opening:
        opened = opening(1100)
        opened.goto(url)
        opened.click("#map-draw")
        opened.wait_for_selector(".mention-map[data-alive]")
        yield opened


def place(page: Any, at: int) -> tuple[float, float]:
    """Return where a mention is on the screen."""
    box = page.locator(CANVAS).bounding_box()
    x, y = page.evaluate(
        "at => { const { board } = document.querySelector('.mention-map'); return board.at(board.points[at]); }", at
    )
    return box["x"] + x, box["y"] + y


def listed(page: Any) -> list[str]:
    """Return the mentions that are listed as chosen."""
    return page.locator(".mention-chosen:not([hidden]) ol b").all_text_contents()


def said(page: Any, expected: str) -> None:
    page.wait_for_function("words => document.querySelector('#said textarea, #said input').value.includes(words)", arg=expected)


def test_a_lasso_chooses_what_is_in_it_and_the_page_is_told(page: Any) -> None:
    page.click("[data-mode=lasso]")
    x, y = place(page, 4)
    page.mouse.move(x + 60, y)
    page.mouse.down()
    for turn in range(1, 13):
        page.mouse.move(x + 60 * math.cos(turn * math.pi / 6), y + 60 * math.sin(turn * math.pi / 6))
    page.mouse.up()
    assert listed(page) == ["大理"]
    assert page.locator(".mention-open small").text_content() == "标注 LOC · 预测 LOC · 全对"
    page.click("[data-act=listed]")
    said(page, "'rows': [4]")
    page.click(".mention-open")
    said(page, "{'row': 4")


def test_a_rectangle_with_shift_moving_and_zooming(page: Any) -> None:
    (left, top), (right, _) = place(page, 0), place(page, 1)
    page.keyboard.down("Shift")
    page.mouse.move(left - 12, top - 12)
    page.mouse.down()
    page.mouse.move(right + 12, top + 12, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert listed(page) == ["杭州", "南京"]
    middle = place(page, 4)
    page.mouse.move(*middle)
    page.mouse.wheel(0, -200)
    page.wait_for_function("() => document.querySelector('.mention-map').board.view.scale > 1")
    assert place(page, 4) == pytest.approx(middle, abs=0.5)  # what is under the pointer stays there
    assert place(page, 0)[0] < left
    page.mouse.down()
    page.mouse.move(middle[0] + 30, middle[1] + 10)
    page.mouse.up()
    assert place(page, 4) == pytest.approx((middle[0] + 30, middle[1] + 10), abs=0.5)


def test_keys_choose_what_is_in_view_and_the_legend_hides(page: Any) -> None:
    page.focus(CANVAS)
    for _ in range(6):
        page.keyboard.press("+")
    page.keyboard.press("Enter")
    assert listed(page) == ["大理"]
    page.keyboard.press("Escape")
    assert listed(page) == []
    page.keyboard.press("0")
    page.click(".mention-look:has-text('漏标')")
    assert page.get_attribute(".mention-look:has-text('漏标')", "aria-pressed") == "false"
    page.focus(CANVAS)
    page.keyboard.press("Enter")
    assert listed(page) == ["大理"]


def test_hovering_says_the_mention_and_the_figure_is_that_which_is_looked_at(page: Any) -> None:
    page.mouse.move(*place(page, 2))
    page.wait_for_selector(".mention-tip:not([hidden])")
    assert page.text_content(".mention-tip") == "王芳到了西安。标注 LOC · 预测 无 · 漏标"
    page.click("[data-way=found]")
    with page.expect_download() as download:
        page.click("#map-board [data-format=svg]")
    assert download.value.suggested_filename == "map-pca-found.svg"
