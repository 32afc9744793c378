"""A folder of tiny corpora under the names of the real ones, a table on them, and cells of it carried out here."""

from __future__ import annotations

import pytest

from engine import formats
from engine.reproduction import TABLES
from tests.engine.reproduction.tiny_table import TINY
from tests.engine.tiny import known


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Return a folder with weibo alone; one sentence of its dev part is in its training part too."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "weibo").mkdir()
    formats.write(known(16), folder / "weibo" / "train.char.bmes", "bioes")
    formats.write(known(24)[15:], folder / "weibo" / "dev.char.bmes", "bioes")
    return folder


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setitem(TABLES, TINY.name, TINY)
    return TINY
