"""Free conditions on the text, by which sentences are selected and sliced."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from engine.document import Document
from engine.errors import InputError


def condition_of(text: str) -> Callable[[Document, Document], bool]:
    """Read a condition: parts of the text, patterns, labels that occur in it; what stands with spaces between holds together.

    Args:
        text: as ``北京 /大学$/ label=PER``.

    Returns:
        A test of a document as it is annotated and as it is predicted.

    Raises:
        InputError: if it is empty, or a pattern cannot be.
    """
    parts = text.split()
    if not parts:
        raise InputError("text: what is the text to hold? write text:北京, text:/大学$/ or text:label=PER")
    tests = [_part(part) for part in parts]
    return lambda truth, guess: all(test(truth, guess) for test in tests)


def _part(part: str) -> Callable[[Document, Document], bool]:
    if part.startswith("label="):
        label = unquote(part.removeprefix("label="))
        return lambda truth, guess: any(span.label == label for span in (*truth.spans, *guess.spans))
    if len(part) > 2 and part[0] == part[-1] == "/":
        try:
            pattern = re.compile(part[1:-1])
        except re.error as error:
            raise InputError(f"text: {part} is no pattern: {error}") from error
        return lambda truth, guess: pattern.search(truth.text) is not None
    return lambda truth, guess: part in truth.text
