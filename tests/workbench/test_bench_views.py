"""The bench as it is drawn: outcomes in words and marks, what a decision hangs on, attributions with their measure."""

from __future__ import annotations

import math
import re
from html import unescape

import numpy as np
import pytest

from engine.attribution.attribution import METHODS, Attribution
from engine.attribution.faithfulness import faithfulness
from engine.attribution.games import Game
from engine.counterfactual.edit import Edit
from engine.counterfactual.kinds import KINDS, parse
from engine.counterfactual.offsets import spliced
from engine.counterfactual.outcomes import FATES, Fate, Grid, Row
from engine.counterfactual.wording import UNKNOWN_CHARACTER
from engine.document import Document, Span
from workbench.language import LANGUAGES, Texts
from workbench.views.agreement_figure import table_figure
from workbench.views.attribution import attribution_html, choices_html, curves_figure, heatmap_of, verdict_words
from workbench.views.outcomes import MARKS, edit_words, grid_html, grid_table, hinge_words, menu_html

HERE, THERE = Span(0, 2, "PER", 0.99), Span(6, 8, "LOC", 0.9)
TEXT = Document("王芳昨天到了杭州。", (HERE, THERE))


def row(words, *fates, new=(), spans=()):
    edit = parse(words)
    stretch = [(edit.start, edit.end, edit.value)] if edit.start >= 0 else []
    made, offsets = spliced(TEXT, stretch)
    judged = tuple(Fate(entity, fate, found) for entity, (fate, found) in zip((HERE, THERE), fates, strict=True))
    return Row(edit, made.with_spans(spans), offsets, edit.value, judged, tuple(new))


def grid():
    kept = ("kept", Span(6, 8, "LOC", 0.95))
    return Grid(
        TEXT,
        (
            row("replace:0=<b>", ("relabelled", Span(0, 4, "ORG", 0.6)), ("kept", Span(8, 10, "LOC", 0.7))),
            row("replace:0-2=某", ("lost", None), ("kept", Span(5, 7, "LOC", 0.9)), new=[Span(0, 1, "MISC", 0.5)]),
            row("without=glyph", ("kept", Span(0, 2, "PER", 0.5)), kept),
        ),
    )


def plain(html):
    return unescape(re.sub("<[^>]+>", " ", html))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_fate_is_said_in_words_beside_its_mark(language):
    words = Texts(language)
    html = grid_html(grid(), words)
    for fate in ("kept", "relabelled", "lost"):
        assert re.search(rf'class="is-{fate}"><p><span[^>]*>{MARKS[fate]}</span> {re.escape(words(f"bench.fate.{fate}"))}', html)
    assert set(MARKS) == set(FATES) and "<b>" not in html and "−49%" in html
    assert html.count("<mark>") == 2 and "＋" in plain(html) and html.count("data-row") == 3


def test_what_a_decision_hangs_on_is_a_sentence():
    words = Texts("en")
    made = grid()
    first, second = (hinge_words(made, hinge, words) for hinge in made.hinges)
    assert first.startswith("The decision on 王芳 (PER) hangs on: 王 written <b>, or 王芳 written 某 (2 of 3")
    assert "none of 3 edits changes it; “王 written <b>” takes most away, 20 points" in second
    steady = Grid(TEXT, (row("without=glyph", ("kept", HERE), ("kept", THERE)),))
    assert "none of 1 edits shakes it" in hinge_words(steady, steady.hinges[0], words)
    assert "20" not in plain(grid_html(Grid(TEXT, ()), words)) and "<table" not in grid_html(Grid(TEXT, ()), words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_edit_has_words(language):
    words = Texts(language)
    for name in KINDS:
        value = {"reading": "zhang3", "without": "glyph"}.get(name, "甲")
        said = edit_words(Edit(name, -1 if name == "without" else 0, 1, value), TEXT, "", words)
        assert said and "{" not in said
    assert UNKNOWN_CHARACTER not in edit_words(Edit("mask", 0, 1), TEXT, UNKNOWN_CHARACTER, words)


def test_a_menu_holds_what_is_offered_and_a_field_for_what_is_typed():
    html = menu_html([("一", [(Edit("mask", 0, 2, "<"), "a&b")], "replace:0-2"), ("empty", [], "")], Texts("zh"))
    assert 'data-edit="mask:0-2=&#60;"' in html and "a&#38;b" in html and 'data-typed="replace:0-2"' in html
    assert "empty" not in html


def attribution(values, over="characters", method="integrated_gradients", players=None, draws=8):
    players = players or tuple(TEXT.text)

    def worth(rows):
        return [-8 + sum(v for v, there in zip(values, each, strict=True) if there) for each in rows]

    measured = faithfulness(Game(players, worth), values, np.random.default_rng(1), draws)
    whole, empty = -8 + sum(values), -8.0
    return Attribution(method, over, HERE, players, tuple(values), whole, empty, 0.0, measured, 0.1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_attribution_is_a_strip_with_its_measure_in_words_and_curves(language):
    words = Texts(language)
    found = attribution([4.0, 3.0, *[0.0] * 5, -1.0, 0.5])
    html = attribution_html(found, TEXT, words, dict(words.words))
    assert html.count("<svg") == 2 and words("bench.why.against") in html
    assert ">47<" in html and ">12<" in html  # 4 and 1 of 8.5
    said = verdict_words(found.faithfulness, words)
    assert said in plain(html) and f"{found.faithfulness.score:+.2f}".replace("-", "−") in said
    rows = heatmap_of(found, words).values
    assert sum(map(sum, rows)) == pytest.approx(1) and min(map(min, rows)) == 0


def test_modalities_are_bars_and_one_alone_cannot_be_measured():
    words = Texts("en")
    two = attribution([3.0, -0.5], "modalities", "shapley", ("text", "speech"))
    html = attribution_html(two, TEXT, words, dict(words.words))
    assert "−0.50" in html and 'class="is-against"' in html and "against it" in html
    one = attribution([3.0], "modalities", "shapley", ("text",))
    assert "nothing can be measured" in attribution_html(one, TEXT, words, dict(words.words))
    with pytest.raises(ValueError, match="single player"):
        curves_figure(one, TEXT, words, model="m", kind="png")


def test_what_can_be_asked_is_offered_and_what_is_asked_is_pressed():
    words = Texts("zh")
    html = choices_html(TEXT, HERE, "occlusion", words)
    assert html.count('aria-pressed="true"') == 2 and html.count("data-do=") == 2 + len(METHODS)
    assert choices_html(TEXT, None, "occlusion", words).count('aria-pressed="true"') == 0
    assert "data-do" not in choices_html(TEXT.with_spans(()), None, "occlusion", words)


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_curves_and_the_grid_leave_as_files(kind, begins):
    words = Texts("zh")
    found = attribution([4.0, 3.0, *[0.1] * 7])
    assert curves_figure(found, TEXT, words, model="m", kind=kind).startswith(begins)
    assert table_figure(grid_table(grid(), words), title="t", note="n", kind=kind).startswith(begins)


def test_names_of_lines_that_end_together_stand_apart():
    from workbench.views.plots import Line, lines_svg

    for end in (0.0, 0.5, 1.0):
        lines = [Line(name, [(0.5, None, None), (end, None, None)]) for name in "ab"]
        heights = [
            float(y) for y in re.findall(r'class="value" x="[\d.]+" y="([\d.]+)"', lines_svg(lines, ["0", "1"], title="t"))
        ]
        assert abs(heights[0] - heights[1]) >= 14 and all(math.isfinite(y) and 10 < y < 175 for y in heights)
