"""The whole loop in a real browser: analyse, correct, save, retrain, use, and analyse again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

torch = pytest.importorskip("torch")

from engine import checkpoint as checkpoints  # noqa: E402
from engine import formats  # noqa: E402
from engine.document import Document, LabelSet  # noqa: E402
from engine.samples import news  # noqa: E402
from engine.systems import get  # noqa: E402
from workbench.store import FIRST, Store  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]

ROOT = Path(__file__).parents[2]
# A name that the tiny model has never seen.
SHOWN = "text => document.querySelector('#analyse-hero .duomo-text')?.textContent.replace(/[A-Z]+ \\d+%/g, '').trim() === text"
WORDS = ".brand-line, [data-testid=block-info], button, h2, .facts-line, summary, .duomo-caption, th"
NAME = "木鱼镇"
SENTENCE = "昨天木鱼镇下了大雪。"


class Workbench:
    """A workbench in a process of its own, on a free port and a workspace that outlives it."""

    def __init__(self, workspace: Path, checkpoint: Path) -> None:
        self.workspace, self.checkpoint = workspace, checkpoint
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "workbench", "--port", str(port), "--workspace", str(self.workspace), "--no-browser"]
        environ = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        log = (self.workspace.parent / "output.txt").open("a", encoding="utf-8")
        self.process = subprocess.Popen([*command, *options], cwd=ROOT, env=environ, stdout=log, stderr=log, text=True)
        log.close()
        self.wait()

    def wait(self) -> None:
        assert self.process is not None
        until = time.monotonic() + 90
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.workspace.parent / "output.txt").read_text(encoding="utf-8")
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError("the workbench did not answer within 90 s")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model, trained in a second or two: enough to find some names."""
    kind, documents = get("bilstm-crf"), news()[:120]
    torch.manual_seed(1)
    config = kind.Config(width=48, hidden=48, bigrams=4096, bigram_width=24, dropout=0.2)
    system = kind.build(config, LabelSet(("PER", "LOC", "ORG")), [document.text for document in documents])
    optimizer = torch.optim.Adam(system.parameters(), lr=8e-3)
    system.train()
    for _ in range(10):
        for start in range(0, len(documents), 20):
            loss = system(system.collate(documents[start : start + 20])).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return checkpoints.save(system.eval(), tmp_path_factory.mktemp("tiny") / "tiny", {"data": "our own news"}).path


