"""The figures of a study: against nervaluate and seqeval where they are defined, and what resampling makes of them."""

import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import tags
from engine.document import Document, Span
from engine.errors import InputError
from engine.evaluation.comparing import difference
from engine.evaluation.counts import Counts, lines
from engine.evaluation.figures import figures_of
from engine.evaluation.forms import count_forms, matched
from engine.evaluation.judging import study_of
from engine.evaluation.learning import learning_curves
from engine.evaluation.scores import score
from engine.evaluation.selecting import select, term
from engine.evaluation.study import BOUNDARY_ONLY, EXACT, FORMS, PARTIAL, RIGHT, TYPE_ONLY, Known, Reading
from tests.engine.test_nested_tags import LENGTH, any_spans
from tests.engine.test_study_judging import marked

TEXT = "这句话里有多少个字呢，"[:LENGTH].ljust(LENGTH, "一")
NERVALUATE = {EXACT: "strict", BOUNDARY_ONLY: "exact", PARTIAL: "partial", TYPE_ONLY: "ent_type"}


@st.composite
def flat(draw):
    drawn = draw(st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 4), st.sampled_from("ABC")), max_size=6))
    return tags.flatten(Span(start, min(start + length, LENGTH), label) for start, length, label in drawn)


def documents(sides):
    return [Document(TEXT, tuple(spans)) for spans in sides]


def nervaluate(gold, predicted):
    """Return nervaluate's counts, by its names of the forms: over all, and by label."""
    package = pytest.importorskip("nervaluate", reason="nervaluate, which the figures are compared with, is not installed")
    rows = [
        [[{"label": s.label, "start": s.start, "end": s.end - 1} for s in document.spans] for document in side]
        for side in (gold, predicted)
    ]
    result = package.Evaluator(*rows, tags=["A", "B", "C"], loader="dict").evaluate()
    return result["overall"], result["entities"]


@given(st.lists(st.tuples(flat(), flat()), min_size=1, max_size=4))
def test_forms_are_nervaluates_on_flat_entities(pairs):
    gold, predicted = (documents(side) for side in zip(*pairs, strict=True))
    counts = count_forms(gold, predicted)
    overall, of_label = nervaluate(gold, predicted)
    for form in (EXACT, BOUNDARY_ONLY, PARTIAL):
        theirs, ours = overall[NERVALUATE[form]], counts.micro(form)
        assert (ours.precision, ours.recall, ours.f1) == pytest.approx((theirs.precision, theirs.recall, theirs.f1))
        for label, own in of_label.items():
            if form != BOUNDARY_ONLY:  # theirs compares the extents of one label alone, which is the exact form again
                ours = counts.of_label(form, label)
                assert ours.f1 == pytest.approx(own[NERVALUATE[form]].f1)
    assert counts.credit(TYPE_ONLY) >= overall["ent_type"].correct


@given(flat(), flat())
def test_the_form_of_types_is_nervaluates_where_nothing_overlaps_two(gold, found):
    alone = [span for span in gold if sum(span.overlaps(other) for other in found) < 2]
    found = [span for span in found if sum(span.overlaps(other) for other in alone) < 2]
    alone = [span for span in alone if sum(span.overlaps(other) for other in found) < 2]
    overall, _ = nervaluate(documents([alone]), documents([found]))
    assert count_forms(documents([alone]), documents([found])).credit(TYPE_ONLY) == overall["ent_type"].correct


def test_where_nervaluate_lets_the_order_decide():
    gold, found = documents([[Span(2, 4, "A")]]), documents([[Span(1, 4, "A"), Span(2, 4, "A")]])
    assert nervaluate(gold, found)[0]["strict"].correct == 0  # the longer one comes first, and uses the entity up
    assert count_forms(gold, found).credit(EXACT) == 1
    gold, found = documents([[Span(0, 4, "A")]]), documents([[Span(0, 2, "B"), Span(2, 4, "A")]])
    assert nervaluate(gold, found)[0]["ent_type"].correct == 0
    assert count_forms(gold, found).credit(TYPE_ONLY) == 1


@given(any_spans(), any_spans())
def test_forms_are_ordered_and_never_count_an_entity_twice(gold, found):
    sides = [Document("一" * LENGTH, tuple(spans)) for spans in (gold, found)]
    counts = count_forms([sides[0]], [sides[1]])
    most = min(len(set(gold)), len(set(found)))
    assert counts.credit(EXACT) <= counts.credit(BOUNDARY_ONLY) <= counts.credit(PARTIAL) <= most
    assert counts.credit(EXACT) <= counts.credit(TYPE_ONLY) <= most
    assert counts.credit(EXACT) == score([sides[0]], [sides[1]]).counts["correct"]


