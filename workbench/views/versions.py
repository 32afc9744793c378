"""What several people made of one text, to be weighed: the passages they differ in, and a table of who says what."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from engine.document import Document, Span
from engine.drawing.colours import palette
from workbench.judging import Labels, Unit, Voice, passages, versions
from workbench.views.escape import esc
from workbench.views.spans import spans_html

DIFFERENT = "≠"
NONE = "—"
_MENTION = 24
_TAB = "\t"
# What a style sheet lays out otherwise than as a table is none to a screen reader, unless it is called so.
_COLUMN = '<th scope="col" role="columnheader">'
_MOST = 150
"""Versions of passages that are drawn: what a page can hold, and more than anybody reads side by side."""


def versions_html(text: str, voices: Sequence[Voice], units: Sequence[Unit], texts: Mapping[str, str], *, whole: bool) -> str:
    """Draw each passage once for each version of it, named after those who hold it.

    Args:
        text: of the document.
        voices: the versions.
        units: what there is to decide.
        texts: the words ``views.versions.*``.
        whole: whether passages that all agree on are drawn too.
    """
    colours = palette(sorted({span.label for voice in voices for span in voice.spans}))
    colours = {**colours, **{f"{DIFFERENT} {label}": colour for label, colour in colours.items()}}
    open_units = {(unit.start, unit.end) for unit in units if unit.differs}
    starts = sorted(start for start, _ in open_units)
    parts, agreed, beyond, drawn = [], 0, 0, 0
    for start, end in passages(text, voices):
        if not whole and bisect_left(starts, start) == bisect_left(starts, end):
            agreed += 1
            continue
        if drawn >= _MOST:
            beyond += 1
            continue
        held = versions(start, end, voices)
        drawn += len(held)
        rows = "".join(
            f'<li><p class="weigh-holders">{_holders(holders, voices, texts)}</p>'
            f"{_passage(text, (start, end), spans, open_units, colours, texts)}</li>"
            for holders, spans in held
        )
        parts.append(f'<ul class="weigh-passage" lang="zh">{rows}</ul>')
    for name, count in (("left_out", agreed), ("beyond", beyond)):
        if count:
            parts.append(f'<p class="duomo-hint">{esc(texts[f"views.versions.{name}"].format(count=count))}</p>')
    return f'<div class="weigh-versions">{"".join(parts)}</div>'


def units_html(
    text: str, voices: Sequence[Voice], units: Sequence[Unit], texts: Mapping[str, str], *, whole: bool, flat: bool, key: str
) -> str:
    """Draw who calls each stretch what, each answer a button; ``adjudicate.js`` does what they say.

    Args:
        text: of the document.
        voices: the versions, a column each.
        units: the stretches, a row each.
        texts: the words ``views.versions.*``.
        whole: whether rows that all agree on are there too.
        flat: whether spans must not overlap.
        key: of the document in the editor that shows the result.
    """
    t = {name: texts[f"views.versions.{name}"] for name in ("mention", "result", "majority", "take_all", "take_all_of")}
    heads = "".join(_head(number, voice, t) for number, voice in enumerate(voices))
    asked = sum(voice.kind == "annotator" for voice in voices)
    rows = "".join(_row(text, voices, unit, texts, asked) for unit in units if unit.differs or whole)
    return (
        f'<div class="weigh-scroll"><table class="weigh" role="table" style="--voices:{len(voices)}" '
        f'data-key="{esc(key)}" data-flat="{int(flat)}" '
        f'data-open="{esc(texts["views.versions.open"])}" data-none="{NONE}"><thead role="rowgroup">'
        f'<tr role="row">{_COLUMN}{esc(t["mention"])}</th>{_COLUMN}{esc(t["result"])}</th>'
        f'{_COLUMN}<span>{esc(t["majority"])}</span></th>{heads}</tr></thead><tbody role="rowgroup">{rows}</tbody></table></div>'
    )


def _holders(holders: Iterable[Voice], voices: Sequence[Voice], texts: Mapping[str, str]) -> str:
    named = list(holders)
    names = " · ".join(voice.name for voice in named)
    asked, count = (sum(voice.kind == "annotator" for voice in each) for each in (voices, named))
    share = f"<b>{count}/{asked}</b> " if count else ""
    return f"{share}{esc(names)}"


def _passage(
    text: str,
    place: tuple[int, int],
    spans: Iterable[Span],
    open_units: set[tuple[int, int]],
    colours: Mapping[str, str],
    texts: Mapping[str, str],
) -> str:
    start, end = place
    part = text[start:end].rstrip("\r\n")
    shown = [
        Span(
            span.start - start,
            span.end - start,
            f"{DIFFERENT} {span.label}" if (span.start, span.end) in open_units else span.label,
        )
        for span in spans
        if span.end - start <= len(part)
    ]
    return spans_html(Document(part, tuple(shown)), texts, colours=colours)


def _head(number: int, voice: Voice, words: Mapping[str, str]) -> str:
    label = words["take_all_of"].format(name=voice.name)
    name, take = esc(voice.name), f'class="weigh-all" data-voice="{number}" aria-label="{esc(label)}"'
    button = f'<button type="button" {take}>{esc(words["take_all"])}</button>'
    return f'<th scope="col" role="columnheader" class="is-{voice.kind}"><span title="{name}">{name}</span>{button}</th>'


def _row(text: str, voices: Sequence[Voice], unit: Unit, texts: Mapping[str, str], asked: int) -> str:
    mention = " ".join(text[unit.start : unit.end].split())
    short = mention if len(mention) <= _MENTION else f"{mention[: _MENTION - 1]}…"
    cells = "".join(
        f'<td role="cell">{_cell(labels, "" if labels == unit.majority or voice.kind != "annotator" else DIFFERENT)}</td>'
        for labels, voice in zip(unit.said, voices, strict=True)
    )
    if unit.majority is None:
        most = f'<span class="weigh-none">{esc(texts["views.versions.no_majority"])}</span>'
    else:
        most = _cell(unit.majority, f"{unit.votes[0][1]}/{asked}", " is-most")
    kind = "is-open" if unit.differs else "is-agreed"
    place = f'data-from="{unit.start}" data-to="{unit.end}"'
    head = f'<button type="button" class="weigh-mention" lang="zh" title="{esc(mention)}">{esc(short)}</button>'
    begin = f'<tr role="row" class="{kind}" {place}><th scope="row" role="rowheader">{head}</th>'
    return f'{begin}<td role="cell" class="weigh-result"></td><td role="cell">{most}</td>{cells}</tr>'


def _cell(labels: Labels, mark: str, more: str = "") -> str:
    said = " + ".join(labels) or NONE
    small = f" <small>{esc(mark)}</small>" if mark else ""
    # Twenty annotators and a long text make ten thousand of these: what they say is said once.
    return f'<button type="button" class="weigh-cell{more}" data-labels="{esc(_TAB.join(labels))}">{esc(said)}{small}</button>'
