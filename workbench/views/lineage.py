"""Which model was made from which, as a small tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.lineage import Ancestor
from workbench.views.escape import esc

Words = Callable[..., str]


def lineage_html(roots: Sequence[Ancestor], in_use: str, words: Words) -> str:
    """Draw the trees.

    Args:
        roots: of :func:`engine.lineage.lineage`.
        in_use: digest of the model in use.
        words: of the page.
    """
    return f'<ul class="lineage">{"".join(_branch(root, in_use, words) for root in roots)}</ul>'


def _branch(node: Ancestor, in_use: str, words: Words) -> str:
    facts = []
    if node.missing:
        facts.append(words("lineage.missing"))
    elif node.info is not None:
        card = node.info.card
        if isinstance(count := card.get("corrections"), int):
            facts.append(words("lineage.corrections", count=f"{count:,}"))
        facts += [str(card["date"])[:10]] if card.get("date") else []
        facts += [words("lineage.seed", seed=card["seed"])] if "seed" in card and card.get("parent") else []
        facts += [words("lineage.data", hash=str(card["data_hash"])[:8])] if card.get("data_hash") else []
    current = node.digest == in_use and not node.missing
    mark = f' <span class="current">{esc(words("lineage.current"))}</span>' if current else ""
    below = f"<ul>{''.join(_branch(child, in_use, words) for child in node.children)}</ul>" if node.children else ""
    said = f" <small>{esc(' · '.join(facts))}</small>" if facts else ""
    return f"<li><b>{esc(node.name)}</b>{mark}{said}{below}</li>"
