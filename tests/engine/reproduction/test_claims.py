import math
from dataclasses import replace

import pytest

from engine.document import Span
from engine.evaluation.slices import Comparison
from engine.reproduction.claims import (
    CLOSE,
    FAILS,
    FEW,
    HOLDS,
    UNPUBLISHED,
    Difference,
    Mean,
    claims,
    difference,
    figures,
    published,
    verdict,
)
from engine.reproduction.outcome import Outcome
from engine.reproduction.table import Printed, Row, Table, on_all
from tests.engine.tiny import known

GOLD = tuple(known(24))


def test_a_mean_has_a_deviation_where_there_are_several_seeds():
    assert Mean.of([0.5]) == Mean(0.5, None, 1)
    found = Mean.of([0.70, 0.72, 0.74])
    assert (found.mean, found.deviation, found.seeds) == (pytest.approx(0.72), pytest.approx(0.02), 3)


def test_differences_are_paired_by_seed():
    """By hand: 0.02, 0.01, 0.03 over three common seeds; the deviation 0.01 over the root of three."""
    found = difference({1: 0.70, 2: 0.80, 3: 0.90, 4: 0.1}, {3: 0.87, 2: 0.79, 1: 0.68, 5: 1.0})
    assert found is not None and found.mean == pytest.approx(0.02)
    assert found.error == pytest.approx(0.01 / math.sqrt(3)) and found.seeds == 3
    assert difference({1: 0.7}, {1: 0.6}) == Difference(pytest.approx(0.1), None, 1)
    assert difference({1: 0.7}, {2: 0.6}) is None


@pytest.mark.parametrize(
    ("mean", "error", "paper", "said"),
    [
        (0.02, 0.01, 0.03, HOLDS),
        (-0.02, 0.01, -0.0001, HOLDS),
        (0.02, 0.01, -0.03, FAILS),
        (-0.02, 0.01, 0.03, FAILS),
        (0.01, 0.01, 0.03, CLOSE),
        (-0.005, 0.01, 0.03, CLOSE),
        (0.2, None, 0.03, CLOSE),
        (0.0, 0.0, 0.03, CLOSE),
        (0.02, 0.01, None, UNPUBLISHED),
    ],
)
def test_a_claim_holds_if_the_sign_is_the_same_and_the_difference_exceeds_its_error(mean, error, paper, said):
    assert verdict(Difference(mean, error, 3), paper) == said


def finding(count, gold=GOLD):
    """Return an outcome whose best epoch finds the spans of ``count`` documents, and whose last finds none."""
    best = tuple(document if i < count else document.with_spans([]) for i, document in enumerate(gold))
    none = tuple(document.with_spans([]) for document in gold)
    repeated = frozenset({gold[0].text})
    states = {"best": Comparison(gold, best, repeated=repeated), "last": Comparison(gold, none, repeated=repeated)}
    return Outcome(states, {"best": 1, "last": 2}, 10, 10, 1.0, "cpu")


def wrong(labels, places):
    """Return an outcome whose best epoch mislabels an entity in some documents, and makes one up in some; the last finds none."""
    best = []
    for i, document in enumerate(GOLD):
        spans = [replace(span, label="X") if i < labels and span is document.spans[0] else span for span in document.spans]
        made_up = [Span(0, len(document), "LOC")] if i < places else []
        best.append(document.with_spans([*spans, *made_up]))
    none = tuple(document.with_spans([]) for document in GOLD)
    return Outcome(
        {"best": Comparison(GOLD, tuple(best)), "last": Comparison(GOLD, none)}, {"best": 1, "last": 2}, 10, 10, 1.0, "cpu"
    )


PRINTED = [{"weibo": {"all": Printed(74.47, 76.34, 97, 811)}}, {"weibo": {"all": Printed(77.71, 80.60, 94, 694)}}]
ROWS = (
    Row("base", "s", published=on_all(weibo=60.0)),
    Row("ours", "s", against=("base",), published=on_all(weibo=65.0)),
)
TABLE = Table("t", "", "", ("weibo",), ROWS, further={"weibo": ("unrepeated",)})


