"""The views show the text they are given and nothing but it, whatever the text is."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.document import Document, Span
from engine.drawing.colours import NAMED, OTHERS, colour, contrast, ink_on, palette, ramp
from engine.evidence import Alternative, Alternatives, Gates, Heatmap, Scores
from workbench.views.alternatives import alternatives_html
from workbench.views.charts import training_chart
from workbench.views.colours import editor_labels
from workbench.views.escape import esc
from workbench.views.gates import gates_html
from workbench.views.heatmap import heatmap_html
from workbench.views.layout import cluster_end, levels, lines
from workbench.views.scores import label_shares, scores_html
from workbench.views.spans import entities_rows, spans_html

# U+0000 cannot be in HTML and is shown as its picture; lone surrogates cannot be sent.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
NASTY = [
    "<script>alert(1)</script>",
    "${1+1}",
    "{{x}}",
    "`a`",
    "a\r\nb\rc\n",
    "\\u0041",
    '"><img src=x onerror=1>',
    "&amp;&#36;{",
    "👨‍👩‍👧é𠮷",
]
LABEL = st.one_of(
    st.sampled_from(["PER", "LOC", "ORG", "<b>", "${2}", "{{y}}", '"`x']), st.text("ABC<>&\"'`${}\\人名", min_size=1, max_size=6)
)


class _Reader(HTMLParser):
    """Collects what a reader of the text sees: all but labels, notes and what is said aloud."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.within: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.seen: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.within.append(dict(attrs).get("class") or tag)

    def handle_endtag(self, tag: str) -> None:
        self.within.pop()

    def handle_data(self, data: str) -> None:
        if "duomo-tag" in self.within:
            self.labels.append(data)
        elif "duomo-text" in self.within:
            self.seen.append(data)


