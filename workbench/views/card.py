"""What a checkpoint says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.views.escape import esc

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo

_DIGEST = 12


def card_html(info: CheckpointInfo, texts: Mapping[str, str]) -> str:
    """Return the summary of a checkpoint's card, folded up.

    Args:
        info: the checkpoint.
        texts: the words ``views.card.*``.
    """
    facts = {
        "system": info.system,
        "labels": " ".join(info.labels),
        "size": f"{info.size_bytes / 1e6:.1f} MB",
        **{name: str(info.card[name]) for name in ("data", "licence", "parent") if info.card.get(name)},
        "digest": info.digest[:_DIGEST],
    }
    rows = "".join(f"<dt>{esc(texts[f'views.card.{name}'])}</dt><dd>{esc(value)}</dd>" for name, value in facts.items())
    title = esc(texts["views.card.title"].format(name=info.name))
    return f'<details class="card"><summary>{title}</summary><dl>{rows}</dl></details>'
