"""How fast a training goes: running means between reports."""

from __future__ import annotations

import time


class Meter:
    """Running mean of the loss and the speed since the last report.

    Attributes:
        loss: mean since the last report.
        speed: units a second since the last report.
        total_steps: of this process.
    """

    def __init__(self, period: float = 1.0) -> None:
        """Begin; a report is due every ``period`` seconds."""
        self.period = period
        self.began = self.last = time.monotonic()
        self.losses: list[float] = []
        self.units = self.total_steps = 0
        self.loss = self.speed = 0.0

    def add(self, loss: float, units: int) -> None:
        """Count a step over so many characters or pictures."""
        self.losses.append(loss)
        self.units += units
        self.total_steps += 1
        self.loss = sum(self.losses) / len(self.losses)
        self.speed = self.units / max(1e-9, time.monotonic() - self.last)

    @property
    def due(self) -> bool:
        """Tell whether it is time for a report."""
        return self.total_steps == 1 or time.monotonic() - self.last >= self.period

    @property
    def total_seconds(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self.began

    def rest(self) -> None:
        """Begin anew after a report."""
        self.losses, self.units, self.last = [], 0, time.monotonic()
