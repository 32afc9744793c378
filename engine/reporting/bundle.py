"""All figures of a report in one ZIP file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence

from engine.drawing.drawing import Drawing
from engine.evaluation.learning import Learned
from engine.evaluation.study import Difference, Figures, Study
from engine.reporting.figures import drawing
from engine.reporting.findings import LETTERS, Findings
from engine.reporting.words import Words


def figures_zip(
    kind: str,
    study: Study,
    figures: Sequence[Figures],
    differences: Mapping[tuple[int, int], Difference] | None = None,
    *,
    curves: Mapping[str, Sequence[Learned]] | None = None,
    language: str = "zh",
) -> bytes:
    """Return the figures of a report; the same figures give the same file.

    Args:
        kind: ``png``, ``svg`` or ``pdf``.
        study: with its readings.
        figures: one of each reading, in their order.
        differences: by the numbers of the readings A and B.
        curves: of learning, if there are any.
        language: ``zh`` or ``en``.

    Raises:
        ValueError: for a format or a language that there is not.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, title, drawn in _every(Findings.of(study, figures, differences, curves), Words(language)):
            # The first date that the format knows: no moment of making in it.
            archive.writestr(zipfile.ZipInfo(f"{name}.{kind}"), drawn.save(kind, title), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _every(found: Findings, words: Words) -> Iterator[tuple[str, str, Drawing]]:
    for at in range(len(found.figures)):
        yield f"confusion-{LETTERS[at]}", *drawing("confusion", found, words, index=at)
    for name in ("kinds", "slices", "reliability"):
        yield name, *drawing(name, found, words)
    for at, (a, b) in enumerate(found.differences):
        yield f"difference-{LETTERS[a]}-{LETTERS[b]}", *drawing("difference", found, words, index=at)
    if found.curves:
        yield "learning", *drawing("learning", found, words)
