import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, IOBES, Entities

from engine import tags
from engine.document import Span
from engine.errors import TagError
from engine.tags import Scheme

LABELS = ["PER", "LOC", "ORG.NAM", "a-b"]
SCHEMES = st.sampled_from(list(Scheme))


@st.composite
def flat_spans(draw, labels=LABELS):
    lengths = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(labels)), max_size=6))
    spans, position = [], 0
    for gap, length, label in lengths:
        spans.append(Span(position + gap, position + gap + length, label))
        position += gap + length
    return spans, position + draw(st.integers(0, 3))


@st.composite
def tag_sequences(draw):
    scheme = draw(SCHEMES)
    return draw(st.lists(st.sampled_from(tags.tag_names(LABELS, scheme)), max_size=12)), scheme


def seqeval_spans(names, scheme):
    # seqeval has no BMES; its M is I under another letter. Its strict mode wants every tag of the scheme spelled so.
    spelled = ["I" + name[1:] if name.startswith("M") else name for name in names]
    entities = Entities([spelled], IOB2 if scheme is Scheme.BIO else IOBES)
    return sorted(Span(e.start, e.end, e.tag) for e in entities.entities[0])


@given(flat_spans(), SCHEMES)
def test_spans_survive_every_scheme(drawn, scheme):
    spans, length = drawn
    names = tags.encode_spans(spans, length, scheme)
    assert len(names) == length
    assert tags.decode_tags(names, scheme) == spans
    assert tags.is_valid(names, scheme)


@given(flat_spans(labels=["PER", "LOC", "ORG.NAM"]), SCHEMES)
def test_valid_tags_read_as_seqeval_strict_reads_them(drawn, scheme):
    spans, length = drawn
    assert seqeval_spans(tags.encode_spans(spans, length, scheme), scheme) == spans


@given(tag_sequences())
def test_seqeval_strict_reads_repaired_tags_as_we_read_the_raw(drawn):
    names, scheme = drawn
    names = [name.replace("a-b", "MISC") for name in names]
    assert seqeval_spans(tags.repair(names, scheme), scheme) == tags.decode_tags(names, scheme)


@given(tag_sequences())
def test_every_span_seqeval_strict_finds_is_ours_too(drawn):
    names, scheme = drawn
    names = [name.replace("a-b", "MISC") for name in names]
    if scheme is not Scheme.BIO:
        assert set(seqeval_spans(names, scheme)) <= set(tags.decode_tags(names, scheme))


@given(tag_sequences())
def test_repair_gives_a_valid_sequence_and_changes_it_once(drawn):
    names, scheme = drawn
    repaired = tags.repair(names, scheme)
    assert tags.is_valid(repaired, scheme)
    assert tags.repair(repaired, scheme) == repaired
    assert tags.is_valid(names, scheme) == (repaired == names)


@given(tag_sequences())
def test_repair_keeps_every_character_and_its_label(drawn):
    names, scheme = drawn
    repaired = tags.repair(names, scheme)
    assert [tags.split_tag(tag, scheme)[1] for tag in repaired] == [tags.split_tag(tag, scheme)[1] for tag in names]


@given(tag_sequences(), SCHEMES)
def test_converting_there_and_back_is_repair(drawn, target):
    names, scheme = drawn
    there = tags.convert(names, scheme, target)
    assert tags.is_valid(there, target)
    assert tags.decode_tags(there, target) == tags.decode_tags(names, scheme)
    assert tags.convert(there, target, scheme) == tags.repair(names, scheme)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 6), st.sampled_from(LABELS)), max_size=8))
def test_flatten_keeps_a_maximal_set_without_overlaps(drawn):
    spans = [Span(start, start + length, label) for start, length, label in drawn]
    kept = tags.flatten(spans)
    assert set(kept) <= set(spans)
    assert all(a.end <= b.start for a, b in zip(kept, kept[1:], strict=False))
    assert all(any(span.overlaps(other) and len_of(other) >= len_of(span) for other in kept) for span in spans)


def len_of(span):
    return span.end - span.start


@pytest.mark.parametrize(
    ("names", "scheme", "expected"),
    [
        ("O I-PER I-PER", Scheme.BIO, [(1, 3, "PER")]),
        ("B-PER I-LOC", Scheme.BIO, [(0, 1, "PER"), (1, 2, "LOC")]),
        ("B-PER B-PER", Scheme.BIO, [(0, 1, "PER"), (1, 2, "PER")]),
        ("B-PER O", Scheme.BIOES, [(0, 1, "PER")]),
        ("B-PER I-PER S-PER", Scheme.BIOES, [(0, 2, "PER"), (2, 3, "PER")]),
        ("E-PER E-PER", Scheme.BIOES, [(0, 1, "PER"), (1, 2, "PER")]),
        ("M-PER M-PER E-LOC", Scheme.BMES, [(0, 2, "PER"), (2, 3, "LOC")]),
        ("S-PER I-PER", Scheme.BIOES, [(0, 1, "PER"), (1, 2, "PER")]),
    ],
)
def test_the_repair_rule_by_example(names, scheme, expected):
    assert [span.key for span in tags.decode_tags(names.split(), scheme)] == expected


@pytest.mark.parametrize(
    ("tag", "scheme"), [("M-PER", Scheme.BIO), ("I-PER", Scheme.BMES), ("PER", Scheme.BIO), ("B-", Scheme.BIO), ("", Scheme.BIO)]
)
def test_a_tag_of_no_scheme_is_refused_with_its_text(tag, scheme):
    with pytest.raises(TagError, match=f"'{tag}'"):
        tags.decode_tags([tag], scheme)


@pytest.mark.parametrize(
    ("names", "scheme"),
    [
        ("O B-PER I-PER", Scheme.BIO),
        ("B-PER M-PER E-PER", Scheme.BMES),
        ("B-PER E-PER S-LOC", Scheme.BMES),
        ("B-PER I-PER E-PER", Scheme.BIOES),
        ("S-PER O", Scheme.BIOES),
        ("O O", Scheme.BIO),
    ],
)
def test_the_scheme_is_recognised(names, scheme):
    assert Scheme.of(names.split()) is scheme


def test_tag_names_start_with_outside_and_hold_each_once():
    assert tags.tag_names(["PER"], Scheme.BIO) == ("O", "B-PER", "I-PER")
    assert tags.tag_names(["PER"], Scheme.BMES) == ("O", "B-PER", "M-PER", "E-PER", "S-PER")
