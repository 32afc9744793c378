import pytest
import torch

from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError
from engine.layers.class_attention import class_embedding
from engine.modalities.text import encode_text
from engine.systems.class_attention import ClassAttentionConfig, ClassAttentionTagger
from engine.tagger import predict
from engine.training import TrainingConfig, fit
from tests.engine.systems.contract import SystemContract, lesson, pytest_generate_tests

__all__ = ["pytest_generate_tests"]

TINY = {"layers": 1, "width": 64, "window": 64, "dropout": 0.0, "character_dropout": 0.0}


class TestContract(SystemContract):
    kind = ClassAttentionTagger
    configs = {
        "plain": TINY,
        "one head": {**TINY, "heads": 1, "alpha": 0.5},
        "as published": {**TINY, "direction": "class", "alpha": 0.5},
        "with dropout": {**TINY, "dropout": 0.1},
    }
    rate = 0.003


def made(labels=("LOC", "ORG", "PER"), **options):
    torch.manual_seed(1)
    config = ClassAttentionConfig(**{**TINY, **options})
    return ClassAttentionTagger.build(config, LabelSet(labels), [d.text for d in lesson(20)] * 2).eval()


@pytest.mark.parametrize("direction", ["class", "all"])
@torch.no_grad()
def test_classes_come_from_the_entities_of_the_training_part_alone(direction):
    system, documents = made(alpha=0.3, direction=direction), lesson(20)
    system.prepare(documents)
    entities = {label: [] for label in system.labels.names}
    for document in documents:
        vectors = system.encoder(encode_text([document], system.vocabulary))[0]
        for span in document.spans:
            entities[span.label].append(vectors[span.start : span.end].mean(0))
    every = torch.stack([vector for found in entities.values() for vector in found])
    shared = torch.linalg.svd(every.T).U[:, 0] if direction == "all" else None
    for row, label in enumerate(system.labels.names):
        assert torch.allclose(system.classes[row], class_embedding(torch.stack(entities[label]), 0.3, shared), atol=1e-4)


@torch.no_grad()
def test_a_classs_own_direction_shortens_it_and_that_of_all_tells_classes_apart():
    """Why the default is not the published form: what the entities of a class share most is what their mean is."""

    def alike(**options):
        system = made(encoder="zh-char-small", **options)
        system.prepare(lesson(40))
        unit = torch.nn.functional.normalize(system.classes, dim=1)
        return float((unit @ unit.T).triu(1).sum() / 3), float(system.classes.norm(dim=1).mean())

    whole, own, shared = alike(alpha=0.0), alike(alpha=0.5, direction="class"), alike(alpha=1.0, direction="all")
    assert own[0] == pytest.approx(whole[0], abs=0.05) and own[1] < 0.7 * whole[1]
    assert shared[0] < whole[0] - 0.3


def test_what_is_known_is_not_embedded_again():
    system = made()
    system.prepare(lesson(20))
    before = system.classes.clone()
    system.prepare(lesson(40))
    assert torch.equal(system.classes, before)


def test_a_new_class_is_embedded_from_the_corrections():
    old = made()
    old.prepare(lesson(20))
    system = ClassAttentionTagger.restore(old.config, LabelSet((*old.labels.names, "FOOD")), old.vocabulary, old.shape)
    system.adopt(old)
    assert torch.equal(system.classes[:3], old.classes) and not system.classes[3].any()
    system.prepare([Document("他在杭州吃了面。", (Span(6, 7, "FOOD"),))])
    assert torch.equal(system.classes[:3], old.classes) and system.classes[3].any()


def test_training_embeds_the_classes_before_its_first_step():
    system = made()
    fit(system, lesson(20), lesson(8), TrainingConfig(epochs=1, batch_size=8, precision="fp32"))
    assert system.classes.any(1).all()


def test_the_heatmap_is_the_mean_of_the_heads():
    system = made(heads=4)
    system.prepare(lesson(20))
    document = Document("王芳去杭州。")
    heatmap = next(item for item in predict(system, [document], explain=True)[0].evidence if item.name == "class_attention")
    assert heatmap.rows == ("LOC", "ORG", "PER")
    heads = torch.tensor(heatmap.heads)
    assert heads.shape == (4, 3, len(document))
    assert torch.allclose(heads.sum(-1), torch.ones(4, 3), atol=1e-4)
    assert torch.allclose(torch.tensor(heatmap.values), heads.mean(0), atol=1e-5)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ConfigError, match="heads: 5 do not divide a width of 64"):
        made(heads=5)
