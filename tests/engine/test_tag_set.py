import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import Document, LabelSet, Span, uncrossed
from engine.nested_tags import follows, variants
from engine.tag_set import MOST, TagSet
from engine.tags import Scheme, flatten, tag_names
from tests.engine.test_nested_tags import LABELS, LENGTH, any_spans, nested_spans

TEXT = "一" * LENGTH
ORG_LOC = LabelSet(("LOC", "ORG"), (("ORG", "LOC"),))


def sequence(tags, names):
    return [tags.names.index(name) for name in names.split()]


@pytest.mark.parametrize("scheme", list(Scheme))
def test_without_nestings_the_tags_are_those_of_a_flat_model(scheme):
    tags = TagSet(LabelSet(tuple(LABELS)), scheme)
    assert tags.names == tag_names(LABELS, scheme)
    assert tags.depth == 1 and tags.flat == len(tags)


@given(any_spans())
def test_a_flat_model_keeps_what_flatten_keeps(spans):
    tags = TagSet(LabelSet(tuple(LABELS)))
    assert tags.decode(tags.encode(spans, LENGTH)) == flatten(spans)


@given(st.lists(nested_spans(), min_size=1, max_size=4))
def test_a_nested_model_can_write_what_its_labels_were_collected_from(documents):
    labels = LabelSet.of(Document(TEXT, tuple(spans)) for spans in documents)
    tags = TagSet(labels)
    paths = [nesting[:size] for nesting in labels.nestings for size in range(2, len(nesting) + 1)]
    if len({stack for path in paths for stack in variants(path)}) <= MOST:  # there is room for all of them
        for spans in documents:
            assert tags.decode(tags.encode(spans, LENGTH)) == spans


@given(any_spans(["LOC", "ORG", "NEW"]))
def test_what_the_tags_cannot_write_is_left_out(spans):
    tags = TagSet(ORG_LOC)
    path = tags.encode(spans, LENGTH)
    kept = tags.keep(spans, LENGTH)
    assert set(kept) <= set(spans) and kept == uncrossed(kept)
    assert tags.decode(path) == kept
    assert {span for span in flatten(spans) if span.label != "NEW"} <= set(kept) or any(s.label == "NEW" for s in spans)
    bounded = [(), *(tags.stacks[i] for i in path), ()]
    assert all(follows(a, b, Scheme.BIOES) for a, b in zip(bounded, bounded[1:], strict=False))


def test_a_nested_pair_can_have_any_lengths():
    tags = TagSet(ORG_LOC)
    for outer in range(1, 6):
        for start in range(outer):
            for end in range(start + 1, outer + 1):
                spans = [Span(0, outer, "ORG"), Span(start, end, "LOC")]
                if spans[0].key[:2] != spans[1].key[:2]:
                    assert tags.keep(spans, 6) == spans


def test_there_are_no_more_multilabels_than_a_crf_can_bear():
    paths = tuple((a, b, c) for a in LABELS for b in LABELS for c in LABELS)
    tags = TagSet(LabelSet(tuple(LABELS), paths))
    assert len(tags) - tags.flat <= MOST
    assert tags.keep([Span(0, 3, "PER"), Span(0, 2, "PER"), Span(0, 1, "PER")], 3)  # the first paths are in
    more = TagSet(LabelSet(tuple(LABELS), paths).with_more(LabelSet(("NEW",), ())))
    assert set(tags.stacks) <= set(more.stacks)


def test_the_longer_counts_where_a_nesting_is_unknown():
    tags = TagSet(ORG_LOC)
    spans = [Span(0, 4, "LOC"), Span(0, 2, "ORG"), Span(4, 6, "ORG"), Span(4, 5, "LOC")]
    assert tags.keep(spans, 6) == [spans[0], spans[2], spans[3]]


def test_a_label_that_was_not_looked_for_may_be_around_or_inside():
    tags = TagSet(LabelSet(("LOC", "ORG"), (("ORG", "LOC"), ("LOC", "LOC"))))
    one = sequence(tags, "S-LOC")[0]

    def possible(unknown):
        return {tags.names[i] for i in tags.possible(one, frozenset(unknown))}

    assert possible([]) == {"S-LOC"}
    assert possible(["ORG"]) == {"S-LOC", "B-ORG|S-LOC", "I-ORG|S-LOC", "E-ORG|S-LOC"}
    assert possible(["LOC"]) == {"S-LOC", "B-LOC|S-LOC", "I-LOC|S-LOC", "E-LOC|S-LOC"}
    assert {tags.names[i] for i in tags.possible(0, frozenset(["LOC"]))} >= {"O", "B-LOC", "B-LOC|B-LOC"}


def test_in_a_flat_model_it_may_be_outside_alone():
    tags = TagSet(LabelSet(("LOC", "ORG")))
    unknown = frozenset(["ORG"])
    assert [tags.names[i] for i in tags.possible(0, unknown)] == ["O", "B-ORG", "I-ORG", "E-ORG", "S-ORG"]
    assert tags.possible(sequence(tags, "B-LOC")[0], unknown) == (1,)
