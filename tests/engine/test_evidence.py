import json
import math

import pytest

from engine.errors import DocumentError
from engine.evidence import (
    Alignment,
    Alternative,
    Alternatives,
    Correlation,
    Gates,
    Heatmap,
    RegionAttention,
    Scores,
    check,
    to_json,
)

ALIGNED = [
    Heatmap("attention", ("PER", "LOC"), ((0.1, 0.9), (0.5, 0.5))),
    Scores("label_probabilities", ("O", "PER"), ((0.9, 0.1), (0.2, 0.8))),
    Gates("gate", ("text", "picture", "sound"), ((0.1, 0.9, 0.3),)),
    Alignment("heard", ((0.0, 0.2), (0.2, 0.5))),
    RegionAttention("regions", (((0, 0, 0.5, 1), (0.5, 0, 1, 1)), ()), (((0.1, 0.9), (0.5, 0.5)), ((), ()))),
    Correlation("correlation", (0.9, -0.2)),
    Alternatives("alternatives", (Alternative(((0, 2, "PER"),), 0.7), Alternative((), 0.3))),
]


def kind(evidence):
    return type(evidence).__name__


@pytest.mark.parametrize("evidence", ALIGNED, ids=kind)
def test_sound_evidence_is_returned_as_it_is(evidence):
    assert check(evidence, 2) is evidence


@pytest.mark.parametrize("evidence", [e for e in ALIGNED if kind(e) not in ("Gates", "Correlation", "Alternatives")], ids=kind)
def test_evidence_of_another_text_is_refused(evidence):
    with pytest.raises(DocumentError, match=rf"{evidence.name}: evidence for \[2\] characters, but the text has 3"):
        check(evidence, 3)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(value):
    broken = [
        Heatmap("broken", ("PER",), ((0.1, value),)),
        Scores("broken", ("O",), ((value,), (0.2,))),
        Gates("broken", ("text",), ((value,),)),
        Alignment("broken", ((0.0, value), (0.2, 0.5))),
        RegionAttention("broken", (((0, 0, 1, 1),),), (((value,), (0.5,)),)),
        Correlation("broken", (value,)),
        Alternatives("broken", (Alternative((), value),)),
    ]
    for evidence in broken:
        with pytest.raises(DocumentError, match="broken: .*not finite"):
            check(evidence, 2)


def test_a_heatmap_with_one_short_row_is_refused():
    with pytest.raises(DocumentError, match=r"\[1, 2\] characters"):
        check(Heatmap("attention", ("PER", "LOC"), ((0.1, 0.9), (0.5,))), 2)


def test_region_attention_has_a_value_for_each_region_of_each_picture():
    for values in (((0.1, 0.9), (0.5,)), ((0.1,), (0.5,))):
        with pytest.raises(DocumentError, match="regions: evidence for other regions"):
            check(RegionAttention("regions", (((0, 0, 0.5, 1), (0.5, 0, 1, 1)),), (values,)), 2)


def test_without_pictures_there_is_evidence_of_none():
    assert check(RegionAttention("regions", (), ()), 7)
    assert check(Heatmap("visual_gate", (), ()), 7)


@pytest.mark.parametrize("evidence", ALIGNED, ids=kind)
def test_evidence_is_plain_json_with_its_kind(evidence):
    value = json.loads(json.dumps(to_json(evidence)))
    assert value["kind"] == kind(evidence)
    assert value["name"] == evidence.name


def test_the_evidence_of_an_empty_text_is_empty():
    assert check(Scores("label_probabilities", ("O",), ()), 0)
    assert check(Alternatives("alternatives", ()), 0)
