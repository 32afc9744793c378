"""Checks of single JSON values, each reporting what it expected where."""

from __future__ import annotations

from typing import Any

from engine.document import Span
from engine.formats.source import Source


def text_of(source: Source, number: int, row: dict[str, Any], key: str) -> str | None:
    """Return the string under a key, or report its absence and return ``None``."""
    value = row.get(key)
    if isinstance(value, str):
        return value
    source.report(number, f"a string under {key!r}", _shown(row, key))
    return None


def list_of(source: Source, number: int, row: dict[str, Any], key: str) -> list[Any]:
    """Return the list under a key, or report its absence and return an empty one."""
    value = row.get(key)
    if isinstance(value, list):
        return value
    source.report(number, f"a list under {key!r}", _shown(row, key))
    return []


def span_of(source: Source, number: int, text: str, values: tuple[object, object, object], mention: object = None) -> Span | None:
    """Return a span from its start, end and label, checked against the text and the mention, or report it and return ``None``."""
    start, end, label = values
    if not (type(start) is int and type(end) is int and isinstance(label, str) and label):
        source.report(number, "whole numbers start and end, and a label", f"{start}, {end}, {label}")
    elif not 0 <= start < end <= len(text):
        source.report(number, f"0 <= start < end <= {len(text)} characters", f"{start}-{end} {label}")
    elif mention is not None and mention != text[start:end]:
        source.report(number, f"the mention {mention!r} at {start}-{end}", text[start:end])
    else:
        return Span(start, end, label)
    return None


def _shown(row: dict[str, Any], key: str) -> str:
    return str(row[key]) if key in row else "no such key"
