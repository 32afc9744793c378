"""The whole workbench, served for a browser with a stand-in for the model."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.document import Document
from engine.layers.vector_table import VectorTable
from engine.tagger import Prediction
from workbench import app
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import Store


class StandIn(ABC):
    """Stands for a tagger that makes use of speech and looks nothing up; how it answers is up to those who stand in."""

    def __init__(self, **vector_tables: VectorTable) -> None:
        self.used = {"text", "speech"}
        self.system = SimpleNamespace(
            vector_tables=vector_tables,
            config=None,
            uses=lambda config, modality: modality in self.used,
            looked_at=lambda document: (),
        )

    def predict(self, documents: list[Document], *, explain: bool = False) -> list[Prediction]:
        return [self.answer(document) for document in documents]

    @abstractmethod
    def answer(self, document: Document) -> Prediction: ...


class Silent(StandIn):
    """Stands for a tagger that finds nothing."""

    def answer(self, document: Document) -> Prediction:
        return Prediction(document.with_spans(()), (), 0.01)


PASSWORD = "correct horse"
"""Of everybody in tests of accounts."""


def sign_in(page: Any, name: str, password: str = PASSWORD) -> None:
    """Fill in the page that asks who is there."""
    page.wait_for_selector("input[type=password]")
    page.locator("input:not([type=password]), textarea").first.fill(name)
    page.locator("input[type=password]").fill(password)
    page.locator("button.primary").click()


@contextmanager
def served(folder: Path, tagger: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the workbench on a data folder, answered for by a tagger; gives the address of the page."""
    # As for the editor's page: Gradio's statistics would raise a warning and leave its queue stuck.
    monkeypatch.setenv("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    database = f"sqlite:///{(folder / 'duomo.db').as_posix()}"
    services = Services(Settings("127.0.0.1", 0, folder, database), Store.open(database))
    monkeypatch.setattr(services.checkpoints, "tagger", lambda info: tagger)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blocks = app.build(services)
    server, _, _ = blocks.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, **app.launch_options(services)
    )
    app.open_doors(server, services)
    yield f"http://127.0.0.1:{port}/"
    blocks.close(verbose=False)
    services.store.close()


@contextmanager
def fresh_pages(chromium: Any, wrong: list[str]) -> Iterator[Callable[..., Any]]:
    """Give a function that opens an empty page of a width; in the end all are closed, and nothing may have gone wrong.

    Args:
        chromium: the browser.
        wrong: what went wrong; errors of the pages are added.
    """
    contexts: list[Any] = []

    def opening(width: int, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        return page

    yield opening
    for context in contexts:
        context.close()
    assert wrong == []
