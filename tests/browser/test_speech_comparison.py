"""The same words heard otherwise, in a real browser: muted, shifted, another recording; the examples that are read aloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

gr = pytest.importorskip("gradio", reason="gradio is not installed")
soundfile = pytest.importorskip("soundfile")

from engine.document import Document, Span  # noqa: E402
from engine.evidence import Alignment, Pauses  # noqa: E402
from engine.modalities.speech import RATE, pauses, read_speech  # noqa: E402
from engine.samples import examples  # noqa: E402
from engine.tagger import Prediction  # noqa: E402
from tests.browser.serving import StandIn, fresh_pages, served  # noqa: E402
from tests.browser.test_speech_input import MICROPHONE  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
BRIDGE = (Span(0, 3, "LOC", 0.97), Span(3, 7, "LOC", 0.95))
MAYOR = (Span(0, 2, "LOC", 0.9), Span(4, 7, "PER", 0.8))
SPOKEN = next(number for number, example in enumerate(examples()) if example.id == "spoken-bridge")
LATE = 0.3
FIGURES = "count => document.querySelectorAll('#analyse-speech-figure .duomo-speech').length === count"


class Hearing(StandIn):
    """Stands for a tagger: one pause is a bridge, two are a mayor; what comes late, or not at all, is one place."""

    def answer(self, document: Document) -> Prediction:
        if document.audio is None or len(document) != 7:
            return Prediction(document.with_spans((Span(0, 3, "LOC", 0.6),)), (), 0.01)
        sound = read_speech(document.audio).waveform
        first, gaps = int(np.argmax(np.abs(sound) > 0.05)) / RATE, pauses(sound)
        spans = BRIDGE[:1] if first > LATE else MAYOR if len(gaps) > 1 else BRIDGE
        step = (len(sound) / RATE - first) / 7
        times = tuple((first + at * step, first + (at + 1) * step) for at in range(7))
        return Prediction(document.with_spans(spans), (Pauses("pauses", tuple(gaps)), Alignment("alignment", times, 0.9)), 0.01)


@pytest.fixture(scope="module")
def tagger() -> Hearing:
    return Hearing()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, tagger: Hearing, chromium: Any) -> Iterator[str]:
    monkeypatch = pytest.MonkeyPatch()
    with served(tmp_path_factory.mktemp("speech-comparison"), tagger, monkeypatch) as address:
        yield address
    monkeypatch.undo()


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Choose the sentence that is read in two ways; errors in the page fail the test."""
    with fresh_pages(chromium, []) as fresh:

        def opening(width: int = 1280, language: str = "zh") -> Any:
            page = fresh(width)
            page.goto(url + ("en" if language == "en" else ""))
            page.wait_for_selector("#analyse-hero .duomo-text")
            page.locator("button.example").nth(SPOKEN).click()
            page.wait_for_selector("#analyse-speech .spoken")
            return page

        yield opening


def compared(page: Any, way: str) -> None:
    page.locator(f"[data-compare={way}]").click()
    page.wait_for_selector(f"[data-compare={way}][aria-pressed=true]")


def changed(page: Any) -> list[str]:
    page.wait_for_selector(".duomo-changes")
    return page.locator(".duomo-changes .duomo-entity").all_inner_texts()


def hero(page: Any) -> list[str]:
    return page.locator("#analyse-hero .duomo-tag").all_inner_texts()


def put_another(page: Any, file: Path) -> None:
    page.locator("#analyse-compare input[type=file]").set_input_files(file)


