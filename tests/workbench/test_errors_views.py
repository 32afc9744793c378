"""What Errors draws, from hand-made studies: every number leads to its sentences, differences are said without colour."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from engine.document import Document, Span
from engine.evaluation.comparing import difference
from engine.evaluation.figures import figures_of
from engine.evaluation.judging import study_of
from engine.evaluation.kinds import KINDS
from engine.evaluation.selecting import select
from engine.evaluation.study import Difference, Figures, Interval, KindCount, Known, Reading, SliceLine, Study
from engine.reporting.words import Words
from workbench.language import LANGUAGES, Texts
from workbench.views.cases import SIGNS, Sentence, Track, cases_html
from workbench.views.compared import compared_html
from workbench.views.confusion import confusion_html
from workbench.views.document_list import Leaf
from workbench.views.frequency import frequency_html
from workbench.views.kinds import kinds_html
from workbench.views.label_mapping import label_mapping_html
from workbench.views.slices import slices_html, types_html
from workbench.views.study_summary import forms_html, headline_html, reliability_html

TEXT = "王小明在<北京>大学见李娜"
GOLD = (Span(0, 3, "PER"), Span(4, 10, "ORG"), Span(11, 13, "PER"))
A = (Span(0, 3, "PER", 0.9), Span(5, 7, "LOC", 0.6), Span(10, 11, "LOC", 0.2))
B = (Span(0, 3, "PER", 0.8), Span(4, 10, "ORG", 0.7))
T = Texts("zh")


@pytest.fixture(scope="module")
def study() -> Study:
    """Two readings of a sentence, and of one in which nothing is annotated."""
    gold = [Document(TEXT, GOLD, id="s1"), Document("今天天气好。", id="s2")]

    def reading(name: str, spans: tuple[Span, ...]) -> Reading:
        predicted = (gold[0].with_spans(spans), gold[1].with_spans(()))
        return Reading(name, name, "", ("LOC", "ORG", "PER"), predicted, ())

    return study_of("样例", gold, [reading("a", A), reading("b", B)])


@pytest.fixture(scope="module")
def figures(study: Study) -> Figures:
    """Of the first reading."""
    return figures_of(study, 0, samples=50)


def selections(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'data-select="([^"]*)"', html)]


def numbers(html: str) -> list[tuple[str, int]]:
    """Return each selection with the number that its button shows."""
    found = re.findall(r'data-select="([^"]*)"[^>]*>(.*?)</button>', html, re.S)
    return [(unescape(one), int(re.findall(r"\d+", re.sub("<[^>]*>", " ", unescape(shown)))[-1])) for one, shown in found]


def sentence(study: Study, *which: int) -> Sentence:
    tracks = [
        Track(
            study.readings[i].name, study.readings[i].predicted[0].spans, tuple(c for c in study.readings[i].cases if not c.row)
        )
        for i in which
    ]
    return Sentence(0, "s1", TEXT, study.gold[0].spans, tuple(tracks))


def cases_behind(study: Study, selection: str) -> int:
    return sum(len(hit.cases) for hit in select(study, selection, 0, 1))


def test_every_number_of_matrix_kinds_and_outcomes_opens_as_many_cases(study: Study, figures: Figures) -> None:
    shown = (
        confusion_html(figures.labels, figures.confusion, T),
        headline_html(figures, T),
        *(kinds_html(figures.kinds, T, together=together) for together in (False, True)),
    )
    checked = 0
    for html in shown:
        for selection, number in numbers(html):
            assert cases_behind(study, selection) == number, selection
            checked += 1
    assert checked > 12 and sum(map(sum, figures.confusion)) == len(study.readings[0].cases)


def test_slices_and_types_lead_to_their_sentences(study: Study, figures: Figures) -> None:
    html = slices_html(figures.slices, T) + types_html(figures.types, T)
    for selection in selections(html):
        select(study, selection, 0)
    assert {"type:LOC", "type:PER"} <= set(selections(html)) and len(selections(html)) > 4
    few = [each for each in figures.slices if not each.enough]
    assert html.count("太少，不足为凭") == len(few) > 0


def test_comparison_counts_lead_to_the_entities_and_significance_is_said(study: Study) -> None:
    found = difference(study, 0, 1, samples=50)
    html = compared_html(found, "甲", "乙", T)
    counts = re.findall(r'data-select="(\w+)"><b>(\d+)</b>', html)
    assert {(name, int(n)) for name, n in counts} == {("both_right", 1), ("only_a", 0), ("only_b", 1), ("both_wrong", 1)}
    for name, n in counts:
        assert cases_behind(study, name) == int(n)
    # One document that says anything cannot tell a difference from chance.
    assert "可能只是偶然" in html and "乙 比 甲 高" in html


def test_a_sure_difference_is_said_of_the_better_one_whichever_comes_first() -> None:
    sure = Difference(5, 4, 0, 1, Interval(-0.12, -0.2, -0.031), 0.002, 0.0004, {}, {})
    said = unescape(compared_html(sure, "one", "two", Texts("en")))
    assert "one is better than two by 12.0 points (95% interval +3.1 to +20.0)" in said
    assert "p = 0.002 (bootstrap) and p < 0.001 (permutation)" in said


def test_gold_stands_above_and_predictions_below_and_differences_have_signs(study: Study) -> None:
    html = cases_html([sentence(study, 0)], Leaf(0, 20, 1), "全部", T, deeds=("keep",))
    bars = re.findall(r'case-bar is-some( is-\w+)?( is-first)?( is-last)?"[^>]*>(?:<b>([^<]*)</b>)?', html)
    labels = [label for *_, label in bars if label]
    # In the order of the text: above, then below each piece.
    assert labels == [
        "PER",
        "PER",
        f"{SIGNS['both']}ORG",
        f"{SIGNS['both']}LOC",
        f"{SIGNS['spurious']}LOC",
        f"{SIGNS['missed']}PER",
    ]
    text = re.sub("<[^>]*>", "", "".join(re.findall(r'<span class="case-text">(.*?)</span>', html)))
    assert unescape(text) == TEXT and "<北京>" not in html
    lines = [unescape(re.sub("<[^>]*>", "", line)) for line in re.findall(r'<li class="case-line[^"]*">(.*?)</li>', html)]
    assert len(lines) == 3 and lines[0].startswith(f"{SIGNS['both']} <北京>大学 ORG → 北京 LOC 60%")
    assert 'data-do="keep" data-row="0"' in html and "data-every" in html


def test_two_readings_have_a_row_each(study: Study) -> None:
    html = cases_html([sentence(study, 0, 1)], Leaf(0, 20, 1), "全部", T)
    first = html.index("case-piece")
    piece = html[first : html.index("case-piece", first + 1)]
    assert piece.count("case-lane is-gold") == 1 and piece.count("case-lane is-found") == 2
    assert "a / b" in html and html.count('<span class="case-model">') >= 2


def test_of_a_long_text_what_is_around_the_cases_is_drawn(study: Study) -> None:
    text = "好" * 500 + TEXT + "好" * 500
    gold = tuple(Span(s.start + 500, s.end + 500, s.label) for s in GOLD)
    long = study_of("长", [Document(text, gold)], [Reading("a", "a", "", ("PER", "ORG"), (Document(text),), ())])
    cases = long.readings[0].cases
    drawn = cases_html([Sentence(0, "s", text, gold, (Track("a", (), cases),), cases)], Leaf(0, 20, 1), "漏标", T)
    assert "北京" in drawn and drawn.count("好") < 150 and drawn.count("…") == 2


def test_nothing_found_is_said() -> None:
    assert "没有这样的句子" in cases_html([], Leaf(0, 20, 0), "类型", T)


@pytest.mark.parametrize("language", LANGUAGES)
def test_kinds_are_drawn_with_the_words_of_reports(language: str) -> None:
    named = Words(language)
    html = unescape(kinds_html([KindCount(kind.name, kind.group, 1, 1) for kind in KINDS.values()], Texts(language)))
    for kind in KINDS.values():
        assert f'title="{named.hint(kind.name)}"' in html and f">{named.kind(kind.name)}<" in html
        assert f"<h3>{named.group(kind.group)}</h3>" in html


def test_empty_gold_and_one_document_are_said() -> None:
    documents = [Document(TEXT)]
    empty = study_of("空", documents, [Reading("a", "a", "", ("PER",), (documents[0].with_spans(A[:1]),), ())])
    figures = figures_of(empty, 0, samples=20)
    html = headline_html(figures, T)
    assert "没有标注任何实体" in html and "只有一句" in html and "95%" not in html
    for drawn in (forms_html(figures, T), slices_html(figures.slices, T), confusion_html(figures.labels, figures.confusion, T)):
        assert "nan" not in drawn


def test_f1_is_drawn_by_how_often_an_entity_was_met_in_training() -> None:
    gold = [Document(TEXT, GOLD), Document("王小明在京", (Span(0, 3, "PER"),))]
    known = Known(training=(Document("王小明来了", (Span(0, 3, "PER"),)),))
    answers = (gold[0].with_spans(GOLD[:1]), gold[1].with_spans(()))
    study = study_of("d", gold, [Reading("a", "a", "", ("PER", "ORG"), answers, (), known)])
    html = frequency_html(figures_of(study, 0, samples=0).slices, T)
    # Met once: two annotated, one of them found. Never met: two, none found.
    assert "出现 0 次的实体，F1 是 0.0%（标注 2 个）；出现 1 次的，F1 是 66.7%（标注 2 个）" in html
    assert html.count('class="mark"') == 2 and "不足为凭" in html
    assert (
        frequency_html(figures_of(study_of("d", gold, [replace(study.readings[0], known=Known())]), 0, samples=0).slices, T) == ""
    )


def test_the_reliability_curve_says_its_error_or_that_there_is_none(study: Study, figures: Figures) -> None:
    html = reliability_html(figures, T)
    assert [cases_behind(study, selection) for selection in selections(html)] == [each.count for each in figures.bins]
    assert f"{figures.ece * 100:.1f} 个百分点" in html if figures.ece is not None else False
    assert html.count("<circle") == len(figures.bins) == 3
    documents = [Document(TEXT, GOLD)]
    silent = study_of("无", documents, [Reading("a", "a", "", ("PER",), (Document(TEXT),), ())])
    assert "画不出" in reliability_html(figures_of(silent, 0, samples=0), T)


def test_a_choice_stands_for_every_type_with_the_suggestion_chosen() -> None:
    html = label_mapping_html({"PER.NAM": 3, "X<": 1}, ["PER", "LOC"], {"PER.NAM": "PER", "X<": ""}, T, gaps=["PER.NAM", "X<"])
    rows = re.findall(r'data-gold="([^"]*)">(.*?)</select>', html, re.S)
    chosen = {unescape(name): re.search(r'value="([^"]*)" selected', options)[1] for name, options in rows}  # type: ignore[index]
    assert chosen == {"PER.NAM": "PER", "X<": "", "PER": "PER", "LOC": "LOC"}


def test_a_slice_of_the_datas_own_words_is_escaped() -> None:
    line = figures_of(study_of("d", [Document(TEXT, GOLD)], [Reading("a", "a", "", (), (Document(TEXT),), ())]), 0, samples=0)
    drawn = slices_html([SliceLine("domain=<b>", "domain", 1, line.types[0], False)], T)
    assert "<b>" not in drawn.replace('<b style="left', "") and "slice:domain=%3Cb%3E" in drawn
