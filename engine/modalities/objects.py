"""Where in a picture its objects may be: guesses of what stands out.

DGHC (Liu et al. 2024), section III.C, looks at a picture and at three objects in it, which a visual grounding toolkit has found.
Duomo comes with no detector. :func:`propose` needs none and knows none: it boxes what is unlike its surroundings, a thing or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.errors import InputError

MOST_OBJECTS = 3
"""How many objects of a picture are looked at."""
SMALLEST, LARGEST = 0.03, 0.85
"""Share of the picture that a proposed box covers."""

_SIDE, _BORDER, _LEVELS = 64, 0.1, np.linspace(0.1, 0.9, 9)
_COLOUR_BLUR, _COLOUR_NOISE, _RESIDUAL_BLUR = 1.0, 20.0, 1.8
_SURROUND, _SIZE_POWER, _INSIDE, _LEAST_OF_BEST = 0.25, 0.3, 0.3, 0.25
_VISIBLE, _BEYOND_SPREAD = 5.0, 0.35
_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])
_WHITE = _TO_XYZ.sum(axis=1)

Map = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Box:
    """Where an object is, as shares of the picture's width and height.

    Attributes:
        left: its left edge, in [0, 1].
        top: its upper edge, in [0, 1].
        right: its right edge, in [0, 1].
        bottom: its lower edge, in [0, 1].
        score: how good a guess it is, in [0, 1]; to be compared within one picture and with one way of finding only.
        label: what a detector calls it, ``""`` if it was proposed.

    Raises:
        InputError: if it is not in the picture, is empty, or its score is out of bounds.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float
    label: str = ""

    def __post_init__(self) -> None:
        """Check the bounds."""
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            edges = f"left {self.left}, top {self.top}, right {self.right}, bottom {self.bottom}"
            raise InputError(f"a box with {edges} is none; give shares in [0, 1] with left < right and top < bottom")
        if not 0 <= self.score <= 1:
            raise InputError(f"a box has the score {self.score}; give one in [0, 1]")

    @property
    def area(self) -> float:
        """Return the share of the picture that it covers."""
        return (self.right - self.left) * (self.bottom - self.top)

    def shared(self, other: Box) -> float:
        """Return the share of the picture that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: Box) -> float:
        """Return the intersection over the union of the two."""
        shared = self.shared(other)
        return shared / (self.area + other.area - shared)


def propose(image: Image.Image, most: int = MOST_OBJECTS) -> tuple[Box, ...]:
    """Return boxes around what stands out in a picture, best first; none where nothing does. Nothing is recognised.

    What stands out is unlike the picture's border in colour ("backgroundness", section 3.3 of Zhang et al., "Minimum Barrier
    Salient Object Detection at 80 FPS", ICCV 2015), or a surprise in its spectrum ("Saliency Detection: A Spectral Residual
    Approach", Hou and Zhang, CVPR 2007). Of the connected parts above each of nine levels, those are kept that are most salient
    compared with what surrounds them. The same picture gives the same boxes.

    Args:
        image: of any mode and size; a larger one is looked at as 64 pixels wide or high.
        most: boxes to return.
    """
    small = opaque(image)
    scale = min(1.0, _SIDE / max(small.size))
    small = small.resize((max(1, round(small.width * scale)), max(1, round(small.height * scale))), Image.Resampling.BOX)
    colours = _lab(small)
    saliency = _unit(_unlike_border(colours) + _spectral_residual(colours[..., 0]))
    corners = _parts(saliency)
    scores = _standing_out(saliency, colours, corners)
    shares = corners / np.tile(saliency.shape[::-1], 2)
    boxes = [
        Box(left, top, right, bottom, float(score))
        for (left, top, right, bottom), score in zip(shares.tolist(), scores, strict=True)
        if score > 0
    ]
    boxes.sort(key=lambda box: -box.score)
    kept: list[Box] = []
    for box in boxes:
        apart = all(box.shared(better) <= _INSIDE * min(box.area, better.area) for better in kept)
        if apart and len(kept) < most and box.score >= _LEAST_OF_BEST * boxes[0].score:
            kept.append(box)
    return tuple(kept)


def opaque(image: Image.Image) -> Image.Image:
    """Return it in RGB, with white under what is transparent."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _lab(image: Image.Image) -> Map:
    """Return the colours in CIE 1976 L*a*b* of sRGB, ``[H, W, 3]``: there, 2.3 is a just noticeable difference."""
    gamma = np.asarray(image, dtype=np.float64) / 255
    linear = np.where(gamma > 0.04045, ((gamma + 0.055) / 1.055) ** 2.4, gamma / 12.92)
    xyz = linear @ _TO_XYZ.T / _WHITE
    x, y, z = np.moveaxis(np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _unit(values: Map) -> Map:
    """Stretch to [0, 1]; what is the same everywhere becomes 0."""
    lowest, highest = float(values.min()), float(values.max())
    stretched: Map = (values - lowest) / max(highest - lowest, 1e-9)
    return stretched


def _unlike_border(colours: Map) -> Map:
    """Return how far each pixel's colour is from those along three of the picture's sides, ``[H, W, 3] -> [H, W]`` in [0, 1].

    The distance is Mahalanobis's; the side that a pixel is least like is left out, for an object may touch one.
    """
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(colours, (_COLOUR_BLUR, _COLOUR_BLUR, 0))
    deep = max(1, round(_BORDER * min(smooth.shape[:2])))
    distances = []
    for side in (smooth[:deep], smooth[-deep:], smooth[:, :deep], smooth[:, -deep:]):
        mean = side.mean(axis=(0, 1))
        spread = (side - mean).reshape(-1, 3)
        covariance = spread.T @ spread / len(spread) + _COLOUR_NOISE * np.eye(3)
        away = smooth - mean
        distance = np.sqrt(np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(covariance), away))
        distances.append(distance / max(distance.max(), 1e-9))
    return _unit(np.sum(distances, axis=0) - np.max(distances, axis=0))


