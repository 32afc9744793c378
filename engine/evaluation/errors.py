"""What is wrong with predictions: the type of an entity, or where it begins and ends (CNERTA, section 7.3 and table 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from engine.document import Document
from engine.evaluation.scores import pairs


@dataclass(frozen=True, slots=True)
class Errors:
    """How many predicted entities are wrong, and in what.

    Attributes:
        type: some annotated entity begins and ends there, but none of this label.
        boundary: no annotated entity begins and ends there; every other error, as the paper has it.
        missed: annotated entities with no prediction that begins and ends there. The paper does not count them.
    """

    type: int
    boundary: int
    missed: int

    @property
    def total(self) -> int:
        """Return the number of wrong predictions, which is what the paper's table counts."""
        return self.type + self.boundary

    def to_json(self) -> dict[str, int]:
        """Return the counts as plain values."""
        return asdict(self)


def count_errors(gold: Sequence[Document], predicted: Sequence[Document]) -> Errors:
    """Count the errors of predictions, document by document in order; nested entities count like any other.

    Args:
        gold: the annotated documents.
        predicted: the same texts with predicted spans.

    Raises:
        InputError: if the two differ in number or in a text.
    """
    of_type = of_boundary = missed = 0
    for truth, guess in pairs(gold, predicted):
        wanted, found = {span.key for span in truth.spans}, {span.key for span in guess.spans}
        places = {key[:2] for key in wanted}
        wrong = [key[:2] in places for key in found - wanted]
        of_type += sum(wrong)
        of_boundary += len(wrong) - sum(wrong)
        missed += sum(key[:2] not in {found_key[:2] for found_key in found} for key in wanted)
    return Errors(of_type, of_boundary, missed)
