import numpy as np
import pytest
import torch

from engine import evidence
from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError
from engine.evidence import Alignment, Pauses, SpeechAttention
from engine.systems.cma import Cma
from engine.systems.m3t import M3t, M3tConfig
from engine.systems.mmi import Mmi
from engine.systems.speech_tagger import VECTOR_SECONDS, SpeechConfig
from engine.tagger import predict
from engine.training import TrainingConfig, fit
from tests.engine.systems.contract import SystemContract, lesson, pytest_generate_tests
from tests.engine.systems.speaking import SYLLABLE, said

__all__ = ["pytest_generate_tests"]

TINY = {
    "layers": 1,
    "width": 64,
    "window": 64,
    "dropout": 0.0,
    "character_dropout": 0.0,
    "acoustic_layers": 1,
    "heads": 2,
    "spec_augment": False,
}
BRIDGE = "南京市长江大桥"


class Spoken(SystemContract):
    """The contract on documents of which all but two are said."""

    rate = 0.003

    @pytest.fixture(scope="class")
    @classmethod
    def documents(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("said")
        first, second, *others = lesson()
        return [first, second, *(said(document, folder)[0] for document in others)]


class TestCma(Spoken):
    kind = Cma
    configs = {"on an encoder": TINY, "on a BiLSTM": {**TINY, "text": "bilstm"}, "with masks": {**TINY, "spec_augment": True}}


class TestMmi(Spoken):
    kind = Mmi
    configs = {"on an encoder": TINY, "on a BiLSTM": {**TINY, "text": "bilstm"}}


class TestM3t(Spoken):
    kind = M3t
    configs = {
        "on an encoder": TINY,
        "on a BiLSTM": {**TINY, "text": "bilstm"},
        "nested": {**TINY, "structure": "nested"},
        "attending anywhere": {**TINY, "attend": "anywhere"},
    }


def trained(kind, documents, epochs=60, **options):
    torch.manual_seed(1)
    system = kind.build(kind.Config(**{**TINY, **options}), LabelSet.of(documents), [d.text for d in documents] * 2)
    training = TrainingConfig(
        epochs=epochs,
        batch_size=4,
        encoder_rate=3e-3,
        head_rate=3e-3,
        patience=epochs,
        weight_decay=0,
        precision="fp32",
        keep="last",  # entities may be learned before the alignment is
    )
    fit(system, documents, documents, training)
    return system.eval()


@pytest.fixture(scope="module")
def readings(tmp_path_factory):
    """The same seven characters, said with one pause or with two others, which alone tell what they mean."""
    folder = tmp_path_factory.mktemp("bridge")
    bridge = Document(BRIDGE, (Span(0, 3, "LOC"), Span(3, 7, "LOC")), id="bridge")
    mayor = Document(BRIDGE, (Span(0, 2, "LOC"), Span(4, 7, "PER")), id="mayor")
    return [said(bridge, folder, [3])[0], said(mayor, folder, [2, 4])[0]]


@pytest.mark.parametrize("kind", [Cma, Mmi, M3t])
def test_pauses_decide_between_two_readings_of_one_text(kind, readings):
    system = trained(kind, readings)
    found = [prediction.document.spans for prediction in predict(system, readings)]
    assert [[span.key for span in spans] for spans in found] == [[span.key for span in d.spans] for d in readings]


def explained(system, document):
    return {item.name: item for item in predict(system, [document], explain=True)[0].evidence}


def test_what_is_heard_is_told(readings):
    system = M3t.build(M3tConfig(**TINY), LabelSet(("LOC", "PER")), [BRIDGE] * 2).eval()
    found = explained(system, readings[1])
    attention, pauses, alignment = found["speech_attention"], found["pauses"], found["alignment"]
    assert isinstance(attention, SpeechAttention) and isinstance(pauses, Pauses) and isinstance(alignment, Alignment)
    assert len(attention.heads) == 2 and attention.seconds == pytest.approx(0.04)
    assert [sum(row) for row in attention.values] == pytest.approx([1] * 7, abs=1e-4)
    assert len(pauses.times) == 2
    starts = [start for start, _ in alignment.times]
    assert starts == sorted(starts) and 0 < alignment.confidence < 1
    for item in found.values():
        evidence.check(item, 7)


def test_speech_is_left_out_of_a_share_of_the_sentences_in_training_alone(readings):
    system = M3t.build(M3tConfig(**{**TINY, "mute": 0.5}), LabelSet(("LOC", "PER")), [BRIDGE] * 2)
    batch = system.collate(readings * 20)
    torch.manual_seed(1)
    heard = [system.train(training).listen(batch).mask.any(1).sum().item() for training in (True, False)]
    assert 5 <= heard[0] <= 35 and heard[1] == 40
    assert torch.isfinite(system.train()(batch).loss)


def test_without_speech_there_is_an_answer_and_nothing_heard():
    system = M3t.build(M3tConfig(**TINY), LabelSet(("LOC",)), [BRIDGE] * 2).eval()
    found = explained(system, Document(BRIDGE))
    assert found["speech_attention"].values == ((),) * 7 and found["pauses"].times == ()
    assert found["alignment"] == Alignment("alignment", ((0.0, 0.0),) * 7, 0.0)


def test_a_recording_that_cannot_be_read_is_named_and_left_out(tmp_path, caplog):
    system = Cma.build(SpeechConfig(**TINY), LabelSet(("LOC",)), [BRIDGE] * 2).eval()
    (tmp_path / "notes.wav").write_text("这不是录音。", encoding="utf-8")
    heard, unheard = (predict(system, [Document(BRIDGE, audio=path)]) for path in (str(tmp_path / "notes.wav"), None))
    assert "notes.wav cannot be decoded as sound" in caplog.text
    assert heard[0].document.spans == unheard[0].document.spans


def test_the_alignment_finds_where_each_character_begins(tmp_path):
    drawn = np.random.default_rng(1)
    characters = list("王李张在到从北京上海来去")
    lessons, truth = [], []
    for number in range(24):
        text = "".join(drawn.permutation(characters)[:6])
        document, starts = said(Document(text, (Span(0, 1, "PER"),), id=f"d{number}"), tmp_path, [3])
        lessons.append(document)
        truth.append(starts)
    system = trained(M3t, lessons, epochs=60)
    errors = []
    for document, starts in zip(lessons, truth, strict=True):
        found = explained(system, document)["alignment"]
        errors += [abs(start - at) for (start, _), at in zip(found.times, starts, strict=True)]
    assert np.mean(errors) < SYLLABLE / 2 + VECTOR_SECONDS / 2


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ConfigError, match="heads: 3 do not divide a width of 64"):
        Cma.build(SpeechConfig(**{**TINY, "heads": 3}), LabelSet(("LOC",)), [BRIDGE] * 2)
