"""Fixtures that tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Workers share the cores. Torch reads this when it is first imported, and so do the processes that tests start.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))))
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real corpora beside the repository, or skip."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the corpora are not part of the repository and {SHARED_DATA} is absent")
    return SHARED_DATA
