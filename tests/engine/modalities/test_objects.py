"""Boxes around what stands out in a picture, and around what a detector of the user's choice finds."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.errors import ConfigError, InputError
from engine.modalities import objects
from engine.modalities.objects import DEFAULT_WORDS, LARGEST, MOST_OBJECTS, SMALLEST, Box, detect, propose
from tests.engine.systems.encoder_folder import write_encoder

RED, BLUE, WHITE = (220, 40, 30), (30, 60, 220), (250, 250, 250)


def noise(width=300, height=200, *, around=110, spread=25, seed=0):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(around, spread, (height, width, 3)), 0, 255).astype(np.uint8)


def scene(*things, **background):
    """Paint coloured rectangles, given by their shares of the picture, on noise."""
    pixels = noise(**background)
    height, width = pixels.shape[:2]
    for colour, (left, top, right, bottom) in things:
        pixels[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = colour
    return Image.fromarray(pixels)


def best_iou(boxes, truth):
    return max((box.iou(Box(*truth, score=1)) for box in boxes), default=0.0)


class TestBox:
    def test_two_are_compared_by_what_they_share(self):
        one, other = Box(0, 0, 0.5, 0.5, score=1), Box(0.25, 0, 0.75, 0.5, score=0)
        assert (one.area, one.shared(other), one.iou(other)) == pytest.approx((0.25, 0.125, 1 / 3))
        assert one.iou(one) == 1 and one.iou(Box(0.5, 0.5, 1, 1, score=0)) == 0

    @pytest.mark.parametrize(
        "edges", [(0.5, 0, 0.5, 1), (0.6, 0, 0.5, 1), (0, 0.7, 1, 0.2), (-0.1, 0, 1, 1), (0, 0, 1, 1.01), (float("nan"), 0, 1, 1)]
    )
    def test_one_that_is_none_is_refused(self, edges):
        with pytest.raises(InputError, match=r"a box with left .* is none; give shares in \[0, 1\]"):
            Box(*edges, score=0.5)

    @pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
    def test_a_score_out_of_bounds_is_refused(self, score):
        with pytest.raises(InputError, match=r"a box has the score .*; give one in \[0, 1\]"):
            Box(0, 0, 1, 1, score=score)


class TestPropose:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("truth", [(0.1, 0.1, 0.35, 0.5), (0.6, 0.5, 0.9, 0.9), (0.3, 0.2, 0.7, 0.8), (0.4, 0.6, 0.65, 1.0)])
    def test_a_bright_thing_on_noise_is_found(self, truth, seed):
        boxes = propose(scene((WHITE, truth), seed=seed))
        assert len(boxes) == 1 and boxes[0].iou(Box(*truth, score=1)) > 0.5
        assert boxes[0].label == ""

    @pytest.mark.parametrize("seed", range(3))
    def test_several_things_are_found_each(self, seed):
        truths = [(0.08, 0.15, 0.3, 0.55), (0.62, 0.1, 0.9, 0.45), (0.35, 0.6, 0.65, 0.92)]
        things = list(zip([RED, WHITE, BLUE], truths, strict=True))
        for some in (things[:2], things[1:], things):
            boxes = propose(scene(*some, seed=seed))
            assert len(boxes) == len(some)
            assert all(best_iou(boxes, truth) > 0.5 for _, truth in some)

    def test_no_more_are_returned_than_asked_for_and_the_best_first(self):
        things = [(WHITE, (x, y, x + 0.25, y + 0.35)) for x in (0.1, 0.6) for y in (0.1, 0.57)]
        boxes = propose(scene(*things), most=10)
        assert len(boxes) == 4 and [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)
        assert propose(scene(*things)) == boxes[:MOST_OBJECTS] and propose(scene(*things), most=0) == ()

    @pytest.mark.parametrize("grey", [0, 128, 255])
    def test_a_plain_picture_has_none(self, grey):
        assert propose(Image.new("RGB", (300, 200), (grey, grey, grey))) == ()

    @pytest.mark.parametrize("seed", range(5))
    def test_neither_has_noise(self, seed):
        assert propose(Image.fromarray(noise(seed=seed))) == ()
        assert propose(Image.fromarray(noise(64, 64, spread=4, seed=seed))) == ()

    def test_neither_has_what_is_a_little_lighter_than_its_surroundings(self):
        pixels = np.full((200, 300, 3), 128, np.uint8)
        pixels[50:150, 100:200] += 3
        assert propose(Image.fromarray(pixels)) == ()

    def test_the_same_picture_gives_the_same_boxes(self):
        picture = scene((RED, (0.2, 0.2, 0.5, 0.6)), (WHITE, (0.6, 0.5, 0.9, 0.9)))
        assert propose(picture) == propose(picture.copy()) != ()

    @pytest.mark.parametrize("times", [0.2, 4])
    def test_size_hardly_matters(self, times):
        truth = (0.55, 0.3, 0.85, 0.8)
        picture = scene((WHITE, truth))
        scaled = picture.resize((round(picture.width * times), round(picture.height * times)))
        assert propose(scaled)[0].iou(Box(*truth, score=1)) > 0.5

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "P", "L", "LA"])
    def test_of_any_mode(self, mode):
        truth = (0.55, 0.3, 0.85, 0.8)
        assert propose(scene((WHITE, truth)).convert(mode))[0].iou(Box(*truth, score=1)) > 0.5

    def test_what_is_transparent_is_white_whatever_it_hides(self):
        thing = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
        thing.paste((0, 0, 0, 255), (60, 40, 150, 120))
        assert propose(thing)[0].iou(Box(0.2, 0.2, 0.5, 0.6, score=1)) > 0.5
        assert propose(Image.new("RGBA", (300, 200), (255, 0, 0, 0))) == ()

    @pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3), (3000, 1), (1, 3000), (2000, 7)])
    def test_a_picture_of_hardly_any_pixels_is_no_trouble(self, size):
        pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        assert all(isinstance(box, Box) for box in propose(Image.fromarray(pixels)))

    def test_in_a_banner_too_things_are_found(self):
        truth = (0.4, 0.1, 0.6, 0.9)
        assert best_iou(propose(scene((WHITE, truth), width=1200, height=120)), truth) > 0.5

    @given(
        width=st.integers(1, 90),
        height=st.integers(1, 90),
        tones=st.integers(1, 6),
        most=st.integers(0, 5),
        seed=st.integers(0, 999),
    )
    @settings(max_examples=60, deadline=None)
    def test_boxes_keep_within_bounds_and_apart(self, width, height, tones, most, seed):
        rng = np.random.default_rng(seed)
        coarse = Image.fromarray(rng.integers(0, 256, (tones, tones, 3), dtype=np.uint8))
        boxes = propose(coarse.resize((width, height)), most)
        assert len(boxes) <= most
        for place, box in enumerate(boxes):
            assert SMALLEST - 1e-9 <= box.area <= LARGEST + 1e-9
            assert all(box.score <= better.score and box.iou(better) <= 0.3 for better in boxes[:place])

    def test_neither_torch_nor_scipy_is_imported_before_it_is_needed(self):
        command = "import sys, engine.modalities.objects; sys.exit('scipy' in sys.modules or 'torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", command], timeout=100, check=False).returncode == 0


@pytest.mark.data
def test_real_pictures_give_sensible_boxes(shared_data):
    """Boxes drawn by hand around what each picture is of."""
    folder = shared_data / "images" / "caltech101"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    truths = {
        "soccer_ball/0001.jpg": (0.42, 0.16, 0.9, 0.72),
        "elephant/0012.jpg": (0.03, 0.17, 1, 0.85),
        "sunflower/0044.jpg": (0.25, 0, 0.8, 0.8),
        "lotus/0010.jpg": (0.18, 0.22, 0.75, 0.72),
        "laptop/0002.jpg": (0.2, 0, 0.75, 1),
        "ketch/0001.jpg": (0.18, 0.02, 0.85, 0.88),
        "Faces/0030.jpg": (0.3, 0.12, 0.8, 1),
    }
    for name, truth in truths.items():
        with Image.open(folder / name) as picture:
            assert best_iou(propose(picture), truth) > 0.5, name


@pytest.fixture(autouse=True)
def _forget():
    objects._detector.cache_clear()
    yield
    objects._detector.cache_clear()


def detr(folder):
    """Save a tiny DETR, each of whose queries sees the same car in the same place."""
    import torch
    from transformers import DetrConfig, DetrForObjectDetection, DetrImageProcessorPil, ResNetConfig

    torch.manual_seed(1)
    stages = {"embedding_size": 8, "hidden_sizes": [8, 8, 8, 16], "depths": [1, 1, 1, 1], "layer_type": "basic"}
    config = DetrConfig(
        use_timm_backbone=False,
        backbone_config=ResNetConfig(**stages, out_features=["stage4"]),
        d_model=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=5,
        id2label={0: "人", 1: "车"},
        label2id={"人": 0, "车": 1},
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
    )
    model = DetrForObjectDetection(config)
    place = model.bbox_predictor.layers[-1]
    with torch.no_grad():
        place.weight.zero_()
        place.bias.copy_(torch.logit(torch.tensor([0.3, 0.5, 0.4, 0.6])))  # middle, width and height
        model.class_labels_classifier.weight.zero_()
        model.class_labels_classifier.bias.copy_(torch.log(torch.tensor([0.1, 0.8, 0.1])))
    model.save_pretrained(folder)
    DetrImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96}).save_pretrained(folder)
    return folder


def owl(folder, kind="OwlViT"):
    """Save a tiny OWL-ViT or OWLv2 whose boxes are moved by nothing that it sees."""
    import torch
    import transformers
    from transformers import CLIPTokenizer

    config_class, model_class, images_class, processor_class = (
        getattr(transformers, kind + suffix) for suffix in ("Config", "ForObjectDetection", "ImageProcessorPil", "Processor")
    )

    torch.manual_seed(1)
    letters = [letter + end for letter in "abcdefghijklmnopqrstuvwxyz" for end in ("", "</w>")]
    tokens = ["<pad>", *letters, "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    tokenizer = CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), pad_token="<pad>", unk_token="<pad>", model_max_length=16
    )
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    marks = {"pad_token_id": 0, "bos_token_id": len(tokens) - 2, "eos_token_id": len(tokens) - 1}
    config = config_class(
        text_config={"vocab_size": len(tokens), "max_position_embeddings": 16, **sizes, **marks},
        vision_config={"image_size": 64, "patch_size": 16, **sizes},
        projection_dim=16,
    )
    model = model_class(config)
    with torch.no_grad():
        model.box_head.dense2.weight.zero_()
        model.box_head.dense2.bias.zero_()
    model.save_pretrained(folder)
    square = {"height": 64, "width": 64}
    processor_class(images_class(size=square), tokenizer).save_pretrained(folder)
    return folder


def grounding_dino(folder):
    """Save a tiny Grounding DINO."""
    import torch
    from transformers import (
        BertConfig,
        BertTokenizer,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessorPil,
        GroundingDinoProcessor,
        SwinConfig,
    )

    torch.manual_seed(1)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *DEFAULT_WORDS]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = GroundingDinoConfig(
        backbone_config=SwinConfig(
            image_size=32,
            patch_size=2,
            embed_dim=8,
            depths=[1] * 4,
            num_heads=[1] * 4,
            window_size=4,
            out_features=["stage2", "stage3", "stage4"],
        ),
        text_config=BertConfig(vocab_size=len(tokens), max_position_embeddings=32, **sizes),
        d_model=32,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=6,
        num_feature_levels=3,
        max_text_len=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
    )
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    images = GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})
    tokenizer = BertTokenizer(str(folder / "vocab.txt"), model_max_length=32)
    GroundingDinoProcessor(images, tokenizer).save_pretrained(folder)
    return folder


class TestDetect:
    picture = scene((RED, (0.2, 0.2, 0.5, 0.6)), width=90, height=60)

    def test_a_detr_says_what_it_sees_and_where_once(self, tmp_path):
        boxes = detect(self.picture, str(detr(tmp_path)))
        assert len(boxes) == 1
        (box,) = boxes
        assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.1, 0.2, 0.5, 0.8), abs=1e-4)
        assert box.label == "车" and box.score == pytest.approx(0.8, abs=1e-4)

    def test_it_is_loaded_once_and_sees_the_same_again(self, tmp_path):
        name = str(detr(tmp_path))
        assert detect(self.picture, name) == detect(self.picture, name)
        assert objects._detector.cache_info().misses == 1

    @pytest.mark.parametrize("size", [(1, 1), (4, 3), (3, 100), (100, 2)])
    @pytest.mark.parametrize("mode", ["L", "RGBA"])
    def test_pictures_of_any_mode_and_hardly_any_pixels(self, tmp_path, size, mode):
        assert len(detect(Image.new(mode, size), str(detr(tmp_path)))) == 1

    def test_nothing_is_looked_for_in_a_sliver(self, tmp_path):
        assert detect(Image.new("RGB", (500, 1)), str(detr(tmp_path))) == ()

    def test_an_owl_looks_for_what_it_is_told(self, tmp_path):
        name = str(owl(tmp_path))
        words = ["cup", "a word that is longer than all of the sixteen tokens", " St. Paul ", ". "]
        boxes = detect(self.picture, name, most=20, wanted=words)
        assert {box.label for box in boxes} <= {"cup", words[1], "St Paul"}
        assert [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)
        assert all(box.iou(other) <= 0.5 for place, box in enumerate(boxes) for other in boxes[:place])
        assert detect(self.picture, name, wanted=words) == boxes[:MOST_OBJECTS]
        assert {box.label for box in detect(self.picture, name)} <= set(DEFAULT_WORDS)
        assert [box.label for box in detect(self.picture, name, most=1, wanted=["cup"])] == ["cup"]

    @pytest.mark.parametrize("kind", ["OwlViT", "Owlv2"])
    @pytest.mark.parametrize("size", [(90, 60), (60, 90), (64, 64)])
    def test_an_owls_boxes_are_shares_of_the_picture(self, tmp_path, kind, size):
        name = str(owl(tmp_path, kind))
        boxes = detect(self.picture.resize(size), name, most=20, wanted=["cup"])
        # unmoved, the box of each of the 4 by 4 patches is as large as a patch, around the patch's lower right corner
        seen = size if kind == "OwlViT" else (max(size), max(size))  # OWLv2 sees a square, grey where there is no picture
        x, y = seen[0] / size[0] / 4, seen[1] / size[1] / 4
        patches = [((c - 0.5) * x, (r - 0.5) * y, (c + 0.5) * x, (r + 0.5) * y) for c in range(1, 5) for r in range(1, 5)]
        places = np.array([(box.left, box.top, box.right, box.bottom) for box in boxes])
        distances = np.abs(places[:, None] - np.clip(patches, 0, 1)).max(axis=2)  # [boxes, patches]
        assert len(boxes) >= 4 and distances.min(axis=1).max() < 1e-3

    def test_a_grounding_dino_too(self, tmp_path):
        boxes = detect(self.picture, str(grounding_dino(tmp_path)), wanted=["person", "flag"])
        assert 1 <= len(boxes) <= MOST_OBJECTS and all(0 < box.score <= 1 for box in boxes)

    @pytest.mark.parametrize("wanted", [[], ["", " . "]])
    def test_one_that_is_told_nothing_is_refused(self, tmp_path, wanted):
        with pytest.raises(ConfigError, match="looks for what it is told, and was told nothing; give it some words"):
            detect(self.picture, str(owl(tmp_path)), wanted=wanted)

    @pytest.mark.parametrize("damage", ["absent", "empty", "cut", "pickled", "processor"])
    def test_what_cannot_be_loaded_is_told_with_what_to_do(self, tmp_path, damage):
        folder = tmp_path / "detector"
        if damage != "absent":
            folder.mkdir()
        if damage in ("cut", "pickled", "processor"):
            detr(folder)
            weights = folder / "model.safetensors"
            if damage == "cut":
                os.truncate(weights, 1000)
            elif damage == "pickled":
                weights.rename(folder / "pytorch_model.bin")
            else:
                (folder / "preprocessor_config.json").unlink()
        with pytest.raises(ConfigError, match=r"detector' cannot be loaded \(.+\); name the folder of one") as told:
            detect(self.picture, str(folder))
        assert "\n" not in str(told.value)

    def test_one_without_its_head_is_refused(self, tmp_path):
        from transformers import DetrForObjectDetection

        whole = DetrForObjectDetection.from_pretrained(detr(tmp_path))
        whole.model.save_pretrained(tmp_path)
        with pytest.raises(ConfigError, match=r"it has no weights for bbox_predictor\.layers\.0\.bias\); name the folder"):
            detect(self.picture, str(tmp_path))

    def test_a_model_that_reads_text_is_no_detector(self, tmp_path):
        with pytest.raises(ConfigError, match="is a model of the type 'bert', no detector; name the folder of one"):
            detect(self.picture, str(write_encoder(tmp_path)))
