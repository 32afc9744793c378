"""The characters in a real browser: pointing, walking, choosing a reading and going back, sound, neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
gr = pytest.importorskip("gradio", reason="gradio is not installed")

from engine import character_card  # noqa: E402
from engine.character_card import Sound  # noqa: E402
from engine.document import Document, Span  # noqa: E402
from engine.evidence import Characters, Scores  # noqa: E402
from engine.layers.vector_table import VectorTable  # noqa: E402
from engine.modalities.glyphs import traditional  # noqa: E402
from engine.modalities.pinyin import read  # noqa: E402
from engine.tagger import Prediction  # noqa: E402
from tests.browser.serving import StandIn, fresh_pages, served  # noqa: E402
from workbench.character_panel import panel  # noqa: E402
from workbench.store import Store  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
BRIDGE = "南京市长江大桥"
CARD = "#analyse-character .duomo-card"
SHOWN = "text => document.querySelector('#analyse-hero .duomo-text')?.textContent.replace(/[A-Z]+ \\d+%/g, '').trim() === text"
DRAWN = """([length, first]) => document.querySelectorAll('#analyse-strip .duomo-sign').length === length
  && document.querySelector('#analyse-character .duomo-card-sign')?.textContent === first"""
HEARD = "window.heard = []; window.Audio = class { constructor(url) { heard.push(url); } async play() {} };"


class Hearing(StandIn):
    """Stands for a tagger: a bridge, unless 长 is read as in 市长; then a mayor."""

    def __init__(self) -> None:
        tables = {"glyph": VectorTable("南京市長江大橋張", 4), "phonetic": VectorTable(["chang2", "zhang3", "zhang1", "nan2"], 4)}
        for table in tables.values():
            table.vectors.copy_(torch.rand(len(table.items), 4, generator=torch.Generator().manual_seed(1)))
        super().__init__(**tables)

    def answer(self, document: Document) -> Prediction:
        readings = read(document.text, document.readings)
        mayor = "zhang3" in readings
        spans = (Span(0, 2, "LOC", 0.8), Span(4, 7, "PER", 0.7)) if mayor else (Span(0, min(7, len(document)), "LOC", 0.9),)
        glyphs, sounds = (self.system.vector_tables[name] for name in ("glyph", "phonetic"))
        forms = tuple(form if form in glyphs.rows else "" for form in traditional(document.text))
        heard = tuple(reading if reading in sounds.rows else "" for reading in map(str, readings))
        effect = Scores("modality_effect", ("glyph", "phonetic"), tuple((0.25, 0.5) for _ in document.text))
        return Prediction(document.with_spans(spans), (effect, Characters("characters", forms, heard)), 0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workbench keeps what is saved."""
    return tmp_path_factory.mktemp("characters")


@pytest.fixture(scope="module")
def url(folder: Path, chromium: Any) -> Iterator[str]:
    """The workbench with a system that looks and listens."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("DUOMO_CACHE", str(folder))
    said = Sound(np.zeros(800, np.float32), 8000, np.zeros((48, 48), np.uint8))
    for module in (character_card, panel):
        monkeypatch.setattr(module, "say", lambda syllable: said)
    with served(folder, Hearing(), monkeypatch) as address:
        yield address
    monkeypatch.undo()


@pytest.fixture
def visit(url: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Analyse a text on a fresh page; errors in it fail the test."""
    wrong: list[str] = []
    with fresh_pages(chromium, wrong) as fresh:

        def opening(text: str = BRIDGE, width: int = 1280) -> Any:
            page = fresh(width)
            page.add_init_script(HEARD)
            page.goto(url)
            page.wait_for_selector(CARD)
            analyse(page, text)
            return page

        yield opening


def analyse(page: Any, text: str) -> None:
    page.locator("#analyse-text textarea").fill(text)
    page.locator("#analyse-run").click()
    page.wait_for_function(SHOWN, arg=text)
    # The card of the text before may be of its first character too.
    page.wait_for_function(DRAWN, arg=[len(text), text[0]])
    opened(page, 0)


def opened(page: Any, offset: int) -> Any:
    """Wait for the card of a character of the sentence, marked in the sentence and in the strip."""
    page.wait_for_selector(f"{CARD}[data-own][data-offset='{offset}']")
    for place in ("hero", "strip"):
        page.wait_for_selector(f"#analyse-{place} [data-at='{offset}'].is-at")
    assert page.locator("#analyse-strip .is-at").count() == 1
    return page.locator(CARD)


def choose(page: Any, reading: str) -> None:
    page.locator(f"{CARD} [data-choose='{reading}']").click()
    page.wait_for_selector(f"{CARD} [data-choose='{reading}'][aria-pressed=true]")


