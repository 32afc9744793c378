"""What the engine and the store say is said on a page in its own language."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from engine.corrections import REFUSE, resolve
from engine.document import Document, Span
from engine.errors import FormatError, InputError, Problem
from engine.formats.source import Source
from engine.modalities.images import read_image
from tests.workbench.sentences import known, required
from workbench.errors import UserError
from workbench.language import Texts
from workbench.store.checking import check_flat
from workbench.store.errors import StoreError, explain
from workbench.wording import Template, Wording, wording

TEXTS = Path(__file__).parents[2] / "workbench" / "texts"
MESSAGES, LIBRARIES = (json.loads((TEXTS / f"{name}.zh.json").read_text(encoding="utf-8")) for name in ("messages", "libraries"))
TYPES = {"int", "float", "bool"}
PLACED = [english for english in MESSAGES if Template.read(english).places]
said = wording("zh")


def places(written: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(written) if name is not None)


def test_every_sentence_that_a_page_may_show_has_its_chinese() -> None:
    assert {english: place for english, place in required().items() if english not in MESSAGES} == {}


def test_every_entry_is_said_somewhere() -> None:
    code = known()
    said_in = {place for english in PLACED for place in places(english)}
    single = {english: english.split("=", 1) for english in MESSAGES if re.fullmatch(r"\w+=\w+", english)}
    assert sorted(set(MESSAGES) - set(single) - code) == []
    assert [english for english, (place, word) in single.items() if place not in said_in or word not in code | TYPES] == []


def test_a_word_that_could_be_a_name_stays_outside_its_place() -> None:
    assert said("there is no label none; reload the page to see those there are").startswith("没有标签 none；")
    assert (
        said("there is no checkpoint 'x'; there are: none; or give the path of a folder")
        == "没有模型 'x'；现有：无；也可以给出文件夹的路径"
    )


@pytest.mark.parametrize("messages", [MESSAGES, LIBRARIES], ids=["messages", "libraries"])
def test_both_languages_have_the_same_places(messages: dict[str, str]) -> None:
    assert [english for english, chinese in messages.items() if places(english) != places(chinese)] == []


@pytest.mark.parametrize("messages", [MESSAGES, LIBRARIES], ids=["messages", "libraries"])
def test_chinese_is_chinese_and_ends_without_a_stop(messages: dict[str, str]) -> None:
    fixed = {english: "".join(Template.read(chinese).literals) for english, chinese in messages.items()}
    spelled = re.compile(r"[\u4e00-\u9fff]|^ ?[A-Z][A-Za-z0-9 ]+|[“]")
    assert [words for words in fixed.values() if not spelled.search(words) and not re.fullmatch(r"[\W\d]*", words)] == []
    assert [words for words in fixed.values() if words.endswith("。")] == []


FIXED = {character for english in (*MESSAGES, *LIBRARIES) for literal in Template.read(english).literals for character in literal}
STRANGE = st.text(st.characters(codec="utf-8", exclude_characters="\n" + "".join(FIXED)), max_size=20)
"""Values that hold nothing of any template."""


@given(st.sampled_from(PLACED), st.data())
def test_a_sentence_is_worded_by_its_own_template_and_its_values_come_through(english: str, data: st.DataObject) -> None:
    values = {place: data.draw(STRANGE, label=place) for place in places(english)}
    assert said(english.format(**values)) == MESSAGES[english].format(**values)


@given(st.sampled_from(PLACED), st.data())
def test_values_that_look_like_a_template_lose_nothing(english: str, data: st.DataObject) -> None:
    values = {place: data.draw(st.text(max_size=20), label=place) for place in places(english)}
    found = Template.read(english).values(english.format(**values))
    assert found is not None and english.format(**found) == english.format(**values)


@given(STRANGE)
def test_what_is_no_sentence_of_ours_stays_as_it_is(text: str) -> None:
    assert said(f"Zeichen {text}") == f"Zeichen {text}"
    assert wording("en")("one JSON object") == "one JSON object"


def test_the_longest_template_that_fits_is_taken_and_values_are_worded_too() -> None:
    own = Wording({"{path} is {what}": "{path}：{what}", "{path} is {what}; copy it": "{path}是{what}，请复制", "a text": "文本"})
    assert own("a.png is a text; copy it") == "a.png是文本，请复制"
    assert own("a.png is a text") == "a.png：文本"
    assert own("a.png is {x}") == "a.png：{x}"
    assert own("one\na.png is a text") == "one\na.png：文本"


def test_a_sentence_of_a_format_is_worded_line_by_line() -> None:
    problems = [Problem(f"{number}.jsonl", number, "one JSON object", "'[1'") for number in range(1, 13)]
    lines = said(str(FormatError(problems))).split("\n")
    assert lines[0] == "1.jsonl 第 1 行：应为 一个 JSON 对象，实为 '[1'"
    assert lines[10] == "…另有 2 处"


def test_a_picture_that_is_none_is_told_in_chinese(tmp_path: Path) -> None:
    beginnings = {
        "PDF": b"%PDF-1.4", "TIFF": b"II*\0", "视频": b"\x1aE\xdf\xa3", "录音": b"RIFF....WAVE", "压缩包": b"PK\x03\x04",
        "网页": b"<html><body>", "SVG": b"<svg>", "文本文件": "你好".encode(), "不认识": b"\0\1\2\3",
    }  # fmt: skip
    for what, beginning in beginnings.items():
        (tmp_path / "a.png").write_bytes(beginning)
        with pytest.raises(InputError) as refused:
            read_image(tmp_path / "a.png")
        worded = said(str(refused.value))
        assert what in worded and "不是读得出的图片；" in worded and str(tmp_path / "a.png") in worded
        assert not re.search("picture|export|choose|give|take", worded.replace(str(tmp_path), ""))


CAUSES = (
    *("disk is full", "readonly database", "database is locked", "malformed", "append-only", "password authentication failed"),
    *("connection refused", "can't locate revision", "something else"),
)


@pytest.mark.parametrize("cause", CAUSES)
def test_what_a_database_answers_is_told_in_chinese(cause: str) -> None:
    worded = said(str(explain(sqlite3.OperationalError(cause), make_url("sqlite:////tmp/a.db"))))
    assert worded.startswith("数据库 /tmp/a.db ") and "the database" not in worded


def test_overlapping_spans_are_told_with_both_words() -> None:
    with pytest.raises(StoreError) as refused:
        check_flat("南京市长江大桥", [(0, 3, "LOC"), (2, 5, "PER")])
    assert said(str(refused.value)).startswith("“南京市”（LOC，第 1 到 3 字）与“市长江”（PER，第 3 到 5 字）重叠，")


def test_contradictions_are_told_row_by_row() -> None:
    texts = [Document("南京", (Span(0, 2, label),)) for label in ("LOC", "PER")]
    with pytest.raises(InputError) as refused:
        resolve(texts, REFUSE)
    head, *rows = said(str(refused.value)).split("\n")
    assert head.startswith("有 1 段文本的更正互相矛盾")
    assert rows == [f"'南京'：第 {row} 份更正标的是 南京={label}" for row, label in enumerate(("LOC", "PER"))]


def test_what_the_system_says_within_a_sentence_is_worded(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused, Source(tmp_path / "no.txt").opened():
        pass
    assert said(str(refused.value)) == f"{tmp_path / 'no.txt'} 读不了：没有这个文件或文件夹；请检查路径"


def test_what_a_report_quotes_of_a_library_is_worded(tmp_path: Path) -> None:
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"text": "x"}' * 100)[:-20])
    source = Source(tmp_path / "cut.jsonl.gz")
    list(source.lines())
    assert [said(problem.got) for problem in source.problems] == ["压缩文件不完整"]
    assert said("'spans'") == "'spans'"


def test_an_error_among_the_values_of_a_text_is_said_in_its_language() -> None:
    error = InputError("labels must be distinct and not empty: got ['A', 'A']")
    asked = UserError("annotate.save.error", message=error)
    assert "标签不能重复，也不能是空的：这里是 ['A', 'A']" in Texts("zh")(asked.key, **asked.values)
    assert str(error) in Texts("en")(asked.key, **asked.values)
