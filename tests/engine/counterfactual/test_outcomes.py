"""What becomes of entities under edits: judged by hand, and by a tagger that goes by what stands before a name."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from engine.counterfactual.edit import Edit
from engine.counterfactual.kinds import parse
from engine.counterfactual.offsets import Offsets, Replaced
from engine.counterfactual.outcomes import BOTH, KEPT, LOST, MOVED, RELABELLED, compare, outcomes
from engine.counterfactual.trying import worth_trying
from engine.document import Document, Span
from engine.errors import InputError
from engine.tagger import Prediction, Tagger
from tests.engine.tiny import known, trained_system

TEXT = "记者王芳去杭州"


class Rule:
    """Stands for a tagger: two characters behind 者 are a person, two behind 去 a place; it counts how often it is asked."""

    def __init__(self):
        self.info = SimpleNamespace(name="rule")
        self.asked = []
        self.system = SimpleNamespace(
            config=None, optional_modalities=("glyph",), vector_tables={}, uses=lambda config, modality: modality == "glyph"
        )

    def predict(self, documents, *, explain=False, without=()):
        self.asked.append((len(documents), without))
        return [Prediction(document.with_spans(self.spans(document.text, without)), (), 0.0) for document in documents]

    @staticmethod
    def spans(text, without):
        for sign, label in (("者", "PER"), ("去", "LOC")):
            at = text.find(sign)
            if at >= 0 and not (without and label == "LOC"):
                yield Span(at + 1, min(len(text), at + 3), label, 0.5 if "□" in text else 0.9)


def test_each_edit_says_what_became_of_each_entity_whatever_the_lengths_and_all_are_asked_at_once():
    edits = [parse(words) for words in ("replace:0-2=女记者", "mask:1", "replace:4=来到", "replace:0=□", "without=glyph")]
    tagger = Rule()
    grid = outcomes(tagger, Document(TEXT), edits)
    assert tagger.asked == [(1, ()), (4, ()), (1, ("glyph",))]
    assert [[fate.fate for fate in row.fates] for row in grid.rows] == [
        [KEPT, KEPT],
        [LOST, KEPT],
        [KEPT, LOST],
        [KEPT, KEPT],
        [KEPT, LOST],
    ]
    assert grid.rows[0].fates[0].found.key == (3, 5, "PER")
    assert grid.rows[3].fates[0].change == pytest.approx(-0.4)
    assert [(hinge.flips, hinge.shaken) for hinge in grid.hinges] == [((1,), 3), ((2, 4), 1)]
    plain = grid.to_json()
    assert plain["rows"][0]["fates"][0]["found"]["text"] == "王芳" and plain["hinges"][1]["flips"] == [2, 4]


def test_what_is_found_is_what_became_of_one_entity_or_new():
    here = Span(2, 4, "PER", 0.9), Span(5, 7, "LOC", 0.8)

    def fates(*found, offsets=None):
        judged, new = compare(here, found, offsets or Offsets())
        return [fate.fate for fate in judged], [span.key for span in new]

    assert fates(*here) == ([KEPT, KEPT], [])
    assert fates(Span(2, 4, "ORG"), here[1]) == ([RELABELLED, KEPT], [])
    assert fates(Span(2, 5, "PER"), here[1]) == ([MOVED, KEPT], [])
    assert fates(Span(2, 3, "ORG"), here[1]) == ([BOTH, KEPT], [])
    assert fates(Span(0, 2, "PER")) == ([LOST, LOST], [(0, 2, "PER")])
    assert fates(Span(2, 7, "LOC")) == ([LOST, MOVED], [])  # one that covers both stands for the one of its type
    assert fates(Span(2, 4, "PER"), Span(2, 4, "ORG")) == ([KEPT, LOST], [(2, 4, "ORG")])
    longer = Offsets((Replaced(0, 1, 3),))
    assert fates(Span(4, 6, "PER"), Span(7, 9, "LOC"), offsets=longer) == ([KEPT, KEPT], [])
    cut = Offsets((Replaced(1, 3, 1),))  # the border inside has no place of its own any more
    assert fates(Span(2, 3, "PER"), Span(4, 6, "LOC"), offsets=cut) == ([MOVED, KEPT], [])


def test_an_edit_that_the_tagger_does_not_notice_is_refused():
    for words, said in (("pause:1", "makes no use of speech"), ("without=image", "it can leave out: glyph")):
        with pytest.raises(InputError, match=said):
            outcomes(Rule(), Document(TEXT), [parse(words)])


def test_all_that_is_worth_trying_can_be_done():
    torch.manual_seed(1)
    tagger = Tagger(SimpleNamespace(name="tiny"), trained_system())
    document = known()[0].with_spans(())
    (original,) = tagger.predict([document], explain=True)
    assert original.document.spans
    edits = worth_trying(tagger, original)
    assert {edit.name for edit in edits} >= {"entity", "mask", "homophone", "traditional"}
    grid = outcomes(tagger, document, edits, original=original)
    assert len(grid.rows) == len(edits) and all(len(row.fates) == len(original.document.spans) for row in grid.rows)
    first = original.document.spans[0]
    own = grid.rows[edits.index(Edit("entity", first.start, first.end))]
    assert own.document.text == document.text[: first.start] + own.put + document.text[first.end :]
