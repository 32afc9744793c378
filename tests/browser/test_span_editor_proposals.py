"""Proposals, the same name elsewhere, evidence and notes in a real browser: what a model says stays a proposal until accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.editor_page import Server, focus, mentions, press, ready, state_is

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TEXT = "张伟在北京大学，张伟和李娜😀说北京。张伟走了"


def proposal(mention: str, label: str, score: float, **more: Any) -> dict[str, Any]:
    start = TEXT.index(mention)
    return {"start": start, "end": start + len(mention), "label": label, "score": score, "predicted": True, **more}


def tags(page: Any) -> list[str]:
    return page.locator(".duomo-tag").all_inner_texts()


def strokes(page: Any) -> list[bool]:
    """Tell of each marked stretch whether its underline is broken."""
    images = page.locator(".duomo-seg").evaluate_all("all => all.map(each => each.style.backgroundImage)")
    return ["repeating" in image for image in images]


def test_one_key_accepts_and_goes_on_and_another_rejects(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(TEXT, [proposal("张伟", "PER", 0.98), proposal("北京大学", "ORG", 0.61), proposal("李娜", "PER", 0.9)])
    page = open_page()
    focus(page)
    assert strokes(page) == [True, True, True]
    press(page, "a")
    assert page.locator(".duomo-tag.is-selected").inner_text() == "PER 98%"
    press(page, "a")
    assert page.locator(".duomo-tag.is-selected").inner_text() == "ORG 61%"
    press(page, "x")
    assert tags(page) == ["PER", "PER 90%"]
    assert strokes(page) == [False, True]
    press(page, "Control+z")
    assert tags(page) == ["PER", "ORG 61%", "PER 90%"]
    press(page, "Control+s")
    saved = server.wait_saved()[0]
    assert mentions(saved) == [("张伟", "PER")]
    assert [TEXT[each["start"] : each["end"]] for each in saved["proposals"]] == ["北京大学", "李娜"]
    state_is(page, "saved")
    # What nobody confirmed is still there, as a proposal, and the page says so.
    assert tags(page) == ["PER", "ORG 61%", "PER 90%"]
    assert "2" in page.locator(".duomo-state").inner_text()


def test_all_above_a_confidence_are_accepted_at_once(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(TEXT, [proposal("张伟", "PER", 0.98), proposal("北京大学", "ORG", 0.61), proposal("李娜", "PER", 0.8)])
    page = open_page()
    focus(page)
    accept = page.locator(".duomo-proposals button")
    assert "2" in accept.inner_text()
    press(page, ".", ".")
    assert "1" in accept.inner_text()
    press(page, ",", ",", "Shift+A")
    assert tags(page) == ["PER", "ORG 61%", "PER"]
    press(page, "Control+z")
    assert tags(page) == ["PER 98%", "ORG 61%", "PER 80%"]
    page.locator(".duomo-proposals input").fill("60")
    accept.click()
    assert tags(page) == ["PER", "ORG", "PER"]
    assert not page.locator(".duomo-proposals").is_visible()


def test_all_is_accepted_and_saved_only_where_that_is_asked(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(TEXT, [proposal("张伟", "PER", 0.98), proposal("李娜", "PER", 0.8)])
    page = open_page()
    focus(page)
    assert page.locator(".duomo-save-all").is_visible()
    press(page, "Control+Enter")
    saved = server.wait_saved()[0]
    assert mentions(saved) == [("张伟", "PER"), ("李娜", "PER")]
    assert saved["proposals"] == []
    assert [span["score"] for span in saved["spans"]] == [0.98, 0.8]
    state_is(page, "saved")
    assert not page.locator(".duomo-save-all").is_visible()


def test_the_same_name_is_marked_elsewhere_after_a_preview(server: Server, open_page: Callable[..., Any]) -> None:
    taken = TEXT.rindex("张伟")
    server.show(TEXT, [proposal("张伟", "PER", 0.9), {"start": taken - 1, "end": taken + 2, "label": "ORG", "predicted": False}])
    page = open_page()
    focus(page)
    press(page, "]", "m")
    assert page.locator(".duomo-tag.is-ghost").all_inner_texts() == ["+ PER"]
    assert "1" in page.locator('.duomo-offer[data-offer="same"]').inner_text()
    press(page, "Escape")
    assert page.locator(".duomo-tag.is-ghost").count() == 0
    assert tags(page) == ["PER 90%", "ORG"]
    press(page, "m", "Enter")
    assert tags(page) == ["PER", "PER", "ORG"]
    press(page, "Control+z")
    assert tags(page) == ["PER 90%", "ORG"]
    press(page, "Control+y", "Control+s")
    assert mentions(server.wait_saved()[0]) == [("张伟", "PER"), ("张伟", "PER"), ("。张伟", "ORG")]


def test_alternatives_are_chosen_by_number_and_told_with_the_save(server: Server, open_page: Callable[..., Any]) -> None:
    start = TEXT.index("北京大学")
    other = [{"start": start, "end": start + 2, "label": "LOC"}]
    choices = [{"label": "LOC", "score": 0.3}, {"spans": other, "score": 0.1}, {"spans": [], "score": 0.05}]
    spans = [proposal("北京大学", "ORG", 0.6, alternatives=choices, evidence={"weights": "<b class='w'>0.7</b>"})]
    server.show(TEXT, spans)
    server.value["evidence"] = {"class_attention": {"title": "Attention", "html": "<i>all</i>"}}
    page = open_page()
    focus(page)
    press(page, "d")
    panel = page.locator(".duomo-drawer")
    assert panel.locator(".duomo-alternative").count() == 3
    assert panel.locator("b.w").inner_text() == "0.7"
    press(page, "2")
    assert tags(page) == ["LOC"]
    press(page, "Escape")
    assert not panel.is_visible()
    # With the panel closed a number is a type's key again.
    press(page, "3", "Control+s")
    saved = server.wait_saved()[0]
    assert mentions(saved) == [("北京", "ORG")]
    (looked,) = [each for each in saved["evidence"] if each["end"] - each["start"] == 4]
    assert (looked["label"], looked["score"], looked["chosen"]) == ("ORG", 0.6, 1)
    assert looked["shown"] == ["weights", "class_attention"]
    assert looked["alternatives"] == choices


def test_notes_are_kept_in_the_draft_and_sent(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(TEXT, [proposal("李娜", "PER", 0.9) | {"predicted": False}])
    page = open_page()
    focus(page)
    press(page, "]", "n")
    page.keyboard.type("是不是 1 号？")
    press(page, "Escape", "Shift+N")
    page.keyboard.type("断句存疑")
    page.reload()
    ready(page)
    state_is(page, "restored")
    assert tags(page) == ["PER ✎"]
    assert "断句存疑" in page.locator(".duomo-note-line").inner_text()
    focus(page)
    press(page, "Control+s")
    saved = server.wait_saved()[0]
    start = TEXT.index("李娜")
    noted = {"start": start, "end": start + 2, "label": "PER", "note": "是不是 1 号？"}
    assert saved["notes"] == {"document": "断句存疑", "spans": [noted]}
    assert "note" not in saved["spans"][0]


def test_a_note_is_undone_at_one_go(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(TEXT)
    page = open_page()
    focus(page)
    press(page, "n")
    page.keyboard.type("abc")
    press(page, "Escape", "Control+z")
    assert json.loads(page.evaluate("localStorage.getItem('duomo.draft.document')"))["note"] == ""
