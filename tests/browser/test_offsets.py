"""What is marked in the browser is what the store holds and what every export says, whatever the text is written with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import formats
from engine.document import Document
from tests.browser.editor_page import FAMILY, focus, press, ready, state_is
from tests.browser.serving import Silent, fresh_pages, served
from workbench.store import FIRST, Store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PIECES = [
    "张",
    "北京",
    "𠮷",
    "😀",
    FAMILY,
    "👍🏽",
    "🇨🇳",
    "e\u0301",
    "\r\n",
    "\n",
    "Ａ",
    "\u3000",
    "a",
    "葛\U000e0100",
    "\u1112\u1161",
]
GRAPHEMES = "text => [...new Intl.Segmenter('zh', {granularity: 'grapheme'}).segment(text)].map(s => s.segment)"
TEXTS = 4


@pytest.fixture
def page(tmp_path: Path, chromium: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The workbench on a store in ``tmp_path``."""
    wrong: list[str] = []
    with served(tmp_path, Silent(), monkeypatch) as url, fresh_pages(chromium, wrong) as fresh:
        opened = fresh(1280)
        opened.goto(url)
        opened.wait_for_selector("#analyse-hero .duomo-text")
        yield opened
    assert not wrong


def mark(page: Any, text: str, generator: random.Random) -> list[str]:
    """Pass over some characters and mark some, in turn, to the end; return what the marks cover."""
    parts = page.evaluate(GRAPHEMES, text)
    covered, at, marking = [], 0, False
    focus(page)
    while at < len(parts):
        taken = parts[at : at + generator.randint(1, 3)]
        press(page, *["Shift+ArrowRight" if marking else "ArrowRight"] * len(taken))
        if marking:
            press(page, generator.choice("123"))
            covered.append("".join(taken))
        at, marking = at + len(taken), not marking
    return covered


def test_marks_keep_their_characters_from_the_browser_to_every_export(page: Any, tmp_path: Path) -> None:
    generator = random.Random(7)
    # Blanks at an end would not be told apart from the end of a file in some formats: that is for the formats' own tests.
    texts = [f"第{number}篇{''.join(generator.choices(PIECES, k=22))}完" for number in range(TEXTS)]
    store = Store.open(f"sqlite:///{(tmp_path / 'duomo.db').as_posix()}")
    ids = store.documents.add(FIRST, [Document(text, id=f"d{number}") for number, text in enumerate(texts)]).ids
    page.get_by_role("tab", name="标注", exact=True).click()
    covered = {}
    for document, text in zip(ids, texts, strict=True):
        page.locator(f'#annotate-recent [data-id="{document}"]').click()
        page.wait_for_function("start => document.querySelector('.duomo-surface')?.textContent.startsWith(start)", arg=text[:3])
        ready(page)
        covered[document] = mark(page, text, generator)
        press(page, "Control+s")
        state_is(page, "saved")
    for document, text in zip(ids, texts, strict=True):
        (revision,) = store.revisions(document)
        assert [text[span.start : span.end] for span in revision.spans] == covered[document]
        assert store.document(document).text == text
    for name, format in formats.FORMATS.items():
        answers = list(store.reading.answers(FIRST))
        path = tmp_path / "exports" / name / f"marked{format.extensions[0].strip('/')}"
        path.parent.mkdir(parents=True)
        formats.write(answers, path, name)
        fitting = [fit for answer in answers if (fit := format.fit(answer)[0]) is not None]
        again = formats.read(path, name)
        assert sorted(_said(document) for document in again) == sorted(_said(document) for document in fitting), name
    store.close()


def _said(document: Document) -> tuple[str, list[tuple[int, int, str, str]]]:
    return document.text, [(span.start, span.end, span.label, document.mention(span)) for span in document.spans]
