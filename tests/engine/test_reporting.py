"""Reports of a study of errors: they say what the figures say, and what users wrote stays text."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from engine.document import Document, Span
from engine.errors import InputError
from engine.evaluation.comparing import difference
from engine.evaluation.figures import figures_of
from engine.evaluation.judging import study_of
from engine.evaluation.kinds import GROUPS, KINDS
from engine.evaluation.learning import Learned
from engine.evaluation.slicing import DIMENSIONS, name_of
from engine.evaluation.study import FORMS, OUTCOMES, Difference, Interval, Reading, Study
from engine.reporting import FORMATS, NAMES, figure, figures_zip, kind_of, report_bytes, write_report
from engine.reporting.sentences import bracketed, sample, samples
from engine.reporting.tables import said
from engine.reporting.tidy import plain
from engine.reporting.words import LANGUAGES, Words

HOSTILE = '<script>alert(1)</script>&_%$#{}~^\\"|`*[x](http://evil.example/a.js)'
FORMULA = "=1+1"


def reading(name: str, predicted: list[Document], digest: str = "0123456789abcdef") -> Reading:
    return Reading(name, digest, "", ("PER", "LOC", FORMULA), tuple(predicted), ())


def made() -> tuple[Study, list[Any], dict[tuple[int, int], Difference]]:
    """A study of two readings; names, mentions, labels and ids are what a hostile corpus would hold."""
    long = len(HOSTILE)
    gold = [
        Document("王芳昨天到了杭州西湖。", (Span(0, 2, "PER"), Span(6, 8, "LOC"))),
        Document(f"他说{HOSTILE}。", (Span(2, 2 + long, "PER"),), id=HOSTILE),
        Document("\n=1+1在𠮷野家\x07", (Span(1, 5, FORMULA), Span(6, 9, "LOC")), id=FORMULA),
    ] * 3
    one = [
        document.with_spans(spans)
        for document, spans in zip(
            gold,
            [
                (Span(0, 2, "PER", 0.9), Span(6, 10, "LOC", 0.6)),
                (Span(2, 1 + long, "PER", 0.5),),
                (Span(1, 5, FORMULA, 0.99), Span(6, 9, "PER", 0.4)),
            ]
            * 3,
            strict=True,
        )
    ]
    other = [document.with_spans(Span(s.start, s.end, s.label, 0.8) for s in document.spans[:1]) for document in gold]
    study = study_of(HOSTILE, gold, [reading("模型<b>A", one), reading(FORMULA, other, "fedcba9876543210")])
    return study, [figures_of(study, at, samples=50) for at in (0, 1)], {(0, 1): difference(study, 0, 1, samples=50)}


@pytest.fixture(scope="module")
def findings() -> tuple[Study, list[Any], dict[tuple[int, int], Difference]]:
    return made()


def text_of(kind: str, findings: Any, language: str = "zh") -> str:
    return report_bytes(kind, *findings, language=language).decode("utf-8-sig" if kind == "csv" else "utf-8")


class Tags(HTMLParser):
    """Collects what a browser would take for markup and for addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action", "data")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_holds_no_markup_of_users_and_fetches_nothing(findings: Any, language: str) -> None:
    tags = Tags(text_of("html", findings, language))
    assert not {"script", "b", "img", "link", "iframe", "object", "base"} & set(tags.names)
    assert tags.addresses and all(re.fullmatch(r"#[A-Za-z]+", address) for address in tags.addresses)
    assert "url(" not in text_of("html", findings, language).partition("</style>")[0]
    shown = "".join(tags.words)
    assert HOSTILE in shown and "模型<b>A" in shown
    assert {"svg", "table"} <= set(tags.names)


def test_every_format_holds_the_figures(findings: Any) -> None:
    study, figures, _ = findings
    exact = figures[0].forms["exact"]
    f1, bounds = f"{100 * exact.f1.value:.2f}", f"{100 * exact.f1.low:.1f}"
    for kind in ("html", "tex", "md"):
        text = text_of(kind, findings)
        assert f1 in text and bounds in text, kind
    rows = list(csv.DictReader(io.StringIO(text_of("csv", findings))))
    asked = ("form", "micro", "exact", "f1")
    named = [r for r in rows if r["model"] == "模型<b>A"]
    (row,) = [r for r in named if tuple(r[name] for name in ("section", "group", "part", "figure")) == asked]
    assert float(row["value"]) == pytest.approx(exact.f1.value, rel=1e-5)
    assert float(row["low"]) == pytest.approx(exact.f1.low, rel=1e-5)
    kept = json.loads(text_of("json", findings))
    assert kept["readings"][1]["figures"]["confusion"] == [list(r) for r in figures[1].confusion]
    assert (kept["differences"][0]["a"], kept["differences"][0]["b"]) == (0, 1)
    cells = sum(int(r["value"]) for r in named if r["section"] == "confusion")
    assert cells == len(study.readings[0].cases)


