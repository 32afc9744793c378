"""Long work beside the page: the page looks in on it, and it ends once nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class Stopped(Exception):
    """Nobody waits for the work any more."""


class Working(threading.Thread, Generic[_T]):
    """An import or export at work.

    Attributes:
        told: what it said last of how far it is.
        result: what came of it, once it has ended without an error.
        error: what ended it, :class:`Stopped` among others.
    """

    def __init__(self, name: str, work: Callable[[Callable[[Any], None]], _T]) -> None:
        """Begin.

        Args:
            name: of the thread.
            work: is given what to tell how far it is; that raises :class:`Stopped` once the work is to end.
        """
        super().__init__(name=name, daemon=True)
        self._work, self._end = work, threading.Event()
        self.told: Any = None
        self.result: _T | None = None
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Work; what goes wrong is raised by who waits."""
        try:
            self.result = self._work(self._tell)
        except Exception as error:
            self.error = error

    def end(self) -> None:
        """Let it end when it next says how far it is."""
        self._end.set()

    def finished(self) -> _T:
        """Return what came of it.

        Raises:
            Exception: what ended it.
        """
        self.join()
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result

    def _tell(self, told: Any) -> None:
        self.told = told
        if self._end.is_set():
            raise Stopped
