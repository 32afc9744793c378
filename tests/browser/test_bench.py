"""The bench of one sentence in a real browser, with a tagger trained on our samples: point, change, see, ask why, save."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
gr = pytest.importorskip("gradio", reason="gradio is not installed")
pytest.importorskip("captum")

from engine.document import Document  # noqa: E402
from engine.tagger import Tagger, predict  # noqa: E402
from tests.browser.serving import fresh_pages  # noqa: E402
from tests.engine.tiny import known, trained_system  # noqa: E402
from workbench import app  # noqa: E402
from workbench.bench_panel import lay_out  # noqa: E402
from workbench.language import Texts  # noqa: E402
from workbench.services import Services  # noqa: E402
from workbench.settings import Settings  # noqa: E402
from workbench.store import Store  # noqa: E402
from workbench.tabs import QUIET, Context, Session, guard  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]


@pytest.fixture(scope="module")
def sentence() -> tuple[Any, Document]:
    """A trained system, and a short sentence in which it finds something."""
    system = trained_system()
    found = [prediction.document for prediction in predict(system, known())]
    return system, min((document for document in found if document.spans), key=len)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, chromium: Any, sentence: tuple[Any, Document]) -> Iterator[str]:
    """The address of a page with the bench, and a button that puts the sentence on it as another part of a page would."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    folder: Path = tmp_path_factory.mktemp("bench")
    database = f"sqlite:///{(folder / 'duomo.db').as_posix()}"
    services = Services(Settings("127.0.0.1", 0, folder, database), Store.open(database))
    tagger = Tagger(SimpleNamespace(name="tiny", digest="0" * 64), sentence[0])
    monkeypatch.setattr(services.checkpoints, "tagger", lambda info: tagger)
    with gr.Blocks(analytics_enabled=False) as blocks:
        context = Context(services, Texts("zh"), gr.State(Session()))
        send = gr.Button("send", elem_id="send")
        bench = lay_out(context)

        def sent(state: Any) -> dict[Any, Any]:
            return bench.receive(sentence[1], "", state)

        send.click(guard(context, bench.problem)(sent), [bench.state], bench.filled, **QUIET)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {**app.launch_options(services), "auth": None}
    server, _, _ = blocks.launch(server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, **options)
    app.open_doors(server, services)
    yield f"http://127.0.0.1:{port}/"
    blocks.close(verbose=False)
    services.store.close()
    monkeypatch.undo()


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[[], Any]]:
    """Open the page with the sentence on the bench; errors in the page fail the test."""
    with fresh_pages(chromium, []) as fresh:

        def opening(width: int = 1180) -> Any:
            page = fresh(width)
            page.goto(url)
            page.locator("#send").click()
            page.wait_for_selector("#bench-hero .duomo-character")
            return page

        yield opening


def rows(page: Any, count: int) -> list[str]:
    page.wait_for_function("count => document.querySelectorAll('.bench-grid tbody tr').length === count", arg=count)
    return [row.inner_text() for row in page.locator(".bench-grid tbody tr").all()]


def test_a_character_is_pointed_at_changed_and_what_came_of_it_stands_in_the_grid(
    visit: Any, sentence: tuple[Any, Document]
) -> None:
    page, (_, document) = visit(), sentence
    span = document.spans[0]
    assert page.locator("#bench-text textarea").input_value() == document.text
    page.locator(f"#bench-hero [data-at='{span.start}']").click()
    page.wait_for_selector(f".bench-menu[data-at='{span.start}']")
    page.get_by_role("button", name="用 □ 盖住").last.click()
    (row,) = rows(page, 1)
    assert f"盖住：「{document.mention(span)}」→「{'□' * (span.end - span.start)}」" in row
    typed = page.locator(".bench-typed input").first
    typed.fill("<b>${1+1}</b>")
    typed.press("Enter")
    second = rows(page, 2)[1]
    assert "<b>${1+1}</b>" in second and page.locator(".bench-grid b").count() == 0
    page.locator(".bench-drop").first.click()
    assert rows(page, 1) == [second]
    page.get_by_role("button", name="把值得一试的都试一遍").click()
    page.wait_for_function("document.querySelectorAll('.bench-grid tbody tr').length > 5")
    entity = f"「{document.mention(span)}」（{span.label}）"
    assert entity in page.locator(".bench-hinges").inner_text()
    marks = page.locator(".bench-grid td .bench-mark").all_inner_texts()
    words = page.locator(".bench-grid td p").all_inner_texts()
    assert "✓" in marks and any("不变" in said for said in words) and any("没有了" in said or "变了" in said for said in words)
    page.get_by_role("button", name="清空改动").click()
    page.wait_for_selector("#bench-grid .duomo-note")


def test_by_keyboard_a_place_is_walked_to_and_chosen(visit: Any) -> None:
    page = visit()
    page.locator("#bench-hero [data-at='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".bench-menu[data-at='2']")
    assert page.locator("#bench-hero [data-at='2']").get_attribute("aria-pressed") == "true"


def test_an_attribution_comes_with_its_measure_and_leaves_as_a_figure(visit: Any, sentence: tuple[Any, Document]) -> None:
    page, (_, document) = visit(), sentence
    for method, shown in (
        ("integrated_gradients", ".duomo-strip"),
        ("occlusion", ".duomo-strip"),
        ("shapley", ".bench-modalities"),
    ):
        page.locator(f"#bench-why [data-do=explain][data-method={method}]").last.click()
        page.wait_for_selector(f"#bench-why [data-do=explain][data-method={method}][aria-pressed=true]")
        page.wait_for_selector(f"#bench-why .bench-why {shown}")
    assert "无法衡量" in page.locator(".bench-trust").inner_text()
    page.locator("#bench-why [data-do=explain][data-method=integrated_gradients]").last.click()
    page.wait_for_selector("#bench-why .bench-curves svg")
    assert "忠实度" in page.locator(".bench-trust").inner_text() and "相差" in page.locator("#bench-why").inner_text()
    heads = page.locator("#bench-why .duomo-strip thead th").all_inner_texts()
    assert "".join(heads) == document.text
    for item, kind, begins in (("0", "svg", b"<?xml"), ("1", "pdf", b"%PDF"), ("1", "png", b"\x89PNG")):
        with page.expect_download() as download:
            page.locator(f"#bench-why [data-item='{item}'] [data-format={kind}]").click()
        assert Path(download.value.path()).read_bytes().startswith(begins)


def test_on_a_phone_nothing_but_the_grid_and_the_strip_scrolls_sideways(visit: Any) -> None:
    page = visit(390)
    page.get_by_role("button", name="把值得一试的都试一遍").click()
    page.wait_for_selector(".bench-grid")
    page.locator("#bench-why [data-do=explain]").last.click()
    page.wait_for_selector("#bench-why .bench-why")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_is_typed_is_put_on_the_bench_and_what_is_wrong_is_said(visit: Any) -> None:
    page = visit()
    box = page.locator("#bench-text textarea")
    box.fill(" ")
    page.locator("#bench-run").click()
    page.wait_for_selector("#bench-problem .notice")
    box.fill("记者在南京<b>采访")
    page.locator("#bench-run").click()
    page.wait_for_function("document.querySelectorAll('#bench-hero .duomo-character').length === 10")
    assert page.locator("#bench-problem .notice").count() == 0 and page.locator("#bench-hero b").count() == 0
