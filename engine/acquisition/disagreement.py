"""Disagreement: of the draws of one model by dropout, of a committee, of a model with itself when it misses a modality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.acquisition.contract import Array, Predictions, Tags
from engine.acquisition.uncertainty import mean
from engine.document import Document


def bald(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """Mean over the characters of what their tag would say of the model's parameters, ``H(E p) - E H(p)``.

    Bayesian active learning by disagreement, Houlsby et al. (2011); the parameters are drawn by dropout, Gal, Islam and
    Ghahramani (2017), "Deep Bayesian Active Learning with Image Data". Siddhant and Lipton (2018), "Deep Bayesian Active Learning
    for Natural Language Processing", count for sequences how many draws differ from the most frequent answer; here the CRF's
    marginals are taken, which say more from few draws.
    """
    return np.array([0.0 if d.information is None else mean(d.information) for d in predictions.documents])


def vote_entropy(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """Mean over the characters of the entropy of the committee's votes.

    Query by committee with vote entropy, Dagan and Engelson (1995), "Committee-Based Sampling for Training Probabilistic
    Classifiers"; for sequences Settles and Craven (2008). Each member votes with its best path.
    """
    return np.array([0.0 if d.votes is None else mean(d.votes.entropy) for d in predictions.documents])


def committee_divergence(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """Mean over the characters of the Kullback-Leibler divergence of the members from what they say together.

    McCallum and Nigam (1998), "Employing EM and Pool-Based Active Learning for Text Classification"; for sequences Settles and
    Craven (2008).
    """
    return np.array([0.0 if d.votes is None else mean(d.votes.divergence) for d in predictions.documents])


def modality_disagreement(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """How far the tags' distributions move, mean over the characters, without the modality whose absence moves them most.

    Ours. Total variation, as in the evidence ``modality_effect``: a document on which glyph, sound, speech or picture changes the
    answer is one where the modalities are at odds. 0 for a model of text alone, and for a document without pictures or speech.
    """
    return np.array([max((mean(m.moved) for m in d.masked.values()), default=0.0) for d in predictions.documents])


def entropies(shares: Array) -> Array:
    """Return the entropy in nats of distributions ``[..., K]``; what is not likely at all adds nothing."""
    positive = np.where(shares > 0, shares, 1.0)
    found: Array = np.maximum(0.0, -(np.maximum(shares, 0.0) * np.log(positive)).sum(-1))
    return found


def information(distributions: Array) -> Array:
    """Return the entropy of the mean less the mean entropy, ``[T]``, of distributions ``[M, T, K]``.

    That is the mutual information of BALD, and also the mean divergence of a committee's members from their mean: the
    Jensen-Shannon divergence of M distributions.
    """
    found: Array = np.maximum(0.0, entropies(distributions.mean(0)) - entropies(distributions).mean(0))
    return found


def entropy_of_votes(votes: Tags) -> Array:
    """Return the entropy of votes ``[M, T]`` in nats, ``[T]``."""
    tags = np.unique(votes)
    return entropies((votes[:, :, None] == tags).mean(0)) if votes.size else np.zeros(votes.shape[1])


def variation(ours: Array, theirs: Array) -> Array:
    """Return the total variation, in [0, 1], between distributions ``[T, K]`` each."""
    found: Array = np.clip(np.abs(ours - theirs).sum(-1) / 2, 0.0, 1.0)
    return found
