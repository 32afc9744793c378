import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from engine.document import Document, Span
from engine.errors import InputError
from engine.evaluation.agreement import Figure, match, measure, measure_over_time
from engine.evaluation.agreement.characters import Classes, tally_all, tally_pair
from engine.evaluation.agreement.figures import NOT_COMPLETE, NOT_SHARED, NOTHING_MARKED, ONE_CLASS, ONE_LABEL
from engine.evaluation.agreement.resampling import Tally, estimate
from engine.evaluation.agreement.unitizing import Continuum

LENGTH = 12
LABELS = ["PER", "LOC", "ORG"]


def document(*spans, name="d", length=LENGTH):
    return Document("一" * length, tuple(Span(*span) for span in spans), id=name)


def layers_of(*spans, length=LENGTH):
    """Return layers of one document, from each annotator's spans."""
    return match({str(i): [document(*side, length=length)] for i, side in enumerate(spans)})


def measured(layers, **options):
    return measure(layers, resamples=0, **options)


def units(given, documents=1):
    """Return classes as from a table of annotators by units."""
    given = np.array(given)
    return Classes(given, np.arange(given.shape[1]) * documents // given.shape[1], documents, int(given.max()) + 1)


def value(tally):
    return estimate({0: tally}, resamples=0, seed=0)[0].value


@st.composite
def any_spans(draw):
    drawn = draw(st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 4), st.sampled_from(LABELS)), max_size=5))
    return tuple((start, min(start + length, LENGTH), label) for start, length, label in drawn)


corpora = st.integers(2, 3).flatmap(
    lambda annotators: st.lists(st.tuples(*[any_spans()] * annotators), min_size=1, max_size=4).map(
        lambda rows: {str(i): [document(*row[i], name=str(n)) for n, row in enumerate(rows)] for i in range(annotators)}
    )
)


def values(figures):
    return {name: figure["value"] for name, figure in figures.to_json().items() if figure is not None}


# Published examples


def test_cohens_kappa_of_a_table_that_is_worked_out_by_hand():
    # 20 both yes, 5 and 10 either alone, 15 both no: observed 0.7, by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5, so 0.4.
    classes = units([[1] * 25 + [0] * 25, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15])
    assert value(tally_pair(classes, 0, 1)) == pytest.approx(0.4)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_cohens_kappa_is_scikit_learns(pairs):
    one, other = zip(*pairs, strict=True)
    ours = value(tally_pair(units([one, other]), 0, 1))
    if len({*one, *other}) == 1:
        assert ours is None
    else:
        assert ours == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)


# Fleiss (1971), table 1: 30 patients, 6 psychiatrists, 5 diagnoses.
FLEISS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""


def test_fleiss_kappa_is_the_papers():
    given = np.array([[k for k, n in enumerate(row) for _ in range(int(n))] for row in FLEISS.split()]).T
    fleiss, _ = tally_all(units(given))
    assert round(value(fleiss), 3) == 0.430
    assert value(fleiss) == pytest.approx(0.43024452006014074)  # statsmodels 0.15.0, fleiss_kappa


def test_nominal_alpha_of_krippendorffs_canonical_data():
    # Krippendorff (2011), Computing Krippendorff's alpha-reliability, section C: four observers, twelve units, some missing.
    rows = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    given = np.array([[-1 if cell == "." else int(cell) for cell in row] for row in rows])
    classes = Classes(given, np.arange(12), 12, 6)
    _, alpha = tally_all(classes)
    assert round(value(alpha), 3) == 0.743


BERTHA = [(2, 10, "A"), (14, 20, "A")], [(4, 8, "A"), (15, 17, "A")]


def test_characters_of_krippendorffs_first_example():
    # Krippendorff (1995), p. 57, A, digitised: the values that DKPro Statistics has, from in or out of a unit.
    given = np.zeros((2, 24), int)
    for row, spans in zip(given, BERTHA, strict=True):
        for start, end, _ in spans:
            row[start:end] = 1
    classes = units(given)
    assert value(tally_pair(classes, 0, 1)) == pytest.approx(0.385, abs=0.001)
    assert value(tally_all(classes)[1]) == pytest.approx(0.329, abs=0.001)


OBSERVED_1995 = {
    "A": (*BERTHA, 0.03125),
    "B": ([(0, 18, "B")], [(a, b, "B") for a, b in ((0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 9), (9, 10))], 2.26736),
    "C": (
        [(a, b, "C") for a, b in ((2, 8), (10, 12), (14, 18), (20, 22))],
        [(a, b, "C") for a, b in ((0, 2), (4, 8), (10, 14), (16, 18), (20, 22))],
        0.02777,
    ),
    "D": (
        [(a, b, "D") for a, b in ((0, 2), (2, 10), (10, 14), (14, 20), (20, 24))],
        [(a, b, "D") for a, b in ((0, 4), (4, 8), (8, 15), (15, 17), (17, 24))],
        0.38715,
    ),
}


