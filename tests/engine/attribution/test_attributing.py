"""Attributions: their axioms, and that their measure tells a faithful one from others."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.attribution.attributing import _asked, attribute
from engine.attribution.attribution import GRADIENTS, METHODS, OCCLUSION, SHAPLEY
from engine.attribution.faithfulness import CLEAR, NO, faithfulness
from engine.attribution.games import Game, characters_of, hidden
from engine.attribution.target import Target
from engine.document import Document, Span
from engine.errors import InputError
from engine.tagger import predict
from tests.engine.tiny import known, trained_system, untrained

pytest.importorskip("captum")


@pytest.fixture(scope="module")
def system():
    return trained_system()


@pytest.fixture(scope="module")
def case(system):
    """Return a sentence and the surest entity that is found in it."""
    documents = [prediction.document for prediction in predict(system, known()[:6])]
    return max(((d, span) for d in documents for span in d.spans), key=lambda found: found[1].score)


def additive(weights, base=-6.0):
    """Return a game in which each player adds its weight."""

    def worth(rows):
        return [base + sum(w for w, there in zip(weights, row, strict=True) if there) for row in rows]

    return Game(tuple(map(str, range(len(weights)))), worth)


def test_integrated_gradients_add_up_to_what_there_is_to_explain(system, case):
    document, entity = case
    found = attribute(system, document, entity, GRADIENTS)
    assert len(found.values) == len(document) and found.target.score == pytest.approx(entity.score, abs=1e-4)
    assert found.whole - found.empty > 0.5
    assert abs(found.gap) < 0.02 * abs(found.whole - found.empty)
    assert sum(found.values) == pytest.approx(found.whole - found.empty, abs=abs(found.gap) + 1e-9)


def test_the_characters_of_the_entity_and_beside_it_count_and_the_weights_stay_as_they_were(system, case):
    document, entity = case
    before = {name: value.clone() for name, value in system.state_dict().items()}
    hooks = [len(module._forward_hooks) for module in system.modules()]
    for method in METHODS:
        found = attribute(system, document, entity, method)
        assert np.isfinite(found.values).all()
    assert all(torch.equal(value, before[name]) for name, value in system.state_dict().items())
    assert [len(module._forward_hooks) for module in system.modules()] == hooks
    assert all(parameter.grad is None for parameter in system.parameters())


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_shapley_values_add_up_exactly_and_are_the_mean_over_all_orders(weights, seed):
    rng = np.random.default_rng(seed)
    worths = {row: float(rng.normal()) for row in itertools.product((False, True), repeat=len(weights))}
    game = Game(tuple("abcd"[: len(weights)]), lambda rows: [worths[row] for row in rows])
    values = _asked(game, SHAPLEY)
    size = len(weights)
    assert sum(values) == pytest.approx(worths[(True,) * size] - worths[(False,) * size], abs=1e-6)  # captum adds in float32
    by_hand = [0.0] * size
    for order in itertools.permutations(range(size)):
        there = [False] * size
        for player in order:
            before = worths[tuple(there)]
            there[player] = True
            by_hand[player] += (worths[tuple(there)] - before) / math.factorial(size)
    assert values == pytest.approx(by_hand, abs=1e-6)


def test_sampled_shapley_values_add_up_too(system, case):
    found = attribute(system, *case, SHAPLEY, over="characters")
    assert abs(found.gap) < 1e-6
    assert attribute(system, *case, SHAPLEY, over="characters").values == found.values


def test_of_players_that_add_up_every_method_finds_the_weights():
    weights = [2.0, -1.0, 0.5, 0.0]
    for method in (OCCLUSION, SHAPLEY):
        assert _asked(additive(weights), method) == pytest.approx(weights, abs=1e-6)


def test_a_faithful_attribution_beats_every_random_order_and_its_reverse_none():
    rng = np.random.default_rng(1)
    weights = [3.0, 2.0, *[0.05] * 10]
    game = additive(weights, -sum(weights))
    right, wrong = faithfulness(game, weights, rng), faithfulness(game, [-w for w in weights], rng)
    assert right.verdict == CLEAR and right.score > 0.1 and right.beaten == (1.0, 1.0)
    assert right.deletion.area < right.random_deletion.area and right.insertion.area > right.random_insertion.area
    assert wrong.verdict == NO and wrong.score < 0
    assert right.deletion.probabilities[0] == pytest.approx(right.insertion.probabilities[-1]) == 1.0


def test_a_curve_goes_from_all_to_nothing_in_a_bounded_number_of_steps():
    found = faithfulness(additive([0.1] * 100, -10.0), list(range(100)), np.random.default_rng(1), 3)
    assert found.deletion.shares[0] == 0 and found.deletion.shares[-1] == 1 and len(found.deletion.shares) <= 18
    assert list(found.deletion.shares) == sorted(set(found.deletion.shares))
    assert found.draws == 3


def test_of_one_player_there_is_nothing_to_measure_and_of_two_the_other_order_alone(system, case):
    assert attribute(system, *case, SHAPLEY).faithfulness is None
    two = faithfulness(additive([2.0, 0.1]), [2.0, 0.1], np.random.default_rng(1))
    assert two.draws == 1 and two.beaten == (1.0, 1.0)


def test_the_worth_of_all_characters_is_the_confidence_and_hidden_ones_are_unknown(system, case):
    document, entity = case
    game = characters_of(Target.of(system, document, entity))
    assert math.exp(game.values([(True,) * len(document)])[0]) == pytest.approx(entity.score, abs=1e-4)
    nothing = hidden(document, (False,) * len(document))
    assert set(system.vocabulary.encode(nothing.text)) == {system.vocabulary.unknown} and len(nothing) == len(document)


def test_in_a_long_text_what_is_read_with_the_entity_counts(system):
    text = "。".join(document.text for document in known())
    at = text.index(known()[-1].text)
    span = known()[-1].spans[0]
    entity = Span(at + span.start, at + span.end, span.label)
    assert len(text) > 4 * system.window
    found = attribute(system, Document(text), entity, OCCLUSION)
    near = [i for i, value in enumerate(found.values) if value]
    assert len(found.values) == len(text) and near and max(near) - min(near) < system.window
    assert max(range(len(text)), key=lambda i: abs(found.values[i])) in range(entity.start - 12, entity.end + 12)


@pytest.mark.parametrize(
    ("entity", "method", "over", "said"),
    [
        (Span(0, 2, "NOSUCH"), OCCLUSION, "", "does not know the type NOSUCH; it knows LOC"),
        (Span(0, 99, "PER"), OCCLUSION, "", "reaches beyond the text"),
        (Span(0, 2, "PER"), "lime", "", "there is no method 'lime'"),
        (Span(0, 2, "PER"), GRADIENTS, "modalities", "not of modalities"),
    ],
)
def test_what_cannot_be_asked_is_said(entity, method, over, said):
    with pytest.raises(InputError, match=said):
        attribute(untrained().eval(), Document("王芳在杭州"), entity, method, over=over)


def test_an_entity_longer_than_a_window_is_refused():
    with pytest.raises(InputError, match="reads 32 at once"):
        attribute(untrained().eval(), Document("王" * 60), Span(0, 40, "PER"))


def test_importing_it_does_not_import_captum():
    said = "import sys, engine.attribution.attributing; print('captum' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=120)
    assert answer.stdout.strip() == "False"
