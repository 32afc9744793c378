"""What an upload would bring: its documents, labels, files and everything wrong with it; and how far bringing it in is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.document import Document
from engine.drawing.colours import palette
from engine.errors import Problem
from workbench.views.escape import esc
from workbench.views.spans import spans_html

MOST_ROWS = 200
_LONGEST = 300
_MOST_NAMES = 12


@dataclass(frozen=True)
class Incoming:
    """What is drawn of a look at an upload.

    Attributes:
        formats: files, and what their formats are called.
        documents: how many sound ones.
        characters: in all of them.
        labels: how many spans each has.
        new: labels that the project does not have yet.
        first: the first documents.
        problems: what is wrong.
        notes: what is read otherwise, and how often.
        found: pictures and recordings that are there.
        missing: names of those that are not.
    """

    formats: Sequence[tuple[str, str]]
    documents: int
    characters: int
    labels: Mapping[str, int]
    new: Sequence[str]
    first: Sequence[Document]
    problems: Sequence[Problem]
    notes: Mapping[str, int]
    found: int
    missing: Sequence[str]


def incoming_html(shown: Incoming, texts: Mapping[str, str]) -> str:
    """Draw what an upload would bring.

    Args:
        shown: what is drawn.
        texts: the words under ``views.incoming``.
    """
    count = texts["views.incoming.count"].format(documents=f"{shown.documents:,}", characters=f"{shown.characters:,}")
    read = "".join(f"<li>{esc(file)}<span>{esc(title)}</span></li>" for file, title in shown.formats[:_MOST_NAMES])
    more = f"<li>… {len(shown.formats) - _MOST_NAMES:+,}</li>" if len(shown.formats) > _MOST_NAMES else ""
    parts = [
        f'<p class="incoming-count" role="status">{esc(count)}</p>',
        f'<ul class="incoming-files">{read}{more}</ul>' if shown.formats else "",
        problems_html(shown.problems, texts),
        _labels(shown, texts),
        _files(shown, texts),
        _listed(texts["views.incoming.notes"], [f"{note} ({count:,})" for note, count in shown.notes.items()]),
        _first(shown.first, texts),
    ]
    return f'<section class="incoming">{"".join(parts)}</section>'


def problems_html(problems: Sequence[Problem], texts: Mapping[str, str]) -> str:
    """Draw what is wrong, a place a row; an empty list gives nothing."""
    if not problems:
        return ""
    rows = "".join(
        f'<tr><td>{esc(p.file)}</td><td class="is-line">{p.line or "–"}</td><td>{esc(p.expected)}</td><td>{esc(p.got)}</td></tr>'
        for p in problems[:MOST_ROWS]
    )
    heads = "".join(f'<th scope="col">{esc(texts[f"views.incoming.{key}"])}</th>' for key in ("file", "line", "expected", "got"))
    title = texts["views.incoming.problems"].format(count=f"{len(problems):,}")
    more = len(problems) - MOST_ROWS
    rest = f'<p class="duomo-note">{esc(texts["views.incoming.more"].format(count=f"{more:,}"))}</p>' if more > 0 else ""
    return (
        f'<h3 class="incoming-wrong">{esc(title)}</h3><div class="incoming-table" tabindex="0"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{rest}"
    )


def progress_html(done: int, whole: int, line: str) -> str:
    """Draw how far something is; of an unknown whole, that it goes on."""
    value = f' value="{min(done, whole)}" max="{whole}"' if whole else ""
    return f'<div class="exchange-progress" role="status"><progress{value}></progress><span>{esc(line)}</span></div>'


def _labels(shown: Incoming, texts: Mapping[str, str]) -> str:
    if not shown.labels:
        return ""
    colours, new = palette(shown.labels), set(shown.new)
    mark = f"<em>{esc(texts['views.incoming.new'])}</em>"
    items = "".join(
        f'<li style="--color:{colours[label]}"><b>{esc(label)}</b><span>{count:,}</span>{mark if label in new else ""}</li>'
        for label, count in shown.labels.items()
    )
    declared = f'<p class="duomo-note">{esc(texts["views.incoming.declared"])}</p>' if new else ""
    return f'<h3>{esc(texts["views.incoming.labels"])}</h3><ul class="label-counts">{items}</ul>{declared}'


def _files(shown: Incoming, texts: Mapping[str, str]) -> str:
    if not shown.found and not shown.missing:
        return ""
    line = texts["views.incoming.files"].format(found=f"{shown.found:,}", missing=f"{len(shown.missing):,}")
    return f"<h3>{esc(line)}</h3>" if not shown.missing else _listed(line, shown.missing, "incoming-wrong")


def _listed(title: str, names: Sequence[str], kind: str = "") -> str:
    if not names:
        return ""
    items = "".join(f"<li>{esc(name)}</li>" for name in names[:_MOST_NAMES])
    more = f"<li>… +{len(names) - _MOST_NAMES:,}</li>" if len(names) > _MOST_NAMES else ""
    return f'<h3 class="{kind}">{esc(title)}</h3><ul class="incoming-names">{items}{more}</ul>'


def _first(documents: Sequence[Document], texts: Mapping[str, str]) -> str:
    drawn = "".join(f"<li>{spans_html(_beginning(document), texts)}</li>" for document in documents)
    return f'<h3>{esc(texts["views.incoming.first"])}</h3><ol class="incoming-first">{drawn}</ol>' if drawn else ""


def _beginning(document: Document) -> Document:
    if len(document) <= _LONGEST:
        return document
    inside = [span for span in document.spans if span.end <= _LONGEST]
    start = document.part(0, _LONGEST, inside)
    return Document(start.text + "…", start.spans, document.id)