def _spectral_residual(lightness: Map) -> Map:
    """Return what is left of a picture when each frequency has what its neighbours let expect, ``[H, W]`` in [0, 1]."""
    from scipy.ndimage import gaussian_filter, uniform_filter

    spectrum = np.fft.fft2(lightness)
    logarithm = np.log(np.abs(spectrum) + 1e-9)
    residual = logarithm - uniform_filter(logarithm, 3, mode="wrap")
    return _unit(gaussian_filter(np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2, _RESIDUAL_BLUR))


def _parts(saliency: Map) -> NDArray[np.int64]:
    """Return left, top, right and bottom of the connected parts above each level, in pixels, ``[N, 4]``, each once."""
    from scipy.ndimage import find_objects, label

    corners = set()
    for level in _LEVELS:
        for rows, columns in find_objects(label(saliency > level, np.ones((3, 3)))[0]):
            share = (columns.stop - columns.start) * (rows.stop - rows.start) / saliency.size
            if SMALLEST <= share <= LARGEST:
                corners.add((columns.start, rows.start, columns.stop, rows.stop))
    return np.array(sorted(corners), dtype=np.int64).reshape(-1, 4)


def _standing_out(saliency: Map, colours: Map, corners: NDArray[np.int64]) -> Map:
    """Score boxes by how much more salient they are than the frame around them, ``[N]``; 0 for what no eye would see.

    Of two alike, the larger is better, and the one with less of its outline on the picture's edge ("boundary connectivity", Zhu
    et al., "Saliency Optimization from Robust Background Detection", CVPR 2014). Saliency is relative to the picture: a box must
    also differ from its frame, by mean and deviation of its colours, more than a little and more than both vary in themselves.
    """
    height, width = saliency.shape
    sides = corners[:, 2:] - corners[:, :2]
    margins = np.maximum(1, np.rint(_SURROUND * sides)).astype(np.int64)
    frames = np.concatenate(
        [np.maximum(corners[:, :2] - margins, 0), np.minimum(corners[:, 2:] + margins, [width, height])], axis=1
    )
    layers = np.concatenate([np.ones((height, width, 1)), saliency[..., None], colours, colours**2], axis=-1)
    integral = np.pad(layers.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0), (0, 0)))
    within = _sums(integral, corners)
    around = _sums(integral, frames) - within
    within_mean, around_mean = within / np.maximum(within[:, :1], 1), around / np.maximum(around[:, :1], 1)
    within_spread, around_spread = _deviations(within_mean), _deviations(around_mean)
    difference = np.hypot(_length(within_mean[:, 2:5] - around_mean[:, 2:5]), _length(within_spread - around_spread))
    needed = np.maximum(_VISIBLE, _BEYOND_SPREAD * np.minimum(_length(within_spread), _length(around_spread)))
    at_edge = (corners == [0, 0, width, height]) * np.tile(sides[:, ::-1], 2)
    free = 1 - at_edge.sum(axis=1) / (2 * sides.sum(axis=1))
    contrast = within_mean[:, 1] - around_mean[:, 1]
    scores = contrast * np.sqrt(free) * (within[:, 0] / saliency.size) ** _SIZE_POWER
    return np.where((difference >= needed) & (around[:, 0] > 0), scores, 0.0)


def _sums(integral: Map, corners: NDArray[np.int64]) -> Map:
    left, top, right, bottom = corners.T
    sums: Map = integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left]
    return sums


def _deviations(means: Map) -> Map:
    """Return the standard deviations of L, a and b from the means of them and of their squares."""
    return np.sqrt(np.maximum(means[:, 5:] - means[:, 2:5] ** 2, 0))


def _length(vectors: Map) -> Map:
    lengths: Map = np.linalg.norm(vectors, axis=1)
    return lengths
