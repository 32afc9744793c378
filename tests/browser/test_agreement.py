"""Overview and Agreement in a real browser: what is measured is shown and saved, and a document of the list is adjudicated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.document import Document, Span
from tests.browser.serving import fresh_pages
from workbench.store import Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TEXT = "😀昨天李小龙从𠮷林回到上海"
PER, LOC = Span(3, 6, "PER"), Span(7, 9, "LOC")


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a page of Projects in a fresh profile; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening(tab: str, width: int = 1280) -> Any:
            page = fresh(width)
            page.goto(url)
            page.wait_for_selector("#analyse-hero .duomo-text")
            page.get_by_role("tab", name="项目", exact=True).click()
            page.get_by_role("tab", name=tab, exact=True).click()
            return page

        yield opening


def annotated(store: Store, name: str) -> tuple[int, ...]:
    """Make three documents of two annotators, who differ on the second, in the project that is worked in."""
    project = store.projects.create(name, overlap=2).id
    ids = store.documents.add(project, [Document(f"{TEXT}{n}", id=f"d{n}") for n in range(3)]).ids
    for number, document_id in enumerate(ids):
        for author in "甲乙":
            spans = [LOC] if (number, author) == (1, "乙") else [PER, LOC]
            key = f"{document_id}-{author}"
            text = store.document(document_id).text
            store.save(text, spans, author=author, labels=[], client_key=key, document_id=document_id, seconds=9.0)
    store.settings.set("project.", project)
    return ids


def test_an_empty_project_says_what_to_do_first_and_leads_there(visit: Callable[..., Any], store: Store) -> None:
    store.settings.set("project.", store.projects.create("空").id)
    page = visit("概览", 400)
    page.locator("#overview-board [data-page=labels]").click()
    page.wait_for_selector("#project-pages [role=tab][aria-selected=true]:has-text('标签与规范')", state="attached")


def test_agreement_is_measured_saved_and_leads_to_adjudication(visit: Callable[..., Any], store: Store, tmp_path: Path) -> None:
    ids = annotated(store, "一致")
    page = visit("一致性")
    page.locator("#agreement-measure").click()
    page.wait_for_selector("#agreement-result .agree-figure")
    assert page.locator("#agreement-result .agree-figure").inner_text().startswith("0.")
    with page.expect_download() as download:
        page.locator(".is-pairs [data-format=csv]").click()
    download.value.save_as(tmp_path / "pairs.csv")
    assert "甲" in (tmp_path / "pairs.csv").read_text("utf-8-sig") or "乙" in (tmp_path / "pairs.csv").read_text("utf-8-sig")
    for kind, begins in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        with page.expect_download() as download:
            page.locator(f".is-confusion [data-format={kind}]").click()
        download.value.save_as(tmp_path / f"confusion.{kind}")
        assert (tmp_path / f"confusion.{kind}").read_bytes().startswith(begins)
    page.locator(f"#agreement-lowest [data-id='{ids[1]}']").click()
    page.wait_for_function("document.querySelector('#adjudicate-head')?.textContent.includes('d1')")
    page.wait_for_selector("#adjudicate-table tr[data-state=open]")
    page.get_by_role("tab", name="概览", exact=True).click()
    page.wait_for_function("document.querySelector('#overview-board').textContent.includes('95% [')")
    board = page.locator("#overview-board").inner_text()
    assert "3 篇文档" in board and "还不能比较" in board
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_figures_of_a_narrow_page_scroll_by_themselves(visit: Callable[..., Any], store: Store) -> None:
    annotated(store, "窄")
    page = visit("一致性", 400)
    page.locator("#agreement-measure").click()
    page.wait_for_selector("#agreement-result .agree-figure")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_cell_of_the_confusion_leads_to_its_documents_and_back_to_all(visit: Callable[..., Any], store: Store) -> None:
    ids = annotated(store, "分歧")
    listed = "[...document.querySelectorAll('#adjudicate-queue [data-id]')].map(found => Number(found.dataset.id)).join()"
    page = visit("一致性")
    page.locator("#agreement-measure").click()
    page.locator(".is-confusion [data-one=PER][data-other='—']").first.click()
    page.wait_for_selector("#adjudicate-narrowed .weigh-narrowed")
    assert "一人标“PER”，另一人标“未标”（1 篇）" in page.locator("#adjudicate-narrowed").inner_text()
    page.wait_for_function(f"{listed} === '{ids[1]}'")
    page.wait_for_selector("#adjudicate-table tr[data-state=open]")
    page.locator("#adjudicate-narrowed [data-do=widen]").click()
    page.wait_for_function(f"{listed}.split(',').length === 3")
    assert page.locator("#adjudicate-narrowed .weigh-narrowed").count() == 0
    # The row of a label leads there too, also where the document has gold by now.
    store.adjudicate(ids[1], [PER, LOC], author="", client_key=f"gold-{ids[1]}", sources=[])
    page.get_by_role("tab", name="一致性", exact=True).click()
    page.locator("#agreement-measure").click()
    page.locator(".is-labels [data-one=PER]").click()
    page.wait_for_function("document.querySelector('#adjudicate-narrowed')?.textContent.includes('另一人不同（1 篇）')")
    page.wait_for_function(f"{listed} === '{ids[1]}'")
