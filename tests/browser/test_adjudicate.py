"""Adjudicate in a real browser: pick what most say, edit, save gold; the next document comes, and nothing undecided is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.document import Document, Span
from tests.browser.editor_page import focus, press, state_is
from tests.browser.serving import fresh_pages
from workbench.store import Label, Revision, Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TEXT = "😀昨天李小龙从𠮷林回到上海。后来他去了北京大学。"
PER, LOC, CITY, ORG = Span(3, 6, "PER"), Span(7, 9, "LOC"), Span(11, 13, "LOC"), Span(19, 23, "ORG")
SAID = {
    "甲": (PER, LOC, CITY, ORG),
    "乙": (PER, LOC, Span(11, 13, "GPE")),
    "丙": (PER, CITY, Span(19, 21, "LOC")),
}


@pytest.fixture
def ids(store: Store, request: pytest.FixtureRequest) -> tuple[int, ...]:
    """Three documents of three annotators in a project of their own, the last of which they agree on."""
    project = store.projects.create(request.node.name[5:60], overlap=3, nested="flat" not in request.node.name).id
    store.labels.put(project, [Label("PER", key="p"), Label("LOC", key="l"), Label("ORG", key="o"), Label("GPE", key="g")])
    texts = [TEXT, f"二{TEXT}", f"三{TEXT}"]
    made = store.documents.add(project, [Document(text, id=f"d{n}") for n, text in enumerate(texts)]).ids
    for number, document_id in enumerate(made):
        for author, spans in SAID.items():
            moved = [Span(s.start + (number > 0), s.end + (number > 0), s.label) for s in (spans if number < 2 else SAID["甲"])]
            key = f"{document_id}-{author}"
            store.save(texts[number], moved, author=author, labels=[], client_key=key, document_id=document_id)
    store.settings.set("project.", project)
    return made


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open Adjudicate on a fresh page; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening(width: int = 1280) -> Any:
            page = fresh(width)
            page.goto(url)
            page.wait_for_selector("#analyse-hero .duomo-text")
            page.get_by_role("tab", name="项目", exact=True).click()
            page.get_by_role("tab", name="裁定", exact=True).click()
            page.wait_for_selector("#adjudicate-table table.weigh tbody tr[data-state]", state="attached")
            return page

        yield opening


def gold(store: Store, document_id: int) -> Revision | None:
    return store.reading.view(document_id, "").gold


def results(page: Any) -> list[str]:
    return page.locator("#adjudicate-table tr.is-open .weigh-result").all_inner_texts()


def left_is(page: Any, words: str) -> None:
    page.wait_for_function("words => document.querySelector('.weigh-left')?.textContent === words", arg=words)


def shows(page: Any, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('#adjudicate-editor .duomo-surface')?.textContent.includes(text)",
        arg=text,
        timeout=20_000,
    )


def row(page: Any, mention: str) -> Any:
    return page.locator(f"#adjudicate-table tr:has(.weigh-mention:text-is('{mention}'))")


def test_majorities_a_cell_and_an_edit_become_gold_and_the_next_document_comes(
    visit: Callable[..., Any], store: Store, ids: tuple[int, ...]
) -> None:
    page = visit()
    shows(page, "😀昨天")
    left_is(page, "还有 4 处未定")
    assert len(results(page)) == 4
    page.locator("[data-act=majority]").click()
    left_is(page, "✓ 全部已定")
    # 𠮷林 and 上海 by two of three; neither 北京 nor 北京大学 has more than one voice, and nobody has two.
    assert results(page) == ["LOC", "LOC", "—", "—"]
    row(page, "北京大学").locator("td .weigh-cell", has_text="ORG").click()
    assert results(page)[2] == "ORG"
    focus(page)
    # The editor is free: 昨天 becomes a place.
    press(page, "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "l", "Control+s")
    shows(page, "二😀昨天")
    saved = gold(store, ids[0])
    assert saved is not None
    assert [span.key for span in saved.spans] == [(1, 3, "LOC"), PER.key, LOC.key, CITY.key, ORG.key]
    assert len(saved.sources) == 3 and not saved.conflicted
    assert "已存为金标准" in page.locator("#adjudicate-status").inner_text()
    assert gold(store, ids[1]) is None
    page.locator("#adjudicate-status [data-id]").click()
    page.wait_for_function("document.querySelector('#adjudicate-head').textContent.includes('已裁定')")
    assert "5 处标注" in page.locator("#adjudicate-editor").inner_text()


def test_by_keys_alone_and_what_is_open_is_not_saved(visit: Callable[..., Any], store: Store, ids: tuple[int, ...]) -> None:
    page = visit()
    left_is(page, "还有 4 处未定")
    row(page, "𠮷林").locator(".weigh-cell").first.focus()
    press(page, "Control+s")
    page.wait_for_timeout(500)
    assert gold(store, ids[0]) is None
    left_is(page, "还有 4 处未定")
    # What most say; no entity; taken back; a column; and the majority of the rest.
    press(page, "m", "0")
    left_is(page, "还有 2 处未定")
    press(page, "Control+z")
    left_is(page, "还有 3 处未定")
    press(page, "n", "1", "m", "m")
    left_is(page, "✓ 全部已定")
    press(page, "Control+s")
    shows(page, "二😀昨天")
    assert gold(store, ids[0]) is not None
    # The keys go on in the next document.
    page.wait_for_function("document.activeElement.matches('#adjudicate-table .weigh-cell')")


def test_in_a_flat_project_one_of_two_that_overlap_goes(visit: Callable[..., Any], store: Store, ids: tuple[int, ...]) -> None:
    page = visit()
    row(page, "北京").locator("td .weigh-cell", has_text="LOC").click()
    left_is(page, "还有 2 处未定")
    row(page, "北京大学").locator("td .weigh-cell", has_text="ORG").click()
    assert results(page)[2:] == ["ORG", "—"]


def test_names_are_hidden_and_all_of_one_can_be_taken(visit: Callable[..., Any], store: Store, ids: tuple[int, ...]) -> None:
    page = visit(400)
    page.locator("#adjudicate-hidden input").check()
    page.wait_for_function("document.querySelector('#adjudicate-table').textContent.includes('标注员 1')")
    shown = page.locator("#adjudicate-page").inner_html()
    assert not {name for name in SAID if f">{name}<" in shown or f"{name} ·" in shown}
    page.locator("#adjudicate-hidden input").uncheck()
    page.wait_for_function("document.querySelector('#adjudicate-table').textContent.includes('丙')")
    page.locator("#adjudicate-table thead th", has_text="丙").locator(".weigh-all").click()
    left_is(page, "✓ 全部已定")
    page.locator("[data-act=save]").click()
    shows(page, "二😀昨天")
    saved = gold(store, ids[0])
    assert saved is not None and [span.key for span in saved.spans] == [span.key for span in SAID["丙"]]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_gold_that_somebody_saved_meanwhile_is_told_of(visit: Callable[..., Any], store: Store, ids: tuple[int, ...]) -> None:
    store.adjudicate(ids[0], [PER], author="", client_key=f"first-{ids[0]}", sources=[])
    page = visit()
    page.locator("#adjudicate-judged input").check()
    page.locator(f"#adjudicate-queue [data-id='{ids[0]}']").click()
    shows(page, "😀昨天")
    page.wait_for_function("!document.querySelector('#adjudicate-editor .duomo-surface').textContent.includes('二')")
    first = gold(store, ids[0])
    assert first is not None
    store.adjudicate(ids[0], [PER, LOC], author="", client_key=f"second-{ids[0]}", sources=[], base_revision=first.id)
    focus(page)
    press(page, "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "l", "Control+s")
    page.wait_for_selector("#adjudicate-status .notice-warning")
    state_is(page, "saved")
    latest = gold(store, ids[0])
    assert latest is not None and latest.conflicted
    assert [found.layer for found in store.revisions(ids[0])].count("gold") == 3
