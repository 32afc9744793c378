"""An answer that listened, in a real browser: what is clicked is played, what is pointed at shows where it listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

gr = pytest.importorskip("gradio", reason="gradio is not installed")

from engine.document import Document, Span  # noqa: E402
from engine.evidence import Alignment  # noqa: E402
from tests.workbench.spoken import EDGE, PAUSE, SYLLABLE, heard  # noqa: E402
from workbench import theme, views  # noqa: E402
from workbench.language import Texts  # noqa: E402
from workbench.views.recording import recording_of  # noqa: E402
from workbench.views.speech import SpokenAnswer, compared_html, speech_html  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

BRIDGE = Document("南京市长江大桥", (Span(0, 3, "LOC", 0.97), Span(3, 7, "LOC", 0.95)))
MAYOR = Document("南京市长江大桥", (Span(0, 2, "LOC", 0.9), Span(4, 7, "PER", 0.8)))
SCRIPT = (Path(views.__file__).parent / "speech.js").read_text(encoding="utf-8")
# Stands for a player: what was asked of it is written down, and its clock goes when it is told to.
PLAYER = """
window.played = [];
const clocks = new WeakMap();
Object.defineProperty(HTMLMediaElement.prototype, "currentTime", {
  get() { return clocks.get(this) ?? 0; },
  set(now) { clocks.set(this, now); },
});
HTMLMediaElement.prototype.play = function () { window.played.push(["play", this.currentTime]); return Promise.resolve(); };
HTMLMediaElement.prototype.pause = function () { window.played.push(["pause", this.currentTime]); };
"""
THEME = """
<style>:root { --body-text-color: #1C1B19; --body-text-color-subdued: #6B6760; --background-fill-primary: #FBFAF7;
  --background-fill-secondary: #F4F2ED; --border-color-primary: #E0DCD3; --border-color-accent: #A4343A; --color-accent: #A4343A;
  --font: "Noto Sans CJK SC", sans-serif; }
