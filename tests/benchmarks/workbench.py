"""The workbench as a process: seconds to its first page, its memory, and what a user waits for an answer.

    python tests/benchmarks/workbench.py --checkpoint zh-general [--analyses 10] [--length 100]

Prints one JSON object. The workbench runs on a free port with an empty workspace. The first page is the first HTTP 200. Memory
is the resident set of the process and its children: idle, once the model is loaded and the memory is steady, then after the
analyses, each of another text, which a real Chromium types and waits for. Needs chromium and: pip install -e .[test]
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine import samples  # noqa: E402 - the folder is known only now

_PATIENCE = 180.0
_SHOWN = "text => document.querySelector('#analyse-hero .duomo-text')?.textContent.replace(/[A-Z]+ \\d+%/g, '').trim() === text"


class MeasurementError(Exception):
    """What was to be measured did not happen."""


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(json.dumps(measure(arguments, Path(folder)), ensure_ascii=False))
        except MeasurementError as error:
            print(f"workbench.py: {error}", file=sys.stderr)
            return 1
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("workbench.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--checkpoint", required=True, metavar="C", help="name or folder of a checkpoint")
    made.add_argument("--analyses", type=int, default=10, metavar="N", help="texts to analyse in the browser (10); 0 for none")
    made.add_argument("--length", type=int, default=100, metavar="N", help="characters of each text (100)")
    return made


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "workbench", "--port", str(port), "--workspace", str(folder / "workspace")]
    command += ["--no-browser", "--checkpoint", arguments.checkpoint]
    log = folder / "output.txt"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        _wait_for_page(f"http://127.0.0.1:{port}", process, log)
        startup = time.perf_counter() - began
        watched = psutil.Process(process.pid)
        result = {"startup_seconds": round(startup, 2), "idle_mb": _steady(watched)}
        if arguments.analyses:
            waits = _analyse(f"http://127.0.0.1:{port}", arguments)
            result |= {
                "analyses": len(waits),
                "answer_milliseconds": {"first": round(waits[0]), "median": round(statistics.median(waits))},
                "after_analyses_mb": _megabytes(watched),
            }
        return result
    finally:
        process.terminate()
        process.wait(30)


def _wait_for_page(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise MeasurementError(f"the workbench ended: {log.read_text(encoding='utf-8').strip()}")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise MeasurementError(f"no page within {_PATIENCE:.0f} s")


def _megabytes(process: psutil.Process) -> int:
    return round(sum(each.memory_info().rss for each in [process, *process.children(recursive=True)]) / 1e6)


def _steady(process: psutil.Process) -> int:
    """Wait until the memory has stayed the same for five seconds: the model is loaded in the background."""
    seen = [_megabytes(process)]
    while len(seen) < 6 or (max(seen[-6:]) - min(seen[-6:]) > 5 and len(seen) < _PATIENCE):
        time.sleep(1)
        seen.append(_megabytes(process))
    return seen[-1]


def _analyse(url: str, arguments: argparse.Namespace) -> list[float]:
    """Return the milliseconds from the key press to the entities on the page, for each text."""
    try:
        from playwright import sync_api as playwright
    except ImportError as error:
        raise MeasurementError(f"{error}; pip install -e .[test] installs it, or use --analyses 0") from error

    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        raise MeasurementError("there is no chromium on the PATH; install it, or use --analyses 0")
    sentences = "".join(document.text for document in samples.news())
    waits = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(url)
        # the page opens with an example, analysed
        page.wait_for_selector("#analyse-hero .duomo-text")
        box = page.locator("#analyse-text textarea")
        for turn in range(arguments.analyses):
            text = sentences[turn * arguments.length : (turn + 1) * arguments.length]
            box.fill(text)
            began = time.perf_counter()
            box.press("Control+Enter")
            page.wait_for_function(_SHOWN, arg=text)
            waits.append(1000 * (time.perf_counter() - began))
        browser.close()
    return waits


if __name__ == "__main__":
    sys.exit(main())
