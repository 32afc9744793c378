"""The tags of a model: how it writes spans as the indices that it learns, and reads them back.

A flat model has the tags of its labels. A nested one has multilabels beside them: every stack that mentions nested as in the
training documents can have, however long they are, of the most frequent nestings first and at most :data:`MOST` in all, since a
CRF's work grows with the square of the tags.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from engine.document import LabelSet, Span
from engine.nested_tags import Stack, join, read_stacks, variants, write_stacks
from engine.tags import OUTSIDE, Scheme, split_tag, tag_names

MOST = 180
"""The most multilabels of two tags or more."""


class TagSet:
    """The tags over some labels and their nestings, O first, then those of each label, then those of each nesting."""

    def __init__(self, labels: LabelSet, scheme: Scheme = Scheme.BIOES) -> None:
        """Derive the tags.

        Args:
            labels: the labels; without nestings the tags are those of a flat model.
            scheme: the scheme to write.
        """
        # ``flat`` counts the stacks of at most one tag; ``labels`` are those of each stack's tags.
        self.scheme = scheme
        flat: list[Stack] = [() if tag == OUTSIDE else (tag,) for tag in tag_names(labels.names, scheme)]
        self.stacks: tuple[Stack, ...] = (*flat, *_nested(labels.nestings, scheme))
        self.names = tuple(map(join, self.stacks))
        self.index = {stack: i for i, stack in enumerate(self.stacks)}
        self.depth = max(map(len, self.stacks))
        self.flat = len(flat)
        self._possible: dict[tuple[int, frozenset[str]], tuple[int, ...]] = {}
        self.labels = tuple(tuple(split_tag(tag, scheme)[1] for tag in stack) for stack in self.stacks)

    def __len__(self) -> int:
        """Return the number of tags."""
        return len(self.stacks)

    def encode(self, spans: Iterable[Span], length: int) -> list[int]:
        """Write what :meth:`keep` keeps of some spans as one index per character."""
        return [self.index[stack] for stack in write_stacks(self.keep(spans, length), length, self.scheme)]

    def decode(self, path: Sequence[int]) -> list[Span]:
        """Read spans from one index per character."""
        return read_stacks([self.stacks[i] for i in path], self.scheme)

    def keep(self, spans: Iterable[Span], length: int) -> list[Span]:
        """Keep a set of spans that the tags can write, preferring the longer, then the earlier."""
        spans = set(spans)
        if self._can_write(write_stacks(spans, length, self.scheme)):
            return sorted(spans, key=lambda span: span.priority)
        kept: list[Span] = []
        for span in sorted(spans, key=lambda span: (span.start - span.end, span.start, span.label)):
            beside = [other for other in kept if other.overlaps(span)]
            if self._can_write(write_stacks([*beside, span], length, self.scheme)[span.start : span.end]):
                kept.append(span)
        return sorted(kept, key=lambda span: span.priority)

    def possible(self, gold: int, unknown: frozenset[str]) -> tuple[int, ...]:
        """Return the tags that a character may have whose annotation says nothing of some labels.

        Those are all that hold the annotated tag's mentions and beside them, around or inside, mentions of these labels alone.

        Args:
            gold: the tag of what is annotated.
            unknown: the labels that were not looked for.
        """
        known = self._possible.get((gold, unknown))
        if known is None:
            stacks = enumerate(zip(self.stacks, self.labels, strict=True))
            known = tuple(i for i, (stack, labels) in stacks if _left_over(stack, labels, unknown, self.stacks[gold]))
            self._possible[gold, unknown] = known
        return known

    def _can_write(self, stacks: Collection[Stack]) -> bool:
        return all(stack in self.index for stack in stacks)


def _nested(nestings: Iterable[Sequence[str]], scheme: Scheme) -> list[Stack]:
    """Return the stacks of as many nestings, with those they begin with, as there is room for."""
    chosen: dict[Stack, None] = {}
    for nesting in nestings:
        paths = [nesting[:size] for size in range(2, len(nesting) + 1)]
        more = dict.fromkeys(stack for path in paths for stack in variants(path, scheme))
        if len(chosen | more) <= MOST:
            chosen |= more
    return list(chosen)


def _left_over(stack: Stack, labels: Sequence[str], unknown: Collection[str], wanted: Stack) -> bool:
    """Tell whether a stack without some tags of unknown labels is the wanted one."""
    found = 0
    for tag, label in zip(stack, labels, strict=True):
        if found < len(wanted) and tag == wanted[found]:
            found += 1
        elif label not in unknown:
            return False
    return found == len(wanted)