@given(any_spans(), any_spans())
def test_as_many_pairs_are_made_as_can_be(gold, found):
    scipy = pytest.importorskip("scipy.sparse.csgraph")
    first, second = (sorted({span.key for span in side}) for side in (gold, found))
    near = np.array([[int(a[0] < b[1] and b[0] < a[1]) for b in second] for a in first]).reshape(len(first), len(second))
    from scipy.sparse import csr_matrix

    expected = int((scipy.maximum_bipartite_matching(csr_matrix(near)) >= 0).sum()) if near.size else 0
    assert matched(first, second) == expected


def reading(predicted, name="m", labels=("PER", "LOC", "ORG"), structure="flat", known=None):
    return Reading(name, name, "", labels, tuple(predicted), (), known or Known(), structure=structure)


def study(pairs, structure=None, known=None):
    gold, *sides = zip(*pairs, strict=True)
    return study_of(
        "s", gold, [reading(side, f"m{i}", known=known, structure=structure or "flat") for i, side in enumerate(sides)]
    )


@settings(deadline=None)
@given(st.lists(st.tuples(flat(), flat()), min_size=1, max_size=4))
def test_figures_are_seqevals_in_strict_mode(pairs):
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOBES

    gold, predicted = (documents(side) for side in zip(*pairs, strict=True))
    own = figures_of(study(list(zip(gold, predicted, strict=True))), 0, samples=0)
    if not any(d.spans for d in (*gold, *predicted)):
        assert own.forms[EXACT].f1.value == 0.0 and not own.types
        return
    written = [[tags.encode_spans(d.spans, LENGTH) for d in side] for side in (gold, predicted)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = classification_report(*written, mode="strict", scheme=IOBES, output_dict=True, zero_division=0)
    ours = {line.name: (line.precision, line.recall, line.f1.value) for line in own.types}
    ours["micro avg"] = (own.forms[EXACT].precision, own.forms[EXACT].recall, own.forms[EXACT].f1.value)
    macro = own.macro[EXACT]
    ours["macro avg"] = (macro.precision, macro.recall, macro.f1)
    for name, figures in ours.items():
        expected = (report[name]["precision"], report[name]["recall"], report[name]["f1-score"])
        assert figures == pytest.approx(expected)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(flat(), flat()), min_size=1, max_size=5))
def test_every_count_is_the_same_in_every_view(pairs):
    whole = study(list(zip(*(documents(side) for side in zip(*pairs, strict=True)), strict=True)))
    own, cases = figures_of(whole, 0, samples=0), whole.readings[0].cases
    assert sum(own.outcomes.values()) == len(cases) == sum(map(sum, own.confusion))
    exact = own.forms[EXACT]
    for group in {part.group for part in own.slices}:
        parts = [part.line for part in own.slices if part.group == group]
        assert [sum(getattr(p, name) for p in parts) for name in ("gold", "found", "correct")] == [
            exact.gold,
            exact.found,
            exact.correct,
        ], group
    assert sum(line.gold for line in own.types) == exact.gold
    wrong = sum(case.outcome != RIGHT for case in cases)
    assert sum(kind.once for kind in own.kinds if kind.group == "duomo") == wrong
    for kind in own.kinds:
        assert sum(len(hit.cases) for hit in select(whole, f"first:{kind.name}")) == kind.once
        assert sum(len(hit.cases) for hit in select(whole, f"kind:{kind.name}")) == kind.together
    for part in own.slices:
        hits = select(whole, term("slice", part.name))
        assert sum(case.outcome == RIGHT for hit in hits for case in hit.cases) == part.line.correct
    for row, name in enumerate((*own.labels, "-")):
        for column, other in enumerate((*own.labels, "-")):
            hits = select(whole, term("cell", name, other))
            assert sum(len(hit.cases) for hit in hits) == own.confusion[row][column]


def test_nested_figures_and_those_of_the_topmost():
    gold = marked("北京大学的", "北京大学/ORG", "北京/LOC")
    own = figures_of(study([(gold, marked("北京大学的", "北京大学/ORG"))], "nested"), 0)
    assert (own.structures["flat"].f1.value, own.structures["nested"].recall) == (1.0, 0.5)
    flat_study = figures_of(study([(gold, gold)]), 0)
    assert set(flat_study.structures) == {"flat"} and flat_study.forms[EXACT].gold == 1


def test_an_interval_is_that_of_a_share_known_beforehand():
    counts = Counts(400)
    for row in range(400):
        counts.add(row, "half", 1, 1, row % 2)
    line = lines(counts, 2000, 1)["half"]
    # F1 is the share of 400 documents that are right: its standard error is 0.025.
    assert (line.f1.value, line.f1.low, line.f1.high) == pytest.approx((0.5, 0.5 - 1.96 * 0.025, 0.5 + 1.96 * 0.025), abs=0.006)
    assert lines(counts, 2000, 1) == lines(counts, 2000, 1)


