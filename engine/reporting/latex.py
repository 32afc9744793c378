"""A report as LaTeX: tables of booktabs in a document for XeLaTeX, from which a paper takes the tables that it wants."""

from __future__ import annotations

import re

from engine.reporting.content import Report, Section
from engine.reporting.markdown import one_line
from engine.reporting.sentences import Sample, bracketed
from engine.reporting.tables import Table
from engine.reporting.words import Words

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": r"{-}",
    # Signs that Latin typefaces lack.
    "★": r"$\star$",
    "†": r"\textdagger{}",
    "·": r"\textperiodcentered{}",
    "¶": r"\textparagraph{}",
    "…": r"\dots{}",
    "–": "--",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
_SPECIAL = re.compile("|".join(map(re.escape, _ESCAPES)))
_CLASS = {"zh": "ctexart", "en": "article"}
_LONG = 30


def latex(report: Report) -> str:
    """Return the document."""
    chinese = "" if report.words.language == "zh" else "\\usepackage[scheme=plain]{ctex}\n"
    parts = [
        "% xelatex, three times, since longtable measures its columns on the way; the tables need booktabs and longtable alone\n",
        f"\\documentclass[a4paper]{{{_CLASS[report.words.language]}}}\n{chinese}",
        "\\usepackage{textcomp}\n\\usepackage{booktabs}\n\\usepackage{longtable}\n\\usepackage[margin=20mm,landscape]{geometry}\n",
        f"\\title{{{tex(report.title)}}}\n\\author{{{tex(report.made)}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n",
    ]
    for section in report.sections:
        parts.append(f"\n\\section{{{tex(section.title)}}}\n")
        parts += [f"{tex(line)}\n\n" for line in section.paragraphs]
        parts += [_table(table) for table in section.tables if table.rows]
        parts += _sentences(section, report.words)
    return "".join([*parts, "\\end{document}\n"])


def tex(text: str) -> str:
    """Return a text in which nothing is a command; an empty line in it ends no paragraph."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], one_line(text))


def _table(table: Table) -> str:
    """Write a table; a long one goes on over pages, with its head on each."""
    columns = "l" * table.left + "r" * (len(table.heads) - table.left)
    heads = " & ".join(map(tex, table.heads)) + r" \\"
    # A row that begins with a bracket would be taken for what stands behind a line break.
    rows = "".join(" & ".join(map(_cell, row)) + " \\\\\n" for row in table.rows)
    caption, note = tex(table.caption), f"\n\\smallskip\n{tex(table.note)}\n" if table.note else ""
    if len(table.rows) > _LONG:
        return (
            f"\n\\begin{{longtable}}{{{columns}}}\n\\caption{{{caption}}}\\label{{tab:{table.name}}}\\\\\n"
            f"\\toprule\n{heads}\n\\midrule\n\\endfirsthead\n\\toprule\n{heads}\n\\midrule\n\\endhead\n"
            f"\\bottomrule\n\\endlastfoot\n{rows}\\end{{longtable}}\n{note}"
        )
    return (
        f"\n\\begin{{table}}[htbp]\n\\centering\n\\caption{{{caption}}}\\label{{tab:{table.name}}}\n\\begin{{tabular}}{{{columns}}}\n"
        f"\\toprule\n{heads}\n\\midrule\n{rows}\\bottomrule\n\\end{{tabular}}\n{note}\\end{{table}}\n"
    )


def _cell(words: str) -> str:
    written = tex(words)
    return f"{{}}{written}" if written.startswith(("[", "*")) else written


def _sentences(section: Section, words: Words) -> list[str]:
    parts = []
    for some in section.sentences:
        shown = "".join(_sample(sample, words) for sample in some.samples)
        parts.append(f"\n\\subsection*{{{tex(some.title)}}}\n\\begin{{itemize}}\n{shown}\\end{{itemize}}\n")
    return parts


def _sample(sample: Sample, words: Words) -> str:
    before, after = "…" if sample.before else "", "…" if sample.after else ""
    gold, found = (tex(f"{before}{bracketed(sample.text, marks)}{after}") for marks in (sample.gold, sample.found))
    return (
        f"\\item {tex(words('sentences.document', id=sample.document))}\\\\\n"
        f"{tex(words('gold'))}: {gold}\\\\\n{tex(words('found'))}: {found}\n"
    )
