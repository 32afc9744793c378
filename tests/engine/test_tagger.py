import re
import threading

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from engine import evidence, tagger
from engine.document import Document, Span
from engine.errors import CheckpointError, ConfigError
from engine.evidence import Alternatives, Scores
from engine.modalities.text import CharacterVocabulary, encode_text
from engine.systems.contract import Batch
from engine.tagger import Tagger
from engine.tags import FLAT
from tests.engine.tiny import known, untrained


@pytest.fixture(scope="module")
def model(tiny):
    return tagger.load(tiny.path, device="cpu", precision="fp32")


def keys(prediction):
    return [span.key for span in prediction.document.spans]


def test_what_was_learned_is_found_and_scored(model):
    right = 0
    for document, prediction in zip(known(), model.predict(known()), strict=True):
        right += keys(prediction) == [span.key for span in document.spans]
        assert all(0 < span.score <= 1 for span in prediction.document.spans)
        assert prediction.evidence == () and prediction.seconds > 0
    assert right >= 20


def test_annotations_of_the_document_are_not_looked_at(model):
    for document in known(4):
        assert keys(model.predict([document])[0]) == keys(model.predict([Document(document.text)])[0])


def test_the_document_keeps_everything_but_its_spans(model):
    document = Document("王芳昨天到了杭州。", id="d", images=("a.png",), audio="a.wav", meta={"k": "v"})
    found = model.predict([document])[0].document
    assert found.with_spans(()) == document


def test_order_is_kept_whatever_the_lengths(model):
    documents = [Document("杭州" * n) for n in (30, 1, 0, 90, 7)]
    assert [p.document.text for p in model.predict(documents)] == [document.text for document in documents]


def test_predictions_do_not_depend_on_the_company(model):
    documents = [*known(8), Document(""), Document("长" * 100)]
    together = model.predict(documents)
    for document, prediction in zip(documents, together, strict=True):
        alone = model.predict([document])[0]
        assert keys(alone) == keys(prediction)
        scores = [span.score for span in alone.document.spans]
        assert [span.score for span in prediction.document.spans] == pytest.approx(scores, abs=1e-4)


class Lexicon(nn.Module):
    """Finds two words wherever a window holds them whole, and says for each character where in the window it lies."""

    window, structure = 40, FLAT

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def collate(self, documents):
        return Batch(tuple(documents), encode_text(documents, CharacterVocabulary.of([])), None)

    def decode(self, batch):
        words = re.compile("西湖区|杭州")
        return [[Span(*m.span(), "LOC", 0.9) for m in words.finditer(document.text)] for document in batch.documents]

    def explain(self, batch):
        return [[Scores("place", ("O",), tuple((float(i),) for i in range(len(d))))] for d in batch.documents]


def matches(text):
    return [(*match.span(), "LOC") for match in re.finditer("西湖区|杭州", text)]


@given(st.lists(st.sampled_from(["西湖区", "杭州", "。", "，", "的", "𠮷", "\n"]), max_size=200).map("".join))
def test_words_at_the_border_of_two_windows_are_found_once(text):
    (prediction,) = tagger.predict(Lexicon(), [Document(text)], explain=True)
    assert keys(prediction) == matches(text)
    (scores,) = prediction.evidence
    assert len(scores.values) == len(text)
    assert all(0 <= value < Lexicon.window for (value,) in scores.values)


def test_twenty_thousand_characters_are_read_to_the_end():
    text = "我们坐车去杭州的西湖区看荷花" * 1500
    (prediction,) = tagger.predict(Lexicon(), [Document(text)])
    assert prediction.document.text == text
    assert keys(prediction) == matches(text)
    assert len(prediction.document.spans) == 3000


@pytest.mark.parametrize("length", [1, 31, 32, 33, 500])
def test_evidence_is_aligned_however_long_the_text(model, length):
    document = Document("在杭州"[:length] * length)
    (prediction,) = model.predict([document], explain=True)
    for item in prediction.evidence:
        assert evidence.check(item, len(document)) is item
    kinds = [type(item) for item in prediction.evidence]
    assert kinds == ([Scores, Alternatives] if len(document) <= model.system.window else [Scores])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=70), max_size=4))
def test_any_text_at_all_has_a_prediction(model, texts):
    for text, prediction in zip(texts, model.predict([Document(text) for text in texts], explain=True), strict=True):
        assert prediction.document.text == text
        spans = prediction.document.spans
        assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))


def test_the_smallest_window_still_moves_on():
    system = untrained(window=16).eval()
    document = Document("一二三四五六七八九十" * 20)
    (prediction,) = tagger.predict(system, [document], explain=True)
    assert len(prediction.evidence[0].values) == 200


def test_several_threads_may_use_one_tagger(model):
    expected = [keys(prediction) for prediction in model.predict(known(8))]
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(model.predict(known(8)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[keys(prediction) for prediction in answer] for answer in answers] == [expected] * 4


def test_a_tagger_knows_its_checkpoint(tiny):
    model = tagger.load("tiny", tiny.path.parent)
    assert isinstance(model, Tagger)
    assert model.info == tiny


def test_an_unknown_checkpoint_is_told(tiny):
    with pytest.raises(CheckpointError, match="there is no checkpoint 'vast'; there are: tiny"):
        tagger.load("vast", tiny.path.parent)


@pytest.mark.parametrize("device", ["abacus", "cuda:99", ""])
def test_a_device_that_there_is_not_is_told(tiny, device):
    with pytest.raises(ConfigError, match=f"the device '{device}' cannot be used .*; choose cpu, or auto") as told:
        tagger.load(tiny.path, device=device)
    assert "\n" not in str(told.value)
