"""Which document would teach most: by hand, by brute force, and for every kind of system."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine import acquisition, samples
from engine.acquisition import STRATEGIES, Means, Need, choose, choose_characters, explain, gather, get, mixture, score
from engine.acquisition.contract import Doubt, Likely, Masked, Predicted, Predictions, Votes
from engine.acquisition.disagreement import entropies, entropy_of_votes, information, variation
from engine.acquisition.diversity import density, distances, farthest_first, weighted_by_density
from engine.acquisition.mixing import places
from engine.acquisition.predicting import dropping
from engine.document import Document, LabelSet, Span
from engine.errors import InputError
from engine.systems.bilstm_crf import BilstmCrf, BilstmCrfConfig
from engine.systems.mpm_cner import MpmCner, MpmCnerConfig
from engine.windows import tile
from tests.engine.tiny import OPTIONS, known, trained_system, untrained

quickly = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**31 - 1)
LEARNABLE = [name for name in STRATEGIES if name != "random"]


@pytest.fixture(scope="module")
def system():
    return trained_system()


@pytest.fixture(scope="module")
def committee():
    return (untrained().eval(),)


@pytest.fixture(scope="module")
def hearing():
    torch.manual_seed(1)
    config = MpmCnerConfig(layers=1, width=64, window=64, lstm=16, gate="none")
    return MpmCner.build(config, LabelSet(("LOC", "PER")), [document.text for document in known()]).eval()


def rng(seed=1):
    return np.random.default_rng(seed)


def gathered(system, pool, needs=frozenset(Need) - {Need.COMMITTEE}, **more):
    return gather(system, pool, needs, rng(), **more)


def scored(name, system, pool, committee=(), labelled=()):
    strategy, random = get(name), rng()
    predictions = gather(system, pool, strategy.needs, random, means=Means(committee, passes=3), labelled=labelled)
    return score(strategy, pool, predictions, random)


def said(*readings, length=4, **more):
    """Return a text and what is said of it: the log probabilities of its readings."""
    return Document("字" * length), Predicted(tuple(Likely((), math.log(p)) for p in readings), **more)


def values(name, *pairs, labelled=None):
    pool, documents = zip(*pairs, strict=True)
    strategy = get(name)
    predictions = Predictions(documents, strategy.needs)
    if labelled is not None:
        predictions = replace(predictions, labelled=labelled)
    return score(strategy, pool, predictions, rng()).tolist()


# known values


def test_uncertainty_by_hand():
    sure, unsure = said(0.9, 0.05, length=2), said(0.5, 0.4, length=4)
    assert values("least-confidence", sure, unsure) == pytest.approx([0.1, 0.5])
    assert values("mnlp", sure, unsure) == pytest.approx([-math.log(0.9) / 2, -math.log(0.5) / 4])
    assert values("margin", sure, unsure) == pytest.approx([1 - 0.85, 1 - 0.1])
    doubt = Doubt(np.array([0.0, math.log(2), 0.3]), np.zeros((3, 2), dtype=np.int64), np.zeros((3, 2)))
    (mean,) = values("token-entropy", said(0.5, length=3, doubt=doubt))
    (total,) = values("total-token-entropy", said(0.5, length=3, doubt=doubt))
    assert (mean, total) == pytest.approx(((math.log(2) + 0.3) / 3, math.log(2) + 0.3))


def test_disagreement_by_hand():
    sure_but_opposed = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    unsure_together = np.full((2, 1, 2), 0.5)
    assert information(sure_but_opposed) == pytest.approx([math.log(2)])
    assert information(unsure_together) == pytest.approx([0.0])
    assert entropy_of_votes(np.array([[0, 1], [0, 2], [0, 1]])) == pytest.approx(
        [0.0, -(2 / 3) * math.log(2 / 3) - (1 / 3) * math.log(1 / 3)]
    )
    assert variation(np.array([[0.7, 0.3]]), np.array([[0.2, 0.8]])) == pytest.approx([0.5])
    moved = {"glyph": Masked(np.array([0.0, 0.2]), ()), "phonetic": Masked(np.array([0.6, 0.0]), ())}
    assert values("modality-disagreement", said(0.5, masked=moved), said(0.5)) == pytest.approx([0.3, 0.0])
    votes = Votes(np.array([0.2, 0.4]), np.array([0.1, 0.0]))
    assert values("vote-entropy", said(0.5, votes=votes)) == pytest.approx([0.3])
    assert values("committee-divergence", said(0.5, votes=votes)) == pytest.approx([0.05])


def test_the_mean_divergence_from_the_mean_is_what_information_says():
    shares = rng().dirichlet(np.ones(4), size=(3, 5))
    mean = shares.mean(0)
    divergence = (shares * np.log(shares / mean)).sum(-1).mean(0)
    assert information(shares) == pytest.approx(divergence)


def test_density_by_hand():
    vectors = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    assert density(vectors) == pytest.approx([0.5, 0.5, 0.0])
    assert density(vectors[:1]) == pytest.approx([1.0])
    assert density(np.zeros((2, 2))) == pytest.approx([0.0, 0.0])
    pairs = [said(0.5, vector=vector) for vector in vectors]
    assert values("density*least-confidence", *pairs) == pytest.approx([0.25, 0.25, 0.0])
    flat = weighted_by_density(STRATEGIES["least-confidence"], beta=0.0)
    predictions = Predictions(tuple(predicted for _, predicted in pairs), flat.needs)
    assert score(flat, [text for text, _ in pairs], predictions, rng()) == pytest.approx([0.5] * 3)


def test_places_share_what_is_equal():
    assert places(np.array([3.0, 1.0, 1.0, 2.0])) == pytest.approx([1.0, 1 / 6, 1 / 6, 2 / 3])
    assert places(np.array([5.0])) == pytest.approx([0.0]) and len(places(np.zeros(0))) == 0


def test_a_mixture_adds_places_by_weight():
    low, high = said(0.9, 0.01), said(0.4, 0.3)
    assert values("3*mnlp+1*margin", low, high) == pytest.approx([0.0, 1.0])
    mixed = get("3*mnlp + density*margin")
    assert mixed.needs == {Need.READINGS, Need.VECTORS}
    assert [(weight, part.name) for weight, part in mixed.parts] == [(0.75, "mnlp"), (0.25, "density*margin")]
    assert get("mnlp+k-centre").batch and get("mnlp+k-centre").name == "mnlp+k-centre" and get("mnlp") is STRATEGIES["mnlp"]


# a chain small enough to write down every path


def tiny_chain():
    """Return a flat system of one label over three characters, and the probability of every reading."""
    torch.manual_seed(3)
    made = BilstmCrf.build(BilstmCrfConfig(**OPTIONS), LabelSet(("PER",)), ["王芳到"] * 2).eval()
    with torch.no_grad():
        for parameter in made.crf.parameters():
            parameter.normal_()
    document = Document("王芳到")
    emissions = made(made.collate([document])).emissions[0].detach().double()
    start, end, moves = (tensor.detach().double() for tensor in (made.crf.start, made.crf.end, made.crf.transitions))
    paths = {}
    for path in itertools.product(range(len(made.tags)), repeat=3):
        value = start[path[0]] + end[path[-1]] + sum(emissions[t, tag] for t, tag in enumerate(path))
        paths[path] = float(value + sum(moves[a, b] for a, b in itertools.pairwise(path)))
    whole = math.log(sum(map(math.exp, paths.values())))
    return made, document, {path: math.exp(value - whole) for path, value in paths.items()}


def test_beliefs_are_those_of_all_paths():
    made, document, paths = tiny_chain()
    best, second = sorted(paths.values(), reverse=True)[:2]
    marginals = np.zeros((3, len(made.tags)))
    for path, probability in paths.items():
        for position, tag in enumerate(path):
            marginals[position, tag] += probability
    entropy = entropies(marginals)
    for name, expected in (
        ("least-confidence", 1 - best),
        ("mnlp", -math.log(best) / 3),
        ("margin", 1 - (best - second)),
        ("token-entropy", entropy.mean()),
        ("total-token-entropy", entropy.sum()),
    ):
        assert scored(name, made, [document]) == pytest.approx([expected], abs=1e-4), name
    belief = made.believe(made.collate([document]))[0]
    assert paths[belief.readings[0].tags] == pytest.approx(best)
    assert math.exp(belief.readings[0].log_probability) == pytest.approx(best, abs=1e-4)
    assert belief.readings[0].spans == tuple(made.tags.decode(belief.readings[0].tags))


# what holds of every strategy


@pytest.mark.parametrize("name", [*STRATEGIES, "mnlp+k-centre"])
def test_scores_are_finite_and_the_same_for_one_seed(name, system, committee):
    pool = [*known(8), Document(""), Document("甲"), Document("𠮷田さん😀到访\r\n")]
    scores = scored(name, system, pool, committee, known()[10:12])
    assert scores.shape == (len(pool),) and np.isfinite(scores).all() and (scores >= 0).all()
    assert (scores == scored(name, system, pool, committee, known()[10:12])).all()


@pytest.mark.parametrize("name", LEARNABLE)
def test_scores_go_with_the_documents_whatever_their_order(name, system, committee):
    pool, labelled = [*known(10), Document("")], known()[12:14]
    order = rng(5).permutation(len(pool))
    first = scored(name, system, pool, committee, labelled)
    again = scored(name, system, [pool[i] for i in order], committee, labelled)
    assert again == pytest.approx(first[order], abs=1e-5)


@pytest.mark.parametrize("name", [name for name in LEARNABLE if name not in ("bald", "information-density", "k-centre")])
def test_padding_changes_nothing(name, system, committee):
    pool = sorted(known(8), key=len)
    together = scored(name, system, pool, committee)
    assert together == pytest.approx([scored(name, system, [one], committee)[0] for one in pool], abs=1e-4)


def test_annotations_are_not_looked_at(system, committee):
    bare = [document.with_spans(()) for document in known(6)]
    for name in LEARNABLE:
        assert scored(name, system, known(6), committee) == pytest.approx(scored(name, system, bare, committee))


@quickly
@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(0, 3), st.just(3)), elements=st.floats(0, 1)))
def test_information_is_never_below_nothing_nor_above_the_number_of_members(raw):
    shares = (raw + 1e-3) / (raw + 1e-3).sum(-1, keepdims=True)
    found = information(shares)
    assert (found >= 0).all() and (found <= math.log(len(shares)) + 1e-9).all()


@quickly
@given(arrays(np.float64, st.integers(0, 12), elements=st.floats(-1e6, 1e6)))
def test_places_keep_the_order_and_are_from_0_to_1(scores):
    found = places(scores)
    assert ((found >= 0) & (found <= 1)).all()
    assert all((a < b) == (x < y) for a, x in zip(scores, found, strict=True) for b, y in zip(scores, found, strict=True))


# k-centre


@quickly
@given(SEEDS, st.integers(2, 7), st.integers(0, 2), st.integers(1, 4))
def test_farthest_first_takes_what_is_farthest_and_covers_within_twice_the_best(seed, count, labelled, wanted):
    vectors, centres = rng(seed).normal(size=(count, 2)), rng(seed + 1).normal(size=(labelled, 2))
    radii = farthest_first(vectors, centres, rng(seed))
    wanted = min(wanted, count)
    chosen = np.argsort(-radii, kind="stable")[:wanted].tolist()
    for number, place in enumerate(chosen):  # each is the farthest from what came before it
        before = np.concatenate([centres, vectors[chosen[:number]]])
        if len(before):
            away = distances(vectors, before).min(1)
            assert away[place] == pytest.approx(away.max(), abs=1e-6)

    def radius(some):
        return distances(vectors, np.concatenate([centres, vectors[list(some)]])).min(1).max()

    best = min(radius(some) for some in itertools.combinations(range(count), wanted))
    assert radius(chosen) <= 2 * best + 1e-6


def test_a_batch_that_stops_early_is_the_beginning_of_the_whole():
    vectors = rng().normal(size=(20, 4))
    whole, part = (farthest_first(vectors, vectors[:1] + 1, rng(), most) for most in (0, 5))
    assert set(np.argsort(-whole)[:5]) == set(np.argsort(-part)[:5])


def test_copies_of_what_is_labelled_come_last():
    vectors = np.array([[0.0, 0.0], [5.0, 5.0], [5.0, 5.0], [9.0, 0.0]])
    radii = farthest_first(vectors, vectors[:1], rng())
    assert radii[0] == 0 and sorted(radii[1:3])[0] == 0 and radii[3] == 9


# dropout, committees, modalities


def test_dropout_leaves_the_model_and_the_worlds_chance_as_they_were(system):
    state, before = torch.random.get_rng_state(), [module.training for module in system.modules()]
    found = gathered(system, known(4), {Need.DROPOUT})
    assert (torch.random.get_rng_state() == state).all()
    assert [module.training for module in system.modules()] == before and not any(before)
    assert all((document.information > 0).any() for document in found.documents)
    with dropping(system):
        assert system.dropout.training and not system.training


def test_without_dropout_there_is_nothing_to_draw():
    still = untrained(dropout=0.0).eval()
    with pytest.raises(InputError, match="has no dropout"):
        gathered(still, known(2), {Need.DROPOUT})
    with pytest.raises(InputError, match="2 are needed, got 1"):
        gathered(still, known(2), {Need.DROPOUT}, means=Means(passes=1))


def test_a_committee_of_one_opinion_does_not_disagree(system):
    twin = (system,)
    assert scored("vote-entropy", system, known(5), twin) == pytest.approx([0] * 5)
    assert scored("committee-divergence", system, known(5), twin) == pytest.approx([0] * 5, abs=1e-9)


def test_members_may_know_other_labels(system):
    other = untrained([Document("王芳到了", (Span(0, 2, "NEW"),))]).eval()
    assert (scored("committee-divergence", system, known(5), (other,)) > 0).all()
    with pytest.raises(InputError, match="two models or more, got 1"):
        scored("vote-entropy", system, known(2))


def test_a_model_of_text_alone_does_not_disagree_with_itself(system):
    assert system.optional_modalities == ()
    assert scored("modality-disagreement", system, known(5)).tolist() == [0.0] * 5
    with pytest.raises(InputError, match="cannot leave out 'glyph'; it can leave out: none"):
        system.without(system.collate(known(1)), "glyph")


def test_what_a_modality_moves_is_what_the_evidence_says(hearing):
    document = known(1)[0]
    found = gathered(hearing, [document], {Need.MODALITIES, Need.READINGS}).documents[0]
    evidence = hearing.explain(hearing.collate([document]))[0]
    (effect,) = [item for item in evidence if item.name == "modality_effect"]
    assert tuple(found.masked) == effect.columns == ("glyph", "phonetic")
    for column, name in enumerate(effect.columns):
        assert found.masked[name].moved == pytest.approx([row[column] for row in effect.values], abs=1e-5)
    assert scored("modality-disagreement", hearing, [document])[0] > 0


# long documents


def test_a_long_document_is_its_pieces_together(system):
    text = "".join(document.text for document in known(4))
    parts = [text[window.start : window.end] for window in tile(text, system.window)]
    assert len(parts) > 2 and "".join(parts) == text
    (whole,) = gathered(system, [Document(text)]).documents
    alone = gathered(system, [Document(part) for part in parts]).documents
    assert whole.readings[0].log_probability == pytest.approx(sum(d.readings[0].log_probability for d in alone), abs=1e-4)
    products = sorted((sum(r.log_probability for r in c) for c in itertools.product(*(d.readings for d in alone))), reverse=True)
    assert whole.readings[1].log_probability == pytest.approx(products[1], abs=1e-4)
    assert whole.doubt.entropy == pytest.approx(np.concatenate([d.doubt.entropy for d in alone]), abs=1e-4)
    starts = [0, *itertools.accumulate(map(len, parts))][:-1]
    spans = [(s.start + at, s.end + at) for at, d in zip(starts, alone, strict=True) for s in d.readings[0].spans]
    assert [(span.start, span.end) for span in whole.readings[0].spans] == spans
    mean = np.average([d.vector for d in alone], axis=0, weights=list(map(len, parts)))
    assert whole.vector == pytest.approx(mean, abs=1e-4)


def test_every_strategy_takes_documents_longer_than_a_window(system, hearing, committee):
    texts = [Document("".join(document.text for document in known(4))), Document("王" * 200)]
    for model in (system, hearing):
        for name in STRATEGIES:
            assert np.isfinite(scored(name, model, texts, committee, known(1))).all(), name


# choosing


def test_the_highest_come_first_and_equals_are_drawn():
    assert choose(np.array([0.1, 0.9, 0.5]), 2, rng()) == [1, 2]
    drawn = {tuple(choose(np.zeros(4), 2, rng(seed))) for seed in range(20)}
    assert len(drawn) > 3 and choose(np.zeros(4), 2, rng(1)) == choose(np.zeros(4), 2, rng(1))
    pool = [Document("字" * n) for n in (4, 6, 10)]
    assert choose_characters(np.array([3.0, 2.0, 1.0]), pool, 5, rng()) == [0, 1]
    assert choose_characters(np.array([3.0, 2.0, 1.0]), pool, 0, rng()) == []


def test_errors_count(system):
    with pytest.raises(InputError, match="5 documents available / 10 requested"):
        choose(np.zeros(5), 10, rng())
    with pytest.raises(InputError, match="3 characters available / 4 requested"):
        choose_characters(np.zeros(1), [Document("三个字")], 4, rng())
    with pytest.raises(InputError, match="mnlp needs n-best, which"):
        score(get("mnlp"), known(2), gathered(system, known(2), {Need.TAGS}), rng())
    with pytest.raises(InputError, match="2 documents predicted / 3 in the pool"):
        score(get("mnlp"), known(3), gathered(system, known(2)), rng())
    with pytest.raises(InputError, match="1 of 2 scores are not finite"):
        doubt = Doubt(np.array([np.nan]), np.zeros((1, 2), dtype=np.int64), np.zeros((1, 2)))
        values("token-entropy", said(0.5, length=1, doubt=doubt), said(0.5))


@pytest.mark.parametrize("name", ["best", "", "0*mnlp", "-1*mnlp", "inf*mnlp", "x*mnlp", "1*2*mnlp", "mnlp+", "density*k-centre"])
def test_a_strategy_that_cannot_be_is_refused(name):
    with pytest.raises(InputError):
        get(name)


def test_a_mixture_of_nothing_is_refused():
    with pytest.raises(InputError, match="weights above 0, got none"):
        mixture([])


# reasons


def test_a_reason_tells_what_stood_out(system, committee):
    pool, labelled = known()[2:10], known(2)
    predictions = gathered(system, pool, set(Need), means=Means(committee, 3), labelled=labelled)
    mixed = get("mnlp+k-centre")
    scores = score(mixed, pool, predictions, rng())
    best = int(scores.argmax())
    reason = explain(mixed, pool, predictions, scores, best, labelled=labelled, rng=rng())
    assert (reason.strategy, reason.value, reason.place, reason.pool) == ("mnlp+k-centre", scores[best], 1, len(pool))
    first, second = reason.readings
    assert first.probability >= second.probability > 0 and first.spans != second.spans
    assert reason.characters[0].value == max(one.value for one in reason.characters) and len(reason.characters[0].tags) == 2
    assert reason.neighbour.id in {document.id for document in labelled} and reason.neighbour.distance > 0
    assert [part[:2] for part in reason.parts] == [("mnlp", 0.5), ("k-centre", 0.5)]
    assert sum(weight * place for _, weight, place in reason.parts) == pytest.approx(scores[best])
    assert reason.to_json()["neighbour"] == {"id": reason.neighbour.id, "distance": reason.neighbour.distance}


def test_a_reason_names_the_modality_that_flips_the_answer():
    ours, theirs = Span(0, 2, "PER"), Span(1, 2, "LOC")
    masked = {"glyph": Masked(np.array([0.1, 0.1]), (ours,)), "image": Masked(np.array([0.9, 0.5]), (theirs,))}
    predicted = Predicted((Likely((ours,), math.log(0.6)),), masked=masked)
    strategy, pool = STRATEGIES["modality-disagreement"], [Document("王芳")]
    predictions = Predictions((predicted,), frozenset({Need.READINGS, Need.MODALITIES}))
    reason = explain(strategy, pool, predictions, score(strategy, pool, predictions, rng()), 0)
    image, glyph = reason.modalities
    assert (image.modality, image.moved, image.flips, image.lost, image.gained) == (
        "image",
        pytest.approx(0.7),
        True,
        ((0, 2, "PER"),),
        ((1, 2, "LOC"),),
    )
    assert not glyph.flips and reason.characters == () and reason.neighbour is None and reason.parts == ()


def test_every_strategy_declares_itself():
    for name, strategy in STRATEGIES.items():
        assert strategy.name == name and strategy.title and (strategy.paper or name == acquisition.RANDOM)
    assert [name for name, strategy in STRATEGIES.items() if strategy.batch] == ["k-centre"]
    assert samples.news()
