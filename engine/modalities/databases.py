"""Where the databases lie that ``python -m engine build`` makes: too large to ship, quick to make again."""

from __future__ import annotations

import os
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
