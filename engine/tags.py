"""Spans to tags and back, in the schemes of the field: BIO, BMES (also written BMOES) and BIOES.

BIES of the literature is BIOES here. A sequence that no set of spans would give, ``O I-PER`` say, is repaired by one rule for all
schemes: **a tag that cannot continue the span before it closes that span and opens a new one**, and a span still open
where the next tag cannot continue it ends there. No character that carries an entity tag is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from engine.document import Span, uncrossed
from engine.errors import TagError

OUTSIDE = "O"
FLAT, NESTED = "flat", "nested"
STRUCTURES = (FLAT, NESTED)
"""What spans are found, or scored: such as do not overlap, or such as may lie in each other."""


class Scheme(str, Enum):
    """A tag scheme; the value lists its prefixes as begin, inside, end, single."""

    BIO = "BIO"
    BMES = "BMES"
    BIOES = "BIOES"

    @property
    def prefixes(self) -> tuple[str, str, str, str]:
        """Return the prefixes for the begin, the inside, the end and the only character of a span."""
        return {"BIO": ("B", "I", "I", "B"), "BMES": ("B", "M", "E", "S"), "BIOES": ("B", "I", "E", "S")}[self.value]

    @classmethod
    def of(cls, tags: Iterable[str]) -> Scheme:
        """Recognise the scheme from the tags themselves: M means BMES, E or S without M means BIOES, else BIO."""
        seen = {tag[:1] for tag in tags}
        if "M" in seen:
            return cls.BMES
        if seen & {"E", "S"}:
            return cls.BMES if "I" not in seen and "E" in seen else cls.BIOES
        return cls.BIO


def tag_names(labels: Sequence[str], scheme: Scheme = Scheme.BIOES) -> tuple[str, ...]:
    """Return every tag of a scheme over some labels, O first, so that O has index 0."""
    prefixes = dict.fromkeys(scheme.prefixes)
    return (OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in prefixes))


def split_tag(tag: str, scheme: Scheme) -> tuple[str, str]:
    """Split a tag into prefix and label; O has the empty label.

    Raises:
        TagError: if the tag is not one of the scheme.
    """
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, dash, label = tag.partition("-")
    if not dash or not label or prefix not in scheme.prefixes:
        allowed = ", ".join(f"{p}-TYPE" for p in dict.fromkeys(scheme.prefixes))
        raise TagError(f"{tag!r} is not a tag of {scheme.value}; it has {OUTSIDE}, {allowed}")
    return prefix, label


def flatten(spans: Iterable[Span]) -> list[Span]:
    """Keep a set of spans that do not overlap, preferring the longer, then the earlier: flat schemes hold no more."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start, s.label)):
        if not any(span.overlaps(other) for other in kept):
            kept.append(span)
    return sorted(kept)


def findable(spans: Iterable[Span], structure: str) -> list[Span]:
    """Return what a model of a structure could find of some spans: all that nests, or what :func:`flatten` keeps."""
    return uncrossed(spans) if structure == NESTED else flatten(spans)


def encode_spans(spans: Iterable[Span], length: int, scheme: Scheme = Scheme.BIOES) -> list[str]:
    """Write spans as one tag per character; of overlapping spans :func:`flatten` keeps one.

    Args:
        spans: the spans, each ending at ``length`` or before.
        length: number of characters.
        scheme: the scheme to write.
    """
    begin, inside, end, single = scheme.prefixes
    tags = [OUTSIDE] * length
    for span in flatten(spans):
        last = span.end - 1
        tags[span.start : span.end] = [f"{inside}-{span.label}"] * (span.end - span.start)
        tags[last] = f"{end}-{span.label}"
        tags[span.start] = f"{single if last == span.start else begin}-{span.label}"
    return tags


def decode_tags(tags: Sequence[str], scheme: Scheme = Scheme.BIOES) -> list[Span]:
    """Read spans from one tag per character, repairing what is invalid by the rule above.

    Raises:
        TagError: if a tag is not one of the scheme; an invalid *sequence* is repaired, not refused.
    """
    spans: list[Span] = []
    start, open_label = 0, ""
    for position, tag in enumerate(tags):
        prefix, label = split_tag(tag, scheme)
        if open_label and (label != open_label or opens(prefix)):
            spans.append(Span(start, position, open_label))
            open_label = ""
        if label and not open_label:
            start, open_label = position, label
        if open_label and closes(prefix):
            spans.append(Span(start, position + 1, open_label))
            open_label = ""
    if open_label:
        spans.append(Span(start, len(tags), open_label))
    return spans


def allowed(before: str, after: str, scheme: Scheme) -> bool:
    """Tell whether a valid sequence may hold ``after`` right behind ``before``; ``""`` stands for its start and its end."""
    before_prefix, before_label = split_tag(before, scheme) if before else (OUTSIDE, "")
    after_prefix, after_label = split_tag(after, scheme) if after else (OUTSIDE, "")
    continues = not opens(after_prefix) and after_label != ""
    if continues:
        return before_label == after_label and not closes(before_prefix)
    return scheme is Scheme.BIO or before_label == "" or closes(before_prefix)


def is_valid(tags: Sequence[str], scheme: Scheme) -> bool:
    """Tell whether some set of spans would be written as exactly these tags."""
    bounded = ["", *tags, ""]
    return all(allowed(a, b, scheme) for a, b in zip(bounded, bounded[1:], strict=False))


def repair(tags: Sequence[str], scheme: Scheme) -> list[str]:
    """Return the valid sequence with the spans that :func:`decode_tags` reads."""
    return encode_spans(decode_tags(tags, scheme), len(tags), scheme)


def convert(tags: Sequence[str], source: Scheme, target: Scheme) -> list[str]:
    """Rewrite tags of one scheme in another."""
    return encode_spans(decode_tags(tags, source), len(tags), target)


def opens(prefix: str) -> bool:
    """Tell whether a prefix begins a span whatever is before it."""
    return prefix in ("B", "S")


def closes(prefix: str) -> bool:
    """Tell whether a prefix ends a span whatever is behind it."""
    return prefix in ("E", "S")
