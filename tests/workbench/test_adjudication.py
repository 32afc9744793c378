"""What there is to decide in a document of several annotators, how it is drawn, and what is saved of it."""

from types import SimpleNamespace

import gradio as gr
import pytest

from engine.document import Document, Span
from workbench.adjudication import following, weigh
from workbench.errors import UserError
from workbench.judging import Voice, begin_from, passages, units_of, versions
from workbench.language import Texts
from workbench.store import StoreError
from workbench.tabs import Context, Session
from workbench.tabs.projects import adjudicate
from workbench.tabs.projects.adjudicate.gold import save_gold
from workbench.views.versions import units_html, versions_html

TEXT = "😀昨天李小龙从𠮷林回到上海。后来他去了北京大学。"
PER, LOC, ORG = Span(3, 6, "PER"), Span(7, 9, "LOC"), Span(19, 23, "ORG")
SAID = {"a": (PER, LOC, ORG), "b": (PER, Span(7, 9, "GPE")), "c": (PER, LOC, Span(19, 21, "LOC"))}
VOICES = tuple(Voice(name, "annotator", spans) for name, spans in SAID.items())


def context_of(store):
    texts = Texts("zh")
    return SimpleNamespace(services=SimpleNamespace(store=store, labels=lambda *more: ["PER"]), texts=texts)


def judged(store, **choices):
    project = store.projects.create("医疗", overlap=3, **choices).id
    (document_id,) = store.documents.add(project, [Document(TEXT, id="d")]).ids
    for author, spans in SAID.items():
        store.save(TEXT, spans, author=author, labels=[], client_key=author, document_id=document_id)
    return document_id


def event(key, *spans, proposals=(), **more):
    said = [{"start": span.start, "end": span.end, "label": span.label} for span in spans]
    values = {"key": key, "client_key": key, "text": TEXT, "spans": said, "proposals": list(proposals), "notes": {}}
    return SimpleNamespace(**{**values, "base_revision": None, "seconds": 3, **more})


def test_every_stretch_is_a_unit_with_its_votes_and_majority():
    units = units_of(VOICES)
    assert [(unit.start, unit.end, unit.majority, unit.differs) for unit in units] == [
        (3, 6, ("PER",), False),
        (7, 9, ("LOC",), True),
        (19, 23, (), True),
        (19, 21, (), True),
    ]
    assert units[1].said == (("LOC",), ("GPE",), ("LOC",)) and units[1].votes == ((("LOC",), 2), (("GPE",), 1))
    two = units_of(VOICES[:2])
    assert [unit.majority for unit in two if unit.differs] == [None, None]


def test_a_model_does_not_vote_and_gold_that_says_otherwise_is_to_be_decided():
    model = Voice("m", "model", (Span(0, 1, "MISC"),))
    units = units_of([*VOICES, model])
    assert (units[0].majority, units[0].differs) == ((), False) and len(units) == 5
    gold = Voice("g", "gold", (LOC,))
    assert next(unit for unit in units_of([*VOICES, gold]) if unit.start == 3).differs


def test_what_all_agree_on_begins_decided_and_the_rest_as_proposals():
    spans = begin_from(units_of(VOICES), None)
    assert [(span["start"], span["label"], span["predicted"]) for span in spans] == [
        (3, "PER", False),
        (7, "LOC", True),
        (19, "ORG", True),
        (19, "LOC", True),
    ]
    assert spans[1]["score"] == pytest.approx(2 / 3) and spans[1]["alternatives"] == [{"label": "GPE", "score": 1 / 3}]
    assert spans[2]["alternatives"] == [{"spans": [], "score": 2 / 3}]
    assert [span["predicted"] for span in begin_from(units_of(VOICES), [PER])] == [False]


def test_a_text_falls_into_sentences_that_cut_no_span():
    assert [TEXT[start:end] for start, end in passages(TEXT, VOICES)] == [TEXT[:14], TEXT[14:]]
    across = Voice("x", "annotator", (Span(11, 16, "LOC"),))
    assert len(passages(TEXT, [across])) == 1
    held = versions(14, len(TEXT), VOICES)
    assert [[voice.name for voice in holders] for holders, _ in held] == [["a"], ["b"], ["c"]]
    assert [[voice.name for voice in holders] for holders, _ in versions(0, 14, VOICES)] == [["a", "c"], ["b"]]


def test_only_passages_with_something_to_decide_are_drawn():
    agreed = [Voice(name, "annotator", (PER,)) for name in "ab"]
    differing = [agreed[0], Voice("b", "annotator", (PER, ORG))]
    words = Texts("zh").words
    for voices, drawn in ((agreed, 0), (differing, 1)):
        html = versions_html(TEXT, voices, units_of(voices), words, whole=False)
        assert html.count('<ul class="weigh-passage"') == drawn and ("北京大学" in html) == bool(drawn) and "李小龙" not in html


