"""Error kinds as bars: what goes wrong how often, each case counted once in its group, or under every kind that it is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.evaluation.study import KindCount
from workbench.views.escape import esc

Words = Callable[..., str]


def kind_name(name: str, words: Words) -> str:
    """Return what an error kind is called."""
    return words(f"errors.kind.{name}")


def kinds_html(kinds: Sequence[KindCount], words: Words, *, together: bool = False) -> str:
    """Draw the kinds, group by group.

    Args:
        kinds: to draw; those that nothing is of are named below the others.
        words: of the page.
        together: whether a case counts under every kind that it is of.
    """
    groups = dict.fromkeys(kind.group for kind in kinds)
    drawn = "".join(_group(group, [kind for kind in kinds if kind.group == group], words, together) for group in groups)
    ways = "".join(
        f'<button type="button" class="quiet" data-do="count" data-way="{way}" aria-pressed="{str(on).lower()}">'
        f"{esc(words(f'errors.kinds.{way}'))}</button>"
        for way, on in (("once", not together), ("together", together))
    )
    hint = words("errors.kinds.together_hint" if together else "errors.kinds.once_hint")
    return f'<div class="kinds-ways" role="group">{ways}</div><p class="duomo-hint">{esc(hint)}</p>{drawn}'


def _group(group: str, kinds: Sequence[KindCount], words: Words, together: bool) -> str:
    counted = [(kind, kind.together if together else kind.once) for kind in kinds]
    most = max((count for _, count in counted), default=0) or 1
    rows = "".join(_row(kind, count, most, words, together) for kind, count in counted if count)
    none = "、".join(kind_name(kind.name, words) for kind, count in counted if not count)
    nothing = f'<p class="duomo-hint">{esc(words("errors.kinds.none", kinds=none))}</p>' if none else ""
    return f'<h3>{esc(words(f"errors.kinds.{group}"))}</h3><ul class="duomo-bars kinds">{rows}</ul>{nothing}'


def _row(kind: KindCount, count: int, most: int, words: Words, together: bool) -> str:
    name = kind_name(kind.name, words)
    select = f"{'kind' if together else 'first'}:{kind.name}"
    return (
        f'<li><button type="button" class="kinds-open" data-do="pick" data-select="{esc(select)}" '
        f'title="{esc(words(f"errors.kind_hint.{kind.name}"))}"><span class="kinds-name">{esc(name)}</span>'
        f'<span class="bar-track"><i style="width:{100 * count / most:.1f}%;--color:var(--border-color-accent)"></i></span>'
        f'<span class="bar-count">{count:,}</span></button></li>'
    )
