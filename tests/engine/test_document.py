import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import Document, LabelSet, Span, relabel
from engine.errors import DocumentError

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n\u2028\u3000𠮷😀\u0301"), max_size=20)


@st.composite
def documents(draw):
    text = draw(TEXTS)
    ends = st.integers(0, len(text)) if text else st.nothing()
    pairs = draw(st.lists(st.tuples(ends, ends, st.sampled_from(["PER", "LOC"])), max_size=6)) if text else []
    return Document(text, tuple(Span(min(a, b), max(a, b), label) for a, b, label in pairs if a != b))


@given(documents())
def test_spans_come_sorted_outer_first_and_once(document):
    keys = [(span.start, -span.end, span.label) for span in document.spans]
    assert keys == sorted(set(keys))


@given(documents(), st.randoms(use_true_random=False))
def test_the_order_of_spans_given_does_not_matter(document, random):
    shuffled = list(document.spans) * 2
    random.shuffle(shuffled)
    assert document.with_spans(shuffled) == document


@given(documents())
def test_mentions_are_slices_of_the_text_as_given(document):
    assert len(document) == len(document.text)
    assert all(document.mention(span) == document.text[span.start : span.end] != "" for span in document.spans)


@given(TEXTS)
def test_the_id_depends_on_the_text_alone(text):
    assert Document(text).id == Document(text, meta={"a": "b"}).id != Document(text + "。").id


@given(documents())
def test_relabel_renames_drops_and_keeps(document):
    renamed = relabel(document, {"PER": "人"})
    assert [s.key for s in renamed.spans if s.label != "人"] == [s.key for s in document.spans if s.label != "PER"]
    assert {s.label for s in relabel(document, {"PER": "", "LOC": ""}).spans} == set()
    assert relabel(document, {}) == document


def test_offsets_count_code_points():
    text = "😀𠮷田\r\n去东京"
    document = Document(text, (Span(1, 3, "PER"), Span(6, 8, "LOC")))
    assert [document.mention(span) for span in document.spans] == ["𠮷田", "东京"]


@pytest.mark.parametrize(("start", "end", "label"), [(2, 2, "PER"), (3, 2, "PER"), (-1, 2, "PER"), (0, 1, "")])
def test_a_span_that_contradicts_itself_is_refused(start, end, label):
    with pytest.raises(DocumentError):
        Span(start, end, label)


def test_a_span_beyond_the_text_is_refused_with_its_numbers():
    with pytest.raises(DocumentError, match="1-3 LOC reaches beyond the text of 2"):
        Document("北京", (Span(1, 3, "LOC"),))


def test_a_score_does_not_make_two_spans_of_one():
    assert Document("北京", (Span(0, 2, "LOC", 0.9), Span(0, 2, "LOC"))).spans == (Span(0, 2, "LOC"),)


def test_meta_cannot_be_changed_afterwards():
    given_meta = {"source": "我们"}
    document = Document("北京", meta=given_meta)
    given_meta["source"] = "别人"
    assert document.meta["source"] == "我们"
    with pytest.raises(TypeError):
        document.meta["source"] = "别人"


def test_labels_of_a_corpus_are_sorted_and_distinct():
    assert LabelSet.of([Document("北京", (Span(0, 2, "LOC"), Span(0, 1, "ABB")))]).names == ("ABB", "LOC")
    with pytest.raises(DocumentError):
        LabelSet(("PER", "PER"))
