"""Overview: how far the project is, and who does what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import gradio as gr

from engine.drawing.colours import palette
from workbench.names import called
from workbench.store import Acceptance, Deed, Project, Report, Saving, Standing, Work
from workbench.store.report import ENOUGH
from workbench.tabs import Context, Session, Tab, account_of, notice, opening, project_of
from workbench.views.escape import esc
from workbench.views.plots import bars_html, days_svg

KEY = "overview"
_JUDGES = ("curator", "admin")
_STATES = ("gold", "finished", "begun", "open")
_HOUR, _MINUTE = 3600, 60
_NONE = "–"


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    board: gr.HTML

    @property
    def drawn(self) -> list[Any]:
        return [self.problem, self.board]


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("overview.tab.label"), id=KEY) as item:
        problem = gr.HTML(elem_classes="notices")
        board = gr.HTML(js_on_load="duomoBoard.turnings(element, trigger, 'turned')", elem_id="overview-board")
        parts = _Parts(problem, board)
    door = opening(context, item, problem, _Handlers(context, parts).show, parts.drawn)
    return Tab(item, opening=door, signals={"turned": parts.board.turned})


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew."""
        store, account = self.context.services.store, account_of(request)
        project = store.projects.get(project_of(self.context, session, request))
        judge = store.projects.role(project.id, account) in _JUDGES
        report = store.statistics.report(project.id, account)
        drawn = _Drawing(self.context, project, judge)
        if not report.standing.total:
            return {self.parts.board: drawn.beginning(report.standing)}
        return {self.parts.board: drawn.board(report, store.statistics.latest(project.id, account))}


