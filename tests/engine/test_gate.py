"""The gate: figures before and after, what is fixed, broken or changed, and the verdict."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import checkpoint, formats
from engine.document import Document, Span
from engine.errors import RunError
from engine.evaluation.scores import PRF
from engine.gate import (
    HELD_OUT,
    PASSED,
    PROTECTED,
    REFUSED,
    Figures,
    Gate,
    Learned,
    Part,
    compare,
    decide,
    learned_of,
    read_gate,
    require_passed,
)
from engine.prediction_changes import BROKEN, CHANGED, FIXED, Changed, changes_of, read_changes, write_changes
from engine.retraining import RetrainConfig, prepare, retrain
from tests.engine.tiny import known

TEXT = "王芳昨天到了杭州"
PER, LOC = Span(0, 2, "PER"), Span(6, 8, "LOC")
NOTHING_LEARNED = Learned(1, 0.0, 1.0, ())
QUICK = {"epochs": 6, "batch_size": 8, "encoder_rate": 0.01, "head_rate": 0.02, "replay": 2, "hold_out": 0}


def read(*spans):
    return Document(TEXT, spans)


def part(support, before, after, *, fixed=0, broken=0, label="PER"):
    """Return a part with one type whose F1 goes from one value to another."""
    row = Figures(label, support, PRF(before, before, before), PRF(after, after, after), fixed, broken)
    calm = Figures("", 1000, PRF(0.9, 0.9, 0.9), PRF(0.9, 0.9, 0.9), 0, 0)
    return Part(HELD_OUT, 10, calm, (row,))


def verdict(*parts, **rule):
    return decide(parts, NOTHING_LEARNED, [], **rule)


def test_figures_before_and_after_are_those_of_each_type_and_of_all():
    gold = [read(PER, LOC), read(PER)]
    old = [read(PER), read(LOC)]  # one PER missed, one LOC missed, one LOC too many
    new = [read(PER, LOC), read(PER)]
    found = compare(HELD_OUT, gold, old, new, ["PER", "LOC"], "flat")
    assert (found.documents, found.micro.support) == (2, 3)
    assert found.micro.before == PRF.of(3, 2, 1) and found.micro.after == PRF(1.0, 1.0, 1.0)
    assert (found.micro.fixed, found.micro.broken) == (3, 0)
    rows = {row.type: row for row in found.types}
    assert rows["PER"].before == PRF.of(2, 1, 1) and rows["LOC"].before == PRF.of(1, 1, 0)
    assert (rows["LOC"].fixed, rows["LOC"].broken) == (2, 0)


def test_a_type_that_the_parent_does_not_know_is_told_but_is_in_no_figure_of_before():
    town = Span(6, 8, "TOWN")
    found = compare(HELD_OUT, [read(PER, town)], [read(PER)], [read(PER, town)], ["PER"], "flat")
    assert found.micro.support == 1 and found.micro.before == found.micro.after
    (per, new) = found.types
    assert (per.type, new.type, new.before, new.after.f1, new.fall) == ("PER", "TOWN", None, 1.0, 0.0)


def test_what_the_annotation_cannot_judge_counts_neither_way():
    gold = [Document(TEXT, (PER,), annotated=("PER",))]
    found = compare(PROTECTED, gold, [read(PER)], [read(PER, LOC)], ["PER", "LOC"], "flat")
    assert found.micro.after.f1 == 1.0 and found.micro.broken == 0


@pytest.mark.parametrize(
    ("old", "new", "gold", "kind"),
    [
        ((), (LOC,), (LOC,), FIXED),
        ((LOC,), (), (LOC,), BROKEN),
        ((LOC,), (), (), FIXED),
        ((), (LOC,), (), BROKEN),
        ((Span(5, 8, "LOC"),), (LOC,), (LOC,), FIXED),
        ((LOC,), (Span(6, 8, "ORG"),), (LOC,), BROKEN),
        ((Span(5, 8, "LOC"),), (Span(7, 8, "LOC"),), (LOC,), CHANGED),
        ((LOC,), (), None, CHANGED),
    ],
)
def test_each_place_is_fixed_broken_or_changed(old, new, gold, kind):
    document = read(*(gold or ()))
    (changed,) = changes_of(HELD_OUT, [document], [read(*old)], [read(*new)], "flat", gold=gold is not None)
    (stretch,) = changed.changes
    assert (stretch.kind, stretch.old, stretch.new) == (kind, old, new)
    assert changed.gold == gold


def test_places_that_do_not_touch_are_told_apart():
    (changed,) = changes_of(HELD_OUT, [read(PER)], [read(PER)], [read(LOC)], "flat", gold=True)
    assert [(s.start, s.end, s.kind) for s in changed.changes] == [(0, 2, BROKEN), (6, 8, BROKEN)]
    assert changes_of(HELD_OUT, [read(PER)], [read(LOC)], [read(LOC)], "flat", gold=True) == []


def test_a_fall_beyond_the_margin_refuses_and_one_within_it_does_not():
    assert verdict(part(500, 0.90, 0.87)).verdict == REFUSED
    assert verdict(part(500, 0.90, 0.881)).verdict == PASSED
    assert verdict(part(500, 0.90, 0.87), margin=5).verdict == PASSED
    assert verdict(part(500, 0.87, 0.95)).reasons == ()


def test_the_reason_is_data():
    (reason,) = verdict(part(500, 0.90, 0.80, fixed=1, broken=9)).reasons
    assert (reason.kind, reason.part, reason.type, reason.support) == ("type", HELD_OUT, "PER", 500)
    assert (reason.before, reason.after, reason.fixed, reason.broken) == (0.90, 0.80, 1, 9)
    assert reason.chance == pytest.approx((10 + 1) / 2**10)


def test_with_few_gold_spans_only_a_fall_beyond_chance_refuses():
    chance = verdict(part(10, 0.9, 0.7, fixed=1, broken=3))
    assert chance.verdict == PASSED and [reason.type for reason in chance.warnings] == ["PER"]
    assert verdict(part(10, 0.9, 0.3, fixed=0, broken=5)).verdict == REFUSED
    assert verdict(part(10, 0.9, 0.7, fixed=1, broken=3), support=10).verdict == REFUSED


def test_at_the_defaults_no_single_span_can_refuse():
    gold = [read(PER)] * 50
    lost = compare(HELD_OUT, gold, gold, [*gold[1:], read()], ["PER"], "flat")
    assert verdict(lost).verdict == PASSED


def test_a_part_that_measures_nothing_is_warned_of():
    empty = compare(HELD_OUT, [read()], [read()], [read()], ["PER"], "flat")
    assert [(reason.kind, reason.part) for reason in verdict(empty).warnings] == [("unmeasured", HELD_OUT)]


def test_which_corrections_are_learned():
    learned = learned_of([read(PER), read(LOC)], [read(PER), read(PER)], [read(PER), read(PER)], "flat")
    assert learned == Learned(2, 0.5, 0.5, (1,))


figures = st.builds(
    Figures,
    st.text(max_size=3),
    st.integers(0, 99),
    st.one_of(st.none(), st.builds(PRF, *[st.floats(0, 1)] * 3)),
    st.builds(PRF, *[st.floats(0, 1)] * 3),
    st.integers(0, 9),
    st.integers(0, 9),
)
parts = st.builds(Part, st.sampled_from([HELD_OUT, PROTECTED]), st.integers(0, 9), figures, st.tuples(figures, figures))


@given(st.lists(parts, max_size=2), st.floats(0, 100), st.integers(1, 100))
def test_what_the_gate_says_survives_json(found, margin, support):
    said = decide(found, Learned(3, 0.0, 1 / 3, (0, 2)), [], margin, support)
    assert Gate.from_json(json.loads(json.dumps(said.to_json()))) == said


spans = st.lists(
    st.builds(Span, st.integers(0, 3), st.integers(4, 8), st.sampled_from("甲乙"), st.one_of(st.none(), st.floats(0, 1))),
    max_size=4,
)


@given(spans, spans, spans, st.booleans())
def test_changes_survive_their_file_and_say_every_difference_once(tmp_path_factory, old, new, gold, annotated):
    documents = [Document(TEXT, gold), Document("另外一份没有变化的", ())]
    was, now = ([Document(TEXT, spans), documents[1]] for spans in (old, new))
    found = changes_of("pool", documents, was, now, "nested", gold=annotated)
    folder = tmp_path_factory.mktemp("run")
    write_changes(found, folder)
    assert read_changes(folder) == found
    said = [span.key for changed in found for stretch in changed.changes for span in (*stretch.old, *stretch.new)]
    assert sorted(said) == sorted({s.key for s in was[0].spans} ^ {s.key for s in now[0].spans})
    assert all(isinstance(changed, Changed) for changed in found)


@pytest.fixture(scope="module")
def refused(tiny, tmp_path_factory):
    """Return a retraining on corrections that unteach all names, and the protected set that shows it."""
    folder = tmp_path_factory.mktemp("refused")
    taught, protected = known()[:16], known()[16:]
    formats.write(protected, folder / "protected.jsonl")
    formats.write([Document("李雷和韩梅梅去了北京和上海。"), Document("今天天气很好。")], folder / "pool.jsonl")
    paths = {name: str(folder / f"{name}.jsonl") for name in ("protected", "pool")}
    config = RetrainConfig(**{**QUICK, "epochs": 12, "replay": 0, "share": 1}, **paths)
    run = prepare([document.with_spans(()) for document in taught], tiny, config, folder / "run")
    run.carry_out(retrain)
    return run


def test_a_checkpoint_that_forgot_is_refused_and_kept(refused):
    gate = read_gate(refused.folder)
    assert gate.verdict == REFUSED
    assert {part.name for part in gate.parts} == {HELD_OUT, PROTECTED}
    assert any(reason.part == PROTECTED and reason.broken > reason.fixed for reason in gate.reasons)
    assert checkpoint.verify(refused.checkpoint).card["parent"] == "tiny"
    with pytest.raises(RunError, match="the gate refused the new checkpoint"):
        require_passed(refused.report())
    assert require_passed(refused.report(), override=True) == gate


def test_the_changes_lie_in_the_runs_folder(refused):
    found = read_changes(refused.folder)
    assert {changed.part for changed in found} >= {PROTECTED, "corrections"}
    assert {s.kind for c in found if c.part == PROTECTED for s in c.changes} >= {BROKEN}
    assert {s.kind for c in found if c.part == "pool" for s in c.changes} <= {CHANGED}
    counts = read_gate(refused.folder).changes
    assert sum(map(sum, (c.values() for c in counts.values()))) == sum(len(c.changes) for c in found)


def test_what_is_protected_is_never_learned_from(tiny, tmp_path):
    formats.write(known(), tmp_path / "protected.jsonl")
    taught = [Document("巴旦木小镇很安静。", (Span(0, 5, "LOC"),))]
    run = prepare(taught, tiny, RetrainConfig(**{**QUICK, "protected": str(tmp_path / "protected.jsonl")}), tmp_path / "run")
    protected = {document.text for document in known()}
    for name in ("corrections", "replay", "held_out"):
        assert not protected & {document.text for document in formats.read(run.folder / f"{name}.jsonl", "jsonl")}
    read_back = formats.read(run.folder / "protected.jsonl", "jsonl")
    assert {document.text for document in read_back} == protected
