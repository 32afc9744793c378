import json

import pytest
import torch
from safetensors.torch import save_file

from engine import checkpoint, evidence
from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError, InputError
from engine.evidence import Characters, Gates, Heatmap, Scores
from engine.layers.vector_table import UNKNOWN
from engine.modalities.glyphs import build_glyphs
from engine.modalities.text import encode_text
from engine.modalities.typefaces import Typeface
from engine.picture_pretraining import prepare, pretrain_on_pictures
from engine.pretraining.consistency import ConsistencyConfig
from engine.systems.mpm_cner import MpmCner, MpmCnerConfig
from engine.tagger import predict
from engine.training import TrainingConfig, fit
from engine.windows import cut
from tests.engine.modalities.fonts import write_typeface
from tests.engine.systems.contract import SystemContract, lesson, pytest_generate_tests, same

__all__ = ["pytest_generate_tests"]

TINY = {"layers": 1, "width": 64, "window": 64, "dropout": 0.0, "character_dropout": 0.0, "lstm": 16}
BRIDGE = "南京市长江大桥"
LONG = BRIDGE.index("长")


class TestContract(SystemContract):
    kind = MpmCner
    configs = {
        "whole": TINY,
        "without sound": {**TINY, "phonetic": False},
        "without glyphs": {**TINY, "glyph": False},
        "without either": {**TINY, "glyph": False, "phonetic": False},
        "added as published": {**TINY, "gate": "none"},
        "side by side": {**TINY, "fusion": "concatenation"},
    }
    rate = 0.003


@pytest.fixture(scope="module")
def system():
    torch.manual_seed(1)
    config = MpmCnerConfig(**TINY, gate="none")
    return MpmCner.build(config, LabelSet(("LOC", "PER")), [d.text for d in lesson(40)] * 2).eval()


def explained(system, document):
    return {item.name: item for item in predict(system, [document], explain=True)[0].evidence}


def test_characters_are_looked_up_in_traditional_form_and_as_read_in_context(system):
    shown = explained(system, Document(BRIDGE))["characters"]
    assert isinstance(shown, Characters)
    assert "".join(shown.forms) == "南京市長江大橋"
    assert shown.readings == ("nan2", "jing1", "shi4", "chang2", "jiang1", "da4", "qiao2")


def test_a_chosen_reading_is_heard_in_the_models_answer(system):
    cases = [Document(BRIDGE), Document(BRIDGE, readings={LONG: "zhang3"})]
    shown = [explained(system, case)["characters"].readings[LONG] for case in cases]
    assert shown == ["chang2", "zhang3"]
    features = [system.collate([case]).features["phonetic"][0] for case in cases]
    assert (features[0] != features[1]).nonzero().flatten().tolist() == [LONG]
    emissions = [system(system.collate([case])).emissions for case in cases]
    assert not torch.allclose(*emissions, atol=1e-6)


def test_a_reading_stays_with_its_character_in_a_long_text(system):
    filler = "他说很好。" * 30
    document = Document(filler + BRIDGE, readings={len(filler) + LONG: "zhang3"})
    pieces = [document.part(window.start, window.end) for window in cut(document.text, system.window, 16)]
    (piece,) = [piece for piece in pieces if piece.readings]
    assert [piece.text[offset] for offset in piece.readings] == ["长"]


def test_what_has_no_glyph_and_no_sound_is_masked_not_zero(system):
    text = "A江😀。\U000e0001"
    features = system.collate([Document(text)]).features
    assert [row == UNKNOWN for row in features["glyph"][0].tolist()] == [True, False, True, True, True]
    assert [row == UNKNOWN for row in features["phonetic"][0].tolist()] == [True, False, True, True, True]
    found = explained(system, Document(text))
    grid = found["cross_modality_attention.glyph"]
    assert isinstance(grid, Heatmap)
    assert [sum(row) for row in grid.values] == pytest.approx([0, 1, 0, 0, 0], abs=1e-4)
    assert found["characters"].forms == ("", "江", "", "", "")


