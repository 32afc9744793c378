"""A tiny trained system, made once for all tests of the engine that need one; none of them asks a hub."""

from __future__ import annotations

import pytest

from tests.engine.tiny import CARD, trained_system


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Return the checkpoint ``tiny``, to be read only, in a folder of its own."""
    from engine import checkpoint

    return checkpoint.save(trained_system(), tmp_path_factory.mktemp("checkpoints") / "tiny", CARD)
