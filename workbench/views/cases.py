"""Sentences as they are annotated and as models read them: gold above the text, predictions below it, differences marked.

Every difference has a sign and a line of its own kind, so that no colour is needed to see it, and is said in words below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.document import Document, Span
from engine.drawing.colours import palette
from engine.evaluation.kinds import DUOMO, KINDS, OTHER
from engine.evaluation.study import BOTH, BOUNDARY, MISSED, RIGHT, SPURIOUS, TYPE, Case
from engine.reporting.words import Words
from workbench.language import Texts
from workbench.views.document_list import Leaf, pages_html
from workbench.views.escape import esc
from workbench.views.layout import levels, pieces

SIGNS = {RIGHT: "✓", BOUNDARY: "↔", TYPE: "≠", BOTH: "✗", MISSED: "−", SPURIOUS: "＋"}
_ROOM = "____"
_LONG, _AROUND, _CHUNK = 240, 50, 10
_UNIT = re.compile(r"[A-Za-z0-9]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Track:
    """What one model says of a sentence: its name, what it found, and how that was judged."""

    name: str
    found: tuple[Span, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence to be drawn.

    Attributes:
        row: its number in the study.
        name: what its file calls it.
        text: all of it.
        gold: what is annotated.
        tracks: what the models say, one or two of them.
        chosen: the cases for which it is shown; empty if for none in particular.
    """

    row: int
    name: str
    text: str
    gold: tuple[Span, ...]
    tracks: tuple[Track, ...]
    chosen: tuple[Case, ...] = ()


def cases_html(sentences: Sequence[Sentence], leaf: Leaf, title: str, words: Texts, *, deeds: Sequence[str] = ()) -> str:
    """Draw a page of sentences.

    Args:
        sentences: of the page.
        leaf: which page it is.
        title: what was selected.
        words: of the page.
        deeds: what can be done with each, by the keys of ``errors.deed.*``.
    """
    head = f'<h2 tabindex="-1">{esc(title)}</h2>'
    if not sentences:
        return f'<section class="cases">{head}<p class="empty" role="status">{esc(words("errors.cases.none"))}</p></section>'
    first = leaf.number * leaf.size + 1
    count = words("errors.cases.count", first=first, last=first + len(sentences) - 1, total=f"{leaf.total:,}")
    tracks = " / ".join(track.name for track in sentences[0].tracks)
    labels = dict.fromkeys(span.label for each in sentences for span in _all(each))
    colours = palette(sorted(labels))
    items = "".join(_sentence(each, colours, words, deeds) for each in sentences)
    every = (
        f'<button type="button" class="quiet" data-do="keep" data-every="1">{esc(words("errors.deed.every"))}</button>'
        if "keep" in deeds
        else ""
    )
    return (
        f'<section class="cases">{head}<div class="found-head"><p class="found-count" role="status">{esc(count)}</p>{every}</div>'
        f'<p class="duomo-hint">{esc(words("errors.cases.legend", models=tracks))} {_legend(words)}</p>'
        f'<ol class="cases-list">{items}</ol>{pages_html(leaf, words)}</section>'
    )


def _legend(words: Texts) -> str:
    named = Words(words.language)
    return " ".join(
        f'<span class="case-key is-{name}"><b aria-hidden="true">{sign}</b> {esc(named(f"outcome.{name}"))}</span>'
        for name, sign in SIGNS.items()
    )


def _all(sentence: Sentence) -> Iterable[Span]:
    yield from sentence.gold
    for track in sentence.tracks:
        yield from track.found


def _sentence(each: Sentence, colours: Mapping[str, str], words: Texts, deeds: Sequence[str]) -> str:
    buttons = "".join(
        f'<button type="button" class="quiet" data-do="{deed}" data-row="{each.row}">{esc(words(f"errors.deed.{deed}"))}</button>'
        for deed in deeds
    )
    shown = "".join(_stretch(each, start, end, colours, words) for start, end in _stretches(each))
    said = "".join(_said(each, track, words, several=len(each.tracks) > 1) for track in each.tracks)
    return (
        f'<li class="case" data-row="{each.row}"><p class="case-name">{esc(each.name)}</p>'
        f'<div class="case-drawn" lang="zh">{shown}</div>{said}<p class="case-deeds">{buttons}</p></li>'
    )


def _stretches(each: Sentence) -> list[tuple[int, int]]:
    """Return what of a text is drawn: all of a short one, of a long one what is around the cases."""
    if len(each.text) <= _LONG:
        return [(0, len(each.text))]
    around: list[tuple[int, int]] = []
    for first, last in sorted(case.place for case in each.chosen) or [(0, _LONG - _AROUND)]:
        start, end = max(0, first - _AROUND), min(len(each.text), last + _AROUND)
        if around and start <= around[-1][1]:
            around[-1] = around[-1][0], max(end, around[-1][1])
        else:
            around.append((start, end))
    return around


