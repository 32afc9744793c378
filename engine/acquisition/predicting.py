"""What a model says of a pool: only what is needed, in one reading of each document.

A document longer than the model's window is cut at sentence ends into pieces that do not overlap; its readings are those of its
pieces together, so that a probability is one of the whole document.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from engine.acquisition.contract import Array, Doubt, Likely, Masked, Need, Predicted, Predictions, Tags, Votes
from engine.acquisition.disagreement import entropies, entropy_of_votes, information, variation
from engine.document import Document, Span
from engine.errors import InputError
from engine.precision import computing
from engine.systems.contract import Batch, Belief, Reading, System
from engine.tagger import CHARACTERS, Piece, batched
from engine.windows import Window, tile

PASSES = 10
"""Draws by dropout."""
Observe = Callable[[int, int], None]


@dataclass(frozen=True)
class Means:
    """What there is to predict with beside the model.

    Attributes:
        committee: further models; the model itself is a member too.
        passes: how many draws are made by dropout.
        precision: number format to compute in, as :mod:`engine.precision` has them.
    """

    committee: tuple[System, ...] = ()
    passes: int = PASSES
    precision: str = "fp32"


def gather(
    system: System,
    pool: Sequence[Document],
    needs: Collection[Need],
    rng: np.random.Generator,
    *,
    means: Means | None = None,
    labelled: Sequence[Document] = (),
    wanted: int = 0,
    observe: Observe = lambda done, total: None,
) -> Predictions:
    """Predict what strategies need of a pool; annotations that it carries are not looked at.

    Args:
        system: in evaluation mode.
        pool: N documents of any length.
        needs: of the strategies; nothing else is computed.
        rng: seeds the dropout.
        means: committee, draws by dropout, precision.
        labelled: documents that are labelled already; their vectors are computed where vectors are needed.
        wanted: how many documents are to be chosen; 0 for all.
        observe: told how many characters are done, of how many.

    Raises:
        InputError: if a committee is needed and there is none, or draws by dropout and the model has none.
    """
    means, has = means or Means(), frozenset(needs)
    if lack := lacking(system, has, means):
        raise InputError(lack)
    every = [*pool, *(labelled if Need.VECTORS in has else ())]
    done = _Gathering(system, every, len(pool), has, means, int(rng.integers(2**62))).carry_out(observe)
    vectors = [document.vector for document in done[len(pool) :] if document.vector is not None]
    known = np.stack(vectors) if vectors else np.zeros((0, 0))
    return Predictions(tuple(done[: len(pool)]), has, system.tag_names, known, wanted)


def lacking(system: System, has: Collection[Need], means: Means) -> str:
    """Return what a model lacks to be asked for this, in a sentence that says what to do; empty if it lacks nothing."""
    if Need.COMMITTEE in has and not means.committee:
        return "a committee needs two models or more, got 1; name further checkpoints, or choose another strategy"
    if Need.DROPOUT in has and means.passes < 2:
        return f"draws by dropout are compared with each other: 2 are needed, got {means.passes}"
    if Need.DROPOUT in has and not any(isinstance(m, nn.Dropout) and m.p > 0 for m in system.modules()):
        return f"this {system.name} has no dropout, so that every draw is the same; choose another strategy than bald"
    return ""


class _Gathering:
    def __init__(
        self, system: System, documents: Sequence[Document], full: int, has: frozenset[Need], means: Means, seed: int
    ) -> None:
        # of the documents from ``full`` on only the vectors count
        self.system, self.documents, self.full, self.has, self.means, self.seed = system, documents, full, has, means, seed
        self.device = next(system.parameters()).device
        members = means.committee if Need.COMMITTEE in has else ()
        self.members = (system, *members)
        self.names = tuple(dict.fromkeys(name for member in self.members for name in member.tag_names))
        self.window = min(member.window for member in self.members)

    @torch.inference_mode()
    def carry_out(self, observe: Observe) -> list[Predicted]:
        """Read every document, the pieces in an order that does not depend on the documents' own."""
        windows = [tile(document.text, self.window) for document in self.documents]
        pieces = [(i, window) for i, found in enumerate(windows) for window in found]
        done, total = 0, sum(map(len, self.documents))
        read: dict[Piece, Predicted] = {}
        for labelled in (False, True):
            part = [piece for piece in pieces if (piece[0] >= self.full) == labelled]
            ordered = sorted(part, key=lambda piece: (self._text(piece), self.documents[piece[0]].id))
            for number, group in enumerate(batched(ordered, CHARACTERS[self.device.type])):
                needs = self.has & {Need.VECTORS} if labelled else self.has
                found = self._read([self.documents[i].part(w.start, w.end) for i, w in group], needs, number)
                read |= dict(zip(group, found, strict=True))
                done += sum(window.end - window.start for _, window in group)
                observe(done, total)
        return [joined([(window, read[i, window]) for window in found]) for i, found in enumerate(windows)]

    def _text(self, piece: Piece) -> str:
        return self.documents[piece[0]].text[piece[1].start : piece[1].end]

    def _read(self, parts: Sequence[Document], needs: frozenset[Need], number: int) -> list[Predicted]:
        if not needs:
            return [Predicted() for _ in parts]
        batch = self.system.collate(parts).to(self.device)
        with computing(self.means.precision, self.device):
            found = self._believed(batch, needs)
            if Need.VECTORS in needs:
                found = [replace(one, vector=v) for one, v in zip(found, self._vectors(batch), strict=True)]
            if Need.DROPOUT in needs:
                found = [replace(one, information=i) for one, i in zip(found, self._dropped(batch, number), strict=True)]
            if Need.COMMITTEE in needs:
                found = [replace(one, votes=v) for one, v in zip(found, self._voted(parts), strict=True)]
        return found

    def _believed(self, batch: Batch, needs: frozenset[Need]) -> list[Predicted]:
        """Return readings, doubt and what becomes of the answer without a modality."""
        if not needs & {Need.READINGS, Need.TAGS, Need.MODALITIES}:
            return [Predicted() for _ in batch.documents]
        whole = self.system.believe(batch, 2 if Need.READINGS in needs else 0)
        found = [Predicted(tuple(map(_likely, one.readings))) for one in whole]
        if Need.TAGS in needs:
            found = [replace(one, doubt=_doubt(_shares(belief))) for one, belief in zip(found, whole, strict=True)]
        if Need.MODALITIES in needs:
            masked = self._masked(batch, whole)
            found = [replace(one, masked=without) for one, without in zip(found, masked, strict=True)]
        return found

    def _masked(self, batch: Batch, whole: Sequence[Belief]) -> list[Mapping[str, Masked]]:
        found: list[dict[str, Masked]] = [{} for _ in whole]
        for modality in self.system.optional_modalities:
            less = self.system.believe(self.system.without(batch, modality))
            for row, (ours, theirs) in enumerate(zip(whole, less, strict=True)):
                found[row][modality] = Masked(variation(_shares(ours), _shares(theirs)), theirs.readings[0].spans)
        return [dict(one) for one in found]

    def _vectors(self, batch: Batch) -> list[Array]:
        vectors, mask = self.system.represent(batch), batch.text.mask[..., None]
        mean = (vectors * mask).sum(1) / mask.sum(1).clamp(min=1)
        return list(mean.double().cpu().numpy())

    def _dropped(self, batch: Batch, number: int) -> list[Array]:
        """Return what each character's tag says of the parameters, drawn by dropout."""
        draws: list[list[Array]] = [[] for _ in batch.documents]
        devices = [self.device] if self.device.type == "cuda" else []
        with dropping(self.system), torch.random.fork_rng(devices):
            torch.manual_seed((self.seed + number) % 2**63)
            for _ in range(self.means.passes):
                for row, belief in enumerate(self.system.believe(batch, 0)):
                    draws[row].append(_shares(belief))
        return [information(np.stack(several)) for several in draws]

    def _voted(self, parts: Sequence[Document]) -> list[Votes]:
        shares: list[list[Array]] = [[] for _ in parts]
        votes: list[list[Tags]] = [[] for _ in parts]
        for member in self.members:
            device = next(member.parameters()).device
            places = np.array([self.names.index(name) for name in member.tag_names])
            for row, belief in enumerate(member.believe(member.collate(parts).to(device))):
                own = _shares(belief)
                shares[row].append(np.zeros((len(own), len(self.names))))
                shares[row][-1][:, places] = own
                votes[row].append(places[list(belief.readings[0].tags)].astype(np.int64))
        return [
            Votes(entropy_of_votes(np.stack(cast)), information(np.stack(own))) for cast, own in zip(votes, shares, strict=True)
        ]