@pytest.mark.parametrize("label", OBSERVED_1995)
def test_observed_differences_are_those_of_krippendorff_1995(label):
    one, other, expected = OBSERVED_1995[label]
    counts = Continuum(layers_of(one, other, length=24)).units[label].counts
    assert counts[0, 0] / (2 * 24**2) == pytest.approx(expected, abs=1e-5)


def test_alpha_for_unitizing_is_that_of_krippendorff_2004():
    # p. 254, a continuum from 150 to 450. The book rounds as it goes and has 0.8591; unrounded, as in DKPro Statistics, 0.8587.
    same = [(30, 90, "k"), (150, 200, "k")]
    layers = layers_of(
        [(75, 145, "c"), (220, 250, "c"), *same], [(70, 150, "c"), (205, 225, "c"), (250, 270, "c"), *same], length=300
    )
    figures = measured(layers)
    assert figures.overall.alpha_unitizing.value == pytest.approx(0.8587, abs=1e-4)
    assert figures.labels["c"].alpha_unitizing.value == pytest.approx(0.7285, abs=1e-4)
    assert figures.labels["k"].alpha_unitizing.value == 1.0


def sections(spans, length):
    """Return start, length and whether it is a unit, of an annotator's units and of the gaps between them."""
    bounds = [(start, end, 1) for start, end, _ in spans]
    ends, starts = [0, *(end for _, end, _ in bounds)], [*(start for start, _, _ in bounds), length]
    gaps = [(end, start, 0) for end, start in zip(ends, starts, strict=True) if start > end]
    return [(start, end - start, unit) for start, end, unit in sorted(bounds + gaps)]


def delta(one, other):
    (b, n, unit), (c, m, their_unit) = one, other
    if unit and their_unit:
        return (b - c) ** 2 + (b + n - c - m) ** 2 if -n < b - c < m else 0
    if unit and m - n >= b - c >= 0:
        return n**2
    return m**2 if their_unit and m - n <= b - c <= 0 else 0


def alpha_as_written(sides, length):
    """Return alpha for unitizing of one label, sum by sum as Krippendorff (2004, chapter 11) writes it."""
    layers, count = [sections(side, length) for side in sides], len(sides)
    compared = [(g, h) for i, one in enumerate(layers) for j, other in enumerate(layers) if i != j for g in one for h in other]
    observed = sum(delta(g, h) for g, h in compared) / (count * (count - 1) * length**2)
    every = [section for layer in layers for section in layer]
    found = [n for _, n, unit in every if unit]
    room = [sum(m - n + 1 for _, m, unit in every if not unit and m >= n) for n in found]
    chance = sum((len(found) - 1) / 3 * (2 * n**3 - 3 * n**2 + n) + n**2 * places for n, places in zip(found, room, strict=True))
    pairs = count * length * (count * length - 1) - sum(n * (n - 1) for n in found)
    return 1 - observed / (2 / length * chance / pairs) if chance else None


@st.composite
def units_apart(draw):
    cuts = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=6)))
    return tuple((start, end, "PER") for start, end in zip(cuts[::2], cuts[1::2], strict=False))


@settings(deadline=None)
@given(st.lists(units_apart(), min_size=2, max_size=3))
def test_alpha_for_unitizing_is_what_the_formula_says(sides):
    ours = measured(layers_of(*sides)).overall.alpha_unitizing.value
    expected = alpha_as_written(sides, LENGTH)
    assert ours is expected is None or ours == pytest.approx(expected, abs=1e-9)


# Spans, by hand


def test_spans_by_hand():
    one = [(0, 2, "PER"), (3, 5, "LOC"), (6, 8, "ORG")]
    other = [(0, 2, "PER"), (3, 5, "ORG"), (6, 9, "ORG")]
    figures = measured(layers_of(one, other)).overall
    assert figures.f1.value == pytest.approx(1 / 3)
    assert figures.border_f1.value == pytest.approx(2 / 3)
    # Stretches 0-2 PER PER, 3-5 LOC ORG, 6-8 ORG none, 6-9 none ORG: observed 1/4, by chance (1 + 0 + 2 + 1) / 16 = 1/4.
    assert figures.span_kappa.value == pytest.approx(0.0)


