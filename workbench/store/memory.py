"""What is asked at every step and changes rarely: who may do what in which project, by which rules, with which labels.

Every change of it is an event of no document, so that the last such event tells whether what was answered before still holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.store.schema import EventRow

_Answer = TypeVar("_Answer")
_LAST = select(EventRow.id, EventRow.created).where(EventRow.document_id.is_(None)).order_by(EventRow.id.desc()).limit(1)
_MEMORY, _ANSWERS = "memory", "answers"


class Memory:
    """The answers of one database; they are shared by all threads, and never changed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._last: Any = None
        self._answers: dict[Hashable, Any] = {}

    def lend(self, session: Session) -> None:
        """Let a session that only reads answer from memory; one that writes sees what nobody else may see yet."""
        session.info[_MEMORY] = self

    def answers(self, session: Session) -> dict[Hashable, Any]:
        """Return the answers that still hold; the database is asked once in a session."""
        found: dict[Hashable, Any] | None = session.info.get(_ANSWERS)
        if found is None:
            last = session.execute(_LAST).one_or_none()
            with self._lock:
                if last != self._last:
                    self._last, self._answers = last, {}
                found = session.info[_ANSWERS] = self._answers
        return found


def remembered(session: Session, question: Hashable, ask: Callable[[], _Answer]) -> _Answer:
    """Return the answer to a question about what changes rarely, from memory where that may be.

    Args:
        session: to ask in.
        question: what tells it from others.
        ask: asks the database; the answer must be one that nobody changes.
    """
    memory: Memory | None = session.info.get(_MEMORY)
    if memory is None:
        return ask()
    answers = memory.answers(session)
    if question not in answers:
        answers[question] = ask()
    answer: _Answer = answers[question]
    return answer
