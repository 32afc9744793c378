"""Files that are not what they should be: every problem is named, all at once."""

import gzip
import json
import lzma

import pytest

from engine import formats
from engine.errors import FormatError, InputError
from engine.formats.source import Source


@pytest.fixture
def write(tmp_path):
    def write_bytes(content, name="corpus.txt"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_bytes


def problems(path, name=None):
    with pytest.raises(FormatError) as caught:
        formats.read(path, name)
    return [(problem.line, problem.expected, problem.got) for problem in caught.value.problems]


def entity(label, mention, begin, end):
    return {"entity_type": label, "entity": mention, "entity_index": {"begin": begin, "end": end}}


@pytest.mark.parametrize(
    "content", ["", "\n\n", "今天天气不错。\n明天也不错。\n", "<html></html>", "[1, 2]", b"\x89PNG\r\n\x1a\n\x00", "{"]
)
def test_what_is_no_corpus_is_refused(write, content):
    ((line, expected, _),) = problems(write(content))
    assert line == 1
    assert "jsonl, bio" in expected


def test_every_malformed_row_is_reported_at_once(write):
    found = problems(write("李\tB-PER\n四\n\n来\tX-PER\n了\tO\n去 \nIs\tI-\n"), "bio")
    assert [(line, got) for line, _, got in found] == [(2, "'四'"), (4, "'X-PER'"), (6, "'去 '"), (7, "'I-'")]
    assert found[0][1] == "a character, a tab or space, and a tag"
    assert found[1][1] == "a tag of BIO: O, B-TYPE, I-TYPE"


def test_one_foreign_tag_does_not_change_the_scheme_of_a_file(write):
    found = problems(write("李\tB-PER\n小\tI-PER\n四\tI-PER\n\n王\tM-PER\n"), "bio")
    assert [(line, got) for line, _, got in found] == [(5, "'M-PER'")]


def test_the_message_names_file_line_expected_and_got(write):
    path = write("李\tB-PER\n四\n")
    with pytest.raises(FormatError) as caught:
        formats.read(path)
    assert str(caught.value) == f"{path}:2: expected a character, a tab or space, and a tag, got '四'"


def test_a_post_without_header_or_characters_is_reported(write):
    found = problems(write("WID:a\r\n\r\n好\tO\r\n\r\nWID:b\r\n好\tO\r\nWID:c\r\n"), "cmner")
    assert [line for line, _, _ in found] == [1, 3, 7]
    assert found[0][1:] == ("characters after the header", "'WID:a'")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("[]", "one JSON object"),
        ('{"text": "北京"', "one JSON object"),
        ("[" * 100_000, "one JSON object"),
        ("{}", "a string under 'text'"),
        ('{"text": 3}', "a string under 'text'"),
        ('{"text": "北京", "spans": {}}', "a list under 'spans'"),
        ('{"text": "北京", "spans": [[0, 2]]}', "[start, end, label] or [start, end, label, score]"),
        ('{"text": "北京", "spans": [[0, 3, "LOC"]]}', "0 <= start < end <= 2 characters"),
        ('{"text": "北京", "spans": [[1, 1, "LOC"]]}', "0 <= start < end <= 2 characters"),
        ('{"text": "北京", "spans": [[0, 2.0, "LOC"]]}', "whole numbers start and end, and a label"),
        ('{"text": "北京", "spans": [[false, true, "LOC"]]}', "whole numbers start and end, and a label"),
        ('{"text": "北京", "spans": [[0, 2, ""]]}', "whole numbers start and end, and a label"),
        ('{"text": "北京", "spans": [[0, 2, "LOC", NaN]]}', "a score in [0, 1]"),
        ('{"text": "北京", "spans": [[0, 2, "LOC", "high"]]}', "a score in [0, 1]"),
        ('{"text": "北京", "images": [1]}', "paths under 'images'"),
        ('{"text": "北京", "audio": 1}', "a path under 'audio'"),
        ('{"text": "北京", "meta": {"a": 1}}', "strings under the keys of 'meta'"),
        ('{"text": "北京", "readings": [[0, "bei3"]]}', "an object under 'readings', of offset and syllable"),
        ('{"text": "北京", "readings": {"2": "bei3"}}', "the offset of one of 2 characters under 'readings'"),
        ('{"text": "北京", "readings": {"-1": "bei3"}}', "the offset of one of 2 characters under 'readings'"),
        ('{"text": "北京", "readings": {"01": "bei3"}}', "the offset of one of 2 characters under 'readings'"),
        ('{"text": "北京", "readings": {"0": "bei"}}', "a syllable such as zhang3 for character 0 under 'readings'"),
        ('{"text": "北京", "readings": {"0": 3}}', "a syllable such as zhang3 for character 0 under 'readings'"),
        ('{"text": "北京", "label": []}', "only the keys id, text, spans, images, audio, meta, annotated, readings"),
    ],
)
def test_a_malformed_native_row_is_reported(write, row, expected):
    path = write('{"text": "好"}\n\n' + row + "\n")
    assert [(line, said) for line, said, _ in problems(path, "jsonl")] == [(3, expected)]


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("cnerta", {"sentence": "北京", "audio": "a", "entity": [[0, 2, "东京", "LOC"]]}, "the mention '东京' at 0-2"),
        ("cnerta", {"sentence": "北京", "audio": "a", "entity": [[0, 2, "LOC"]]}, "[start, end, mention, label]"),
        ("cnerta", {"sentence": "北京", "entity": []}, "a string under 'audio'"),
        ("cluener", {"text": "北京", "entity_list": [entity("scene", "北", 0, 2)]}, "the mention '北' at 0-2"),
        ("cluener", {"text": "北京", "label": {"scene": {"北京": [[0, 2]]}}}, "0 <= start < end <= 2 characters"),
        ("cluener", {"text": "北京", "label": {"scene": ["北京"]}}, "{type: {mention: [[start, last], …]}}"),
        ("boson", {"text": "北京", "entity_list": [{}]}, "entity_type, entity and entity_index with begin and end"),
        ("boson", {"text": "北京", "entity_list": [entity("location", "北京", 0, 9)]}, "0 <= start < end <= 2 characters"),
    ],
)
def test_a_malformed_row_of_another_format_is_reported(write, name, row, expected):
    path = write("\n" + json.dumps(row, ensure_ascii=False), "a.json")
    assert [(line, said) for line, said, _ in problems(path, name)] == [(2, expected)]