def test_one_document_has_no_interval_and_nothing_is_significant():
    gold = marked("北京和王芳", "北京/LOC", "王芳/PER")
    one = study([(gold, gold, marked("北京和王芳", "北京/LOC"))])
    own = figures_of(one, 1)
    assert own.forms[EXACT].f1.value == pytest.approx(2 / 3) and not own.forms[EXACT].f1.known
    found = difference(one, 0, 1)
    assert not found.f1.known and found.p_bootstrap == 1.0


def test_empty_gold_and_no_documents_are_figures_of_nothing():
    for pairs in ([(Document("北京"), marked("北京", "北京/LOC"))], [(Document("北京"), Document("北京"))]):
        own = figures_of(study(pairs), 0)
        assert own.forms[EXACT].f1.value == 0.0 and own.forms[EXACT].gold == 0
    assert figures_of(study_of("s", [], [reading([])]), 0).documents == 0


def compared(a_right, b_right, documents=60):
    """Return a study of two readings that are right in so many documents."""
    gold = marked("北京的", "北京/LOC")
    empty = Document("北京的")
    return study([(gold, gold if i < a_right else empty, gold if i >= documents - b_right else empty) for i in range(documents)])


def test_a_difference_says_who_finds_what_and_whether_that_is_chance():
    found = difference(compared(20, 50), 0, 1)
    assert (found.both_right, found.only_a, found.only_b, found.both_wrong) == (10, 10, 40, 0)
    assert found.p_bootstrap < 0.01 and found.p_permutation < 0.01
    assert found.f1.low > 0 and found.f1.value == pytest.approx(100 / 110 - 40 / 80)
    back = difference(compared(20, 50), 1, 0)
    assert back.f1.value == -found.f1.value and back.only_a == found.only_b
    alike = difference(compared(30, 31), 0, 1)
    assert alike.p_bootstrap > 0.2 and alike.p_permutation > 0.2 and alike.f1.low < 0 < alike.f1.high
    same = difference(compared(30, 30), 0, 0)
    assert (same.f1.value, same.p_bootstrap, same.p_permutation, same.only_a) == (0.0, 1.0, 1.0, 0)


def test_exchanging_agrees_with_all_exchanges_there_are():
    """With 6 documents there are 64 ways to exchange: the share of those that are as far apart is known."""
    whole = compared(1, 6, documents=6)
    # A is right in the first, B in all: five documents differ, and only none or all of the five exchanged are as far apart.
    assert difference(whole, 0, 1, samples=20000).p_permutation == pytest.approx(2 / 32, abs=0.006)


def test_confidence_is_compared_with_what_is_right():
    gold = marked("北京王芳", "北京/LOC")
    said = Document("北京王芳", (Span(0, 2, "LOC", 0.95), Span(2, 4, "PER", 0.85)))
    own = figures_of(study([(gold, said)]), 0)
    assert [(part.low, part.count, part.confidence, part.accuracy) for part in own.bins] == [
        (0.8, 1, 0.85, 0.0),
        (0.9, 1, 0.95, 1.0),
    ]
    assert own.ece == pytest.approx((0.85 + 0.05) / 2)
    assert figures_of(study([(gold, gold)]), 0).ece is None


def test_slices_tell_what_was_learned_and_which_have_too_few():
    training = (marked("王芳在北京", "王芳/PER", "北京/LOC"), marked("王芳是北京人", "王芳/PER"))
    gold = marked("王芳到北京和曌市", "王芳/PER", "北京/LOC", "曌市/LOC")
    own = figures_of(study([(gold, gold)], known=Known(frozenset("曌"), training)), 0)
    lines = {part.name: part.line.gold for part in own.slices}
    assert (lines["seen_entity"], lines["unseen_entity"]) == (2, 1)
    assert (lines["consistent"], lines["inconsistent"]) == (1, 1)  # 北京 is annotated once, and once not
    assert (lines["known"], lines["unknown"], lines["seen"], lines["unseen"]) == (2, 1, 2, 1)
    assert (lines["frequency=0"], lines["frequency=1"], lines["frequency=2-4"]) == (1, 1, 1)
    assert not any(part.enough for part in own.slices)
    many = figures_of(study([(gold, gold)] * 10, known=Known(frozenset("曌"), training)), 0)
    assert {part.name: part.enough for part in many.slices}["seen_entity"]


def test_what_meta_says_of_a_document_makes_slices_of_their_own():
    rows = [
        Document("北京", (Span(0, 2, "LOC"),), meta={"domain": domain, "annotator": "wang li"}) for domain in ("news", "blog")
    ]
    names = {part.name for part in figures_of(study([(d, d) for d in rows]), 0).slices}
    assert {"domain=news", "domain=blog"} <= names
    assert not any(name.startswith("annotator") for name in names)  # one alone tells nothing


