"""One document: its text as it stands or stood, who has to do with it, and all that was done to it, change by change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.document import Document, Span
from engine.drawing.colours import palette
from workbench.views.desk import remarks_html, status_html
from workbench.views.escape import esc
from workbench.views.spans import spans_html

Words = Callable[..., str]
Change = tuple[str, Span | None, Span | None]
"""``added``, ``removed``, ``relabelled`` or ``moved``; the span before and the span after."""

_SIGNS = {"added": "+", "removed": "−", "relabelled": "⇄", "moved": "↔"}
_AROUND = 8
_MOST = 60


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done to a document.

    Attributes:
        what: in words.
        who: did it.
        time: when.
        revision: the id of the revision that came of it; 0 for none.
        facts: what else is to be said of it.
        changes: from the version before; ``None`` where there is none to compare with.
        from_gold: how the gold differs from it; ``None`` where there is no gold to compare with.
        restorable: whether it can be brought back.
        shown: whether it is the version whose text is shown.
        warning: whether two had saved at once.
    """

    what: str
    who: str
    time: str
    revision: int = 0
    facts: tuple[str, ...] = ()
    changes: tuple[Change, ...] | None = None
    from_gold: tuple[Change, ...] | None = None
    restorable: bool = False
    shown: bool = False
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What there is to say of a document.

    Attributes:
        id: its number.
        name: what its file calls it.
        status: how far it is.
        marks: what else is to be said of it, as in the list.
        document: its text with the spans of the version that is shown.
        version: which that is, in words.
        facts: term and words.
        notes: who, and what.
        steps: the last first.
        deed: what can be done with the document, ``"bin"`` or ``"unbin"``; nothing for nothing.
        beside: the pictures beside it, drawn.
    """

    id: int
    name: str
    status: str
    marks: tuple[str, ...]
    document: Document
    version: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[tuple[str, str]]
    steps: Sequence[Step]
    deed: str = ""
    beside: str = ""


def card_html(card: Card, words: Words, texts: Mapping[str, str]) -> str:
    """Draw the card of a document.

    Args:
        card: what to say.
        words: of the page.
        texts: the same, as the view of spans takes them.
    """
    marks = "".join(f'<span class="mark is-{mark}">{esc(words(f"documents.mark.{mark}"))}</span>' for mark in card.marks)
    facts = "".join(f"<dt>{esc(term)}</dt><dd>{esc(said)}</dd>" for term, said in card.facts)
    annotate = _button("annotate", card.id, words, main=True) if card.deed != "unbin" else ""
    deed = _button(card.deed, card.id, words) if card.deed else ""
    steps = "".join(_step(step, card, words) for step in card.steps[:_MOST])
    left = len(card.steps) - _MOST
    name, notes = esc(card.name or f"#{card.id}"), remarks_html(card.notes, words, "documents.notes.title")
    more = f'<p class="steps-more">{esc(words("documents.history.more", count=left))}</p>' if left > 0 else ""
    return (
        f'<article class="paper" aria-label="{name}"><header><h2>{name}</h2>{status_html(card.status, words)}{marks}'
        f'<span class="paper-tools">{annotate}{deed}</span></header>'
        f'<p class="paper-version" role="status">{esc(card.version)}</p>{card.beside}{spans_html(card.document, texts)}'
        f"<dl>{facts}</dl>{notes}"
        f'<h3>{esc(words("documents.history.title"))}</h3><ol class="steps">{steps}</ol>{more}</article>'
    )


def _button(deed: str, number: int, words: Words, *, main: bool = False) -> str:
    kind, word = "main" if main else "quiet", esc(words(f"documents.{deed}.label"))
    return f'<button type="button" class="{kind}" data-do="{deed}" data-id="{number}">{word}</button>'


def _step(step: Step, card: Card, words: Words) -> str:
    facts = "".join(f"<span>{esc(fact)}</span>" for fact in step.facts)
    kinds = "".join(
        [" is-version" if step.revision else "", " is-shown" if step.shown else "", " is-warning" if step.warning else ""]
    )
    line = f'<p class="step-line"><b>{esc(step.what)}</b> <span>{esc(step.who)}</span> <time>{esc(step.time)}</time>{facts}</p>'
    return f'<li class="step{kinds}">{line}{_compared(step, card, words) if step.revision else ""}</li>'


def _compared(step: Step, card: Card, words: Words) -> str:
    place = f'data-id="{card.id}" data-revision="{step.revision}"'
    deeds = [deed for deed, offered in (("version", not step.shown), ("restore", step.restorable)) if offered]
    tools = "".join(
        f'<button type="button" class="quiet" data-do="{deed}" {place}>{esc(words(f"documents.{deed}.label"))}</button>'
        for deed in deeds
    )
    parts = [
        difference_html(step.changes, card.document.text, words, "documents.diff.before"),
        difference_html(step.from_gold, card.document.text, words, "documents.diff.gold"),
    ]
    return f'{"".join(parts)}<p class="step-tools">{tools}</p>'


def difference_html(changes: tuple[Change, ...] | None, text: str, words: Words, title: str) -> str:
    """Draw how two annotations of one text differ, folded up under its figures; nothing where there is nothing to compare.

    Args:
        changes: to come from the one to the other.
        text: that both annotate.
        words: of the page; ``documents.diff.*``.
        title: the key of what is compared.
    """
    if changes is None:
        return ""
    if not changes:
        return f'<p class="diff-none">{esc(words(title))} {esc(words("documents.diff.none"))}</p>'
    counts = []
    for kind, sign in _SIGNS.items():
        if count := sum(change[0] == kind for change in changes):
            counts.append(f'<span class="diff-{kind}">{sign} {esc(words(f"documents.diff.{kind}"))} {count}</span>')
    spans = [span for _, before, after in changes for span in (before, after) if span]
    colours = palette(dict.fromkeys(span.label for span in spans))
    ordered = sorted(changes, key=lambda change: (change[1] or change[2] or spans[0]).start)
    lines = "".join(_change(change, text, words, colours) for change in ordered)
    return f'<details class="diff"><summary>{esc(words(title))} {" ".join(counts)}</summary><ul>{lines}</ul></details>'


def _change(change: Change, text: str, words: Words, colours: dict[str, str]) -> str:
    kind, before, after = change
    shown = after or before
    if shown is None:
        return ""
    start, end = max(0, shown.start - _AROUND), shown.end + _AROUND
    tag = "del" if kind == "removed" else "ins" if kind == "added" else "b"
    mention = f'<{tag} style="--color:{colours[shown.label]}">{_quoted(text[shown.start : shown.end])}</{tag}>'
    before_it, after_it = _quoted(text[start : shown.start]), _quoted(text[shown.end : end])
    around = f"{'…' if start else ''}{before_it}{mention}{after_it}{'…' if end < len(text) else ''}"
    return (
        f'<li class="diff-{kind}"><span class="diff-sign" aria-hidden="true">{_SIGNS[kind]}</span>'
        f'<span class="diff-word">{esc(words(f"documents.diff.{kind}"))}</span>'
        f'<span class="diff-what">{_said(kind, before, after, text)}</span>'
        f'<span class="diff-around" lang="zh">{around}</span></li>'
    )


def _said(kind: str, before: Span | None, after: Span | None, text: str) -> str:
    if kind == "relabelled" and before and after:
        return f"<del>{esc(before.label)}</del> → <ins>{esc(after.label)}</ins>"
    if kind == "moved" and before and after:
        old, new = (_quoted(text[span.start : span.end]) for span in (before, after))
        return f"{esc(after.label)} <del>{old}</del> → <ins>{new}</ins>"
    span = after or before
    return esc(span.label) if span else ""


def _quoted(text: str) -> str:
    return esc("".join(" " if character in "\r\n\t" else character for character in text))
