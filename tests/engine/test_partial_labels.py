"""Corpora that mark some labels only: what they leave open is not taught as nothing."""

from dataclasses import replace

import pytest
import torch

from engine.document import Document, LabelSet, Span
from engine.systems.bilstm_crf import BilstmCrf, BilstmCrfConfig
from engine.tagger import predict
from engine.training import fit
from tests.engine.tiny import OPTIONS, training

PEOPLE = ("王芳", "李明", "赵强", "孙丽", "周杰", "吴敏")
PRODUCTS = ("红米", "荣耀", "奔腾", "飞度", "途观", "小新")


def sentence(person, product, *labels):
    text = f"{person}买了{product}。"
    spans = [Span(0, 2, "PER"), Span(4, 6, "MISC")]
    return Document(text, tuple(span for span in spans if span.label in labels))


FULL = [sentence(PEOPLE[i], PRODUCTS[j], "PER", "MISC") for i in range(6) for j in range(2)]
"""Says of two products what they are."""
PEOPLE_ONLY = [sentence(PEOPLE[i], PRODUCTS[j], "PER") for i in range(6) for j in range(2, 6)]
"""Says nothing of the other four, though it is twice as large."""


def taught(annotated):
    torch.manual_seed(1)
    documents = FULL + [replace(document, annotated=annotated) for document in PEOPLE_ONLY]
    system = BilstmCrf.build(
        BilstmCrfConfig(**{**OPTIONS, "bigrams": 0, "dropout": 0.3, "character_dropout": 0.2}),
        LabelSet(("MISC", "PER")),
        [document.text for document in documents],
    )
    fit(system, documents, FULL, training(epochs=30, patience=30, keep="last"))
    return system.eval()


def found(system, label):
    asked = [sentence(PEOPLE[i], PRODUCTS[j], "PER", "MISC") for i in range(6) for j in range(2, 6)]
    predictions = predict(system, asked)
    return sum(span.label == label for prediction in predictions for span in prediction.document.spans) / len(asked)


def test_what_a_corpus_does_not_mark_is_not_taught_to_be_nothing():
    system = taught(("PER",))
    assert found(system, "MISC") > 0.9
    assert found(system, "PER") > 0.9


def test_without_the_declaration_it_is():
    system = taught(None)
    assert found(system, "MISC") < 0.1
    assert found(system, "PER") > 0.9


@pytest.fixture
def system():
    torch.manual_seed(1)
    return BilstmCrf.build(BilstmCrfConfig(**OPTIONS), LabelSet(("MISC", "PER")), [d.text for d in FULL])


def test_annotations_in_full_need_no_list_of_possible_tags(system):
    assert system.collate(FULL).possible is None
    assert system.collate([replace(FULL[0], annotated=("MISC", "PER"))]).possible is None


def test_marked_spans_are_certain_and_the_rest_is_open_to_the_labels_not_marked(system):
    (document,) = [replace(PEOPLE_ONLY[0], annotated=("PER",))]
    batch = system.collate([document, FULL[0]])
    allowed = [{system.tags.names[i] for i in row.nonzero()[:, 0].tolist()} for row in batch.possible[0]]
    unmarked = {"O", "B-MISC", "I-MISC", "E-MISC", "S-MISC"}
    assert allowed == [{"B-PER"}, {"E-PER"}, *[unmarked] * 5]
    assert batch.possible[1].sum().item() == len(FULL[0])


def test_a_document_without_any_marked_label_teaches_nothing(system):
    blank = Document("随便写点什么", annotated=())
    loss = system.train()(system.collate([blank])).loss
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-4)
    assert all(p.grad is None or p.grad.abs().max() < 1e-4 for p in system.parameters())


def test_scores_on_dev_count_marked_labels_alone(system):
    """A prediction of a label that the dev corpus does not mark is neither right nor wrong."""
    fit(system, FULL, FULL, training(epochs=30, patience=30, keep="last"))
    result = fit(
        system,
        FULL,
        [replace(sentence(PEOPLE[0], PRODUCTS[0], "PER"), annotated=("PER",))],
        training(epochs=1, encoder_rate=0, head_rate=0),
    )
    assert result.best.counts["predicted"] == 1 and result.best.micro.f1 == 1


def test_in_a_nested_model_an_unmarked_label_may_also_be_around_and_inside():
    torch.manual_seed(1)
    labels = LabelSet(("MISC", "PER"), (("MISC", "PER"), ("PER", "MISC")))
    system = BilstmCrf.build(BilstmCrfConfig(**OPTIONS, structure="nested"), labels, [d.text for d in FULL])
    document = Document("甲乙丙", (Span(0, 2, "PER"),), annotated=("PER",))
    batch = system.collate([document])
    allowed = [{system.tags.names[i] for i in row.nonzero()[:, 0].tolist()} for row in batch.possible[0]]
    begun = {"B-PER", "B-MISC|B-PER", "I-MISC|B-PER", "B-PER|B-MISC", "B-PER|S-MISC"}
    assert allowed == [
        begun,
        {"E-PER", "I-MISC|E-PER", "E-MISC|E-PER", "E-PER|E-MISC", "E-PER|S-MISC"},
        {"O", "B-MISC", "I-MISC", "E-MISC", "S-MISC"},
    ]
    loss = system(batch).loss
    assert loss.isfinite() and loss > 0
    marked_in_full = system.collate([replace(document, annotated=None)])
    assert loss < system(marked_in_full).loss
