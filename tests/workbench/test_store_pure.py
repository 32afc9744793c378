"""What the store computes without a database: names of labels, differences, who gets what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import Span
from workbench.store import StoreError, diff
from workbench.store.dealing import deal
from workbench.store.naming import merged, names_of, parted, renamed, resolve, resolved

NAMES = st.sampled_from(["PER", "LOC", "ORG", "人物", "地点"])
SPANS = st.lists(
    st.builds(lambda start, length, label: Span(start, start + length, label), st.integers(0, 8), st.integers(1, 5), NAMES),
    max_size=8,
)


@given(st.lists(st.tuples(st.sampled_from([renamed, merged, parted]), NAMES, NAMES), max_size=25))
def test_names_never_go_round_in_circles(steps):
    becomes = {}
    for change, one, other in steps:
        before = dict(becomes)
        try:
            becomes = change(becomes, one) if change is parted else change(becomes, one, other)
        except StoreError:
            assert becomes == before
            continue
        if change is not parted:
            assert all(
                resolve(name, becomes) == other for name in names_of(one, before) | {one} if name != other or change is merged
            )
    for name in ["PER", "LOC", "ORG", "人物", "地点", "其他"]:
        end = resolve(name, becomes)
        assert end not in becomes and resolve(end, becomes) == end and name in names_of(end, becomes)


@given(SPANS)
def test_resolved_spans_stay_where_they_are(spans):
    read = resolved(spans, {"PER": "人物", "人物": "ORG"})
    assert {(s.start, s.end) for s in read} == {(s.start, s.end) for s in spans}
    assert not {"PER", "人物"} & {s.label for s in read} and len(set(read)) == len(read)


def test_a_merged_name_is_not_given_away():
    becomes = merged({}, "GPE", "LOC")
    with pytest.raises(StoreError, match="was a label that is read as LOC"):
        renamed(becomes, "PER", "GPE")
    with pytest.raises(StoreError, match="is read as LOC now"):
        merged(becomes, "PER", "GPE")
    assert renamed(renamed({}, "PER", "人物"), "人物", "PER") == {"人物": "PER"}


@given(SPANS, SPANS)
def test_a_difference_leads_from_one_to_the_other_and_back(before, after):
    found, back = diff(before, after), diff(after, before)
    olds = [old for old, _ in (*found.relabelled, *found.moved)]
    news = [new for _, new in (*found.relabelled, *found.moved)]
    assert (set(before) - set(found.removed) - set(olds)) | set(found.added) | set(news) == set(after)
    told = [*found.removed, *olds, *found.added, *news]
    assert len(told) == len(set(told))
    assert (back.added, back.removed) == (found.removed, found.added)
    assert set(back.relabelled) == {(b, a) for a, b in found.relabelled}
    assert set(back.moved) == {(b, a) for a, b in found.moved}
    assert not diff(before, before)


def test_differences_by_kind():
    before = [Span(0, 2, "PER"), Span(3, 6, "LOC"), Span(8, 9, "ORG"), Span(10, 12, "PER")]
    after = [Span(0, 2, "ORG"), Span(3, 5, "LOC"), Span(8, 9, "ORG", 0.5), Span(20, 21, "PER")]
    found = diff(before, after)
    assert found.relabelled == ((before[0], after[0]),) and found.moved == ((before[1], after[1]),)
    assert (found.removed, found.added) == ((before[3],), (after[3],)) and len(found) == 4


@given(st.integers(0, 30), st.integers(1, 6), st.integers(1, 6), st.integers(0, 3))
def test_everything_is_dealt_evenly(documents, people, overlap, seed):
    accounts = [f"p{n}" for n in range(people)]
    if overlap > people:
        with pytest.raises(StoreError, match="annotators are asked"):
            deal(range(documents), accounts, overlap, seed)
        return
    dealt = deal(range(documents), accounts, overlap, seed)
    assert len(set(dealt)) == len(dealt) == documents * overlap
    held = [sum(account == holder for _, holder in dealt) for account in accounts]
    assert max(held) - min(held) <= 1
    assert dealt == deal(range(documents), reversed(accounts), overlap, seed)
    assert deal(range(documents), accounts, overlap, seed, {n: accounts for n in range(documents)}) == []
