"""The tables of a report, as words: every format writes the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from engine.evaluation.study import FORMS, OUTCOMES, Difference, Figures, Interval, Line, SliceLine
from engine.reporting.findings import Findings, short
from engine.reporting.words import Words

NONE = "–"
_Part = TypeVar("_Part", Line, SliceLine)


@dataclass(frozen=True)
class Table:
    """Words in rows and columns.

    Attributes:
        name: to refer to it by, in [a-z].
        caption: what it shows.
        heads: of the columns.
        rows: as long as the heads.
        left: how many of the first columns hold words; the others hold figures.
        note: what stands below.
    """

    name: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    note: str = ""


def percent(share: float) -> str:
    """Return a share as it stands in a table of percentages."""
    return f"{100 * share:.2f}"


def bounds(interval: Interval, *, sign: str = "") -> str:
    """Return the bounds of an interval, in percent; nothing where there is none."""
    if not interval.known:
        return NONE
    # Rounded before it is written: there is no minus nought.
    low, high = (round(100 * bound, 1) + 0.0 for bound in (interval.low, interval.high))
    return f"[{low:{sign}.1f}, {high:{sign}.1f}]"


def p_value(p: float) -> str:
    """Return a p-value; none is said to be 0, which no resampling can show."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def model_table(found: Findings, words: Words) -> Table:
    """Return which models were given what."""
    rows = tuple(
        (letter, reading.name, short(reading.digest), _input(reading.without, words), ", ".join(reading.labels))
        for letter, reading, _ in found.read
    )
    heads = tuple(words(key) for key in ("letter", "model", "digest", "input", "labels"))
    return Table("models", words("about.title"), heads, rows, left=5)


def overall_table(found: Findings, words: Words) -> Table:
    """Return precision, recall and F1 by form and structure."""
    rows = []
    for letter, _, figures in found.read:
        for form in FORMS:
            if form in figures.forms:
                macro = figures.macro.get(form)
                rows.append((letter, words(f"form.{form}"), *_line(figures.forms[form]), percent(macro.f1) if macro else NONE))
        rows += [(letter, words(f"structure.{name}"), *_line(line), NONE) for name, line in figures.structures.items()]
    heads = (words("letter"), words("form"), *_heads(words), words("macro"))
    return Table("overall", words("overall.caption"), heads, tuple(rows), left=2)


def type_table(found: Findings, words: Words) -> Table:
    """Return the exact figures of each type, the readings one below the other."""
    rows = [(name, letter, *_line(line)) for name, letter, line in _by_name(found, lambda figures: figures.types)]
    return Table("types", words("types.caption"), (words("type"), words("letter"), *_heads(words)), tuple(rows), left=2)


def outcome_table(found: Findings, words: Words) -> Table:
    """Return what became of each entity."""
    rows = tuple(
        (words(f"outcome.{outcome}"), *(f"{figures.outcomes.get(outcome, 0):,}" for _, _, figures in found.read))
        for outcome in OUTCOMES
    )
    return Table("outcomes", words("outcome.caption"), (words("outcome"), *_letters(found)), rows)


def confusion_tables(found: Findings, words: Words) -> list[Table]:
    """Return the confusion matrix of each reading."""
    tables = []
    for letter, _, figures in found.read:
        rows, columns = confusion_names(figures.labels, len(figures.confusion), words)
        cells = tuple((name, *map(_count, row)) for name, row in zip(rows, figures.confusion, strict=True))
        corner = f"{words('confusion.rows')} \\ {words('confusion.columns')}"
        tables.append(Table(f"confusion{letter}", words("confusion.figure", letter=letter), (corner, *columns), cells))
    return tables


