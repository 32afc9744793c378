"""Where the databases lie that ``python -m engine build`` makes: too large to ship, quick to make again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def database(name: str) -> Path:
    """Return the folder of a database, which need not be there yet.

    It is ``$DUOMO_CACHE/name`` if that is set, else ``duomo/name`` in the user's cache, ``$XDG_CACHE_HOME`` or ``~/.cache``.

    Args:
        name: e.g. ``sounds``.
    """
    if own := os.environ.get("DUOMO_CACHE"):
        return Path(own).expanduser() / name
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "duomo" / name


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, which takes the place of another only when all of it is written.

    Args:
        folder: the place; what lies there stays if writing fails, and is gone afterwards if not.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        half.chmod(0o755)
        yield half
        if folder.exists():
            old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
            folder.rename(old)
            half.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
