"""Masked CTC: which speech vectors say which character of a sentence, when the characters are known.

Equations 2 and 3 of "A Large-Scale Chinese Multimodal NER Dataset with Speech Clues" (Sui et al. 2021), section 6, on Graves et
al. (2006). B sentences, T characters, S speech vectors, V units: the blank and every character; U units: the blank and the
characters of one sentence. Masks of speech cover a prefix of every row; a mask of targets may have holes, as where a character
is not spoken, and what it leaves out is no target. [CLS], [SEP] and the blank are none either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

BLANK = 0
LATE = 1
"""Vectors between where a character begins and where CTC first says it: 1.3 on built speech, whose times are known."""
_NEVER = -1e4
"""The log probability of a unit that is masked: from minus infinity torch's CTC has gradients that are not numbers."""


def allowed_units(targets: Tensor, target_mask: Tensor, units: int) -> Tensor:
    """Return the units that stay, ``[B, V]``: the characters of each sentence and the blank.

    Args:
        targets: ``[B, T]``.
        target_mask: ``[B, T]``.
        units: V.
    """
    allowed = torch.zeros(len(targets), units, dtype=torch.bool, device=targets.device)
    allowed[:, BLANK] = True
    return allowed.scatter(1, targets.masked_fill(~target_mask, BLANK), True)


def can_align(mask: Tensor, targets: Tensor, target_mask: Tensor) -> Tensor:
    """Tell for which sentences there is a path, ``[B]``: they have a character, and a vector for each.

    Between two characters that are the same there has to be one more vector, for a blank.
    """
    targets, target_mask = _compact(targets, target_mask)
    again = (targets[:, 1:] == targets[:, :-1]) & target_mask[:, 1:]
    return target_mask.any(1) & (mask.sum(1) >= target_mask.sum(1) + again.sum(1))


def masked_ctc_loss(logits: Tensor, mask: Tensor, targets: Tensor, target_mask: Tensor) -> Tensor:
    """Return the CTC loss of a character, averaged over the sentences that can be aligned; 0 if none can.

    As the paper has it, over all units; :func:`sentence_log_probs` with :func:`ctc_loss` is the same in less space.

    Args:
        logits: G, ``[B, S, V]``.
        mask: ``[B, S]``.
        targets: ``[B, T]``.
        target_mask: ``[B, T]``.
    """
    log_probs = _masked_log_softmax(logits, allowed_units(targets, target_mask, logits.shape[-1]))
    return ctc_loss(log_probs, mask, targets, target_mask)


