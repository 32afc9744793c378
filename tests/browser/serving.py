"""The whole workbench, served for a browser with a stand-in for the model."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from workbench import app
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import Store


@contextmanager
def served(folder: Path, tagger: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the workbench on a data folder, answered for by a tagger; gives the address of the page."""
    # As for the editor's page: Gradio's statistics would raise a warning and leave its queue stuck.
    monkeypatch.setenv("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    database = f"sqlite:///{(folder / 'duomo.db').as_posix()}"
    services = Services(Settings("127.0.0.1", 0, folder, database), Store.open(database))
    monkeypatch.setattr(services, "tagger", lambda info: tagger)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blocks = app.build(services)
    server, _, _ = blocks.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, **app.launch_options(services)
    )
    app.serve_fonts(server)
    yield f"http://127.0.0.1:{port}/"
    blocks.close(verbose=False)
    services.store.close()
