"""The lists of sentences of a project: how many are in each, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.views.escape import esc

Words = Callable[..., str]


def lists_html(lists: Sequence[tuple[int, str, int]], words: Words) -> str:
    """Draw a row for each list.

    Args:
        lists: number, name and how many sentences of each.
        words: of the page.
    """
    if not lists:
        return f'<p class="empty">{esc(words("errors.lists.none"))}</p>'
    study, save = esc(words("errors.lists.study")), esc(words("errors.lists.save"))
    rows = "".join(
        f"<li><b>{esc(name)}</b> <small>{esc(words('errors.lists.count', count=f'{count:,}'))}</small>"
        f'<span class="list-deeds"><button type="button" class="quiet" data-do="study" data-id="{number}">{study}</button>'
        + "".join(
            f'<button type="button" class="quiet" data-do="save" data-id="{number}" data-format="{kind}" '
            f'aria-label="{save}: {esc(name)}, {kind.upper()}">{kind.upper()}</button>'
            for kind in ("jsonl", "csv")
        )
        + "</span></li>"
        for number, name, count in lists
    )
    return f'<ul class="sentence-lists">{rows}</ul>'
