"""Annotate in a real browser: what is undecided is kept and not learned from, notes stay, and of two people nobody loses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.document import Document, Span
from engine.tagger import Prediction
from tests.browser.editor_page import focus, press, state_is
from tests.browser.serving import StandIn, fresh_pages
from workbench.store import Label, Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TEXT = "😀张伟在北京大学见李娜"
SPANS = (Span(1, 3, "PER", 0.9), Span(4, 8, "ORG", 0.6), Span(9, 11, "PER", 0.8))


class Proposing(StandIn):
    """Stands for a tagger that always finds the same three."""

    def answer(self, document: Document) -> Prediction:
        return Prediction(document.with_spans(SPANS if document.text.endswith(TEXT) else ()), (), 0.01)


@pytest.fixture(scope="module")
def tagger() -> Proposing:
    return Proposing()


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a fresh page; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening() -> Any:
            page = fresh(1280)
            page.goto(url)
            page.wait_for_selector("#analyse-hero .duomo-text")
            return page

        yield opening


def carry(page: Any, text: str) -> None:
    """Analyse a text and bring it to Annotate."""
    page.locator("#analyse-text textarea").fill(text)
    page.locator("#analyse-run").click()
    page.wait_for_function("text => document.querySelector('#analyse-hero').textContent.includes(text)", arg=text[:2])
    page.locator("#analyse-correct").click()
    page.wait_for_function("text => document.querySelector('.duomo-surface')?.textContent.includes(text)", arg=text[:2])
    focus(page)


def reopen(page: Any, text: str) -> None:
    """Open a saved document from the list."""
    page.get_by_role("tab", name="标注").click()
    page.locator(f"#annotate-recent .document:has-text('{text}')").first.click()
    page.wait_for_function("text => document.querySelector('.duomo-surface')?.textContent.includes(text)", arg=text[:2])
    focus(page)


def tags(page: Any) -> list[str]:
    """Return what stands beside the spans: a proposal with its percentage, an annotation without."""
    return sorted(page.locator("#annotate-editor .duomo-tag").all_inner_texts())


def test_what_is_undecided_is_kept_and_not_learned_from(visit: Callable[..., Any], store: Store) -> None:
    text = "一" + TEXT
    spans = [(span.start + 1, span.end + 1, span.label) for span in SPANS]
    page = visit()
    Proposing.answer, before = lambda self, document: Prediction(document.with_spans(_moved(1)), (), 0.01), Proposing.answer
    carry(page, text)
    Proposing.answer = before
    press(page, "a", "a", "Control+s")
    state_is(page, "saved")
    kept = store.find(text)
    assert kept is not None and kept.latest is not None
    assert [(span.start, span.end, span.label, span.score) for span in kept.latest.spans] == [(*spans[0], 0.9)]
    assert [(span.start, span.end, span.label) for span in kept.latest.proposals] == spans[1:]
    assert text not in {document.text for document in store.corrections()}
    again = visit()
    reopen(again, "一😀张")
    assert tags(again) == ["ORG 60%", "PER", "PER 80%"]
    press(again, "Control+Enter")
    state_is(again, "saved")
    (learned,) = [document for document in store.corrections() if document.text == text]
    assert sorted((span.start, span.end, span.label) for span in learned.spans) == spans


def _moved(by: int) -> tuple[Span, ...]:
    return tuple(Span(span.start + by, span.end + by, span.label, span.score) for span in SPANS)


def test_a_note_is_kept_shown_again_and_closed_when_it_is_taken_away(visit: Callable[..., Any], store: Store) -> None:
    page = visit()
    carry(page, TEXT)
    press(page, "Control+Enter")
    state_is(page, "saved")
    press(page, "n")
    page.locator(".duomo-notes textarea").fill("李娜是谁？")
    press(page, "Escape", "Control+s")
    state_is(page, "saved")
    document = store.find(TEXT)
    assert document is not None
    assert [(note.text, note.extent, note.closed) for note in store.notes.of(document.id)] == [("李娜是谁？", None, False)]
    again = visit()
    reopen(again, "😀张伟")
    assert "李娜是谁？" in again.locator("#annotate-editor").inner_text()
    press(again, "n")
    again.locator(".duomo-notes textarea").fill("")
    press(again, "Escape", "Control+s")
    state_is(again, "saved")
    assert [note.closed for note in store.notes.of(document.id)] == [True]


def test_of_two_people_on_one_document_the_second_is_shown_what_the_first_saved(visit: Callable[..., Any], store: Store) -> None:
    hers, his = visit(), visit()
    for page in (hers, his):
        carry(page, TEXT)
    press(hers, "Control+Enter")
    state_is(hers, "saved")
    press(his, "a", "a", "x", "Control+Enter")
    his.wait_for_selector("#annotate-status .notice")
    document = store.find(TEXT)
    assert document is not None
    first, second = store.revisions(document.id)[-2:]
    assert len(first.spans) == 3 and len(second.spans) == 2 and second.conflicted and not first.conflicted
    focus(his)
    press(his, "g")
    assert "北京大学 ORG" in " ".join(his.locator(".duomo-merge").inner_text().split())


def queued(store: Store, name: str, count: int = 3, **choices: Any) -> list[int]:
    """Make a project with documents, and work in it."""
    project = store.projects.create(name, **choices).id
    store.settings.set("project.", project)
    return list(store.documents.add(project, [Document(f"{name}第{n}句张伟", id=f"d{n}") for n in range(count)]).ids)


def shows(page: Any, text: str) -> None:
    """Wait for a text in the editor."""
    page.wait_for_function("text => document.querySelector('.duomo-surface')?.textContent.includes(text)", arg=text)


def test_a_queue_is_worked_off_by_keys(visit: Callable[..., Any], store: Store) -> None:
    ids = queued(store, "队列")
    page = visit()
    page.get_by_role("tab", name="标注").click()
    page.locator("#annotate-take").click()
    shows(page, "第0句")
    focus(page)
    assert page.locator(".duomo-position").inner_text() == "第 1 篇，共 3 篇"
    # J comes before the answer to the save: it waits for it.
    press(page, "Control+s", "j")
    shows(page, "第1句")
    assert store.assignments.of(ids[0])[0].finished is not None
    focus(page)
    press(page, "f")
    page.wait_for_selector('[data-command="flag"][aria-pressed="true"]')
    press(page, "s")
    shows(page, "第2句")
    assert store.assignments.of(ids[1])[0].skipped is not None and store.document(ids[1]).flagged
    focus(page)
    press(page, "k")
    shows(page, "第1句")
    page.locator("#annotate-take").click()
    shows(page, "第2句")
    focus(page)
    press(page, "Shift+ArrowRight", "1")
    state_is(page, "draft")
    press(page, "j")
    page.wait_for_selector("#annotate-status .notice-warning")
    assert store.revisions(ids[2]) == []
    press(page, "Control+s", "j")
    page.wait_for_selector("#annotate-status .notice-success")
    assert store.assignments.of(ids[2])[0].finished is not None
    assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('duomo.draft.')).length") == 0


def test_two_on_one_document_see_each_other_and_drafts_come_back_by_document(visit: Callable[..., Any], store: Store) -> None:
    (number,) = queued(store, "同时", 1)
    hers, his = visit(), visit()
    for page in (hers, his):
        reopen(page, "同时第0句")
    page.wait_for_selector(".duomo-offer[data-offer=others]")
    hers.wait_for_selector(".duomo-offer[data-offer=others]")
    press(his, "End", "Shift+ArrowLeft", "1")
    state_is(his, "draft")
    press(hers, "Control+s")
    state_is(hers, "saved")
    his.wait_for_function("() => document.querySelector('[data-offer=others]')?.textContent.includes('保存过')")
    his.reload()
    shows(his, "同时第0句")
    state_is(his, "restored")
    focus(his)
    press(his, "Control+s")
    his.wait_for_selector("#annotate-status .notice-warning")
    assert [revision.conflicted for revision in store.revisions(number)] == [False, True]


def test_a_text_saved_for_the_first_time_keeps_its_later_draft(visit: Callable[..., Any], store: Store) -> None:
    queued(store, "草稿", 1)
    page = visit()
    text = "又" + TEXT
    carry(page, text)
    press(page, "Control+Enter")
    state_is(page, "saved")
    press(page, "End", "Shift+ArrowLeft", "1")
    state_is(page, "draft")
    reopen(page, "草稿第0句")
    reopen(page, "又😀张")
    state_is(page, "restored")
    press(page, "Control+s")
    state_is(page, "saved")
    found = store.find(text, store.settings.get("project."))
    assert found is not None and found.revisions_count == 2
    assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('duomo.draft.')).length") == 0


def test_a_flat_project_refuses_spans_that_overlap_and_the_model_may_propose(visit: Callable[..., Any], store: Store) -> None:
    project = store.projects.create("扁平", nested=False, guidelines="机构名**整体**标注。").id
    store.labels.put(project, [Label("PER", "人物"), Label("ORG", "机构", key="o", definition="单位")])
    store.settings.set("project.", project)
    store.documents.add(project, [Document(TEXT)])
    page = visit()
    reopen(page, "😀张伟")
    page.get_by_role("button", name="标注规则与类型说明").click()
    assert page.locator(".rules strong").first.inner_text() == "整体"
    assert page.locator(".duomo-chip .duomo-title").all_inner_texts() == ["人物", "机构"]
    focus(page)
    press(page, *["ArrowRight"] * 4, *["Shift+ArrowRight"] * 2, "o")
    assert tags(page) == ["ORG"]
    focus(page)
    press(page, *["ArrowRight"] * 4, *["Shift+ArrowRight"] * 4, "o")
    assert tags(page) == ["ORG"] and "不能重叠" in page.locator(".duomo-hint").inner_text()
    page.locator("#annotate-propose").click()
    page.wait_for_selector("#annotate-editor .duomo-tag:has-text('PER 90%')")
    assert tags(page) == ["ORG", "ORG 60%", "PER 80%", "PER 90%"]
    focus(page)
    press(page, "Control+Enter")
    state_is(page, "saved")
    document = store.find(TEXT, project)
    assert document is not None and document.latest is not None
    kept = [(span.start, span.end, span.label) for span in document.latest.spans]
    assert kept == [(1, 3, "PER"), (4, 6, "ORG"), (9, 11, "PER")] and len(document.latest.proposals) == 1
    assert len(document.latest.prediction) == 3
