"""What the engine and the store say, in the words of the page.

They say it in English sentences, each made from a template in their code: ``f"{path} is empty, a file of 0 bytes; …"``.
``texts/messages.zh.json`` maps each such template to its Chinese, ``texts/libraries.zh.json`` what they often quote of the
system and of libraries. A sentence is worded by the template that it was made from; one that was made from none stays as it is.
A value that is a sentence is worded in turn. A single word could be anybody's, a label or a name: it stands under ``place=word``,
and is worded in that place alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter

_FOLDER = Path(__file__).parent / "texts"
_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class Template:
    """How a sentence is made: literals with places between them, whose values may be any text.

    Attributes:
        literals: one more than there are places; the first and the last may be empty.
        places: the names of the places.
    """

    literals: tuple[str, ...]
    places: tuple[str, ...]

    @classmethod
    def read(cls, written: str) -> Template:
        """Read a template as ``str.format`` takes it."""
        literals, places = [""], []
        for literal, place, _, _ in Formatter().parse(written):
            literals[-1] += literal
            if place is not None:
                places.append(place)
                literals.append("")
        return cls(tuple(literals), tuple(places))

    @property
    def weight(self) -> int:
        """Return how much of a sentence is fixed."""
        return sum(map(len, self.literals))

    def values(self, sentence: str) -> dict[str, str] | None:
        """Return the values that make a sentence of this template, each as short as can be; ``None`` if none do."""
        first, *between, last = self.literals
        end = len(sentence) - len(last)
        if end < len(first) or not sentence.startswith(first) or not sentence.endswith(last):
            return None
        values, at = [], len(first)
        for literal in between:
            found = sentence.find(literal, at, end)
            if found < 0:
                return None
            values.append(sentence[at:found])
            at = found + len(literal)
        return dict(zip(self.places, [*values, sentence[at:end]], strict=True))


class Wording:
    """Sentences of the engine and the store in another language; call it with one."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        """Read what is made of what.

        Args:
            messages: templates in English, and in the other language with the same places.
        """
        read = {Template.read(english): other for english, other in messages.items()}
        self._whole = {template.literals[0]: other.format() for template, other in read.items() if not template.places}
        made = [(template, other) for template, other in read.items() if template.places]
        self._made = sorted(made, key=lambda pair: -pair[0].weight)

    def __call__(self, sentence: str) -> str:
        """Return a sentence, or several a line each, in the other language; values that are sentences are worded too."""
        if "\n" in sentence:
            lines = [self._worded(line) for line in sentence.split("\n")]
            if None in lines and (whole := self._worded(sentence)) is not None:
                return whole  # of one sentence that quotes several lines
            return "\n".join(line if worded is None else worded for line, worded in zip(sentence.split("\n"), lines, strict=True))
        worded = self._worded(sentence)
        return sentence if worded is None else worded

    def _worded(self, sentence: str) -> str | None:
        if sentence in self._whole:
            return self._whole[sentence]
        if sentence[:1] in _QUOTES and sentence[1:-1] in self._whole:  # a report quotes what it got, be it an error's words
            return self._whole[sentence[1:-1]]
        for template, other in self._made:
            values = template.values(sentence)
            if values is not None:
                return other.format(**{place: self._value(place, value) for place, value in values.items()})
        return None

    def _value(self, place: str, value: str) -> str:
        return self._whole.get(f"{place}={value}") or self(value)


@lru_cache
def wording(language: str) -> Wording:
    """Return the wording of a language; that of the language in which everything is written changes nothing."""
    files = (_FOLDER / f"{kind}.{language}.json" for kind in ("libraries", "messages"))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]
    return Wording({english: other for messages in found for english, other in messages.items()})
