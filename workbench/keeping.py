"""Files of the workspace that are written once: whole, or not at all, and never over another."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_once(kept: Path, write: Callable[[str], object]) -> None:
    """Write a file that is not there yet, so that it is either whole or not there.

    Args:
        kept: the file; one that is there already stays as it is.
        write: writes to the path that it is given.
    """
    if kept.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=kept.parent, prefix=".partial-")
    os.close(handle)
    try:
        write(partial)
        os.replace(partial, kept)
    finally:
        Path(partial).unlink(missing_ok=True)
