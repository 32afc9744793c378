"""What has to be settled where documents are annotated with other types than models find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.document import Document
from workbench.studies.working import Worked

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo


class LabelsDifferError(Exception):
    """The documents are annotated with types that a model cannot find; somebody has to say what they are to be taken for.

    Attributes:
        counts: how many entities of each annotated type there are.
        labels: the types that the models can find.
        gaps: the annotated types that some model cannot find.
        suggested: what types might be taken for; the empty string leaves one out.
    """

    def __init__(
        self, counts: Mapping[str, int], labels: Sequence[str], gaps: Sequence[str], suggested: Mapping[str, str]
    ) -> None:
        """Keep what the question needs."""
        self.counts, self.labels, self.gaps, self.suggested = counts, tuple(labels), tuple(gaps), suggested
        super().__init__(f"{', '.join(gaps)} is annotated, and found is {', '.join(labels)}")


def differing(documents: Sequence[Document], infos: Sequence[CheckpointInfo], mapping: Mapping[str, str]) -> LabelsDifferError:
    """Compare what is annotated with what all models can find, as a mapping has it."""
    from engine.evaluation.judging import suggested_mapping

    counts = Counter(span.label for document in documents for span in document.spans)
    sets = [{mapping.get(label, label) for label in info.labels} - {""} for info in infos]
    gaps = [label for label in counts if (taken := mapping.get(label, label)) and any(taken not in found for found in sets)]
    suggested: dict[str, str] = {}
    for info in infos:
        suggested |= _in_words_of(info.labels, suggested_mapping(documents, info.labels))
    labels = dict.fromkeys(label for info in infos for label in info.labels)
    return LabelsDifferError(dict(counts.most_common()), tuple(labels), gaps, {**suggested, **mapping})


def _in_words_of(labels: Sequence[str], suggested: Mapping[str, str]) -> dict[str, str]:
    """Return a suggestion in which types become those of the model, not the other way round."""
    names: dict[str, str] = {}
    for label in sorted(labels, key=len):
        target = suggested.get(label, label)
        if target and target not in labels:
            names.setdefault(target, label)
    turned = {label: names.get(target, target) for label, target in suggested.items()} | names
    return {label: target for label, target in turned.items() if label != target}


def unannotated(worked: Worked, index: int) -> tuple[str, ...]:
    """Return the types that a reading's model finds and nothing is annotated as, where its finding them is judged."""
    study, reading = worked.study, worked.study.readings[index]
    marked = {span.label for document in study.gold for span in document.spans}
    found = {case.found.label for case in reading.cases if case.found is not None}
    return tuple(sorted(found - marked)) if marked else ()