def read(html: str) -> _Reader:
    """Parse a view."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def nothing_to_evaluate(html: str) -> bool:
    """Tell whether the page's templates find nothing to evaluate and no tag of the text's own."""
    style_free = re.sub(r'style="[^"]*"', "", html)
    return not re.search(r"[`$\\{}]", style_free) and "<script" not in html and "<img" not in html


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A text with spans anywhere in it."""
    text = draw(
        st.one_of(TEXT, st.sampled_from(NASTY), st.lists(st.sampled_from([*NASTY, "张伟在北京"]), max_size=4).map("".join))
    )
    spans = []
    for _ in range(draw(st.integers(0, 6)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        score = draw(st.one_of(st.none(), st.floats(0, 1)))
        spans.append(Span(start, draw(st.integers(start + 1, len(text))), draw(LABEL), score))
    return Document(text, tuple(spans))


@given(st.one_of(TEXT, st.sampled_from(NASTY)))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    reader = read(f'<p class="duomo-text" title="{esc(text)}">{esc(text)}</p>')
    assert "".join(reader.seen) == text
    assert dict(reader.attributes)["title"] == text
    assert reader.tags == ["p"]
    assert not set(esc(text)) & set("<>\"'`${}\\\r")


@settings(deadline=None)
@given(documents())
@example(Document("${1+1}<script>", (Span(0, 6, "`${2}`", 0.5), Span(2, 9, "<b>"))))
def test_the_hero_shows_the_text_and_every_label(document: Document) -> None:
    html = spans_html(document, {}, title="标题")
    assert nothing_to_evaluate(html)
    reader = read(html)
    if document.text:
        assert "".join(reader.seen) == document.text
    visible = [span for span in document.spans if document.mention(span).strip("\r\n")]
    assert len(reader.labels) == len(visible)
    for span in visible:
        assert ("data-label", span.label) in reader.attributes
        assert any(label.startswith(span.label) for label in reader.labels)


def test_confidence_and_offsets_are_written() -> None:
    html = spans_html(Document("张伟在北京", (Span(0, 2, "PER", 0.984), Span(3, 5, "LOC"))), {})
    assert "PER 98%" in html
    assert 'data-start="3" data-end="5" data-label="LOC"' in html
    assert 'aria-label="Text with its entities"' in html


def test_empty_and_unmarked_texts_say_so() -> None:
    texts = {"views.spans.empty": "还没有文本", "views.spans.none": "没有实体"}
    assert "还没有文本" in spans_html(Document(""), texts)
    assert "没有实体" in spans_html(Document("今天下雨"), texts)


@settings(deadline=None)
@given(documents())
def test_overlapping_spans_never_share_a_level(document: Document) -> None:
    chosen = levels(document)
    for one in document.spans:
        for other in document.spans:
            if one is not other and one.overlaps(other):
                assert chosen[one] != chosen[other]


def test_inner_spans_are_nearest_the_text() -> None:
    outer, inner = Span(0, 7, "LOC"), Span(0, 2, "LOC")
    assert levels(Document("南京市长江大桥", (outer, inner))) == {inner: 0, outer: 1}


def test_nested_predictions_are_drawn_each_on_its_level_over_its_own_characters() -> None:
    spans = (Span(0, 8, "ORG", 0.98), Span(0, 4, "ORG", 0.9), Span(0, 2, "LOC", 0.75), Span(6, 8, "ORG", 0.6))
    html = spans_html(Document("北京大学附属中学", spans), {})
    tags = re.findall(r'data-start="(\d+)" data-end="(\d+)" data-label="(\w+)" style="[^"]*--level:(\d+)">([^<]*)<', html)
    assert sorted(tags) == [
        ("0", "2", "LOC", "0", "LOC 75%"),
        ("0", "4", "ORG", "1", "ORG 90%"),
        ("0", "8", "ORG", "2", "ORG 98%"),
        ("6", "8", "ORG", "0", "ORG 60%"),
    ]
    segments = re.findall(r'class="duomo-seg" data-start="(\d+)" data-end="(\d+)" style="([^"]*)"', html)
    underlines = {(int(start), int(end)): style.count("linear-gradient") // 2 for start, end, style in segments}
    assert underlines == {(0, 2): 3, (2, 4): 2, (4, 6): 1, (6, 8): 2}
    assert "".join(read(html).seen) == "北京大学附属中学"


def test_neighbours_whose_labels_would_touch_take_two_levels() -> None:
    chosen = levels(Document("中美两国", (Span(0, 1, "GPE", 0.9), Span(1, 2, "GPE", 0.9))))
    assert sorted(chosen.values()) == [0, 1]


@given(TEXT)
def test_lines_cover_the_text(text: str) -> None:
    rows = lines(text)
    assert "".join(text[start:after] for start, _, after in rows) == text
    assert not any(mark in text[start:end] for start, end, _ in rows for mark in "\r\n")


@pytest.mark.parametrize("text", ["👨‍👩‍👧", "e\u0301", "👍🏽", "🇨🇳"])
def test_a_label_hangs_on_a_whole_grapheme(text: str) -> None:
    assert cluster_end(text + "后", 0, len(text) + 1) == len(text)


def test_rows_of_the_entity_table() -> None:
    rows = entities_rows(Document("张伟在北京", (Span(0, 2, "PER", 0.984), Span(3, 5, "LOC"))))
    assert rows == [["张伟", "PER", "98.4%", "0", "2"], ["北京", "LOC", "–", "3", "5"]]


def test_tags_of_one_type_are_added_up() -> None:
    scores = Scores("tag_probabilities", ("O", "B-PER", "I-PER", "LOC"), ((0.1, 0.5, 0.2, 0.2), (1.0, 0.0, 0.0, 0.0)))
    shares = label_shares(scores)
    assert list(shares) == ["PER", "LOC"]
    assert shares["PER"] == pytest.approx([0.7, 0.0])


@settings(deadline=None)
@given(st.one_of(TEXT, st.sampled_from(NASTY)), LABEL)
def test_the_strip_escapes_characters_and_labels(text: str, label: str) -> None:
    html = scores_html(Scores("tag_probabilities", ("O", label), tuple((0.25, 0.75) for _ in text)), text, {})
    assert nothing_to_evaluate(html)
    assert html.count("<td class=") == (len(text) if label != "O" else 0)


def test_a_long_strip_is_cut_and_says_so() -> None:
    scores = Scores("tag_probabilities", ("PER",), ((0.5,),) * 500)
    html = scores_html(scores, "字" * 500, {}, start=480)
    assert html.count("<td class=") == 120
    assert "381 to 500 of 500" in html


@settings(deadline=None)
@given(documents(), LABEL)
def test_a_heatmap_escapes_and_can_be_switched_from_the_mean_to_each_head(document: Document, label: str) -> None:
    row = tuple(1 / max(1, len(document)) for _ in document.text)
    heatmap = Heatmap("class_attention", (label,), (row,), ((row,), (row,), (row,)))
    html = heatmap_html(heatmap, document, {})
    assert nothing_to_evaluate(html)
    assert html.count("<td class=") == min(120, len(document))
    if not document.text:
        assert "radio" not in html and "duomo-scale" not in html
        return
    assert html.count('type="radio"') == 4 and html.count(" checked>") == 1
    written = re.findall(r'data-heads="([^"]*)"', html)
    assert [len(shares[0]) for shares in json.loads(written[0])] == [min(120, len(document))] * 4


def test_the_strongest_weight_of_a_heatmap_has_the_strongest_colour_and_types_stand_below() -> None:
    document = Document("张伟在北京", (Span(0, 2, "PER"), Span(3, 5, "LOC")))
    html = heatmap_html(Heatmap("class_attention", ("PER",), ((0.4, 0.2, 0.0, 0.2, 0.2),)), document, {})
    cells = re.findall(r"duomo-q(\d+)\"[^>]*>(\d*)</td>", html)
    assert cells[0] == ("100", "40") and cells[1] == ("50", "20") and cells[2] == ("0", "")
    assert re.findall(r"<th>(\w*)</th>", html) == ["PER", "", "", "LOC", ""]
    assert "radio" not in html and "data-heads" not in html and "<span>40%</span>" in html


@given(LABEL)
def test_gates_are_drawn_by_source_and_never_beyond_their_bars(source: str) -> None:
    drawn = gates_html(Gates("modality_gates", (source, "phonetic"), ((-0.024, 1.5),)), {"views.modality.phonetic": "Sound"})
    assert nothing_to_evaluate(drawn) and f'<th scope="row">{esc(source)}</th>' in drawn
    assert '<th scope="row">Sound</th>' in drawn and "Layer" not in drawn
    assert re.findall(r"width:([\d.]+%).*?([\d.−]+)</td>", drawn) == [("2.4%", "−0.024"), ("100.0%", "1.500")]


def test_gates_of_several_layers_have_a_column_each() -> None:
    drawn = gates_html(Gates("gates", ("text", "picture"), ((0.1, 0.9), (0.2, 0.8), (0.3, 0.7))), {})
    assert re.findall(r'scope="col">([^<]*)<', drawn) == ["Layer 1", "Layer 2", "Layer 3"]
    assert re.findall(r"(0\.\d+)</td>", drawn) == ["0.100", "0.200", "0.300", "0.900", "0.800", "0.700"]


@settings(deadline=None)
@given(documents())
def test_readings_escape_and_mark_what_differs(document: Document) -> None:
    triples = tuple((span.start, span.end, span.label) for span in document.spans)
    html = alternatives_html(Alternatives("readings", (Alternative(triples, 0.6), Alternative((), 0.4))), document, {})
    assert nothing_to_evaluate(html)
    assert html.count("is-removed") == len(set(triples))
    assert "60.0%" in html


def test_an_added_entity_is_marked() -> None:
    readings = (Alternative(((0, 2, "PER"),), 0.6), Alternative(((0, 2, "PER"), (3, 5, "LOC")), 0.3))
    html = alternatives_html(Alternatives("readings", readings), Document("张伟在北京"), {"views.alternatives.added": "多出"})
    assert html.count("is-added") == 1
    assert 'aria-label="多出"' in html


def test_the_chart_draws_what_it_has() -> None:
    assert "<svg" not in training_chart([], {})
    rows: list[dict[str, Any]] = [{"step": step, "loss": 1 / step, "f1": None} for step in range(1, 2000)]
    rows += [{"kind": "stage", "message": "x"}, {"step": 1000, "f1": 0.5}, {"step": 2000, "f1": 0.8625, "loss": float("nan")}]
    html = training_chart(rows, {"views.chart.loss": "损失<"})
    assert "损失&#60;" in html
    assert "86.2%" in html
    assert len(html) < 20_000
    assert "nan" not in html


def test_colours_are_fixed_for_what_is_known_and_steady_for_the_rest() -> None:
    assert [colour(label) for label in ("PER", "LOC", "ORG", "GPE", "MISC")] == list(NAMED.values())
    assert colour("GPE.NAM") == NAMED["GPE"]
    assert colour("作品") == colour("作品")
    assert set(palette(["PER", "A", "B", "C"]).values()) >= {NAMED["PER"], *OTHERS[:3]}
    assert [label["key"] for label in editor_labels(["PER", "LOC"])] == ["1", "2"]


def test_label_text_is_readable_on_both_papers() -> None:
    for paper, ink in (("#FBFAF7", "#1C1B19"), ("#17181B", "#ECE9E2")):
        for tint in {*NAMED.values(), *OTHERS}:
            mixed = "#" + "".join(
                f"{round(int(tint[at : at + 2], 16) * 0.4 + int(ink[at : at + 2], 16) * 0.6):02X}" for at in (1, 3, 5)
            )
            assert contrast(mixed, paper) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_the_ramp_starts_at_the_paper_and_stays_readable(dark: bool) -> None:
    assert ramp(0.0, dark=dark) == ("#17181B" if dark else "#FBFAF7")
    assert ramp(7.0, dark=dark) == ramp(1.0, dark=dark)
    assert all(contrast(ramp(step / 100, dark=dark), ink_on(ramp(step / 100, dark=dark))) >= 4.3 for step in range(101))
