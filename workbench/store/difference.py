"""What one annotation of a text says otherwise than another; pure, so that it can be asked of any two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.document import Span

Change = tuple[Span, Span]


@dataclass(frozen=True, slots=True)
class Difference:
    """How to come from one annotation to another.

    Attributes:
        added: only the other has.
        removed: only the one has.
        relabelled: the same characters under another label, as before and after.
        moved: of the same label, overlapping, with other borders, as before and after.
    """

    added: tuple[Span, ...] = ()
    removed: tuple[Span, ...] = ()
    relabelled: tuple[Change, ...] = ()
    moved: tuple[Change, ...] = ()

    def __len__(self) -> int:
        """Return how many spans were changed; none makes a difference false."""
        return len(self.added) + len(self.removed) + len(self.relabelled) + len(self.moved)


def diff(before: Iterable[Span], after: Iterable[Span]) -> Difference:
    """Compare two annotations of one text, scores apart; the other way round it is the same, reversed.

    Each span is told of once. What has other borders is paired with what it overlaps the most.
    """
    old, new = set(before), set(after)
    removed, added = sorted(old - new), sorted(new - old)
    relabelled = _relabelled(removed, added)
    removed, added = _left(removed, added, relabelled)
    moved = _moved(removed, added)
    removed, added = _left(removed, added, moved)
    return Difference(tuple(added), tuple(removed), tuple(relabelled), tuple(moved))


def _relabelled(removed: list[Span], added: list[Span]) -> list[Change]:
    pairs = []
    waiting: dict[tuple[int, int], list[Span]] = {}
    for span in added:
        waiting.setdefault((span.start, span.end), []).append(span)
    for span in removed:
        if others := waiting.get((span.start, span.end)):
            pairs.append((span, others.pop(0)))
    return pairs


def _moved(removed: list[Span], added: list[Span]) -> list[Change]:
    candidates = [(a, b) for a in removed for b in added if a.label == b.label and a.overlaps(b)]
    # The order is the same seen from either side, or the reverse would pair other spans.
    candidates.sort(key=lambda pair: (-_overlap(*pair), sorted(pair)))
    taken: set[tuple[bool, Span]] = set()
    pairs = []
    for a, b in candidates:
        if (False, a) not in taken and (True, b) not in taken:
            taken |= {(False, a), (True, b)}
            pairs.append((a, b))
    return sorted(pairs, key=min)


def _overlap(one: Span, other: Span) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


def _left(removed: list[Span], added: list[Span], pairs: list[Change]) -> tuple[list[Span], list[Span]]:
    before, after = {a for a, _ in pairs}, {b for _, b in pairs}
    return [span for span in removed if span not in before], [span for span in added if span not in after]
