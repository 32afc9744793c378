"""The labels of a project, in their order: colour and name, what they mean, and how often they stand in annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.drawing.colours import palette
from workbench.views.escape import esc

_EXAMPLES = 3


@dataclass(frozen=True)
class LabelCard:
    """One label as it is listed; the fields are those of :class:`workbench.store.Label`.

    Attributes:
        used: how many annotations are read as it.
        former: names that are read as it since they were renamed or merged.
    """

    name: str
    zh: str = ""
    en: str = ""
    colour: str = ""
    key: str = ""
    definition: str = ""
    examples: Sequence[str] = ()
    retired: bool = False
    used: int = 0
    former: Sequence[str] = field(default=())


def label_list_html(cards: Sequence[LabelCard], texts: Mapping[str, str], *, chosen: str = "", editable: bool = True) -> str:
    """Draw the labels; buttons carry what they do under ``data-act`` and to which label under ``data-name``.

    Args:
        cards: in their order.
        texts: the words under ``views.labels``.
        chosen: the label that the form shows.
        editable: whether there are buttons at all.
    """
    if not cards:
        return f'<p class="empty">{esc(texts["views.labels.none"])}</p>'
    colours = palette([card.name for card in cards])
    last = len(cards) - 1
    rows = "".join(
        _row(card, card.colour or colours[card.name], texts, card.name == chosen, (at > 0, at < last) if editable else None)
        for at, card in enumerate(cards)
    )
    return f'<ol class="label-list">{rows}</ol>'


def undeclared_html(used: Mapping[str, int], texts: Mapping[str, str], *, editable: bool = True) -> str:
    """Draw the labels that stand in annotations and are not among the project's; none gives nothing."""
    if not used:
        return ""
    items = "".join(
        f'<li style="--color:{colour}"><b>{esc(name)}</b><span>{used[name]:,}</span>'
        f"{_button('declare', name, texts['views.labels.declare'], texts) if editable else ''}</li>"
        for name, colour in palette(used).items()
    )
    every = _button("declare_all", "", texts["views.labels.declare_all"], texts) if editable and len(used) > 1 else ""
    line = esc(texts["views.labels.undeclared"])
    return f'<div class="notice notice-warning" role="status">{line}<ul class="label-counts">{items}</ul>{every}</div>'


def _row(card: LabelCard, colour: str, texts: Mapping[str, str], chosen: bool, moves: tuple[bool, bool] | None) -> str:
    kinds = ["label-row", *(["is-retired"] if card.retired else []), *(["is-chosen"] if chosen else [])]
    names = " · ".join(esc(name) for name in (card.zh, card.en) if name)
    key = f"<kbd>{esc(card.key)}</kbd>" if card.key else ""
    retired = f"<em>{esc(texts['views.labels.retired'])}</em>" if card.retired else ""
    used = esc(texts["views.labels.used"].format(count=f"{card.used:,}"))
    definition = f'<p class="label-definition">{esc(card.definition)}</p>' if card.definition else ""
    shown = "".join(f"<q>{esc(example)}</q>" for example in card.examples[:_EXAMPLES])
    examples = f'<p class="label-examples">{shown}</p>' if shown else ""
    return (
        f'<li class="{" ".join(kinds)}" style="--color:{esc(colour)}">'
        f'<p class="label-head"><i class="label-swatch" aria-hidden="true"></i><b>{esc(card.name)}</b>'
        f'<span class="label-names">{names}</span>{key}{retired}<span class="label-used">{used}</span></p>'
        f"{definition}{examples}{_former(card, texts, moves is not None)}{_acts(card, texts, moves)}</li>"
    )


def _former(card: LabelCard, texts: Mapping[str, str], editable: bool) -> str:
    items = "".join(
        f"<span><b>{esc(name)}</b>{_button('part', name, texts['views.labels.part'], texts) if editable else ''}</span>"
        for name in card.former
    )
    return f'<p class="label-former">{esc(texts["views.labels.former"])}{items}</p>' if items else ""


def _acts(card: LabelCard, texts: Mapping[str, str], moves: tuple[bool, bool] | None) -> str:
    if moves is None:
        return ""
    act = "offer" if card.retired else "retire"
    return (
        '<div class="label-acts">'
        f"{_button('up', card.name, '↑', texts, moves[0])}{_button('down', card.name, '↓', texts, moves[1])}"
        f"{_button('edit', card.name, texts['views.labels.edit'], texts)}"
        f"{_button(act, card.name, texts[f'views.labels.{act}'], texts)}</div>"
    )


def _button(act: str, name: str, words: str, texts: Mapping[str, str], enabled: bool = True) -> str:
    label = f"{texts['views.labels.' + act]} {name}".strip()
    off = "" if enabled else " disabled"
    return (
        f'<button type="button" class="label-act" data-act="{act}" data-name="{esc(name)}" '
        f'aria-label="{esc(label)}" title="{esc(label)}"{off}>{esc(words)}</button>'
    )
