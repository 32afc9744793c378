"""A training run as people watch it: how far it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.run import Status
from workbench.views.charts import training_chart
from workbench.views.escape import esc

_DASH = "–"


def progress_html(status: Status, events: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> str:
    """Return a running job: a bar, the time left, its figures and their curves.

    Args:
        status: what the job says it is doing.
        events: the rows of its log.
        texts: the words ``views.progress.*`` and those of the chart.
    """
    share = min(1.0, status.step / status.steps) if status.steps else 0.0
    speed = texts["views.progress.speed.value"].format(speed=f"{status.speed:,.0f}") if status.speed else _DASH
    figures = (
        (texts["views.progress.epoch"], f"{math.ceil(status.epoch)} / {status.epochs}" if status.epochs else _DASH),
        (texts["views.progress.loss"], _number(status.loss, ".3f")),
        (texts["views.progress.f1"], _number(status.f1, ".1%")),
        (texts["views.progress.speed"], speed),
    )
    title, stage = esc(texts["views.progress.title"]), esc(texts[f"views.progress.state.{status.state}"])
    listed = "".join(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>" for name, value in figures)
    return (
        f'<section class="progress" aria-label="{title}">'
        f'<p class="progress-head"><strong>{stage}</strong><span>{esc(_left(status, texts))}</span></p>'
        f'<div class="track" role="progressbar" aria-label="{title}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{share * 100:.0f}"><span style="width:{share:.1%}"></span></div>'
        f'<p class="said">{esc(status.message)}</p><dl class="figures">{listed}</dl>{training_chart(events, texts)}</section>'
    )


def _left(status: Status, texts: Mapping[str, str]) -> str:
    if status.seconds_left is None:
        return texts["views.progress.estimating"]
    return texts["views.progress.left"].format(time=duration(status.seconds_left, texts))


def duration(seconds: float, texts: Mapping[str, str]) -> str:
    """Return a time as people say it: seconds up to a minute and a half, then minutes."""
    if seconds < 90:
        return texts["views.progress.seconds"].format(count=max(1, round(seconds)))
    return texts["views.progress.minutes"].format(count=round(seconds / 60))


def _number(value: float | None, form: str) -> str:
    return _DASH if value is None else format(value, form)
