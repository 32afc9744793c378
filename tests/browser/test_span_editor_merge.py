"""Two people on one document in a real browser: the second sees the first, and neither is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.editor_page import Server, focus, mentions, press, state_is

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TEXT = "😀张伟在北京大学见李娜"


def own(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label, "predicted": False}


def show_two(server: Server) -> None:
    server.show(TEXT, [own(1, 3, "PER"), own(4, 8, "ORG"), own(9, 11, "LOC")])
    theirs = [own(1, 3, "PER"), own(4, 6, "LOC"), own(9, 11, "PER")]
    server.value |= {"revision": 4, "other": {"author": "赵敏", "spans": theirs, "revision": 5}}


def test_each_difference_is_decided_and_the_save_begins_from_theirs(server: Server, open_page: Callable[..., Any]) -> None:
    show_two(server)
    page = open_page()
    focus(page)
    press(page, "g")
    rows = page.locator(".duomo-merge td").all_inner_texts()
    assert [" ".join(row.split()) for row in rows] == ["北京大学 ORG", "北京 LOC", "李娜 LOC", "李娜 PER"]
    assert page.locator(".duomo-tag.is-ghost").count() == 2
    press(page, "Enter")
    assert server.saved == []
    # Types and other commands would change what is being compared.
    press(page, "1", "a", "Delete", "Space", "ArrowRight")
    assert page.locator(".duomo-tag.is-ghost").count() == 0
    press(page, "Enter")
    saved = server.wait_saved()[0]
    assert mentions(saved) == [("张伟", "PER"), ("北京大学", "ORG"), ("北京", "LOC"), ("李娜", "PER")]
    assert saved["base_revision"] == 5
    state_is(page, "saved")
    assert not page.locator(".duomo-drawer").is_visible()


def test_a_choice_can_be_undone_and_the_comparison_left_for_later(server: Server, open_page: Callable[..., Any]) -> None:
    show_two(server)
    page = open_page()
    focus(page)
    press(page, "g", "ArrowRight")
    assert page.locator('.duomo-side[aria-pressed="true"]').count() == 1
    press(page, "Control+z")
    assert page.locator('.duomo-side[aria-pressed="true"]').count() == 0
    press(page, "Escape", "Control+s")
    # An open comparison is asked about again rather than saved half decided.
    assert server.saved == [] and page.locator(".duomo-merge").is_visible()
    press(page, "Escape", "]", "1", "g")
    # What I changed meanwhile to what they say is no difference any more.
    rows = page.locator(".duomo-merge td").all_inner_texts()
    assert [" ".join(row.split()) for row in rows] == ["北京大学 ORG", "北京 LOC"]


def test_the_revision_that_a_draft_began_from_goes_along(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(TEXT)
    server.value["revision"] = 3
    page = open_page()
    focus(page)
    press(page, "ArrowRight", "Shift+ArrowRight", "1")
    state_is(page, "draft")
    # Somebody else saves meanwhile; the page is loaded again and the draft is still begun from 3.
    server.value["revision"] = 4
    page.reload()
    state_is(page, "restored")
    focus(page)
    press(page, "Control+s")
    assert server.wait_saved()[0]["base_revision"] == 3


def test_who_else_is_here_is_said(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(TEXT)
    server.value["others"] = [{"author": "<b>李娜</b>", "state": "open"}, {"author": "赵敏", "state": "saved"}]
    page = open_page()
    said = page.locator('.duomo-offer[data-offer="others"]').inner_text()
    assert "<b>李娜</b>" in said and "赵敏" in said


def test_what_was_saved_over_theirs_and_then_merged_goes_on_from_the_later(server: Server, open_page: Callable[..., Any]) -> None:
    show_two(server)
    # Mine was kept beside theirs, and is the later one: of both together nothing is outdated.
    server.value["revision"] = 6
    page = open_page()
    focus(page)
    press(page, "g", "ArrowRight", "ArrowRight", "Enter")
    assert server.wait_saved()[0]["base_revision"] == 6
