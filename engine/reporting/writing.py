"""Reports as files: the suffix of a path says what is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.errors import InputError
from engine.evaluation.learning import Learned
from engine.evaluation.study import Difference, Figures, Study
from engine.reporting.content import Report, report
from engine.reporting.findings import Findings
from engine.reporting.html import html
from engine.reporting.latex import latex
from engine.reporting.markdown import markdown
from engine.reporting.pdf import pdf
from engine.reporting.tidy import tidy_csv, to_json
from engine.reporting.words import Words

FORMATS: Mapping[str, str] = {
    "html": "text/html",
    "pdf": "application/pdf",
    "tex": "application/x-tex",
    "md": "text/markdown",
    "csv": "text/csv",
    "json": "application/json",
}
"""What a report can be saved as, with the media type of each."""
_WRITTEN: Mapping[str, Callable[[Report], str]] = {"html": html, "tex": latex, "md": markdown}


def write_report(
    path: Path,
    study: Study,
    figures: Sequence[Figures],
    differences: Mapping[tuple[int, int], Difference] | None = None,
    *,
    curves: Mapping[str, Sequence[Learned]] | None = None,
    language: str = "zh",
) -> None:
    """Write a report; its suffix, one of :data:`FORMATS`, says as what.

    Args:
        path: of the file.
        study: with its readings.
        figures: one of each reading, in their order.
        differences: by the numbers of the readings A and B.
        curves: of learning, if there are any.
        language: ``zh`` or ``en``.

    Raises:
        InputError: for another suffix, figures that are not of the study, or a file that cannot be written.
    """
    content = report_bytes(kind_of(path), study, figures, differences, curves=curves, language=language)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"the report {path} cannot be written: {error.strerror}") from error


def kind_of(path: Path) -> str:
    """Return as what a report is written, by the path's suffix; to be asked before there is anything to write.

    Raises:
        InputError: for another suffix.
    """
    kind = path.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise InputError(f"a report is written as {', '.join(f'.{suffix}' for suffix in FORMATS)}; got {str(path)!r}")
    return kind


def report_bytes(
    kind: str,
    study: Study,
    figures: Sequence[Figures],
    differences: Mapping[tuple[int, int], Difference] | None = None,
    *,
    curves: Mapping[str, Sequence[Learned]] | None = None,
    language: str = "zh",
) -> bytes:
    """Return the file of a report; see :func:`write_report`.

    Args:
        kind: one of :data:`FORMATS`.
        study: with its readings.
        figures: one of each reading, in their order.
        differences: by the numbers of the readings A and B.
        curves: of learning, if there are any.
        language: ``zh`` or ``en``.
    """
    if kind not in FORMATS:
        raise InputError(f"a report is written as {', '.join(f'.{suffix}' for suffix in FORMATS)}; got {kind!r}")
    found = Findings.of(study, figures, differences, curves)
    if kind == "csv":
        # With its mark at the beginning Excel takes it for UTF-8.
        return tidy_csv(found).encode("utf-8-sig", "replace")
    if kind == "json":
        return (json.dumps(to_json(found), ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
    whole = report(found, Words(language))
    return pdf(whole) if kind == "pdf" else _WRITTEN[kind](whole).encode("utf-8", "replace")
