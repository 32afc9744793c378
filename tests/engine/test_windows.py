import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import Document, Span
from engine.tags import FLAT, NESTED
from engine.windows import Window, cut, split, stitch

TEXTS = st.text(st.sampled_from("一二三四五，。！\n𠮷a"), max_size=300)


@st.composite
def sizes(draw):
    size = draw(st.integers(8, 64))
    return size, draw(st.integers(0, (size - 1) // 3))


@st.composite
def annotated(draw):
    """Draw a text with flat annotations, some of them longer than a window, and nested ones inside."""
    lengths = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 24)), max_size=12))
    spans, position = [], 0
    for gap, length in lengths:
        spans.append(Span(position + gap, position + gap + length, "ORG"))
        if length > 2:
            spans.append(Span(position + gap, position + gap + length // 2, "LOC"))
        position += gap + length
    length = position + draw(st.integers(0, 20))
    text = draw(st.text(st.sampled_from("一二，。"), min_size=length, max_size=length))
    return Document(text, tuple(spans))


@given(TEXTS, sizes())
def test_cores_follow_each_other_from_the_first_character_to_the_last(text, drawn):
    windows = cut(text, *drawn)
    assert "".join(text[window.core_start : window.core_end] for window in windows) == text
    assert windows[0].core_start == 0 and windows[-1].core_end == len(text)
    assert all(a.core_end == b.core_start for a, b in zip(windows, windows[1:], strict=False))


@given(TEXTS, sizes())
def test_windows_hold_their_core_and_fit(text, drawn):
    size, overlap = drawn
    for window in cut(text, size, overlap):
        assert window.end - window.start <= size
        assert 0 <= window.start <= window.core_start <= window.core_end <= window.end <= len(text)
        assert window.core_start - window.start >= min(overlap, window.core_start)
        assert window.end - window.core_end >= min(overlap, len(text) - window.core_end)


def test_a_core_ends_where_a_sentence_does():
    text = "今天天气很好。" * 30
    assert all(text[window.core_end - 1] == "。" for window in cut(text, 50, 8))


def test_without_a_sentence_end_a_pause_will_do_and_then_anything():
    assert cut("一" * 30 + "，" + "一" * 30, 40, 4)[0].core_end == 31
    assert cut("一" * 60, 40, 4)[0].core_end == 36


@pytest.mark.parametrize("text", ["", "一", "一" * 40])
def test_what_fits_is_one_window(text):
    assert cut(text, 40, 8) == [Window(0, len(text), 0, len(text))]


def test_twenty_thousand_characters_are_cut_quickly_and_whole():
    text = "".join(chr(0x4E00 + i % 3000) for i in range(20_000))
    windows = cut(text, 254, 24)
    assert "".join(text[window.core_start : window.core_end] for window in windows) == text
    assert len(windows) < 20_000 / (254 - 2 * 24) + 2


@given(annotated(), st.integers(8, 40))
def test_pieces_for_training_hold_all_text_and_every_span_that_fits(document, size):
    pieces = split(document, size)
    assert "".join(piece.text for piece in pieces) == document.text
    assert all(0 < len(piece) <= size for piece in pieces) or not document.text
    kept, offset = set(), 0
    for piece in pieces:
        kept |= {(span.start + offset, span.end + offset, span.label) for span in piece.spans}
        offset += len(piece)
    assert kept >= {span.key for span in document.spans if span.end - span.start <= size}
    assert kept <= {span.key for span in document.spans}


def test_a_sentence_end_inside_an_annotation_does_not_cut_it():
    document = Document("雅虎！中国公司今天发布了新的产品", (Span(0, 7, "ORG"),))
    assert split(document, 8)[0].spans == document.spans


def test_an_annotation_that_overlaps_another_is_kept_with_it():
    document = Document("一" * 30, (Span(5, 20, "ORG"), Span(3, 8, "LOC")))
    pieces = split(document, 18)
    assert sum(len(piece.spans) for piece in pieces) == 2


def test_a_piece_is_named_after_its_document_and_place():
    pieces = split(Document("一二三。四五六。七八", id="d"), 5)
    assert [piece.id for piece in pieces] == ["d.0", "d.4", "d.8"]


def test_stitching_takes_each_span_from_the_window_that_answers_for_it():
    windows = [Window(0, 10, 0, 6), Window(2, 14, 6, 14)]
    found = [[Span(4, 8, "ORG", 0.9), Span(7, 8, "PER", 0.1)], [Span(2, 6, "ORG", 0.3), Span(9, 10, "LOC", 0.8)]]
    spans = stitch(windows, found, structure=FLAT)
    assert [(*span.key, span.score) for span in spans] == [(4, 8, "ORG", 0.9), (11, 12, "LOC", 0.8)]


def test_where_two_windows_disagree_the_longer_span_counts_unless_nesting_is_allowed():
    windows = [Window(0, 10, 0, 6), Window(2, 14, 6, 14)]
    found = [[Span(4, 9, "ORG")], [Span(5, 6, "LOC")]]
    assert [span.key for span in stitch(windows, found, structure=FLAT)] == [(4, 9, "ORG")]
    assert [span.key for span in stitch(windows, found, structure=NESTED)] == [(4, 9, "ORG"), (7, 8, "LOC")]
