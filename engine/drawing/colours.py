"""Entity colours: Okabe and Ito's set, which most colour-blind readers can tell apart (Okabe and Ito 2008)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from zlib import crc32

NAMED = {"PER": "#0072B2", "LOC": "#009E73", "ORG": "#D55E00", "GPE": "#56B4E9", "MISC": "#CC79A7"}
OTHERS = ("#E69F00", "#999999", "#F0E442", "#CC79A7", "#56B4E9", "#009E73", "#0072B2", "#D55E00")
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


def colour(label: str) -> str:
    """Return a label's colour; an unknown label has the same one each time.

    Args:
        label: the entity type; of ``GPE.NAM`` the part before the dot decides.
    """
    kind = label.split(".")[0].upper()
    return NAMED.get(kind) or OTHERS[crc32(kind.encode("utf-8", "surrogatepass")) % len(OTHERS)]


def palette(labels: Iterable[str]) -> dict[str, str]:
    """Give each label of a set its colour: the known their own, the others in order, none twice while there are enough."""
    chosen: dict[str, str] = {}
    names = list(labels)
    for label in names:
        kind = label.split(".")[0].upper()
        if kind in NAMED:
            chosen[label] = NAMED[kind]
    free = [each for each in dict.fromkeys(OTHERS) if each not in chosen.values()] or list(OTHERS)
    unknown = [label for label in names if label not in chosen]
    return chosen | {label: free[index % len(free)] for index, label in enumerate(unknown)}


def ramp(value: float, *, dark: bool = False) -> str:
    """Return a colour for a value in [0, 1]: the paper at zero, then cividis (Nuñez et al. 2018) away from the paper.

    Args:
        value: the share, clipped to [0, 1].
        dark: whether the paper is dark.
    """
    paper = (0x17, 0x18, 0x1B) if dark else (0xFB, 0xFA, 0xF7)
    stops = [paper, *(_CIVIDIS if dark else _CIVIDIS[::-1])]
    place = min(1.0, max(0.0, value)) * (len(stops) - 1)
    at = min(int(place), len(stops) - 2)
    mixed = (round(a + (b - a) * (place - at)) for a, b in zip(stops[at], stops[at + 1], strict=True))
    return "#" + "".join(f"{part:02X}" for part in mixed)


_CIVIDIS = (
    (0x12, 0x35, 0x70),
    (0x4A, 0x54, 0x6C),
    (0x7C, 0x7B, 0x78),
    (0xB4, 0xA5, 0x6F),
    (0xE4, 0xCF, 0x5B),
    (0xFD, 0xE6, 0x4A),
)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two ``#rrggbb`` colours (WCAG 2.2)."""
    light, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dim + 0.05)


def ink_on(background: str) -> str:
    """Return black or white, whichever reads better on a colour."""
    return max(("#111111", "#FFFFFF"), key=lambda ink: contrast(ink, background))


def _luminance(colour_hex: str) -> float:
    if not _HEX.fullmatch(colour_hex):
        raise ValueError(f"a colour is written #rrggbb: got {colour_hex!r}")
    shares = [int(colour_hex[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
