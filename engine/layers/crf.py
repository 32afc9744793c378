"""Linear-chain conditional random field (Lafferty et al. 2001): loss, best path, marginals, n best paths.

The parameters and the loss of known tags are pytorch-crf's. The rest is our own: its decoding asks for one number at a time, and
it has neither partial labels nor marginals nor n best paths. Shapes: B sentences, T positions, K tags. Masks are boolean and
cover a prefix of every row.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torchcrf import CRF as PytorchCRF

from engine.nested_tags import Stack, follows
from engine.tags import Scheme

FORBIDDEN = -1e4
_NOTHING = -300.0
"""In sums over paths, what is e^300 times less likely than the likeliest counts as this: the log stays finite."""


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


def _sum_forward(emissions: Tensor, mask: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
    """Sum the paths up to and including each tag, ``[B, T, K]`` in float64."""
    weights, emissions = transitions.double().clamp(min=_NOTHING).exp(), emissions.double()
    sums = [emissions[:, 0] + start]
    for t in range(1, emissions.shape[1]):
        step = _log_product(sums[-1], weights) + emissions[:, t]
        sums.append(torch.where(mask[:, t, None], step, sums[-1]))
    return torch.stack(sums, 1)


def _sum_backward(emissions: Tensor, mask: Tensor, end: Tensor, transitions: Tensor) -> Tensor:
    """Sum the paths behind each tag, ``[B, T, K]`` in float64."""
    weights, emissions = transitions.double().clamp(min=_NOTHING).exp().T.contiguous(), emissions.double()
    last = end.double().expand_as(emissions[:, 0])
    sums = [last]
    for t in range(emissions.shape[1] - 1, 0, -1):
        step = _log_product(emissions[:, t] + sums[-1], weights)
        sums.append(torch.where(mask[:, t, None], step, last))
    return torch.stack(sums[::-1], 1)


def _either(among: Tensor) -> tuple[Tensor, Tensor]:
    """Return ways ``[V, n, K]`` and signs ``[V]``, whose signed sum counts a path that goes several ways once."""
    ways, signs = [*among], [1.0] * len(among)
    for size in range(2, len(among) + 1):
        for several in itertools.combinations(among, size):
            shared = torch.stack(several).all(0)
            if bool(shared.any(1).all()):
                ways.append(shared)
                signs.append((-1.0) ** (size + 1))
    return torch.stack(ways), torch.tensor(signs, dtype=torch.float64, device=among.device)


def _log_product(scores: Tensor, weights: Tensor) -> Tensor:
    """Return ``log(exp(scores) @ weights)``."""
    top = scores.amax(1, keepdim=True)
    return ((scores - top).clamp(min=_NOTHING).exp() @ weights).log() + top


def _sum_paths(emissions: Tensor, mask: Tensor, start: Tensor, end: Tensor, transitions: Tensor) -> Marginals:
    forward = _sum_forward(emissions, mask, start, transitions)
    backward = _sum_backward(emissions, mask, end, transitions)
    return Marginals(forward, backward, (forward[:, -1] + end).logsumexp(-1))


class _LogPartition(torch.autograd.Function):
    """The log partition function, ``[B]``; its gradients are the marginals, so none of the T steps is recorded."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, mask: Tensor, start: Tensor, end: Tensor, transitions: Tensor) -> Tensor:
        forward = _sum_forward(emissions, mask, start, transitions)
        total = (forward[:, -1] + end).logsumexp(-1)
        ctx.save_for_backward(emissions, mask, end, transitions, forward, total)
        return total.to(emissions.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        emissions, mask, end, transitions, forward, total = ctx.saved_tensors
        weight = gradients[0].double()[:, None, None]
        backward = _sum_backward(emissions, mask, end, transitions)
        tags = Marginals(forward, backward, total).tags * mask[:, :, None] * weight
        ended = (forward[:, -1] + end - total[:, None]).exp() * weight[:, 0]
        before, behind = forward[:, :-1], emissions[:, 1:].double() + backward[:, 1:]
        low, high = before.amax(2, keepdim=True), behind.amax(2, keepdim=True)
        scale = (low + high - total[:, None, None]).clamp(max=-_NOTHING).exp() * mask[:, 1:, None] * weight
        pairs = torch.einsum("btj,btk->jk", (before - low).exp() * scale, (behind - high).exp()) * transitions.double().exp()
        found = tags, tags[:, 0].sum(0), ended.sum(0), pairs
        of_emissions, of_start, of_end, of_pairs = (gradient.to(emissions.dtype) for gradient in found)
        return of_emissions, None, of_start, of_end, of_pairs


class CRF(nn.Module):
    """A CRF over tags of a scheme that never decodes a sequence which the scheme forbids."""

    forbidden_start: Tensor
    forbidden_end: Tensor
    forbidden: Tensor
    before: Tensor
    absent: Tensor

    def __init__(self, tags: Sequence[Stack], scheme: Scheme = Scheme.BIOES, *, constrained: bool = True) -> None:
        """Make the parameters.

        Args:
            tags: K tags, each a stack, in the order of the emissions.
            scheme: the scheme they are of.
            constrained: whether to forbid invalid sequences in decoding.
        """
        super().__init__()
        self.chain = PytorchCRF(len(tags), batch_first=True)
        penalty = FORBIDDEN if constrained else 0.0
        start = [0.0 if follows((), tag, scheme) else penalty for tag in tags]
        end = [0.0 if follows(tag, (), scheme) else penalty for tag in tags]
        pairs = [[0.0 if follows(a, b, scheme) else penalty for b in tags] for a in tags]
        self.register_buffer("forbidden_start", torch.tensor(start), persistent=False)
        self.register_buffer("forbidden_end", torch.tensor(end), persistent=False)
        self.register_buffer("forbidden", torch.tensor(pairs), persistent=False)
        # Of a hundred multilabels few may stand before another, and the best path needs to look at these alone.
        columns = [[i for i, row in enumerate(pairs) if row[k] == 0.0] for k in range(len(tags))]
        most = max(map(len, columns))
        self.register_buffer("before", torch.tensor([c + [0] * (most - len(c)) for c in columns]), persistent=False)
        padding = [[0.0] * len(c) + [-math.inf] * (most - len(c)) for c in columns]
        self.register_buffer("absent", torch.tensor(padding), persistent=False)

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

    @property
    def _arrivals(self) -> Tensor:
        """Return the scores of coming to each tag from those that may stand before it, ``[K, P]``."""
        return self.transitions.T.gather(1, self.before) + self.absent

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

    def strict_loss(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Return the negative log-likelihood of the tags among the sequences that the scheme allows, averaged like :meth:`loss`.

        The sum over all paths is one matrix product a step: of a hundred tags and more it is many times quicker.

        Args:
            emissions: ``[B, T, K]``.
            tags: ``[B, T]``, a sequence that the scheme allows; any valid index under the padding.
            mask: ``[B, T]``.
        """
        filled = mask[:, 0]
        emissions, tags, mask = emissions[filled].float(), tags[filled], mask[filled]
        start, end, transitions = self.start, self.end, self.transitions
        every: Tensor = _LogPartition.apply(emissions, mask, start, end, transitions)  # type: ignore[no-untyped-call]
        return (every - self.path_scores(emissions, tags, mask)).mean()

    def path_scores(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Return the score of each sentence's path, ``[B]``: less the log partition function, its log probability.

        Args:
            emissions: ``[B, T, K]``.
            tags: ``[B, T]``, any valid index under the padding.
            mask: ``[B, T]``; of a sentence without a character the score means nothing.
        """
        emitted = (emissions.gather(2, tags[:, :, None])[:, :, 0] * mask).sum(1)
        moved = (self.transitions[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]).sum(1)
        last = tags.gather(1, (mask.sum(1, keepdim=True) - 1).clamp(min=0))[:, 0]
        return self.start[tags[:, 0]] + emitted + moved + self.end[last]

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
        both, masks = torch.cat((emissions, right)), torch.cat((mask, mask))
        partition: Tensor = _LogPartition.apply(both, masks, self.start, self.end, self.transitions)  # type: ignore[no-untyped-call]
        every, agreeing = partition.chunk(2)
        return (every - agreeing).mean()

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor) -> list[list[int]]:
        """Return the most probable tags of each sentence (Viterbi), vectorised over the batch."""
        score = emissions[:, 0] + self.start
        pointers = []
        arrivals = self._arrivals
        for t in range(1, emissions.shape[1]):
            best, pointer = (score[:, self.before] + arrivals).max(2)
            score = torch.where(mask[:, t, None], best + emissions[:, t], score)
            pointers.append(self.before.expand(len(mask), -1, -1).gather(2, pointer[:, :, None])[:, :, 0])
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
        sums = _sum_paths(emissions, mask, self.start, self.end, self.transitions)
        return Marginals(sums.forward.float(), sums.backward.float(), sums.total.float())

    @torch.no_grad()
    def segment_probability(self, marginals: Marginals, emissions: Tensor, row: int, start: int, among: Tensor) -> float:
        """Return the probability that a sentence's tags from ``start`` on are among some, in one of several ways.

        Args:
            marginals: of the batch.
            emissions: ``[B, T, K]``.
            row: which sentence.
            start: first position of the segment.
            among: ``[W, n, K]``, for each way which tags each position of the segment may have, at least one.
        """
        among, signs = _either(among)
        last = start + among.shape[1] - 1
        outer = marginals.backward[row, last] - marginals.total[row]
        chosen = among.nonzero()
        if len(chosen) == among.shape[1]:  # one way, one tag a position: there is nothing to sum
            tags = chosen[:, 2]
            between = (
                self.transitions[tags[:-1], tags[1:]].sum() + emissions[row, start + 1 : last + 1].gather(1, tags[1:, None]).sum()
            )
            score = marginals.forward[row, start, tags[0]] + between + outer[tags[-1]]
            return min(1.0, math.exp(float(score)))
        weights = self.transitions.double().clamp(min=_NOTHING).exp()
        scores = marginals.forward[row, start].double().masked_fill(~among[:, 0], -math.inf)
        for position, possible in enumerate(among.unbind(1)[1:], start + 1):
            scores = (_log_product(scores, weights) + emissions[row, position]).masked_fill(~possible, -math.inf)
        return min(1.0, max(0.0, float(signs @ (scores + outer).exp().sum(1))))

    def segment_log_probability(self, emissions: Tensor, mask: Tensor, start: int, among: Tensor) -> Tensor:
        """Return the logarithm of what :meth:`segment_probability` gives of each sentence, ``[B]``; gradients flow through it.

        Args:
            emissions: ``[B, T, K]``.
            mask: ``[B, T]``.
            start: first position of the segment.
            among: ``[W, n, K]``, as there.
        """
        among, signs = _either(among)
        emissions = emissions.double()
        segment = slice(start, start + among.shape[1])
        several = [emissions]
        for way in among:
            right = emissions.clone()
            right[:, segment] = emissions[:, segment].masked_fill(~way, FORBIDDEN)
            several.append(right)
        together, masks = torch.cat(several), mask.repeat(len(several), 1)
        partition: Tensor = _LogPartition.apply(together, masks, self.start, self.end, self.transitions)  # type: ignore[no-untyped-call]
        every, *segments = partition.chunk(len(several))
        logs = torch.stack(segments) - every  # [V, B]
        top = logs.amax(0).detach()
        summed = (signs[:, None] * (logs - top).exp()).sum(0)
        return (summed.clamp(min=torch.finfo(torch.float64).tiny).log() + top).clamp(max=0)

    @torch.no_grad()
    def n_best(self, emissions: Tensor, total: float, n: int) -> list[tuple[list[int], float]]:
        """Return what :meth:`ranked` does, with probabilities instead of their logarithms."""
        return [(path, math.exp(value)) for path, value in self.ranked(emissions, total, n)]

    @torch.no_grad()
    def ranked(self, emissions: Tensor, total: float, n: int) -> list[tuple[list[int], float]]:
        """Return the n most probable tag sequences of one sentence and their log probabilities, best first.

        Args:
            emissions: ``[T, K]`` of one sentence, unpadded.
            total: its log partition function.
            n: how many at most.
        """
        arrivals = self._arrivals[:, :, None]
        score = (emissions[0] + self.start)[:, None]  # (K, kept)
        pointers: list[Tensor] = []
        for emission in emissions[1:]:
            paths = (score[self.before] + arrivals).flatten(1)  # (K, P * kept)
            best = paths.topk(min(n, paths.shape[1]))
            tags, ranks = self.before.gather(1, best.indices // score.shape[1]), best.indices % score.shape[1]
            pointers.append(torch.stack((tags, ranks)))
            score = best.values + emission[:, None]
        final = (score + self.end[:, None]).reshape(-1)
        best = final.topk(min(n, len(final)))
        found = []
        for value, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            if value - total < FORBIDDEN / 2:
                break
            tag, rank = divmod(index, score.shape[1])
            path = [tag]
            for pointer in reversed(pointers):
                tag, rank = pointer[:, tag, rank].tolist()
                path.append(tag)
            found.append((path[::-1], min(0.0, value - total)))
        return found