@contextmanager
def dropping(system: System) -> Iterator[None]:
    """Switch a system's dropout on, and nothing else that only training does: no character is hidden, no speech masked."""
    apart = {id(system)}
    apart |= {id(module) for table in system.vector_tables.values() for module in table.modules()}
    apart |= {id(module) for module in system.modules() if isinstance(module, _BatchNorm)}
    before = [(module, module.training) for module in system.modules() if id(module) not in apart]
    try:
        for module, _ in before:
            module.training = True
        yield
    finally:
        for module, was in before:
            module.training = was


def joined(pieces: Sequence[tuple[Window, Predicted]]) -> Predicted:
    """Return what is said of a document, of what is said of its pieces, which follow each other without overlap."""
    if len(pieces) == 1:
        return pieces[0][1]
    windows, parts = [window for window, _ in pieces], [part for _, part in pieces]
    first = parts[0]
    doubts, votes = ([getattr(part, name) for part in parts] for name in ("doubt", "votes"))
    lengths = np.array([window.end - window.start for window in windows], dtype=np.float64)
    vectors = [part.vector for part in parts if part.vector is not None]
    informed = [part.information for part in parts if part.information is not None]
    return Predicted(
        readings=_joined_readings(windows, [part.readings for part in parts]) if first.readings else (),
        doubt=first.doubt and Doubt(*(np.concatenate([getattr(d, name) for d in doubts]) for name in Doubt.__annotations__)),
        vector=np.average(vectors, axis=0, weights=lengths) if vectors else None,
        masked={name: _joined_masked(windows, [part.masked[name] for part in parts]) for name in first.masked},
        information=np.concatenate(informed) if informed else None,
        votes=first.votes and Votes(*(np.concatenate([getattr(v, name) for v in votes]) for name in Votes.__annotations__)),
    )


