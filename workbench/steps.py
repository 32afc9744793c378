"""Long work of a handler: it goes on in a thread of its own, and what it tells on the way is shown as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")
Tell = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Step:
    """Something told on the way, as it was told."""

    said: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[_T]):
    """What came of it."""

    value: _T


def steps(work: Callable[[Tell], _T], name: str) -> Iterator[Step | Outcome[_T]]:
    """Yield what the work tells, the latest only where it tells faster than it is asked, and at last what came of it.

    Args:
        work: is given what it may tell by.
        name: of the thread.

    Raises:
        Exception: what the work raises.
    """
    told: SimpleQueue[Step | Outcome[_T] | Exception] = SimpleQueue()

    def carry_out() -> None:
        try:
            told.put(Outcome(work(lambda *said: told.put(Step(said)))))
        except Exception as error:  # raised again where it can be told
            told.put(error)

    Thread(target=carry_out, name=name, daemon=True).start()
    while True:
        latest = told.get()
        while isinstance(latest, Step) and not told.empty():
            latest = told.get()
        if isinstance(latest, Exception):
            raise latest
        yield latest
        if isinstance(latest, Outcome):
            return
