"""Maps that were made lately: a map whose figure is saved is not made anew."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.evaluation.study import Study
from engine.mapping import MentionMap, map_mentions

if TYPE_CHECKING:
    from engine.tagger import Tagger

_REMEMBERED = 6


@dataclass(frozen=True)
class Subject:
    """What a map is of.

    Attributes:
        study: whose mentions they are.
        index: of the reading.
        tagger: loads the reading's model.
    """

    study: Study
    index: int
    tagger: Callable[[], Tagger]


class Maps:
    """Makes maps, and remembers the last of them; may be used from several threads."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._made: OrderedDict[tuple[object, ...], MentionMap] = OrderedDict()
        self._turn = threading.Lock()

    def of(
        self, subject: Subject, method: str, most: int, tell: Callable[[int, int], None] = lambda done, total: None
    ) -> MentionMap:
        """Return a map, which is made if it is not remembered.

        Args:
            subject: what it is of.
            method: one of :data:`engine.mapping.METHODS`.
            most: mentions to lay out.
            tell: told how many pieces of text are read, of how many.
        """
        study, reading = subject.study, subject.study.readings[subject.index]
        key = (study.digest, study.structure, reading.digest, reading.without, reading.labels, method, most)
        with self._turn:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = map_mentions(subject.tagger(), study, subject.index, method=method, most=most, observe=tell)
        with self._turn:
            self._made[key] = made
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return made