@pytest.fixture
def workbench(tmp_path: Path, checkpoint: Path) -> Iterator[Workbench]:
    """A workbench of its own for one test."""
    made = Workbench(tmp_path / "workspace", checkpoint)
    made.start("--checkpoint", str(checkpoint))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> Iterator[Workbench]:
    """A workbench for the tests that leave nothing behind."""
    made = Workbench(tmp_path_factory.mktemp("shared") / "workspace", checkpoint)
    made.start("--checkpoint", str(checkpoint))
    yield made
    made.stop()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a page; at the end of the test nothing may have gone wrong in it or been asked of another machine."""
    contexts, wrong = [], []

    def open_page(url: str, width: int = 1280, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url) if _foreign(request.url, url) else None)
        page.answers = _answers(page)
        page.goto(url)
        page.wait_for_selector(".duomo-hero")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _answers(page: Any) -> set[Any]:
    """Keep the streams by which answers still come to the page."""
    streams: set[Any] = set()
    page.on("request", lambda request: streams.add(request) if "/queue/data" in request.url else None)
    for ended in ("requestfinished", "requestfailed"):
        page.on(ended, lambda request: streams.discard(request))  # playwright takes no built-in
    return streams


def reload(page: Any) -> None:
    """Reload once nothing is on its way any more: the page would report it as lost."""
    quiet = 0
    while quiet < 5:
        page.wait_for_timeout(50)
        quiet = 0 if page.answers else quiet + 1
    page.reload()


def _foreign(asked: str, home: str) -> bool:
    return asked.startswith("http") and urlparse(asked).hostname != urlparse(home).hostname


def analyse(page: Any, text: str) -> None:
    """Type a text, analyse it with the keyboard and wait for the answer."""
    page.locator("#analyse-text textarea").fill(text)
    page.locator("#analyse-text textarea").press("Control+Enter")
    page.wait_for_function(SHOWN, arg=text)


def found(page: Any) -> list[str]:
    """Return the entities that the table lists, as TEXT/TYPE."""
    rows = page.locator("#analyse-table tbody tr")
    cells = [(row.locator(".mention").inner_text(), row.locator(".type").inner_text()) for row in rows.all()]
    return [f"{mention}/{label}" for mention, label in cells]


def carry(page: Any, text: str) -> None:
    """Analyse a text and carry it to the editor."""
    analyse(page, text)
    page.locator("#analyse-correct").click()
    page.wait_for_function("text => document.querySelector('.duomo-surface')?.innerText.includes(text)", arg=text[-2:])
    page.locator(".duomo-surface").focus()
    page.keyboard.press("Control+Home")


def correct(page: Any, text: str, name: str, key: str) -> None:
    """Carry a text over, mark a name in it with the keyboard alone, save, and go back."""
    carry(page, text)
    for _ in range(text.index(name)):
        page.keyboard.press("ArrowRight")
    for _ in name:
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press(key)
    # The rest of the sentence is right as the model has it.
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".duomo-state[data-state=saved], #annotate-status .facts-line")
    page.get_by_role("tab").nth(0).click()


def set_option(page: Any, name: str, value: object) -> None:
    """Fill in a setting of the training form."""
    field = page.locator(f"#retrain-{name} input")
    field.fill(str(value))
    field.blur()


def start_training(page: Any, **chosen: object) -> None:
    """Open the Retrain tab, choose settings and start."""
    page.get_by_role("tab").nth(2).click()
    page.locator("#retrain-settings button").first.click()
    page.locator("#retrain-more button").first.click()
    for name, value in chosen.items():
        set_option(page, name, value)
    page.locator("#retrain-start").click()
    page.wait_for_selector("#retrain-progress .progress")


def test_a_correction_is_learned_and_answers_in_the_same_window(
    workbench: Workbench, visit: Callable[..., Any], tmp_path: Path
) -> None:
    page = visit(workbench.url)
    analyse(page, SENTENCE)
    assert "木鱼镇/LOC" not in found(page)
    # Several sentences around the same name: a held-out part is left over and the name is still learned.
    for text in (SENTENCE, "木鱼镇很美。", "她住在木鱼镇。", "木鱼镇来了客人。", "我们去木鱼镇。", "从木鱼镇出发。"):
        correct(page, text, NAME, "2")
    page.get_by_role("tab").nth(2).click()
    # How deep to learn is asked before anything else, and both answers are in sight.
    assert [each.inner_text()[:4] for each in page.locator("#retrain-depth label:has(input)").all()] == ["快速更新", "完整重训"]
    assert page.locator("#retrain-depth input").nth(1).is_checked() and not page.locator("#retrain-epochs").is_visible()
    # What nobody may learn from: uploaded once, and every model of the project is judged by it.
    formats.write(news()[120:140], tmp_path / "test.jsonl")
    page.locator("#retrain-protected button").first.click()
    page.locator("#protected-files input[type=file]").set_input_files(tmp_path / "test.jsonl")
    page.wait_for_selector("#retrain-protected .notice-success")
    assert "test.jsonl，20 句" in page.locator("#retrain-protected button").first.inner_text()
    assert "LOC" in page.locator("#protected-shown").inner_text()
    start_training(page, epochs=12, head_rate=0.01, margin=100)
    page.wait_for_selector("#retrain-use", timeout=200_000)
    # Until it is decided, nobody is offered another training, not even on a page opened later.
    later = visit(workbench.url)
    later.get_by_role("tab").nth(2).click()
    later.wait_for_selector("#retrain-use:visible")
    for each in (page, later):
        assert not each.locator("#retrain-start").is_visible()
    later.close()
    result = page.locator("#retrain-result").inner_text()
    assert re.search(r"\d+%", result) and "F1" in result and "通过" in result
    assert "受保护的测试集 20 篇" in result
    page.locator("#retrain-result summary").last.click()
    page.locator("#retrain-result [data-do=cause]:visible").first.click()
    page.wait_for_selector("#retrain-causes li")
    assert NAME in page.locator("#retrain-causes").inner_text()
    page.locator("#retrain-use").click()
    page.wait_for_selector(".notice-success")
    page.get_by_role("tab").nth(0).click()
    analyse(page, SENTENCE)
    assert "木鱼镇/LOC" in found(page)
    assert re.search(r"tiny-\d{8}-\d{4}", page.locator(".facts").first.inner_text())
    # And back to the model from before.
    page.get_by_role("tab").nth(2).click()
    page.locator("#retrain-model input").click()
    page.get_by_role("option", name=re.compile(r"tiny$")).click()
    page.wait_for_selector(".notice-success")
    page.get_by_role("tab").nth(0).click()
    analyse(page, "她住在木鱼镇。")
    assert not re.search(r"tiny-\d{8}-\d{4}", page.locator(".facts").first.inner_text())


@pytest.mark.slow
def test_a_reload_and_a_restart_find_the_running_job_again(workbench: Workbench, visit: Callable[..., Any]) -> None:
    page = visit(workbench.url)
    for text in ("她住在木鱼镇。", "木鱼镇很美。", "我们去木鱼镇。"):
        correct(page, text, NAME, "2")
    start_training(page, epochs=100)
    reload(page)
    page.wait_for_selector("#retrain-progress .progress")
    # Somebody else sees the same job, and can work on meanwhile.
    other = visit(workbench.url)
    analyse(other, "王芳在杭州。")
    other.get_by_role("tab").nth(2).click()
    other.wait_for_selector("#retrain-progress .progress")
    for closing in (page, other):
        closing.context.close()
    workbench.stop()
    workbench.start()
    again = visit(workbench.url)
    again.get_by_role("tab").nth(2).click()
    again.wait_for_selector("#retrain-cancel:visible, #retrain-use:visible")
    if again.locator("#retrain-cancel").is_visible():
        again.locator("#retrain-cancel").click()
        again.wait_for_selector("#retrain-start:visible, #retrain-use:visible", timeout=60_000)


@pytest.mark.slow
def test_what_teaches_most_comes_next_with_a_control_arm_and_a_meter(workbench: Workbench, visit: Callable[..., Any]) -> None:
    store = Store.open(f"sqlite:///{(workbench.workspace / 'duomo.db').as_posix()}")
    texts = [
        f"{who}在{where}见到了客人。" for who in ("王芳", "好的", "木鱼") for where in ("杭州", "家里", "木鱼镇", "北京大学")
    ]
    ids = store.documents.add(FIRST, [Document(text, id=f"d{n}") for n, text in enumerate(texts)]).ids
    page = visit(workbench.url)
    page.get_by_role("tab").nth(1).click()
    page.locator("#annotate-choosing button").first.click()
    page.locator("#choosing-told .duomo-hint").wait_for()
    page.locator("#choosing-count input").fill("6")
    page.locator("#choosing-control input").fill("50")
    page.locator("#choosing-choose").click()
    page.wait_for_selector("#choosing-told .notice-success")
    waiting = store.selections.waiting(FIRST)
    assert [each.pick.arm for each in waiting].count("control") == 3 == len(waiting) - 3
    page.wait_for_selector("#annotate-reason .reason")
    reasons = []
    for each in waiting:
        text = store.document(each.pick.document_id).text
        page.wait_for_function("text => document.querySelector('.duomo-surface')?.textContent === text", arg=text)
        reasons.append("对照组" in page.locator("#annotate-reason").inner_text())
        page.locator(".duomo-surface").focus()
        page.keyboard.press("Control+s")
        page.wait_for_selector(".duomo-state[data-state=saved]")
        page.locator(".duomo-surface").focus()
        page.keyboard.press("j")
    assert reasons == [each.pick.arm == "control" for each in waiting]
    page.wait_for_function("!document.querySelector('#annotate-reason .reason')")
    assert len(store.selections.judged(FIRST)) == 6 < len(ids)
    store.close()
    # The meter counts both arms, and is honest about how few they are.
    page.get_by_role("tab").nth(2).click()
    page.locator("#retrain-savings button").first.click()
    page.wait_for_selector("#savings-drawn table")
    assert "对照组还太小" in page.locator("#savings-drawn").inner_text()
    # While one retraining runs, the next waits its turn, and can be withdrawn.
    start_training(page, epochs=200)
    page.locator("#retrain-start").click()
    page.locator("#retrain-queue [data-do=withdraw]").click()
    page.wait_for_function("!document.querySelector('#retrain-queue [data-do=withdraw]')")
    page.locator("#retrain-cancel").click()


def test_a_draft_survives_a_reload(shared: Workbench, visit: Callable[..., Any]) -> None:
    page = visit(shared.url)
    carry(page, SENTENCE)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("3")
    page.wait_for_selector("#annotate-editor .duomo-tag:has-text('ORG')")
    reload(page)
    page.wait_for_selector("#annotate-editor .duomo-tag:has-text('ORG')")
    assert page.get_by_role("tab").nth(1).get_attribute("aria-selected") == "true"
    page.evaluate("localStorage.clear()")


def test_the_language_changes_every_word_and_keeps_the_text(shared: Workbench, visit: Callable[..., Any]) -> None:
    page = visit(shared.url)
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.get_by_role("tab").all_inner_texts() == ["分析", "标注", "训练", "误差", "项目"]
    page.locator("#analyse-text textarea").fill("陈静去了成都。")
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**/en")
    page.wait_for_selector(".duomo-hero")
    assert page.get_by_role("tab").all_inner_texts() == ["Analyse", "Annotate", "Retrain", "Errors", "Projects"]
    assert page.locator("#analyse-text textarea").input_value() == "陈静去了成都。"
    assert page.evaluate("document.documentElement.lang") == "en"
    # Single characters head the columns of the evidence: they are the text's own.
    words = [each for each in page.locator(WORDS).all_inner_texts() if len(each) > 1]
    assert [each for each in words if re.search("[\u4e00-\u9fff]", each)] == []
    page.get_by_role("link", name="中文").click()
    page.wait_for_selector(".duomo-hero")
    assert page.get_by_role("tab").all_inner_texts() == ["分析", "标注", "训练", "误差", "项目"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "还没有文本"), ("字" * 20_001, "20,001"), ("张三\u0007来了", "U+0007"), ("  \n ", "还没有文本")],
)
def test_what_cannot_be_analysed_is_said_and_stays(shared: Workbench, visit: Callable[..., Any], text: str, message: str) -> None:
    page = visit(shared.url)
    before = page.locator("#analyse-hero").inner_text()
    page.locator("#analyse-text textarea").fill(text)
    page.locator("#analyse-run").click()
    page.wait_for_selector(f".notice-error:has-text('{message}')")
    assert page.locator("#analyse-text textarea").input_value() == text
    assert page.locator("#analyse-hero").inner_text() == before


def test_html_and_templates_in_a_text_are_only_text(shared: Workbench, visit: Callable[..., Any]) -> None:
    page = visit(shared.url)
    text = "<img src=x onerror=alert(1)>${1+1}{{value}}`王芳`在杭州。"
    analyse(page, text)
    assert page.locator("#analyse-hero img").count() == 0


def test_clicking_an_entity_points_at_it_everywhere(shared: Workbench, visit: Callable[..., Any]) -> None:
    page = visit(shared.url)
    analyse(page, "王芳在杭州。")
    page.locator("#analyse-table tbody tr").first.click()
    assert page.locator("#analyse-hero .duomo-seg.is-focus").count() == 1
    assert page.locator("#analyse-evidence th.is-focus").count() == 2


@pytest.mark.parametrize("path", ["", "en"])
def test_nothing_scrolls_sideways_on_a_phone(shared: Workbench, visit: Callable[..., Any], path: str) -> None:
    page = visit(f"{shared.url}/{path}", width=390)
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(600)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        assert page.evaluate("document.body.scrollWidth - window.innerWidth") <= 0


def test_an_example_is_one_click(shared: Workbench, visit: Callable[..., Any]) -> None:
    page = visit(shared.url)
    example = page.locator(".example").nth(1)
    wanted = example.get_attribute("data-text")
    example.click()
    page.wait_for_function("text => document.querySelector('#analyse-text textarea').value === text", arg=wanted)
