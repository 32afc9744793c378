import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import nested_tags, tags
from engine.document import Document, Span, topmost, uncrossed
from engine.errors import TagError
from engine.nested_tags import decode_nested, encode_nested, follows, read_stacks, variants, write_stacks
from engine.tags import Scheme

LABELS = ["PER", "LOC", "ORG.NAM", "a-b"]
LENGTH = 12
SCHEMES = st.sampled_from(list(Scheme))


def by_priority(spans):
    return sorted(set(spans), key=lambda span: span.priority)


@st.composite
def any_spans(draw, labels=LABELS):
    """Draw spans that may cross, nest, touch, and have one extent."""
    drawn = draw(st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 7), st.sampled_from(labels)), max_size=8))
    return by_priority(Span(start, min(start + size, LENGTH), label) for start, size, label in drawn)


def nested_spans(labels=LABELS):
    return any_spans(labels).map(uncrossed)


@st.composite
def stack_sequences(draw):
    """Draw sequences that mostly no set of spans would give."""
    scheme = draw(SCHEMES)
    tag = st.sampled_from(tags.tag_names(LABELS[:3], scheme)[1:])
    return draw(st.lists(st.lists(tag, max_size=3).map(tuple), max_size=10)), scheme


def crossing_of_one_label(spans):
    return any(a.crosses(b) and a.label == b.label for a in spans for b in spans)


@given(nested_spans(), SCHEMES)
def test_nested_spans_survive_every_scheme(spans, scheme):
    written = encode_nested(spans, LENGTH, scheme)
    assert len(written) == LENGTH
    assert decode_nested(written, scheme) == spans


@given(any_spans(["PER", "LOC"]), SCHEMES)
@example([Span(0, 3, "PER"), Span(1, 5, "PER")], Scheme.BIO)
def test_crossing_spans_survive_too_unless_a_scheme_without_ends_has_two_of_one_label(spans, scheme):
    found = decode_nested(encode_nested(spans, LENGTH, scheme), scheme)
    if scheme is not Scheme.BIO or not crossing_of_one_label(spans):
        assert found == spans
    else:
        assert covered(found) == covered(spans)


def test_two_crossing_mentions_of_one_label_are_read_from_bio_as_one_in_the_other():
    written = encode_nested([Span(0, 3, "PER"), Span(1, 5, "PER")], 5, Scheme.BIO)
    assert decode_nested(written, Scheme.BIO) == [Span(0, 5, "PER"), Span(1, 3, "PER")]


def covered(spans):
    return {(position, span.label) for span in spans for position in range(span.start, span.end)}


@given(stack_sequences())
def test_what_is_invalid_is_read_without_losing_a_label_of_a_character(drawn):
    stacks, scheme = drawn
    marked = {(at, tags.split_tag(tag, scheme)[1]) for at, stack in enumerate(stacks) for tag in stack}
    found = read_stacks(stacks, scheme)
    assert covered(found) == marked
    assert found == by_priority(found)


@given(stack_sequences())
def test_repair_changes_a_sequence_once(drawn):
    stacks, scheme = drawn
    if scheme is not Scheme.BIO or not crossing_of_one_label(read_stacks(stacks, scheme)):
        found = read_stacks(stacks, scheme)
        assert read_stacks(write_stacks(found, len(stacks), scheme), scheme) == found


@given(st.data(), SCHEMES)
def test_flat_tags_are_read_as_the_flat_rule_reads_them(data, scheme):
    names = data.draw(st.lists(st.sampled_from(tags.tag_names(LABELS, scheme)), max_size=12))
    assert decode_nested(names, scheme) == tags.decode_tags(names, scheme)


@given(any_spans(), SCHEMES)
def test_flat_spans_are_written_as_the_flat_scheme_writes_them(spans, scheme):
    assert encode_nested(tags.flatten(spans), LENGTH, scheme) == tags.encode_spans(spans, LENGTH, scheme)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_of_flat_tags_the_same_follow_each_other(scheme):
    names = tags.tag_names(LABELS, scheme)
    stacks = [() if name == "O" else (name,) for name in names]
    for before, a in zip(["", *names], [(), *stacks], strict=True):
        for after, b in zip(["", *names], [(), *stacks], strict=True):
            assert follows(a, b, scheme) == tags.allowed(before, after, scheme)


@given(any_spans(), SCHEMES)
def test_whatever_is_written_is_valid(spans, scheme):
    bounded = [(), *write_stacks(spans, LENGTH, scheme), ()]
    assert all(follows(a, b, scheme) for a, b in zip(bounded, bounded[1:], strict=False))


@given(nested_spans(), SCHEMES)
def test_every_stack_of_nested_spans_is_a_variant_of_its_labels(spans, scheme):
    for stack in filter(None, write_stacks(spans, LENGTH, scheme)):
        assert stack in variants([tag.partition("-")[2] for tag in stack], scheme)


@pytest.mark.parametrize(("path", "count"), [("A", 4), ("AB", 9), ("BA", 8), ("AA", 8), ("ABC", 16), ("ACB", 12)])
def test_the_variants_of_labels_are_those_that_nest(path, count):
    found = variants(path)
    assert len(set(found)) == len(found) == count


