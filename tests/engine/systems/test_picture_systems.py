import math

import pytest
import torch

from engine import checkpoint, evidence
from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError
from engine.evidence import Correlation, Gates, Heatmap, RegionAttention
from engine.layers.co_attention import AdaptiveCoAttention, Additive
from engine.layers.text_encoder import small_encoder
from engine.layers.visual_gates import DynamicGates
from engine.layers.visual_prefix import Prefix, take_prefixes
from engine.modalities.text import CharacterVocabulary, encode_text
from engine.systems.acn import Acn
from engine.systems.dghc import Dghc
from engine.systems.umt import Umt
from engine.tagger import predict
from engine.training import TrainingConfig, fit
from tests.engine.systems.contract import SystemContract, lesson, pytest_generate_tests
from tests.engine.systems.picturing import drawn, pictured

__all__ = ["pytest_generate_tests"]

TINY = {"layers": 2, "width": 64, "window": 64, "dropout": 0.0, "character_dropout": 0.0}
POST = "苹果又上新了"


class Pictured(SystemContract):
    """The contract on documents of which all but two have pictures."""

    rate = 0.003

    @pytest.fixture(scope="class")
    @classmethod
    def documents(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("pictures")
        first, second, *others = lesson()
        red, green, blue = (drawn(folder, shape) for shape in ("red", "green", "blue"))
        shown = [(red,), (green, blue), (blue, red, green), (str(folder / "gone.png"), red), (green,), (blue,)]
        return [first, second, *(pictured(d, *paths) for d, paths in zip(others, shown, strict=True))]


class TestAcn(Pictured):
    kind = Acn
    configs = {
        "as published": {**TINY, "joined": "concatenation"},
        "on an encoder, each picture": {**TINY, "text": "encoder", "several": "beside"},
        "text alone": {**TINY, "pictures": "none"},
    }


class TestUmt(Pictured):
    kind = Umt
    configs = {
        "all pictures": {**TINY, "heads": 2},
        "one picture": {**TINY, "heads": 2, "pictures": "one"},
        "text alone": {**TINY, "heads": 2, "pictures": "none"},
        "each picture": {**TINY, "heads": 2, "several": "beside"},
    }


class TestDghc(Pictured):
    kind = Dghc
    configs = {
        "whole": {**TINY, "matching": 0.1},
        "without correlation": {**TINY, "correlation": False},
        "without gates": {**TINY, "gates": False},
        "without objects": {**TINY, "objects": False},
        "text alone": {**TINY, "pictures": "none"},
    }


ALL = pytest.mark.parametrize("kind", [Acn, Umt, Dghc])


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    """The same words beside a picture of one kind or another, which alone tells whether a company or a fruit is meant."""
    folder = tmp_path_factory.mktemp("posts")
    company, fruit = (Document(POST, spans, name) for spans, name in (((Span(0, 2, "ORG"),), "company"), ((), "fruit")))
    return [
        *(pictured(company, drawn(folder, "blue", number)) for number in range(4)),
        *(pictured(fruit, drawn(folder, "red", number)) for number in range(4)),
    ]


def learned(kind, documents, epochs=40, keep="best", **options):
    torch.manual_seed(1)
    system = kind.build(kind.Config(**{**TINY, **options}), LabelSet(("ORG", "PER")), [d.text for d in documents] * 2)
    rates = {"encoder_rate": 3e-3, "head_rate": 3e-3}
    chosen = {"epochs": epochs, "patience": epochs, "keep": keep, **rates}
    training = TrainingConfig(batch_size=4, weight_decay=0, precision="fp32", **chosen)
    fit(system, documents, documents, training)
    return system.eval()


def explained(system, document):
    return {item.name: item for item in predict(system, [document], explain=True)[0].evidence}


@ALL
def test_a_picture_decides_between_two_readings_of_one_text(kind, posts):
    system = learned(kind, posts)
    found = [prediction.document.spans for prediction in predict(system, posts)]
    assert [[span.key for span in spans] for spans in found] == [[span.key for span in d.spans] for d in posts]


@ALL
def test_a_text_without_pictures_and_one_whose_pictures_are_broken_have_the_same_answer(kind, tmp_path, caplog):
    system = kind.build(kind.Config(**TINY), LabelSet(("ORG",)), [POST] * 2).eval()
    (tmp_path / "page.jpg").write_text("<html>404</html>", encoding="utf-8")
    without = Document(POST)
    broken = Document(POST, images=(str(tmp_path / "page.jpg"), str(tmp_path / "gone.jpg")))
    beside = pictured(without, drawn(tmp_path, "red"))  # in one batch, where the others are padded with pictures
    first, second, third = (system(system.collate([d, beside])).emissions[0] for d in (without, broken, beside))
    assert torch.allclose(first, second, atol=1e-5) and not torch.allclose(first, third, atol=1e-5)
    assert "page.jpg" in caplog.text and "gone.jpg" in caplog.text
    found = explained(system, broken)
    assert found["region_attention"].boxes == ((), ())
    if "correlation" in found:
        assert found["correlation"] == Correlation("correlation", (0.0, 0.0))


@ALL
def test_where_characters_look_is_told_for_each_picture(kind, tmp_path):
    system = kind.build(kind.Config(**TINY), LabelSet(("ORG",)), [POST] * 2).eval()
    document = Document(POST, images=(drawn(tmp_path, "red"), str(tmp_path / "gone.png"), drawn(tmp_path, "blue")))
    attention = explained(system, document)["region_attention"]
    assert isinstance(attention, RegionAttention)
    assert [len(boxes) for boxes in attention.boxes][1] == 0 and attention.boxes[0][0][:2] == (0, 0)
    evidence.check(attention, len(POST))
    assert all(0 <= value <= 1 for rows in attention.values for row in rows for value in row)


@pytest.mark.parametrize("kind", [Acn, Umt])
@pytest.mark.parametrize(("several", "total"), [("average", 2), ("beside", 1)])
def test_a_characters_shares_are_one_whole(kind, several, total, tmp_path):
    """Of averaged pictures each is drawn with the shares that the average has."""
    system = kind.build(kind.Config(**TINY, several=several), LabelSet(("ORG",)), [POST] * 2).eval()
    document = Document(POST, images=(drawn(tmp_path, "red"), drawn(tmp_path, "blue")))
    found = explained(system, document)
    sums = [sum(sum(rows[t]) for rows in found["region_attention"].values) for t in range(len(POST))]
    assert sums == pytest.approx([total] * len(POST), abs=1e-4)
    assert isinstance(found["visual_gate"], Heatmap) and len(found["visual_gate"].values) == 1


def test_one_picture_is_drawn_by_the_name_of_the_document(tmp_path):
    system = Umt.build(Umt.Config(**TINY, pictures="one"), LabelSet(("ORG",)), [POST] * 2)
    paths = tuple(drawn(tmp_path, shape) for shape in ("red", "green", "blue"))
    chosen = {name: system.looked_at(Document(POST, id=name, images=paths)) for name in map(str, range(30))}
    assert {len(images) for images in chosen.values()} == {1} and len(set(chosen.values())) == 3
    assert chosen == {name: system.looked_at(Document("别的", id=name, images=paths)) for name in chosen}


@ALL
def test_more_pictures_than_a_text_may_have_are_told_of_and_not_looked_at(kind, tmp_path, caplog):
    system = kind.build(kind.Config(**TINY), LabelSet(("ORG",)), [POST] * 2).eval()
    many = Document(POST, id=f"many-{kind.name}", images=(drawn(tmp_path, "red"),) * 20)
    assert len(explained(system, many)["region_attention"].boxes) == len(system.looked_at(many)) == 18
    assert f"many-{kind.name} has 20 pictures" in caplog.text


def test_pictures_are_left_out_of_a_share_of_the_sentences_in_training_alone(tmp_path):
    system = Umt.build(Umt.Config(**TINY, blind=0.5), LabelSet(("ORG",)), [POST] * 2)
    mask = torch.ones(200, 3, dtype=torch.bool)
    torch.manual_seed(1)
    shown = system.train().shown(mask)
    assert 70 < shown.all(1).sum() < 130 and (shown.all(1) == shown.any(1)).all()
    assert system.eval().shown(mask).all()


def test_a_vision_encoder_with_other_weights_is_refused(tmp_path):
    system = Umt.build(Umt.Config(**TINY), LabelSet(("ORG",)), [POST] * 2)
    checkpoint.save(system, tmp_path / "saved")
    again = checkpoint.load(tmp_path / "saved")
    again.sight = type(again.sight)(again.sight.width, again.sight.rows, again.sight.columns, "0" * 64)
    assert predict(again, [Document(POST)])
    with pytest.raises(ConfigError, match="other weights than this system was trained with"):
        predict(again, [Document(POST, images=(drawn(tmp_path, "red"),))])


def test_the_gates_of_a_picture_sum_to_one_and_those_of_what_is_not_there_are_nothing():
    gates = DynamicGates(3, 4, 8)
    mask = torch.tensor([[[True] * 4, [True, False, False, False]], [[False] * 4] * 2])
    found = gates(torch.randn(2, 2, 4, 8), mask)
    assert found.shape == (3, 2, 2, 4)
    assert torch.allclose(found.sum(-1)[:, 0], torch.ones(3, 2), atol=1e-6) and not found[:, 1].any()
    assert torch.equal(found[:, 0, 1, 0], torch.ones(3)) and not (found * ~mask).any()


def test_dghcs_evidence_has_a_column_for_each_block_and_a_correlation_for_each_picture(tmp_path):
    system = Dghc.build(Dghc.Config(**TINY), LabelSet(("ORG",)), [POST] * 2).eval()
    found = explained(system, Document(POST, images=(drawn(tmp_path, "red"), drawn(tmp_path, "blue"))))
    gates, correlation = found["dynamic_gates"], found["correlation"]
    assert isinstance(gates, Gates) and isinstance(correlation, Correlation)
    assert gates.sources == ("1.0", "1.1", "1.2", "1.3", "2.0", "2.1", "2.2", "2.3") and len(gates.values) == TINY["layers"]
    assert [sum(row) for row in gates.values] == pytest.approx([2, 2], abs=1e-4)
    assert len(correlation.values) == 2 and all(-1 < value < 1 for value in correlation.values)


def test_matching_learns_to_tell_a_texts_own_pictures_from_others(tmp_path):
    people, places = "王芳李娜张伟刘洋陈静杨帆赵磊周敏", "杭州苏州南京北京上海广州成都武汉"
    documents = []
    for number in range(8):
        for text, shape, label in ((people, "red", "PER"), (places, "blue", "ORG")):
            name = text[2 * number : 2 * number + 2]
            documents.append(Document(name + "来了", (Span(0, 2, label),), images=(drawn(tmp_path, shape, number),)))
    system = learned(Dghc, documents, epochs=30, keep="last", matching=1.0)
    own, other = [], []
    for document, stranger in zip(documents, [*documents[1:], documents[0]], strict=True):
        own += explained(system, document)["correlation"].values
        other += explained(system, Document(document.text, images=stranger.images))["correlation"].values
    assert sum(mine > theirs for mine in own for theirs in other) / (len(own) * len(other)) > 0.9


def test_matching_believes_a_corpus_that_says_which_pictures_fit(tmp_path):
    documents = []
    for number, name in enumerate("王芳李娜张伟刘洋陈静杨帆赵磊周敏"):
        images = (drawn(tmp_path, "red", number), drawn(tmp_path, "blue", number))
        documents.append(Document(name + "来了", (Span(0, 1, "PER"),), images=images, meta={"related": "1,0"}))
    system = learned(Dghc, documents, epochs=20, keep="last", matching=1.0)
    for document in documents:
        fitting, other = explained(system, document)["correlation"].values
        assert fitting > 0 > other


def test_matching_learns_nothing_where_no_picture_is_shown(tmp_path):
    document = Document("王芳来了", (Span(0, 2, "PER"),), images=(drawn(tmp_path, "red", 1),))
    system = learned(Dghc, [document] * 2, epochs=1, matching=1.0, blind=1.0).train()
    assert torch.isfinite(system(system.collate([document])).loss)


def test_an_encoder_with_a_prefix_that_is_not_there_reads_as_without_one():
    encoder = small_encoder(CharacterVocabulary.of([POST] * 2), layers=3, width=64, dropout=0.0, longest=64).eval()
    text = encode_text([Document(POST), Document("又")], encoder.vocabulary)
    before = encoder(text)
    layers = take_prefixes(encoder)
    given = tuple(torch.randn(2, 5, 64) for _ in range(layers))
    mask = torch.tensor([[False] * 5, [True] * 5])
    prefix = Prefix(given, given, mask, [])
    after = encoder(text, prefix=prefix)
    assert torch.allclose(encoder(text), before, atol=1e-6)
    assert torch.allclose(after[0], before[0], atol=1e-5) and not torch.allclose(after[1, :1], before[1, :1], atol=1e-2)
    assert len(prefix.shares) == 3 and not prefix.shares[0][0].any() and prefix.shares[0][1, :3].min() > 0


def test_a_prefix_is_equation_14(monkeypatch):
    """One head, one layer, no feed-forward to hide it: the attended value is that of the formula."""
    encoder = small_encoder(CharacterVocabulary.of([POST] * 2), layers=1, width=64, dropout=0.0, longest=64).eval()
    take_prefixes(encoder)
    attention = encoder.model.layers[0].attn
    taken = {}
    attention.register_forward_hook(lambda module, inputs, output: taken.update(out=output[0]))
    attention.Wqkv.register_forward_hook(lambda module, inputs, output: taken.update(qkv=output))
    monkeypatch.setattr("transformers.models.modernbert.modeling_modernbert.apply_rotary_pos_emb", lambda q, k, *_, **__: (q, k))
    keys, values = torch.randn(1, 2, 64), torch.randn(1, 2, 64)
    encoder(
        encode_text([Document("新")], encoder.vocabulary), prefix=Prefix((keys,), (values,), torch.ones(1, 2, dtype=torch.bool))
    )
    query, key, value = taken["qkv"][0].view(-1, 3, 64).unbind(1)
    shares = (query @ torch.cat((keys[0], key)).T / math.sqrt(64)).softmax(-1)
    assert torch.allclose(attention.Wo(shares @ torch.cat((values[0], value))), taken["out"][0], atol=1e-5)


def test_published_co_attention_gives_every_character_the_same_shares():
    """The trap of Zhang et al. (2018): within the tanh, side by side is the same as apart."""
    text, regions, mask = torch.randn(1, 5, 16), torch.randn(1, 7, 16), torch.ones(1, 7, dtype=torch.bool)
    same, own = (Additive(16, joined)(text, regions, mask)[0] for joined in ("concatenation", "sum"))
    assert torch.allclose(same, same[:1].expand_as(same)) and not torch.allclose(own, own[:1].expand_as(own))


def test_co_attention_adds_nothing_without_pictures():
    layer = AdaptiveCoAttention(16, "sum")
    added, shares, gates = layer(
        torch.randn(2, 5, 16),
        torch.randn(2, 7, 16),
        torch.ones(2, 5, dtype=torch.bool),
        torch.tensor([[False] * 7, [True] * 7]),
    )
    assert not added[0].any() and not shares[0].any() and not gates[0].any()
    assert added[1].any() and torch.allclose(shares[1].sum(-1), torch.ones(5)) and 0 < gates[1].min() < gates[1].max() < 1


def test_what_is_detected_beside_is_handed_to_every_label_alike():
    system = Umt.build(Umt.Config(**TINY), LabelSet(("LOC", "ORG", "PER")), [POST] * 2)
    begins = [system.tags.index[f"B-{label}",] for label in ("LOC", "ORG", "PER")]
    assert system.shares.shape == (5, 13) and system.shares[system.spans.index["B-SPAN",], begins].tolist() == [0.25] * 3
    assert (system.shares > 0).sum(0).tolist() == [1] * 13 and system.shares[0, 0] == 1
