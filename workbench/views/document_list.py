"""A page of the documents that were found: each with how far it is, who annotated it, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.views.desk import status_html
from workbench.views.escape import esc

Words = Callable[..., str]
_BEFORE, _LENGTH = 14, 64


@dataclass(frozen=True, slots=True)
class Row:
    """A document that was found.

    Attributes:
        id: its number.
        text: all of it.
        name: what its file calls it.
        status: how far it is.
        authors: who annotated it, as they are called.
        spans: how many are marked; ``None`` where nobody has said.
        marks: what else is to be said, by the keys of ``documents.mark.*``: flagged, conflicted, disagreement.
        time: when it was last saved, or put into the recycle bin.
        current: whether its card is open.
    """

    id: int
    text: str
    name: str
    status: str
    authors: tuple[str, ...]
    spans: int | None
    marks: tuple[str, ...]
    time: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """Which page of how many documents is shown: from 0, and how many there are on one."""

    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        """Return the number of the last page."""
        return max(0, (self.total - 1) // self.size)


def list_html(rows: Sequence[Row], leaf: Leaf, words: Words, *, query: str = "", deed: str = "", narrowed: bool = False) -> str:
    """Draw a page of documents.

    Args:
        rows: the documents of the page.
        leaf: which page it is.
        words: of the page.
        query: the text that was looked for; it is marked.
        deed: what can be done with those that are ticked, ``"bin"`` or ``"unbin"``; nothing where there is nothing.
        narrowed: whether anything was looked for.
    """
    if not rows:
        key = "documents.empty.bin" if deed == "unbin" else "documents.empty.found" if narrowed else "documents.empty.project"
        return f'<p class="empty" role="status">{esc(words(key))}</p>'
    first = leaf.number * leaf.size + 1
    count = words("documents.count.label", first=first, last=first + len(rows) - 1, total=leaf.total)
    items = "".join(_row(row, query, words, bool(deed)) for row in rows)
    return (
        f'<div class="found"><div class="found-head"><p class="found-count" role="status">{esc(count)}</p>'
        f"{_tools(deed, words)}</div>"
        f'<ol class="found-list">{items}</ol>{pages_html(leaf, words)}</div>'
    )


def _tools(deed: str, words: Words) -> str:
    if not deed:
        return ""
    return (
        f'<span class="found-tools"><label><input type="checkbox" data-pick="all"> {esc(words("documents.all.label"))}</label>'
        f'<button type="button" class="quiet" data-do="{deed}" data-picked disabled>{esc(words(f"documents.{deed}.label"))}'
        f'<span class="picked" aria-live="polite"></span></button></span>'
    )


def _row(row: Row, query: str, words: Words, tickable: bool) -> str:
    title = f'<span class="found-name">{esc(row.name or f"#{row.id}")}</span>'
    tick = esc(words("documents.tick.label", name=row.name or f"#{row.id}"))
    box = f'<input type="checkbox" data-pick="{row.id}" aria-label="{tick}">' if tickable else ""
    authors = "、".join(row.authors)
    spans = "" if row.spans is None else words("documents.spans.label", count=row.spans)
    facts = [status_html(row.status, words), *(esc(fact) for fact in (spans, authors, row.time) if fact)]
    marks = "".join(f'<span class="mark is-{mark}">{esc(words(f"documents.mark.{mark}"))}</span>' for mark in row.marks)
    current = ' aria-current="true"' if row.current else ""
    return (
        f'<li class="found-row">{box}<button type="button" class="found-open" data-do="card" data-id="{row.id}"{current}>'
        f'<span class="found-text" lang="zh">{_excerpt(row.text, query)}</span>'
        f'<span class="found-facts">{title} {" · ".join(facts)} {marks}</span></button></li>'
    )


def _excerpt(text: str, query: str) -> str:
    """Return where a text holds what was looked for, which is marked; else how it begins."""
    at = _find(text, query)
    start = max(0, at - _BEFORE) if at > _LENGTH // 2 else 0
    shown = text[start : start + _LENGTH]
    before, after = ("…" if start else ""), ("…" if start + _LENGTH < len(text) else "")
    if at < 0 or at + len(query) > start + _LENGTH:
        return before + _line(shown) + after
    near = at - start
    marked = f"{_line(shown[:near])}<mark>{_line(shown[near : near + len(query)])}</mark>{_line(shown[near + len(query) :])}"
    return before + marked + after


def _find(text: str, query: str) -> int:
    return _folded(text).find(_folded(query)) if query else -1


def _folded(text: str) -> str:
    return "".join(character.lower() if character.isascii() else character for character in text)


def _line(text: str) -> str:
    return esc("".join(" " if character in "\r\n\t" else character for character in text))


def pages_html(leaf: Leaf, words: Words) -> str:
    """Draw the way to the pages before and after."""
    if not leaf.last:
        return ""
    back, on = leaf.number - 1, leaf.number + 1
    here = words("documents.page.label", number=leaf.number + 1, total=leaf.last + 1)
    return (
        f'<nav class="found-pages" aria-label="{esc(words("documents.pages.label"))}">'
        f"{_turn(back, words('documents.page.back'), back < 0)}<span>{esc(here)}</span>"
        f"{_turn(on, words('documents.page.on'), on > leaf.last)}</nav>"
    )


def _turn(number: int, word: str, off: bool) -> str:
    disabled = " disabled" if off else ""
    return f'<button type="button" class="quiet" data-do="turn" data-number="{number}"{disabled}>{esc(word)}</button>'
