"""Labels, import and export in a real browser: by pressing, typing and uploading, with what is said on the way."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.document import Document, Span
from tests.browser.serving import fresh_pages
from workbench.store import FIRST, Label, Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

BIO = "王\tB-PER\n芳\tI-PER\n在\tO\n\n李\tB-人物\n娜\tI-人物\n\n错B-PER\n行\tO\n\n上\tB-LOC\n海\tI-LOC\n"


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a page of the Projects tab; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening(name: str, width: int = 1280) -> Any:
            page = fresh(width)
            page.set_default_timeout(60_000)  # the first page of a fresh workbench loads its model
            page.goto(url)
            page.wait_for_selector("#analyse-hero .duomo-text")
            page.locator("#tabs").get_by_role("tab", name="项目", exact=True).click()
            page.wait_for_selector("#project-chosen input")
            page.locator("#project-pages").get_by_role("tab", name=name, exact=True).click()
            return page

        yield opening


def test_a_corpus_is_looked_at_imported_and_exported(visit: Callable[..., Any], store: Store, tmp_path: Path) -> None:
    corpus = tmp_path / "一.bio"
    corpus.write_text(BIO, encoding="utf-8")
    page = visit("导入导出")
    page.set_input_files("#exchange-files input[type=file]", str(corpus))
    page.wait_for_selector("#exchange-shown .incoming-table")
    (row,) = page.locator("#exchange-shown .incoming-table tbody tr").all_inner_texts()
    assert "一.bio" in row and "\t8\t" in row and "王" not in row
    assert "一个字、制表符或空格、一个标注" in row
    assert "3 篇完好的文档" in page.locator("#exchange-shown .incoming-count").inner_text()
    assert store.search(FIRST).total == 0
    page.locator("#exchange-bring").click()
    page.wait_for_selector("#exchange-progress .notice-success")
    assert "加入了 3 篇" in page.locator("#exchange-progress").inner_text()
    assert store.search(FIRST).total == 3
    assert {label.name for label in store.labels.list(FIRST)} == {"PER", "人物", "LOC"}
    page.locator("#project-pages").get_by_role("tab", name="概览", exact=True).click()
    page.locator("#project-pages").get_by_role("tab", name="导入导出", exact=True).click()
    page.wait_for_selector("#exchange-losses .notice-success:has-text('3 篇')")
    page.locator("#exchange-write").click()
    page.wait_for_selector("#exchange-download:visible")
    with page.expect_download() as waiting:
        page.locator("#exchange-download").click()
    rows = [json.loads(line) for line in Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()]
    assert [(row["text"], row["spans"]) for row in rows][0] == ("王芳在", [[0, 2, "PER"]]) and len(rows) == 3


def begin_and_stop(page: Any, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Begin an import, let its third step wait until somebody has pressed Stop, and wait for what is said then."""
    function, gate, steps = getattr(module, name), threading.Event(), itertools.count(1)

    def waiting(*args: Any, **kwargs: Any) -> Any:
        if next(steps) > 2:
            assert gate.wait(200)
        return function(*args, **kwargs)

    monkeypatch.setattr(module, name, waiting)
    page.locator("#exchange-bring").click()
    page.wait_for_function("() => /[1-9]\\d* \\//.test(document.querySelector('#exchange-progress')?.textContent ?? '')")
    page.locator("#exchange-stop").click()
    page.wait_for_selector("#exchange-stop:has-text('正在停止')")
    gate.set()
    page.wait_for_selector("#exchange-progress .notice-info")
    page.wait_for_selector("#exchange-stop", state="hidden")


