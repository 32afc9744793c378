"""Error kinds as bars: what goes wrong how often, each case counted once in its group, or under every kind that it is of."""

from __future__ import annotations

from collections.abc import Sequence

from engine.evaluation.study import KindCount
from engine.reporting.words import Words
from workbench.language import Texts
from workbench.views.escape import esc


def kinds_html(kinds: Sequence[KindCount], words: Texts, *, together: bool = False) -> str:
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


def _group(group: str, kinds: Sequence[KindCount], words: Texts, together: bool) -> str:
    counted = [(kind, kind.together if together else kind.once) for kind in kinds]
    most = max((count for _, count in counted), default=0) or 1
    rows = "".join(_row(kind, count, most, words, together) for kind, count in counted if count)
    named = Words(words.language)
    none = words.listed(named.kind(kind.name) for kind, count in counted if not count)
    nothing = f'<p class="duomo-hint">{esc(words("errors.kinds.none", kinds=none))}</p>' if none else ""
    return f'<h3>{esc(named.group(group))}</h3><ul class="duomo-bars kinds">{rows}</ul>{nothing}'


def _row(kind: KindCount, count: int, most: int, words: Texts, together: bool) -> str:
    named = Words(words.language)
    select = f"{'kind' if together else 'first'}:{kind.name}"
    return (
        f'<li><button type="button" class="kinds-open" data-do="pick" data-select="{esc(select)}" '
        f'title="{esc(named.hint(kind.name))}"><span class="kinds-name">{esc(named.kind(kind.name))}</span>'
        f'<span class="bar-track"><i style="width:{100 * count / most:.1f}%;--color:var(--border-color-accent)"></i></span>'
        f'<span class="bar-count">{count:,}</span></button></li>'
    )
