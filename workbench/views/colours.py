"""The colours of the page: what the style sheet and the span editor are told of them, see :mod:`engine.drawing.colours`."""

from __future__ import annotations

from collections.abc import Iterable

from engine.drawing.colours import ink_on, palette, ramp

KEYS = "123456789qwertyuiop"
STEPS = 100
"""Shades of the ramp that the style sheet names; finer ones cannot be told apart."""


def step(value: float, most: float) -> int:
    """Return which of the ramp's :data:`STEPS` shades a value has when ``most`` has the strongest."""
    return round(STEPS * min(1.0, max(0.0, value / most))) if most else 0


def ramp_css() -> str:
    """Return the rules ``.duomo-q0`` to ``.duomo-q100``: a cell names its shade, since one drawn by itself is long in HTML."""
    rules = []
    for number in range(STEPS + 1):
        light, dark = ramp(number / STEPS), ramp(number / STEPS, dark=True)
        inks = f"--light:{light};--light-ink:{ink_on(light)};--dark:{dark};--dark-ink:{ink_on(dark)}"
        rules.append(f".duomo-q{number} {{{inks}}}")
    return "\n".join(rules)


def editor_labels(labels: Iterable[str]) -> list[dict[str, str]]:
    """Return the labels as the span editor wants them, each with its key and colour."""
    names = list(labels)
    colours = palette(names)
    keys = [*KEYS, *[""] * len(names)]
    return [{"name": name, "key": keys[index], "color": colours[name]} for index, name in enumerate(names)]
