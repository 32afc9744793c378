"""What a paper's table is, as data: which systems on which corpora, what was published, and what is held against what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import InputError

Published = Mapping[str, Mapping[str, float]]
"""From corpus and part to F1 in percent, as printed in the paper."""


SMALL_ENCODER: Mapping[str, Any] = {
    "encoder": "zh-char-small",
    "dropout": 0.1,
    "encoder_rate": 3e-4,
    "head_rate": 1e-3,
    "batch_size": 16,
    "warmup": 0.1,
    "epochs": 10,
    "patience": 1000,
    "keep": "best",
}
"""What every cell is trained with where its table says nothing else: what our small encoder learns well with."""


@dataclass(frozen=True)
class Printed:
    """What a paper prints beside an F1.

    Attributes:
        precision: in percent.
        recall: in percent.
        type_errors: how many.
        boundary_errors: how many.
    """

    precision: float
    recall: float
    type_errors: int | None = None
    boundary_errors: int | None = None


@dataclass(frozen=True)
class Row:
    """One line of a table: a system with its options, trained on a share of each corpus.

    Attributes:
        name: as the paper has it.
        system: name of the system.
        options: of the system or its training, beside the table's own.
        by_corpus: further options for a corpus.
        share: of the training documents; drawn anew for each seed, and a smaller share lies within a larger one.
        against: the rows that the paper compares it with.
        published: F1 in the paper.
        printed: what else the paper prints, by corpus and part; shown in a detailed table.
        first: corpora whose training parts are learned from before the corpus itself, together; their dev parts are not read.
    """

    name: str
    system: str
    options: Mapping[str, Any] = field(default_factory=dict)
    by_corpus: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    share: float = 1.0
    against: tuple[str, ...] = ()
    published: Published = field(default_factory=dict)
    printed: Mapping[str, Mapping[str, Printed]] = field(default_factory=dict)
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of a paper.

    Attributes:
        name: to ask for it by.
        title: what it is about.
        source: the paper, and its number there.
        corpora: trained on unless others are asked for.
        rows: its lines.
        options: of every cell, of the system or its training.
        by_corpus: further options for a corpus.
        parts: names of slices of the dev part, each scored by itself.
        further: further parts of a corpus.
        sizes: how many training documents are drawn from a corpus, the same for every cell; all of one not named.
        detailed: whether precision, recall and kinds of errors are shown too.
        notes: what a reader has to know.
    """

    name: str
    title: str
    source: str
    corpora: tuple[str, ...]
    rows: tuple[Row, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    by_corpus: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parts: tuple[str, ...] = ("all",)
    further: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    detailed: bool = False
    notes: tuple[str, ...] = ()

    def row(self, name: str) -> Row:
        """Return a row by name.

        Raises:
            InputError: if there is none of that name.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise InputError(f"{self.name} has no row {name!r}; it has {', '.join(row.name for row in self.rows)}")

    def parts_of(self, corpus: str) -> tuple[str, ...]:
        """Return the names of the parts of a corpus's dev part that are scored."""
        return (*self.parts, *self.further.get(corpus, ()))

    def settings(self, row: Row, corpus: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of a row on a corpus; what is nearer to it counts, what was asked for counts most."""
        nearer = (self.by_corpus.get(corpus, {}), row.options, row.by_corpus.get(corpus, {}), overrides)
        settings = dict(self.options)
        for options in nearer:
            settings |= options
        return settings


def on_all(**published: float) -> Published:
    """Return published figures of whole corpora, in percent."""
    return {corpus: {"all": figure} for corpus, figure in published.items()}
