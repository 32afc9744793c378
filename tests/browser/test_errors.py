"""The Errors tab in a real browser: a study of a shipped sample, its sentences, where they go, and links that open it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from engine import formats
from engine.document import Document, Span
from engine.samples import news
from engine.tagger import Prediction
from tests.browser.serving import StandIn, fresh_pages
from workbench.store import FIRST, Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LABELS = ("LOC", "MISC", "ORG", "PER")
TEXT = "张伟在上海见到李娜"


class Careless(StandIn):
    """Knows the samples by heart, and misses, renames or shortens every fifth entity each."""

    precision = "fp32"

    def __init__(self) -> None:
        super().__init__()
        self.info = SimpleNamespace(name="zh-general", digest="0" * 64)
        self.known = {document.text: document.spans for document in news()}
        self.known[TEXT] = (Span(0, 2, "PER"), Span(3, 5, "LOC"), Span(7, 9, "PER"))
        self.system.vocabulary = SimpleNamespace(unknown=0, encode=lambda character: [1])
        self.system.labels, self.system.structure = SimpleNamespace(names=LABELS), "flat"
        self.system.optional_modalities = self.system.evidence_names = ()
        # A test that wants to be there while it reads closes the gate.
        self.gate, self.asked = Event(), 0
        self.gate.set()

    def predict(self, documents: list[Document], *, explain: bool = False, without: Any = ()) -> list[Prediction]:
        self.gate.wait(30)
        self.asked += len(documents)
        return super().predict(documents, explain=explain)

    def answer(self, document: Document) -> Prediction:
        found = []
        for number, span in enumerate(self.known.get(document.text, ())):
            way = (len(document) + number) % 5
            if way == 1:
                span = replace(span, label="MISC" if span.label == "ORG" else "ORG")
            elif way == 2 and span.end - span.start > 1:
                span = replace(span, end=span.end - 1)
            if way != 3:
                found.append(replace(span, score=0.5 + way / 10))
        return Prediction(document.with_spans(found), (), 0.01)


@pytest.fixture(scope="module")
def tagger() -> Careless:
    return Careless()


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open the tab, or an address of it; errors in the page fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening(address: str = "", width: int = 1280) -> Any:
            page = fresh(width)
            page.goto(address or url)
            if not address:
                page.wait_for_selector("#analyse-hero .duomo-text")
                page.get_by_role("tab", name="误差", exact=True).click()
            return page

        yield opening


def holds(page: Any, selector: str, text: str) -> None:
    """Wait until a part of the page holds some words."""
    page.wait_for_function("([s, t]) => document.querySelector(s)?.textContent.includes(t)", arg=[selector, text])


def studied(visit: Callable[..., Any]) -> Any:
    """Open the tab and take up what it offers."""
    page = visit()
    page.locator(".errors-welcome button").click()
    page.wait_for_selector(".study-lead")
    return page


def test_a_number_opens_its_sentences_and_a_link_opens_all_of_it_again(visit: Callable[..., Any]) -> None:
    page = studied(visit)
    holds(page, ".is-headline", "292 句")
    cell = page.locator("[data-select='cell:PER:ORG']")
    count = int(cell.inner_text())
    assert count > 2
    cell.click()
    holds(page, ".cases h2", "标注是 PER，预测成 ORG")
    assert page.locator(".cases .case").count() == min(20, count)
    drawn = page.locator(".case").first
    assert "PER" in drawn.locator(".case-lane.is-gold").first.inner_text() or drawn.locator(".is-gold .is-some").count()
    assert "≠ORG" in drawn.locator(".case-drawn").inner_text() and "类型错" in drawn.locator(".case-lines").inner_text()
    page.locator("#errors-condition input, #errors-condition textarea").first.fill("大学 label=ORG")
    page.keyboard.press("Enter")
    holds(page, ".cases h2", "符合条件的句子：大学 label=ORG")
    page.locator("[data-do=count][data-way=together]").click()
    page.wait_for_selector("[data-way=together][aria-pressed=true]")
    page.locator("#errors-figures [data-sort='5']").last.click()
    assert page.locator(".is-slices th[aria-sort=descending]").count() == 1
    page.locator("[data-select='outcome:wrong']").click()
    holds(page, ".cases h2", "所有错误")
    page.get_by_role("button", name="下一页").click()
    holds(page, ".cases .found-count", "第 21–40 句")
    address = page.evaluate("window.location.href")
    assert "#errors?data=sample:news&models=zh-general@" in address and "select=outcome:wrong&page=1" in address
    # Another tab has another address; coming back, the view is there.
    page.get_by_role("tab", name="分析", exact=True).click()
    page.wait_for_function("() => !window.location.hash")
    page.get_by_role("tab", name="误差", exact=True).click()
    page.wait_for_function("() => window.location.hash.includes('select=outcome:wrong')")
    again = visit(address)
    holds(again, ".cases .found-count", "第 21–40 句")
    assert again.get_by_role("tab", name="误差", exact=True).get_attribute("aria-selected") == "true"
    assert again.locator("[data-way=together][aria-pressed=true]").count() == 1
    again.get_by_role("link", name="English").click()
    holds(again, ".cases .found-count", "sentences 21 to 40")
    holds(again, ".is-headline", "Sample: news sentences")
    phone = visit(address, 390)
    holds(phone, ".cases .found-count", "第 21–40 句")
    assert phone.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_sentences_go_to_annotate_to_analyse_and_onto_lists(visit: Callable[..., Any], store: Store) -> None:
    page = studied(visit)
    page.locator("[data-select='outcome:missed']").click()
    page.wait_for_selector(".cases .case")
    text = page.evaluate(
        "[...document.querySelectorAll('.case')[0].querySelectorAll('.case-text')].map(e => e.textContent).join('')"
    )
    page.locator("#errors-named input").fill("漏掉的")
    page.keyboard.press("Enter")
    page.locator(".case [data-do=keep]").first.click()
    holds(page, "#errors-told", "已加入 1 句")
    page.locator("[data-do=keep][data-every]").click()
    page.wait_for_function("/现有 \\d\\d+ 句/.test(document.querySelector('#errors-told').textContent)")
    (kept,) = store.lists.of(FIRST, "")
    entries = store.lists.entries(kept.id, "")
    assert kept.count == len(entries) > 20 and entries[0].document.text == text
    page.locator("#errors-lists-frame > button").click()
    with page.expect_download() as download:
        page.locator("#errors-lists [data-format=jsonl]").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in lines] == [entry.document.text for entry in entries]
    page.locator("#errors-lists [data-do=study]").click()
    holds(page, ".is-headline h2", "清单：漏掉的")
    page.locator("[data-select='outcome:missed']").click()
    page.wait_for_selector(".cases .case")
    page.locator(".case [data-do=evidence]").first.click()
    page.wait_for_function("t => document.querySelector('#analyse-text textarea').value === t", arg=text)
    assert page.get_by_role("tab", name="分析", exact=True).get_attribute("aria-selected") == "true"
    page.get_by_role("tab", name="误差", exact=True).click()
    page.locator(".case [data-do=annotate]").first.click()
    # The editor writes each label after the first character of its span.
    there = "t => document.querySelector('.duomo-surface')?.textContent.replace(/[A-Z]/g, '').includes(t)"
    page.wait_for_function(there, arg=text[:8])
    assert page.get_by_role("tab", name="标注", exact=True).get_attribute("aria-selected") == "true"
    document = store.find(text, FIRST)
    assert document is not None and store.revisions(document.id)[0].spans == entries[0].document.spans


def test_other_labels_are_asked_about_and_two_models_compared(visit: Callable[..., Any], store: Store) -> None:
    project = store.projects.create("医疗").id
    gold = (Span(0, 2, "人名"), Span(3, 5, "LOC"), Span(7, 9, "人名"))
    store.documents.add(project, [Document(TEXT, gold)])
    store.settings.set("project.", project)
    page = visit()
    page.wait_for_selector(".errors-welcome")
    page.locator("#errors-data input").click()
    page.get_by_role("option", name="项目：医疗").click()
    page.locator("#errors-models input").click()
    page.get_by_role("option", name="mpm-cner", exact=True).click()
    page.keyboard.press("Escape")
    page.locator("#errors-run").click()
    page.wait_for_selector(".label-mapping")
    assert page.locator("select[data-gold='人名']").input_value() == "PER"
    page.locator("[data-map]").click()
    page.wait_for_selector(".compared-parts")
    holds(page, ".is-headline", "1 句")
    holds(page, ".compared-said", "F1 一样")
    assert page.locator(".label-mapping").count() == 0
    parts = page.locator(".compared-part b").all_inner_texts()
    assert sum(map(int, parts)) == 3 and parts[1:3] == ["0", "0"]
    page.locator("[data-select='both_wrong']").click()
    page.wait_for_selector(".cases .case")
    assert page.locator(".case-piece").first.locator(".case-lane.is-found").count() == 2
    address = page.evaluate("window.location.href")
    assert "%E4%BA%BA%E5%90%8D" in address and "b=1" in address
    again = visit(address)
    again.wait_for_selector(".cases .case")
    assert again.locator(".label-mapping").count() == 0


def uploaded(page: Any, file: Path, document: Document) -> None:
    """Upload a document as a file."""
    formats.write([document], file, "jsonl")
    page.locator("#errors-files input[type=file]").set_input_files(file)
    holds(page, "#errors-tab .notices, .notice-success", "共 1 句")


def test_an_uploaded_file_leads_through_its_labels_to_figures_and_another_says_what_was_learned(
    visit: Callable[..., Any], tmp_path: Path
) -> None:
    page = visit()
    page.wait_for_selector(".errors-welcome")
    page.locator("#errors-upload > button").click()
    uploaded(page, tmp_path / "甲.jsonl", Document(TEXT, (Span(0, 2, "人名"), Span(3, 5, "LOC"), Span(7, 9, "人名"))))
    page.wait_for_function("document.querySelector('#errors-data input').value === '文件：甲.jsonl'")
    page.locator("#errors-run").click()
    page.locator("[data-map]").click()
    holds(page, ".is-headline h2", "文件：甲.jsonl")
    holds(page, ".is-headline", "标注了 3 个实体")
    holds(page, ".is-slices", "没有说明模型的训练数据")
    assert page.locator(".is-frequency").count() == 0
    page.locator("#errors-use label", has_text="训练数据").click()
    uploaded(page, tmp_path / "乙.jsonl", Document("李娜来了", (Span(0, 2, "PER"),)))
    page.wait_for_function("document.querySelector('#errors-training input').value === '文件：乙.jsonl'")
    page.locator("#errors-run").click()
    holds(page, ".is-frequency", "出现 1 次的")
    assert page.locator("[data-select='slice:seen_entity']").inner_text() == "训练中见过的实体"
    address = page.evaluate("window.location.href")
    assert "training=file:" in address and "没有说明" not in page.locator(".is-slices").inner_text()
    again = visit(address)
    holds(again, ".is-frequency", "出现 1 次的")
    assert again.locator("#errors-training input").input_value() == "文件：乙.jsonl"
    again.locator("[data-select^='bin:']").first.focus()
    again.keyboard.press("Enter")
    holds(again, ".cases h2", "把握在")


def test_a_study_that_is_stopped_goes_on_where_it_was(visit: Callable[..., Any], store: Store, tagger: Careless) -> None:
    project = store.projects.create("很多").id
    store.documents.add(project, [Document(f"{TEXT}{number}次", (Span(0, 2, "PER"),)) for number in range(100)])
    store.settings.set("project.", project)
    page = visit()
    page.wait_for_selector(".errors-welcome")
    page.locator("#errors-data input").click()
    page.get_by_role("option", name="项目：很多").click()
    before = tagger.asked
    tagger.gate.clear()
    try:
        page.locator("#errors-run").click()
        holds(page, "#errors-progress", "共 100 句，已读 0 句")
        page.locator("#errors-cancel").click()
        page.wait_for_selector("#errors-cancel:disabled")
    finally:
        tagger.gate.set()
    page.get_by_text("已停止").wait_for()
    assert page.locator("#errors-run").is_visible() and page.locator(".study-lead").count() == 0
    assert tagger.asked - before == 64
    page.locator("#errors-run").click()
    holds(page, ".is-headline", "100 句中有 64 句是以前读过")
    assert tagger.asked - before == 100


def test_a_sentence_is_explained_on_the_bench_by_the_model_that_read_it(visit: Callable[..., Any], url: str) -> None:
    page = visit(f"{url}#errors?data=sample:ambiguous&models=mpm-cner&select=all")
    page.wait_for_selector(".cases .case")
    text = page.evaluate(
        "[...document.querySelectorAll('.case')[0].querySelectorAll('.case-text')].map(e => e.textContent).join('')"
    )
    page.locator(".case [data-do=explain]").first.click()
    page.wait_for_function("t => document.querySelector('#bench-text textarea')?.value === t", arg=text)
    page.wait_for_selector("#bench-hero .duomo-character")
    assert page.locator("#bench-checkpoint input").input_value().startswith("mpm-cner")
    page.locator("#bench-text textarea").fill(TEXT)
    page.locator("#bench-run").click()
    page.wait_for_function(
        "n => document.querySelectorAll('#bench-hero .duomo-character').length === n && document.querySelector('#bench-why h3')",
        arg=len(TEXT),
    )
    assert page.locator("#bench-problem .notice").count() == 0
