"""From vectors to places in the plane: principal components, and UMAP where it is installed."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import InputError

Array = npt.NDArray[np.float64]
LEAST = 5
"""Vectors that UMAP needs."""
_NEIGHBOURS = 15


def pca(vectors: Array) -> tuple[Array, tuple[float, float]]:
    """Return the first two principal components of N vectors, ``[N, 2]``, and their shares of the variance.

    Their directions are such that the largest loading of each is positive: the same vectors give the same map.

    Args:
        vectors: ``[N, H]``.
    """
    count = len(vectors)
    places: Array = np.zeros((count, 2))
    if count < 2:
        return places, (0.0, 0.0)
    centred = vectors - vectors.mean(0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    kept = min(2, len(sizes))
    signs = np.sign(right[np.arange(kept), np.abs(right[:kept]).argmax(1)])
    places[:, :kept] = left[:, :kept] * sizes[:kept] * signs
    total = float((sizes**2).sum())
    shares = [float(size**2) / total if total else 0.0 for size in (*sizes[:2], 0.0, 0.0)[:2]]
    return places, (shares[0], shares[1])


def has_umap() -> bool:
    """Tell whether UMAP is installed."""
    return importlib.util.find_spec("umap") is not None


def umap(vectors: Array, seed: int) -> Array:
    """Return UMAP's layout of N vectors, ``[N, 2]`` (McInnes, Healy and Melville 2018).

    Args:
        vectors: ``[N, H]``, at least :data:`LEAST`.
        seed: two layouts with one seed are the same on one machine.

    Raises:
        InputError: if it is not installed, or there are too few vectors.
    """
    if not has_umap():
        raise InputError('UMAP needs a package that is not installed: pip install "umap-learn>=0.5.12,<0.6"; or choose PCA')
    if len(vectors) < LEAST:
        raise InputError(f"UMAP needs {LEAST} mentions or more, got {len(vectors)}; choose PCA")
    with warnings.catch_warnings():
        # It warns that a seed means one thread, which is meant, and its dependencies of each other.
        warnings.simplefilter("ignore")
        from umap import UMAP

        neighbours = min(_NEIGHBOURS, len(vectors) - 1)
        layout: Any = UMAP(n_neighbors=neighbours, metric="cosine", init="pca", random_state=seed, n_jobs=1)
        return np.asarray(layout.fit_transform(vectors.astype(np.float32)), dtype=np.float64)