def sentence_log_probs(
    vectors: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, target_mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the log probabilities of each sentence's own units, ``[B, S, U]``, and its targets among them, ``[B, T]``.

    They are those of all units after masking, without the units that are masked: U is 1 and the most characters of a sentence
    that differ. Where a sentence has fewer, the last ones' probability is 0.

    Args:
        vectors: of speech, ``[B, S, H]``.
        weight: of every unit, ``[V, H]``.
        bias: of every unit, ``[V]``.
        targets: ``[B, T]``.
        target_mask: ``[B, T]``; elsewhere the returned targets are the blank.
    """
    found, order = targets.masked_fill(~target_mask, BLANK).sort(1)
    before = functional.pad(found[:, :-1], (1, 0), value=BLANK)
    new = found != before
    ranks, distinct = new.cumsum(1), new.sum(1)
    places = torch.arange(1 + int(distinct.max()), device=targets.device)
    units = found.new_full((len(found), len(places)), BLANK).scatter(1, ranks, found)
    logits = torch.einsum("bsh,buh->bsu", vectors, weight[units]) + bias[units][:, None]
    return _masked_log_softmax(logits, places <= distinct[:, None]), torch.zeros_like(targets).scatter(1, order, ranks)


def ctc_loss(log_probs: Tensor, mask: Tensor, targets: Tensor, target_mask: Tensor) -> Tensor:
    """Return the negative log-likelihood of a character, averaged over the sentences that can be aligned.

    Each sentence's is divided by its characters. One that cannot be aligned (:func:`can_align`) adds exactly nothing to the loss
    or to a gradient, and is not counted; if none can, the loss is 0.

    Args:
        log_probs: ``[B, S, U]``.
        mask: ``[B, S]``.
        targets: ``[B, T]``.
        target_mask: ``[B, T]``.
    """
    possible = can_align(mask, targets, target_mask)
    if not possible.any():
        return log_probs[possible].sum()
    targets, target_mask = _compact(targets[possible], target_mask[possible])
    lengths, characters = mask[possible].sum(1), target_mask.sum(1)
    rows = log_probs[possible].transpose(0, 1)
    losses = functional.ctc_loss(rows, targets, lengths, characters, blank=BLANK, reduction="none")
    return (losses / characters).mean()


def _masked_log_softmax(logits: Tensor, allowed: Tensor) -> Tensor:
    """Return log probabilities that the units which are allowed, ``[B, V]``, share among them."""
    masked = ~allowed[:, None]
    return logits.float().masked_fill(masked, -torch.inf).log_softmax(-1).masked_fill(masked, _NEVER)


def _compact(targets: Tensor, target_mask: Tensor) -> tuple[Tensor, Tensor]:
    """Close the holes of a mask: what it keeps comes first, in its order."""
    order = (~target_mask).byte().argsort(dim=1, stable=True)
    return targets.gather(1, order), target_mask.gather(1, order)


@dataclass(frozen=True, slots=True)
class ForcedAlignment:
    """The most probable path of a sentence's characters through its speech.

    CTC's peaks are narrow: a trained encoder says a character in one vector or a few and is blank before and behind, while its
    sound still goes on. The places tell where a character is heard; what lies between two of them is not silence.

    Attributes:
        first: of each character, the first vector that says it.
        last: of each character, the last vector that says it.
        posteriors: of each character, its mean probability over these vectors.
        score: mean log probability of the path per vector, blanks included.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    posteriors: tuple[float, ...]
    score: float

    @property
    def confidence(self) -> float:
        """Return the mean of the characters' posteriors: it is low where the speech says something else than the text."""
        return sum(self.posteriors) / len(self.posteriors)


def align(log_probs: Tensor, targets: Tensor) -> ForcedAlignment | None:
    """Find the most probable path (Viterbi) of characters through CTC's lattice; None if there is none.

    Args:
        log_probs: of one sentence without its padding, ``[S, U]``.
        targets: its characters, ``[T]``.
    """
    full = torch.ones(1, len(log_probs), dtype=torch.bool), torch.ones(1, len(targets), dtype=torch.bool)
    return align_all(log_probs[None], full[0], targets[None], full[1])[0]


def align_all(log_probs: Tensor, mask: Tensor, targets: Tensor, target_mask: Tensor) -> list[ForcedAlignment | None]:
    """Find each sentence's path as :func:`align` does, all of them at once.

    Args:
        log_probs: ``[B, S, U]``.
        mask: ``[B, S]``.
        targets: ``[B, T]``.
        target_mask: ``[B, T]``.
    """
    possible = can_align(mask, targets, target_mask).cpu().numpy()
    found: list[ForcedAlignment | None] = [None] * len(targets)
    rows = np.flatnonzero(possible)
    if not len(rows):
        return found
    compact, kept = _compact(targets, target_mask)
    vectors, characters = mask.sum(1).cpu().numpy()[rows], kept.sum(1).cpu().numpy()[rows]
    labels = compact.cpu().numpy()[rows, : characters.max()]
    states = np.full((len(rows), 2 * labels.shape[1] + 1), BLANK)  # a blank around each character
    states[:, 1::2] = np.where(np.arange(labels.shape[1]) < characters[:, None], labels, BLANK)
    values = log_probs.detach().double().cpu().numpy()[rows, : vectors.max()]
    emitted = np.take_along_axis(values, np.broadcast_to(states[:, None], (*values.shape[:2], states.shape[1])), 2)
    paths = _viterbi(emitted, states, vectors, 2 * characters)
    for row, path, count, of_states in zip(rows, paths, characters, emitted, strict=True):
        scores = of_states[np.arange(len(path)), path]
        if np.isfinite(scores).all():
            found[row] = _of_path(path, scores, int(count))
    return found


def _viterbi(
    emitted: NDArray[np.float64], states: NDArray[np.int64], vectors: NDArray[np.int64], ends: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Return the best path of each sentence, ``[its vectors]``, in states.

    Args:
        emitted: log probability of each state, ``[R, S, states]``.
        states: which unit each state is, ``[R, states]``.
        vectors: of each sentence, ``[R]``.
        ends: the last state of each, a blank, ``[R]``.
    """
    rows = np.arange(len(states))
    skip = np.full(states.shape, -np.inf)  # what it costs to leave the blank before a state out
    skip[:, 3::2][states[:, 3::2] != states[:, 1:-2:2]] = 0.0
    best = np.full(states.shape, -np.inf)
    best[:, :2] = emitted[:, 0, :2]
    moves = np.zeros(emitted.shape, dtype=np.int8)
    last = np.empty_like(best)  # what was reached with each sentence's last vector
    candidates = np.full((3, *states.shape), -np.inf)  # to stay, from the state before, from the one before that
    last[vectors == 1] = best[vectors == 1]
    for t in range(1, emitted.shape[1]):
        candidates[0], candidates[1, :, 1:] = best, best[:, :-1]
        np.add(best[:, :-2], skip[:, 2:], out=candidates[2, :, 2:])
        moves[:, t] = candidates.argmax(0)
        best = candidates.max(0) + emitted[:, t]
        last[vectors == t + 1] = best[vectors == t + 1]
    places = np.where(last[rows, ends] > last[rows, ends - 1], ends, ends - 1)
    path = np.empty(emitted.shape[:2], dtype=np.int64)
    for t in range(emitted.shape[1] - 1, -1, -1):
        path[:, t] = places
        places = places - np.where(t < vectors, moves[rows, t, places], 0)
    return [path[row, :count] for row, count in enumerate(vectors)]


def _of_path(path: NDArray[np.int64], emitted: NDArray[np.float64], characters: int) -> ForcedAlignment:
    """Read the alignment off the states of a path, ``[S]``, which never fall, and their log probabilities, ``[S]``."""
    own = 2 * np.arange(characters) + 1
    first = np.searchsorted(path, own).tolist()
    last = (np.searchsorted(path, own, side="right") - 1).tolist()
    posteriors = tuple(float(np.exp(emitted[i : j + 1]).mean()) for i, j in zip(first, last, strict=True))
    return ForcedAlignment(tuple(first), tuple(last), posteriors, float(emitted.mean()))


def stretches(alignment: ForcedAlignment, seconds: float) -> tuple[tuple[float, float], ...]:
    """Return where each character is heard, as half-open ``(start, end)`` in seconds.

    It ends with the last vector that says it and starts :data:`LATE` before the first, or where the character before it ends:
    the stretches never overlap, and each is at least one vector long. See :class:`ForcedAlignment` for what is between them.

    Args:
        alignment: in vectors.
        seconds: that a vector lasts, 0.04 for four frames of 10 ms.
    """
    ends = [last + 1 for last in alignment.last]
    starts = [max(first - LATE, before) for first, before in zip(alignment.first, (0, *ends), strict=False)]
    return tuple((start * seconds, end * seconds) for start, end in zip(starts, ends, strict=True))
