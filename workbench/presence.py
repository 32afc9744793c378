"""Who has which document open: known to this process alone, forgotten when a page is quiet for a minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

QUIET = 60.0
"""Seconds after which a page that says nothing is taken to be closed."""


@dataclass(frozen=True, slots=True)
class Company:
    """Somebody else at a document: has it open, or has saved it since it was opened here."""

    author: str
    state: Literal["open", "saved"]


@dataclass
class _Visit:
    document: int
    account: str
    since: float
    heard: float


class Presence:
    """The pages and the documents that they show; each page is known by a name of its own, for two may be one person's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody.

        Args:
            clock: gives seconds.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._visits: dict[str, _Visit] = {}
        self._saves: dict[int, dict[str, tuple[str, float]]] = {}

    def enter(self, page: str, document: int, account: str) -> None:
        """Note that a page shows a document from now on, and no longer the one before."""
        moment = self._clock()
        with self._lock:
            self._visits[page] = _Visit(document, account, moment, moment)
            self._forget(moment)

    def leave(self, page: str) -> None:
        """Note that a page shows no document."""
        with self._lock:
            self._visits.pop(page, None)

    def beat(self, page: str, document: int, account: str) -> None:
        """Note that a page is still there; one that was silent for too long comes anew."""
        with self._lock:
            visit = self._visits.get(page)
            if visit and visit.document == document:
                visit.heard = self._clock()
                return
        self.enter(page, document, account)

    def save(self, page: str, document: int, account: str) -> None:
        """Note that a page has saved a document; what others had saved before is then known to whoever sits there."""
        moment = self._clock()
        with self._lock:
            self._saves.setdefault(document, {})[page] = (account, moment)
            if (visit := self._visits.get(page)) and visit.document == document:
                visit.since = visit.heard = moment

    def others(self, page: str) -> tuple[Company, ...]:
        """Return who else is at the document that a page shows, each once; who has saved it counts as that, gone or not."""
        with self._lock:
            self._forget(self._clock())
            own = self._visits.get(page)
            if own is None:
                return ()
            saves = self._saves.get(own.document, {})
            saved = {name for other, (name, at) in saves.items() if other != page and at > own.since}
            here = {visit.account for other, visit in self._visits.items() if other != page and visit.document == own.document}
        found = [Company(name, "saved") for name in sorted(saved)]
        return (*found, *(Company(name, "open") for name in sorted(here - saved)))

    def _forget(self, moment: float) -> None:
        self._visits = {page: visit for page, visit in self._visits.items() if moment - visit.heard <= QUIET}
        shown = {visit.document for visit in self._visits.values()}
        self._saves = {document: pages for document, pages in self._saves.items() if document in shown}
