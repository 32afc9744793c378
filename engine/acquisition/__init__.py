"""Active learning: which document would teach a model most, by name.

::

    contract.py      what a strategy declares and is given
    uncertainty.py, disagreement.py, diversity.py, mixing.py    the strategies
    predicting.py    what a model says of a pool, as far as strategies need it
    choosing.py      from scores to documents
    reasons.py       why a document came
"""

from __future__ import annotations

from engine.acquisition import disagreement, diversity, uncertainty
from engine.acquisition.choosing import choose, choose_characters, score
from engine.acquisition.contract import Need, Predicted, Predictions, Strategy
from engine.acquisition.mixing import mixture
from engine.acquisition.predicting import Means, gather, lacking
from engine.acquisition.reasons import Reason, explain
from engine.errors import InputError

__all__ = [
    "STRATEGIES",
    "Means",
    "Need",
    "Predicted",
    "Predictions",
    "Reason",
    "Strategy",
    "choose",
    "choose_characters",
    "explain",
    "gather",
    "get",
    "lacking",
    "mixture",
    "score",
]

RANDOM = "random"
DENSITY = "density"
_READINGS, _TAGS, _VECTORS = frozenset({Need.READINGS}), frozenset({Need.TAGS}), frozenset({Need.VECTORS})
_TOKEN_ENTROPY = Strategy(
    "token-entropy", "characters whose tags are unsure, on the mean", "Settles and Craven 2008", uncertainty.token_entropy, _TAGS
)
_ALL = (
    Strategy(RANDOM, "any document; what the others are compared with", "", uncertainty.random),
    Strategy(
        "least-confidence",
        "a best reading of low probability; long sentences first",
        "Lewis and Gale 1994",
        uncertainty.least_confidence,
        _READINGS,
    ),
    Strategy("mnlp", "a best reading of low probability for its length", "Shen et al. 2018", uncertainty.mnlp, _READINGS),
    Strategy("margin", "two readings that are nearly as probable", "Scheffer et al. 2001", uncertainty.margin, _READINGS),
    _TOKEN_ENTROPY,
    Strategy(
        "total-token-entropy",
        "many characters whose tags are unsure; long sentences first",
        "Settles and Craven 2008",
        uncertainty.total_token_entropy,
        _TAGS,
    ),
    Strategy(
        "bald",
        "tags that change when parts of the model are left out at random",
        "Houlsby et al. 2011; Gal et al. 2017; Siddhant and Lipton 2018",
        disagreement.bald,
        frozenset({Need.DROPOUT}),
    ),
    Strategy(
        "vote-entropy",
        "answers in which a committee of models differs",
        "Dagan and Engelson 1995",
        disagreement.vote_entropy,
        frozenset({Need.COMMITTEE}),
    ),
    Strategy(
        "committee-divergence",
        "probabilities in which a committee of models differs",
        "McCallum and Nigam 1998",
        disagreement.committee_divergence,
        frozenset({Need.COMMITTEE}),
    ),
    Strategy(
        "modality-disagreement",
        "answers that move when glyph, sound, speech or picture is masked",
        "ours",
        disagreement.modality_disagreement,
        frozenset({Need.MODALITIES}),
    ),
    Strategy(
        "information-density",
        "characters whose tags are unsure, in documents that many others are like",
        "Settles and Craven 2008",
        diversity.weighted_by_density(_TOKEN_ENTROPY).score,
        _TAGS | _VECTORS,
    ),
    Strategy(
        "k-centre",
        "documents far from all that are labelled, and from each other",
        "Sener and Savarese 2018",
        diversity.k_centre,
        _VECTORS,
        batch=True,
    ),
)
STRATEGIES: dict[str, Strategy] = {strategy.name: strategy for strategy in _ALL}


def get(name: str) -> Strategy:
    """Return a strategy by name, or a mixture such as ``mnlp+k-centre`` or ``0.7*mnlp+0.3*density*margin``.

    Raises:
        InputError: if there is none of that name, or a weight is not above 0.
    """
    parts = [_term(part.strip()) for part in name.split("+")]
    return parts[0][1] if len(parts) == 1 and parts[0][0] is None else mixture([(w or 1.0, s) for w, s in parts])


def _term(text: str) -> tuple[float | None, Strategy]:
    """Read ``[WEIGHT*][density*]NAME``."""
    *factors, name = (factor.strip() for factor in text.split("*"))
    if name not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise InputError(f"there is no strategy {name!r}; choose one of {known}, or mix some: 0.7*mnlp+0.3*k-centre")
    strategy, weight = STRATEGIES[name], None
    if factors and factors[-1] == DENSITY:
        strategy = _by_density(strategy)
        factors = factors[:-1]
    if factors:
        weight = _weight(factors, text)
    return weight, strategy


def _by_density(strategy: Strategy) -> Strategy:
    if strategy.batch:
        raise InputError(f"{strategy.name} chooses whole batches and cannot be weighted by density; mix it: mnlp+{strategy.name}")
    return diversity.weighted_by_density(strategy)


def _weight(factors: list[str], text: str) -> float:
    try:
        (weight,) = map(float, factors)
    except ValueError:
        raise InputError(f"{text!r}: expected WEIGHT*NAME, density*NAME or WEIGHT*density*NAME") from None
    if not 0 < weight < float("inf"):
        raise InputError(f"{text!r}: the weight is to be above 0, got {weight:g}")
    return weight
