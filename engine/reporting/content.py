"""What a report says, in the order in which it says it; HTML, PDF, LaTeX and Markdown write the same content."""

from __future__ import annotations

from dataclasses import dataclass

from engine import __version__
from engine.drawing.drawing import Drawing
from engine.reporting.curves import learning_table
from engine.reporting.figures import drawing
from engine.reporting.findings import LETTERS, Findings, short
from engine.reporting.sentences import Sample, samples
from engine.reporting.tables import (
    Table,
    confusion_tables,
    difference_tables,
    eces,
    kind_tables,
    model_table,
    outcome_table,
    overall_table,
    reliability_table,
    said,
    slice_table,
    type_table,
)
from engine.reporting.words import Words
from engine.tags import NESTED


@dataclass(frozen=True)
class Sentences:
    """Sentences of one error kind.

    Attributes:
        title: which kind, and how many there are.
        samples: those drawn.
    """

    title: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        name: to refer to it by, in [a-z].
        title: above it.
        paragraphs: what is said first.
        figures: titles and drawings.
        tables: below them.
        sentences: by error kind.
    """

    name: str
    title: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[tuple[str, Drawing], ...] = ()
    tables: tuple[Table, ...] = ()
    sentences: tuple[Sentences, ...] = ()


@dataclass(frozen=True)
class Report:
    """A whole report.

    Attributes:
        title: of it.
        made: by what.
        sections: its parts.
        words: of its language.
    """

    title: str
    made: str
    sections: tuple[Section, ...]
    words: Words


def report(found: Findings, words: Words) -> Report:
    """Put a report together."""
    sections = [
        _about(found, words),
        _plain("overall", words, (overall_table(found, words), outcome_table(found, words))),
        _plain("types", words, (type_table(found, words),)),
        Section(
            "confusion",
            words("confusion.title"),
            (words("confusion.hint"),),
            tuple(drawing("confusion", found, words, index=at) for at in range(len(found.figures))),
            tuple(confusion_tables(found, words)),
        ),
        _drawn("kinds", found, words, tuple(kind_tables(found, words)), words("kinds.hint"), words("kinds.none")),
        _drawn("slices", found, words, (slice_table(found, words),), "", words("slices.none")),
        _reliability(found, words),
        *([_learning(found, words)] if found.curves else []),
        *(_difference(found, words, at) for at in range(len(found.differences))),
        *(_sentences(found, words, at) for at in range(len(found.figures))),
    ]
    return Report(words("title", name=found.study.name), words("made", version=__version__), tuple(sections), words)


def _about(found: Findings, words: Words) -> Section:
    study, figures = found.study, found.figures[0]
    entities = sum(len(document.spans) for document in study.gold)
    counts = {"documents": f"{figures.documents:,}", "characters": f"{figures.characters:,}", "entities": f"{entities:,}"}
    lines = [
        words("about.data", name=study.name, digest=short(study.digest), **counts),
        words("about.nested" if study.structure == NESTED else "about.flat"),
        words("about.interval"),
        *([] if entities else [words("about.empty")]),
        *(
            words("about.training", letter=letter, documents=f"{len(reading.known.training):,}")
            for letter, reading, _ in found.read
            if reading.known.training
        ),
    ]
    return Section("about", words("about.title"), tuple(lines), tables=(model_table(found, words),))


def _plain(name: str, words: Words, tables: tuple[Table, ...]) -> Section:
    return Section(name, words(f"{name}.title"), tables=tables)


def _drawn(name: str, found: Findings, words: Words, tables: tuple[Table, ...], hint: str, none: str) -> Section:
    """Return a section of one figure over its tables, or one that says that there is nothing."""
    title = words(f"{name}.title")
    if not any(table.rows for table in tables):
        return Section(name, title, (none,))
    return Section(name, title, (hint,) if hint else (), (drawing(name, found, words),), tables)


def _reliability(found: Findings, words: Words) -> Section:
    table = reliability_table(found, words)
    title = words("reliability.title")
    said_of = tuple(eces(found, words))
    if not table.rows:
        return Section("reliability", title, said_of)
    lines = (*said_of, words("reliability.hint"))
    return Section("reliability", title, lines, (drawing("reliability", found, words),), (table,))


def _learning(found: Findings, words: Words) -> Section:
    figures = (drawing("learning", found, words),)
    return Section(
        "learning", words("learning.title"), (words("learning.hint"),), figures, (learning_table(found.curves, words),)
    )


def _difference(found: Findings, words: Words, at: int) -> Section:
    (a, b), difference = list(found.differences.items())[at]
    one, other = LETTERS[a], LETTERS[b]
    title = f"{words('difference.title')} {words('difference.heading', a=one, b=other)}"
    figures = (drawing("difference", found, words, index=at),)
    tables = tuple(difference_tables(one, other, difference, words))
    return Section(f"difference{one}{other}", title, tuple(said(one, other, difference, words)), figures, tables)


def _sentences(found: Findings, words: Words, at: int) -> Section:
    letter = LETTERS[at]
    by_kind = samples(found.study, at)
    title = f"{words('sentences.title')} {letter}"
    if not by_kind:
        return Section(f"sentences{letter}", title, (words("sentences.none", letter=letter),))
    order = list(dict.fromkeys([*(kind.name for kind in found.figures[at].kinds), *by_kind]))
    shown = [
        Sentences(
            words("sentences.count", kind=_called(kind, words), shown=len(by_kind[kind][1]), total=f"{by_kind[kind][0]:,}"),
            tuple(by_kind[kind][1]),
        )
        for kind in order
        if kind in by_kind
    ]
    return Section(f"sentences{letter}", title, (words("sentences.hint", letter=letter),), sentences=tuple(shown))


def _called(kind: str, words: Words) -> str:
    return words.kind(kind) if words.has(f"kind.{kind}") or not words.has(f"outcome.{kind}") else words(f"outcome.{kind}")
