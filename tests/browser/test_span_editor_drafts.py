"""The span editor's drafts in a real browser: nothing a person marked is lost between the page and the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.editor_page import HARD, Server, focus, mentions, press, ready, state_is
from workbench.span_editor import TEXT_KEYS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_draft_survives_a_reload(server: Server, open_page: Callable[..., Any]) -> None:
    server.show(HARD)
    page = open_page()
    focus(page)
    press(page, "ArrowRight", "Shift+ArrowRight", "1")
    state_is(page, "draft")
    page.reload()
    ready(page)
    state_is(page, "restored")
    assert page.locator(".duomo-tag").all_inner_texts() == ["PER"]
    assert TEXT_KEYS["editor.state.restored"] in page.locator(".duomo-state").inner_text()
    page.locator(".duomo-save").click()
    assert mentions(server.wait_saved()[0]) == [("😀", "PER")]
    state_is(page, "saved")
    assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('duomo.draft.')).length") == 0


def test_an_unacknowledged_save_is_kept_and_sent_again(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京")
    server.acknowledging = False
    page = open_page()
    focus(page)
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "1", "Control+s")
    first = server.wait_saved()[0]
    state_is(page, "offline")
    assert page.evaluate("localStorage.getItem('duomo.draft.document') !== null")
    page.reload()
    ready(page)
    assert page.locator(".duomo-tag").all_inner_texts() == ["PER"]
    seen = len(server.saved)
    server.acknowledging = True
    again = server.wait_saved(seen + 1)[-1]
    assert again["client_key"] == first["client_key"]
    assert again["spans"] == first["spans"]
    state_is(page, "saved")
    assert page.evaluate("localStorage.getItem('duomo.draft.document')") is None


def test_edits_after_a_save_stay_a_draft(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京")
    server.acknowledging = False
    page = open_page()
    focus(page)
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "1", "Control+s")
    server.wait_saved()
    press(page, "ArrowRight", "Shift+End", "2")
    server.acknowledging = True
    page.wait_for_function("JSON.parse(localStorage.getItem('duomo.draft.document')).sent === null", timeout=20_000)
    state_is(page, "draft")
    assert page.locator(".duomo-tag").all_inner_texts() == ["PER", "LOC"]


def test_the_network_coming_back_sends_at_once(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京")
    page = open_page()
    focus(page)
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "1")
    page.context.set_offline(True)
    press(page, "Control+s")
    state_is(page, "offline")
    assert server.saved == []
    page.context.set_offline(False)
    assert mentions(server.wait_saved()[0]) == [("张伟", "PER")]
    state_is(page, "saved")


def test_another_document_leaves_the_first_ones_draft(server: Server, open_page: Callable[..., Any]) -> None:
    server.show("张伟在北京", key="one")
    page = open_page()
    focus(page)
    press(page, "Shift+ArrowRight", "1")
    server.show("李娜在上海", key="two")
    page.reload()
    ready(page)
    assert page.locator(".duomo-tag").count() == 0
    server.show("张伟在北京", key="one")
    page.reload()
    ready(page)
    assert page.locator(".duomo-tag").all_inner_texts() == ["PER"]
