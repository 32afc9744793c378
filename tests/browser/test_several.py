"""Several people who are signed in, in real browsers: on one document nobody loses anything, and a curator decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.document import Document
from tests.browser.editor_page import focus, press, state_is
from tests.browser.serving import PASSWORD, Silent, fresh_pages, served, sign_in
from workbench.store import Label, Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TEXT = "😀张伟在北京大学见李娜"
PEOPLE = {"li": "李华", "zhao": "赵敏", "wang": "王老师"}
# Keys from the start of the text: 张伟; then 北京大学, or 北京 alone.
PERSON = ["ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "p"]
UNIVERSITY = ["ArrowRight"] * 4 + ["Shift+ArrowRight"] * 4 + ["o"]
CITY = ["ArrowRight"] * 4 + ["Shift+ArrowRight"] * 2 + ["l"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return the store behind the page, with two annotators and a curator."""
    opened = Store.open(f"sqlite:///{(tmp_path / 'duomo.db').as_posix()}")
    for name, shown in reversed(PEOPLE.items()):
        opened.accounts.create(name, PASSWORD, "admin" if name == "wang" else "annotator", shown=shown)
    yield opened
    opened.close()


@pytest.fixture
def url(tmp_path: Path, chromium: Any, monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[str]:
    with served(tmp_path, Silent(), monkeypatch) as address:
        yield address


@pytest.fixture
def enter(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Sign somebody in, in a browser of their own; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def entering(name: str) -> Any:
            page = fresh(1280, locale="zh-CN")
            page.goto(url)
            sign_in(page, name)
            page.wait_for_selector(f".signed-name:has-text('{PEOPLE[name]}')")
            return page

        yield entering
        # The browser itself tells that it was asked who is there.
        wrong[:] = [line for line in wrong if "status of 401" not in line]


def shared(store: Store, **choices: Any) -> tuple[int, int]:
    """Make a project of both annotators with one document, dealt to both where two are wanted; return it and the document."""
    project = store.projects.create("两人", **choices, by="wang").id
    for name in ("li", "zhao"):
        store.projects.admit(project, name, by="wang")
    store.labels.put(project, [Label("PER", key="p"), Label("LOC", key="l"), Label("ORG", key="o")])
    (number,) = store.documents.add(project, [Document(TEXT, id="d0")]).ids
    store.assignments.assign(project, ["li", "zhao"], by="wang")
    for name in PEOPLE:
        store.settings.set(f"project.{name}", project)
    return project, number


def take(page: Any) -> None:
    """Open what is to be done next."""
    page.get_by_role("tab", name="标注", exact=True).click()
    page.wait_for_function("document.querySelector('.duomo-surface')?.textContent.includes('😀')")
    focus(page)


def mark(page: Any, *strokes: list[str]) -> None:
    """Mark mentions, each with keys from the start of the text, and save."""
    for keys in strokes:
        focus(page)
        press(page, *keys)
    press(page, "Control+s")
    state_is(page, "saved")


def tags(page: Any) -> list[str]:
    return sorted(page.locator("#annotate-editor .duomo-tag").all_inner_texts())


def spans(store: Store, number: int, author: str) -> list[tuple[int, int, str]]:
    """Return what somebody marked, as the store has it."""
    own = store.reading.view(number, author).own
    return [span.key for span in own.spans] if own else []


def company(page: Any) -> str:
    offer = page.locator("[data-offer=others]")
    return offer.inner_text() if offer.count() else ""


def test_two_annotate_the_same_document_each_for_themselves_and_a_curator_decides(
    enter: Callable[..., Any], store: Store
) -> None:
    _, number = shared(store, overlap=2)
    hers, his = enter("li"), enter("zhao")
    take(hers)
    take(his)
    his.wait_for_selector("[data-offer=others]:has-text('李华')")
    hers.wait_for_selector("[data-offer=others]:has-text('赵敏')")
    mark(hers, PERSON, UNIVERSITY)
    his.wait_for_function("document.querySelector('[data-offer=others]')?.textContent.includes('保存过')")
    assert tags(his) == []
    mark(his, PERSON, CITY)
    assert spans(store, number, "li") == [(1, 3, "PER"), (4, 8, "ORG")]
    assert spans(store, number, "zhao") == [(1, 3, "PER"), (4, 6, "LOC")]
    # Each has an answer of their own: nothing was saved over anything, and there is nothing to merge.
    assert [revision.conflicted for revision in store.revisions(number)] == [False, False]
    assert his.locator("#annotate-status .notice-warning").count() == 0
    hers.reload()
    take(hers)
    assert tags(hers) == ["ORG", "PER"]

    judge = enter("wang")
    judge.get_by_role("tab", name="项目", exact=True).click()
    judge.get_by_role("tab", name="裁定", exact=True).click()
    judge.wait_for_selector("#adjudicate-table tr[data-state=open]")
    heads = judge.locator("#adjudicate-table thead").inner_text()
    assert "李华" in heads and "赵敏" in heads
    assert judge.locator("#adjudicate-table tr[data-state=open] .weigh-mention").all_inner_texts() == ["北京大学", "北京"]
    row = "#adjudicate-table tr:has(.weigh-mention:text-is('{}')) td .weigh-cell:has-text('{}')"
    judge.locator(row.format("北京大学", "ORG")).first.click()
    judge.locator(row.format("北京", "—")).first.click()
    judge.wait_for_function("document.querySelector('.weigh-left')?.textContent.includes('全部已定')")
    judge.locator("[data-act=save]").click()
    judge.wait_for_selector("#adjudicate-status .notice-success")
    gold = store.reading.view(number, "wang").gold
    assert gold is not None and gold.author == "wang"
    assert [span.key for span in gold.spans] == [(1, 3, "PER"), (4, 8, "ORG")]
    assert spans(store, number, "zhao") == [(1, 3, "PER"), (4, 6, "LOC")]


@pytest.mark.slow
def test_who_annotates_blindly_meets_nobody(enter: Callable[..., Any], store: Store) -> None:
    _, number = shared(store, overlap=2, blind=True)
    hers, his = enter("li"), enter("zhao")
    take(hers)
    mark(hers, PERSON, UNIVERSITY)
    take(his)
    # Longer than it takes to say that the first is still there.
    his.wait_for_timeout(12_000)
    assert company(his) == company(hers) == ""
    assert tags(his) == []
    his.get_by_role("tab", name="项目", exact=True).click()
    his.get_by_role("tab", name="文档", exact=True).click()
    his.locator(f"#documents-found [data-id='{number}']").first.click()
    his.wait_for_selector("#documents-card h2")
    seen = his.locator("body").inner_text()
    assert "李华" not in seen and "北京大学 ORG" not in seen
    assert "赵敏" in seen
    assert not his.get_by_role("tab", name="裁定", exact=True).count() or not his.locator("#adjudicate-page").is_visible()


def test_two_correct_the_same_layer_and_the_second_merges(enter: Callable[..., Any], store: Store) -> None:
    project, number = shared(store)
    assert not store.projects.get(project).independent
    hers, his = enter("li"), enter("zhao")
    for page in (hers, his):
        page.get_by_role("tab", name="标注", exact=True).click()
        page.locator("#annotate-recent .document").first.click()
        page.wait_for_function("document.querySelector('.duomo-surface')?.textContent.includes('😀')")
    his.wait_for_selector("[data-offer=others]:has-text('李华')")
    mark(hers, PERSON, UNIVERSITY)
    mark(his, PERSON, CITY)
    his.wait_for_selector("#annotate-status .notice-warning")
    focus(his)
    press(his, "g")
    rows = [" ".join(row.split()) for row in his.locator(".duomo-merge td").all_inner_texts()]
    assert "北京大学 ORG" in rows and "北京 LOC" in rows and "李华" in his.locator(".duomo-merge").inner_text()
    press(his, "ArrowRight", "Enter")
    his.wait_for_selector(".duomo-merge", state="hidden")
    his.wait_for_selector("#annotate-status .notice-warning", state="detached")
    state_is(his, "saved")
    first, second, merged = store.revisions(number)
    assert [span.key for span in first.spans] == [(1, 3, "PER"), (4, 8, "ORG")]
    assert [span.key for span in second.spans] == [(1, 3, "PER"), (4, 6, "LOC")]
    assert (first.conflicted, second.conflicted, merged.conflicted) == (False, True, False)
    assert [span.key for span in merged.spans] == [(1, 3, "PER"), (4, 8, "ORG")]


def test_a_draft_stays_its_authors_who_else_signs_in_at_the_browser(enter: Callable[..., Any], store: Store) -> None:
    _, number = shared(store, overlap=2)
    page = enter("li")
    take(page)
    press(page, *PERSON)
    page.wait_for_function("Object.keys(localStorage).some(name => name.startsWith('duomo.draft@li:'))")
    sign_out(page, "zhao")
    take(page)
    assert tags(page) == []
    mark(page, CITY)
    assert spans(store, number, "zhao") == [(4, 6, "LOC")] and spans(store, number, "li") == []
    assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('duomo.draft')).length") == 1
    sign_out(page, "li")
    page.wait_for_selector("#annotate-editor .duomo-tag", state="attached")
    page.get_by_role("tab", name="标注", exact=True).click()
    assert tags(page) == ["PER"]
    focus(page)
    mark(page)
    assert spans(store, number, "li") == [(1, 3, "PER")] and spans(store, number, "zhao") == [(4, 6, "LOC")]


def sign_out(page: Any, following: str) -> None:
    """Let somebody else sign in at the same browser."""
    page.locator("a[href='./logout']").click()
    sign_in(page, following)
    page.wait_for_selector(f".signed-name:has-text('{PEOPLE[following]}')")
