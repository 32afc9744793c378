"""Evidence as grids and strips of modalities, and as figures that leave the screen."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

import pytest

from engine.document import Document, Span
from engine.drawing.colours import ramp
from engine.drawing.lettering import drawable, typeface
from engine.drawing.sheet import FORMATS
from engine.evidence import Alternatives, Evidence, Heatmap, Scores
from workbench.language import Texts
from workbench.views.colours import STEPS, ramp_css, step
from workbench.views.evidence import evidence_figure, evidence_html, figure_name
from workbench.views.figure import figure
from workbench.views.grid import is_square
from workbench.views.heatmap import heatmap_html, heatmap_title
from workbench.views.scores import scores_html

WORDS = Texts("zh").words
TEXT = "南京市长江大桥，南京"
DOCUMENT = Document(TEXT, (Span(0, 3, "GPE", 0.9), Span(0, 7, "LOC", 0.8)))
EFFECT = Scores("modality_effect", ("glyph", "phonetic"), tuple((0.5 if at == 2 else 0.0, 0.01) for at in range(len(TEXT))))


def even(rows: tuple[str, ...], length: int, heads: int = 0) -> Heatmap:
    values = tuple(tuple((column + row) / 100 for column in range(length)) for row in range(len(rows)))
    return Heatmap("class_attention", rows, values, (values,) * heads)


def square(text: str) -> Heatmap:
    rows = tuple(tuple(1.0 if row == column else 0.0 for column in range(len(text))) for row in range(len(text)))
    return Heatmap("cross_modality_attention.glyph", tuple(text), rows)


def draw(document: Document, heatmap: Heatmap, kind: str = "svg", **options: int) -> bytes:
    return figure(heatmap, document, WORDS, title="标题", model="模型 m · 指纹 0123", kind=kind, **options)


def test_repeated_characters_keep_their_rows() -> None:
    html = heatmap_html(square(TEXT), DOCUMENT, WORDS)
    assert re.findall(r'<th scope="row"[^>]*>(.)</th>', html) == list(TEXT)
    assert html.count("<td class=") == len(TEXT) ** 2
    assert html.count("duomo-q100") == len(TEXT)
    assert "跨模态注意力：字形" in html and "每行之和为 1" in html
    # Two rows of one name are kept in a strip too.
    assert heatmap_html(even(("PER", "PER"), len(TEXT)), DOCUMENT, WORDS).count('scope="row"') == 2


def test_a_grid_says_numbers_in_its_tooltips_alone() -> None:
    html = heatmap_html(square(TEXT), DOCUMENT, WORDS)
    assert 'title="南 京 0.0%"></td>' in html and 'title="南 南 100.0%"></td>' in html
    assert re.findall(r'scope="row" data-start="(\d+)" tabindex="0"', html) == ["0"]
    assert not is_square(even(("PER",), len(TEXT)), TEXT) and not is_square(square(""), "")


def test_a_large_grid_is_cut_and_says_so() -> None:
    text = "字" * 80
    html = heatmap_html(square(text), Document(text), WORDS)
    assert html.count("<td class=") == 3600
    assert "第 1 到 60 字，共 80 字" in html
    assert "第 1 到 60 字，共 80 字" not in heatmap_html(square(text[:60]), Document(text[:60]), WORDS)


@pytest.mark.parametrize("text", ["<script>${1}", "`{{x}}`\\", '"><img src=x>', "a\r\nb\t 　"])
def test_grids_escape(text: str) -> None:
    html = heatmap_html(square(text), Document(text), {})
    assert not re.search(r"[`$\\{}]", re.sub(r'style="[^"]*"', "", html))
    assert "<script" not in html and "<img" not in html


def test_what_each_modality_changed_has_its_own_strip() -> None:
    html = scores_html(EFFECT, TEXT, WORDS)
    assert "模态的作用" in html and "总变差距离" in html
    assert re.findall(r'<th scope="row">(.*?)</th>', html) == ["字形", "读音"]
    assert re.findall(r'duomo-q(\d+)" title="市 字形 50.0%">50<', html) == ["100"]
    weak = Scores("modality_effect", ("glyph",), ((0.02,),) * len(TEXT))
    assert "duomo-q10 " in scores_html(weak, TEXT, WORDS).replace('"', " ")


def test_panels_that_can_be_saved_have_buttons() -> None:
    evidence: tuple[Evidence, ...] = (EFFECT, Alternatives("alternatives", ()), square(TEXT))
    html = evidence_html(DOCUMENT, evidence, WORDS, longest=600)
    assert re.findall(r'data-item="(\d)"', html) == ["0", "1", "2"]
    assert html.count("data-format=") == 2 * len(FORMATS)


def test_the_style_sheet_has_every_shade() -> None:
    rules = ramp_css().splitlines()
    assert len(rules) == STEPS + 1
    assert f"--light:{ramp(0.5)};" in rules[step(0.2, 0.4)]
    assert (step(1.0, 0.0), step(-1.0, 1.0), step(9.0, 1.0)) == (0, 0, STEPS)


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG\r\n\x1a\n"), ("svg", b"<?xml"), ("pdf", b"%PDF-")])
@pytest.mark.parametrize("heatmap", [even(("PER", "LOC"), len(TEXT), 2), square(TEXT)], ids=["rows", "square"])
def test_a_figure_is_the_same_file_each_time(kind: str, magic: bytes, heatmap: Heatmap) -> None:
    drawn = draw(DOCUMENT, heatmap, kind)
    assert drawn.startswith(magic) and len(drawn) > 5000
    assert draw(DOCUMENT, heatmap, kind) == drawn


def test_heads_are_drawn_and_named() -> None:
    values = ((0.0,) * len(TEXT),)
    heatmap = Heatmap("class_attention", ("PER",), values, (values, ((0.5,) * len(TEXT),)))
    assert draw(DOCUMENT, heatmap, head=1) != draw(DOCUMENT, heatmap, head=2)
    assert heatmap_title(heatmap, WORDS, 2).endswith("· 第 2 头") and heatmap_title(heatmap, WORDS, 0).endswith("· 各头平均")
    assert figure_name(heatmap, "pdf", 2) == "duomo-class-attention-head2.pdf"
    assert figure_name(square(TEXT), "png") == "duomo-cross-modality-attention-glyph.png"
    with pytest.raises(ValueError, match="heads 1 to 2"):
        draw(DOCUMENT, heatmap, head=3)
    with pytest.raises(ValueError, match="png, svg, pdf"):
        draw(DOCUMENT, heatmap, "exe")


def test_the_words_of_a_pdf_are_words_in_embedded_fonts() -> None:
    pdf = draw(DOCUMENT, even(("PER",), len(TEXT)), "pdf")
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf
    assert b"DejaVu" not in pdf and b"DuomoFigure" in pdf


def test_an_svg_needs_no_font_and_its_glyphs_have_names_of_their_own() -> None:
    svg = draw(DOCUMENT, even(("PER",), len(TEXT))).decode()
    assert "<text" not in svg and "font-family" not in svg
    glyphs = re.findall(r'<path id="(DuomoFigure[^"]*)"', svg)
    assert len(glyphs) == len(set(glyphs)) > 10
    assert len({glyph.rpartition("-")[0] for glyph in glyphs}) == 2


def test_characters_without_a_glyph_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("engine.drawing.sheet.Sheet.write", lambda self, x, y, words, size, **options: written.append(words))
    text = "王😀在\u200b𠮷 野\n"
    draw(Document(text), even(("PER",), len(text)))
    assert "字体中没有的字符，以编码代替：U+1F600 GRINNING FACE, U+200B ZERO WIDTH SPACE" in "".join(written)
    assert written[written.index("王") : written.index("在") + 1] == ["王", "1F6", "00", "在"]
    assert "𠮷" in written and "¶" in written


def test_words_from_users_are_only_words() -> None:
    text = "$x^2$\\frac{1}<b>&"
    document = Document(text, (Span(0, 3, "$\\bad{$"),))
    for heatmap in (even(("$\\alpha$", "<b>"), len(text)), square(text)):
        assert figure(heatmap, document, {}, title="$\\undefined$ & <x>", model="$", kind="svg").count(b"</svg>") == 1


@pytest.mark.parametrize("length", [0, 1, 41, 600])
def test_figures_of_any_length(length: int) -> None:
    from PIL import Image

    document = Document("字" * length, (Span(0, length, "LOC"),) if length else ())
    with Image.open(io.BytesIO(draw(document, even(("PER",), length), "png"))) as image:
        assert image.width < 3000 and image.height > 200
        assert image.convert("L").getextrema() == (pytest.approx(28, abs=28), 255)
    # A grid of more characters than the page shows is cut as there.
    assert draw(document, square(document.text), "png").startswith(b"\x89PNG")


def test_scores_are_drawn_and_readings_are_not() -> None:
    assert evidence_figure(DOCUMENT, EFFECT, WORDS, model="m").startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="Alternatives"):
        evidence_figure(DOCUMENT, Alternatives("alternatives", ()), WORDS, model="m")


def test_drawing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    draw(DOCUMENT, square(TEXT), "pdf")
    assert list(tmp_path.iterdir()) == []
    assert dict(matplotlib.rcParams) == before


def test_a_typeface_holds_what_it_is_asked_for() -> None:
    from fontTools.ttLib import TTFont

    assert drawable("王A😀\u200b𠮷") == {"王", "A", "𠮷"}
    plain, bold = (TTFont(io.BytesIO(typeface("王A😀𠮷", weight=weight))) for weight in (400, 700))
    assert {chr(code) for code in plain.getBestCmap()} == {"王", "A", "𠮷"}
    assert plain["name"].getDebugName(6) != bold["name"].getDebugName(6)
    assert plain["glyf"]["u738B"] != bold["glyf"]["u738B"]
    assert plain["hmtx"]["u738B"][0] == 1000 > plain["hmtx"]["u0041"][0] > 400
    assert typeface("王A") == typeface("A王")
