"""What a report is written from: a study, the figures of each of its readings, and differences between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import InputError
from engine.evaluation.learning import Learned
from engine.evaluation.study import Difference, Figures, Reading, Study
from engine.reporting.words import Words

LETTERS = "ABCD"
"""What the readings of a study are called where their names are too long."""
INKS = ("#0072B2", "#D55E00", "#009E73", "#8A4F7D")
MARKS = ("circle", "square", "triangle", "diamond")
"""Each reading has a letter, a colour and a mark: one of them is enough to tell it by."""
_DIGITS = 12


@dataclass(frozen=True)
class Findings:
    """A study and what was found in it, checked to be of each other.

    Attributes:
        study: with its readings.
        figures: one of each reading.
        differences: by the numbers of the two readings, A and B.
        curves: of learning, by what each is of; none where nobody drew any.
    """

    study: Study
    figures: tuple[Figures, ...]
    differences: Mapping[tuple[int, int], Difference]
    curves: Mapping[str, Sequence[Learned]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        study: Study,
        figures: Sequence[Figures],
        differences: Mapping[tuple[int, int], Difference] | None = None,
        curves: Mapping[str, Sequence[Learned]] | None = None,
    ) -> Findings:
        """Check and keep them.

        Raises:
            InputError: if there is no reading, the figures are not one of each, or a difference is of other readings.
        """
        count = len(study.readings)
        if not 1 <= count <= len(LETTERS) or len(figures) != count:
            raise InputError(
                f"a report is of one to {len(LETTERS)} readings with the figures of each; "
                f"got {count} readings and figures of {len(figures)}"
            )
        for a, b in differences or {}:
            if not (0 <= a < count and 0 <= b < count and a != b):
                raise InputError(f"a difference is between two of the readings 0 to {count - 1}; got {a} and {b}")
        return cls(study, tuple(figures), dict(differences or {}), dict(curves or {}))

    @property
    def read(self) -> list[tuple[str, Reading, Figures]]:
        """Return each reading with its letter and figures."""
        return [(LETTERS[at], *both) for at, both in enumerate(zip(self.study.readings, self.figures, strict=True))]

    def prints(self, words: Words, readings: Sequence[int] = ()) -> list[str]:
        """Return the small print of a figure: which models, with their hashes, and which data.

        Args:
            words: of the language.
            readings: that the figure is of; all by default.
        """
        lines = [
            words("print.model", letter=letter, name=reading.name, digest=short(reading.digest))
            for at, (letter, reading, _) in enumerate(self.read)
            if not readings or at in readings
        ]
        study = self.study
        about = {"name": study.name, "digest": short(study.digest), "documents": f"{len(study.gold):,}"}
        return [*lines, words("print.data", **about)]


def short(digest: str) -> str:
    """Return as much of a hash as people compare."""
    return digest[:_DIGITS]