def confusion_names(labels: Sequence[str], size: int, words: Words) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of rows and of columns: the types, then what is made up and what is missed."""
    types = tuple(labels[: size - 1])
    return (*types, words("confusion.spurious")), (*types, words("confusion.missed"))


def kind_tables(found: Findings, words: Words) -> list[Table]:
    """Return the error kinds, a table each group."""
    groups: dict[str, dict[str, dict[int, tuple[int, int]]]] = {}
    for at, (_, _, figures) in enumerate(found.read):
        for kind in figures.kinds:
            groups.setdefault(kind.group, {}).setdefault(kind.name, {})[at] = (kind.once, kind.together)
    heads = [words("kind"), *(f"{words(key)} {letter}" for letter in _letters(found) for key in ("once", "together"))]
    tables = []
    for group, kinds in groups.items():
        rows = tuple(_kind_row(found, words.kind(name), counts) for name, counts in kinds.items())
        legend = "".join(
            words("legend", kind=words.kind(name), hint=words.hint(name))
            for name, counts in kinds.items()
            if words.hint(name) and any(together for _, together in counts.values())
        )
        tables.append(Table(f"kinds{group}", words.group(group), tuple(heads), rows, note=legend.strip()))
    return tables


def slice_table(found: Findings, words: Words) -> Table:
    """Return the figures of the slices."""
    rows = []
    for name, letter, part in _by_name(found, lambda figures: figures.slices):
        called = words.slice(name) + ("" if part.enough else f" {words('few')}")
        rows.append((words.group(part.group), called, letter, f"{part.documents:,}", *_line(part.line)))
    heads = (words("by"), words("slice"), words("letter"), words("documents"), *_heads(words))
    few = any(not part.enough for _, _, figures in found.read for part in figures.slices)
    return Table("slices", words("slices.figure"), heads, tuple(rows), left=3, note=words("slices.hint") if few else "")


def reliability_table(found: Findings, words: Words) -> Table:
    """Return the bins of the reliability curves."""
    rows = [
        (letter, f"{part.low:.2f}–{part.high:.2f}", f"{part.count:,}", percent(part.confidence), percent(part.accuracy))
        for letter, _, figures in found.read
        for part in figures.bins
        if part.count
    ]
    heads = tuple(words(key) for key in ("letter", "bin", "count", "confidence", "accuracy"))
    return Table("reliability", words("reliability.figure"), heads, tuple(rows), left=2)


def eces(found: Findings, words: Words) -> list[str]:
    """Return in words how well each reading knows how sure it may be."""
    return [
        words("reliability.none", letter=letter)
        if figures.ece is None
        else words("reliability.ece", letter=letter, ece=percent(figures.ece))
        for letter, _, figures in found.read
    ]


def difference_tables(a: str, b: str, difference: Difference, words: Words) -> list[Table]:
    """Return who finds what, and the differences by part.

    Args:
        a: the letter of A.
        b: of B.
        difference: between them.
        words: of the language.
    """
    counts = [getattr(difference, name) for name in ("both_right", "only_a", "only_b", "both_wrong")]
    heads = (
        words("gold"),
        words("difference.both_right"),
        words("difference.only_a", a=a),
        words("difference.only_b", b=b),
        words("difference.both_wrong"),
    )
    who = Table(f"who{a}{b}", words("difference.counts"), heads, ((f"{sum(counts):,}", *(f"{n:,}" for n in counts)),), left=0)
    rows = tuple((name, points(value.value), bounds(value, sign="+")) for name, value in difference_parts(difference, words))
    parts = (words("difference.part"), words("difference.value"), words("interval"))
    return [who, Table(f"difference{a}{b}", words("difference.parts"), parts, rows)]


def difference_parts(difference: Difference, words: Words) -> list[tuple[str, Interval]]:
    """Return the differences of all, of each type and of each slice, by name."""
    slices = [(words.slice(name), value) for name, value in difference.slices.items()]
    return [(words("all"), difference.f1), *difference.types.items(), *slices]


def points(value: float) -> str:
    """Return a difference of F1 in percentage points, with its sign."""
    return f"{round(100 * value, 2) + 0.0:+.2f}"


def said(a: str, b: str, difference: Difference, words: Words, *, level: float = 0.05) -> list[str]:
    """Return in words which of two readings is better, and whether that can be chance.

    Args:
        a: how A is called.
        b: how B is.
        difference: between them.
        words: of the language.
        level: the p-value from which on chance is not ruled out.
    """
    f1 = difference.f1
    way = "same" if round(f1.value, 4) == 0 else "higher" if f1.value > 0 else "lower"
    low, high = f1.low, f1.high
    if way == "lower":
        low, high = -high, -low
    values = {"points": f"{abs(100 * f1.value):.2f}", "low": f"{100 * low:.2f}", "high": f"{100 * high:.2f}"}
    small = [p < level for p in (difference.p_bootstrap, difference.p_permutation)]
    sure = "significant" if all(small) else "undecided" if any(small) else "insignificant"
    tests = {"bootstrap": p_value(difference.p_bootstrap), "permutation": p_value(difference.p_permutation)}
    return [words(f"difference.{way}", a=a, b=b, **values), words(f"difference.{sure}", **tests)]


def _input(without: str, words: Words) -> str:
    if not without:
        return words("input.all")
    names = [name.strip() for name in without.replace("+", ",").split(",")]
    called = [words(f"modality.{name}") if words.has(f"modality.{name}") else name for name in names]
    return words("input.without", modality=words("input.and").join(called))


def _heads(words: Words) -> tuple[str, ...]:
    return tuple(words(key) for key in ("gold", "found", "correct", "precision", "recall", "f1", "interval"))


def _line(line: Line) -> tuple[str, ...]:
    counts = f"{line.gold:,}", f"{line.found:,}", f"{line.correct:,.1f}".removesuffix(".0")
    return (*counts, percent(line.precision), percent(line.recall), percent(line.f1.value), bounds(line.f1))


def _by_name(found: Findings, parts: Callable[[Figures], Iterable[_Part]]) -> list[tuple[str, str, _Part]]:
    """Return the parts of all readings, those of one name together, in the order in which names first come."""
    named: dict[str, list[tuple[str, _Part]]] = {}
    for letter, _, figures in found.read:
        for part in parts(figures):
            named.setdefault(part.name, []).append((letter, part))
    return [(name, letter, part) for name, several in named.items() for letter, part in several]


def _letters(found: Findings) -> list[str]:
    return [letter for letter, _, _ in found.read]


def _count(count: int) -> str:
    return f"{count:,}" if count else "·"


def _kind_row(found: Findings, name: str, counts: Mapping[int, tuple[int, int]]) -> tuple[str, ...]:
    return (name, *(f"{count:,}" for at in range(len(found.figures)) for count in counts.get(at, (0, 0))))
