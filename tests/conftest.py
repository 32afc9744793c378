"""Fixtures that tests of several rooms share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real corpora beside the repository, or skip."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the corpora are not part of the repository and {SHARED_DATA} is absent")
    return SHARED_DATA
