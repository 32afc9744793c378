"""The map of mentions as the page holds it: what map_panel/panel.js draws, and what stands around it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from engine.evaluation.study import Study
from engine.mapping.figure import WAYS, looks, named, remarks
from engine.mapping.mention_map import Mention, MentionMap
from engine.reporting.words import Words
from workbench.views.escape import esc
from workbench.views.saving import save_html

_AROUND = 14
_MODES, _ACTS = ("move", "lasso", "box"), ("in", "out", "whole", "seen")


def mention_map_html(found: MentionMap, study: Study, texts: Mapping[str, str], language: str) -> str:
    """Return a map.

    Args:
        found: the map.
        study: whose mentions they are.
        texts: the words ``map.*`` and ``views.figure.save``.
        language: of the names of outcomes.
    """
    words = Words(language)
    said = {name: texts[f"map.{name}"] for name in ("gold", "found", "chosen", "more")}
    ways = {way: _legend(found, way, words) for way in WAYS}
    numbers = {way: {name: at for at, name in enumerate(looks(found, way))} for way in WAYS}
    points = [_point(mention, study, numbers) for mention in found.mentions]
    drawn = json.dumps({"points": points, "ways": ways, "words": said}, ensure_ascii=True, separators=(",", ":"))
    lines = "".join(f'<p class="duomo-hint">{esc(line)}</p>' for line in remarks(found, words))
    return (
        f'<section class="mention-map" data-map="{esc(drawn)}">'
        f'<div class="mention-tools">{_group("way", WAYS, texts)}{_group("mode", _MODES, texts)}{_acts(_ACTS, texts)}</div>'
        f'<div class="mention-body"><canvas tabindex="0" role="img" aria-label="{esc(texts["map.canvas"])}"></canvas>'
        f'<div class="mention-legend" role="group" aria-label="{esc(texts["map.legend"])}"></div>'
        '<div class="mention-tip" role="status" hidden></div></div>'
        f'<p class="duomo-hint">{esc(texts["map.hint"])}</p>{lines}{save_html(texts, 0)}'
        f'<div class="mention-chosen" hidden><div class="mention-tools"><strong class="mention-count" role="status"></strong>'
        f"{_acts(('listed', 'none'), texts)}</div><ol></ol></div></section>"
    )


def _legend(found: MentionMap, way: str, words: Words) -> list[dict[str, Any]]:
    counts = Counter(getattr(mention, way) for mention in found.mentions)
    return [
        {"name": named(name, way, words), "color": ink, "shape": shape, "count": counts[name]}
        for name, (ink, shape) in looks(found, way).items()
    ]


def _point(mention: Mention, study: Study, numbers: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    text = study.gold[mention.row].text
    before, after = max(0, mention.start - _AROUND), min(len(text), mention.end + _AROUND)
    return {
        "x": mention.x,
        "y": mention.y,
        "row": mention.row,
        "case": mention.case,
        "mention": text[mention.start : mention.end],
        "before": ("…" if before else "") + text[before : mention.start],
        "after": text[mention.end : after] + ("…" if after < len(text) else ""),
        **{way: numbers[way][getattr(mention, way)] for way in WAYS},
    }


def _group(name: str, values: Sequence[str], texts: Mapping[str, str]) -> str:
    buttons = "".join(
        f'<button type="button" data-{name}="{value}" aria-pressed="false">{esc(texts[f"map.{name}.{value}"])}</button>'
        for value in values
    )
    return f'<span role="group" aria-label="{esc(texts[f"map.{name}.label"])}">{buttons}</span>'


def _acts(acts: Sequence[str], texts: Mapping[str, str]) -> str:
    buttons = "".join(f'<button type="button" data-act="{act}">{esc(texts[f"map.act.{act}"])}</button>' for act in acts)
    return f"<span>{buttons}</span>"
