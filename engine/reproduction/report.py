"""A reproduced table as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.evaluation.slices import SLICES
from engine.reproduction.claims import Change, Claim, Details, Difference, Figure, Mean, Told
from engine.reproduction.table import Table
from engine.signed import signed

Grid = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Header and rows."""
_FIGURES = ("row", "F1 best", "F1 last", "seeds", "published")
_DETAILED_FIGURES = (
    "row",
    "P",
    "R",
    "F1 best",
    "F1 last",
    "type errors",
    "boundary errors",
    "seeds",
    "published P / R / F1",
    "published errors",
)
_CLAIMS = ("difference", "best", "verdict", "last", "verdict", "published")
_TOLD = ("row", "AUROC", "correlation of the former", "of the latter", "seeds")
_CHANGES = ("boundary errors best", "last", "published")
_DEV = "Published figures are of the test parts, ours of the dev parts, on which the best epoch is chosen too; the last is not."
_WEAK = "Holds or does not hold: our difference exceeds one standard error over the seeds, which of few seeds is weak evidence."
_DETAILS = (
    "P, R and the errors are of the best epoch. A type error has the borders of an annotated entity and not its label; a "
    "boundary error is any other wrong entity. Beside a difference stands by how much the boundary errors change."
)
_LIKE = "Beside a part of which nothing is published stand the figures of the published part that is most like it."