def test_no_cell_of_the_csv_is_a_formula(findings: Any) -> None:
    assert report_bytes("csv", *findings).startswith(b"\xef\xbb\xbf")
    cells = [cell for row in csv.reader(io.StringIO(text_of("csv", findings))) for cell in row]
    assert f"'{FORMULA}" in cells
    for cell in cells:
        assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
        assert not cell.startswith("-") or re.fullmatch(r"-[\d.e-]+", cell), cell
    assert plain(" =cmd") == "' =cmd" and plain("北京") == "北京"


@pytest.mark.parametrize("language", LANGUAGES)
def test_latex_is_whole_and_holds_no_commands_of_users(findings: Any, language: str) -> None:
    text = text_of("tex", findings, language)
    assert r"\textless{}script\textgreater{}alert(1)" in text
    assert r"\&\_\%\$\#\{\}\textasciitilde{}\textasciicircum{}\textbackslash{}" in text
    opened: list[str] = []
    for command, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if command == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened and text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    for table, body in re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", text, re.S):
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert rows
        # Each row has as many cells as there are columns; in cells an ampersand is escaped.
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(table)}
        # What begins with a bracket would be taken for an option of the line break before it.
        assert not [row for row in rows if row.startswith("[")]
    assert not re.search(r"(?<!\\)%(?! xelatex)", text)


def test_markdown_tables_keep_their_columns(findings: Any) -> None:
    text = text_of("md", findings)
    assert "<script" not in text.replace("\\<script", "") and "](http" not in text.replace("\\]\\(http", "")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    counts = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    heads = [at for at, line in enumerate(lines) if re.fullmatch(r"\|[-:|]+\|", line)]
    assert heads and all(counts[at] == counts[at - 1] == counts[at + 1] for at in heads)


def test_a_pdf_and_figures_are_drawn_whatever_the_text(findings: Any, tmp_path: Path) -> None:
    write_report(tmp_path / "new" / "a.pdf", *findings)
    written = (tmp_path / "new" / "a.pdf").read_bytes()
    assert written.startswith(b"%PDF") and re.search(rb"/Count (\d+)", written)
    assert written == report_bytes("pdf", *findings)
    with zipfile.ZipFile(io.BytesIO(figures_zip("svg", *findings))) as archive:
        names = archive.namelist()
        assert names == [f"{n}.svg" for n in ("confusion-A", "confusion-B", "kinds", "slices", "reliability", "difference-A-B")]
        assert all(b"<svg" in archive.read(name) and b"<script" not in archive.read(name) for name in names)
    assert figure("kinds", *findings[:2], kind="png").startswith(b"\x89PNG")


def test_learning_curves_stand_in_every_format(findings: Any) -> None:
    study, figures, differences = findings
    curves = {
        "=mnlp": (Learned(50, Interval(0.4321, 0.31, 0.55)), Learned(100, Interval(0.6, 0.6, 0.6, False))),
        "random": (Learned(50, Interval(0.4, 0.3, 0.5)),),
    }
    for kind, point in {"html": "43.21", "md": "43.21", "tex": "43.21", "csv": "0.4321,0.31,0.55", "json": "0.4321"}.items():
        assert point in report_bytes(kind, study, figures, differences, curves=curves).decode("utf-8-sig"), kind
    text = report_bytes("csv", study, figures, curves=curves).decode("utf-8-sig")
    assert [row[5:9] for row in csv.reader(io.StringIO(text)) if row[4] == "learning"] == [
        ["'=mnlp", "50", "f1", "0.4321"],
        ["'=mnlp", "100", "f1", "0.6"],
        ["random", "50", "f1", "0.4"],
    ]
    with zipfile.ZipFile(io.BytesIO(figures_zip("svg", study, figures, curves=curves))) as archive:
        assert "random" in archive.read("learning.svg").decode()
    with pytest.raises(InputError, match="no 'learning'"):
        figure("learning", study, figures)


def test_what_there_is_not_is_refused_in_words(findings: Any, tmp_path: Path) -> None:
    study, figures, _ = findings
    with pytest.raises(InputError, match=r"\.html, \.pdf"):
        kind_of(tmp_path / "report.docx")
    with pytest.raises(InputError, match="cannot be written"):
        (tmp_path / "file").write_text("")
        write_report(tmp_path / "file" / "a.md", *findings)
    with pytest.raises(InputError, match="figures of each"):
        report_bytes("md", study, figures[:1])
    with pytest.raises(InputError, match="no 'difference'"):
        figure("difference", study, figures)
    assert set(NAMES) == {"confusion", "kinds", "slices", "reliability", "difference", "learning"} and "html" in FORMATS


