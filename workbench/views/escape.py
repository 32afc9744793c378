"""Escaping for text that goes into the page."""

from __future__ import annotations

# Gradio's templates evaluate ``${…}``, ``{{…}}`` and back-quotes; the HTML parser turns a bare carriage return into a line feed.
_ENTITIES = {character: f"&#{ord(character)};" for character in "&<>\"'`${}\\\r"} | {"\x00": "&#9216;"}
_TABLE = str.maketrans(_ENTITIES)


def esc(text: object) -> str:
    """Return the text as HTML that shows exactly it, in content and in quoted attributes.

    Args:
        text: what to show; U+0000, which HTML cannot hold, shows as its picture.
    """
    return str(text).translate(_TABLE)