def test_a_corpus_that_is_stopped_half_way_keeps_what_it_says_it_keeps_and_goes_on(
    visit: Callable[..., Any], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.exchange import bringing

    project = store.projects.create("停").id
    store.settings.set("project.", project)
    corpus = tmp_path / "停.bio"
    corpus.write_text("".join(f"{chr(0x4E00 + n)}\tB-PER\n\n" for n in range(60)), encoding="utf-8")
    page = visit("导入导出")
    page.set_input_files("#exchange-files input[type=file]", str(corpus))
    page.wait_for_selector("#exchange-bring:visible")
    monkeypatch.setattr(bringing, "_AT_ONCE", 2)
    begin_and_stop(page, monkeypatch, bringing, "_store")
    said = page.locator("#exchange-progress").inner_text()
    there = store.search(project).total
    assert f"已加入的 {there} 篇都存好了" in said and there == 6
    monkeypatch.undo()
    page.get_by_role("button", name="继续导入").click()
    page.wait_for_selector("#exchange-progress .notice-success")
    assert f"加入了 {60 - there} 篇；另有 {there} 篇" in page.locator("#exchange-progress").inner_text()
    assert store.search(project).total == 60


def test_a_bundle_that_is_stopped_half_way_leaves_nothing_and_comes_whole_afterwards(
    visit: Callable[..., Any], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.exchange import Choice, take
    from workbench.services import Services
    from workbench.settings import Settings
    from workbench.store import rewriting

    with_history = Services(
        Settings("127.0.0.1", 0, tmp_path, f"sqlite:///{tmp_path}/there.db"), Store.open(f"sqlite:///{tmp_path}/there.db")
    )
    there = with_history.store
    for n in range(40):
        there.save(f"第{n}篇王芳", (Span(0, 1, "PER"),), author="李", client_key=f"停{n}", labels=["PER"])
    there.labels.put(FIRST, [Label("PER", "人名", definition="谁")])
    there.projects.change(FIRST, guidelines="# 规范")
    bundle = take(with_history, FIRST, Choice("bundle"), tmp_path / "out").path
    there.close()

    project = store.projects.create("整包").id
    store.labels.put(project, [Label("PER", "我们的")])
    store.settings.set("project.", project)
    page = visit("导入导出")
    page.set_input_files("#exchange-files input[type=file]", str(bundle))
    page.wait_for_selector("#exchange-shown .bundle")
    shown = page.locator("#exchange-shown .bundle").inner_text()
    assert "40 篇文档" in shown and "只保留名字：李" in shown and "写法不同的标签：PER" in shown
    monkeypatch.setattr(rewriting, "AT_ONCE", 2)
    begin_and_stop(page, monkeypatch, rewriting._Writing, "_flush")
    assert "什么都没有存进来" in page.locator("#exchange-progress").inner_text()
    assert store.search(project).total == 0 and store.projects.get(project).guidelines == ""
    monkeypatch.undo()
    page.locator("#exchange-way-labels").get_by_text("用导出包的").click()
    page.locator("#exchange-way-guidelines").get_by_text("用导出包的").click()
    page.get_by_role("button", name="继续导入").click()
    page.wait_for_selector("#exchange-progress .notice-success")
    assert "加入了 40 版" in page.locator("#exchange-progress").inner_text()
    (label,) = store.labels.list(project)
    assert (label.zh, store.projects.get(project).guidelines) == ("人名", "# 规范")
    assert {document.latest.author for document in store.search(project).documents if document.latest} == {"李"}


def test_labels_are_begun_described_renamed_and_merged(visit: Callable[..., Any], store: Store) -> None:
    project = store.projects.create("标签").id
    store.settings.set("project.", project)
    store.documents.add(project, [Document("王芳在上海", (Span(0, 2, "人物"), Span(3, 5, "LOC")), "a")])
    page = visit("标签与规范")
    page.locator("#labels-begin-standard").click()
    page.wait_for_selector("#labels-list .label-row")
    page.locator("#labels-undeclared [data-act=declare]").click()
    page.wait_for_selector("#labels-list [data-act=edit][data-name=人物]")
    page.locator("#labels-list [data-act=edit][data-name=人物]").click()
    page.wait_for_selector("#labels-merging:visible")
    page.locator("#labels-name input, #labels-name textarea").fill("人名")
    page.locator("#labels-zh input, #labels-zh textarea").fill("人的名字")
    page.locator("#labels-save").click()
    page.wait_for_selector("#labels-problem:has-text('1 处标注从此读作 人名')")
    assert store.labels.used(project) == {"LOC": 1, "人名": 1}
    page.locator("#labels-into input").click()
    page.get_by_role("option", name="PER").click()
    page.wait_for_selector("#labels-preview:has-text('1 处标注将读作 PER')")
    page.locator("#labels-merge").click()
    page.wait_for_selector("#labels-problem:has-text('并入 PER')")
    assert store.labels.used(project) == {"LOC": 1, "PER": 1}
    page.wait_for_selector("#labels-list .label-former [data-name=人名]")


def test_labels_are_put_into_order_by_keyboard(visit: Callable[..., Any], store: Store) -> None:
    project = store.projects.create("顺序").id
    store.settings.set("project.", project)
    store.labels.put(project, [Label("A"), Label("B"), Label("C")])
    page = visit("标签与规范")
    page.wait_for_selector("#labels-list [data-name=C]")
    page.locator("#labels-list [data-act=up][data-name=C]").focus()
    for order in (["A", "C", "B"], ["C", "A", "B"]):
        page.keyboard.press("Enter")
        page.wait_for_function(
            "order => [...document.querySelectorAll('#labels-list .label-head b')].map((b) => b.textContent).join() === order",
            arg=",".join(order),
        )
        page.wait_for_function("() => document.activeElement.dataset.name === 'C'")
    assert [label.name for label in store.labels.list(project)] == ["C", "A", "B"]


def test_guidelines_are_shown_as_they_are_written_and_run_nothing(visit: Callable[..., Any], store: Store) -> None:
    project = store.projects.create("规范").id
    store.settings.set("project.", project)
    page = visit("标签与规范")
    page.wait_for_selector("#labels-begin:visible")
    evil = "# 规则\n\n<script>window.ran = 1</script><img src='data:,x' onerror='window.ran = 1'>\n\n"
    evil += "[点](javascript:window.ran=1)\n\n"
    evil += "<iframe srcdoc='<script>parent.ran=1</script>'></iframe><svg onload='window.ran=1'></svg>\n\n**粗**"
    page.locator("#labels-guidelines textarea").fill(evil)
    page.wait_for_selector("#labels-guidelines-shown strong:has-text('粗')")
    page.locator("#labels-guidelines-save").click()
    page.wait_for_selector("#labels-problem .notice-success")
    page.wait_for_timeout(500)
    assert page.evaluate("window.ran") is None
    assert page.locator("#labels-guidelines-shown").locator("script, iframe, svg, img, [onerror], [onload]").count() == 0
    assert store.projects.get(project).guidelines == evil


def test_a_picture_of_another_server_is_not_asked_for(visit: Callable[..., Any], store: Store) -> None:
    pixel = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    foreign = "https://tracker.example/p.png"
    written = f"![图一]({foreign})\n\n<img src='{foreign}'>\n\n![图二][p]\n\n![点]({pixel})\n\n[p]: {foreign}"
    project = store.projects.create("图", guidelines=written).id
    store.labels.put(project, [Label("PER", definition=f"![图三]({foreign})")])
    store.settings.set("project.", project)
    page = visit("概览")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("tab", name="标签与规范", exact=True).click()
    page.wait_for_selector("#labels-guidelines-shown img", state="attached")
    page.locator("#labels-guidelines textarea").fill(written + "\n\n**完**")
    page.wait_for_selector("#labels-guidelines-shown strong")
    page.get_by_role("tab", name="标注", exact=True).click()
    page.get_by_role("button", name="标注规则与类型说明").click()
    page.wait_for_selector(".rules a:visible")
    assert page.locator(".rules a").count() == 3
    assert "图一" in page.locator(".rules a").first.inner_text() and foreign in page.locator(".rules a").first.inner_text()
    page.wait_for_timeout(500)
    own = page.url.split("/")[2]
    assert asked and not [url for url in asked if url.split("/")[2] != own and not url.startswith(("data:", "blob:"))]


def test_a_project_is_archived_and_the_next_one_is_shown(visit: Callable[..., Any], store: Store) -> None:
    project = store.projects.create("旧项目").id
    store.settings.set("project.", project)
    page = visit("标签与规范")
    page.wait_for_function("() => document.querySelector('#project-chosen input').value === '旧项目'")
    page.wait_for_selector("#labels-begin:visible")
    page.locator("#labels-archive").click()
    page.wait_for_function("() => document.querySelector('#project-chosen input').value !== '旧项目'")
    assert store.projects.get(project).archived is not None
    page.locator(f"#labels-archived [data-id='{project}']").click()
    page.wait_for_selector(f"#labels-archived [data-id='{project}']", state="detached")
    assert store.projects.get(project).archived is None
