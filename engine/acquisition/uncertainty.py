"""Uncertainty of one model: its best reading, the runner-up, and its characters' tags."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.acquisition.contract import Array, Predictions
from engine.document import Document


def random(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """Draw a number for each document: what every strategy is to be compared with."""
    return rng.random(len(pool))


def least_confidence(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """One less the probability of the best reading, ``1 - P(y*|x)``.

    Lewis and Gale (1994), "A Sequential Algorithm for Training Text Classifiers"; for sequences Culotta and McCallum (2005).
    Since a reading's probability is a product over its characters, long sentences come first.
    """
    return np.array([abs(math.expm1(document.readings[0].log_probability)) for document in predictions.documents])


def mnlp(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """Less the log probability of the best reading for each character, ``-log P(y*|x) / T``.

    Maximum normalized log-probability, Shen et al. (2018), "Deep Active Learning for Named Entity Recognition"; they take
    the smallest of what is here the largest.
    """
    return np.array(
        [
            abs(document.readings[0].log_probability) / max(1, len(text))
            for document, text in zip(predictions.documents, pool, strict=True)
        ]
    )


def margin(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """One less the lead of the best reading over the next, ``1 - (P(y1|x) - P(y2|x))``; of a text with one reading 0.

    Scheffer, Decomain and Wrobel (2001), "Active Hidden Markov Models for Information Extraction".
    """

    def lead(probabilities: Sequence[float]) -> float:
        return probabilities[0] - (probabilities[1] if len(probabilities) > 1 else 0.0)

    found = [[math.exp(reading.log_probability) for reading in document.readings[:2]] for document in predictions.documents]
    return np.array([1.0 - lead(probabilities) for probabilities in found])


def total_token_entropy(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """Sum of the entropies of the characters' tags, from the CRF's marginals.

    Settles and Craven (2008), "An Analysis of Active Learning Strategies for Sequence Labeling Tasks", total token
    entropy (TTE). Long sentences come first.
    """
    return np.array([document.doubt.entropy.sum() if document.doubt else 0.0 for document in predictions.documents])


def token_entropy(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """Mean of the entropies of the characters' tags, from the CRF's marginals.

    Token entropy (TE), Settles and Craven (2008).
    """
    return np.array([mean(document.doubt.entropy) if document.doubt else 0.0 for document in predictions.documents])


def mean(values: Array) -> float:
    """Return the mean over the characters; 0 for a text without any."""
    return float(values.mean()) if len(values) else 0.0