def test_a_character_is_looked_at_by_mouse_in_the_sentence_and_in_the_strip(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#analyse-hero [data-at='3']").hover()
    card = opened(page, 3)
    assert "長" in card.inner_text() and "U+957F" in card.inner_text() and "25.0%" in card.inner_text()
    page.locator("#analyse-strip [data-at='5']").hover()
    opened(page, 5)
    page.locator("#analyse-hero [data-at='1']").click()
    opened(page, 1)


def test_the_arrow_keys_walk_through_the_strip(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#analyse-strip [tabindex='0']").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    opened(page, 3)
    page.keyboard.press("End")
    opened(page, 6)
    assert page.locator("#analyse-strip [tabindex='0']").get_attribute("data-at") == "6"


def test_a_strip_of_several_lines_is_walked_up_and_down(visit: Callable[..., Any]) -> None:
    page = visit(BRIDGE * 3, 400)
    page.locator("#analyse-strip [tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    below = int(page.evaluate("document.activeElement.dataset.at"))
    assert below > 3
    opened(page, below)
    page.keyboard.press("ArrowUp")
    opened(page, 0)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_another_reading_changes_the_answer_and_is_taken_back(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#analyse-strip [data-at='3']").click()
    opened(page, 3)
    choose(page, "zhang3")
    opened(page, 3)
    assert page.evaluate("document.activeElement.dataset.choose") == "zhang3"
    changes = page.locator(".duomo-changes")
    assert changes.locator(".is-added").count() == 2 and changes.locator(".is-removed").count() == 1
    assert "zhǎng" in page.locator("#analyse-strip .is-chosen").inner_text()
    assert page.locator("#analyse-hero .duomo-tag").count() == 2
    page.locator("#analyse-strip .duomo-chosen button").click()
    page.wait_for_selector("#analyse-strip .is-chosen", state="detached")
    opened(page, 3)
    assert page.locator("#analyse-hero .duomo-tag").count() == 1
    assert page.locator(".duomo-changes .is-removed").count() == 2


def test_a_reading_of_ones_own_is_taken_and_a_wrong_one_refused(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#analyse-strip [data-at='3']").click()
    opened(page, 3)
    field = page.locator("[data-own-reading]")
    field.fill("${1+1}")
    field.press("Enter")
    page.wait_for_selector("#analyse-refusal .notice")
    assert "${1+1}" in page.locator("#analyse-refusal").inner_text()
    assert field.input_value() == "${1+1}" and page.locator(".is-chosen").count() == 0
    page.wait_for_function("!document.querySelector('#analyse-hero.is-busy')")
    field.fill("zhāng")
    field.press("Enter")
    page.wait_for_selector("#analyse-strip .is-chosen")
    assert "zhāng" in page.locator("#analyse-strip .is-chosen").inner_text()
    page.wait_for_selector("#analyse-refusal .notice", state="detached")


def test_a_chosen_reading_is_saved_with_the_correction(visit: Callable[..., Any], folder: Path) -> None:
    page = visit()
    page.locator("#analyse-strip [data-at='3']").click()
    opened(page, 3)
    choose(page, "zhang3")
    page.locator("#analyse-correct").click()
    page.wait_for_function("text => document.querySelector('.duomo-surface')?.innerText.includes(text)", arg=BRIDGE[-2:])
    page.locator(".duomo-surface").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#annotate-status .facts-line")
    store = Store.open(f"sqlite:///{(folder / 'duomo.db').as_posix()}")
    (correction,) = store.corrections()
    store.close()
    assert (correction.text, correction.readings) == (BRIDGE, {3: "zhang3"})


def test_readings_stay_with_their_text_alone(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#analyse-strip [data-at='3']").click()
    opened(page, 3)
    choose(page, "zhang3")
    page.locator("#analyse-run").click()
    page.wait_for_selector(".duomo-changes", state="detached")
    assert page.locator("#analyse-strip .is-chosen").count() == 1
    opened(page, 3)
    analyse(page, BRIDGE + "边")
    assert page.locator("#analyse-strip .is-chosen").count() == 0
    assert page.locator("#analyse-hero .duomo-tag").count() == 1


def test_a_neighbour_is_shown_and_leads_back(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#analyse-strip [data-at='3']").click()
    opened(page, 3)
    page.locator(f"{CARD} [data-character='張']").click()
    page.wait_for_selector(f"{CARD}:not([data-own])")
    assert "U+5F35" in page.locator(CARD).inner_text()
    page.locator(f"{CARD} [data-reading=zhang3]").click()
    page.wait_for_selector(f"{CARD}:not([data-own]) [data-say=zhang3]")
    page.locator(f"{CARD} header button").click()
    opened(page, 3)


def test_a_sound_is_fetched_when_it_is_asked_for(visit: Callable[..., Any]) -> None:
    page = visit()
    assert "data:audio" not in page.content()
    page.locator(f"{CARD} [data-say]").click()
    page.wait_for_function("window.heard.length === 1")
    assert page.evaluate("window.heard[0]").startswith("data:audio/wav;base64,")


def test_what_is_masked_is_said(visit: Callable[..., Any]) -> None:
    page = visit("😀<b>${1+1}" + BRIDGE)
    assert page.locator(f"{CARD} .duomo-masked").count() == 2
    assert page.locator("#analyse-strip .duomo-sign").count() == 10 + len(BRIDGE)
    page.locator("#analyse-strip [data-at='4']").click()
    assert "U+0024" in opened(page, 4).inner_text()