def test_every_variant_occurs_in_some_nested_spans():
    wanted = {*variants("AB"), *variants("BA"), *variants("AA"), *variants("ABA"), *variants("BBA")}
    places = [(start, end) for start in range(6) for end in range(start + 1, 7)]
    seen = set()
    for path in ("AB", "BA", "AA", "ABA", "BBA"):
        for extents in ways(places, len(path)):
            spans = [Span(start, end, label) for (start, end), label in zip(extents, path, strict=True)]
            if len(set(spans)) == len(spans) and spans == by_priority(spans) == uncrossed(spans):
                seen.update(stack for stack in write_stacks(spans, 6) if len(stack) == len(path))
    assert wanted <= seen


def ways(places, size):
    if not size:
        return [[]]
    smaller = ways(places, size - 1)
    return [[*before, place] for before in smaller for place in places if not before or inside(place, before[-1])]


def inside(place, other):
    return other[0] <= place[0] and place[1] <= other[1]


@pytest.mark.parametrize(
    ("spans", "scheme", "expected"),
    [
        # Straková et al. 2019, figure 1, in characters: an organisation that ends in a place.
        ([(0, 4, "ORG"), (2, 4, "LOC")], Scheme.BIO, "B-ORG I-ORG I-ORG|B-LOC I-ORG|I-LOC"),
        ([(0, 4, "ORG"), (2, 4, "LOC")], Scheme.BIOES, "B-ORG I-ORG I-ORG|B-LOC E-ORG|E-LOC"),
        ([(0, 4, "ORG"), (0, 2, "LOC")], Scheme.BIOES, "B-ORG|B-LOC I-ORG|E-LOC I-ORG E-ORG"),
        ([(0, 2, "ORG"), (0, 2, "LOC")], Scheme.BIOES, "B-LOC|B-ORG E-LOC|E-ORG"),
        ([(0, 3, "A"), (0, 2, "A"), (0, 1, "A")], Scheme.BIOES, "B-A|B-A|S-A I-A|E-A E-A"),
        ([(0, 3, "A"), (1, 4, "B")], Scheme.BIOES, "B-A I-A|B-B E-A|I-B E-B"),
        ([(0, 3, "A"), (1, 2, "B"), (2, 3, "B")], Scheme.BMES, "B-A M-A|S-B E-A|S-B"),
    ],
)
def test_the_linearisation_by_example(spans, scheme, expected):
    spans = [Span(*span) for span in spans]
    assert encode_nested(spans, len(expected.split()), scheme) == expected.split()
    assert decode_nested(expected.split(), scheme) == by_priority(spans)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("I-A|I-B I-B E-B", [(0, 3, "B"), (0, 1, "A")]),  # the inner goes on though the outer has ended
        ("B-A|B-B I-B|I-A E-A|E-B", [(0, 3, "A"), (0, 3, "B")]),  # in another order they still go on
        ("B-A|B-A I-A|I-A|I-A E-A", [(0, 3, "A"), (0, 2, "A"), (1, 2, "A")]),
        ("B-A|B-A E-A|E-A", [(0, 2, "A")]),  # the same mention twice is one
        ("B-A S-B|E-A", [(0, 2, "A"), (1, 2, "B")]),
        ("B-A O", [(0, 1, "A")]),
    ],
)
def test_the_repair_rule_by_example(names, expected):
    assert [span.key for span in decode_nested(names.split())] == expected


def test_a_label_that_holds_the_separator_is_refused():
    with pytest.raises(TagError, match=r"'A\|B' holds '\|'.*rename it"):
        encode_nested([Span(0, 1, "A|B")], 1)


def test_a_part_that_is_no_tag_is_refused():
    with pytest.raises(TagError, match="'LOC'"):
        decode_nested(["B-ORG|LOC"])


@given(any_spans())
def test_topmost_spans_lie_in_no_other(spans):
    kept = topmost(spans)
    for span in spans:
        strictly = any(other.holds(span) and other.key[:2] != span.key[:2] for other in spans)
        twin = any(other.key[:2] == span.key[:2] and other.label < span.label for other in spans)
        assert (span in kept) == (not strictly and not twin)


@given(nested_spans())
def test_of_nested_spans_the_topmost_are_what_flat_schemes_keep(spans):
    assert topmost(spans) == tags.flatten(spans)


@given(any_spans())
def test_uncrossed_spans_do_not_cross_and_as_few_are_left_out_as_must_be(spans):
    kept = uncrossed(spans)
    assert not any(a.crosses(b) for a in kept for b in kept)
    assert all(any(span.crosses(other) for other in kept) for span in set(spans) - set(kept))
    assert kept == by_priority(kept)


def test_the_paths_of_a_corpus_are_counted():
    from engine.document import LabelSet

    school = Document("北京大学附属中学", (Span(0, 8, "ORG"), Span(0, 4, "ORG"), Span(0, 2, "LOC")))
    square = Document("北京大学在北京", (Span(0, 4, "ORG"), Span(0, 2, "LOC"), Span(5, 7, "LOC")))
    labels = LabelSet.of([school, square, square])
    assert labels.names == ("LOC", "ORG")
    assert labels.nestings == (("ORG", "LOC"), ("ORG", "ORG"), ("ORG", "ORG", "LOC"))
    assert labels.flat == LabelSet(("LOC", "ORG"))
    assert nested_tags.join(()) == "O"
