"""Pictures beside a text in a real browser: files, the clipboard, order, switched off, what cannot be read, what is seen."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

gr = pytest.importorskip("gradio", reason="gradio is not installed")

from PIL import Image  # noqa: E402

from engine.document import Document, Span  # noqa: E402
from engine.errors import ConfigError  # noqa: E402
from engine.evidence import Correlation, Gates, Heatmap, RegionAttention  # noqa: E402
from engine.layers.seeing import grid_boxes  # noqa: E402
from engine.modalities.picture_text import Line  # noqa: E402
from engine.samples import examples  # noqa: E402
from engine.tagger import Prediction  # noqa: E402
from tests.browser.serving import StandIn, fresh_pages  # noqa: E402
from tests.engine.systems.picturing import drawn  # noqa: E402
from workbench.checkpoints import Checkpoints  # noqa: E402
from workbench.picture_panel import written  # noqa: E402
from workbench.store import Store  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
TEXT = "苹果又上新了"
TAGS = "count => document.querySelectorAll('#analyse-hero .duomo-tag').length === count"
NAMES = "names => [...document.querySelectorAll('.picture-row .picture-toggle')].map((b) => b.title).join() === names"
GRID = grid_boxes(2, 2)
PASTE = """
([url, text]) => fetch(url).then((answer) => answer.blob()).then((blob) => {
  const clipboard = new DataTransfer();
  clipboard.items.add(new File([blob], "image.png", { type: "image/png" }));
  if (text) clipboard.setData("text/plain", text);
  document.querySelector("#analyse-text textarea").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true }));
})
"""


class Looking(StandIn):
    """Stands for a tagger: a company where the first picture is blue, a fruit where it is not, nothing without pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.used = {"text", "image"}
        self.system.looked_at = self.looked_at

    def looked_at(self, document: Document) -> tuple[str, ...]:
        return document.images if "image" in self.used else ()

    def answer(self, document: Document) -> Prediction:
        if not document.images:
            return Prediction(document, (), 0.01)
        with Image.open(document.images[0]) as picture:
            red, _, blue = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        label = "ORG" if blue > red else "FRUIT"
        found = document.with_spans((Span(0, 2, label, 0.5 + 0.1 * len(document.images)),))
        many, length = len(document.images), len(document)
        values = tuple(tuple(tuple(float(at % 4 == place) for place in range(4)) for at in range(length)) for _ in range(many))
        sources = tuple(f"{picture}.0" for picture in range(1, many + 1))
        evidence = (
            RegionAttention("region_attention", (GRID,) * many, values),
            Correlation("correlation", (0.8,) + (-0.7,) * (many - 1)),
            Gates("dynamic_gates", sources, ((0.5,) * many, (0.25,) * many)),
            Heatmap("visual_gate", ("pictures",), ((0.5,) * length,)),
        )
        return Prediction(found, evidence, 0.01)


@pytest.fixture(scope="module")
def tagger() -> Looking:
    return Looking()


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Analyse a text on a fresh page with the place for pictures unfolded; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening(text: str = TEXT, width: int = 1280, unfold: bool = True, **options: Any) -> Any:
            page = fresh(width, **options)
            page.on(
                "request", lambda request: None if request.url.startswith((url, "data:", "blob:")) else wrong.append(request.url)
            )
            page.goto(url)
            page.wait_for_selector("#analyse-hero .duomo-text")
            page.locator("#analyse-text textarea").fill(text)
            page.locator("#analyse-run").click()
            page.wait_for_function("text => document.querySelector('#analyse-hero').textContent.includes(text)", arg=text[4:])
            if unfold:
                page.locator("#picture-source > button").click()
                page.wait_for_selector(".picture-place label")
            return page

        yield opening


def put(page: Any, *files: str | Path) -> None:
    page.locator("#picture-row input[type=file]").set_input_files(list(files))


def address_of(picture: str) -> str:
    return "data:image/png;base64," + base64.b64encode(Path(picture).read_bytes()).decode("ascii")


def label(page: Any, name: str) -> None:
    page.wait_for_selector(f"#analyse-hero .duomo-tag[data-label={name}]", state="attached")


def named(page: Any, *names: str) -> None:
    """Wait until these pictures are in the row, in this order."""
    page.wait_for_function(NAMES, arg=",".join(f"图 {number}：{name}" for number, name in enumerate(names, start=1)))


