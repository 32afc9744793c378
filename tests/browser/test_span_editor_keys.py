"""The editor's keys in a real browser: the sheet says what they do, input methods are left alone, words, queue, fingers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.editor_page import FAMILY, Server, box_of, focus, mentions, press, ready
from workbench.span_editor import TEXT_KEYS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]

NASTY = [
    f"😀{FAMILY}𠮷野家🇨🇳e\u0301\r\nأهلا بك 张伟\r\n\u1100\u1161\u11a8",
    "a\u0300\u0301𠀀👍🏽\n\n\r\nשלום北京\u200d\ufeff\u3000。",
    "\U0002f800\ufe00葛\U000e0100城市\tx\u202eabc\u202c",
]
PIECES = ["张", "北京", "𠮷", "😀", FAMILY, "👍🏽", "🇨🇳", "e\u0301", "\r\n", "\n", "א", "ب", "\u3000", "a", "葛\U000e0100"]


def graphemes(page: Any, text: str) -> list[str]:
    """Return what the browser takes for one character each."""
    return page.evaluate(
        "text => [...new Intl.Segmenter('zh', {granularity: 'grapheme'}).segment(text)].map(s => s.segment)", text
    )


def show_again(server: Server, page: Any, text: str, spans: list[dict[str, Any]] | None = None) -> None:
    server.show(text, spans)
    page.evaluate("localStorage.clear()")
    page.reload()
    ready(page)
    focus(page)


def marks_come_back(server: Server, page: Any, text: str, lengths: list[int]) -> None:
    """Walk through a text, in turn passing and marking so many characters."""
    show_again(server, page, text)
    parts = graphemes(page, text)
    wanted, at = [], 0
    for number, length in enumerate(lengths):
        taken = parts[at : at + length]
        if not taken:
            break
        press(page, *["Shift+ArrowRight" if number % 2 else "ArrowRight"] * len(taken))
        if number % 2:
            press(page, "1")
            start = len("".join(parts[:at]))
            wanted.append((start, start + len("".join(taken))))
        at += length
    press(page, "Control+s")
    saved = server.wait_saved()[0]
    assert [(span["start"], span["end"]) for span in saved["spans"]] == wanted
    assert saved["text"] == text


@pytest.mark.parametrize("text", NASTY)
def test_each_grapheme_of_a_nasty_text_comes_back_at_its_code_points(
    server: Server, open_page: Callable[..., Any], text: str
) -> None:
    server.show(text)
    page = open_page()
    parts = graphemes(page, text)
    focus(page)
    for number in range(len(parts)):
        press(page, "Shift+ArrowRight", "123"[number % 3])
    press(page, "Control+s")
    assert [mention for mention, _ in mentions(server.wait_saved()[0])] == parts


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_marked_comes_back_at_its_code_points(server: Server, open_page: Callable[..., Any], seed: int) -> None:
    generator = random.Random(seed)
    text = "".join(generator.choices(PIECES, k=24))
    lengths = [generator.randint(1, 3) for _ in range(12)]
    server.show(text)
    marks_come_back(server, open_page(), text, lengths)


def test_the_sheet_of_keys_lists_every_key_that_does_something(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京")
    server.value["labels"] = [*server.value["labels"], {"name": "AGE", "key": "a", "color": "#0072B2"}]
    page = open_page()
    focus(page)
    press(page, "?")
    sheet = page.locator("dialog.duomo-keysheet")
    assert sheet.is_visible()
    keys = sheet.locator("[data-row]").evaluate_all(
        "rows => Object.fromEntries(rows.map(row =>"
        " [row.dataset.row, [...row.querySelectorAll('kbd')].map(key => key.textContent)]))"
    )
    assert keys["label"] == ["1", "2", "3", "A"]
    # The user's own key goes before ours, and the sheet does not promise what would not happen.
    assert "accept" not in keys
    assert keys["reject"] == ["X"]
    assert set(sheet.locator("dd").all_inner_texts()) <= set(TEXT_KEYS.values())
    press(page, "Escape")
    assert not sheet.is_visible()
    assert page.evaluate("document.activeElement.classList.contains('duomo-surface')")
    press(page, "Shift+ArrowRight", "a")
    assert page.locator(".duomo-tag").all_inner_texts() == ["AGE"]


def test_composition_never_reaches_a_command(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京", [{"start": 0, "end": 2, "label": "PER", "score": 0.9, "predicted": True}])
    page = open_page()
    focus(page)
    press(page, "]")
    page.evaluate(
        """() => {
            const surface = document.querySelector('.duomo-surface');
            const key = (key, more) => surface.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, ...more}));
            for (const each of ['1', '3', 'a', 'x', 'Enter', 'Delete']) key(each, {isComposing: true});
            for (const each of ['2', 'a', 'Process', 'Backspace']) key(each, {keyCode: 229});
            surface.dispatchEvent(new CompositionEvent('compositionstart', {bubbles: true}));
            for (const each of ['2', 'x', 'Enter', 'Escape']) key(each, {});
            surface.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true, data: '京'}));
        }"""
    )
    assert page.locator(".duomo-tag.is-selected").inner_text() == "PER 90%"
    assert server.saved == []
    press(page, "2")
    assert page.locator(".duomo-tag").all_inner_texts() == ["LOC"]


def test_full_width_signs_of_an_input_method_are_the_same_keys(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟", [{"start": 0, "end": 2, "label": "PER", "predicted": False}])
    page = open_page()
    focus(page)
    page.evaluate(
        "document.querySelector('.duomo-surface').dispatchEvent(new KeyboardEvent('keydown', {key: '】', bubbles: true}))"
    )
    assert page.locator(".duomo-tag.is-selected").count() == 1


def test_borders_of_words_are_where_selections_snap(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("😀南京市长江大桥")
    server.value["boundaries"] = [0, 1, 4, 6, 8]
    page = open_page()
    focus(page)
    press(page, "ArrowRight", "c", "2")
    press(page, "Control+Shift+ArrowRight", "Control+Shift+ArrowRight", "1")
    page.mouse.dblclick(box_of(page, 5, 6)["left"] + 4, box_of(page, 5, 6)["middle"])
    press(page, "3", "Control+s")
    assert mentions(server.wait_saved()[0]) == [("南京市", "LOC"), ("长江大桥", "PER"), ("长江", "ORG")]
    press(page, "b")
    assert page.locator(".duomo-ticks i").count() == 3


def test_a_queue_has_keys_and_buttons_and_one_document_has_none(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京")
    page = open_page()
    assert not page.locator(".duomo-steps").is_visible()
    server.value["navigation"] = {"position": 1, "total": 2}
    page.reload()
    ready(page)
    focus(page)
    press(page, "k", "j", "s", "f")
    server.wait_steps(3)
    assert [name for name, _ in server.steps] == ["next", "skip", "flagged"]
    assert server.steps[-1][1] == {"key": "document", "unsaved": False, "flagged": True}
    assert page.locator('[data-command="flag"]').get_attribute("aria-pressed") == "true"
    assert page.locator('[data-command="previous"]').is_disabled()


def test_a_finger_takes_a_word_and_moves_its_ends(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京大学")
    server.value["boundaries"] = [0, 2, 3, 5, 7]
    page = open_page(has_touch=True)
    page.set_viewport_size({"width": 400, "height": 800})
    session = page.context.new_cdp_session(page)

    def touch(kind: str, x: float = 0, y: float = 0) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    box = box_of(page, 3, 5)
    touch("touchStart", box["left"] + 8, box["middle"])
    page.wait_for_selector(".duomo-handle.is-end:visible")
    touch("touchEnd")
    handle = page.locator(".duomo-handle.is-end").bounding_box()
    x, y = handle["x"] + 24, handle["y"] + 10
    wide = box_of(page, 5, 7)["right"] - box_of(page, 5, 7)["left"]
    touch("touchStart", x, y)
    touch("touchMove", x + wide / 2, y)
    touch("touchMove", x + wide - 8, y)
    touch("touchEnd")
    page.wait_for_timeout(400)
    chip = page.locator('.duomo-chip[data-label="ORG"]')
    seen = chip.bounding_box()
    assert seen["x"] >= 0 and seen["x"] + seen["width"] <= 400 and seen["height"] >= 40
    chip.tap()
    page.locator(".duomo-save").tap()
    assert mentions(server.wait_saved()[0]) == [("北京大学", "ORG")]
