"""What is asked of everything that is to be stored, before the database is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from engine.document import Document, Span
from engine.errors import DocumentError
from workbench.store.errors import StoreError

NONE: Mapping[int, str] = MappingProxyType({})


def checked(text: str, spans: Iterable[Span], readings: Mapping[int, str] = NONE) -> Document:
    """Return a text with its annotation as a document.

    Raises:
        StoreError: if it cannot be stored.
    """
    check_storable(text)
    try:
        return Document(text, tuple(spans), readings=readings)
    except DocumentError as error:
        raise StoreError(f"this annotation cannot be saved: {error}") from error


def check_storable(*values: str) -> None:
    """See that every database can hold some texts.

    Raises:
        StoreError: if one holds NUL, or half of a surrogate pair.
    """
    for value in values:
        if "\x00" in value:
            raise StoreError(
                f"character {value.index(chr(0)) + 1} is the control character NUL, which databases cannot hold; "
                "delete it and save again"
            )
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise StoreError(
                f"character {error.start + 1} is half of a surrogate pair (U+{ord(value[error.start]):04X}), not a character; "
                "delete it and save again"
            ) from error


def check_flat(text: str, keys: Iterable[tuple[int, int, str]]) -> None:
    """See that no spans overlap, as the rules of a flat project say.

    Args:
        text: what they are of.
        keys: start, end and label of each.

    Raises:
        StoreError: if two do.
    """
    last: tuple[int, int, str] | None = None
    for start, end, label in sorted(keys):
        if last is not None and start < last[1]:
            one = f"“{text[last[0] : last[1]]}” ({last[2]}, characters {last[0] + 1} to {last[1]})"
            other = f"“{text[start:end]}” ({label}, {start + 1} to {end})"
            raise StoreError(f"{one} and {other} overlap, and spans of this project must not; remove one of them, or shorten it")
        last = (start, end, label)


def check_name(value: str, what: str, longest: int = 64) -> str:
    """Return a name without the blanks around it.

    Raises:
        StoreError: if it is empty, too long, or holds control characters.
    """
    check_storable(value)
    name = value.strip()
    if not name or len(name) > longest or not name.isprintable():
        raise StoreError(f"{value[:longest]!r} cannot be the name of {what}; use 1 to {longest} characters that can be seen")
    return name


def check_json(value: Any) -> None:
    """See that a value is JSON that every database can hold.

    Raises:
        StoreError: if it is not.
    """
    try:
        # PostgreSQL keeps NUL in JSON and cannot give it back as text.
        check_storable(json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\\u0000", "\x00"))
    except (TypeError, ValueError) as error:
        raise StoreError(f"this cannot be kept as JSON: {error}; use texts, finite numbers, lists and mappings") from error
