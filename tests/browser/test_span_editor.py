"""The span editor in a real browser: what the server receives is what a person marked, to the code point."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.editor_page import FAMILY, HARD, Server, box_of, drag, focus, mentions, press, ready, state_is
from workbench import theme

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_the_keyboard_marks_whole_graphemes(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(HARD)
    page = open_page()
    focus(page)
    wanted = []
    # 甲, 😀, 乙, the family, 丙, 𠮷, 野, 家, 丁, é, f: each is one step of the arrow.
    for grapheme, digit, label in (
        ("甲", "1", "PER"),
        ("😀", "2", "LOC"),
        ("乙", "3", "ORG"),
        (FAMILY, "1", "PER"),
        ("丙", "2", "LOC"),
    ):
        press(page, "Shift+ArrowRight", digit)
        wanted.append((grapheme, label))
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "3")
    wanted.append(("𠮷野家", "ORG"))
    press(page, "ArrowRight", "Shift+ArrowRight", "1")
    wanted.append(("e\u0301", "PER"))
    press(page, "Control+s")
    saved = server.wait_saved()[0]
    assert saved["text"] == HARD
    assert saved["key"] == "document"
    assert mentions(saved) == wanted
    state_is(page, "saved")


def test_the_keyboard_crosses_line_breaks_as_one_character(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(HARD)
    page = open_page()
    focus(page)
    press(page, "End", "ArrowRight", "Shift+End", "2", "Control+End")
    press(page, "ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "1", "Enter")
    saved = server.wait_saved()[0]
    assert mentions(saved) == [("第二行：张伟", "LOC"), ("张伟", "PER")]
    assert saved["text"] == HARD


def test_a_selection_over_a_line_break_takes_both_its_characters(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("上\r\n下")
    page = open_page()
    focus(page)
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "1", "Control+s")
    assert server.wait_saved()[0]["spans"][0] | {"predicted": False} == {"start": 0, "end": 4, "label": "PER", "predicted": False}


def test_dragging_marks_what_is_under_the_mouse(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(HARD)
    page = open_page()
    start = HARD.encode("utf-16-le").index("𠮷".encode("utf-16-le")) // 2
    drag(page, start, start + 4)
    press(page, "3")
    drag(page, 1, 3)
    press(page, "1")
    family = HARD.encode("utf-16-le").index(FAMILY.encode("utf-16-le")) // 2
    drag(page, family, family + 8)
    page.locator('.duomo-chip[data-label="LOC"]').click()
    page.locator(".duomo-save").click()
    saved = server.wait_saved()[0]
    assert mentions(saved) == [("😀", "PER"), (FAMILY, "LOC"), ("𠮷野家", "ORG")]


def test_a_click_selects_a_span_to_change_or_delete(server: Server, open_page: Callable[..., Any]) -> None:
    spans = [
        {"start": 0, "end": 4, "label": "ORG", "score": 0.9, "predicted": True},
        {"start": 0, "end": 2, "label": "LOC", "score": 0.8, "predicted": True},
        {"start": 6, "end": 8, "label": "PER", "score": 0.7, "predicted": True},
    ]
    server.show("北京大学校长郝平致辞", spans)
    page = open_page()
    box = box_of(page, 1, 2)
    page.mouse.click(box["left"] + 8, box["middle"])
    assert page.locator(".duomo-tag.is-selected").inner_text() == "LOC 80%"
    page.mouse.click(box["left"] + 8, box["middle"])
    assert page.locator(".duomo-tag.is-selected").inner_text() == "ORG 90%"
    press(page, "1")
    page.locator(".duomo-tag", has_text="PER 70%").click()
    press(page, "Delete", "Control+Enter")
    saved = server.wait_saved()[0]
    assert mentions(saved) == [("北京大学", "PER"), ("北京", "LOC")]
    # What was only accepted keeps the model's confidence; what was corrected has none.
    assert ["score" in span for span in saved["spans"]] == [False, True]


def test_labelling_the_very_stretch_of_a_span_corrects_it(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("小米在武汉", [{"start": 0, "end": 2, "label": "PER", "score": 0.9, "predicted": True}])
    page = open_page()
    focus(page)
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "3", "Control+s")
    assert mentions(server.wait_saved()[0]) == [("小米", "ORG")]


def test_what_was_accepted_and_saved_is_no_proposal_any_more(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("小米在武汉", [{"start": 3, "end": 5, "label": "LOC", "score": 0.9, "predicted": True}])
    page = open_page()
    focus(page)
    assert page.locator(".duomo-tag").all_inner_texts() == ["LOC 90%"]
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "3", "Control+Enter")
    server.wait_saved()
    page.wait_for_function("() => [...document.querySelectorAll('.duomo-tag')].map((tag) => tag.innerText).join() === 'ORG,LOC'")


def test_nested_and_overlapping_spans_have_their_own_lines(server: Server, open_page: Callable[..., Any]) -> None:
    spans = [
        {"start": start, "end": end, "label": label, "predicted": False}
        for start, end, label in ((0, 7, "LOC"), (0, 2, "LOC"), (1, 3, "PER"))
    ]
    server.show("南京市长江大桥", spans)
    page = open_page()
    tops = page.locator(".duomo-tag").evaluate_all("tags => tags.map(tag => tag.getBoundingClientRect().top)")
    assert len(tops) == 3
    assert len({round(top) for top in tops}) == 3
    assert sorted(page.locator(".duomo-tag").all_inner_texts()) == ["LOC", "LOC", "PER"]
    images = page.locator(".duomo-seg").nth(1).evaluate("element => getComputedStyle(element).backgroundImage")
    assert images.count("gradient(") == 6


def test_undo_and_redo(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京")
    page = open_page()
    focus(page)
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "1", "ArrowRight", "Shift+End", "2")
    tags = page.locator(".duomo-tag")
    assert tags.all_inner_texts() == ["PER", "LOC"]
    press(page, "Control+z")
    assert tags.all_inner_texts() == ["PER"]
    press(page, "Control+z")
    assert tags.all_inner_texts() == []
    press(page, "Control+y", "Control+Shift+Z")
    assert tags.all_inner_texts() == ["PER", "LOC"]


def test_jumping_and_leaving_by_keyboard(server: Server, open_page: Callable[..., Any]) -> None:
    spans = [
        {"start": 0, "end": 2, "label": "PER", "predicted": False},
        {"start": 3, "end": 5, "label": "LOC", "predicted": False},
    ]
    server.show("张伟在北京", spans)
    page = open_page()
    focus(page)
    press(page, "]")
    assert page.locator(".duomo-tag.is-selected").inner_text() == "PER"
    press(page, "]")
    assert page.locator(".duomo-tag.is-selected").inner_text() == "LOC"
    press(page, "[")
    assert page.locator(".duomo-tag.is-selected").inner_text() == "PER"
    press(page, "Escape")
    assert page.locator(".duomo-tag.is-selected").count() == 0
    press(page, "Escape")
    assert not page.evaluate("document.activeElement.classList.contains('duomo-surface')")
    page.locator(".duomo-surface").focus()
    press(page, "Tab")
    assert not page.evaluate("document.activeElement.classList.contains('duomo-surface')")


def test_a_composing_input_method_is_left_alone(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟")
    page = open_page()
    focus(page)
    press(page, "Shift+ArrowRight")
    page.evaluate(
        "document.querySelector('.duomo-surface')"
        ".dispatchEvent(new KeyboardEvent('keydown', {key: '1', isComposing: true, bubbles: true}))"
    )
    assert page.locator(".duomo-tag").count() == 0


def test_markup_and_templates_show_as_written(server: Server, open_page: Callable[..., Any]) -> None:
    text = "${1+1} {{value}} `x` <img src=x onerror=window.broken=1> <script>window.broken=1</script> &amp;"
    server.show(text)
    label = {"name": "<b>${2+2}</b>", "key": "9", "color": "red;background:url(x)"}
    server.value["labels"] = [*server.value["labels"], label]
    page = open_page()
    focus(page)
    press(page, "Shift+End", "9")
    shown = page.evaluate(
        "[...document.querySelectorAll('.duomo-line')].map(line => { const copy = line.cloneNode(true);"
        " copy.querySelectorAll('.duomo-tag').forEach(tag => tag.remove()); return copy.textContent; }).join('\\n')"
    )
    assert shown == text
    assert page.locator(".duomo-tag").all_inner_texts() == ["<b>${2+2}</b>"]
    assert page.evaluate("window.broken === undefined")
    assert page.locator(".duomo-line img, .duomo-line script, .duomo-editor b").count() == 0


def test_touch_drags_sideways_to_select(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京")
    page = open_page(has_touch=True)
    box = box_of(page, 3, 5)
    session = page.context.new_cdp_session(page)
    for kind, x in (
        ("touchStart", box["left"] + 2),
        ("touchMove", box["left"] + 30),
        ("touchMove", box["right"] - 2),
        ("touchEnd", None),
    ):
        points = [] if x is None else [{"x": x, "y": box["middle"]}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    # To the browser a finger lifted while it moves is a fling, and a tap that comes at once only stops the fling.
    page.wait_for_timeout(500)
    page.locator('.duomo-chip[data-label="LOC"]').tap()
    press(page, "Control+s")
    assert mentions(server.wait_saved()[0]) == [("北京", "LOC")]


def test_selection_is_told_in_code_points(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("😀张伟")
    page = open_page()
    focus(page)
    press(page, "ArrowRight", "Shift+End")
    until = time.monotonic() + 10
    while {"start": 1, "end": 3} not in server.selected and time.monotonic() < until:
        page.wait_for_timeout(50)
    assert {"start": 1, "end": 3} in server.selected


@pytest.mark.parametrize("newlines", [True, False])
def test_a_long_document_stays_responsive(server: Server, open_page: Callable[..., Any], newlines: bool, tmp_path: Path) -> None:
    sentence = "张伟和李娜在北京大学见面，谈到了长江😀的水。"
    text = (sentence + ("\n" if newlines else "")) * (20_000 // len(sentence))
    spans = [{"start": at, "end": at + 2, "label": "PER", "predicted": False} for at in range(0, len(text) - 30, 40)]
    server.show(text, spans)
    page = open_page()
    focus(page)
    times = page.evaluate(
        """async () => {
            const surface = document.querySelector('.duomo-surface');
            const send = (key, shiftKey) => surface.dispatchEvent(new KeyboardEvent('keydown', {key, shiftKey, bubbles: true}));
            const taken = {};
            for (let round = 0; round < 5; round += 1) {
                for (const [key, shift] of [['ArrowRight', false], ['ArrowRight', true], ['2', false], ['Delete', false]]) {
                    const began = performance.now();
                    send(key, shift);
                    document.body.getBoundingClientRect();
                    const name = (shift ? 'Shift+' : '') + key;
                    (taken[name] = taken[name] || []).push(Math.round((performance.now() - began) * 10) / 10);
                }
            }
            return taken;
        }"""
    )
    (tmp_path / "milliseconds.txt").write_text(str(times), encoding="utf-8")
    print("milliseconds for each action:", times)
    assert page.locator(".duomo-tag").count() == len(spans)
    press(page, "Control+End", "Shift+ArrowLeft", "Shift+ArrowLeft", "3", "Control+s")
    saved = server.wait_saved()[0]
    assert saved["text"] == text
    assert mentions(saved)[-1] == (text[-2:], "ORG")


def test_chinese_is_drawn_with_our_own_font(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("北京齄𠮷")
    page = open_page()
    family = theme.FONT_FAMILY
    page.wait_for_function(f"document.fonts.size > 0 && document.fonts.check('20px \"{family}\"', '北京齄𠮷')")
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": ".duomo-line span"})["nodeId"]
    fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    assert all(font["isCustomFont"] for font in fonts), fonts


def test_nothing_is_fetched_from_elsewhere(server: Server, chromium: Any) -> None:
    server.show("张伟在北京")
    context = chromium.new_context()
    page = context.new_page()
    elsewhere: list[str] = []
    page.on(
        "request", lambda asked: None if asked.url.startswith((server.url, "data:", "blob:")) else elsewhere.append(asked.url)
    )
    page.goto(server.url)
    ready(page)
    context.close()
    assert elsewhere == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(server: Server, open_page: Callable[..., Any], width: int) -> None:
    server.show(HARD * 3, [{"start": at, "end": at + 1, "label": "ORG", "score": 0.99, "predicted": True} for at in range(0, 12)])
    page = open_page()
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
