"""Accounts in a real browser: the first admin, signing in, admitting, dealing, signing out, and what an annotator cannot do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.document import Document
from tests.browser.serving import PASSWORD, Silent, fresh_pages, served, sign_in
from workbench.store import FIRST, Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# The browser itself tells of a session that has ended, and Gradio of the answer that it did not get.
TOLD = ("status of 401", "Response", "Connection errored out", "status of 400")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return the store behind the page, with some documents."""
    opened = Store.open(f"sqlite:///{(tmp_path / 'duomo.db').as_posix()}")
    opened.documents.add(FIRST, [Document(f"第{n}篇：上海。", id=f"d{n}") for n in range(6)])
    yield opened
    opened.close()


@pytest.fixture
def url(tmp_path: Path, chromium: Any, monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[str]:
    with served(tmp_path, Silent(), monkeypatch) as address:
        yield address


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a fresh page; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening() -> Any:
            page = fresh(1280, locale="zh-CN")
            page.goto(url)
            return page

        yield opening
        wrong[:] = [line for line in wrong if not any(told in line for told in TOLD)]


def open_people(page: Any) -> None:
    """Open the page."""
    page.get_by_role("tab", name="项目", exact=True).click()
    page.get_by_role("tab", name="人员").click()


def choose(page: Any, part: str, option: str) -> None:
    """Choose in a dropdown."""
    page.locator(f"{part} input").click()
    page.get_by_role("option", name=option).click()


def said(page: Any, text: str) -> None:
    """Wait until something is said."""
    page.wait_for_selector(f".notice:has-text('{text}')")


def add(page: Any, name: str, shown: str = "") -> None:
    """Make an account."""
    page.locator("#people-name").locator("input, textarea").fill(name)
    page.locator("#people-shown").locator("input, textarea").fill(shown)
    page.locator("#people-secret input").fill(PASSWORD)
    page.locator("#people-add").click()


def test_from_nobody_to_a_team(visit: Callable[..., Any], store: Store) -> None:
    page, other = visit(), visit()
    other.wait_for_selector("#analyse-hero .duomo-text")
    open_people(page)
    page.wait_for_selector(".people-nobody")
    assert page.locator(".signed").count() == 0
    add(page, "wang", "王老师")
    # Who looked on without signing in is asked too, at the next click.
    sign_in(page, "wang", "wrong password")
    page.wait_for_selector(".creds")
    sign_in(page, "wang")
    page.wait_for_selector(".signed-name:has-text('王老师')")
    other.get_by_role("tab", name="训练").click()
    other.wait_for_selector("input[type=password]")

    open_people(page)
    page.wait_for_selector("#people-table [data-name=wang]")
    add(page, "li", "李娜")
    said(page, "建立了账户 li，角色：标注员")
    page.wait_for_selector("#people-table [data-name=li]")
    choose(page, "#people-person", "李娜 · li")
    page.locator("#people-admit").click()
    said(page, "李娜现在是项目")
    page.wait_for_selector("#people-workers [data-name=li]")
    page.wait_for_selector("#people-preview:has-text('将分出 6 份：李娜 6 篇')")
    page.locator("#people-which > button").click()
    page.locator("#people-at_least input").fill("99")
    page.wait_for_selector("#people-preview:has-text('没有符合条件')")
    assert page.locator("#people-deal").is_disabled()
    page.locator("#people-at_least input").fill("")
    page.locator("#people-text").locator("input, textarea").fill("第3篇")
    page.wait_for_selector("#people-preview:has-text('符合条件的文档有 1 篇。将分出 1 份：李娜 1 篇')")
    page.locator("#people-deal").click()
    said(page, "分出了 1 份")
    page.wait_for_selector("#people-preview:has-text('将分出 5 份：李娜 5 篇')")
    page.locator("#people-deal").click()
    said(page, "分出了 5 份")
    page.wait_for_selector("#people-preview:has-text('没有要分的')")
    assert [(found.account, found.given) for found in store.assignments.progress(FIRST)] == [("li", 6)]
    assert {event.account for event in store.events.list(FIRST, kinds=["given", "member"])} == {"wang"}

    page.get_by_role("link", name="退出登录").click()
    sign_in(page, "li")
    page.wait_for_selector(".signed-name:has-text('李娜')")
    open_people(page)
    page.wait_for_selector("#people-members table")
    assert page.locator("#people-members tbody tr").count() == 1
    for hidden in ("#people-accounts", "#people-dealing", "#people-admit", "#project-create"):
        assert not page.locator(hidden).is_visible(), hidden
    page.get_by_role("tab", name="训练").click()
    page.locator("#retrain-keep, #retrain-start").first.wait_for()


@pytest.mark.slow
def test_who_is_disabled_is_signed_out_and_a_new_password_is_asked_for(visit: Callable[..., Any], store: Store) -> None:
    store.accounts.create("wang", PASSWORD, "admin")
    store.accounts.create("li", PASSWORD)
    store.projects.admit(FIRST, "li")
    hers, his = visit(), visit()
    sign_in(hers, "li")
    hers.locator("[data-own-password]").click()
    hers.locator("#people-own-old input").fill(PASSWORD)
    for field in ("new", "again"):
        hers.locator(f"#people-own-{field} input").fill("another horse")
    hers.locator("#people-own-change").click()
    said(hers, "密码已修改")
    sign_in(his, "wang")
    his.wait_for_selector(".signed-name")
    open_people(his)
    his.locator("#people-table [data-name=li]").click()
    his.wait_for_function("document.querySelector('#people-account input').value === 'li'")
    his.locator("#people-disable").click()
    said(his, "li 已停用")
    hers.get_by_role("tab", name="训练").click()
    hers.wait_for_selector(".auth")
    sign_in(hers, "li", "another horse")
    hers.wait_for_selector(".creds")
    his.locator("#people-disable").click()
    said(his, "li 又可以登录了")
    sign_in(hers, "li", "another horse")
    hers.wait_for_selector(".signed-name:has-text('li')")
