"""What an answer owes to pictures is drawn from its evidence alone, whatever the text and the files are called."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.document import Document, Span
from engine.evidence import Correlation, Gates, Heatmap, RegionAttention
from engine.layers.seeing import WHOLE, grid_boxes
from tests.engine.systems.picturing import drawn
from tests.workbench.test_views import NASTY, nothing_to_evaluate
from workbench.language import Texts
from workbench.views.beside import beside_html
from workbench.views.correlation import correlation_html, correlation_word
from workbench.views.data_urls import jpeg_url
from workbench.views.evidence import evidence_html
from workbench.views.looking import looking_html
from workbench.views.picture import Picture, picture_of, region_name
from workbench.views.picture_gates import picture_gates_html
from workbench.views.pictured import gate_changed_html, pictured_html
from workbench.views.regions import regions_html

ZH, EN = Texts("zh").words, Texts("en").words
URL = jpeg_url(Image.new("RGB", (8, 6)), 8)
GRID = grid_boxes(2, 2)
OBJECTS = (WHOLE, (0.25, 0.5, 0.75, 1.0))
TEXT = Document("苹果上新", (Span(0, 2, "ORG", 0.9),))
GATES = Gates("dynamic_gates", ("1.0", "1.1", "2.0", "2.1"), ((0.7, 0.3, 1.0, 0.0), (0.5, 0.5, 0.9, 0.1)))


def pictures(*names: str) -> list[Picture]:
    return [Picture(number, name, URL, URL, (4, 3)) for number, name in enumerate(names, start=1)]


def attention(document: Document, *boxes: tuple) -> RegionAttention:
    """Each character looks at one region of each picture after the other."""
    rows = [
        tuple(
            tuple(float(place == at % len(found)) for place in range(len(found))) if found else () for at in range(len(document))
        )
        for found in boxes
    ]
    return RegionAttention("region_attention", boxes, tuple(rows))


def is_safe(drawn_html: str) -> bool:
    """Tell whether nothing is to be evaluated, and no picture comes from anywhere but the page itself."""
    sources = re.findall(r'<img src="([^"]*)"', drawn_html)
    return nothing_to_evaluate(drawn_html.replace("<img", "<i")) and all(source.startswith("data:image/") for source in sources)


def regions(drawn_html: str) -> list[str]:
    return re.findall(r"<button[^>]*duomo-region[ \"][^>]*>", drawn_html)


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("words", [ZH, EN], ids=["zh", "en"])
def test_hostile_texts_names_and_labels_are_shown_and_nothing_else(nasty: str, words: dict[str, str]) -> None:
    document = Document(nasty, (Span(0, len(nasty), nasty, 0.5),))
    evidence = [attention(document, GRID, OBJECTS), Correlation("correlation", (0.5, -0.5)), GATES]
    shown = looking_html(document, pictures(nasty, nasty), evidence, words)
    assert is_safe(shown) and shown.count("<section") == 3
    line = pictured_html(1, 2, [(nasty, ("cmyk", "scaled"))], words, unseen=[nasty])
    assert is_safe(line) and html.unescape(line).count(nasty) == 2


def test_each_region_has_its_place_its_share_and_its_name() -> None:
    shown = regions_html(TEXT, attention(TEXT, GRID), pictures("a.png"), ZH)
    found = regions(shown)
    assert len(found) == 4 and "left:50.00%;top:0.00%;width:50.00%;height:50.00%;--share:1.000" in found[1]
    assert 'title="图 1 的第 1 行第 2 列 25.0%"' in found[1] and "全文平均：看得最多的是图 1 的第" in shown
    assert [button.count('tabindex="0"') for button in found] == [1, 0, 0, 0]
    (values,) = re.findall(r'data-values="([^"]*)"', shown)
    assert json.loads(values)[0][1] == [0, 10_000, 0, 0]


def test_every_character_and_entity_can_be_chosen_with_the_keyboard() -> None:
    shown = regions_html(TEXT, attention(TEXT, GRID), pictures("a.png"), ZH)
    asks = re.findall(r"<button[^>]*duomo-ask[^>]*>", shown)
    assert sum("data-every" in ask for ask in asks) == 1 and sum('data-start="0" data-end="2"' in ask for ask in asks) == 1
    signs = [ask for ask in asks if "duomo-ask-sign" in ask]
    assert len(signs) == 4 and sum('tabindex="0"' in sign for sign in signs) == 1


def test_of_a_long_text_the_first_characters_are_drawn_and_the_rest_counted() -> None:
    document = Document("长" * 200, (Span(0, 1, "PER"), Span(150, 151, "PER")))
    shown = regions_html(document, attention(document, OBJECTS), pictures("a.png"), ZH)
    assert shown.count("duomo-ask-sign") == 120 and shown.count("duomo-ask-entity") == 1 and "共 200 字" in shown


def test_the_whole_and_the_objects_are_named_and_their_shares_written() -> None:
    shown = regions_html(TEXT, attention(TEXT, OBJECTS), pictures("a.png"), EN)
    assert [region_name(OBJECTS, place, EN) for place in (0, 1)] == ["the whole", "object 1"]
    assert shown.count("<b>50%</b>") == 2 and "is-whole" in regions(shown)[0]


def test_a_picture_that_was_not_seen_says_so() -> None:
    shown = looking_html(
        TEXT, pictures("a.png", "b.png"), [attention(TEXT, GRID, ()), Correlation("correlation", (0.4, 0.0))], ZH
    )
    assert "这张图片没有用上" in shown and "没有用上</span>" in shown and "is-unseen" in shown and len(regions(shown)) == 4


def test_evidence_of_other_pictures_is_not_drawn() -> None:
    for evidence in (attention(TEXT, GRID), Correlation("correlation", (0.1,)), GATES):
        assert looking_html(TEXT, pictures("a", "b", "c"), [evidence], ZH) == ""
    assert looking_html(TEXT, [], [attention(TEXT), Correlation("correlation", ()), Gates("dynamic_gates", (), ())], ZH) == ""


@pytest.mark.parametrize(
    ("value", "word"), [(1, "related"), (0.3, "related"), (0.29, "partly"), (-0.29, "partly"), (-0.3, "unrelated")]
)
def test_the_words_of_the_correlation_have_bounds(value: float, word: str) -> None:
    assert correlation_word(value) == word
    shown = correlation_html(Correlation("correlation", (value,)), pictures("a.png"), EN)
    assert (
        f"is-{word}" in shown and f'aria-valuenow="{value:.2f}"' in shown and "+0.30" in shown and "\N{MINUS SIGN}0.30" in shown
    )


def test_gates_have_a_table_for_each_picture_in_the_same_colours() -> None:
    shown = picture_gates_html(GATES, attention(TEXT, OBJECTS, OBJECTS), pictures("a.png", "b.png"), ZH)
    assert shown.count("<table>") == 2 and shown.count('scope="row"') == 4
    assert 'duomo-q70" title="整张 70.0%"' in shown and 'duomo-q100" title="整张 100.0%"' in shown and "每列是整张图片" in shown


def test_gates_of_objects_that_are_not_there_are_left_out() -> None:
    shown = picture_gates_html(GATES, attention(TEXT, OBJECTS[:1], ()), pictures("a.png", "b.png"), ZH)
    assert shown.count('scope="col"') == 1 and "这张图片没有用上" in shown


def test_a_column_is_headed_by_its_part_of_the_thumbnail() -> None:
    shown = picture_gates_html(GATES, attention(TEXT, OBJECTS, OBJECTS), pictures("a.png", "b.png"), ZH)
    assert "background-size:200.0% 200.0%;background-position:50.0% 100.0%" in shown and f"--thumbnail:url({URL})" in shown


def test_the_visual_gate_is_a_heatmap_with_plain_names_and_the_rest_no_panel() -> None:
    gate = Heatmap("visual_gate", ("pictures",), ((0.1, 0.2, 0.3, 0.4),))
    others = [attention(TEXT, GRID), Correlation("correlation", (0.1,)), GATES]
    shown = evidence_html(TEXT, [*others, gate], ZH, longest=600)
    assert shown.count("duomo-panel") == 1 and '<th scope="row">图片</th>' in shown and "视觉门" in shown
    assert evidence_html(TEXT, [*others, replace(gate, rows=(), values=())], ZH, longest=600) == ""


def test_a_picture_is_held_by_the_page_in_two_sizes(tmp_path: Path) -> None:
    picture = picture_of(drawn(tmp_path, "red"), 2, "红.png")
    assert picture.size == (160, 120) and picture.number == 2
    assert picture.url.startswith("data:image/jpeg;base64,") and len(picture.thumbnail_url) <= len(picture.url) < 20_000


def test_how_far_pictures_are_let_in_is_compared() -> None:
    closed, open_ = (Heatmap("visual_gate", ("pictures",), ((share, share),)) for share in (0.1, 0.6))
    assert "60.0% → 10.0%" in gate_changed_html([open_], [closed], EN) and "– → 10.0%" in gate_changed_html([], [closed], EN)
    assert gate_changed_html([GATES], [replace(closed, rows=(), values=())], EN) == ""


@pytest.mark.parametrize(("words", "gone"), [(ZH, "文件不在了"), (EN, "the file is gone")], ids=["zh", "en"])
def test_beside_a_text_pictures_unfold_and_one_that_is_gone_has_its_place(words: dict[str, str], gone: str) -> None:
    row = beside_html([*pictures("<b>"), None], words)
    assert is_safe(row) and row.count("<details>") == 1 and row.count("<li") == 2 and row.count(gone) == 1
    assert "<b>" not in row and beside_html([], words) == ""
