"""What is annotated next, chosen by whoever leads the project: a strategy, how many documents, how many of them at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.retraining.choosing import DEFAULT, Wish
from workbench.steps import Outcome, steps
from workbench.tabs import Context, Session, notice, project_of, require
from workbench.views.escape import esc
from workbench.views.reasons import named

_MOST = 1000


@dataclass(frozen=True)
class Parts:
    """The components."""

    frame: gr.Accordion
    strategy: gr.Dropdown
    count: gr.Number
    control: gr.Number
    choose: gr.Button
    reset: gr.Button
    told: gr.HTML

    @property
    def asked(self) -> list[Any]:
        """Return what is filled in."""
        return [self.strategy, self.count, self.control]


def lay_out(context: Context) -> Parts:
    """Lay the form out."""
    t = context.texts
    with gr.Accordion(t("choosing.title"), open=False, visible=False, elem_id="annotate-choosing") as frame:
        strategy = gr.Dropdown(
            [(named(DEFAULT, t.words), DEFAULT)],
            value=DEFAULT,
            label=t("choosing.strategy.label"),
            info=t("choosing.strategy.hint"),
            allow_custom_value=True,
            elem_id="choosing-strategy",
        )
        with gr.Row():
            whole: dict[str, Any] = {"precision": 0, "min_width": 100}
            count = gr.Number(50, label=t("choosing.count.label"), elem_id="choosing-count", **whole)
            control = gr.Number(20, label=t("choosing.control.label"), elem_id="choosing-control", **whole)
        gr.HTML(f'<p class="duomo-hint">{esc(t("choosing.control.hint"))}</p>')
        with gr.Row(elem_classes="actions"):
            choose = gr.Button(t("choosing.choose.label"), variant="primary", min_width=90, scale=0, elem_id="choosing-choose")
            reset = gr.Button(t("choosing.reset.label"), min_width=140, scale=0, elem_id="choosing-reset")
        told = gr.HTML(elem_id="choosing-told")
    return Parts(frame, strategy, count, control, choose, reset, told)


@dataclass(frozen=True)
class Handlers:
    """What the form does."""

    context: Context
    parts: Parts

    def unfold(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Offer what the model in use can be asked for, and say what was chosen last."""
        words = self.context.texts.words
        offered = [(named(each.name, words), each.name) for each in self.context.services.choosing.offered()]
        project = project_of(self.context, session, request)
        return {self.parts.strategy: gr.update(choices=offered), self.parts.told: self._standing(project)}

    def choose(
        self, session: Session, strategy: str, count: float | None, control: float | None, request: gr.Request
    ) -> Iterator[dict[Any, Any]]:
        """Let the model read what nobody has annotated, and choose."""
        account, t = require(self.context, session, request, "curator", "admin"), self.context.texts
        project, services = project_of(self.context, session, request), self.context.services
        wish = _wish(strategy, count, control)
        learned = services.learning.learned_count(project)
        for step in steps(lambda tell: services.choosing.choose(project, wish, learned, by=account, observe=tell), "choosing"):
            if not isinstance(step, Outcome):
                done, total = step.said
                line = esc(t("choosing.loading", done=f"{done:,}", total=f"{total:,}"))
                bar = f'<progress value="{done / max(total, 1):.3f}" max="1"></progress>'
                yield {self.parts.told: f'<p class="duomo-loading" role="status">{line}</p>{bar}'}
                continue
            came = step.value
            counts = {"read": came.read, "pool": came.pool, "chosen": came.chosen, "control": came.control}
            said = t("choosing.done", strategy=named(wish.strategy, t.words), seconds=f"{came.seconds:.1f}", **counts)
            yield {self.parts.told: notice(said, "success")}

    def reset(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Let documents come as they came in."""
        account = require(self.context, session, request, "curator", "admin")
        project = project_of(self.context, session, request)
        self.context.services.store.selections.choose(project, (), strategy="", checkpoint="", by=account)
        return {self.parts.told: notice(self.context.texts("choosing.reset.done"), "success")}

    def _standing(self, project: int) -> str:
        t, waiting = self.context.texts, self.context.services.store.selections.waiting(project)
        if not waiting:
            return f'<p class="duomo-hint">{esc(t("choosing.standing.none"))}</p>'
        arms, last = Counter(each.pick.arm for each in waiting), waiting[-1]
        counts = {"chosen": arms["chosen"], "control": arms["control"]}
        said = t("choosing.standing", strategy=named(last.strategy, t.words), checkpoint=last.checkpoint, **counts)
        return f'<p class="duomo-hint">{esc(said)}</p>'


def _wish(strategy: str, count: float | None, control: float | None) -> Wish:
    if count is None or control is None or not 1 <= count <= _MOST or not 0 <= control <= 100:
        raise UserError("choosing.count.error")
    return Wish(strategy.strip(), int(count), control / 100)
