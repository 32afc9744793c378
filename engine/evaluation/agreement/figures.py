"""Every figure of agreement, over all labels, for each, for each pair of annotators, and over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from engine.document import Document
from engine.errors import InputError
from engine.evaluation.agreement.characters import Classes, Tags, tally_all, tally_pair
from engine.evaluation.agreement.coefficients import mean_of
from engine.evaluation.agreement.layers import Layers, Row
from engine.evaluation.agreement.resampling import Array, Figure, Tally, estimate
from engine.evaluation.agreement.stretches import Stretches, spans_marked
from engine.evaluation.agreement.unitizing import Continuum

RESAMPLES = 1000
NOT_SHARED = "no document was annotated by two"
NOT_COMPLETE = "no document was annotated by all"
NOTHING_MARKED = "nobody marked a span"
ONE_CLASS = "everybody gave everything one class, so that nothing tells agreement from chance"
ONE_LABEL = "there is one label alone, with which kappa on spans is never above 0; see F1"

_Key = tuple[str, str]
_ALL = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of all labels or of one; the package's docstring says what each is.

    Attributes:
        kappa: Cohen's, per character; the mean of the pairs of annotators.
        fleiss: Fleiss' kappa, per character; ``None`` of two annotators or fewer.
        alpha: Krippendorff's, nominal, per character.
        alpha_unitizing: Krippendorff's, for unitizing.
        span_kappa: Cohen's, on spans; the mean of the pairs. Of one label, the classes are the label and all else.
        f1: of spans; the mean of the pairs.
        border_f1: of spans whatever their labels; the mean of the pairs. ``None`` of one label.
    """

    kappa: Figure
    fleiss: Figure | None
    alpha: Figure
    alpha_unitizing: Figure
    span_kappa: Figure
    f1: Figure
    border_f1: Figure | None

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: figure and figure.to_json() for name, figure in found.items()}


