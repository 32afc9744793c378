"""What one reading of annotated documents comes to: the headline in words, the four forms, outcomes, and how sure it may be."""

from __future__ import annotations

from engine.evaluation.figures import bin_name
from engine.evaluation.selecting import term
from engine.evaluation.study import EXACT, FORMS, OUTCOMES, RIGHT, Figures, Interval
from engine.reporting.words import Words
from workbench.language import Texts
from workbench.views.cases import SIGNS
from workbench.views.escape import esc
from workbench.views.slices import bounds_of

_SIZE, _LEFT, _TOP = 220, 40, 10


def headline_html(figures: Figures, words: Texts) -> str:
    """Say F1 large with its interval, and what it is made of; every count opens its sentences."""
    exact, named = figures.forms[EXACT], Words(words.language)
    f1 = exact.f1
    interval = words("errors.headline.interval", low=f"{f1.low * 100:.1f}", high=f"{f1.high * 100:.1f}") if f1.known else ""
    said = words(
        "errors.headline.said",
        gold=f"{exact.gold:,}",
        found=f"{exact.found:,}",
        correct=f"{exact.correct:,.0f}",
        documents=f"{figures.documents:,}",
        characters=f"{figures.characters:,}",
    )
    counts = "".join(
        f'<li><button type="button" class="outcome is-{name}" data-do="pick" data-select="outcome:{name}">'
        f'<b aria-hidden="true">{SIGNS[name]}</b> {esc(named(f"outcome.{name}"))} <span>{figures.outcomes[name]:,}</span>'
        f"</button></li>"
        for name in OUTCOMES
        if figures.outcomes.get(name) or name == RIGHT
    )
    wrong = sum(figures.outcomes.values()) - figures.outcomes.get(RIGHT, 0)
    if wrong:
        counts += (
            f'<li><button type="button" class="outcome" data-do="pick" data-select="outcome:wrong">'
            f"{esc(words('errors.outcome.wrong'))} <span>{wrong:,}</span></button></li>"
        )
    nothing = "" if exact.gold else f'<p class="notice notice-warning" role="status">{esc(words("errors.headline.no_gold"))}</p>'
    few = words("errors.headline.one") if figures.documents == 1 else ""
    return (
        f'{nothing}<div class="study-lead"><p class="study-figure">{f1.value * 100:.1f}<small>F1 %</small></p>'
        f"<p>{esc(interval)} {esc(said)} {esc(few)}</p></div>"
        f'<ul class="outcomes" aria-label="{esc(words("errors.headline.outcomes"))}">{counts}</ul>'
    )


def forms_html(figures: Figures, words: Texts) -> str:
    """Draw precision, recall and F1 in all forms, micro and macro, and of the outermost entities by themselves."""
    heads = "".join(
        f'<th scope="col">{esc(words(f"errors.forms.{name}"))}</th>' for name in ("form", "precision", "recall", "f1", "macro")
    )
    rows = []
    for form in FORMS:
        line, macro = figures.forms[form], figures.macro[form]
        title = f"{esc(words(f'errors.form.{form}'))}<small>{esc(words(f'errors.form_hint.{form}'))}</small>"
        rows.append(_row(title, line.precision, line.recall, line.f1, f"{macro.f1:.1%}"))
    for name, line in figures.structures.items():
        title = esc(words(f"errors.structure.{name}"))
        rows.append(_row(title, line.precision, line.recall, line.f1, ""))
    return (
        f'<div class="duomo-scroll"><table class="slices is-forms"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(title: str, precision: float, recall: float, f1: Interval, macro: str) -> str:
    return (
        f'<tr><th scope="row">{title}</th><td>{precision:.1%}</td><td>{recall:.1%}</td>'
        f"<td>{f1.value:.1%} <small>{bounds_of(f1)}</small></td><td>{macro}</td></tr>"
    )


def reliability_html(figures: Figures, words: Texts) -> str:
    """Draw what share of the predictions is right against how sure the model is of them."""
    if figures.ece is None:
        return f'<p class="duomo-note">{esc(words("errors.reliability.none"))}</p>'
    filled = [each for each in figures.bins if each.count]
    most = max((each.count for each in filled), default=1)

    def at(sure: float, right: float) -> tuple[float, float]:
        return _LEFT + _SIZE * sure, _TOP + _SIZE * (1 - right)

    points = []
    for each in filled:
        x, y = at(each.confidence, each.accuracy)
        hover = words(
            "errors.reliability.bin",
            low=f"{each.low:.0%}",
            high=f"{each.high:.0%}",
            count=f"{each.count:,}",
            confidence=f"{each.confidence:.1%}",
            accuracy=f"{each.accuracy:.1%}",
        )
        radius = 3 + 6 * (each.count / most) ** 0.5
        # SVG has no button of its own.
        opening = f'role="button" tabindex="0" data-do="pick" data-select="{term("bin", bin_name(each.low, each.high))}"'
        circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{esc(hover)}</title></circle>'
        points.append(f'<g class="opens" aria-label="{esc(hover)}" {opening}>{circle}</g>')
    path = " ".join("{:.1f},{:.1f}".format(*at(each.confidence, each.accuracy)) for each in filled)
    (x0, y0), (x1, y1) = at(0, 0), at(1, 1)
    ticks = "".join(
        f'<text x="{at(tick, 0)[0]:.1f}" y="{y0 + 16:.1f}" text-anchor="middle">{tick:.0%}</text>'
        f'<text x="{x0 - 6:.1f}" y="{at(0, tick)[1] + 4:.1f}" text-anchor="end">{tick:.0%}</text>'
        for tick in (0.0, 0.5, 1.0)
    )
    said = words("errors.reliability.said", ece=f"{figures.ece * 100:.1f}")
    sure, right = esc(words("errors.reliability.sure")), esc(words("errors.reliability.right"))
    middle = _TOP + _SIZE / 2
    return (
        f'<p>{esc(said)}</p><svg class="duomo-plot reliability" viewBox="0 0 {_LEFT + _SIZE + 20} {_TOP + _SIZE + 40}" '
        f'role="group" aria-label="{esc(said)}"><rect class="frame" x="{x0}" y="{y1}" width="{_SIZE}" height="{_SIZE}"/>'
        f'<line class="axis" stroke-dasharray="3 3" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"/>{ticks}'
        f'<g class="line-0"><polyline points="{path}"/>{"".join(points)}</g>'
        f'<text x="{x0 + _SIZE / 2:.1f}" y="{y0 + 32:.1f}" text-anchor="middle">{sure}</text>'
        f'<text transform="translate(10 {middle:.1f}) rotate(-90)" text-anchor="middle">{right}</text></svg>'
    )
