"""Boxes around what a detector of the user's choice finds."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from engine.errors import ConfigError
from engine.modalities import detection
from engine.modalities.detection import DEFAULT_WORDS, detect
from engine.modalities.objects import MOST_OBJECTS
from tests.engine.systems.encoder_folder import write_encoder


@pytest.fixture(autouse=True)
def _forget():
    detection._detector.cache_clear()
    yield
    detection._detector.cache_clear()


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
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3)).astype(np.uint8))

    def test_a_detr_says_what_it_sees_and_where_once(self, tmp_path):
        boxes = detect(self.picture, str(detr(tmp_path)))
        assert len(boxes) == 1
        (box,) = boxes
        assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.1, 0.2, 0.5, 0.8), abs=1e-4)
        assert box.label == "车" and box.score == pytest.approx(0.8, abs=1e-4)

    def test_it_is_loaded_once_and_sees_the_same_again(self, tmp_path):
        name = str(detr(tmp_path))
        assert detect(self.picture, name) == detect(self.picture, name)
        assert detection._detector.cache_info().misses == 1

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
