"""``convert`` and ``formats``: what is written, what is lost and what is noted, and said so."""

import json

import pytest

from engine import formats
from engine.__main__ import main
from engine.document import Document, Span


@pytest.fixture
def corpus(tmp_path):
    documents = [Document("成都大学", (Span(0, 4, "ORG"), Span(0, 2, "LOC", 0.5)), "a", meta={"by": "甲"}), Document("", id="b")]
    formats.write(documents, tmp_path / "a.jsonl")
    return tmp_path / "a.jsonl"


def test_convert_says_what_is_lost(corpus, tmp_path, capsys):
    assert main(["convert", "--data", str(corpus), "--to", "bio", "--out", str(tmp_path / "a.bio")]) == 0
    assert (tmp_path / "a.bio").read_text(encoding="utf-8").startswith("# id = a\n# by = 甲\n成\tB-ORG\n")
    said = capsys.readouterr().out
    assert said.startswith("1 documents written to ")
    assert "lost          1  spans that overlap a longer one\n" in said
    assert "lost          1  documents without text\n" in said
    assert main(["convert", "--data", str(corpus), "--to", "bundle", "--out", str(tmp_path / "a.zip")]) == 0
    assert capsys.readouterr().out.endswith("nothing is lost\n")


def test_convert_notes_what_it_does_not_keep(tmp_path, capsys):
    row = {"id": 1, "text": "王芳", "entities": [], "relations": [{}, {}]}
    (tmp_path / "d.jsonl").write_text(json.dumps(row))
    assert main(["convert", "--data", str(tmp_path / "d.jsonl"), "--out", str(tmp_path / "o.jsonl"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["documents"], said["lost"], said["noted"]) == (1, {}, {"relations: not kept": 2})


def test_a_malformed_corpus_is_not_converted_but_can_be_looked_at(corpus, tmp_path, capsys):
    with open(corpus, "a", encoding="utf-8") as handle:
        handle.write("{}\n")
    out = tmp_path / "out.jsonl"
    assert main(["convert", "--data", str(corpus), "--out", str(out)]) == 2
    assert not out.exists()
    assert main(["convert", "--data", str(corpus), "--check"]) == 2
    said = capsys.readouterr()
    assert "jsonl: 2 sound documents, 4 characters\nlabel  spans\n" in said.out
    assert "a.jsonl:3: expected a string under 'text', got 'no such key'" in said.err
    assert main(["convert", "--data", str(corpus), "--check", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problems"][0]["line"] == 3


def test_formats_are_listed(capsys):
    assert main(["formats"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n{name} " in said for name in formats.FORMATS)
    assert main(["formats", "--json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} == set(formats.FORMATS)
