"""What a format takes it gives back, and what it cannot take it says: one property for all formats."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import formats
from engine.document import Document, Span
from engine.errors import FormatError, InputError
from tests.engine.test_formats import LABELS, ODD, TEXTS, documents, keys_and_scores

NAMES = st.text(ODD | st.characters(codec="utf-8"), min_size=1, max_size=8)
ONE_WORD = {"组织 名": "组织名"}


@st.composite
def full_documents(draw, attachments=True):
    drawn = draw(documents(scored=True))
    spans = [Span(s.start, s.end, ONE_WORD.get(s.label, s.label), s.score) for s in drawn.spans]
    images = draw(st.lists(NAMES, max_size=2).map(tuple))
    audio = draw(st.none() | NAMES)
    meta = draw(st.dictionaries(NAMES | st.sampled_from(["id", "text", "label", "tokens", "a-b"]), TEXTS, max_size=2))
    annotated = draw(st.none() | st.lists(LABELS, max_size=2).map(tuple))
    readings = {0: "zhang3"} if drawn.text and draw(st.booleans()) else {}
    return Document(drawn.text, tuple(spans), draw(st.just("") | NAMES), images, audio, meta, annotated, readings)


def without_tokens(document):
    return Document(document.text, document.spans, document.id, meta={k: v for k, v in document.meta.items() if k != "tokens"})


@pytest.mark.parametrize("name", formats.FORMATS)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(full_documents(), max_size=3))
def test_what_is_read_back_is_what_was_written_without_what_was_said_to_be_lost(tmp_path, name, drawn):
    chosen = formats.FORMATS[name]
    path = tmp_path / "corpus"
    shutil.rmtree(path, ignore_errors=True)
    fits = [chosen.fit(document) for document in drawn]
    written = formats.write(iter(drawn), path, name)
    expected = [fit for fit, _ in fits if fit is not None]
    assert written.documents == len(expected)
    assert written.lost == sum((Counter(lost) for _, lost in fits), Counter())
    for document, (fit, lost) in zip(drawn, fits, strict=True):
        assert bool(lost) or (fit == document and keys_and_scores(fit) == keys_and_scores(document))
    read = formats.read(path, name)
    if name == "twitter":
        expected, read = [*map(without_tokens, expected)], [*map(without_tokens, read)]
    if path.is_dir():
        expected, read = (sorted(side, key=lambda d: (d.id, d.text, d.spans)) for side in (expected, read))
    assert read == expected
    assert [*map(keys_and_scores, read)] == [*map(keys_and_scores, expected)]


# --- other tools -------------------------------------------------------------------------------------------------------------


def told(path, name=None):
    """Return the documents of a file and what was noted."""
    notes = Counter()
    return list(formats.stream(path, name, notes)), dict(notes)


def save(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path, name=None):
    with pytest.raises(FormatError) as caught:
        formats.read(path, name)
    return [(problem.line, problem.expected) for problem in caught.value.problems]


def mark(start, end, text, *labels):
    return {"type": "labels", "value": {"start": start, "end": end, "text": text, "labels": list(labels)}}


def test_label_studio_offsets_are_code_points_or_proved_to_be_utf16(tmp_path):
    data = {"text": "😀𠮷王芳在杭州", "image": "https://x/y.jpg"}
    counted = [
        {"id": 7, "data": data, "annotations": [{"result": [mark(2, 4, "王芳", "PER"), mark(5, 7, "杭州", "LOC")]}]},
        {"id": 8, "data": data, "annotations": [{"result": [mark(4, 6, "王芳", "PER"), mark(7, 9, "杭州", "LOC")]}]},
    ]
    read, notes = told(save(tmp_path / "a.json", json.dumps(counted, ensure_ascii=False, indent=1)))
    assert [d.spans for d in read] == [(Span(2, 4, "PER"), Span(5, 7, "LOC"))] * 2
    assert ([d.id for d in read], dict(read[0].meta)) == (["7", "8"], {"image": "https://x/y.jpg"})
    assert notes == {"documents whose offsets count UTF-16 units: converted to code points": 1}
    counted[1]["annotations"][0]["result"][0] = mark(4, 6, "李四", "PER")
    assert refused(save(tmp_path / "b.json", json.dumps(counted, indent=1)))[0][1].startswith("the mention '李四' at 4-6")


def test_label_studio_takes_the_annotation_that_counts(tmp_path):
    one, two = ({"result": [mark(0, 1, "王", label)]} for label in ("A", "B"))
    guess = {"result": [{**mark(0, 1, "王", "C"), "score": 0.5}, {"type": "choices", "value": {}}]}
    tasks = [
        {"data": {"text": "王"}, "annotations": [one, two]},
        {"data": {"text": "王"}, "annotations": [{**one, "ground_truth": True}, two], "predictions": [guess]},
        {"data": {"text": "王"}, "annotations": [{**two, "was_cancelled": True}], "predictions": [guess]},
    ]
    read, notes = told(save(tmp_path / "a.json", json.dumps(tasks)))
    assert [(s.label, s.score) for d in read for s in d.spans] == [("B", None), ("A", None), ("C", 0.5)]
    assert notes == {
        "further annotations of a task that has several: not kept": 2,
        "predictions of annotated tasks: not kept": 1,
        "results of type choices: not kept": 1,
    }


def test_label_studio_json_min_and_local_pictures(tmp_path):
    picture = save(tmp_path / "up" / "a b.jpg", b"x")
    task = {"id": 1, "text": "王芳", "image": "/data/local-files/?d=up/a%20b.jpg", "lead_time": 2.5, "annotator": 1}
    task["label"] = [{"start": 0, "end": 2, "text": "王芳", "labels": ["PER"]}]
    (read,) = formats.read(save(tmp_path / "min.json", json.dumps([task])))
    assert (read.spans, read.images, dict(read.meta), read.id) == ((Span(0, 2, "PER"),), (str(picture),), {}, "1")


@pytest.mark.parametrize(
    ("content", "line"), [("[{}, 3]", 1), ('[\n{"data": {"text": 1}}]', 2), ("[{}", 1), ("[\n\n{]", 3), ("{}", 1)]
)
def test_a_malformed_array_is_reported_with_its_line(tmp_path, content, line):
    assert line in [at for at, _ in refused(save(tmp_path / "a.json", content), "label-studio")]


def test_doccano_in_all_its_shapes(tmp_path):
    entity = {"id": 3, "label": "PER", "start_offset": 0, "end_offset": 2}
    rows = [
        {"id": 1, "text": "王芳", "label": [[0, 2, "PER"]], "Comments": []},
        {"id": 1, "text": "王芳", "labels": [[0, 2, "PER"]], "meta": {"from": "x"}, "annotation_approver": None},
        {"id": 1, "text": "王芳", "entities": [entity], "relations": [{}], "Comments": ["难"]},
    ]
    read, notes = told(save(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows))))
    assert [d.spans for d in read] == [(Span(0, 2, "PER"),)] * 3
    assert [dict(d.meta) for d in read] == [{}, {"from": "x"}, {"Comments": '["难"]'}]
    assert notes == {"relations: not kept": 1}
    for row in rows:
        assert formats.sniff(save(tmp_path / "b.jsonl", json.dumps(row))).name == "doccano"


def test_brat_keeps_spans_and_says_what_it_does_not(tmp_path):
    save(tmp_path / "b" / "x.txt", "王芳\r\n去杭州")
    ann = "T1\tPER 0 2\t王芳\nT2\tLOC 4 6\t杭州\nT3\tORG 0 1;3 4\t王 去\n"
    ann += "R1\tLives Arg1:T1 Arg2:T2\nA1\tSure T1\n#1\tAnnotatorNotes T1\t?\n"
    save(tmp_path / "b" / "x.ann", ann)
    (read,), notes = told(tmp_path / "b")
    assert (read.id, [read.mention(s) for s in read.spans]) == ("x", ["王芳", "杭州"])
    assert notes.pop("documents whose offsets count a CRLF as one: converted to code points") == 1
    assert notes == {
        "spans of several stretches: not kept": 1,
        "relations: not kept": 1,
        "attributes: not kept": 1,
        "notes: not kept": 1,
    }
    assert formats.read(tmp_path / "b" / "x.ann") == formats.read(tmp_path / "b" / "x.txt") == [read]
    save(tmp_path / "b" / "x.ann", "T1 PER\nT2\tLOC 4 99\t杭州\n")
    assert [line for line, _ in refused(tmp_path / "b")] == [1, 2]
    save(tmp_path / "b" / "alone.ann", "")
    assert (0, "a text beside it, alone.txt") in refused(tmp_path / "b")


def test_brat_refuses_what_it_cannot_name_and_a_folder_in_use(tmp_path):
    with pytest.raises(InputError, match="'组织 名' holds white space"):
        formats.write([Document("王", (Span(0, 1, "组织 名"),))], tmp_path / "out", "brat")
    assert list(tmp_path.iterdir()) == []
    formats.write([Document("王", id="a/b:c"), Document("芳", id="a/b:c")], tmp_path / "out", "brat")
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == [
        f"a%2Fb%3Ac{n}{e}" for n, e in [("", ".ann"), ("", ".txt"), ("~2", ".ann"), ("~2", ".txt")]
    ]
    assert [d.id for d in formats.read(tmp_path / "out")] == ["a/b:c"] * 2
    with pytest.raises(InputError, match="not an empty folder; choose another"):
        formats.write([], tmp_path / "out", "texts")


def test_tables_by_any_delimiter_with_further_columns(tmp_path):
    for delimiter in ",;\t":
        rows = [
            ["text", "entities", "作者"],
            ['"王芳"去了杭州'.replace('"', '""').join('""'), "1-3-PER;6-8-LOC".join('""'), "甲"],
        ]
        path = save(tmp_path / "t.csv", "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows))
        (read,) = formats.read(path)
        assert ([read.mention(s) for s in read.spans], dict(read.meta)) == (["王芳", "杭州"], {"作者": "甲"})
    assert refused(save(tmp_path / "t.csv", "text,spans\n王,0-9-PER\n芳\n李,x\n")) == [
        (2, "0 <= start < end <= 1 characters"),
        (3, "2 cells"),
        (4, 'spans as JSON, [[0, 2, "PER"]], or as 0-2-PER;6-8-LOC'),
    ]
    assert "one key for a column of the text" in refused(save(tmp_path / "t.csv", "text,content\n王,芳\n"))[0][1]
    assert "GB18030" in refused(save(tmp_path / "t.csv", "text,标注\n王芳,\n".encode("gb18030")), "csv")[0][1]


def test_a_token_a_row_with_a_column_that_names_the_sentence(tmp_path):
    rows = "Sentence #,Word,Tag\n1,王,B-PER\n,芳,I-PER\n2,杭,B-LOC\n2,州,I-LOC\n"
    assert formats.read(save(tmp_path / "t.csv", rows)) == [
        Document("王芳", (Span(0, 2, "PER"),), "1"),
        Document("杭州", (Span(0, 2, "LOC"),), "2"),
    ]


def test_other_keys_are_understood_or_refused_when_there_are_two(tmp_path):
    rows = [
        {"content": "王芳来", "entities": [{"begin": 0, "end": 2, "type": "PER", "text": "王芳"}]},
        {"sentence": "王芳来", "spans": [{"start": 0, "end": 1, "label": "PER", "mention": "王芳"}]},
        {"text": "王芳来", "entities": [[0, 2, "PER"]]},
    ]
    for row in rows:
        path = save(tmp_path / "a.jsonl", json.dumps(row))
        assert formats.sniff(path).name == "other-jsonl"
        assert formats.read(path)[0].spans == (Span(0, 2, "PER"),)
    assert refused(save(tmp_path / "a.jsonl", json.dumps({**rows[0], "text": "?"}))) == [
        (1, "one key for the text; rename or remove the others of")
    ]


def test_columns_take_comments_and_document_starts(tmp_path):
    rows = "-DOCSTART- -X- O O\n\n# id = a 1\n# newdoc\n# by = 甲\n# B-X\n芳 O\n\n# O\n"
    first, second = formats.read(save(tmp_path / "a.bio", rows), "bio")
    assert (first.id, first.text, first.spans, dict(first.meta)) == ("a 1", "#芳", (Span(0, 1, "X"),), {"by": "甲"})
    assert second.text == "#"


@pytest.mark.parametrize(("name", "ending"), [("cmner", ".png"), ("twitter", ".jpg"), ("cnerta", ".wav")])
def test_pictures_and_recordings_are_copied_where_the_reader_finds_them(tmp_path, name, ending):
    files = [str(save(tmp_path / "far" / f"{n}{ending}", f"{n}")) for n in ("b", "a")]
    heard = name == "cnerta"
    document = Document("王芳", (), "P1", () if heard else tuple(files), files[0] if heard else None)
    (tmp_path / "out").mkdir()
    lost = formats.write([document, Document("去", id="P_2", images=(files[0],))], tmp_path / "out" / "c.txt", name).lost
    (first, _) = formats.read(tmp_path / "out" / "c.txt", name)
    copies = [first.audio] if heard else list(first.images)
    contents = [Path(copy).read_text() for copy in copies]
    assert contents == {"cmner": ["b", "a"], "twitter": ["b"], "cnerta": ["b"]}[name]
    assert {part.key: n for part, n in lost.items()} == {
        "cmner": {"unnamed": 1},
        "twitter": {"unnamed": 1, "further-pictures": 1},
        "cnerta": {"pictures": 1},
    }[name]


# --- looking -----------------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3), lambda v: st.lists(v, max_size=3), max_leaves=4
)
KEYS = st.sampled_from("text sentence spans label labels entities data annotations result value start end id meta audio".split())
ROWS = st.dictionaries(KEYS, JSON | st.lists(st.dictionaries(KEYS, JSON, max_size=3), max_size=2), max_size=4)


@pytest.mark.parametrize("name", [None, *formats.FORMATS])
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(ROWS, max_size=3).map(json.dumps) | ROWS.map(json.dumps) | TEXTS | st.binary(max_size=30))
def test_a_preview_lists_what_is_wrong_and_never_raises_it(tmp_path, name, content):
    path = save(tmp_path / "c.txt", content)
    seen = formats.preview(path, name)
    assert json.dumps(seen.to_json())
    if seen.problems:
        with pytest.raises(FormatError):
            formats.read(path, name)
    else:
        assert len(formats.read(path, name)) == seen.documents


def test_a_preview_counts_and_holds_a_few(tmp_path):
    picture = save(tmp_path / "a.jpg", b"x")
    drawn = [Document("王芳", (Span(0, 2, "PER"),), f"{i}", (str(picture), "gone.jpg")) for i in range(9)]
    formats.write(drawn, tmp_path / "a.jsonl")
    seen = formats.preview(tmp_path / "a.jsonl", limit=2)
    assert (seen.format, seen.documents, seen.characters, dict(seen.labels)) == ("jsonl", 9, 18, {"PER": 9})
    assert (seen.first, seen.found, seen.missing) == (tuple(drawn[:2]), 9, ("gone.jpg",))
    assert formats.preview(save(tmp_path / "b.txt", "散文。\n")).format is None
