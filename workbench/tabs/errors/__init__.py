"""Errors: what goes wrong on annotated documents, where and for which model; every number opens its sentences."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.map_panel import wire
from workbench.tabs import QUIET, Context, Door, Tab, guard, hand_over
from workbench.tabs.errors.layout import lay_out
from workbench.tabs.errors.looking import Looking
from workbench.tabs.errors.studying import Studying
from workbench.tabs.errors.taking import Taking

KEY = "errors"
# Of one machine's few cores, whoever analyses a sentence is to get one.
_STUDIES: dict[str, Any] = {**QUIET, "trigger_mode": "once", "concurrency_id": "study", "concurrency_limit": 2}

_ADDRESS = "() => [duomoErrors.asked(), null]"


def build(context: Context) -> Tab:
    """Lay the tab out and wire it."""
    with gr.Tab(context.texts("errors.tab.label"), id=KEY, elem_id="errors-tab", elem_classes="page") as item:
        parts = lay_out(context)
    studying, looking, taking = Studying(context, parts), Looking(context, parts), Taking(context, parts)
    guarded, session = guard(context, parts.problem), context.session
    told = guard(context, parts.told)
    asked = [session, parts.data, parts.training, parts.models]
    for begun in (parts.run.click, parts.figures.begin):
        begun(guarded(studying.run), asked, parts.shown, **_STUDIES)
    parts.mapping.map(guarded(studying.map), session, parts.shown, **_STUDIES)
    parts.lists.study(guarded(studying.study_list), session, parts.shown, **_STUDIES)
    parts.cancel.click(guarded(studying.cancel), session, [parts.problem, parts.cancel], **QUIET)
    uploaded = [parts.files, parts.progress, *parts.offered]
    parts.files.upload(guarded(studying.upload), [session, parts.files, parts.use], uploaded, trigger_mode="once", **QUIET)

    for chosen in (parts.a, parts.b):
        chosen.input(guarded(looking.switch), [session, parts.a, parts.b], parts.shown, trigger_mode="always_last", **QUIET)
    parts.figures.count(guarded(looking.count), session, [parts.problem, parts.figures, parts.address], **QUIET)
    parts.figures.labels(guarded(studying.labels), session, [parts.problem, parts.mapping], **QUIET)
    parts.figures.pick(guarded(looking.pick), session, parts.listed, trigger_mode="always_last", **QUIET)
    parts.condition.submit(told(looking.find), [session, parts.condition], parts.listed, **QUIET)
    parts.sentences.turn(told(looking.turn), session, parts.listed, trigger_mode="always_last", **QUIET)

    looked = parts.sentences.evidence(told(taking.evidence), session, parts.told, **QUIET)
    bench, beside = parts.bench, [session, parts.bench.state]
    explained = parts.sentences.explain(told(taking.explain), beside, [parts.told, parts.workbench, *bench.filled], **QUIET)
    explained.success(None, js="() => duomoErrors.bench()", **QUIET)
    opened = parts.sentences.annotate(told(taking.annotate), session, parts.told, trigger_mode="once", **QUIET)
    parts.sentences.keep(told(taking.keep), [session, parts.named], [parts.told, parts.named, parts.lists], **QUIET)
    saved = parts.lists.save(guarded(taking.save), session, [parts.problem, parts.file], **QUIET)
    hand_over(saved, parts.file)
    wire(context, parts.map, taking.subject)
    parts.map.board.opened(guarded(looking.open_row), session, parts.listed, **QUIET)
    parts.map.board.listed(told(taking.keep_rows), [session, parts.named], [*parts.listed, parts.named, parts.lists], **QUIET)
    reported = parts.link.report(guarded(taking.report), session, [parts.problem, parts.file], trigger_mode="once", **QUIET)
    hand_over(reported, parts.file)
    item.select(guarded(studying.show), [parts.asked, session], parts.offered, js=_ADDRESS, **QUIET)
    return Tab(
        item,
        opening=Door(guarded(studying.restore), [parts.asked, session], parts.shown, script=_ADDRESS),
        signals={"opened": opened.success, "evidence": looked.success},
    )
