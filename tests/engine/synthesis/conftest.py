"""What tests of several modalities share."""

import ctypes.util
import sys

import pytest

from engine.synthesis import speaking


@pytest.fixture
def silent(monkeypatch):
    """Hide every eSpeak NG that there is."""
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    speaking._speaker.cache_clear()
    yield
    speaking._speaker.cache_clear()
