import pytest
import torch

from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError
from engine.systems.bilstm_crf import BilstmCrf, BilstmCrfConfig
from tests.engine.tiny import OPTIONS

SCHOOL = Document("北京大学在北京", (Span(0, 4, "ORG"), Span(0, 2, "LOC"), Span(5, 7, "LOC")))


def made(structure):
    torch.manual_seed(1)
    config = BilstmCrfConfig(**{**OPTIONS, "structure": structure})
    return BilstmCrf.build(config, LabelSet.of([SCHOOL]), [SCHOOL.text] * 2).eval()


def certain(system, monkeypatch, gold=SCHOOL):
    """Make a system certain of what it would be taught of a document."""
    batch = system.collate([gold])
    emissions = 50.0 * torch.nn.functional.one_hot(batch.tags, len(system.tags)).float()
    monkeypatch.setattr(system, "_emissions", lambda _: emissions)
    return batch


@pytest.mark.parametrize(("structure", "expected"), [("nested", SCHOOL.spans), ("flat", (SCHOOL.spans[0], SCHOOL.spans[2]))])
def test_a_certain_model_has_a_confidence_of_one(structure, expected, monkeypatch):
    system = made(structure)
    batch = certain(system, monkeypatch)
    (found,) = system.decode(batch)
    assert tuple(found) == expected
    assert [span.score for span in found] == pytest.approx([1.0] * len(found), abs=1e-4)
    shares, alternatives = system.explain(batch)[0]
    org, loc = (shares.columns.index(label) for label in ("ORG", "LOC"))
    assert shares.values[0][org] == pytest.approx(1, abs=1e-4)
    assert shares.values[0][loc] == pytest.approx(float(structure == "nested"), abs=1e-4)
    assert set(alternatives.readings[0].spans) == {span.key for span in expected}


def test_an_outer_span_is_as_certain_as_it_is_whatever_the_inner_ones_are(monkeypatch):
    """Half of the probability has an inner place, half has none: the outer span is certain all the same."""
    system = made("nested")
    with torch.no_grad():
        for parameter in system.crf.parameters():
            parameter.zero_()
    with_place, without = (system.collate([SCHOOL.with_spans(spans)]).tags for spans in (SCHOOL.spans[:2], SCHOOL.spans[:1]))
    both = sum(torch.nn.functional.one_hot(tags, len(system.tags)) for tags in (with_place, without)).bool().float()
    monkeypatch.setattr(system, "_emissions", lambda _: 50 * both)
    (found,) = system.decode(system.collate([SCHOOL]))
    scores = {span.key: span.score for span in found}
    assert scores[0, 4, "ORG"] == pytest.approx(1, abs=1e-4)
    assert [score for key, score in scores.items() if key != (0, 4, "ORG")] == pytest.approx([0.5] * (len(scores) - 1), abs=1e-3)
    best, second = system.explain(system.collate([SCHOOL]))[0][1].readings[:2]
    assert best.probability == pytest.approx(0.5, abs=1e-3) and second.probability == pytest.approx(0.5, abs=1e-3)


def test_a_flat_system_has_no_nestings_and_learns_the_longest():
    system = made("flat")
    assert system.labels.nestings == () and len(system.tags) == 9
    assert system.tags.decode(system.collate([SCHOOL]).tags[0].tolist()) == [SCHOOL.spans[0], SCHOOL.spans[2]]


def test_of_crossing_annotations_a_nested_system_learns_the_longer():
    system = made("nested")
    crossing = SCHOOL.with_spans([Span(0, 4, "ORG"), Span(3, 5, "LOC"), Span(0, 2, "LOC")])
    assert system.tags.decode(system.collate([crossing]).tags[0].tolist()) == [Span(0, 4, "ORG"), Span(0, 2, "LOC")]


def test_there_is_no_third_structure():
    with pytest.raises(ConfigError, match="structure: expected one of flat, nested"):
        BilstmCrfConfig(structure="crossing")
