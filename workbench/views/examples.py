"""The texts that the page offers to try: a button for each, with what it shows as its tooltip."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.samples import Example, Pictured, Reading
from workbench.views.escape import esc

# Of "新闻：人名、地名" the button says 新闻, its tooltip all.
_NAME = re.compile("[：:]")


def examples_html(examples: Sequence[Example], language: str, texts: Mapping[str, str]) -> str:
    """Draw the examples.

    Args:
        examples: to choose from.
        language: of the page.
        texts: the words ``analyse.examples.label``.
    """
    buttons = "".join(_example(number, example, language) for number, example in enumerate(examples))
    return f'<span class="examples-label">{esc(texts["analyse.examples.label"])}</span>{buttons}'


def note(noted: Example | Reading | Pictured, language: str) -> str:
    """Return what is said of an example, a recording of it or a picture beside it."""
    return noted.note_zh if language == "zh" else noted.note_en


def _example(number: int, example: Example, language: str) -> str:
    said = note(example, language)
    return (
        f'<button type="button" class="example" data-number="{number}" data-text="{esc(example.text)}" title="{esc(said)}">'
        f"{esc(_NAME.split(said)[0])}</button>"
    )
