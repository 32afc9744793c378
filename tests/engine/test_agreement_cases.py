import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import formats
from engine.__main__ import main
from engine.document import Document, Span
from engine.evaluation.agreement import list_cases, majority, match
from tests.engine.test_scores import LENGTH, document, flat


def layers(*sides):
    return match(
        {name: [Document("一" * 12, tuple(Span(*span) for span in side))] for name, side in zip("abc", sides, strict=False)}
    )


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ([[(0, 2, "PER")], [(0, 2, "PER")]], ["agreed"]),
        ([[(0, 2, "PER")], [(0, 2, "LOC")]], ["type"]),
        ([[(0, 2, "PER")], [(1, 3, "PER")]], ["borders"]),
        ([[(0, 2, "PER")], []], ["unmarked"]),
        ([[(0, 2, "PER")], [(2, 4, "PER")]], ["unmarked", "unmarked"]),
        ([[(0, 4, "ORG"), (0, 2, "LOC")], [(0, 4, "ORG")]], ["agreed", "unmarked"]),
        ([[(0, 4, "ORG"), (0, 2, "LOC")], []], ["unmarked", "unmarked"]),
        ([[(0, 2, "PER")], [(0, 2, "LOC")], [(0, 3, "LOC")]], ["borders"]),
        ([[], []], []),
        ([[(0, 2, "PER")]], []),
    ],
)
def test_kinds_of_cases(sides, expected):
    assert [case.kind for case in list_cases(layers(*sides))] == expected


def test_a_case_says_who_marked_what():
    (case,) = list_cases(layers([(0, 2, "PER")], [(0, 2, "LOC")], [(0, 2, "LOC")]))
    assert case.marked == ((Span(0, 2, "LOC"), ("b", "c")), (Span(0, 2, "PER"), ("a",)))
    assert case.annotators == ("a", "b", "c")
    assert case.to_json()["marked"][0] == {"span": [0, 2, "LOC"], "annotators": ["b", "c"]}


@settings(deadline=None)
@given(st.lists(flat(), min_size=2, max_size=3))
def test_every_span_is_in_one_case(sides):
    matched = match({str(i): [document(spans)] for i, spans in enumerate(sides)})
    listed = sorted(span for case in list_cases(matched) for span, _ in case.marked)
    assert listed == sorted({span for spans in sides for span in spans})


@settings(deadline=None)
@given(st.lists(flat(), min_size=2, max_size=3))
def test_the_majority_of_flat_layers_is_flat(sides):
    found = majority(match({str(i): [document(spans)] for i, spans in enumerate(sides)}))
    (kept,) = found.documents
    for span in {span for spans in sides for span in spans}:
        marked = sum(span in spans for spans in sides)
        assert (span in kept.spans) == (2 * marked > len(sides))
        assert any(span == tied for tie in found.ties for tied, _ in tie.marked) == (2 * marked == len(sides))
    assert not any(one.overlaps(other) for one in kept.spans for other in kept.spans if one is not other)
    assert len(kept) == LENGTH


@pytest.fixture
def files(tmp_path):
    marks = [("小王", (0, 2, "PER")), ("杭州", (0, 2, "LOC")), ("上海人", (0, 2, "LOC"))]
    sides = {"wang": marks, "li": [*marks[:2], ("上海人", (0, 3, "LOC"))], "zhao": marks[:1]}
    for name, side in sides.items():
        written = [Document(text, (Span(*span),), id=text, meta={"day": str(n)}) for n, (text, span) in enumerate(side)]
        formats.write(written, tmp_path / f"{name}.jsonl")
    return [str(tmp_path / f"{name}.jsonl") for name in sides]


def test_the_command_prints_figures_as_people_report_them(files, capsys, tmp_path):
    cases, most = tmp_path / "cases.jsonl", tmp_path / "most.jsonl"
    assert main(["agreement", *files, "--cases", str(cases), "--majority", str(most), "--over-time", "day", "--window", "2"]) == 0
    out = capsys.readouterr().out
    for said in ("Cohen's kappa, characters", "95% interval", "Fleiss' kappa", "wang + li", "LOC", "0 to 1", "κ = ", "2 agreed"):
        assert said in out
    rows = [json.loads(line) for line in cases.read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["agreed", "agreed", "borders"]
    assert [len(document.spans) for document in formats.read(most)] == [1, 1, 0]


def test_the_command_prints_json(files, capsys):
    assert main(["agreement", *files[:2], "--label", "LOC", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["annotators"] == ["wang", "li"] and list(found["labels"]) == ["LOC"]
    assert found["overall"]["f1"]["value"] == 0.5 and found["overall"]["fleiss"] is None
    assert found["cases"] == {"agreed": 1, "borders": 1, "ties": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([0], "agrees with nobody"), ([0, 0], "given twice"), ([0, 1, "--over-time", "hour"], "no 'hour' in its meta")],
)
def test_the_command_refuses_what_makes_no_sense(files, capsys, arguments, message):
    assert main(["agreement", *(files[a] if isinstance(a, int) else a for a in arguments)]) == 2
    assert message in capsys.readouterr().err