def test_unclosed_markup_is_reported(write):
    assert problems(write("{{location:杭州}}好\n{{location:杭州}好\n"), "boson") == [
        (2, "every mention as {{type:mention}}", "'{{location:杭州}好'")
    ]


def test_bytes_that_are_not_utf8_are_reported_with_their_line(write):
    found = problems(write("李\tB-PER\n".encode() + "四\tI-PER\n".encode("gb18030")), "bio")
    expected = "UTF-8 text; this may be GB18030: save it as UTF-8, or iconv -f GB18030 -t UTF-8"
    assert found == [(2, expected, "'bytes cb c4 09 49 2d 50 45 52'")]


@pytest.mark.parametrize(("suffix", "compress"), [(".xz", lzma.compress), (".gz", gzip.compress)])
def test_a_cut_archive_is_reported(write, suffix, compress):
    whole = compress(("".join(map(chr, range(0x4E00, 0x9E00))) * 4).encode())
    for content in (whole[: len(whole) // 2], b"no archive"):
        found = problems(write(content, f"a.txt{suffix}"), "bio")
        assert (0, f"a whole {suffix} file") in [(line, expected) for line, expected, _ in found]
        assert problems(write(content, f"a.txt{suffix}")) != []


def test_a_missing_file_and_an_unknown_format_say_what_to_do(tmp_path):
    with pytest.raises(InputError, match="check the path"):
        formats.read(tmp_path / "nothing.txt")
    with pytest.raises(InputError, match="choose one of jsonl, bio"):
        formats.read(tmp_path / "nothing.txt", "xml")


def test_a_place_that_cannot_be_written_is_said_to_be(tmp_path):
    with pytest.raises(InputError, match="cannot be written: No such file or directory; choose another place"):
        formats.write([], tmp_path / "nowhere" / "a.jsonl")


def test_long_lines_are_shortened_in_the_message(tmp_path):
    source = Source(tmp_path / "a.txt")
    source.report(1, "less", "字" * 1000)
    assert len(source.problems[0].got) < 70
