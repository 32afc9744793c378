"""The browser's copies of uploaded files: cleared when they are in, or old, and never while somebody reads them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from workbench import app
from workbench.errors import UserError
from workbench.exchange import Options, bring, lay_out, look
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import FIRST, Store
from workbench.uploads import CLEARED, hold, release, uploaded

BIO = "王\tB-PER\n"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy as Gradio keeps it."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    made = tmp_path / "gradio" / "0a1b" / "a.bio"
    made.parent.mkdir(parents=True)
    made.write_text(BIO, encoding="utf-8")
    return made


@pytest.fixture
def services(tmp_path: Path):
    database = f"sqlite:///{tmp_path / 'duomo.db'}"
    made = Services(Settings("127.0.0.1", 0, tmp_path, database), Store.open(database))
    yield made
    made.store.close()


def test_a_copy_is_there_until_the_import_is_over_and_then_gone(tmp_path: Path, copy: Path, services: Services) -> None:
    seen = look(lay_out(tmp_path / "imports", [uploaded(copy)]), Options())
    assert copy.is_file()
    assert bring(services, FIRST, seen, by="").added == 1
    assert copy.is_file()
    seen.desk.clear()
    assert not copy.parent.exists() and not seen.desk.folder.exists()


def test_a_copy_that_another_reads_or_uploads_anew_is_theirs_to_clear(tmp_path: Path, copy: Path) -> None:
    first, second = (lay_out(tmp_path / "imports", [copy]) for _ in range(2))
    first.clear()
    assert copy.is_file() and (second.given / "a.bio").read_text(encoding="utf-8") == BIO
    third = lay_out(tmp_path / "imports", [copy])
    second.clear()
    assert copy.is_file()
    third.clear()
    assert not copy.exists()


def test_files_that_lie_elsewhere_are_never_cleared_and_a_copy_that_is_gone_is_told(tmp_path: Path, copy: Path) -> None:
    own = tmp_path / "own.bio"
    own.write_text(BIO, encoding="utf-8")
    lay_out(tmp_path / "imports", [own]).clear()
    release(hold([own]))
    assert own.is_file()
    copy.unlink()
    with pytest.raises(UserError, match="exchange.gone.error"):
        hold([copy])


def test_copies_that_nobody_comes_back_to_are_cleared_by_age_and_held_ones_are_young(copy: Path, services: Services) -> None:
    from gradio.route_utils import delete_files_created_by_app

    blocks = app.build(services)
    assert blocks.delete_cache == CLEARED
    other = copy.with_name("b.bio")
    other.write_text(BIO, encoding="utf-8")
    blocks.upload_file_set.update((str(copy), str(other)))
    delete_files_created_by_app(blocks, CLEARED[1])
    assert copy.is_file() and other.is_file()
    time.sleep(1.1)
    hold([copy])
    delete_files_created_by_app(blocks, 1)
    assert copy.is_file() and not other.exists()
