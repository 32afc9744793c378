"""What choosing brings, by known construction: F1 of each arm, times, the outlook, the advice."""

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import Document, Span
from workbench.retraining.savings import advise, outlook, points
from workbench.store import Judged, Pick, Selection

A, B = Span(0, 2, "LOC"), Span(3, 5, "PER")
THEN = datetime(2026, 1, 1, tzinfo=timezone.utc)


def judged(number, arm, gold, said, learned=0, seconds=None, checkpoint="m", strategy="margin"):
    pick = Pick(number, arm, tuple(said))
    selection = Selection(pick, 1, number, strategy, checkpoint, learned, THEN)
    return Judged(selection, Document("北京的张伟来了。。。", tuple(gold), id=str(number)), number, seconds)


def model(learned, right, of, arm="control"):
    """Return documents of one entity each, of which the model had so many right and the rest missed."""
    return [judged(learned * 1000 + n, arm, [A], [A] if n < right else [], learned, checkpoint=f"m{learned}") for n in range(of)]


def test_each_arm_of_each_model_has_its_figures():
    found = points(
        [
            judged(1, "control", [A, B], [A], seconds=10),
            judged(2, "control", [], [], seconds=30),
            judged(3, "chosen", [A], [B], seconds=50),
            judged(4, "control", [A], [A], learned=9, checkpoint="n"),
        ]
    )
    assert [(p.learned, p.checkpoint, sorted(p.arms)) for p in found] == [(0, "m", ["chosen", "control"]), (9, "n", ["control"])]
    control = found[0].control
    assert (control.documents, control.entities, control.f1.value) == (2, 2, pytest.approx(2 / 3))
    assert (control.seconds, control.pace) == (20, pytest.approx(200))
    assert found[0].arms["chosen"].f1.value == 0 and found[0].strategies == ("margin",)
    assert found[1].control.f1.value == 1 and found[1].control.seconds is None


@given(st.lists(st.tuples(st.sampled_from([(), (A,), (B,), (A, B)]), st.sampled_from([(), (A,), (B,), (A, B)])), min_size=1))
def test_f1_is_that_of_all_documents_together_and_within_its_interval(pairs):
    (point,) = points([judged(n, "control", gold, said) for n, (gold, said) in enumerate(pairs)])
    both = sum(len(set(gold) & set(said)) for gold, said in pairs)
    total = sum(len(gold) + len(said) for gold, said in pairs)
    f1 = point.control.f1
    assert f1.value == (pytest.approx(2 * both / total) if total else None)
    assert f1.low is None or 0 <= f1.low <= f1.value + 1e-9 and f1.value - 1e-9 <= f1.high <= 1


def test_a_law_that_is_known_is_found_again():
    law = [(n, 0.9 - 0.5 * (n + 1) ** -0.5) for n in (0, 10, 30, 100, 300)]
    known = points([each for n, f1 in law for each in model(n, round(400 * f1 / (2 - f1)), 400)])
    ahead = outlook(known, aim=0.88)
    assert ahead.most == pytest.approx(0.9, abs=0.02)
    true = (0.5 / 0.02) ** 2 - 1 - 300
    assert ahead.needed[1] < true < ahead.needed[2]
    assert outlook(known, aim=0.999).needed is None
    assert outlook(known[:2], aim=0.9) is None


def test_the_advice_says_when_to_stop_and_when_nothing_is_known():
    def said(*models, aim=0.95):
        return advise(points([each for one in models for each in model(*one)]), aim).kind

    assert said() == said((0, 5, 19)) == "few"
    assert said((0, 10, 40)) == "begin"
    assert said((0, 10, 100), (50, 50, 100)) == "go_on"
    assert said((0, 10, 40), (50, 200, 200)) == "reached"
    level = [(n, 300, 400) for n in (500, 1000, 1500, 2000)]
    assert said((0, 100, 400), *level) == "stop"


def test_an_arm_without_entities_has_no_figure_and_breaks_nothing():
    known = points([judged(n, "control", [], []) for n in range(30)])
    assert known[0].control.f1.value is None and advise(known, 0.9).kind == "few" and outlook(known, 0.9) is None