def _stretch(each: Sentence, start: int, end: int, colours: Mapping[str, str], words: Texts) -> str:
    alone = each.tracks[0].cases if len(each.tracks) == 1 else ()
    lanes = [_Lane("gold", each.text, each.gold, {case.gold: case.outcome for case in alone if case.gold})]
    for track in each.tracks:
        judged = {case.found: case.outcome for case in track.cases if case.found}
        lanes.append(_Lane("found", each.text, track.found, judged))
    cuts = [span for lane in lanes for span in lane.spans]
    chosen = [case.place for case in each.chosen]
    body = []
    for piece in pieces(start, end, cuts):
        marked = any(first < piece.end and piece.start < last for first, last in chosen)
        for left, right in _chunks(each.text, piece.start, piece.end, bool(piece.spans)):
            gold, *found = (lane.html(left, right, colours, words) for lane in lanes)
            kind = " is-chosen" if marked else ""
            text = esc(each.text[left:right].replace("\r\n", "↵").replace("\n", "↵").replace("\r", "↵").replace("\t", "→"))
            body.append(f'<span class="case-piece{kind}">{gold}<span class="case-text">{text}</span>{"".join(found)}</span>')
    before, after = ("…" if start else ""), ("…" if end < len(each.text) else "")
    return f'<div class="case-stretch">{before}{"".join(body)}{after}</div>'


def _chunks(text: str, start: int, end: int, held: bool) -> Iterable[tuple[int, int]]:
    """Cut a piece so that a line can break in it: between characters outside of entities, rarely inside."""
    if held:
        yield from ((at, min(end, at + _CHUNK)) for at in range(start, end, _CHUNK))
    else:
        yield from ((start + found.start(), start + found.end()) for found in _UNIT.finditer(text[start:end]))


class _Lane:
    """The spans of one annotation, stacked above or below the text."""

    def __init__(self, kind: str, text: str, spans: Sequence[Span], outcomes: Mapping[Span, str]) -> None:
        self.kind, self.spans, self.outcomes = kind, spans, {span.key: outcome for span, outcome in outcomes.items()}
        # A sign stands before the label, and both are larger beside this text than where the levels are made for.
        wide = Document(text, tuple(Span(span.start, span.end, f"{span.label}{_ROOM}") for span in spans))
        found = levels(wide)
        self._levels = {(s.start, s.end, s.label.removesuffix(_ROOM)): level for s, level in found.items()}
        self._depth = 1 + max(self._levels.values(), default=0)

    def html(self, start: int, end: int, colours: Mapping[str, str], words: Texts) -> str:
        """Draw what of the lane is beside some characters."""
        here = {self._levels[span.key]: span for span in self.spans if span.start < end and start < span.end}
        bars = [self._bar(here.get(level), start, end, colours, words) for level in range(self._depth)]
        # The lowest level is nearest to the text.
        ordered = bars[::-1] if self.kind == "gold" else bars
        return f'<span class="case-lane is-{self.kind}">{"".join(ordered)}</span>'

    def _bar(self, span: Span | None, start: int, end: int, colours: Mapping[str, str], words: Texts) -> str:
        if span is None:
            return '<i class="case-bar"></i>'
        outcome = self.outcomes.get(span.key, "")
        ends = f"{' is-first' if span.start == start else ''}{' is-last' if span.end == end else ''}"
        score = "" if span.score is None else f" {span.score:.0%}"
        hover = f"{span.label}{score} {Words(words.language)(f'outcome.{outcome}') if outcome else ''}"
        # What is right needs no sign.
        sign = SIGNS[outcome] if outcome and outcome != RIGHT else ""
        label = f"<b>{sign}{esc(span.label)}</b>" if span.start == start else ""
        kind = f" is-{outcome}" if outcome else ""
        return (
            f'<i class="case-bar is-some{kind}{ends}" style="--color:{colours[span.label]}" title="{esc(hover)}" '
            f'aria-hidden="true">{label}</i>'
        )


def _said(each: Sentence, track: Track, words: Texts, *, several: bool) -> str:
    """Say in words what a model made of the sentence: the chosen cases, else whatever is wrong."""
    chosen = set(map(id, each.chosen))
    cases = [case for case in track.cases if id(case) in chosen] or [case for case in track.cases if case.outcome != RIGHT]
    name = f'<span class="case-model">{esc(track.name)}</span>' if several else ""
    if not cases:
        right = f'<li class="case-line is-right">{name}<b aria-hidden="true">✓</b> {esc(words("errors.cases.right"))}</li>'
        return f'<ul class="case-lines">{right}</ul>'
    lines = "".join(f'<li class="case-line is-{case.outcome}">{name}{_line(case, each.text, words)}</li>' for case in cases)
    return f'<ul class="case-lines">{lines}</ul>'


def _line(case: Case, text: str, words: Texts) -> str:
    gold, found = (_mention(span, text) for span in (case.gold, case.found))
    nothing = f"<small>{esc(words('errors.cases.nothing'))}</small>"
    named = Words(words.language)
    # The kinds of CMNER and CNERTA say again what the outcome says.
    kinds = [named.kind(kind) for kind in case.kinds if KINDS[kind].group == DUOMO and kind != OTHER]
    facts = " · ".join([named(f"outcome.{case.outcome}"), *kinds])
    return (
        f'<b aria-hidden="true">{SIGNS[case.outcome]}</b> {gold or nothing} <span aria-hidden="true">→</span> {found or nothing} '
        f'<small class="case-kinds">{esc(facts)}</small>'
    )


def _mention(span: Span | None, text: str) -> str:
    if span is None:
        return ""
    score = "" if span.score is None else f" {span.score:.0%}"
    return f'<span lang="zh">{esc(text[span.start : span.end])}</span> <small>{esc(span.label)}{score}</small>'
