"""Speech beside a text in a real browser: a file, the browser's microphone, this machine's; what cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

gr = pytest.importorskip("gradio", reason="gradio is not installed")
soundfile = pytest.importorskip("soundfile")

from engine.document import Document, Span  # noqa: E402
from engine.tagger import Prediction  # noqa: E402
from tests.browser.serving import StandIn, fresh_pages, served  # noqa: E402
from tests.workbench.test_recording import Sound  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
TEXT = "南京市长江大桥"
PLACES = "count => document.querySelectorAll('#analyse-hero .duomo-tag').length === count"
# Stands for the browser's microphone: a tone of its own making.
MICROPHONE = """
Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia: async () => {
  const context = new AudioContext(), tone = context.createOscillator(), end = context.createMediaStreamDestination();
  tone.connect(end); tone.start(); await context.resume(); return end.stream;
} } });
"""


class Listening(StandIn):
    """Stands for a tagger: two entities where there is speech, one where there is none."""

    def answer(self, document: Document) -> Prediction:
        spans = (Span(0, 2, "LOC", 0.8), Span(2, 4, "ORG", 0.7)) if document.audio else (Span(0, 4, "LOC", 0.9),)
        return Prediction(document.with_spans(spans), (), 0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workbench keeps what is recorded."""
    return tmp_path_factory.mktemp("speech-input")


@pytest.fixture(scope="module")
def tagger() -> Listening:
    return Listening()


@pytest.fixture(scope="module")
def sound() -> Sound:
    return Sound(1, 1)


@pytest.fixture(scope="module")
def url(folder: Path, tagger: Listening, sound: Sound, chromium: Any) -> Iterator[str]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setitem(sys.modules, "sounddevice", sound)
    with served(folder, tagger, monkeypatch) as address:
        yield address
    monkeypatch.undo()


@pytest.fixture
def said(tmp_path: Path) -> Path:
    tone, silence = 0.3 * np.random.default_rng(0).standard_normal(12_000), np.zeros(6400)
    soundfile.write(tmp_path / "said.wav", np.concatenate([tone, silence, tone]).clip(-0.9, 0.9), 16_000)
    return tmp_path / "said.wav"


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Analyse a text on a fresh page with the place for speech unfolded; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening(text: str = TEXT, width: int = 1280, **options: Any) -> Any:
            page = fresh(width, **options)
            page.add_init_script(MICROPHONE)
            page.on(
                "request", lambda request: None if request.url.startswith((url, "data:", "blob:")) else wrong.append(request.url)
            )
            page.goto(url)
            page.wait_for_selector("#analyse-hero .duomo-text")
            page.locator("#analyse-text textarea").fill(text)
            page.locator("#analyse-run").click()
            page.wait_for_function("text => document.querySelector('#analyse-hero').textContent.includes(text)", arg=text[4:])
            page.locator("#speech-source > button").click()
            page.wait_for_selector("#speech-desk select")
            return page

        yield opening


def put(page: Any, file: Path) -> None:
    page.locator("#speech-files input[type=file]").set_input_files(file)


def heard(page: Any) -> str:
    page.wait_for_function(PLACES, arg=2)
    return page.locator("#analyse-speech").inner_text()


def narrow(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_file_is_heard_and_said_to_be(visit: Callable[..., Any], said: Path, folder: Path) -> None:
    page = visit()
    put(page, said)
    assert "语音 1.9 秒 · 1 处停顿" in heard(page)
    assert "said.wav" in page.locator("#speech-source").inner_text()
    assert page.locator("#analyse-text textarea").input_value() == TEXT
    assert any((folder / "speech").glob("*.wav"))


def test_what_is_no_sound_is_said_and_the_text_is_answered(visit: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("这不是录音", encoding="utf-8")
    page = visit(width=400)
    put(page, tmp_path / "notes.wav")
    page.wait_for_selector("#speech-refusal .notice")
    said = page.locator("#speech-refusal").inner_text()
    assert "notes.wav 解不出声音" in said and "只依据文本" in said and "gradio" not in said
    assert page.locator("#analyse-hero .duomo-tag").count() == 1
    assert page.locator("#analyse-text textarea").input_value() == TEXT
    assert not page.locator("#analyse-compare").is_visible() and narrow(page)
    page.locator("#analyse-run").click()
    page.wait_for_selector("#speech-refusal .notice", state="detached")


def test_a_recording_is_removed_and_goes_with_its_text(visit: Callable[..., Any], said: Path) -> None:
    page = visit()
    put(page, said)
    heard(page)
    page.locator("#speech-files [data-remove]").click()
    page.wait_for_function(PLACES, arg=1)
    assert page.locator("#analyse-speech .spoken").count() == 0 and page.locator("#speech-files [data-remove]").count() == 0
    put(page, said)
    heard(page)
    page.locator("button.example").nth(1).click()
    page.wait_for_selector("[data-remove]", state="detached")
    assert page.locator("#analyse-speech .spoken").count() == 0


def test_a_recording_without_words_waits_for_them(visit: Callable[..., Any], said: Path) -> None:
    page = visit()
    page.locator("#analyse-text textarea").fill("")
    put(page, said)
    page.wait_for_selector("#speech-problem .notice")
    assert "写下" in page.locator("#speech-problem").inner_text()
    page.locator("#analyse-text textarea").fill(TEXT)
    page.locator("#analyse-run").click()
    assert "1.9" in heard(page)


def test_the_browsers_microphone_is_heard(visit: Callable[..., Any]) -> None:
    page = visit()
    record = page.locator("#speech-files [data-record]")
    record.click()
    page.wait_for_selector("#speech-files [data-record][aria-pressed=true]")
    page.wait_for_timeout(800)
    record.click()
    heard(page)
    assert "microphone.wav" in page.locator("#speech-source").inner_text()


def test_this_machines_microphone_is_heard(visit: Callable[..., Any], sound: Sound) -> None:
    page = visit()
    page.locator("[data-begin]").click()
    page.wait_for_selector("[data-finish]")
    sound.give(1.2)
    page.wait_for_function("Number(document.querySelector('#speech-meter meter').value) > 0.5")
    page.locator("[data-finish]").click()
    assert "1.2 秒" in heard(page)
    page.wait_for_selector("#speech-desk select")
    page.wait_for_selector("#speech-meter meter", state="detached")


def test_a_model_that_does_not_listen_says_so(
    visit: Callable[..., Any], said: Path, tagger: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagger, "used", {"text"})
    page = visit()
    put(page, said)
    page.wait_for_selector("#analyse-speech .spoken")
    assert "不听语音" in page.locator("#analyse-speech").inner_text()
    assert not page.locator("#analyse-compare").is_visible()