def test_a_free_condition_makes_a_slice():
    pairs = [
        (marked("北京和王芳", "北京/LOC", "王芳/PER"), marked("北京和王芳", "北京/LOC")),
        (marked("上海", "上海/LOC"), marked("上海")),
    ]
    whole = study(pairs)
    parts = {
        part.name: part
        for part in figures_of(whole, 0, conditions=["北京", "/^上/ label=LOC", "没有"]).slices
        if part.group == "text"
    }
    assert [(p.documents, p.line.gold, p.line.correct) for p in parts.values()] == [(1, 2, 1), (1, 1, 0), (0, 0, 0)]
    for name, part in parts.items():
        assert len(select(whole, f"text:{name}")) == part.documents
    with pytest.raises(InputError, match="pattern"):
        figures_of(whole, 0, conditions=["/(/"])


SELECTED = study(
    [
        (
            marked("北京和王芳", "北京/LOC", "王芳/PER"),
            marked("北京和王芳", "北京/ORG", "王芳/PER"),
            marked("北京和王芳", "北京/LOC"),
        ),
        (marked("上海大学", "上海大学/ORG"), marked("上海大学", "上海/ORG"), marked("上海大学")),
        (marked("没有什么"), marked("没有什么"), marked("没有什么", "什么/PER")),
    ]
)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("all", [(0, 2), (1, 1), (2, 0)]),
        ("outcome:wrong", [(0, 1), (1, 1)]),
        ("cell:LOC:ORG", [(0, 1)]),
        ("kind:too_short", [(1, 1)]),
        ("type:PER", [(0, 1)]),
        ("type:PER outcome:wrong", []),
        ("only_a", [(0, 1)]),
        ("only_b", [(0, 1)]),
        ("both_wrong", [(1, 1)]),
        ("text:北京", [(0, 2)]),
        ("text:/大学$/", [(1, 1)]),
        ("text:label=PER", [(0, 2)]),
        ("text:北京 label=ORG", [(0, 2)]),
        ("outcome:right text:北京", [(0, 1)]),
        ("all text:没", [(2, 0)]),
    ],
)
def test_selections(selection, expected):
    assert [(hit.row, len(hit.cases)) for hit in select(SELECTED, selection, 0, 1)] == expected


@pytest.mark.parametrize(
    "selection",
    ["", "  ", "kind:none", "slice:none", "slice:none=1", "cell:PER", "nonsense", "text:", "text:/(/", "only_a", "bin:0.1-0.3"],
)
def test_a_selection_that_cannot_be_is_refused(selection):
    with pytest.raises(InputError):
        select(SELECTED, selection, 0, None)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.floats(0, 1), st.integers(0, 10).map(lambda tenth: tenth / 10)), min_size=1, max_size=20))
def test_every_bin_of_the_reliability_curve_opens_its_predictions(scores):
    texts = [Document("北京", (Span(0, 2, "LOC", score),)) for score in scores]
    own = study([(marked("北京", "北京/LOC"), predicted) for predicted in texts])
    bins = figures_of(own, 0, samples=0).bins
    assert [sum(len(hit.cases) for hit in select(own, f"bin:{b.low:.1f}-{b.high:.1f}")) for b in bins] == [b.count for b in bins]
    assert sum(b.count for b in bins) == len(scores)


def test_labels_with_spaces_and_colons_can_be_selected():
    odd = study([(marked("北京", "北京/a b:c"), Document("北京"))])
    assert " " not in term("cell", "a b:c", "-")
    assert len(select(odd, term("cell", "a b:c", "-"))) == 1


def test_figures_are_plain_json():
    own = figures_of(SELECTED, 0, samples=10)
    value = json.loads(json.dumps(own.to_json()))
    assert set(value["forms"]) == set(FORMS) and not math.isnan(value["forms"]["exact"]["f1"]["low"])
    assert json.loads(json.dumps(difference(SELECTED, 0, 1, samples=10).to_json()))["only_a"] == 1


def test_learning_curves_are_those_that_simulate_wrote(tmp_path):
    points = [{"sentences": n, "f1": f1} for n, f1 in ((50, 0.5), (100, 0.6))]
    other = [{"sentences": n, "f1": f1} for n, f1 in ((50, 0.6), (100, 0.6))]
    arm = [{"documents": 40, "value": 0.4, "low": None, "high": None}]
    (tmp_path / "report.json").write_text(json.dumps({"curves": {"mnlp": {"1": points, "2": other}, "control": arm}}))
    curves = learning_curves(tmp_path)
    assert [(p.sentences, p.f1.value, p.f1.known) for p in curves["mnlp"]] == [(50, pytest.approx(0.55), True), (100, 0.6, True)]
    assert curves["mnlp"][0].f1.low < 0.5 and not curves["control"][0].f1.known
    with pytest.raises(InputError, match="simulate"):
        learning_curves(tmp_path / "none.json")
