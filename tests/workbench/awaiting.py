"""Runs coroutines from a test, whatever the thread of the test is doing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def awaited(coroutine: Coroutine[Any, Any, Answer], seconds: float = 200.0) -> Answer:
    """Run a coroutine in a thread of its own: a browser test before this one may have left a loop running in the tests' own.

    Raises:
        asyncio.TimeoutError: if it takes longer than so many seconds.
    """

    async def bounded() -> Answer:
        return await asyncio.wait_for(coroutine, seconds)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, bounded()).result()