def narrow(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize(("width", "language"), [(1280, "zh"), (400, "en")])
def test_an_example_is_read_in_two_ways_side_by_side(visit: Callable[..., Any], width: int, language: str) -> None:
    page = visit(width, language)
    page.wait_for_function(FIGURES, arg=2)
    assert page.locator("#analyse-text textarea").input_value() == "南京市长江大桥"
    assert changed(page) == ["＋南京LOC", "−南京市LOC", "−长江大桥LOC", "＋江大桥PER"]
    captions = page.locator(".duomo-speech .duomo-caption").all_inner_texts()
    bar = " | " if language == "en" else "｜"
    assert [caption[-len(cut) :] for caption, cut in zip(captions, cuts(bar), strict=True)] == cuts(bar)
    pressed = page.locator("[data-compare][aria-pressed=true]")
    assert pressed.count() == 1 and pressed.get_attribute("data-compare") == "other"
    assert len(hero(page)) == 2 and narrow(page)


def cuts(bar: str) -> list[str]:
    return [bar.join(words) for words in (("南京市", "长江大桥"), ("南京", "市长", "江大桥"))]


def test_speech_is_muted_and_the_comparison_cleared(visit: Callable[..., Any]) -> None:
    page = visit(400)
    compared(page, "muted")
    page.wait_for_function(FIGURES, arg=1)
    assert changed(page) == ["−长江大桥LOC"]
    assert page.locator(".duomo-changes .duomo-caption").inner_text() == "去掉语音、只依据文本：与上面的结果相比"
    assert len(hero(page)) == 2 and narrow(page)
    page.locator("[data-compare='']").click()
    page.wait_for_selector(".duomo-changes", state="detached")
    page.wait_for_function(FIGURES, arg=1)
    assert page.locator("[data-compare=''][disabled]").count() == 1
    compared(page, "other")
    page.wait_for_function(FIGURES, arg=2)


def test_speech_is_shifted_by_the_keyboard_and_too_far_is_told(visit: Callable[..., Any]) -> None:
    page = visit()
    page.wait_for_function(FIGURES, arg=2)
    page.locator("[data-compare=muted]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-compare=shifted][aria-pressed=true]")
    page.wait_for_function("document.activeElement.dataset.compare === 'shifted'")
    assert changed(page) == ["−长江大桥LOC"]
    assert page.locator(".duomo-speech .duomo-caption").nth(1).inner_text() == "第二种：推后 0.2 秒"
    page.keyboard.press("Tab")
    page.keyboard.type("-0.1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".duomo-speech >> text=提前 0.1 秒")
    assert page.locator(".duomo-changes").inner_text().endswith("实体没有增减。")
    page.locator("[data-shift]").fill("30")
    page.locator("[data-shift]").press("Enter")
    page.wait_for_selector("#compare-problem .notice")
    assert "1.49 秒" in page.locator("#compare-problem").inner_text()
    assert page.locator(".duomo-speech >> text=提前 0.1 秒").count() == 1


def test_another_recording_is_compared_and_a_bad_one_loses_nothing(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit()
    page.wait_for_function(FIGURES, arg=2)
    (tmp_path / "notes.wav").write_text("这不是录音", encoding="utf-8")
    put_another(page, tmp_path / "notes.wav")
    page.wait_for_selector("#compare-problem .notice")
    assert "notes.wav 解不出声音" in page.locator("#compare-problem").inner_text()
    assert len(changed(page)) == 4 and page.locator("[data-compare=other][aria-pressed=true]").count() == 1
    sound = read_speech(examples()[SPOKEN].readings[0].audio).waveform
    soundfile.write(tmp_path / "一座桥.wav", np.stack([sound, sound], axis=1), RATE)
    put_another(page, tmp_path / "一座桥.wav")
    page.wait_for_selector(".duomo-speech >> text=第二种：一座桥.wav")
    assert page.locator("#compare-problem .notice").count() == 0
    assert page.locator(".duomo-changes").inner_text().endswith("实体没有增减。")
    assert "声道" in page.locator(".duomo-speech").nth(1).inner_text()
    assert "一座桥.wav" in page.locator("[data-compare=other]").inner_text()


def test_another_is_recorded_in_the_browser(visit: Callable[..., Any]) -> None:
    page = visit()
    page.evaluate(MICROPHONE)
    record = page.locator("#analyse-compare [data-record]")
    record.click()
    page.wait_for_selector("#analyse-compare [data-record][aria-pressed=true]")
    page.wait_for_timeout(800)
    record.click()
    page.wait_for_selector(".duomo-speech >> text=第二种：microphone.wav")
    assert record.inner_text() == "再录一段" and page.locator("#speech-source").inner_text().startswith("语音：南京市｜长江大桥")


def test_the_same_text_again_is_compared_again_and_another_is_not(visit: Callable[..., Any]) -> None:
    page = visit()
    page.wait_for_function(FIGURES, arg=2)
    page.locator("#analyse-run").click()
    page.wait_for_timeout(500)
    page.wait_for_function(FIGURES, arg=2)
    page.locator("#analyse-text textarea").fill("武汉市长江大桥")
    page.locator("#analyse-run").click()
    page.wait_for_selector("#analyse-speech .spoken", state="detached")
    assert page.locator("[data-compare]").count() == 0 and page.locator(".duomo-speech").count() == 0
    assert "南京" not in page.locator("#speech-source").inner_text()


def test_a_removed_recording_takes_the_comparison_with_it(visit: Callable[..., Any]) -> None:
    page = visit()
    page.wait_for_function(FIGURES, arg=2)
    page.locator("#speech-source > button").click()
    page.locator("#speech-files [data-remove]").click()
    page.wait_for_selector("#analyse-speech .spoken", state="detached")
    assert page.locator("[data-compare]").count() == 0 and len(hero(page)) == 1
    put = examples()[SPOKEN].readings[0].audio
    page.locator("#speech-files input[type=file]").set_input_files(put)
    page.wait_for_function(FIGURES, arg=1)
    assert page.locator("[data-compare=other]").count() == 0 and page.locator("[data-compare=muted]").count() == 1


def test_a_model_that_does_not_listen_reads_the_example_and_says_so(
    visit: Callable[..., Any], tagger: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagger, "used", {"text"})
    page = visit()
    assert "不听语音" in page.locator("#analyse-speech").inner_text() and "m3t" in page.locator("#analyse-speech").inner_text()
    assert page.locator("[data-compare]").count() == 0 and page.locator(".duomo-speech").count() == 0
