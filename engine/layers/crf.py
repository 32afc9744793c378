"""Linear-chain conditional random field (Lafferty et al. 2001): loss, best path, marginals, n best paths.

The loss and the parameters are pytorch-crf's. Decoding is our own: pytorch-crf's asks for one number at a time, and has neither
marginals nor n best paths. Shapes: B sentences, T positions, K tags. Masks are boolean and cover a prefix of every row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchcrf import CRF as PytorchCRF

from engine.tags import Scheme, allowed

FORBIDDEN = -1e4


@dataclass(frozen=True)
class Marginals:
    """Log-space sums over the paths of one batch.

    Attributes:
        forward: ``[B, T, K]``, all paths up to and including a tag.
        backward: ``[B, T, K]``, all paths behind a tag, without its own emission.
        total: ``[B]``, the log partition function.
    """

    forward: Tensor
    backward: Tensor
    total: Tensor

    @property
    def tags(self) -> Tensor:
        """Return the probability of each tag at each position, ``[B, T, K]``; meaningless under the padding."""
        return (self.forward + self.backward - self.total[:, None, None]).exp()


class CRF(nn.Module):
    """A CRF over tags of a scheme that never decodes a sequence which the scheme forbids."""

    forbidden_start: Tensor
    forbidden_end: Tensor
    forbidden: Tensor

    def __init__(self, tags: Sequence[str], scheme: Scheme = Scheme.BIOES, *, constrained: bool = True) -> None:
        """Make the parameters.

        Args:
            tags: K tags, in the order of the emissions.
            scheme: the scheme they are of.
            constrained: whether to forbid invalid sequences in decoding.
        """
        super().__init__()
        self.chain = PytorchCRF(len(tags), batch_first=True)
        penalty = FORBIDDEN if constrained else 0.0
        start = [0.0 if allowed("", tag, scheme) else penalty for tag in tags]
        end = [0.0 if allowed(tag, "", scheme) else penalty for tag in tags]
        pairs = [[0.0 if allowed(a, b, scheme) else penalty for b in tags] for a in tags]
        self.register_buffer("forbidden_start", torch.tensor(start), persistent=False)
        self.register_buffer("forbidden_end", torch.tensor(end), persistent=False)
        self.register_buffer("forbidden", torch.tensor(pairs), persistent=False)

    @property
    def start(self) -> Tensor:
        """Return the scores of beginning with each tag, ``[K]``."""
        scores: Tensor = self.chain.start_transitions + self.forbidden_start
        return scores

    @property
    def end(self) -> Tensor:
        """Return the scores of ending with each tag, ``[K]``."""
        scores: Tensor = self.chain.end_transitions + self.forbidden_end
        return scores

    @property
    def transitions(self) -> Tensor:
        """Return the scores of going from tag to tag, ``[K, K]``."""
        scores: Tensor = self.chain.transitions + self.forbidden
        return scores

    def loss(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Return the negative log-likelihood of the tags, averaged over the sentences that have a character.

        Args:
            emissions: ``[B, T, K]``.
            tags: ``[B, T]``, any valid index under the padding.
            mask: ``[B, T]``.
        """
        filled = mask[:, 0]
        likelihood: Tensor = self.chain(emissions[filled].float(), tags[filled], mask=mask[filled], reduction="mean")
        return -likelihood

    def partial_loss(self, emissions: Tensor, possible: Tensor, mask: Tensor) -> Tensor:
        """Return the negative log-likelihood of what is known of the tags (Tsuboi et al. 2008), averaged like :meth:`loss`.

        All tag sequences that the scheme allows and that agree with ``possible`` are right, each as much as the others: where
        one tag is possible this is the ordinary loss, where all are the place teaches nothing.

        Args:
            emissions: ``[B, T, K]``.
            possible: ``[B, T, K]``, true for each tag that a position may have; at least one sequence is to remain.
            mask: ``[B, T]``.
        """
        filled = mask[:, 0]
        emissions, mask = emissions[filled].float(), mask[filled]
        right = emissions.masked_fill(~possible[filled], FORBIDDEN)
        every, agreeing = self._log_partition(torch.cat((emissions, right)), torch.cat((mask, mask))).chunk(2)
        return (every - agreeing).mean()

    def _log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Sum over all paths, ``[B]``."""
        transitions = self.transitions
        score = emissions[:, 0] + self.start
        for t in range(1, emissions.shape[1]):
            step = (score[:, :, None] + transitions).logsumexp(1) + emissions[:, t]
            score = torch.where(mask[:, t, None], step, score)
        return (score + self.end).logsumexp(-1)

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor) -> list[list[int]]:
        """Return the most probable tags of each sentence (Viterbi), vectorised over the batch."""
        score = emissions[:, 0] + self.start
        pointers = []
        for t in range(1, emissions.shape[1]):
            best, pointer = (score[:, :, None] + self.transitions).max(1)
            score = torch.where(mask[:, t, None], best + emissions[:, t], score)
            pointers.append(pointer)
        last = (score + self.end).argmax(-1)
        lengths = mask.sum(1)
        path = torch.zeros_like(mask, dtype=torch.long)
        rows = torch.arange(len(mask), device=mask.device)
        for t in range(mask.shape[1] - 1, -1, -1):
            path[:, t] = last
            if t:
                last = torch.where(mask[:, t], pointers[t - 1][rows, last], last)
        return [row[:n] for row, n in zip(path.tolist(), lengths.tolist(), strict=True)]

    @torch.no_grad()
    def marginals(self, emissions: Tensor, mask: Tensor) -> Marginals:
        """Sum over all paths, forward and backward."""
        transitions, width = self.transitions, emissions.shape[1]
        forward = [emissions[:, 0] + self.start]
        for t in range(1, width):
            step = (forward[-1][:, :, None] + transitions).logsumexp(1) + emissions[:, t]
            forward.append(torch.where(mask[:, t, None], step, forward[-1]))
        backward = [self.end.expand_as(forward[0])]
        for t in range(width - 1, 0, -1):
            step = (transitions + (emissions[:, t] + backward[-1])[:, None, :]).logsumexp(2)
            backward.append(torch.where(mask[:, t, None], step, self.end.expand_as(step)))
        total = (forward[-1] + self.end).logsumexp(-1)
        return Marginals(torch.stack(forward, 1), torch.stack(backward[::-1], 1), total)

    @torch.no_grad()
    def segment_probability(self, emissions: Tensor, marginals: Marginals, row: int, start: int, tags: Sequence[int]) -> float:
        """Return the probability that a sentence's tags from ``start`` on are exactly these.

        Args:
            emissions: ``[B, T, K]``.
            marginals: of the same batch.
            row: which sentence.
            start: first position of the segment.
            tags: the segment's tags, at least one.
        """
        inner = sum(
            float(self.transitions[a, b] + emissions[row, start + i, b])
            for i, (a, b) in enumerate(zip(tags, tags[1:], strict=False), start=1)
        )
        last = start + len(tags) - 1
        outer = marginals.forward[row, start, tags[0]] + marginals.backward[row, last, tags[-1]] - marginals.total[row]
        return min(1.0, math.exp(float(outer) + inner))

    @torch.no_grad()
    def n_best(self, emissions: Tensor, total: float, n: int) -> list[tuple[list[int], float]]:
        """Return the n most probable tag sequences of one sentence and their probabilities, best first.

        Args:
            emissions: ``[T, K]`` of one sentence, unpadded.
            total: its log partition function.
            n: how many at most.
        """
        tags = emissions.shape[1]
        score = (emissions[0] + self.start)[:, None]  # (K, kept)
        pointers: list[Tensor] = []
        for emission in emissions[1:]:
            paths = (score[:, :, None] + self.transitions[:, None, :]).reshape(-1, tags)  # (K * kept, K)
            best = paths.topk(min(n, len(paths)), dim=0)
            pointers.append(torch.stack((best.indices // score.shape[1], best.indices % score.shape[1])))
            score = best.values.T + emission[:, None]
        final = (score + self.end[:, None]).reshape(-1)
        best = final.topk(min(n, len(final)))
        found = []
        for value, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            if value - total < FORBIDDEN / 2:
                break
            tag, rank = divmod(index, score.shape[1])
            path = [tag]
            for pointer in reversed(pointers):
                tag, rank = pointer[:, rank, tag].tolist()
                path.append(tag)
            found.append((path[::-1], min(1.0, math.exp(value - total))))
        return found
