"""The span editor with a long document: milliseconds from a key to what it changes on the screen, in a real Chromium.

    python tests/benchmarks/editor.py [--characters 20000] [--spans 500] [--rounds 40] [--one-line]

Prints one JSON object with p50 and p95 for each key: ``handled`` until its handler is done and the page is laid out again,
``painted`` until the frame that shows it has been handed over, which includes waiting for the display's next frame, up to 17 ms.
Other work on the machine counts in both; ``cpu`` is what the page's own process took per key, all its threads together.
Needs chromium and: pip install -e .[test]
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

_SENTENCE = "张伟和李娜在北京大学见面，谈到了长江😀的水。"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_MEASURE = """async (rounds) => {
    const surface = document.querySelector('.duomo-surface');
    const times = {};
    const painted = () => new Promise((done) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now());
        channel.port2.postMessage(0);
    }));
    const press = async (name, key, options) => {
        await painted();
        const began = performance.now();
        surface.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, ...options}));
        document.body.getBoundingClientRect();
        const handled = performance.now() - began;
        (times[name] = times[name] || []).push([handled, await painted() - began]);
    };
    surface.focus();
    for (let round = 0; round < rounds; round += 1) {
        await press('arrow', 'ArrowRight', {});
        await press('shift-arrow', 'ArrowRight', {shiftKey: true});
        await press('label', '2', {});
        await press('undo', 'z', {ctrlKey: true});
        await press('next entity', ']', {});
    }
    return times;
}"""


def main(argv: Sequence[str] | None = None) -> int:
    made = argparse.ArgumentParser("editor.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--characters", type=int, default=20_000, metavar="N", help="of the document (20000)")
    made.add_argument("--spans", type=int, default=500, metavar="N", help="in it (500)")
    made.add_argument("--rounds", type=int, default=40, metavar="N", help="times that each key is pressed (40)")
    made.add_argument("--one-line", action="store_true", help="a document without line breaks")
    arguments = made.parse_args(argv)
    print(json.dumps(measure(document(arguments), arguments.rounds), ensure_ascii=False))
    return 0


def document(arguments: argparse.Namespace) -> dict[str, Any]:
    sentence = _SENTENCE + ("" if arguments.one_line else "\n")
    text = (sentence * (arguments.characters // len(sentence) + 1))[: arguments.characters]
    apart = arguments.characters / arguments.spans
    starts = [int(number * apart) for number in range(arguments.spans)]
    spans = [{"start": at, "end": at + 2, "label": "PER", "score": 0.9, "predicted": at % 2 == 0} for at in starts]
    return {"key": "long", "text": text, "spans": spans}


def measure(value: dict[str, Any], rounds: int) -> dict[str, Any]:
    import gradio as gr
    from playwright import sync_api as playwright

    from workbench.span_editor import SpanEditor
    from workbench.views.colours import editor_labels

    with gr.Blocks(analytics_enabled=False) as blocks:
        SpanEditor({**value, "labels": editor_labels(["PER", "LOC", "ORG"])})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blocks.launch(server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_function("() => document.querySelector('.duomo-line')?.textContent", timeout=60_000)
        page.evaluate(_MEASURE, 2)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        before = _process_seconds(session)
        times = page.evaluate(_MEASURE, rounds)
        taken = _process_seconds(session) - before
        browser.close()
    blocks.close(verbose=False)
    figures: dict[str, Any] = {
        key: {"handled": _figures(pairs, 0), "painted": _figures(pairs, 1)} for key, pairs in times.items()
    }
    return {**figures, "cpu": round(1000 * taken / sum(map(len, times.values())), 1)}


def _process_seconds(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "ProcessTime"))


def _figures(pairs: list[list[float]], column: int) -> dict[str, float]:
    values = sorted(pair[column] for pair in pairs)
    return {"p50": round(statistics.median(values), 1), "p95": round(values[int(0.95 * (len(values) - 1))], 1)}


if __name__ == "__main__":
    sys.exit(main())
