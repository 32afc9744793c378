"""What the gate says, where models come from and what waits, as they are shown."""

from html import unescape
from types import SimpleNamespace

import pytest

from engine.document import Document, Span
from engine.evaluation.scores import PRF
from engine.gate import Figures, Learned, Part, decide
from engine.influence import Cause
from engine.lineage import lineage
from engine.prediction_changes import changes_of
from tests.workbench.test_savings import model
from workbench.language import LANGUAGES, Texts
from workbench.retraining.savings import Advice, Outlook, points
from workbench.views.gate import PLACES, causes_html, gate_html
from workbench.views.lineage import lineage_html
from workbench.views.requests import Entry, requests_html
from workbench.views.savings import savings_html

TEXT = "他们从<b>南京市长江大桥出发，去了上海。"
LOC, PER, CITY = Span(6, 13, "LOC"), Span(6, 8, "PER"), Span(17, 19, "LOC")


def figures(label, before, after, support=60, fixed=0, broken=9):
    return Figures(
        label, support, None if before is None else PRF(before, before, before), PRF(after, after, after), fixed, broken
    )


@pytest.fixture
def changes():
    gold, old, new = (Document(TEXT, spans) for spans in ((LOC, CITY), (LOC,), (PER, CITY)))
    return changes_of("held_out", [gold], [old], [new], "flat", gold=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_says_what_fell_and_by_how_much_and_what_is_read_otherwise(language, changes):
    texts = Texts(language)
    part = Part("held_out", 62, figures("", 0.9, 0.85), (figures("LOC", 0.9, 0.8), figures("NEW", None, 0.5)))
    gate = decide([part], Learned(5, 0.2, 0.8, (4,)), changes)
    html = unescape(gate_html(gate, changes, texts))
    assert "is-refused" in html and texts("gate.verdict.refused", margin="2") in html
    for said in ("90.0%", "80.0%", "▼ −10.0", "62", "LOC", "—"):
        assert said in html
    assert texts("gate.changes.broken", count="1") in html and texts("gate.changes.fixed", count="1") in html
    assert f'data-id="{0 * PLACES + 1}"' in html and ">南京市长江大桥</b>" in html
    assert "<b>南京市长江大桥出发" not in gate_html(gate, changes, texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pass_warns_of_what_may_be_chance_and_of_what_is_not_measured(language):
    texts = Texts(language)
    few = Part("held_out", 9, figures("", 0.9, 0.9), (figures("ORG", 0.9, 0.7, support=5, broken=1),))
    nothing = Part("protected", 3, figures("", 0.0, 0.0, support=0, broken=0), ())
    html = unescape(gate_html(decide([few, nothing], Learned(0, 0, 0, ()), []), [], texts))
    assert "is-passed" in html and texts("gate.changes.none") in html
    assert texts("gate.unmeasured", part=texts("gate.part.protected")) in html and "70.0%" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_causes_say_how_far_they_have_to_do_with_it(language):
    texts = Texts(language)
    html = causes_html("南京<", [Cause(3, Document("江大桥来了。", (Span(0, 3, "PER"),)), 0.876, 12345.0)], texts, texts.words)
    assert "1.23e+04" in html and "0.88" in html and "江大桥" in html and "南京<" not in html


def info(name, digest, **card):
    return SimpleNamespace(name=name, digest=digest, card=card, path=name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tree_says_what_was_made_from_what_and_what_is_gone(language):
    texts = Texts(language)
    made = info(
        "b<i>", "2", parent="a", parent_digest="1", corrections=1234, seed=7, data_hash="abcdef0123", date="2026-01-02T03:04"
    )
    lost = info("c", "3", parent="gone", parent_digest="9", seed=1)
    html = lineage_html(lineage([info("a", "1"), made, lost]), "2", texts)
    assert "<i>" not in html and "1,234" in html and "abcdef01" in html and "2026-01-02" in html
    html = unescape(html)
    assert texts("lineage.missing") in html and html.count(texts("lineage.current")) == 1
    assert html.index("<b>a</b>") < html.index("1,234")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_queue_is_changed_by_whoever_leads_alone_and_a_refusal_says_why(language):
    texts = Texts(language)
    waiting = [Entry(4, "晚报<", "张敏", "hand", "11-22 20:00", compares=True), Entry(5, "乙", "", "idle", "11-22 20:01")]
    refused = [
        Entry(3, "丙", "", "hand", "11-22 19:00", "还没有 <b>"),
        Entry(2, "丁", "", "hand", "11-22 19:00", "no disk"),
    ]
    led = requests_html(waiting, refused, texts, lead=True)
    assert led.count('data-do="withdraw"') == 2 and led.count('data-do="first"') == 1 and 'data-do="first" data-id="5"' in led
    assert unescape(led).count(texts("scheduling.arms")) == 1
    assert "还没有 <b>" in unescape(led) and "no disk" in led and "晚报<" not in led
    assert "data-do" not in requests_html(waiting, refused, texts, lead=False)
    assert requests_html([], [], texts, lead=True) == ""


@pytest.mark.parametrize("after", [0.9, 0.9 - 1e-6, 0.9 + 1e-6])
def test_no_change_has_no_sign(after):
    part = Part("held_out", 9, figures("", 0.9, after), (figures("LOC", 0.9, after),))
    html = gate_html(decide([part], Learned(0, 0, 0, ()), []), [], Texts("en"))
    assert html.count("<td>0.0</td>") == 2


def test_no_gain_is_shown_as_none_by_the_meter():
    known = points(model(0, 10, 40))
    nothing = Outlook(0.9, (-1e-6, -1e-6, 1e-6), None)
    html = savings_html(known, nothing, Advice("stop", -1e-6), 0.9, Texts("en"))
    assert "-0.0" not in html and "+0.0" not in html
