"""The span editor alone on a page, and the ways of a person with it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from workbench.span_editor import TEXT_KEYS
from workbench.views.colours import editor_labels

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HARD = f"甲😀乙{FAMILY}丙𠮷野家丁e\u0301f\r\n第二行：张伟\n"


@dataclass
class Server:
    """The app that holds the editor, and what it was told."""

    url: str = ""
    value: dict[str, Any] = field(default_factory=dict)
    saved: list[dict[str, Any]] = field(default_factory=list)
    selected: list[dict[str, int]] = field(default_factory=list)
    steps: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    acknowledging: bool = True

    def show(self, text: str, spans: list[dict[str, Any]] | None = None, key: str = "document") -> None:
        """Set what the next page load shows."""
        labels = editor_labels(["PER", "LOC", "ORG"])
        self.value = {"key": key, "text": text, "spans": spans or [], "labels": labels, "texts": TEXT_KEYS, "acknowledged": ""}
        self.saved.clear()
        self.selected.clear()
        self.steps.clear()
        self.acknowledging = True

    def wait_saved(self, count: int = 1, seconds: float = 20) -> list[dict[str, Any]]:
        """Wait for saves to arrive."""
        until = time.monotonic() + seconds
        while len(self.saved) < count and time.monotonic() < until:
            time.sleep(0.05)
        assert len(self.saved) >= count, f"{len(self.saved)} of {count} saves arrived"
        return self.saved

    def wait_steps(self, count: int, seconds: float = 20) -> None:
        """Wait for steps through a queue to arrive."""
        until = time.monotonic() + seconds
        while len(self.steps) < count and time.monotonic() < until:
            time.sleep(0.05)
        assert len(self.steps) >= count, f"{len(self.steps)} of {count} steps arrived"


def ready(page: Any) -> None:
    """Wait until the text is drawn in its final font."""
    # The editor draws an empty line before its document comes.
    page.wait_for_function("() => document.querySelector('.duomo-line')?.textContent", timeout=30_000)
    page.evaluate(
        """async () => {
            const surface = document.querySelector('.duomo-surface');
            const { fontWeight, fontSize, fontFamily } = getComputedStyle(surface);
            await document.fonts.load(`${fontWeight} ${fontSize} ${fontFamily}`, surface.textContent);
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }"""
    )


def focus(page: Any) -> None:
    """Put the caret at the start of the text."""
    page.locator(".duomo-surface").focus()
    page.keyboard.press("Control+Home")


def press(page: Any, *keys: str) -> None:
    """Press keys one after another."""
    for key in keys:
        page.keyboard.press(key)


def state_is(page: Any, name: str, timeout: int = 15_000) -> None:
    """Wait for the state to be shown."""
    page.wait_for_selector(f'.duomo-state[data-state="{name}"]', timeout=timeout)


def mentions(saved: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the received offsets cover, by Python's own slicing."""
    return [(saved["text"][span["start"] : span["end"]], span["label"]) for span in saved["spans"]]


def box_of(page: Any, start: int, end: int) -> dict[str, float]:
    """Return where UTF-16 units of the first line are on the screen."""
    return page.evaluate(
        """([start, end]) => {
            const walker = document.createTreeWalker(document.querySelector('.duomo-line'), NodeFilter.SHOW_TEXT, (node) =>
                node.parentElement.closest('.duomo-tag') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
            const range = document.createRange();
            let before = 0;
            for (let node = walker.nextNode(); node; before += node.length, node = walker.nextNode()) {
                if (start >= before && start < before + node.length) range.setStart(node, start - before);
                if (end > before && end <= before + node.length) range.setEnd(node, end - before);
            }
            const box = range.getBoundingClientRect();
            return {left: box.left, right: box.right, middle: (box.top + box.bottom) / 2};
        }""",
        [start, end],
    )


def drag(page: Any, start: int, end: int) -> None:
    """Drag the mouse over UTF-16 units of the first line."""
    box = box_of(page, start, end)
    page.mouse.move(box["left"] + 1, box["middle"])
    page.mouse.down()
    page.mouse.move((box["left"] + box["right"]) / 2, box["middle"], steps=4)
    page.mouse.move(box["right"] - 1, box["middle"], steps=4)
    page.mouse.up()
