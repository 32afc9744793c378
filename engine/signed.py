"""Differences as people read them."""

from __future__ import annotations


def signed(value: float, digits: int = 2) -> str:
    """Return a difference with its sign; what rounds to nothing has none: ``0.00``, never ``-0.00``.

    Args:
        value: the difference.
        digits: behind the point.
    """
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"