def test_the_effect_of_a_modality_is_how_far_the_tags_move_without_it(system):
    document = Document("王芳昨天到了杭州西湖")
    effect = explained(system, document)["modality_effect"]
    assert isinstance(effect, Scores) and effect.columns == ("glyph", "phonetic")
    batch = system.collate([document])
    with torch.no_grad():
        whole = system.crf.marginals(system(batch).emissions, batch.text.mask).tags[0]
        batch.features["glyph"].fill_(UNKNOWN)
        without = system.crf.marginals(system(batch).emissions, batch.text.mask).tags[0]
    expected = ((whole - without).abs().sum(-1) / 2).tolist()
    assert [row[0] for row in effect.values] == pytest.approx(expected, abs=1e-4)
    assert max(expected) > 0


def test_a_text_without_any_han_character_changes_nothing_by_either(system):
    effect = explained(system, Document("Hello 123"))["modality_effect"]
    assert effect.values == ((0.0, 0.0),) * 9


@torch.no_grad()
def test_what_all_characters_share_is_taken_away_before_the_fusion():
    config = MpmCnerConfig(**{**TINY, "encoder": "zh-char-small"})
    system = MpmCner.build(config, LabelSet(("LOC",)), []).eval()
    documents = lesson(40)
    system.prepare(documents)
    kept = system.centre.clone()
    vectors = torch.cat([system.encoder(encode_text([document], system.vocabulary))[0] for document in documents])
    assert torch.allclose(kept, vectors.mean(0), atol=1e-3)
    cosine = torch.nn.functional.cosine_similarity
    assert cosine(vectors[:-1], vectors[1:]).mean() > cosine(vectors[:-1] - kept, vectors[1:] - kept).mean() + 0.2
    system.prepare(documents[:3])
    assert torch.equal(system.centre, kept)


def test_learned_gates_are_told_and_weigh_what_is_added(system):
    gated = MpmCner.build(MpmCnerConfig(**TINY), LabelSet(("LOC",)), [BRIDGE] * 2).eval()
    batch = gated.collate([Document(BRIDGE)])
    with torch.no_grad():
        closed = gated(batch).emissions
        gated.fusion["phonetic"].gate.fill_(-0.5)
        opened = gated(batch).emissions
    assert not torch.allclose(closed, opened, atol=1e-6)
    gates = explained(gated, Document(BRIDGE))["modality_gates"]
    assert gates == Gates("modality_gates", ("glyph", "phonetic"), ((0.0, -0.5),))
    assert "modality_gates" not in explained(system, Document(BRIDGE))


def test_evidence_for_a_switch_that_is_off_is_not_given():
    config = MpmCnerConfig(**TINY, glyph=False)
    system = MpmCner.build(config, LabelSet(("LOC",)), [BRIDGE] * 2).eval()
    found = explained(system, Document(BRIDGE))
    assert "cross_modality_attention.glyph" not in found and found["modality_effect"].columns == ("phonetic",)
    assert found["characters"].forms == ("",) * 7
    for item in found.values():
        evidence.check(item, 7)


