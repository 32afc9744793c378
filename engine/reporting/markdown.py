"""A report as Markdown tables, and as LaTeX tables for a paper."""

from __future__ import annotations

import re
import unicodedata

from engine.reporting.content import Report, Section
from engine.reporting.sentences import Sample, bracketed
from engine.reporting.tables import Table
from engine.reporting.words import Words

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&^-])")


def markdown(report: Report) -> str:
    """Return the report as Markdown, in GitHub's tables."""
    parts = [f"# {_md(report.title)}\n"]
    for section in report.sections:
        parts.append(f"## {_md(section.title)}\n")
        parts += [f"{_md(line)}\n" for line in section.paragraphs]
        parts += [_table(table) for table in section.tables if table.rows]
        parts += _sentences(section, report.words)
    return "\n".join([*parts, f"*{_md(report.made)}*\n"])


def _table(table: Table) -> str:
    lines = [f"**{_md(table.caption)}**", ""]
    lines.append(_row(table.heads))
    lines.append("|" + "|".join(":--" if at < table.left else "--:" for at in range(len(table.heads))) + "|")
    lines += [_row(row) for row in table.rows]
    return "\n".join([*lines, *(["", _md(table.note)] if table.note else []), ""])


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(map(_md, cells)) + " |"


def _sentences(section: Section, words: Words) -> list[str]:
    parts = []
    for some in section.sentences:
        parts.append(f"### {_md(some.title)}\n")
        parts += [_sample(sample, words) for sample in some.samples]
    return parts


def _sample(sample: Sample, words: Words) -> str:
    before, after = "…" if sample.before else "", "…" if sample.after else ""
    gold, found = (_md(f"{before}{bracketed(sample.text, marks)}{after}") for marks in (sample.gold, sample.found))
    document = _md(words("sentences.document", id=sample.document))
    return f"- {document}\n  - {_md(words('gold'))}: {gold}\n  - {_md(words('found'))}: {found}\n"


def _md(text: str) -> str:
    """Return a text on one line in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", one_line(text)).replace("://", "&#58;//").replace("www.", "www&#46;")


def one_line(text: str) -> str:
    """Return a text whose line breaks are written as signs, without characters that control anything."""
    shown = text.replace("\r\n", "¶").replace("\n", "¶").replace("\r", "¶").replace("\t", " ")
    return "".join("\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character for character in shown)