def _joined_readings(windows: Sequence[Window], readings: Sequence[Sequence[Likely]]) -> tuple[Likely, ...]:
    """Return the two best readings of all pieces together: the next is the best but for the piece that loses least by it."""
    best = [several[0] for several in readings]
    value = sum(one.log_probability for one in best)
    joined = [Likely(_shifted(windows, [one.spans for one in best]), value)]
    losses = [(r[1].log_probability - r[0].log_probability, i) for i, r in enumerate(readings) if len(r) > 1]
    if losses:
        loss, place = max(losses, key=lambda found: (found[0], -found[1]))
        spans = [readings[i][1 if i == place else 0].spans for i in range(len(readings))]
        joined.append(Likely(_shifted(windows, spans), value + loss))
    return tuple(joined)


def _joined_masked(windows: Sequence[Window], parts: Sequence[Masked]) -> Masked:
    return Masked(np.concatenate([part.moved for part in parts]), _shifted(windows, [part.spans for part in parts]))


def _shifted(windows: Sequence[Window], spans: Sequence[Sequence[Span]]) -> tuple[Span, ...]:
    return tuple(
        replace(span, start=span.start + window.start, end=span.end + window.start)
        for window, found in zip(windows, spans, strict=True)
        for span in found
    )


def _likely(reading: Reading) -> Likely:
    return Likely(reading.spans, reading.log_probability)


def _shares(belief: Belief) -> Array:
    """Return distributions ``[T, K]`` that sum to 1, which those of single precision do nearly."""
    shares: Array = belief.tags.double().cpu().numpy()
    summed: Array = shares / shares.sum(-1, keepdims=True)
    return summed


def _doubt(shares: Array) -> Doubt:
    best = np.argsort(-shares, axis=1, kind="stable")[:, :2]
    return Doubt(entropies(shares), best.astype(np.int64), np.take_along_axis(shares, best, 1))