@dataclass(frozen=True)
class Report:
    """What came of a table.

    Attributes:
        table: the table.
        corpora: for each one, what was learned from and judged by.
        figures: of every row.
        claims: differences between rows.
        overrides: options asked for of every cell.
        missing: what there is no figure of, and why.
        told: how rows tell related pictures from unrelated ones.
    """

    table: Table
    corpora: Mapping[str, str]
    figures: Sequence[Figure]
    claims: Sequence[Claim]
    overrides: Mapping[str, Any]
    missing: Sequence[str]
    told: Sequence[Told] = ()

    @property
    def notes(self) -> list[str]:
        """Return what a reader has to know, one sentence or two each."""
        like = any(SLICES[part].like for corpus in self.corpora for part in self.table.parts_of(corpus))
        notes = [_DEV, _WEAK, *([_LIKE] if like else []), *([_DETAILS] if self.table.detailed else []), *self.table.notes]
        if self.overrides:
            notes.append(f"Asked for of every cell: {', '.join(f'{name}={value}' for name, value in self.overrides.items())}.")
        return notes

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values; figures are fractions."""
        table = self.table
        return {
            "table": table.name,
            "title": table.title,
            "source": table.source,
            "corpora": dict(self.corpora),
            "options": dict(table.options),
            "options_by_corpus": {corpus: dict(options) for corpus, options in table.by_corpus.items()},
            "overrides": dict(self.overrides),
            "figures": [_plain(figure, "details") for figure in self.figures],
            "claims": [_plain(claim, "boundary_errors") for claim in self.claims],
            **({"told": [asdict(found) for found in self.told]} if self.told else {}),
            "missing": list(self.missing),
            "notes": self.notes,
        }

    def grids(self, corpus: str, part: str) -> list[Grid]:
        """Return the figures and the claims of a part of a corpus, in percent."""
        figures = [figure for figure in self.figures if (figure.corpus, figure.part) == (corpus, part)]
        claims = [claim for claim in self.claims if (claim.corpus, claim.part) == (corpus, part)]
        grids: list[Grid] = []
        if figures:
            grids.append(
                (
                    _DETAILED_FIGURES if self.table.detailed else _FIGURES,
                    [_figure_row(f) if f.details is None else _detailed_row(f, f.details) for f in figures],
                )
            )
        if claims:
            header = (*_CLAIMS, *(_CHANGES if self.table.detailed else ()))
            grids.append((header, [[*_claim_row(claim), *_change_cells(claim.boundary_errors)] for claim in claims]))
        return grids

    def sections(self) -> list[tuple[str, list[Grid]]]:
        """Return for each part of each corpus what it is, and its grids."""
        sections: list[tuple[str, list[Grid]]] = []
        for corpus in self.corpora:
            for part in self.table.parts_of(corpus):
                if grids := self.grids(corpus, part):
                    sections.append((self._title(corpus, part), grids))
            if told := [found for found in self.told if found.corpus == corpus]:
                sections.append((_told_title(corpus, told[0]), [(_TOLD, [_told_row(found) for found in told])]))
        return sections

    def text(self) -> str:
        """Return the table in aligned columns."""
        lines = [f"{self.table.name}: {self.table.title}", self.table.source]
        lines += [f"{corpus}: {what}" for corpus, what in self.corpora.items()]
        for title, grids in self.sections():
            lines += ["", title]
            for grid in grids:
                lines += ["", *_aligned(grid)]
        lines += ["", *(f"missing: {what}" for what in self.missing), *self.notes]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [f"# {self.table.name}: {self.table.title}", "", f"{self.table.source}.", ""]
        lines += [f"- {corpus}: {what}" for corpus, what in self.corpora.items()]
        for title, grids in self.sections():
            lines += ["", f"## {title}"]
            for grid in grids:
                lines += ["", *_marked(grid)]
        lines += ["", *(f"- missing: {what}" for what in self.missing), *(f"- {note}" for note in self.notes)]
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Write ``<table>.json`` and ``<table>.md`` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(self.to_json(), ensure_ascii=False, indent=2) + "\n"
        (folder / f"{self.table.name}.json").write_text(content, encoding="utf-8")
        (folder / f"{self.table.name}.md").write_text(self.markdown(), encoding="utf-8")

    def _title(self, corpus: str, part: str) -> str:
        figure = next(figure for figure in self.figures if (figure.corpus, figure.part) == (corpus, part))
        return f"{corpus}, {SLICES[part].title}: {figure.documents:,} sentences, {figure.entities:,} entities"


def _plain(found: Figure | Claim, detail: str) -> dict[str, Any]:
    """Return a figure or a claim as plain values; what only detailed tables have is not named in others."""
    return {name: value for name, value in asdict(found).items() if name != detail or value is not None}


def _figure_row(figure: Figure) -> list[str]:
    best, last = figure.f1["best"], figure.f1["last"]
    return [figure.row, _mean(best), _mean(last), str(best.seeds), _percent(figure.published)]


def _detailed_row(figure: Figure, details: Details) -> list[str]:
    name, best, last, seeds, published = _figure_row(figure)
    printed = details.printed
    scores = f"{printed.precision:.2f} / {printed.recall:.2f} / {published}" if printed else published
    errors = f"{printed.type_errors} / {printed.boundary_errors}" if printed and printed.type_errors is not None else "—"
    ours = [_mean(figure.precision["best"]), _mean(figure.recall["best"]), best, last]
    counted = [_count(details.type_errors["best"]), _count(details.boundary_errors["best"])]
    return [name, *ours, *counted, seeds, scores, errors]


def _claim_row(claim: Claim) -> list[str]:
    shown = [f"{claim.row} − {claim.against}"]
    for state in ("best", "last"):
        shown += [_difference(claim.differences[state]), claim.verdicts[state]]
    return [*shown, "—" if claim.published is None else signed(100 * claim.published)]


def _change_cells(change: Change | None) -> list[str]:
    if change is None:
        return []
    return ["—" if share is None else f"{signed(100 * share, 1)} %" for share in (*change.shares.values(), change.published)]


def _told_title(corpus: str, found: Told) -> str:
    counts = f"{found.related:,} pictures that have to do with their text and {found.unrelated:,} that have not"
    return f"{corpus}, {counts}, told apart by their correlation"


def _told_row(found: Told) -> list[str]:
    means = [f"{mean.mean:+.2f}" for mean in (found.mean_related, found.mean_unrelated)]
    return [found.row, _mean(found.auroc), *means, str(found.auroc.seeds)]


def _count(mean: Mean) -> str:
    return f"{mean.mean:.1f}" + ("" if mean.deviation is None else f" ± {mean.deviation:.1f}")


def _mean(mean: Mean) -> str:
    return _percent(mean.mean) + ("" if mean.deviation is None else f" ± {100 * mean.deviation:.2f}")


def _difference(found: Difference) -> str:
    return signed(100 * found.mean) + ("" if found.error is None else f" (error {100 * found.error:.2f})")


def _percent(figure: float | None) -> str:
    return "—" if figure is None else f"{100 * figure:.2f}"


def _aligned(grid: Grid) -> list[str]:
    header, rows = grid
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _marked(grid: Grid) -> list[str]:
    header, rows = grid
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]
