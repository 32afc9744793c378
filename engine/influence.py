"""Which corrections caused it: why a retrained checkpoint reads a text as it does now.

Two measures, each a number for every correction. Similarity: the cosine of the asked span's vector with that of the nearest span
that the correction marks or takes away. Gradient: TracIn (Pruthi et al. 2020, equation 1), the dot product of two gradients with
respect to what is above the encoder, summed over parent and new checkpoint: of the loss on the correction, and of how much dearer
the text's reading now is than its reading before, or than the one without the asked span. Positive means that learning the
correction made this reading likelier against the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import checkpoint as checkpoints
from engine import formats
from engine.comparison import file_of
from engine.document import Document, Span
from engine.errors import InputError
from engine.gate import CORRECTIONS
from engine.run import Run
from engine.systems.contract import System
from engine.tagger import predict


@dataclass(frozen=True, slots=True)
class Cause:
    """One correction, and what it has to do with the reading.

    Attributes:
        row: its place among the run's corrections.
        document: the correction.
        similarity: cosine, in [-1, 1].
        gradient: dot product of the gradients.
    """

    row: int
    document: Document
    similarity: float
    gradient: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        spans = [{"start": s.start, "end": s.end, "label": s.label} for s in self.document.spans]
        text = self.document.text
        return {"row": self.row, "text": text, "spans": spans, "similarity": self.similarity, "gradient": self.gradient}


def causes(
    parent: System, new: System, corrections: Sequence[Document], document: Document, span: tuple[int, int] | None = None
) -> tuple[Span, list[Cause]]:
    """Return the asked span and every correction, that of the greatest dot product first.

    Args:
        parent: before.
        new: after.
        corrections: what was learned.
        document: the text that is read otherwise now; its annotations are not looked at.
        span: which stretch is asked about; by default the first that is read otherwise, else the first that is found.

    Raises:
        InputError: if the text is longer than a window, or there is no span to ask about.
    """
    if len(document) > new.window:
        raise InputError(f"the text has {len(document)} characters, more than the {new.window} of a window; give a part of it")
    (was,), (now,) = ([p.document for p in predict(system.eval(), [document])] for system in (parent, new))
    asked = _asked(was, now, span)
    read = [found.document for found in predict(parent, corrections)]
    vector = _vectors(new, document, [asked])[0]
    other = was if {s.key for s in was.spans} != {s.key for s in now.spans} else now.with_spans(set(now.spans) - {asked})
    if {s.key for s in other.spans} == {s.key for s in now.spans}:
        raise InputError(f"neither checkpoint finds {now.mention(asked)!r} in the text; name another stretch of it")
    gradients = _products(parent, new, (now, other), corrections)
    found = []
    for row, (correction, before) in enumerate(zip(corrections, read, strict=True)):
        inside = [s for s in (*correction.spans, *before.spans) if s.end <= new.window] or [_whole(correction, new.window)]
        near = (
            torch.cosine_similarity(_vectors(new, correction, inside), vector[None]).max() if correction.text else -torch.ones(())
        )
        found.append(Cause(row, correction, float(near), gradients[row]))
    return asked, sorted(found, key=lambda cause: (-cause.gradient, -cause.similarity, cause.row))


def causes_of_run(run: Run, document: Document, span: tuple[int, int] | None = None) -> tuple[Span, list[Cause]]:
    """Return :func:`causes` for a retraining that is done.

    Raises:
        RunError: if the folder is not a run's.
        CheckpointError: if the parent, or the new checkpoint, is not there any more.
        InputError: if the text is too long, or has no span to ask about.
    """
    parent, new = (checkpoints.load(folder) for folder in (Path(run.config["parent"]), run.checkpoint))
    return causes(parent, new, formats.read(file_of(run.folder, CORRECTIONS), "jsonl"), document, span)


def _asked(was: Document, now: Document, span: tuple[int, int] | None) -> Span:
    if span is not None:
        start, end = span
        if not 0 <= start < end <= len(now):
            raise InputError(f"the span {start}-{end} does not lie in the text of {len(now)} characters")
        same = [found for found in (*now.spans, *was.spans) if (found.start, found.end) == span]
        return same[0] if same else Span(start, end, "O")
    old, new = {s.key for s in was.spans}, {s.key for s in now.spans}
    found = [s for s in now.spans if s.key not in old] + [s for s in was.spans if s.key not in new] + list(now.spans)
    if not found:
        raise InputError("neither checkpoint finds anything in the text; name a stretch of it with --span START-END")
    return found[0]


def _whole(document: Document, window: int) -> Span:
    return Span(0, max(1, min(len(document), window)), "O")


def _vectors(system: System, document: Document, spans: Sequence[Span]) -> Tensor:
    """Return the mean vector of each span's characters, ``[N, H]``."""
    device = next(system.parameters()).device
    vectors = system.represent(system.collate([document.part(0, min(len(document), system.window))]).to(device))[0]
    return torch.stack([vectors[span.start : span.end].mean(0) for span in spans])


def _products(parent: System, new: System, readings: tuple[Document, Document], corrections: Sequence[Document]) -> list[float]:
    """Return the dot products, of both checkpoints where the parent knows every label."""
    totals = [0.0] * len(corrections)
    for system in (parent, new) if set(new.labels.names) <= set(parent.labels.names) else (new,):
        asked = _gradient(system, readings[0]) - _gradient(system, readings[1])
        for row, correction in enumerate(corrections):
            totals[row] += float(asked @ _gradient(system, correction)) if correction.text else 0.0
    return totals


def _gradient(system: System, document: Document) -> Tensor:
    """Return the gradient of the loss on a document with respect to what is above the encoder, as one vector."""
    head = [parameter for parameter in system.parts()["head"] if parameter.requires_grad]
    inside = [s for s in document.spans if s.end <= system.window]
    batch = system.collate([document.part(0, min(len(document), system.window), inside)]).to(head[0].device)
    loss = system(batch).loss
    assert loss is not None
    found = torch.autograd.grad(loss, head, allow_unused=True)
    return torch.cat([torch.zeros_like(p).flatten() if g is None else g.flatten() for p, g in zip(head, found, strict=True)])