@dataclass(frozen=True, slots=True)
class Pair:
    """The figures of two annotators.

    Attributes:
        annotators: the two.
        documents: how many both annotated.
        kappa: Cohen's, per character.
        span_kappa: Cohen's, on spans.
        f1: of spans.
        border_f1: of spans whatever their labels.
    """

    annotators: tuple[str, str]
    documents: int
    kappa: Figure
    span_kappa: Figure
    f1: Figure
    border_f1: Figure

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        found = {name: getattr(self, name).to_json() for name in ("kappa", "span_kappa", "f1", "border_f1")}
        return {"annotators": list(self.annotators), "documents": self.documents, **found}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators agree.

    Attributes:
        annotators: their names.
        documents: how many somebody annotated.
        shared: how many two or more annotated.
        complete: how many all annotated.
        characters: in the shared documents.
        spans: marked by each annotator, in the order of the annotators.
        overall: over all labels.
        labels: of each label.
        pairs: of each pair of annotators.
    """

    annotators: tuple[str, ...]
    documents: int
    shared: int
    complete: int
    characters: int
    spans: tuple[int, ...]
    overall: Figures
    labels: Mapping[str, Figures]
    pairs: tuple[Pair, ...]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "annotators": list(self.annotators),
            "documents": self.documents,
            "shared": self.shared,
            "complete": self.complete,
            "characters": self.characters,
            "spans": dict(zip(self.annotators, self.spans, strict=True)),
            "overall": self.overall.to_json(),
            "labels": {label: figures.to_json() for label, figures in self.labels.items()},
            "pairs": [pair.to_json() for pair in self.pairs],
        }


@dataclass(frozen=True, slots=True)
class Window:
    """Agreement on documents that follow each other in time.

    Attributes:
        first: the time of the first.
        last: the time of the last.
        agreement: on them.
    """

    first: Any
    last: Any
    agreement: Agreement

    def to_json(self) -> dict[str, Any]:
        """Return the window as plain values; times as they were given."""
        return {"first": self.first, "last": self.last, **self.agreement.to_json()}


def measure(layers: Layers, *, resamples: int = RESAMPLES, seed: int = 0) -> Agreement:
    """Compute every figure, with 95% intervals by resampling documents.

    One annotator alone has no agreement: every figure is undefined, and says why.

    Args:
        layers: as :func:`match` returns them; ``layers.only([…])`` for some labels.
        resamples: how many; 0 leaves the intervals out.
        seed: of the resampling.
    """
    tallies = _tallies(layers)
    found = estimate(tallies, resamples=resamples, seed=seed)
    if len(layers.labels) == 1:
        found |= {key: Figure(None) for key in found if key[0] == "span_kappa"}
    reasons = {key: _reason(layers, *key) for key, figure in found.items() if figure.value is None}
    figures = {key: replace(figure, reason=reasons.get(key, "")) for key, figure in found.items()}
    several = [row for row in layers.rows if _annotators(row) > 1]
    marked = [0] * len(layers.annotators)
    for annotator, document in layers.documents():
        marked[annotator] += len(document.spans)
    return Agreement(
        layers.annotators,
        len(layers.rows),
        len(several),
        sum(_annotators(row) == len(layers.annotators) for row in several),
        sum(len(next(filter(None, row))) for row in several if any(row)),
        tuple(marked),
        _figures(figures, _ALL),
        {label: _figures(figures, label) for label in layers.labels},
        tuple(_pair(layers, figures, pair) for pair in layers.pairs),
    )


def measure_over_time(
    layers: Layers, when: Callable[[Document], Any], window: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Window, ...]:
    """Measure agreement on the documents in order of time, so many at once; the last window may be smaller.

    Args:
        layers: as :func:`match` returns them.
        when: the time of a document, of any kind that can be ordered; asked of the first annotator who has the document.
        window: how many documents are measured together.
        resamples: how many, in each window.
        seed: of the resampling.

    Raises:
        InputError: if a window is smaller than one document.
    """
    if window < 1:
        raise InputError(f"a window holds one document or more, got {window}")
    timed = [(when(next(document for document in row if document is not None)), row) for row in layers.rows]
    timed.sort(key=lambda pair: pair[0])
    windows = []
    for start in range(0, len(timed), window):
        part = timed[start : start + window]
        measured = measure(Layers(layers.annotators, tuple(row for _, row in part)), resamples=resamples, seed=seed)
        windows.append(Window(part[0][0], part[-1][0], measured))
    return tuple(windows)


def _annotators(row: Row) -> int:
    return sum(document is not None for document in row)


def _tallies(layers: Layers) -> dict[_Key, Tally]:
    """Return what to compute by what it is, and the label or the pair that it is of."""
    tags, continuum = Tags(layers), Continuum(layers)
    stretches = {pair: Stretches.of(layers, *pair) for pair in layers.pairs}
    tallies: dict[_Key, Tally] = {}
    for label in (_ALL, *layers.labels):
        classes = tags.of(label) if label else tags.classes
        asked = label or None
        by_pair = {
            "kappa": [tally_pair(classes, *pair) for pair in layers.pairs],
            "span_kappa": [found.kappa(asked) for found in stretches.values()],
            "f1": [found.f1(asked) for found in stretches.values()],
        }
        if not label:
            by_pair["border_f1"] = [found.border_f1() for found in stretches.values()]
            for name, of_pairs in by_pair.items():
                tallies |= {(name, _name(pair)): tally for pair, tally in zip(layers.pairs, of_pairs, strict=True)}
        tallies |= {(name, label): _mean(of_pairs, len(layers.rows)) for name, of_pairs in by_pair.items()}
        tallies |= _of_all(classes, layers, label)
        tallies["alpha_unitizing", label] = continuum.tally(asked)
    return tallies


def _of_all(classes: Classes, layers: Layers, label: str) -> dict[_Key, Tally]:
    fleiss, alpha = tally_all(classes)
    several = {("fleiss", label): fleiss} if len(layers.annotators) > 2 else {}
    return {("alpha", label): alpha, **several}


def _mean(tallies: Iterable[Tally], documents: int) -> Tally:
    """Return the mean of what is defined of some figures that are each of one part."""
    of_pairs = tuple(tallies)
    if not of_pairs:
        return Tally((np.zeros((documents, 1)),), lambda sums: np.full(sums.shape[:-1], np.nan))

    def formula(*sums: Array) -> Array:
        return mean_of(np.stack([tally.formula(part) for tally, part in zip(of_pairs, sums, strict=True)]))

    return Tally(tuple(tally.parts[0] for tally in of_pairs), formula)


def _name(pair: tuple[int, int]) -> str:
    return "{}\0{}".format(*pair)


def _reason(layers: Layers, name: str, of: str) -> str:
    """Return why a figure has no value, of all labels, one label, or a pair."""
    everybody = tuple(range(len(layers.annotators)))
    one, is_pair, other = of.partition("\0")
    groups: list[tuple[int, ...]] = [(int(one), int(other))] if is_pair else list(layers.pairs)
    if name in ("fleiss", "alpha_unitizing") and len(everybody) > 2:
        groups, missing = [everybody], NOT_COMPLETE
    else:
        missing = NOT_SHARED
    if not any(all(row[i] is not None for i in group) for group in groups for row in layers.rows):
        return missing
    label = None if is_pair else of or None
    if not any(spans_marked(layers, group, label) for group in groups):
        return NOTHING_MARKED
    return ONE_LABEL if name == "span_kappa" and len(layers.labels) == 1 else ONE_CLASS


def _figures(found: Mapping[_Key, Figure], label: str) -> Figures:
    return Figures(
        found["kappa", label],
        found.get(("fleiss", label)),
        found["alpha", label],
        found["alpha_unitizing", label],
        found["span_kappa", label],
        found["f1", label],
        found.get(("border_f1", label)),
    )


def _pair(layers: Layers, found: Mapping[_Key, Figure], pair: tuple[int, int]) -> Pair:
    one, other = pair
    documents = sum(row[one] is not None and row[other] is not None for row in layers.rows)
    names = layers.annotators[one], layers.annotators[other]
    return Pair(
        names,
        documents,
        found["kappa", _name(pair)],
        found["span_kappa", _name(pair)],
        found["f1", _name(pair)],
        found["border_f1", _name(pair)],
    )