def test_a_document_is_opened_saved_and_followed_with_one_question_for_the_list(store, monkeypatch):
    document_id = judged(store)
    project, asked = store.document(document_id).project_id, []
    (other,) = store.documents.add(project, [Document(TEXT[:15], id="e")]).ids
    for author in "ab":
        store.save(TEXT[:15], SAID[author][:2], author=author, labels=[], client_key=f"e{author}", document_id=other)
    listing = store.disputes.list
    monkeypatch.setattr(store.disputes, "list", lambda *args, **more: asked.append(1) or listing(*args, **more))
    with gr.Blocks():
        context = Context(SimpleNamespace(store=store, labels=lambda *more: ["PER"]), Texts("zh"), gr.State(Session()))
        does = adjudicate._Handlers(context, adjudicate._layout(context))
    session, nobody = Session(project=project), SimpleNamespace(username="", cookies={})
    for act in (does.show, does.step, does.step_back):
        act(session, nobody)
        assert asked.pop() and not asked
    assert session.judging == document_id
    key = weigh(store, Texts("zh"), document_id, "", hidden=False).key
    shown = does.save(event(key, PER), {}, session, nobody)
    assert asked.pop() and not asked
    assert session.judging == other and shown[does.parts.editor]["acknowledged"] == key
    assert f'data-id="{document_id}"' not in shown[does.parts.queue] and f'data-id="{other}"' in shown[does.parts.queue]


def test_names_and_labels_are_escaped_and_differences_are_marked_in_words():
    voices = (Voice("<b>${x}", "annotator", (Span(0, 1, "<i>"),)), Voice("乙", "annotator", ()))
    units, words = units_of(voices), Texts("zh").words
    drawn = versions_html(TEXT, voices, units, words, whole=False)
    table = units_html(TEXT, voices, units, words, whole=False, flat=True, key="1.2")
    for html in (drawn, table):
        assert "<b>${" not in html and "<i>" not in html.replace('<i class="duomo-tag"', "") and "${" not in html
    assert "≠" in drawn and "≠" in table and 'data-flat="1"' in table
    assert units_html(TEXT, VOICES, units_of(VOICES), words, whole=False, flat=False, key="k").count("<tr ") == 4
    assert units_html(TEXT, VOICES, units_of(VOICES), words, whole=True, flat=False, key="k").count("<tr ") == 5


def test_gold_is_saved_with_what_was_weighed(store):
    document_id = judged(store)
    context = context_of(store)
    weighed = weigh(store, context.texts, document_id, "", hidden=False)
    assert [voice.name for voice in weighed.voices] == ["a", "b", "c"]
    revision = save_gold(context, event(weighed.key, PER, LOC), "")
    assert (revision.layer, revision.spans, len(revision.sources)) == ("gold", (PER, LOC), 3)
    assert store.reading.view(document_id, "").gold == revision
    again = weigh(store, context.texts, document_id, "", hidden=False)
    assert again.voices[-1].kind == "gold" and again.key == weighed.key


def test_what_is_undecided_overlaps_in_a_flat_project_or_belongs_to_another_text_is_not_saved(store):
    document_id = judged(store, nested=False)
    context, key = context_of(store), f"{document_id}."
    with pytest.raises(UserError) as left:
        save_gold(context, event(key, PER, proposals=[{}]), "")
    assert left.value.key == "adjudicate.left.error"
    with pytest.raises(UserError) as flat:
        save_gold(context, event(key, ORG, Span(19, 21, "LOC")), "")
    assert (flat.value.key, flat.value.values["one"]) == ("adjudicate.flat.error", "北京大学")
    for odd in (event("x.y", PER), event(key, PER, text="另一篇，同样长的文本文本文本")):
        with pytest.raises(UserError):
            save_gold(context, odd, "")
    with pytest.raises(StoreError):
        save_gold(context, event(f"{document_id}.999", PER), "")
    assert store.reading.view(document_id, "").gold is None


def test_hidden_annotators_are_numbered_in_another_order_in_each_document(store):
    document_id = judged(store)
    weighed = weigh(store, Texts("zh"), document_id, "", hidden=True)
    assert [voice.name for voice in weighed.voices] == ["标注员 1", "标注员 2", "标注员 3"]
    assert set(weighed.names) == set(SAID)


def test_after_a_document_comes_the_next_that_waits():
    listed = [SimpleNamespace(document_id=number, judged=number == 2) for number in (1, 2, 3)]
    assert following(listed, 1, judged=False) == 3
    assert following(listed, 3, judged=False) == 1
    assert following(listed, 1, judged=True) == 2
    assert following(listed[:1], 1, judged=False) == 0
