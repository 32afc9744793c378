"""Why a document came and what choosing brings, as they are shown: everything that is known is said, and nothing breaks out."""

import pytest

from engine.acquisition import STRATEGIES
from engine.evaluation.agreement import Figure
from workbench.language import LANGUAGES, Texts
from workbench.retraining.savings import Advice, Fared, Outlook, Point
from workbench.views.reasons import named, reason_html
from workbench.views.savings import savings_html

TEXT = "南京市<b>长江大桥"
REASON = {
    "strategy": "0.7*mnlp+0.3*k-centre",
    "value": 0.5,
    "place": 2,
    "pool": 900,
    "readings": [{"spans": [[0, 3, "LOC"]], "probability": 0.48}, {"spans": [[0, 2, "LOC"]], "probability": 0.45}],
    "characters": [{"offset": 2, "value": 0.69, "tags": [["E-LOC", 0.5], ["O", 0.4]]}],
    "modalities": [{"modality": "glyph", "moved": 0.25, "lost": [[0, 3, "LOC"]], "gained": []}],
    "neighbour": {"id": "17", "distance": 1.25},
    "parts": [["mnlp", 0.7, 0.99], ["k-centre", 0.3, 0.5]],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_is_known_of_a_choice_is_said(language):
    texts = Texts(language)
    html = reason_html(REASON, TEXT, texts, texts.words, control=False)
    for said in ("0.7*mnlp+0.3*k-centre", "900", "48.0%", "南京市", "E-LOC 0.50", "25.0%", "17", "1.25", "99%"):
        assert said in html
    assert "<b>长" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_document_of_the_control_arm_says_so_and_nothing_of_a_strategy(language):
    texts = Texts(language)
    html = reason_html({"strategy": "random", "pool": 9}, TEXT, texts, texts.words, control=True)
    assert texts("reason.control.line") in html and "details" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_strategy_has_a_name_and_a_mixture_keeps_its_own(language):
    words = Texts(language).words
    assert all(named(name, words) != name or language == "en" and name == "random" for name in STRATEGIES)
    assert named("mnlp+margin", words) == "mnlp+margin"


def fared(value, documents=30):
    return Fared(
        documents, 50, Figure(value, None if value is None else value - 0.1, None if value is None else value + 0.1), 12.4, 40
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_meter_says_what_is_known_and_what_is_not(language):
    texts = Texts(language)
    known = [
        Point(0, "a<i>", (), {"control": fared(0.5)}),
        Point(80, "b", ("mnlp",), {"control": fared(0.7), "chosen": fared(None)}),
    ]
    ahead = Outlook(0.9, (0.02, 0.01, 0.03), (321.0, 200.0, 1000.0))
    html = savings_html(known, ahead, Advice("go_on", 0.021), 0.9, texts)
    for said in ("50.0%", "70.0%", "40%–60%", "+2.1", "321", "1,000", "<svg"):
        assert said in html
    assert texts("savings.unreached.line", aim="95%") in savings_html(
        known, Outlook(0.9, (0, 0, 0), None), Advice("stop", 0.0), 0.95, texts
    )
    assert "<i>" not in html
    assert texts("savings.none") in savings_html([], None, Advice("few"), 0.9, texts)
    for kind in ("few", "begin", "reached"):
        assert savings_html(known, None, Advice(kind), 0.9, texts).count("savings-advice") == 1