@dataclass(frozen=True)
class _Drawing:
    """Draws one project for one who may, or may not, see what curators see."""

    context: Context
    project: Project
    judge: bool

    def said(self, key: str, **values: object) -> str:
        """Return words of this page, escaped."""
        return esc(self.context.texts(f"overview.{key}", **values))

    def beginning(self, standing: Standing) -> str:
        """Draw what to do first in an empty project."""
        pages = ("exchange", "labels", "people") if self.judge else ()
        steps = "".join(
            f'<li><button type="button" class="board-link" data-page="{page}">{self.said(f"steps.{page}")}</button> '
            f"<span>{self.said(f'steps.{page}_why')}</span></li>"
            for page in pages
        )
        gone = f"<p>{self.said('progress.deleted', count=standing.deleted)}</p>" if standing.deleted else ""
        return f'{self._archived()}<div class="board-begin"><p>{self.said("steps.line")}</p><ol>{steps}</ol>{gone}</div>'

    def board(self, report: Report, latest: Iterable[Deed]) -> str:
        """Draw the dashboard."""
        parts = [
            self._part("progress.title", self._progress(report.standing), wide=True),
            self._part("work.own" if report.own else "work.title", self._work(report.work), wide=True),
            self._part("saving.title", self._saving(report.saving)),
            self._part("acceptance.title", self._acceptance(report.acceptance)),
            self._part("labels.title", self._labels(report.labels)),
            self._part("days.title", self._days(report)),
            self._part("agreement.title", self._agreement()) if self.judge else "",
            self._part("latest.title", self._latest(latest)),
        ]
        return f'{self._archived()}<div class="board">{"".join(parts)}</div>'

    def _archived(self) -> str:
        return notice(self.context.texts("overview.archived.note"), "info") if self.project.archived else ""

    def _part(self, title: str, html: str, *, wide: bool = False) -> str:
        return f'<section class="board-part{" is-wide" if wide else ""}"><h2>{self.said(title)}</h2>{html}</section>'

    def _progress(self, standing: Standing) -> str:
        counts = {state: getattr(standing, state) for state in _STATES}
        bar = "".join(
            f'<i class="is-{state}" style="flex-grow:{count}" title="{self.said(f"status.{state}")}: {count}"></i>'
            for state, count in counts.items()
            if count
        )
        legend = "".join(
            f'<li class="is-{state}"><i></i>{self.said(f"status.{state}")} <b>{count:,}</b></li>'
            for state, count in counts.items()
        )
        done = standing.finished + standing.gold
        line = self.said("progress.line", total=f"{standing.total:,}", done=f"{done:,}", share=f"{done / standing.total:.0%}")
        more = [self.said(f"progress.{name}", count=n) for name in ("flagged", "deleted") if (n := getattr(standing, name))]
        return (
            f'<p>{line}</p><div class="board-bar" aria-hidden="true">{bar}</div><ul class="board-legend">{legend}</ul>'
            f'<p class="duomo-hint">{" · ".join(more)}</p>'
        )

    def _work(self, work: Iterable[Work]) -> str:
        names = ("given", "finished", "skipped", "documents", "spans", "rate", "seconds", "speed", "kept", "changed", "removed")
        heads = "".join(f'<th scope="col">{self.said(f"work.{name}")}</th>' for name in ("name", *names, "added"))
        rows = "".join(self._worker(each) for each in work)
        table = f'<table class="board-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        return f'<div class="duomo-scroll">{table}</div><p class="duomo-hint">{self.said("work.hint")}</p>'

    def _worker(self, work: Work) -> str:
        accepted = work.acceptance
        shares = [_share(part, accepted.proposed) for part in (accepted.kept, accepted.changed, accepted.removed)]
        cells = [
            *(f"{count:,}" for count in (work.given, work.finished, work.skipped, work.documents, work.spans)),
            f"{work.documents / work.days:.1f}" if work.days else _NONE,
            _NONE if work.seconds is None else f"{work.seconds:.0f}",
            _NONE if work.speed is None else f"{work.speed:.0f}",
            *shares,
            f"{accepted.added:,}" if accepted.proposed else _NONE,
        ]
        name = self._called(work.account)
        return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'

    def _called(self, account: str) -> str:
        return esc(called(account, self.context.services.store, self.context.texts))

    def _saving(self, saving: Saving) -> str:
        share, seconds = saving.share, saving.seconds
        if share is None or seconds is None:
            return f"<p>{self.said('saving.few', enough=ENOUGH, proposed=saving.proposed, plain=saving.plain)}</p>"
        told = {"share": f"{abs(share):.0%}", "time": self._time(abs(seconds))}
        verdict = self.context.texts("overview.saving.saved" if share >= 0 else "overview.saving.lost", **told)
        rates = {"with_proposals": f"{saving.with_proposals:.0f}", "without": f"{saving.without:.0f}"}
        line = self.said("saving.line", verdict=verdict, **rates)
        hint = self.said("saving.hint", proposed=saving.proposed, plain=saving.plain)
        sign = "−" if share >= 0 else "+"
        return f'<p class="board-figure">{sign}{abs(share):.0%}</p><p>{line}</p><p class="duomo-hint">{hint}</p>'

    def _time(self, seconds: float) -> str:
        if seconds < _HOUR:
            return self.context.texts("overview.time.minutes", count=f"{seconds / _MINUTE:.0f}")
        return self.context.texts("overview.time.hours", count=f"{seconds / _HOUR:.1f}")

    def _acceptance(self, accepted: Acceptance) -> str:
        if not accepted.proposed:
            return f"<p>{self.said('acceptance.none')}</p>"
        shares = {part: _share(getattr(accepted, part), accepted.proposed) for part in ("kept", "changed", "removed")}
        line = self.said("acceptance.line", proposed=f"{accepted.proposed:,}", added=f"{accepted.added:,}", **shares)
        return f'<p class="board-figure">{shares["kept"]}</p><p>{line}</p>'

    def _labels(self, counts: Mapping[str, int]) -> str:
        if not counts:
            return f"<p>{self.said('labels.none')}</p>"
        chosen = {label.name: label.colour for label in self.context.services.store.labels.list(self.project.id) if label.colour}
        return bars_html(counts, {**palette(counts), **chosen}, title=self.context.texts("overview.labels.title"))

    def _days(self, report: Report) -> str:
        if not report.days:
            return f"<p>{self.said('labels.none')}</p>"
        title = self.context.texts("overview.days.title")
        return days_svg([(f"{day:%Y-%m-%d}", count) for day, count in report.days.items()], title=title)

    def _agreement(self) -> str:
        link = f'<button type="button" class="board-link" data-page="agreement">{self.said("agreement.open")}</button>'
        kept = self.context.services.agreements.headline(self.project.id)
        if not kept or kept["kappa"]["value"] is None:
            return f"<p>{self.said('agreement.none')} {link}</p>"
        kappa = kept["kappa"]
        interval = "" if kappa["low"] is None else f"95% [{kappa['low']:.3f}, {kappa['high']:.3f}] "
        moment = f"{datetime.fromisoformat(kept['moment']):%Y-%m-%d %H:%M}"
        said = {"annotators": kept["annotators"], "documents": kept["documents"], "time": moment}
        line = self.said("agreement.line", interval=interval, **said)
        since = self.said("agreement.since", count=kept["since"]) if kept["since"] else ""
        return f'<p class="board-figure">{kappa["value"]:.3f}</p><p>{line}</p><p class="duomo-hint">{since} {link}</p>'

    def _latest(self, deeds: Iterable[Deed]) -> str:
        rows = "".join(
            f"<li><time>{deed.created.astimezone():%m-%d %H:%M}</time> <b>{self._called(deed.account)}</b> "
            f"{self.said(f'deed.{deed.kind}')}{self.said('latest.times', count=deed.times) if deed.times > 1 else ''}</li>"
            for deed in deeds
        )
        return f'<ul class="board-latest">{rows}</ul>'


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else _NONE
