"""A real Chromium for the tests that need one; they are skipped where it is not installed."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running browser, the one without windows if it is there: it starts pages sooner."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium on the PATH")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workbench keeps what is saved."""
    return tmp_path_factory.mktemp("workbench")


@pytest.fixture(scope="module")
def tagger() -> Any:
    """Who answers for the model; a file whose tests need another has a fixture of this name."""
    from tests.browser.serving import Silent

    return Silent()


@pytest.fixture(scope="module")
def url(folder: Path, tagger: Any, chromium: Any) -> Iterator[str]:
    """The address of the whole workbench."""
    from tests.browser.serving import served

    monkeypatch = pytest.MonkeyPatch()
    with served(folder, tagger, monkeypatch) as address:
        yield address
    monkeypatch.undo()


@pytest.fixture
def store(url: str, folder: Path) -> Iterator[Any]:
    """The store behind the page."""
    from workbench.store import Store

    opened = Store.open(f"sqlite:///{(folder / 'duomo.db').as_posix()}")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An app with the editor alone."""
    gr = pytest.importorskip("gradio", reason="gradio is not installed")
    from tests.browser.editor_page import Server
    from workbench import theme
    from workbench.span_editor import SpanEditor

    request.getfixturevalue("chromium")
    # Gradio's statistics after each event use what pandas 3 retires; a warning raised there would leave its queue stuck.
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    state = Server()
    state.show("")

    def save(event: Any) -> dict[str, Any]:
        state.saved.append(dict(event._data))
        return {**state.value, "acknowledged": event._data["client_key"] if state.acknowledging else ""}

    def select(event: Any) -> None:
        state.selected.append(dict(event._data))

    def stepping(name: str) -> Any:
        def step(event: Any) -> None:
            state.steps.append((name, dict(event._data)))

        step.__annotations__["event"] = gr.EventData
        return step

    # Gradio gives an event to the parameter that is annotated with its class.
    save.__annotations__["event"] = select.__annotations__["event"] = gr.EventData
    with gr.Blocks(analytics_enabled=False) as blocks:
        editor = SpanEditor(lambda: state.value)
        editor.save(save, outputs=editor, show_progress="hidden")
        editor.select(select)
        for name in ("next", "previous", "skip", "flagged"):
            getattr(editor, name)(stepping(name), trigger_mode="multiple")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blocks.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        theme=theme.theme(),
        css=theme.css(),
        head=theme.head(),
        allowed_paths=theme.static_paths(),
    )
    state.url = f"http://127.0.0.1:{port}/"
    yield state
    blocks.close()
    monkeypatch.undo()


@pytest.fixture
def open_page(server: Any, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open the editor in a fresh profile; errors in the page fail the test."""
    from tests.browser.editor_page import ready

    opened: list[Any] = []
    problems: list[str] = []

    def opening(**options: Any) -> Any:
        context = chromium.new_context(viewport={"width": 1000, "height": 800}, **options)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        opened.append(context)
        page.goto(server.url)
        ready(page)
        return page

    yield opening
    for context in opened:
        context.close()
    assert not problems