def test_the_labels_of_one_stretch_are_taken_together():
    both, one = [(0, 2, "LOC"), (0, 2, "ORG")], [(0, 2, "LOC")]
    figures = measured(layers_of(both, one))
    assert figures.overall.f1.value == pytest.approx(2 / 3)
    assert figures.overall.border_f1.value == 1.0
    assert figures.labels["LOC"].f1.value == 1.0 and figures.labels["ORG"].f1.value == 0.0


def test_nested_spans_count_in_every_figure():
    outer, nested = [(0, 6, "ORG")], [(0, 6, "ORG"), (0, 2, "LOC")]
    figures = measured(layers_of(nested, outer))
    assert figures.overall.kappa.value < 1 and figures.overall.f1.value == pytest.approx(2 / 3)
    assert figures.labels["ORG"].kappa.value == figures.labels["ORG"].alpha_unitizing.value == 1.0


# Properties


@settings(deadline=None)
@given(corpora)
def test_figures_are_at_most_one_and_do_not_depend_on_any_order(corpus):
    figures = measured(match(corpus))
    backwards = measured(match({name: corpus[name][::-1] for name in reversed(corpus)}))
    found, turned = values(figures.overall), values(backwards.overall)
    assert found.keys() == turned.keys() and figures.labels.keys() == backwards.labels.keys()
    for name, figure in found.items():
        assert (figure is None) == (turned[name] is None)
        assert figure is None or (turned[name] == pytest.approx(figure, abs=1e-9) and figure <= 1 + 1e-12)
    json.dumps(figures.to_json(), allow_nan=False)


@settings(deadline=None)
@given(st.lists(any_spans(), min_size=1, max_size=4), st.integers(2, 3))
def test_identical_layers_agree_perfectly_wherever_agreement_is_defined(rows, annotators):
    documents = [document(*row, name=str(n)) for n, row in enumerate(rows)]
    figures = measured(match({str(i): documents for i in range(annotators)}))
    for part in (figures.overall, *figures.labels.values()):
        for figure in (part.kappa, part.alpha, part.alpha_unitizing, part.span_kappa, part.f1, part.fleiss, part.border_f1):
            assert figure is None or figure.value == pytest.approx(1.0) or (figure.value is None and figure.reason)
    if any(rows):
        assert figures.overall.f1.value == figures.overall.border_f1.value == 1.0