def outcomes(gold=GOLD):
    made = {("base", "weibo", seed): finding(count, gold) for seed, count in ((1, 4), (2, 6), (3, 8))}
    return made | {("ours", "weibo", seed): finding(count, gold) for seed, count in ((1, 12), (2, 13), (9, 24))}


def test_figures_and_claims_come_from_the_kept_predictions():
    found = figures(TABLE, outcomes(), ["weibo", "resume"])
    assert [(figure.part, figure.row) for figure in found] == [(p, r) for p in ("all", "unrepeated") for r in ("base", "ours")]
    base, ours = found[:2]
    spans = [len(document.spans) for document in GOLD]
    recalls = [sum(spans[:count]) / sum(spans) for count in (4, 6, 8)]
    assert base.by_seed["best"] == pytest.approx({i + 1: 2 * r / (1 + r) for i, r in enumerate(recalls)})
    assert base.recall["best"].mean == pytest.approx(sum(recalls) / 3) and base.precision["best"].mean == 1
    assert base.f1["last"].mean == 0 and (base.documents, base.entities) == (24, sum(spans))
    assert (base.published, ours.published) == (0.60, 0.65)
    assert found[2].documents == 23 and found[2].published == 0.60  # as of the whole
    claim, _ = claims(TABLE, found)
    pairs = [ours.by_seed["best"][seed] - base.by_seed["best"][seed] for seed in (1, 2)]
    assert (claim.row, claim.against) == ("ours", "base") and claim.published == pytest.approx(0.05)
    assert claim.differences["best"].mean == pytest.approx(sum(pairs) / 2) and claim.differences["best"].seeds == 2
    assert claim.verdicts == {"best": HOLDS, "last": CLOSE}


def test_a_detailed_table_counts_errors_and_how_they_change():
    """By hand: the base mistakes 4, 6 and 8 labels, and makes up as many entities; ours makes up 3, 3, and 1 of another seed."""
    rows = (replace(ROWS[0], printed=PRINTED[0]), replace(ROWS[1], printed=PRINTED[1]))
    detailed = replace(TABLE, rows=rows, detailed=True)
    done = {("base", "weibo", seed): wrong(count, count) for seed, count in ((1, 4), (2, 6), (3, 8))}
    done |= {("ours", "weibo", seed): wrong(0, count) for seed, count in ((1, 3), (2, 3), (9, 1))}
    base, ours, *_ = found = figures(detailed, done, ["weibo"])
    assert base.details.type_errors["best"] == base.details.boundary_errors["best"] == Mean(6, 2, 3)
    assert ours.details.type_errors["best"].mean == 0 and ours.details.by_seed["best"] == {1: 3, 2: 3, 9: 1}
    assert base.details.boundary_errors["last"].mean == 0 and ours.details.printed is PRINTED[1]["weibo"]["all"]
    claim, unrepeated = claims(detailed, found)
    assert claim.boundary_errors.shares == {"best": pytest.approx(6 / 10 - 1), "last": None}
    assert claim.boundary_errors.published == pytest.approx(694 / 811 - 1) and unrepeated.boundary_errors.published is None
    plain = figures(TABLE, done, ["weibo"])
    assert plain[0].details is None and claims(TABLE, plain)[0].boundary_errors is None


def test_of_a_handful_of_entities_nothing_is_claimed():
    found = figures(TABLE, outcomes(GOLD[:14]), ["weibo"])
    assert found[0].entities < 30 and all(claim.verdicts["best"] == FEW for claim in claims(TABLE, found))


def test_a_row_that_is_not_done_makes_no_claim():
    done = {place: found for place, found in outcomes().items() if place[0] == "ours"}
    found = figures(TABLE, done, ["weibo"])
    assert {figure.row for figure in found} == {"ours"} and claims(TABLE, found) == []


def test_a_part_without_published_figures_takes_those_of_the_part_it_is_like():
    row = Row("r", "s", published={"weibo": {"known": 70.0, "unknown": 80.0}})
    assert [published(row, "weibo", part) for part in ("known", "seen", "unseen", "all")] == [0.7, 0.7, 0.8, None]
    assert published(row, "msra", "known") is None
