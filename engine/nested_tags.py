"""Nested spans as one multilabel for each character, and back (Straková et al. 2019, section 3; CNERTA, section 4.2).

The tags of all mentions that cover a character are its *stack*, from the highest priority to the lowest: a mention that starts
earlier is before one that starts later, of two with one start the longer is first, of two with one extent the one whose label
sorts first. A multilabel is the stack written as ``B-ORG|S-LOC``; an empty stack is ``O``.

What is read back follows one rule for all schemes: **a tag that may continue a mention continues the first of its label that is
still open and that no other tag of the character has continued; else it opens one. An open mention that no tag continues ends.**
On stacks of one tag that is the rule of :mod:`engine.tags`. No character loses a label; of mentions that come out the same, one
stays.

Any set of spans survives BIOES and BMES, crossing ones too. BIO, which marks no end, reads two crossing mentions of one label as
one within the other; all others survive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.document import Span
from engine.errors import TagError
from engine.tags import OUTSIDE, Scheme, closes, opens, split_tag

SEPARATOR = "|"
Stack = tuple[str, ...]


def write_stacks(spans: Iterable[Span], length: int, scheme: Scheme = Scheme.BIOES) -> list[Stack]:
    """Return the tags of the mentions that cover each character, by priority.

    Args:
        spans: the spans, each ending at ``length`` or before.
        length: number of characters.
        scheme: the scheme to write.
    """
    begin, inside, end, single = scheme.prefixes
    stacks: list[list[str]] = [[] for _ in range(length)]
    for span in sorted(set(spans), key=lambda span: span.priority):
        last = span.end - 1
        for position in range(span.start, span.end):
            first = begin if position < last else single
            prefix = first if position == span.start else inside if position < last else end
            stacks[position].append(f"{prefix}-{span.label}")
    return [tuple(stack) for stack in stacks]


def read_stacks(stacks: Sequence[Stack], scheme: Scheme = Scheme.BIOES) -> list[Span]:
    """Return the spans of one stack of tags per character, by priority, repairing what is invalid by the rule above.

    Raises:
        TagError: if a tag is not one of the scheme.
    """
    found: set[Span] = set()
    waiting: list[tuple[int, str]] = []
    for position, stack in enumerate(stacks):
        still: list[tuple[int, str]] = []
        for tag in stack:
            prefix, label = split_tag(tag, scheme)
            start = position
            if not opens(prefix):
                mention = next((mention for mention in waiting if mention[1] == label), None)
                if mention is not None:
                    waiting.remove(mention)
                    start = mention[0]
            if closes(prefix):
                found.add(Span(start, position + 1, label))
            else:
                still.append((start, label))
        found.update(Span(start, position, label) for start, label in waiting)
        waiting = still
    found.update(Span(start, len(stacks), label) for start, label in waiting)
    return sorted(found, key=lambda span: span.priority)


def encode_nested(spans: Iterable[Span], length: int, scheme: Scheme = Scheme.BIOES) -> list[str]:
    """Write spans as one multilabel per character.

    Raises:
        TagError: if a label holds the mark that separates tags.
    """
    spans = list(spans)
    for label in {span.label for span in spans if SEPARATOR in span.label}:
        raise TagError(f"the label {label!r} holds {SEPARATOR!r}, which separates the tags of a multilabel; rename it")
    return [join(stack) for stack in write_stacks(spans, length, scheme)]


def decode_nested(tags: Sequence[str], scheme: Scheme = Scheme.BIOES) -> list[Span]:
    """Read spans from one multilabel per character, repairing what is invalid by the rule above.

    Raises:
        TagError: if a part of a multilabel is not a tag of the scheme.
    """
    return read_stacks([() if tag == OUTSIDE else tuple(tag.split(SEPARATOR)) for tag in tags], scheme)


def join(stack: Stack) -> str:
    """Return a stack as a multilabel."""
    return SEPARATOR.join(stack) or OUTSIDE


def follows(before: Stack, after: Stack, scheme: Scheme) -> bool:
    """Tell whether a valid sequence may hold ``after`` right behind ``before``; the empty stack stands for its start and its end.

    What two characters cannot show is not looked at: whether of two mentions with one start the longer is first.
    """
    parts = [split_tag(tag, scheme) for tag in after]
    continuing = [label for prefix, label in parts if not opens(prefix)]
    if any(opens(prefix) for prefix, _ in parts[: len(continuing)]):
        return False
    still_open = [label for prefix, label in (split_tag(tag, scheme) for tag in before) if not closes(prefix)]
    if scheme is not Scheme.BIO:
        return continuing == still_open
    remaining = iter(still_open)
    return all(label in remaining for label in continuing)


def variants(path: Sequence[str], scheme: Scheme = Scheme.BIOES) -> list[Stack]:
    """List the stacks that mentions of some labels can have at a character, the first holding the second, and so on.

    Of mentions that nest, those that go on come before those that end here, and of each, those that started before come before
    those that start here; one that ends here cannot hold one that starts and goes on. That leaves ``(n + 1)²`` stacks of n tags
    in BIOES, less those that name mentions of one character in another order than that of their labels.
    """
    begin, inside, end, single = scheme.prefixes
    found = []
    for roles in _roles(len(path)):
        ones = [label for role, label in zip(roles, path, strict=True) if role == "S"]
        if all(a < b for a, b in zip(ones, ones[1:], strict=False)):
            written = {"B": begin, "I": inside, "E": end, "S": single}
            found.append(tuple(f"{written[role]}-{label}" for role, label in zip(roles, path, strict=True)))
    return list(dict.fromkeys(found))


def _roles(size: int) -> Iterator[str]:
    for inside in range(size + 1):
        for ones in range(size - inside + 1):
            middle = size - inside - ones
            yield "I" * inside + "B" * middle + "S" * ones
            if middle:
                yield "I" * inside + "E" * middle + "S" * ones
