"""How mentions are used in annotated documents: how often as which type, where not at all, and which others are like them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from engine.document import Document

_LEAST, _MOST = 2, 12
"""Characters of mentions that are compared with others character by character."""
_Gap = tuple[str, str]


class Usage:
    """The mentions of some annotated documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """Collect nothing yet: each view of the documents is made when it is first asked for."""
        self.documents = documents

    def __bool__(self) -> bool:
        """Tell whether there are documents."""
        return bool(self.documents)

    @cached_property
    def labels(self) -> dict[str, Counter[str]]:
        """Return how often each mention has which label."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for document in self.documents:
            for span in document.spans:
                found[document.mention(span)][span.label] += 1
        return dict(found)

    @cached_property
    def characters(self) -> frozenset[str]:
        """Return every character of the texts."""
        return frozenset("".join(document.text for document in self.documents))

    def count(self, mention: str) -> int:
        """Return how often a mention is annotated."""
        return self.labels[mention].total() if mention in self.labels else 0

    def is_mixed(self, mention: str) -> bool:
        """Tell whether a mention has several labels, or has one in one place and none in another."""
        if mention not in self.labels:
            return False
        return len(self.labels[mention]) > 1 or self.is_unmarked(mention)

    def is_unmarked(self, mention: str) -> bool:
        """Tell whether a mention of two characters or more occurs somewhere where none of them is annotated."""
        if len(mention) < _LEAST:
            return False
        if mention not in self._unmarked:
            self._unmarked[mention] = mention in self._left
        return self._unmarked[mention]

    @cached_property
    def _unmarked(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _left(self) -> str:
        """Return all texts as one, with a line break in place of every character that is annotated."""
        return "\n".join(_blanked(document) for document in self.documents)

    def one_off(self, mention: str) -> Iterator[tuple[int, str]]:
        """Yield every mention that differs from one in a single character, with the offset of that character."""
        for offset, gap in _gaps(mention):
            for other in self._by_gap.get(gap, ()):
                if other != mention:
                    yield offset, other

    @cached_property
    def _by_gap(self) -> dict[_Gap, list[str]]:
        found: dict[_Gap, list[str]] = defaultdict(list)
        for mention in self.labels:
            for _, gap in _gaps(mention):
                found[gap].append(mention)
        return dict(found)

    def is_shortened(self, mention: str, label: str) -> bool:
        """Tell whether a mention is made of some characters of a longer one of its type, in their order: 北大 of 北京大学.

        A stretch of a longer one, as 北京 of 北京市海淀区, is as a rule another entity, and no abbreviation.
        """
        longer = [self._by_character.get((label, character), frozenset()) for character in set(mention)]
        candidates = frozenset.intersection(*longer) if longer else frozenset()
        return any(
            len(other) > len(mention) + 1 and mention not in other and _is_subsequence(mention, other) for other in candidates
        )

    @cached_property
    def _by_character(self) -> dict[tuple[str, str], frozenset[str]]:
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for mention, labels in self.labels.items():
            for label in labels:
                for character in mention:
                    found[label, character].add(mention)
        return {key: frozenset(mentions) for key, mentions in found.items()}

    @cached_property
    def is_traditional(self) -> bool:
        """Tell whether the texts are written in traditional characters for the most part."""
        from engine.evaluation.likeness import scripts_of

        simplified, traditional = scripts_of(self.characters)
        counts = Counter(character for document in self.documents for character in document.text)
        return sum(counts[c] for c in traditional) > sum(counts[c] for c in simplified)


def _blanked(document: Document) -> str:
    pieces, place = [], 0
    for span in document.spans:
        pieces += [document.text[place : span.start], "\n"]
        place = max(place, span.end)
    return "".join((*pieces, document.text[place:]))


def _gaps(mention: str) -> Iterator[tuple[int, _Gap]]:
    if _LEAST <= len(mention) <= _MOST:
        for offset in range(len(mention)):
            yield offset, (mention[:offset], mention[offset + 1 :])


def _is_subsequence(short: str, long: str) -> bool:
    characters = iter(long)
    return all(character in characters for character in short)