def noisy(generator, count, length=40, kept=0.8):
    """Return layers of two annotators who left some spans out by chance, not the same."""
    true = [[(5 * k, 5 * k + 3, LABELS[generator.integers(3)]) for k in range(length // 5)] for _ in range(count)]
    sides = [[[span for span in row if generator.random() < kept] for row in true] for _ in range(2)]
    return {str(i): [document(*row, name=str(n), length=length) for n, row in enumerate(side)] for i, side in enumerate(sides)}


def test_of_many_characters_alpha_is_near_kappa():
    # Two annotators of like habits: kappa and Scott's pi meet, and alpha is pi but for 1 in 2N (Krippendorff 2004, chapter 11).
    figures = measured(match(noisy(np.random.default_rng(0), 300))).overall
    assert figures.alpha.value == pytest.approx(figures.kappa.value, abs=0.001)


def test_intervals_cover_what_is_so_about_as_often_as_they_say():
    # Each draws 1 of 2 with one probability: kappa is 0 in truth. 95% of 200 intervals is 190, give or take.
    generator = np.random.default_rng(1)
    covered = 0
    for seed in range(200):
        classes = units(generator.integers(0, 2, (2, 200)), documents=50)
        figure = estimate({0: tally_pair(classes, 0, 1)}, resamples=300, seed=seed)[0]
        covered += figure.low <= 0 <= figure.high
    assert 175 <= covered <= 199


def test_an_interval_is_that_of_the_mean_where_the_formula_is_a_mean():
    generator = np.random.default_rng(0)
    counts = np.stack([generator.normal(size=400), np.ones(400)], axis=1)
    figure = estimate({0: Tally((counts,), lambda sums: sums[..., 0] / sums[..., 1])}, resamples=2000, seed=0)[0]
    error = counts[:, 0].std() / math.sqrt(400)
    assert (figure.high - figure.low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.06)


def test_one_seed_gives_one_interval():
    layers = match(noisy(np.random.default_rng(2), 30))
    first, again, other = (measure(layers, resamples=200, seed=seed).overall.kappa for seed in (0, 0, 1))
    assert first == again and first.low < first.value < first.high
    assert other.value == first.value and other.low != first.low


# What is not defined


def test_nobody_marked_anything():
    figures = measured(layers_of([], []))
    assert set(values(figures.overall).values()) == {None}
    assert {figure.reason for figure in (figures.overall.kappa, figures.overall.f1, figures.pairs[0].kappa)} == {NOTHING_MARKED}


def test_everybody_gave_everything_one_class():
    whole = [(0, 1, "PER")]
    figures = measured(layers_of(whole, whole, length=1)).overall
    assert figures.kappa == figures.alpha == Figure(None, reason=ONE_CLASS)
    assert figures.span_kappa == Figure(None, reason=ONE_LABEL)
    assert figures.f1.value == 1.0


def test_one_annotator_agrees_with_nobody():
    figures = measured(match({"only": [document((0, 2, "PER"))]}))
    assert set(values(figures.overall).values()) == {None} and figures.pairs == ()
    assert figures.overall.kappa.reason == figures.overall.alpha_unitizing.reason == NOT_SHARED


def test_no_documents_and_texts_without_characters():
    assert measure(match({"a": [], "b": []})).overall.kappa == Figure(None, reason=NOT_SHARED)
    empty = [Document("", id="e"), document((0, 2, "PER"))]
    assert measured(match({"a": empty, "b": empty})).overall.alpha.value == 1.0


def test_one_document_has_no_interval():
    figure = measure(layers_of([(0, 2, "PER")], [(0, 3, "PER")])).overall.kappa
    assert figure.value is not None and figure.low is figure.high is None


def test_documents_that_some_lack():
    first, second = document((0, 2, "PER"), name="1"), document((3, 5, "LOC"), name="2")
    figures = measured(match({"a": [first, second], "b": [first], "c": [second]}))
    assert (figures.documents, figures.shared, figures.complete) == (2, 2, 0)
    assert figures.overall.alpha.value == figures.overall.kappa.value == figures.overall.f1.value == 1.0
    assert figures.overall.fleiss == figures.overall.alpha_unitizing == Figure(None, reason=NOT_COMPLETE)
    assert [pair.documents for pair in figures.pairs] == [1, 1, 0]
    assert figures.pairs[2].kappa.reason == NOT_SHARED


def test_with_one_label_kappa_on_spans_would_say_nothing():
    figures = measured(layers_of([(0, 2, "PER"), (4, 6, "PER")], [(0, 2, "PER")]))
    found = (figures.overall.span_kappa, figures.labels["PER"].span_kappa, figures.pairs[0].span_kappa)
    assert set(found) == {Figure(None, reason=ONE_LABEL)}


# Matching, labels, time


def test_documents_are_matched_by_id_or_else_by_text():
    texts = ["甲乙", "丙丁", "丙丁"]
    ours = [Document(text, id=str(n)) for n, text in enumerate(texts)]
    theirs = [Document(text, id="other" + str(n)) for n, text in enumerate(reversed(texts))]
    rows = match({"a": ours, "b": theirs, "c": ours[:1]}).rows
    assert [[document and document.text for document in row] for row in rows] == [
        ["甲乙", "甲乙", "甲乙"],
        ["丙丁", "丙丁", None],
        ["丙丁", "丙丁", None],
    ]


def test_another_text_is_refused_by_name():
    with pytest.raises(InputError, match="document '7' has another text from a than from b: '甲' and '乙'"):
        match({"a": [Document("甲", id="7")], "b": [Document("乙", id="7")]})
    with pytest.raises(InputError, match="no annotators"):
        match({})


def test_labels_that_somebody_was_not_to_mark_are_left_out():
    mine = Document("一二三四", (Span(0, 2, "PER"), Span(2, 4, "LOC")), id="d")
    theirs = Document("一二三四", (Span(0, 2, "PER"),), id="d", annotated=("PER",))
    assert measured(match({"a": [mine], "b": [theirs]})).overall.f1.value == 1.0


def test_one_label_alone():
    layers = layers_of([(0, 2, "PER"), (3, 5, "LOC")], [(0, 2, "PER"), (3, 6, "LOC")])
    assert layers.only(["PER"]).labels == ("PER",)
    assert measured(layers.only(["PER"])).overall.f1.value == measured(layers).labels["PER"].f1.value == 1.0


def test_over_time_documents_are_taken_in_order():
    right, wrong = [(0, 2, "PER")], [(0, 3, "PER")]
    days = ["3", "1", "2"]
    ours = [document(*right, name=day) for day in days]
    theirs = [document(*(wrong if day == "3" else right), name=day) for day in days]
    windows = measure_over_time(match({"a": ours, "b": theirs}), lambda document: document.id, 2, resamples=10)
    assert [(window.first, window.last) for window in windows] == [("1", "2"), ("3", "3")]
    assert [window.agreement.overall.f1.value for window in windows] == [1.0, 0.0]
    assert windows[0].to_json()["first"] == "1"
    with pytest.raises(InputError, match="got 0"):
        measure_over_time(match({"a": ours}), lambda document: document.id, 0)
