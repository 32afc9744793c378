"""Annotate: a document of the project that is worked in, in our own span editor; every save is a new revision."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.tabs import QUIET, Context, Door, Tab, guard
from workbench.tabs.annotate import choosing
from workbench.tabs.annotate.handlers import Handlers
from workbench.tabs.annotate.layout import lay_out

KEY = "annotate"


def build(context: Context) -> Tab:
    """Lay the tab out and wire it."""
    with gr.Tab(context.texts("annotate.tab.label"), id=KEY, elem_classes="page") as item:
        parts = lay_out(context)
    does, guarded, session = Handlers(context, parts), guard(context, parts.problem), context.session
    carry, opened = guarded(does.carry), parts.opened
    many: dict[str, Any] = {**QUIET, "trigger_mode": "multiple"}
    saved = parts.editor.save(guarded(does.save), [parts.editor, session], opened, **many)
    parts.editor.next(guarded(does.next), [session], opened, **QUIET)
    parts.editor.previous(guarded(does.previous), [session], opened, **QUIET)
    parts.editor.skip(guarded(does.skip), [session], opened, **QUIET)
    parts.editor.flagged(guarded(does.flag), [parts.editor, session], opened, **many)
    parts.take.click(guarded(does.take), [session], opened, **QUIET)
    parts.recent.open(guarded(does.reopen), [session], opened, **QUIET)
    asked = [parts.editor, session]
    parts.propose.click(guarded(does.propose), asked, [parts.problem, parts.editor, parts.status], **QUIET)
    naming = [parts.add.click, parts.label.submit]
    named = [parts.label, parts.editor, session]
    gr.on(naming, guarded(does.add_label), named, [*parts.around, parts.editor, parts.label], **QUIET)
    found = [parts.search, session]
    parts.search.change(guarded(does.find), found, [parts.problem, parts.recent], **QUIET, trigger_mode="always_last")
    chooser, chooses = parts.choosing, choosing.Handlers(context, parts.choosing)
    telling = guard(context, chooser.told)
    chooser.frame.expand(telling(chooses.unfold), [session], [chooser.strategy, chooser.told], **QUIET)
    done = [
        chooser.choose.click(telling(chooses.choose), [session, *chooser.asked], chooser.told, trigger_mode="once", **QUIET),
        chooser.reset.click(telling(chooses.reset), [session], chooser.told, trigger_mode="once", **QUIET),
    ]
    for each in done:
        each.success(guarded(does.reorder), [session], opened, **QUIET)
    parts.pulse.beat(does.beat, [session], parts.pulse, **QUIET)
    parts.pulse.news(does.news, [parts.editor, session], parts.editor, **QUIET)
    item.select(guarded(does.visit), [session], opened, **QUIET)
    return Tab(
        item,
        opening=Door(guarded(does.resume), [parts.draft, session], opened, script="() => [duomo.latestDrafts(), null]"),
        signals={"saved": saved.success},
        doors={"carry": Door(carry, [session], opened), "open": Door(guarded(does.open), [session], opened)},
    )
