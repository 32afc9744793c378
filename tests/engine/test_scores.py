import json
import math
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOBES

from engine import tags
from engine.document import Document, Span
from engine.errors import InputError
from engine.evaluation.scores import PRF, score

LENGTH = 12
LABELS = ["PER", "LOC", "ORG"]


@st.composite
def flat(draw):
    drawn = draw(st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 3), st.sampled_from(LABELS)), max_size=6))
    return tags.flatten(Span(start, min(start + length, LENGTH), label) for start, length, label in drawn)


def document(spans, text="这一句话刚好有十二个字。"):
    return Document(text, tuple(spans))


@given(st.lists(st.tuples(flat(), flat()), min_size=1, max_size=4))
def test_scores_are_seqevals_in_strict_mode(pairs):
    gold, predicted = ([document(spans) for spans in side] for side in zip(*pairs, strict=True))
    ours = score(gold, predicted)
    written = [[tags.encode_spans(d.spans, LENGTH) for d in side] for side in (gold, predicted)]
    if not any(d.spans for d in (*gold, *predicted)):
        assert (ours.micro, ours.types) == (PRF(0.0, 0.0, 0.0), {})
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of 0/0, which both read as 0
        report = classification_report(*written, mode="strict", scheme=IOBES, output_dict=True, zero_division=0)
    for label, prf in {**ours.types, "micro avg": ours.micro}.items():
        expected = (report[label]["precision"], report[label]["recall"], report[label]["f1-score"])
        assert (prf.precision, prf.recall, prf.f1) == pytest.approx(expected)
    assert set(ours.types) == set(report) - {"micro avg", "macro avg", "weighted avg"}


@given(st.lists(flat(), max_size=4))
def test_a_perfect_prediction_scores_one(sides):
    documents = [document(spans) for spans in sides]
    scores = score(documents, documents)
    assert scores.micro.f1 == (1.0 if any(sides) else 0.0)
    assert scores.counts["documents"] == len(sides)
    assert scores.counts["characters"] == LENGTH * len(sides)


def test_nested_spans_count_one_by_one():
    gold = document([Span(0, 4, "ORG"), Span(0, 2, "LOC")])
    scores = score([gold], [document([Span(0, 4, "ORG"), Span(1, 2, "LOC")])])
    assert scores.micro == PRF(0.5, 0.5, 0.5)
    assert scores.types == {"LOC": PRF(0.0, 0.0, 0.0), "ORG": PRF(1.0, 1.0, 1.0)}


def test_a_span_given_twice_counts_once():
    twice = document([Span(0, 2, "LOC", 0.9), Span(0, 2, "LOC", 0.4)])
    scores = score([document([Span(0, 2, "LOC")])], [twice])
    assert scores.counts == {"gold": 1, "predicted": 1, "correct": 1, "documents": 1, "characters": LENGTH}


def test_the_same_span_in_two_documents_counts_twice():
    twice = [document([Span(0, 2, "LOC")])] * 2
    assert score(twice, twice).counts["correct"] == 2


def test_a_label_only_predicted_has_figures_too():
    scores = score([document([])], [document([Span(0, 2, "GPE")])])
    assert scores.types == {"GPE": PRF(0.0, 0.0, 0.0)}


def test_figures_are_fractions_and_plain_json():
    scores = score([document([Span(0, 2, "LOC"), Span(4, 6, "PER")])], [document([Span(0, 2, "LOC")])])
    value = json.loads(json.dumps(scores.to_json()))
    assert value["micro"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)}
    assert value["types"]["PER"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert value["counts"] == {"gold": 2, "predicted": 1, "correct": 1, "documents": 1, "characters": LENGTH}


def test_no_documents_is_no_error():
    assert math.isclose(score([], []).micro.f1, 0.0)


@pytest.mark.parametrize(
    ("predicted", "message"),
    [([], "1 annotated documents but 0 predicted"), ([document([], "另一句话")], "another text: '另一句话'")],
)
def test_what_does_not_belong_together_is_refused(predicted, message):
    with pytest.raises(InputError, match=message):
        score([document([])], predicted)
