"""A figure's time: how wide a second is at least, where ticks stand, and which lane keeps what is written apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_TARGET, _WIDEST, _NARROWEST = 22.0, 190.0, 60.0
_LEAST_WIDTH, _ONE_LOOK, _TICK = 240, 1000, 52.0
_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_LETTER = 7.0


def pixels_per_second(stretches: Iterable[tuple[float, float]], seconds: float) -> float:
    """Return how wide a second is drawn at least, so that the shortest stretch can still be pointed at.

    A recording that a wide page shows at one look may be drawn wider than others: what is aligned by CTC lasts a moment alone.
    """
    shortest = min((end - start for start, end in stretches if end > start), default=_TARGET / _NARROWEST)
    return max(_NARROWEST, _LEAST_WIDTH / seconds, min(max(_WIDEST, _ONE_LOOK / seconds), _TARGET / shortest))


def ticks(seconds: float, pixels: float) -> list[float]:
    """Return the moments to be written, far enough apart to be read.

    Args:
        seconds: how long the figure is.
        pixels: how wide a second is at least.
    """
    step = next((step for step in _STEPS if step * pixels >= _TICK), _STEPS[-1])
    return [round(number * step, 1) for number in range(int(seconds / step + 1e-6) + 1)]


def written_within(start: float, end: float, letters: int, seconds: float, pixels: float) -> tuple[float, float, bool]:
    """Return from when to when a stretch and its label reach, and whether the label ends with it rather than begins.

    Args:
        start: of the stretch, in seconds.
        end: of the stretch.
        letters: of the label.
        seconds: how long the figure is.
        pixels: how wide a second is at least.
    """
    width = letters * _LETTER / pixels
    backwards = start + width > seconds
    return (min(start, end - width), end, True) if backwards else (start, max(end, start + width), False)


def lanes(stretches: Sequence[tuple[float, float]]) -> list[int]:
    """Return for each stretch the first lane in which nothing before it is in its way; the first lane is 0."""
    taken: list[list[tuple[float, float]]] = []
    found = []
    for start, end in stretches:
        free = (lane for lane, others in enumerate(taken) if all(e <= start or end <= s for s, e in others))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((start, end))
        found.append(lane)
    return found
