"""The four tasks on pictures of our own making: what is drawn, what is learned, what is written."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional
from transformers import SwinModel

from engine.errors import ConfigError, InputError
from engine.layers.learned_table import load_table
from engine.layers.swin import PictureEncoder, encode_pictures, swin_shape
from engine.modalities.glyphs import build_glyphs
from engine.modalities.pictures import Pictures, read_pictures
from engine.modalities.typefaces import Typeface
from engine.picture_pretraining import prepare, pretrain_on_pictures
from engine.pretraining.consistency import Consistency, ConsistencyConfig, Pairs, agreement_head
from tests.engine.modalities.fonts import write_typeface

TINY = {"width": 24, "depths": "1", "hidden": 48, "batch_size": 16, "precision": "fp32", "shift": 0}


def bars(items=12, variants=3, groups=4, missing=()):
    """Return pictures of a bar for the group and a bar for the item, brighter in each variant."""
    rows = [(item, variant) for variant in range(variants) for item in range(items) if (item, variant) not in missing]
    pictures = np.zeros((len(rows), 1, 48, 48), np.uint8)
    for row, (item, variant) in enumerate(rows):
        pictures[row, 0, 12 * (item % groups) : 12 * (item % groups) + 6, :24] = 150 + 30 * variant
        pictures[row, 0, 4 * item : 4 * item + 3, 26:] = 150 + 30 * variant
    return Pictures(
        pictures,
        tuple(f"item {item}" for item in range(items)),
        np.arange(items) % groups,
        np.array([item for item, _ in rows]),
        tuple(f"variant {variant}" for variant in range(variants)),
        np.array([variant for _, variant in rows]),
    )


class TestPairs:
    @given(st.integers(0, 1000), st.sampled_from([0.0, 0.5, 1.0]))
    @settings(deadline=None, max_examples=25)
    def test_as_many_are_of_one_group_as_asked_for(self, seed, same):
        source = bars(items=60, groups=12)
        first, second = Pairs(source, np.arange(180), same).draw(4000, np.random.default_rng(seed))
        alike = source.groups[source.item[first]] == source.groups[source.item[second]]
        assert alike.mean() == pytest.approx(same, abs=0.04)
        assert (source.item[first] != source.item[second]).all()

    def test_a_reserved_pair_is_never_trained_on(self):
        source = bars(items=60, groups=12)
        pairs = Pairs(source, np.arange(180), 0.5)

        def drawn(reserved):
            rows = pairs.draw(20_000, np.random.default_rng(1), reserved=reserved)
            return {tuple(sorted(pair)) for pair in zip(*(source.item[row].tolist() for row in rows), strict=True)}

        trained, reserved = drawn(False), drawn(True)
        assert not trained & reserved
        assert len(reserved) / (len(trained) + len(reserved)) == pytest.approx(1 / 20, abs=0.02)

    def test_an_item_alone_in_its_group_agrees_with_itself_alone(self):
        source = bars(items=5, groups=4)  # items 0 and 4 share a group, the others are alone
        first, second = Pairs(source, np.arange(15), 1.0).draw(200, np.random.default_rng(1))
        assert {tuple(sorted(p)) for p in zip(source.item[first].tolist(), source.item[second].tolist(), strict=True)} == {
            (0, 4),
            (1, 1),
            (2, 2),
            (3, 3),
        }

    def test_pictures_of_one_group_cannot_be_told_apart(self):
        with pytest.raises(InputError, match="at least two groups"):
            Pairs(bars(groups=1), np.arange(36), 0.5)


class TestTask:
    def test_the_loss_is_equations_5_to_7(self):
        torch.manual_seed(1)
        task = Consistency(ConsistencyConfig(**TINY, consistency=0.3, classification=0.7), bars())
        batch = task.batch(0, 0, 1)
        with torch.no_grad():
            vectors = task.encoder(batch["pictures"])
            total = 0.0
            for i in range(16):
                p = float(torch.sigmoid(task.agree(torch.cat((vectors[i], vectors[16 + i])))))
                y = float(batch["same"][i])
                total -= 0.3 * (y * math.log(p) + (1 - y) * math.log(1 - p)) / 16
            for vector, item in zip(vectors, batch["classes"].tolist(), strict=True):
                total -= 0.7 * math.log(float(functional.softmax(task.classify(vector), -1)[item])) / 32
            assert float(task(batch)) == pytest.approx(total, rel=1e-4)

    def test_a_step_is_the_same_whenever_it_is_made(self):
        tasks = [Consistency(ConsistencyConfig(**{**TINY, "shift": 3, "flip": True}), bars()) for _ in range(2)]
        for one, other in zip(tasks[0].batch(7, 0, 1).values(), tasks[1].batch(7, 0, 1).values(), strict=True):
            assert torch.equal(one, other)
        assert not torch.equal(tasks[0].batch(8, 0, 1)["pictures"], tasks[0].batch(7, 0, 1)["pictures"])

    def test_the_held_out_variant_is_judged_and_never_trained_on(self):
        task = Consistency(ConsistencyConfig(**TINY, held_out="variant 2"), bars())
        seen = torch.cat([task.batch(step, 0, 1)["pictures"] for step in range(20)])
        assert seen.max() == 180  # variant 2 has ink of 210
        assert {"pairs", "classes", "held_out_pairs", "held_out_classes"} == set(task.eval().judge())

    @pytest.mark.parametrize("name", ["variant 9", "Kai"])
    def test_a_variant_that_is_not_there_cannot_be_held_out(self, name):
        with pytest.raises(ConfigError, match=f"held_out: '{name}' is not one of several: variant 0, variant 1"):
            Consistency(ConsistencyConfig(**TINY, held_out=name), bars())

    def test_one_matrix_on_two_vectors_cannot_tell_whether_they_agree(self):
        """The published form of equations 5 and 8, on vectors that say the group outright."""
        torch.manual_seed(1)
        groups = torch.randint(8, (2, 4096))
        agree = groups[0] == groups[1]
        groups[1] = torch.where(torch.rand(4096) < 0.4, groups[0], groups[1])
        agree = (groups[0] == groups[1]).float()
        vectors = torch.cat(tuple(functional.one_hot(groups, 8).float()), -1)
        right = {}
        for hidden in (0, 64):
            head = agreement_head(8, hidden)
            optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
            for _ in range(300):
                loss = functional.binary_cross_entropy_with_logits(head(vectors).squeeze(-1), agree)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            right[hidden] = float(((head(vectors).squeeze(-1) > 0) == agree.bool()).float().mean())
        assert right[0] < 0.62 and right[64] > 0.99


class TestEncoder:
    def test_its_vectors_are_as_wide_as_asked_for_and_see_through_brightness(self):
        torch.manual_seed(1)
        encoder = PictureEncoder(swin_shape(1, width=144, depths="2,2")).eval()
        pictures = torch.randint(0, 120, (2, 1, 48, 48), dtype=torch.uint8)
        vectors = encoder(torch.cat((pictures, pictures * 2)))
        assert vectors.shape == (4, 144) and encoder.width == 144
        assert torch.allclose(vectors[:2], vectors[2:], atol=0.05)

    @pytest.mark.parametrize(("depths", "message"), [("", "depths"), ("2,0", "depths"), ("a", "depths"), ("2,2,2,2", "depths")])
    def test_depths_that_cannot_be_are_refused(self, depths, message):
        with pytest.raises(ConfigError, match=message):
            swin_shape(1, width=144, depths=depths)

    def test_a_width_that_stages_cannot_reach_is_refused(self):
        with pytest.raises(ConfigError, match="width: 145 cannot be reached by 2 stages"):
            swin_shape(1, width=145, depths="2,2")

    def test_an_items_vector_is_the_mean_of_its_pictures(self):
        source = bars(items=4, missing=((2, 0), (2, 1)))
        encoder = PictureEncoder(swin_shape(1, width=24, depths="1")).eval()
        table = encode_pictures(encoder, source)
        with torch.no_grad():
            each = encoder(torch.from_numpy(source.pictures))
        for item in range(4):
            assert torch.allclose(table[item], each[torch.from_numpy(source.item == item)].mean(0), atol=1e-5)


@pytest.fixture(scope="module")
def glyphs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("glyphs")
    faces = [write_typeface(folder / f"{n}.ttf", "江河湖橋樹林鎳鈷鐵銅", weight=160 + 10 * n) for n in range(3)]
    build_glyphs(folder / "built", [Typeface.parse(str(face)) for face in faces])
    return folder / "built"


class TestRun:
    def test_a_pre_training_learns_and_leaves_vectors_that_load(self, glyphs, tmp_path):
        config = ConsistencyConfig(**{**TINY, "steps": 250, "rate": 3e-3, "judgements": 2, "held_out": "2"})
        run = prepare(tmp_path / "run", "glyphs", str(glyphs), config, {"command": "none"})
        assert pretrain_on_pictures(run)
        figures = run.report()["held_out"]
        assert figures["held_out_classes"] > 0.8
        table = load_table("glyph", str(run.checkpoint))
        assert set(table.items) == set("江河湖橋樹林鎳鈷鐵銅") and table.width == 24
        encoder = PictureEncoder(SwinModel.from_pretrained(run.checkpoint).config)
        encoder.model.load_state_dict(SwinModel.from_pretrained(run.checkpoint).state_dict())
        again = encode_pictures(encoder.eval(), read_pictures("glyphs", glyphs))
        assert torch.allclose(table.vectors, again, atol=0.02)
        card = (run.checkpoint / "README.md").read_text()
        assert "held_out_classes" in card and json.loads((run.checkpoint / "items.json").read_text())["modality"] == "glyph"

    def test_an_untrained_encoders_vectors_are_of_the_same_items_and_others(self, glyphs, tmp_path, monkeypatch):
        monkeypatch.setenv("DUOMO_CACHE", str(tmp_path))
        (tmp_path / "glyphs").symlink_to(glyphs)
        config = ConsistencyConfig(**{**TINY, "steps": 3})
        run = prepare(tmp_path / "run", "glyphs", str(glyphs), config, {})
        pretrain_on_pictures(run)
        trained, untrained = (load_table("glyph", str(run.checkpoint), pretrained=flag) for flag in (True, False))
        assert trained.items == untrained.items and trained.vectors.shape == untrained.vectors.shape
        assert not torch.allclose(trained.vectors, untrained.vectors, atol=0.1)

    def test_without_glyphs_it_says_how_to_make_them(self, tmp_path):
        with pytest.raises(InputError, match="python -m engine build glyphs"):
            prepare(tmp_path / "run", "glyphs", str(tmp_path), ConsistencyConfig(**TINY), {})