def test_a_study_of_nothing_is_reported(tmp_path: Path) -> None:
    gold = [Document("没有实体。")]
    study = study_of("空", gold, [Reading("m", "0", "glyph,phonetic", (), tuple(gold), ())])
    figures = [figures_of(study, 0, samples=20)]
    for kind in FORMATS:
        assert report_bytes(kind, study, figures)
    text = report_bytes("html", study, figures).decode()
    assert "没有标注实体" in text and "不给字形、读音" in text
    assert figures_zip("pdf", study, figures)


def test_every_kind_slice_and_outcome_has_words_in_both_languages() -> None:
    asked = [f"{key}.{name}" for name in KINDS for key in ("kind", "kind_hint")]
    asked += [f"group.{name}" for name in (*GROUPS, *(d.name for d in DIMENSIONS))]
    asked += [f"form.{name}" for name in FORMS] + [f"outcome.{name}" for name in OUTCOMES]
    named = [name_of(dimension, value) for dimension in DIMENSIONS for value in dimension.order]
    for language in LANGUAGES:
        words = Words(language)
        # Neither the name of a slice as it stands in an address, nor a bare number.
        assert [name for name in named if re.search(r"[=+_]|^[\d–]+$", words.slice(name))] == []
        assert [key for key in asked if not words.has(key)] == []
    chinese = [
        words for key, both in _both().items() for words in [both["zh"]] if key not in {"few", "f1", "input.and", "legend"}
    ]
    assert [words for words in chinese if not re.search("[\u4e00-\u9fff]", re.sub(r"\{\w+\}", "字", words))] == []
    assert [key for key, both in _both().items() if _places(both["zh"]) != _places(both["en"])] == []


def test_every_slice_that_says_enough_by_itself_has_words() -> None:
    from engine.evaluation import slicing

    assert [name for name in slicing._WORDS if not Words("zh").has(f"slice.{name}")] == []
    said = {
        "length=2": "两字实体",
        "length=4-5": "4–5 字实体",
        "length=10+": "10 字以上的实体",
        "position=first": "句首的实体",
        "density=0": "每百字没有实体",
        "density=3-5": "每百字 3–5 个实体",
        "domain=news": "领域：news",
        "label=PER": "label=PER",
    }
    assert {name: Words("zh").slice(name) for name in said} == said
    assert Words("en").slice("frequency=100+") == "100 times or more in training"


def _both() -> dict[str, dict[str, str]]:
    from engine.reporting import words

    return json.loads(Path(words.__file__).with_suffix(".json").read_text(encoding="utf-8"))


def _places(template: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", template))


def test_sentences_show_gold_over_prediction(findings: Any) -> None:
    study = findings[0]
    case = next(case for case in study.readings[0].cases if case.outcome == "boundary" and case.row == 0)
    shown = sample(study, 0, case)
    assert shown.text == "王芳昨天到了杭州西湖。"
    assert bracketed(shown.text, shown.gold) == "【王芳】PER昨天到了【杭州】LOC★西湖。"
    assert bracketed(shown.text, shown.found) == "【王芳】PER昨天到了【杭州西湖】LOC★。"
    assert samples(study, 0, seed=3) == samples(study, 0, seed=3)
    assert all(len(some) <= 3 <= total or len(some) == total for total, some in samples(study, 0).values())


def test_marks_that_overlap_have_levels_of_their_own() -> None:
    gold = [Document("北京大学医院", (Span(0, 6, "ORG"), Span(0, 4, "ORG"), Span(0, 2, "LOC")))]
    study = study_of("嵌套", gold, [Reading("m", "0", "", ("ORG",), (Document("北京大学医院"),), ())], structure="nested")
    shown = sample(study, 0, study.readings[0].cases[0])
    assert sorted((mark.start, mark.end, mark.level) for mark in shown.gold) == [(0, 2, 0), (0, 4, 1), (0, 6, 2)]
    assert bracketed(shown.text, shown.gold).count("【") == 3


@pytest.mark.parametrize(
    ("f1", "tests", "way"),
    [
        (0.02, (0.01, 0.0), "B 的 F1 比 A 高 2.00 个百分点（95% 区间 1.00 到 3.00）。差异显著"),
        (-0.02, (0.2, 0.3), "B 的 F1 比 A 低 2.00 个百分点（95% 区间 1.00 到 3.00）。差异不显著"),
        (0.02, (0.04, 0.06), "说法不一"),
        (0.0, (1.0, 1.0), "A 和 B 的 F1 相同"),
    ],
)
def test_significance_is_said_in_words(f1: float, tests: tuple[float, float], way: str) -> None:
    found = Difference(1, 2, 3, 4, Interval(f1, f1 - 0.01, f1 + 0.01), *tests, {}, {})
    words = "".join(said("A", "B", found, Words("zh")))
    assert way in words
    assert ("p < 0.001" in words) == (0.0 in tests)
