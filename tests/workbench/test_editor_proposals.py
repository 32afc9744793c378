"""What the editor is given beside the spans: alternatives from the n best readings, evidence, borders of words."""

from __future__ import annotations

import builtins

import pytest

from engine.document import Document, Span
from engine.evidence import Alternative, Alternatives, Heatmap
from workbench.language import Texts
from workbench.span_editor import SpanEditor, evidence_snippets, proposed_spans, word_borders

TEXT = "😀张伟在北京大学"
BEST = ((1, 3, "PER"), (4, 8, "ORG"))
READINGS = Alternatives(
    "alternatives",
    (
        Alternative(BEST, 0.6),
        Alternative(((1, 3, "PER"), (4, 8, "LOC")), 0.15),
        Alternative(((1, 3, "ORG"), (4, 6, "LOC")), 0.1),
        Alternative(((4, 8, "LOC"),), 0.05),
        Alternative(((1, 3, "PER"),), 0.04),
    ),
)
DOCUMENT = Document(TEXT, (Span(1, 3, "PER", 0.9), Span(4, 8, "ORG", 0.7)))


def test_readings_that_say_the_same_at_a_span_are_one_alternative() -> None:
    person, place = proposed_spans(DOCUMENT, [READINGS])
    assert (person["label"], person["score"], person["predicted"]) == ("PER", 0.9, True)
    assert person["alternatives"] == [{"label": "ORG", "score": 0.1}, {"spans": [], "score": 0.05}]
    assert place["alternatives"] == [
        {"label": "LOC", "score": pytest.approx(0.2)},
        {"spans": [{"start": 4, "end": 6, "label": "LOC"}], "score": 0.1},
        {"spans": [], "score": 0.04},
    ]


def test_without_readings_a_proposal_has_no_alternatives() -> None:
    assert all("alternatives" not in span for span in proposed_spans(DOCUMENT, []))


def test_evidence_is_drawn_by_name_and_escaped() -> None:
    text = "<b>张"
    heatmap = Heatmap("class_attention", ("PER", "LOC"), ((0.1,) * 4, (0.2,) * 4))
    snippets = evidence_snippets(Document(text), [heatmap, READINGS], Texts("zh").words)
    assert list(snippets) == ["class_attention"]
    assert "<b>" not in snippets["class_attention"]


def test_borders_of_words_are_code_points() -> None:
    borders = word_borders("😀张伟在北京\r\n大学")
    assert borders == sorted(set(borders))
    assert (borders[0], borders[-1]) == (0, len("😀张伟在北京\r\n大学"))
    assert {1, 4} <= set(borders)
    assert word_borders("") == []


def test_without_jieba_there_are_no_borders(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *others: object) -> object:
        if name == "jieba":
            raise ImportError(name)
        return real(name, *others)

    from engine.modalities import pinyin

    real = builtins.__import__
    pinyin._cutter.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refuse)
    assert word_borders("张伟在北京") == []
    pinyin._cutter.cache_clear()


def test_the_value_passes_on_what_may_be_left_out() -> None:
    editor = SpanEditor(render=False)
    value = {"key": "k", "text": TEXT, "boundaries": [0, 3], "navigation": {"position": 1, "total": 2}, "unknown": 1}
    shown = editor.postprocess(value)
    assert shown is not None
    assert (shown["boundaries"], shown["navigation"]) == ([0, 3], {"position": 1, "total": 2})
    assert not {"unknown", "other", "notes"} & set(shown)
