"""A full disk: how to know one, and what to say of it."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

_WORDS = ("os error 28", "errno 28")
"""How safetensors and :mod:`shutil`, which pass the system's number on in words alone, say that a disk is full."""


def is_full(error: BaseException) -> bool:
    """Tell whether an error, or one behind it, says that the disk is full."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(words in str(seen).lower() for words in _WORDS):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def free_bytes(folder: Path) -> int:
    """Return how many bytes are free where a folder lies, or is to lie."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free


def told(folder: Path, needed: int) -> str:
    """Return what to say of a full disk.

    Args:
        folder: what did not fit in there.
        needed: bytes that it takes by estimate; 0 where nobody knows.
    """
    try:
        free = size(free_bytes(folder))
    except OSError:
        free = "?"
    if needed:
        return (
            f"the disk is full: about {size(needed)} are needed in {folder} and {free} are free; the model that it started from "
            "is unchanged; free some space and start the run again to go on"
        )
    return (
        f"the disk is full: {free} are free in {folder}; the model that it started from is unchanged; free some space and start "
        "the run again to go on"
    )


def size(count: int) -> str:
    """Return bytes as people read them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
