"""The Documents page in a real browser: found, opened, compared, brought back, binned and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.document import Document, Span
from tests.browser.serving import fresh_pages
from workbench.store import Measure, Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TEXT = "昨天张伟在北京大学😀见到李娜"
PER, ORG, LOC = Span(2, 4, "PER"), Span(5, 9, "ORG"), Span(5, 7, "LOC")


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open the Documents page; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening() -> Any:
            page = fresh(1280)
            page.goto(url)
            page.wait_for_selector("#analyse-hero .duomo-text")
            page.get_by_role("tab", name="项目", exact=True).click()
            page.get_by_role("tab", name="文档", exact=True).click()
            page.wait_for_selector("#documents-found .found, #documents-found .empty")
            return page

        yield opening


def filled(store: Store, name: str) -> tuple[int, list[int]]:
    """Make a project with 53 documents, one of them annotated three times, and work in it."""
    project = store.projects.create(name).id
    documents = [Document(TEXT if not n else f"第{n}篇：天气晴。", id=f"{name}-{n}") for n in range(53)]
    ids = list(store.documents.add(project, documents).ids)
    said: dict[str, Any] = {"author": "", "labels": ["PER"], "document_id": ids[0], "checkpoint": "m", "prediction": (PER, ORG)}
    first = store.save(TEXT, (PER, ORG), client_key=f"{name}1", **said)
    there = [Measure("cross_modality_attention.glyph", (5, 9), 0.8, 0.4)]
    store.save(TEXT, (PER, LOC), client_key=f"{name}2", base_revision=first.id, measures=there, **said)
    store.settings.set("project.", project)
    return project, ids


def holds(page: Any, selector: str, text: str) -> None:
    """Wait until a part of the page holds some words."""
    page.wait_for_function("([s, t]) => document.querySelector(s)?.textContent.includes(t)", arg=[selector, text])


def test_a_document_is_found_compared_brought_back_and_opened(visit: Callable[..., Any], store: Store) -> None:
    _, ids = filled(store, "历史")
    page = visit()
    holds(page, ".found-count", "共 53 篇")
    page.get_by_role("button", name="下一页").click()
    holds(page, ".found-count", "第 51–53 篇")
    page.locator("#documents-text input, #documents-text textarea").first.fill("北京大学")
    holds(page, ".found-count", "共 1 篇")
    assert page.locator(".found-text mark").inner_text() == "北京大学"
    page.locator(".found-open").click()
    holds(page, ".paper-version", "第 2 版")
    assert page.locator(".paper .duomo-tag").all_inner_texts() == ["PER", "LOC"]
    changes = page.locator(".step.is-version").first.locator("details.diff")
    changes.locator("summary").click()
    lines = [" ".join(line.split()) for line in changes.locator("li").all_inner_texts()]
    assert sorted(line[:8] for line in lines) == ["+ 新增 LOC", "− 删去 ORG"]
    page.get_by_role("button", name="看这一版").click()
    holds(page, ".paper-version", "第 1 版")
    assert page.locator(".paper .duomo-tag").all_inner_texts() == ["PER", "ORG"]
    page.get_by_role("button", name="恢复这一版").click()
    holds(page, ".notices .notice-success", "第 3 版")
    assert [revision.spans for revision in store.revisions(ids[0])] == [(PER, ORG), (PER, LOC), (PER, ORG)]
    page.get_by_role("button", name="去标注").click()
    page.wait_for_function("() => document.querySelector('.duomo-surface')?.textContent.includes('昨天')")
    assert page.get_by_role("tab", name="标注", exact=True).get_attribute("aria-selected") == "true"
    assert page.locator("#annotate-recent [aria-current]").get_attribute("data-id") == str(ids[0])
    page.get_by_role("tab", name="项目", exact=True).click()
    holds(page, ".found-count", "共 1 篇")
    holds(page, ".paper-version", "第 3 版")


def test_documents_are_found_by_evidence_and_whether_the_model_was_right(visit: Callable[..., Any], store: Store) -> None:
    filled(store, "依据")
    page = visit()
    page.locator("#documents-more > button").click()
    page.locator("#documents-at_least input").fill("10")
    holds(page, ".found-count", "共 1 篇")
    page.locator("#documents-clear").click()
    holds(page, ".found-count", "共 53 篇")
    page.locator("#documents-measure input").click()
    page.get_by_role("option", name="跨模态注意力：字形").click()
    holds(page, ".found-count", "共 1 篇")
    page.locator("#documents-wrong input").click()
    page.get_by_role("option", name="判断对").click()
    page.wait_for_selector("#documents-found .empty")
    page.locator("#documents-wrong input").click()
    page.get_by_role("option", name="判断错").click()
    holds(page, ".found-count", "共 1 篇")
    page.locator("#documents-value input").fill("0.9")
    page.wait_for_selector("#documents-found .empty")
    page.locator("#documents-clear").click()
    holds(page, ".found-count", "共 53 篇")


def test_documents_go_into_the_bin_and_come_back(visit: Callable[..., Any], store: Store) -> None:
    project, ids = filled(store, "回收")
    page = visit()
    holds(page, ".found-count", "共 53 篇")
    page.locator(f"[data-pick='{ids[0]}']").check()
    page.locator(f"[data-pick='{ids[52]}']").check()
    page.locator("[data-do=bin][data-picked]").click()
    holds(page, ".found-count", "共 51 篇")
    assert {document.id for document in store.documents.deleted(project)} == {ids[0], ids[52]}
    page.locator("#documents-place").get_by_text("回收站").click()
    holds(page, ".found-count", "共 2 篇")
    page.locator("[data-pick=all]").check()
    page.locator("[data-do=unbin][data-picked]").click()
    page.wait_for_selector("#documents-found .empty")
    assert store.documents.deleted(project) == [] and len(store.revisions(ids[0])) == 2