.dark { --body-text-color: #ECE9E2; --body-text-color-subdued: #A5A198; --background-fill-primary: #17181B;
  --background-fill-secondary: #1F2024; --border-color-primary: #35363B; --border-color-accent: #F2938F; }
body { background: var(--background-fill-primary); color: var(--body-text-color); font-family: var(--font); margin: 16px; }
</style>
"""


def page_of(html: str, *, dark: bool = False) -> str:
    """Return a whole page around a view, as the workbench draws it."""
    return (
        f'<!doctype html><html lang="zh" class="{"dark" if dark else ""}"><head><meta charset="utf-8"><title>Duomo</title>'
        f'<link rel="icon" href="data:,">{THEME}<style>{theme.css()}</style></head>'
        f"<body>{html}<script>{SCRIPT}</script></body></html>"
    )


def shown(document: Document = BRIDGE, *, aligned: bool = True, **said: Any) -> str:
    waveform, evidence = heard(document, **{"pauses": (3,), **said})
    kept = tuple(item for item in evidence if aligned or not isinstance(item, Alignment))
    return speech_html(document, recording_of(waveform), kept, Texts("zh").words, remarks=("clipped",))


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a view on a fresh page; errors in it fail the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def opening(html: str, width: int = 1280, *, real: bool = False) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        if not real:
            page.add_init_script(PLAYER)
        page.route("http://duomo.test/", lambda route: route.fulfill(body=page_of(html), content_type="text/html; charset=utf-8"))
        page.goto("http://duomo.test/")
        return page

    yield opening
    for context in contexts:
        context.close()
    assert wrong == []


def plays(page: Any) -> list[float]:
    return [now for what, now in page.evaluate("played") if what == "play"]


def at_clock(page: Any, now: float) -> None:
    page.evaluate("now => { document.querySelector('.duomo-speech audio').currentTime = now; }", now)


def test_a_character_is_played_from_its_start_to_its_end(visit: Callable[..., Any]) -> None:
    page = visit(shown())
    signs = page.locator(".duomo-heard button")
    assert signs.all_inner_texts() == list("南京市长江大桥")
    signs.nth(4).click()
    start = EDGE + 4 * SYLLABLE + PAUSE
    assert plays(page) == [pytest.approx(start, abs=1e-3)]
    page.wait_for_selector(".duomo-cursor:not([hidden])")
    at_clock(page, start + SYLLABLE / 2)
    page.wait_for_selector(".duomo-heard .is-sounding >> text=江")
    at_clock(page, start + SYLLABLE + 0.001)
    page.wait_for_selector(".duomo-cursor", state="hidden")
    assert page.evaluate("played.at(-1)[0]") == "pause"


def test_an_entity_is_played_as_a_whole_and_the_recording_too(visit: Callable[..., Any]) -> None:
    page = visit(shown())
    page.locator(".duomo-stretches button").filter(has_text="95%").click()
    assert plays(page) == [pytest.approx(EDGE + 3 * SYLLABLE + PAUSE, abs=1e-3)]
    at_clock(page, EDGE + 6.5 * SYLLABLE + PAUSE)
    page.wait_for_selector(".duomo-heard .is-sounding >> text=桥")
    whole = page.locator("[data-whole]")
    whole.click()
    assert plays(page)[-1] == 0 and whole.inner_text() == "■ 停止"
    whole.click()
    assert len(plays(page)) == 2 and whole.inner_text() == "▶ 播放全部录音"
    page.wait_for_selector(".duomo-cursor", state="hidden")


def test_the_keyboard_goes_from_character_to_character_and_plays(visit: Callable[..., Any]) -> None:
    page = visit(shown())
    lane = page.locator(".duomo-listening")
    page.locator("[data-whole]").focus()
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.type") == "radio":
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Enter", "End", " ", "Home"):
        page.keyboard.press(key)
    assert plays(page) == pytest.approx([EDGE + SYLLABLE, EDGE + 6 * SYLLABLE + PAUSE], abs=1e-3)
    assert page.evaluate("document.activeElement.textContent") == "南"
    assert lane.get_attribute("data-shown") == "0"
    assert page.locator(".duomo-heard [tabindex='0']").count() == 1
    page.keyboard.press("Escape")
    assert lane.get_attribute("data-shown") == "all"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.duomo-stretches') !== null")


def highest(page: Any) -> float:
    """Return at which share of the recording the curve that is drawn is highest."""
    return page.evaluate(
        """() => {
            const path = document.querySelector('.duomo-listening path').getAttribute('d');
            const heights = [...path.matchAll(/V(\\d+)H/g)].map((found) => Number(found[1]));
            return (heights.indexOf(Math.min(...heights)) + 0.5) / heights.length;
        }"""
    )


def test_what_is_pointed_at_shows_where_it_listens_and_each_head_its_own(visit: Callable[..., Any]) -> None:
    page = visit(shown())
    lane, label = page.locator(".duomo-listening"), page.locator(".duomo-listener")
    drawn = page.locator(".duomo-listening path").get_attribute("d")
    assert label.inner_text() == "所有字平均在听哪里"
    page.locator(".duomo-heard button").nth(1).hover()
    assert label.inner_text() == "“京”在听哪里" and lane.get_attribute("data-shown") == "1"
    seconds = 2 * EDGE + 7 * SYLLABLE + PAUSE
    page.locator(".duomo-switch label").nth(1).click()
    page.locator(".duomo-heard button").nth(1).hover()
    first = highest(page)
    assert first * seconds == pytest.approx(EDGE + 1.5 * SYLLABLE, abs=0.05)
    page.mouse.move(0, 0)
    assert lane.get_attribute("data-shown") == "all"
    page.locator(".duomo-heard button").nth(1).click()
    page.mouse.move(0, 0)
    assert lane.get_attribute("data-shown") == "1"
    page.locator(".duomo-switch label").nth(2).click()
    assert lane.get_attribute("data-shown") == "1"
    assert (highest(page) - first) * seconds == pytest.approx(0.2, abs=0.05)
    page.locator(".duomo-switch label").nth(0).click()
    page.keyboard.press("Escape")
    assert page.locator(".duomo-listening path").get_attribute("d") == drawn


def test_without_an_alignment_characters_are_looked_at_but_not_played(visit: Callable[..., Any]) -> None:
    page = visit(shown(aligned=False))
    signs = page.locator(".duomo-apart button")
    assert signs.all_inner_texts() == list("南京市长江大桥")
    signs.nth(2).click()
    assert page.locator(".duomo-listening").get_attribute("data-shown") == "2" and plays(page) == []


def test_of_two_readings_one_sounds_at_a_time(visit: Callable[..., Any]) -> None:
    answers = []
    for document, pause in ((BRIDGE, 3), (MAYOR, 4)):
        waveform, evidence = heard(document, (pause,))
        answers.append(SpokenAnswer(document, recording_of(waveform), evidence))
    page = visit(compared_html(*answers, Texts("zh").words), 400)
    figures = page.locator(".duomo-speech")
    figures.nth(0).locator("[data-whole]").click()
    figures.nth(1).locator(".duomo-heard button").nth(0).click()
    assert figures.nth(0).locator("[data-whole]").inner_text().startswith("▶")
    figures.nth(1).locator(".duomo-switch label").nth(1).click()
    assert figures.nth(0).locator("input:checked").input_value() == "0"
    assert figures.nth(1).locator("input:checked").input_value() == "1"
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("times", [1, 12])
def test_nothing_but_the_figure_scrolls_sideways(visit: Callable[..., Any], width: int, times: int) -> None:
    text = BRIDGE.text * times
    spans = tuple(replace(span, start=span.start + 7 * n, end=span.end + 7 * n) for n in range(times) for span in BRIDGE.spans)
    page = visit(shown(Document(text, spans), silent=(2,)), width)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.locator(".duomo-heard button").first.bounding_box()["width"] >= 20
    overflowing = page.evaluate(
        "(() => { const box = document.querySelector('.duomo-scroll'); return box.scrollWidth > box.clientWidth + 1; })()"
    )
    assert overflowing == (times > 1)
    edge = "element => element.getBoundingClientRect()"
    axis = page.locator(".duomo-seconds").evaluate(edge)["top"]
    assert all(found.evaluate(edge)["bottom"] <= axis for found in page.locator(".duomo-stretches button").all())


def test_a_real_player_stops_at_the_end_of_the_stretch(visit: Callable[..., Any]) -> None:
    page = visit(shown(), real=True)
    page.locator(".duomo-heard button").nth(3).click()
    page.wait_for_selector(".duomo-heard .is-sounding >> text=长")
    page.wait_for_selector(".duomo-cursor", state="hidden")
    now, paused = page.evaluate("(() => { const s = document.querySelector('audio'); return [s.currentTime, s.paused]; })()")
    assert paused and now == pytest.approx(EDGE + 4 * SYLLABLE + PAUSE, abs=0.12)


def test_an_answer_that_is_replaced_falls_silent(visit: Callable[..., Any]) -> None:
    page = visit(shown())
    page.locator("[data-whole]").click()
    page.evaluate("document.querySelector('.duomo-speech').remove()")
    page.wait_for_function("played.at(-1)[0] === 'pause'")


def test_a_character_that_looks_like_a_pattern_is_named_as_it_is(visit: Callable[..., Any]) -> None:
    page = visit(shown(Document("$&<%", ())))
    page.locator(".duomo-heard button").nth(0).hover()
    assert page.locator(".duomo-listener").inner_text() == "“$”在听哪里"
