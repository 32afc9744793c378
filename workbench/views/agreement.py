"""How far annotators agree, as tables and plain words: headline, pairs, labels, confusion, and the course over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.evaluation.agreement import Agreement, Figure, Window
from engine.evaluation.agreement.figures import NOT_COMPLETE, NOT_SHARED, NOTHING_MARKED, ONE_CLASS, ONE_LABEL
from workbench.views.escape import esc
from workbench.views.plots import Line, lines_svg

NONE = "—"
OVERALL = ("span_kappa", "f1", "border_f1", "fleiss", "alpha", "alpha_unitizing")
BY_LABEL = ("kappa", "f1", "alpha", "alpha_unitizing")
# Not of F1, which is not corrected for chance, nor of kappa on spans, which knows no agreement on none.
JUDGED = ("fleiss", "alpha", "alpha_unitizing")
_REASONS = {
    NOT_SHARED: "not_shared",
    NOT_COMPLETE: "not_complete",
    NOTHING_MARKED: "nothing_marked",
    ONE_CLASS: "one_class",
    ONE_LABEL: "one_label",
}
# Krippendorff 2004, chapter 11: rely on what is above the first, conclude tentatively from what is above the second.
_RELIABLE, _TENTATIVE = 0.8, 0.667


def headline_html(agreement: Agreement, texts: Mapping[str, str]) -> str:
    """Draw Cohen's kappa per character large, as CNERTA reports it, and the other figures as a table.

    Args:
        agreement: of all labels.
        texts: the words ``views.agreement.*``.
    """
    say = _words(texts)
    kappa = agreement.overall.kappa
    basis = say("basis").format(
        annotators=len(agreement.annotators),
        shared=agreement.shared,
        complete=agreement.complete,
        characters=agreement.characters,
    )
    rows = []
    for name in OVERALL:
        figure = getattr(agreement.overall, name)
        if figure is not None:
            said = meaning(figure, texts) if name in JUDGED else ""
            title = f"{esc(say(name))}<small>{esc(say(f'{name}_hint'))}</small>"
            cells = f"<td>{value_of(figure)}</td><td>{esc(interval(figure, texts))}</td><td>{esc(said)}</td>"
            rows.append(f'<tr><th scope="row">{title}</th>{cells}</tr>')
    heads = _heads([say("measure"), say("value"), say("interval"), say("meaning")])
    said = (
        f"{esc(interval(kappa, texts))}<br>{esc(meaning(kappa, texts))} {esc(say('kappa_hint'))}<br><small>{esc(basis)}</small>"
    )
    lead = f'<p class="agree-figure">{value_of(kappa)}</p><p><b>{esc(say("kappa"))}</b> {said}</p>'
    table = f'<table class="agree">{heads}<tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="agree-lead">{lead}</div><div class="duomo-scroll">{table}</div>'


def pairs_html(agreement: Agreement, names: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """Draw annotator by annotator: kappa above the diagonal, F1 of spans below it; the lowest of each is marked."""
    say = _words(texts)
    found = {pair.annotators: pair for pair in agreement.pairs}
    least = {
        name: min((value for pair in agreement.pairs if (value := getattr(pair, name).value) is not None), default=None)
        for name in ("kappa", "f1")
    }
    several = len(agreement.pairs) > 1
    rows = []
    for one in agreement.annotators:
        cells = []
        for other in agreement.annotators:
            above = (one, other) in found
            pair = found.get((one, other)) or found.get((other, one))
            if pair is None:
                cells.append('<td class="is-self"></td>')
                continue
            name = "kappa" if above else "f1"
            figure = getattr(pair, name)
            low = " ▼" if several and figure.value is not None and figure.value == least[name] else ""
            hover = f"{interval(figure, texts)} · {say('documents').format(count=pair.documents)}"
            cells.append(f'<td title="{esc(hover)}">{value_of(figure)}{low}</td>')
        rows.append(f'<tr><th scope="row">{esc(names[one])}</th>{"".join(cells)}</tr>')
    heads = _heads(["", *(names[name] for name in agreement.annotators)])
    return _table(heads, rows, say("pairs_hint"))


def labels_html(agreement: Agreement, confusion: Mapping[tuple[str, str], int], texts: Mapping[str, str]) -> str:
    """Draw a row of figures for each label; one on which annotators differ leads to where they do."""
    say = _words(texts)
    differing = {label for pair in confusion if pair[0] != pair[1] for label in pair}
    rows = [
        f'<tr><th scope="row">{_leading(label, label, "", texts) if label in differing else esc(label)}</th>'
        + "".join(f"<td>{value_of(figure)} <small>{esc(interval(figure, texts))}</small></td>" for figure in _of(figures))
        + "</tr>"
        for label, figures in agreement.labels.items()
    ]
    return _table(_heads([say("label"), *(say(name) for name in BY_LABEL)]), rows, "")


def time_html(windows: Sequence[Window], texts: Mapping[str, str]) -> str:
    """Draw kappa and F1 over time, or say that there are too few documents."""
    say = _words(texts)
    if not windows:
        return f'<p class="duomo-note">{esc(say("time_few"))}</p>'
    places = [f"{window.last.astimezone():%m-%d %H:%M}" for window in windows]
    lines = [
        Line(say(f"{name}_short"), [_point(getattr(window.agreement.overall, name)) for window in windows])
        for name in ("kappa", "f1")
    ]
    hint = say("time_hint").format(count=windows[0].agreement.documents)
    return f'<p class="duomo-hint">{esc(hint)}</p>{lines_svg(lines, places, title=say("time"))}'


def confusion_html(confusion: Mapping[tuple[str, str], int], texts: Mapping[str, str]) -> str:
    """Draw label by label how often one annotator said the one and another the other; the diagonal is agreement.

    Elsewhere a number is a button that leads to the documents.
    """
    say = _words(texts)
    labels = sorted({label for pair in confusion for label in pair}, key=lambda label: (label == NONE, label))
    rows = []
    for one in labels:
        cells = []
        for other in labels:
            count = confusion.get((one, other)) or confusion.get((other, one)) or 0
            kind = "is-self" if one == other else "is-some" if count else ""
            shown = "" if one == other == NONE else f"{count:,}"
            cells.append(f'<td class="{kind}">{_leading(shown, one, other, texts) if kind == "is-some" else shown}</td>')
        rows.append(f'<tr><th scope="row">{esc(called(one, texts))}</th>{"".join(cells)}</tr>')
    return _table(_heads(["", *(called(label, texts) for label in labels)]), rows, say("confusion_hint"))


def about(one: str, other: str, texts: Mapping[str, str]) -> str:
    """Say which disagreement is meant: of one label and another, or of one and whatever it is not."""
    words = texts[f"views.agreement.{'about' if other else 'about_label'}"]
    return words.format(one=called(one, texts), other=called(other, texts))


def _leading(shown: str, one: str, other: str, texts: Mapping[str, str]) -> str:
    words = texts["views.agreement.lead"].format(about=about(one, other, texts))
    pair = f'data-one="{esc(one)}" data-other="{esc(other)}"'
    title = f'title="{esc(words)}" aria-label="{esc(f"{shown}: {words}")}"'
    return f'<button type="button" class="agree-about" data-do="about" {pair} {title}>{esc(shown)}</button>'


def interval(figure: Figure, texts: Mapping[str, str]) -> str:
    """Return the 95% interval, or why there is no value."""
    if figure.value is None:
        name = _REASONS.get(figure.reason)
        return _words(texts)(f"reason.{name}") if name else figure.reason
    return "" if figure.low is None or figure.high is None else f"95% [{figure.low:.3f}, {figure.high:.3f}]"


def meaning(figure: Figure, texts: Mapping[str, str]) -> str:
    """Return in plain words how far a value carries; by its interval's lower end where there is one."""
    say = _words(texts)
    sure = figure.value if figure.low is None else figure.low
    if sure is None:
        return ""
    return say("reliable") if sure >= _RELIABLE else say("tentative") if sure >= _TENTATIVE else say("unreliable")


def _words(texts: Mapping[str, str]) -> _Words:
    return _Words(texts)


class _Words:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __call__(self, name: str) -> str:
        return self._texts[f"views.agreement.{name}"]


def _of(figures: object) -> list[Figure]:
    return [getattr(figures, name) for name in BY_LABEL]


def called(label: str, texts: Mapping[str, str]) -> str:
    """Return what a label is called; that nothing is marked has words of its own."""
    return texts["views.agreement.none"] if label == NONE else label


def value_of(figure: Figure) -> str:
    """Return a value as it is written."""
    return NONE if figure.value is None else f"{figure.value:.3f}"


def _point(figure: Figure) -> tuple[float, float | None, float | None] | None:
    return None if figure.value is None else (figure.value, figure.low, figure.high)


def _heads(names: Sequence[str]) -> str:
    return "<thead><tr>" + "".join(f'<th scope="col">{esc(name)}</th>' for name in names) + "</tr></thead>"


def _table(heads: str, rows: Sequence[str], hint: str) -> str:
    said = f'<p class="duomo-hint">{esc(hint)}</p>' if hint else ""
    return f'{said}<div class="duomo-scroll"><table class="agree">{heads}<tbody>{"".join(rows)}</tbody></table></div>'