def test_the_tables_are_not_trained(system):
    assert not any("tables" in name for name, _ in system.named_parameters())
    assert any(name.startswith("tables.glyph") for name in system.state_dict())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return a cache with glyphs of a few characters, and an encoder that has hardly learned from them."""
    folder = tmp_path_factory.mktemp("cache")
    faces = [write_typeface(folder / f"{n}.ttf", "南京市長江大橋", weight=150 + 20 * n) for n in range(2)]
    build_glyphs(folder / "glyphs", [Typeface.parse(str(face)) for face in faces])
    tiny = ConsistencyConfig(width=24, depths="1", hidden=0, batch_size=4, steps=2, precision="fp32")
    run = prepare(folder / "run", "glyphs", str(folder / "glyphs"), tiny, {})
    pretrain_on_pictures(run)
    return folder, str(run.checkpoint)


class TestTrainedAlong:
    @pytest.fixture
    def system(self, drawn, monkeypatch):
        monkeypatch.setenv("DUOMO_CACHE", str(drawn[0]))
        torch.manual_seed(1)
        config = MpmCnerConfig(**TINY, glyph_encoder=drawn[1], phonetic=False, swin="trained", gate="none")
        return MpmCner.build(config, LabelSet(("LOC",)), [BRIDGE] * 2)

    def test_the_encoder_of_pictures_learns_with_the_rest_at_a_rate_of_its_own(self, system):
        system.train()(system.collate([Document(BRIDGE, (Span(0, 3, "LOC"),))])).loss.backward()
        pictures = system.parts()["pictures"]
        assert len(pictures) > 10 and all(p.grad is not None for p in pictures)
        held = [id(parameter) for parameters in system.parts().values() for parameter in parameters]
        assert sorted(held) == sorted(id(parameter) for parameter in system.parameters())

    def test_what_is_looked_up_afterwards_is_what_was_learned(self, system, tmp_path):
        document = Document(BRIDGE, (Span(0, 3, "LOC"), Span(3, 7, "LOC")))
        before = system.tables["glyph"].vectors.clone()
        fit(system, [document] * 4, [document], TrainingConfig(epochs=3, batch_size=4, picture_rate=0.01, precision="fp32"))
        assert not torch.allclose(system.tables["glyph"].vectors, before, atol=0.01)
        checkpoint.save(system.eval(), tmp_path / "saved")
        again = checkpoint.load(tmp_path / "saved")
        one, other = (predict(s, [document])[0].document for s in (system, again))
        assert same(one, other, 0.01)

    def test_a_checkpoint_of_it_goes_on_without_pictures_and_leaves_the_vectors_alone(self, system, tmp_path, monkeypatch):
        checkpoint.save(system.eval(), tmp_path / "saved")
        monkeypatch.setenv("DUOMO_CACHE", str(tmp_path))
        again = checkpoint.load(tmp_path / "saved")
        before = again.tables["glyph"].vectors.clone()
        again.train()(again.collate([Document(BRIDGE, (Span(0, 3, "LOC"),))])).loss.backward()
        assert torch.equal(again.eval().tables["glyph"].vectors, before)


class TestTables:
    def write(self, folder, modality="glyph", items=("江",), rows=1):
        folder.mkdir()
        (folder / "items.json").write_text(json.dumps({"modality": modality, "items": list(items)}))
        save_file({"vectors": torch.ones(rows, 4)}, folder / "table.safetensors")
        return str(folder)

    def build(self, **options):
        return MpmCner.build(MpmCnerConfig(**{**TINY, **options}), LabelSet(("LOC",)), [BRIDGE] * 2)

    def test_a_folder_serves(self, tmp_path):
        assert self.build(glyph_encoder=self.write(tmp_path / "mine")).tables["glyph"].items == ("江",)

    def test_another_modalitys_is_refused(self, tmp_path):
        with pytest.raises(ConfigError, match="holds phonetic vectors; name one for glyph"):
            self.build(glyph_encoder=self.write(tmp_path / "mine", "phonetic"))

    def test_a_damaged_one_is_refused(self, tmp_path):
        with pytest.raises(ConfigError, match="2 items and 1 vectors"):
            self.build(glyph_encoder=self.write(tmp_path / "mine", items=("江", "河")))
        with pytest.raises(ConfigError, match="glyph_encoder: 'nowhere' holds no vectors"):
            self.build(glyph_encoder="nowhere")

    def test_an_untrained_encoder_needs_the_pictures(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DUOMO_CACHE", str(tmp_path))
        with pytest.raises(InputError, match="python -m engine build glyphs"):
            self.build(pretrained=False, phonetic=False)


def test_what_is_seen_and_heard_is_told_of_every_character_of_a_long_text(system):
    filler = "他说很好。" * 30
    document = Document(filler + BRIDGE, readings={len(filler) + LONG: "zhang3"})
    shown = explained(system, document)["characters"]
    assert isinstance(shown, Characters) and evidence.check(shown, len(document))
    assert "".join(shown.forms[len(filler) :]) == "南京市長江大橋"
    assert shown.readings[len(filler) + LONG] == "zhang3"