def narrow(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_pictures_are_kept_and_change_the_answer(visit: Callable[..., Any], tmp_path: Path, folder: Path) -> None:
    page = visit()
    assert page.locator("#analyse-hero .duomo-tag").count() == 0
    put(page, drawn(tmp_path, "blue"), drawn(tmp_path, "red"))
    label(page, "ORG")
    named(page, "blue-0.png", "red-0.png")
    assert "图片：2 / 2" in page.locator("#picture-source").inner_text()
    assert "图片：2 张，用了 2 张" in page.locator("#analyse-pictures").inner_text()
    assert len(list((folder / "pictures").glob("*.jpg"))) >= 2
    assert page.locator("#analyse-text textarea").input_value() == TEXT
    assert "新增" in (page.locator("#analyse-picture-changes .duomo-sign-mark").first.get_attribute("aria-label") or "")


def test_a_picture_is_switched_off_and_on_and_the_change_is_marked(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit()
    put(page, drawn(tmp_path, "blue"), drawn(tmp_path, "red"))
    label(page, "ORG")
    page.locator(".picture-toggle").first.click()
    label(page, "FRUIT")
    assert page.locator(".picture-toggle").first.get_attribute("aria-pressed") == "false"
    changes = page.locator("#analyse-picture-changes")
    assert (
        "换了图片" in changes.inner_text() and changes.locator(".is-added").count() == changes.locator(".is-removed").count() == 1
    )
    assert page.locator("#analyse-picture-figure .duomo-looked figure").count() == 1
    assert "图 2 · red-0.png" in page.locator("#analyse-picture-figure figcaption").first.inner_text()
    page.locator(".picture-toggle").first.click()
    label(page, "ORG")
    page.locator("[data-every=none]").click()
    page.wait_for_function(TAGS, arg=0)
    page.locator("[data-every=all]").click()
    label(page, "ORG")
    page.locator("[data-do=remove]").first.click()
    named(page, "red-0.png")
    label(page, "FRUIT")
    page.locator("[data-every=clear]").click()
    page.wait_for_function(TAGS, arg=0)
    assert page.locator("#analyse-pictures section").count() == 0


def test_pictures_change_places_by_keyboard_by_button_and_by_mouse(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit()
    put(page, *(drawn(tmp_path, shape) for shape in ("blue", "red", "green")))
    named(page, "blue-0.png", "red-0.png", "green-0.png")
    page.locator(".picture-toggle").first.focus()
    page.keyboard.press("ArrowRight")
    named(page, "red-0.png", "blue-0.png", "green-0.png")
    label(page, "FRUIT")
    page.wait_for_function("document.activeElement.title === '图 2：blue-0.png'")
    page.keyboard.press("ArrowRight")
    named(page, "red-0.png", "green-0.png", "blue-0.png")
    page.locator(".picture-row li:nth-child(3) [data-do=earlier]").click()
    named(page, "red-0.png", "blue-0.png", "green-0.png")
    page.locator(".picture-row li:nth-child(2)").drag_to(
        page.locator(".picture-row li:nth-child(1)"), target_position={"x": 10, "y": 50}
    )
    named(page, "blue-0.png", "red-0.png", "green-0.png")
    label(page, "ORG")


def test_a_picture_is_pasted_unless_there_is_text_to_paste(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit()
    address = address_of(drawn(tmp_path, "blue"))
    page.evaluate(PASTE, [address, "字"])
    page.evaluate(PASTE, [address, ""])
    label(page, "ORG")
    named(page, "image.png")


def test_what_is_pasted_while_the_place_is_folded_up_unfolds_it(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit(unfold=False)
    page.evaluate(PASTE, [address_of(drawn(tmp_path, "blue")), ""])
    label(page, "ORG")
    named(page, "image.png")
    page.locator("#picture-source > button").click()
    page.wait_for_selector(".picture-place", state="hidden")
    page.evaluate(PASTE, [address_of(drawn(tmp_path, "red")), ""])
    named(page, "image.png", "image.png")
    assert page.locator(".picture-row").is_visible()


def test_a_picture_is_dropped(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit()
    address = address_of(drawn(tmp_path, "blue"))
    held = page.evaluate_handle(
        """url => fetch(url).then((answer) => answer.blob()).then((blob) => {
          const held = new DataTransfer(); held.items.add(new File([blob], "蓝.png", { type: "image/png" })); return held; })""",
        address,
    )
    page.dispatch_event(".picture-place", "drop", {"dataTransfer": held})
    label(page, "ORG")
    named(page, "蓝.png")


def test_what_is_no_picture_is_named_and_the_others_are_taken(visit: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_text("<html>404</html>", encoding="utf-8")
    hostile = tmp_path / "a'b${1+1}.png"
    hostile.write_bytes(Path(drawn(tmp_path, "blue")).read_bytes())
    page = visit(width=400)
    put(page, tmp_path / "page.jpg", hostile, drawn(tmp_path, "blue"))
    label(page, "ORG")
    named(page, "a'b${1+1}.png")
    said = page.locator("#picture-problem").inner_text()
    assert "page.jpg 是网页（HTML），不是读得出的图片；请另存网页上的图片" in said
    assert "gradio" not in said and "blue-0.png 已经在里面了" in said
    assert narrow(page)
    put(page, tmp_path / "page.jpg")
    page.wait_for_function("!document.querySelector('#picture-problem').textContent.includes('已经')")
    assert page.locator(".picture-row li").count() == 1 and page.locator("#analyse-hero .duomo-tag").count() == 1


def test_the_nineteenth_picture_is_refused_by_name(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit(width=400)
    for number in range(19):
        Image.new("RGB", (40, 40), (10 * number, 40, 200)).save(tmp_path / f"p{number:02}.png")
    put(page, *(tmp_path / f"p{number:02}.png" for number in range(19)))
    page.wait_for_function("document.querySelectorAll('.picture-row li').length === 18")
    page.wait_for_selector("#picture-problem .notice")
    said = page.locator("#picture-problem").inner_text()
    assert "18" in said and "p18.png" in said and "p17.png" not in said
    assert narrow(page)


def test_pictures_without_a_text_wait_for_it_and_go_with_an_example(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit()
    page.locator("#analyse-text textarea").fill("")
    put(page, drawn(tmp_path, "blue"))
    page.wait_for_selector("#picture-problem .notice")
    assert "写下文本" in page.locator("#picture-problem").inner_text()
    page.locator("#analyse-text textarea").fill(TEXT)
    page.locator("#analyse-run").click()
    label(page, "ORG")
    page.locator("button.example").nth(1).click()
    page.wait_for_selector(".picture-row li", state="detached")


def test_characters_and_regions_say_where_they_look_without_a_mouse(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit()
    put(page, drawn(tmp_path, "blue"))
    label(page, "ORG")
    told = page.locator(".duomo-told")
    page.locator(".duomo-ask-sign").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.duomo-told').textContent.startsWith('“果”')")
    assert "图 1 的第 1 行第 2 列，100.0%" in told.inner_text()
    shares = "[...document.querySelectorAll('.duomo-region')].map((one) => Number(one.style.getPropertyValue('--share')))"
    assert page.evaluate(shares) == [0, 1, 0, 0]
    page.locator(".duomo-region").first.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "document.querySelector('.duomo-told').textContent.startsWith('图 1 的第 2 行第 1 列：看它最多的字是“又”')"
    )
    page.locator("#analyse-hero [data-at='3']").click()
    page.wait_for_function("document.querySelector('.duomo-told').textContent.startsWith('“上”')")
    page.locator("#analyse-table tr[data-start]").click()
    page.wait_for_function("document.querySelector('.duomo-told').textContent.startsWith('“苹果”')")
    assert page.evaluate(shares) == [1, 1, 0, 0]
    page.locator(".duomo-region").nth(3).hover()
    page.wait_for_function("document.querySelector('.duomo-told').textContent.includes('“上”')")
    page.mouse.move(0, 0)
    page.wait_for_function("document.querySelector('.duomo-told').textContent.startsWith('“苹果”')")


def test_correlation_and_gates_stand_beside_the_pictures(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit(width=400, color_scheme="dark")
    put(page, drawn(tmp_path, "blue"), drawn(tmp_path, "red"))
    label(page, "ORG")
    said = page.locator(".duomo-correlation").inner_text()
    assert "相关 +0.80" in said and "无关 −0.70" in said
    assert page.locator(".duomo-picture-gates table").count() == 2
    assert "视觉门" in page.locator("#analyse-evidence").inner_text() and narrow(page)


def test_a_model_that_does_not_look_says_so(
    visit: Callable[..., Any], tmp_path: Path, tagger: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagger, "used", {"text"})
    page = visit()
    put(page, drawn(tmp_path, "blue"))
    page.wait_for_selector("#analyse-pictures .pictured")
    said = page.locator("#analyse-pictures").inner_text()
    assert "不看图片" in said and "图片：1 张，用了 0 张" in said
    assert page.locator(".duomo-regions").count() == 0


def test_a_model_that_looks_is_offered_in_place_of_one_that_does_not(
    visit: Callable[..., Any], tmp_path: Path, tagger: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagger, "used", {"text"})
    monkeypatch.setattr(Checkpoints, "looking", lambda self: [info for info in self.all() if info.name == "zh-news-small"])
    page = visit()
    put(page, drawn(tmp_path, "blue"))
    page.wait_for_selector("[data-use]")
    monkeypatch.setattr(tagger, "used", {"text", "image"})
    page.locator("[data-use]").click()
    page.wait_for_selector(".duomo-regions")
    assert page.locator("#analyse-checkpoint input").input_value() == "zh-news-small"
    assert "用了 1 张" in page.locator("#analyse-pictures").inner_text()


def test_the_text_in_a_picture_is_read_and_added_behind_what_was_typed(
    visit: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "can_read_text", lambda: True)
    lines = {True: (Line("南京市<b>${1+1}", (0, 0, 1, 0.5), 0.98), Line("长江大桥", (0, 0.5, 1, 1), 0.9)), False: ()}
    typed, told = "𠮷野家😀在\u0301这", "document.querySelectorAll('.picture-written li').length === 2"
    monkeypatch.setattr(written, "read_text", lambda path: lines[Path(path).stem == key])
    page = visit(width=400)
    put(page, drawn(tmp_path, "blue"))
    label(page, "ORG")
    key = page.locator(".picture-row li").get_attribute("data-key")
    put(page, drawn(tmp_path, "red"))
    page.wait_for_function("document.querySelectorAll('.picture-row li').length === 2")
    page.locator("#analyse-text textarea").fill(typed)
    page.locator("[data-read]").click()
    page.wait_for_function(told)
    said = page.locator(".picture-written").inner_text()
    assert "南京市<b>${1+1}" in said and "98%" in said and "没有找到文字" in said and narrow(page)
    assert page.locator("[data-read]").count() == 0 and page.locator("#analyse-text textarea").input_value() == typed
    page.locator(".picture-lines [data-add]").nth(1).click()
    page.wait_for_function("document.querySelector('#analyse-hero').textContent.includes('长江大桥')")
    assert page.locator("#analyse-text textarea").input_value() == f"{typed}\n长江大桥"
    page.locator(".picture-lines .is-every").click()
    page.wait_for_function("document.querySelector('#analyse-hero').textContent.includes('南京市<b>${1+1}')")
    assert page.locator("#analyse-text textarea").input_value() == f"{typed}\n长江大桥\n南京市<b>${{1+1}}\n长江大桥"


@pytest.mark.parametrize("text", ["", "王芳", "王芳\n", "𠮷野家😀👨‍👩‍👧", "e\u0301\u200b字", "１２３\u3000"])
def test_lines_that_are_added_move_no_character(visit: Callable[..., Any], text: str) -> None:
    page = visit(unfold=False)
    grown = page.evaluate("([text, lines]) => duomoPictures.appended(text, lines)", [text, ["南京市", "大桥😀"]])
    spans = [(start, end) for start in range(len(text)) for end in range(start + 1, len(text) + 1)]
    assert [grown[start:end] for start, end in spans] == [text[start:end] for start, end in spans]
    assert grown.removeprefix(text).removeprefix("\n") == "南京市\n大桥😀"


def test_a_reader_that_does_not_load_is_said_to_and_nothing_is_lost(
    visit: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(path: str) -> None:
        raise ConfigError("rapidocr cannot be loaded; pip install rapidocr")

    monkeypatch.setattr(written, "can_read_text", lambda: True)
    monkeypatch.setattr(written, "read_text", missing)
    page = visit()
    put(page, drawn(tmp_path, "blue"))
    label(page, "ORG")
    page.locator("[data-read]").click()
    page.wait_for_selector("#picture-problem .notice")
    assert "pip install rapidocr" in page.locator("#picture-problem").inner_text()
    page.wait_for_selector("[data-read]:not([disabled])")
    assert page.locator(".picture-row li").count() == 1 and page.locator("#analyse-hero .duomo-tag").count() == 1


def test_an_example_puts_its_pictures_in_and_another_takes_them_away(
    visit: Callable[..., Any], tagger: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checkpoints, "looking", lambda self: [info for info in self.all() if info.name == "zh-news-small"])
    number = next(number for number, example in enumerate(examples()) if example.pictures)
    page = visit(unfold=False)
    page.locator("button.example").nth(number).click()
    page.wait_for_selector(".duomo-regions")
    assert page.locator("#analyse-text textarea").input_value() == examples()[number].text
    assert page.locator("#analyse-checkpoint input").input_value() == "zh-news-small"
    assert "图片：2 / 2" in page.locator("#picture-source").inner_text()
    named(page, "宝塔", "手机")  # their place is unfolded
    page.locator(".picture-toggle").nth(1).click()
    page.wait_for_function("document.querySelectorAll('#analyse-picture-figure .duomo-looked figure').length === 1")
    page.locator("button.example").first.click()
    page.wait_for_selector(".picture-row li", state="detached")


def test_a_correction_keeps_the_pictures_and_annotate_shows_them(visit: Callable[..., Any], tmp_path: Path, folder: Path) -> None:
    text = "苹果今天又上新了"
    page = visit(text=text)
    put(page, drawn(tmp_path, "blue"), drawn(tmp_path, "red"))
    named(page, "blue-0.png", "red-0.png")
    label(page, "ORG")
    page.wait_for_function("document.querySelectorAll('#analyse-picture-figure .duomo-looked figure').length === 2")
    keys = [item.get_attribute("data-key") for item in page.locator(".picture-row li").all()]
    page.locator("#analyse-correct").click()
    page.wait_for_function("document.querySelectorAll('.duomo-beside details').length === 2")
    page.locator(".duomo-surface").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#annotate-status .facts-line")
    store = Store.open(f"sqlite:///{(folder / 'duomo.db').as_posix()}")
    assert store.find(text).latest.pictures == tuple(f"{key}.jpg" for key in keys)
    store.close()
    page = visit(width=400, unfold=False)
    page.get_by_role("tab").nth(1).click()
    page.locator(".document", has_text=text).click()
    page.locator(".duomo-beside summary").first.click()
    assert page.locator(".duomo-beside details > img").first.bounding_box()["width"] > 150 and narrow(page)
    (folder / "pictures" / f"{keys[1]}.jpg").rename(tmp_path / "away.jpg")
    page.locator(".document", has_text=text).click()
    page.wait_for_selector(".duomo-beside .is-gone")
    assert "文件不在了" in page.locator(".duomo-beside").inner_text()
    (tmp_path / "away.jpg").rename(folder / "pictures" / f"{keys[1]}.jpg")


def test_what_is_seen_is_saved_as_a_figure(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit(accept_downloads=True)
    put(page, drawn(tmp_path, "blue"), drawn(tmp_path, "red"))
    label(page, "ORG")
    page.wait_for_function("document.querySelectorAll('#analyse-picture-figure .duomo-looked figure').length === 2")
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF-"}

    def saved(panel: str, kind: str) -> bytes:
        with page.expect_download() as download:
            page.locator(f"#analyse-picture-figure {panel} button[data-format={kind}]").click()
        name = {".duomo-regions": "region-attention", ".duomo-correlation": "correlation"}.get(panel, "dynamic-gates")
        assert download.value.suggested_filename == f"duomo-{name}.{kind}"
        content = Path(download.value.path()).read_bytes()
        assert content.startswith(begins[kind])
        return content

    every = saved(".duomo-regions", "png")
    page.locator(".duomo-ask-sign").first.click()
    page.wait_for_function("document.querySelector('.duomo-told').textContent.startsWith('“苹”')")
    assert saved(".duomo-regions", "png") != every
    saved(".duomo-correlation", "svg")
    saved(".duomo-picture-gates", "pdf")
    page.wait_for_function("!document.querySelector('[data-format][aria-busy]')")
