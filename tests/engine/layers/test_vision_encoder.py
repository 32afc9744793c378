import hashlib
import json
import os
import socket

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    ChineseCLIPConfig,
    ChineseCLIPModel,
    ChineseCLIPVisionConfig,
    ChineseCLIPVisionModel,
    CLIPConfig,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    DeiTConfig,
    DeiTModel,
    Dinov2Config,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    ResNetConfig,
    ResNetForImageClassification,
    ResNetModel,
    SwinConfig,
    SwinModel,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

from engine.errors import ConfigError
from engine.layers.vision_encoder import vision_encoder
from engine.shipped import SHIPPED
from tests.engine.systems.encoder_folder import write_encoder

SIDE, PATCH, WIDTH = 32, 8, 16
SIGHT = {"image_size": SIDE, "patch_size": PATCH}
LAYERS = {"hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
CHANNELS = {"embedding_size": 8, "hidden_sizes": [8, WIDTH], "depths": [1, 1], "layer_type": "basic"}
READING = {"vocab_size": 99, "max_position_embeddings": 16, **LAYERS}
MODELS = {
    "clip": lambda: CLIPModel(CLIPConfig(text_config=READING, vision_config={**SIGHT, **LAYERS}, projection_dim=8)),
    "clip_vision_model": lambda: CLIPVisionModel(CLIPVisionConfig(**SIGHT, **LAYERS)),
    "chinese_clip": lambda: ChineseCLIPModel(
        ChineseCLIPConfig(text_config=READING, vision_config={**SIGHT, **LAYERS}, projection_dim=8)
    ),
    "chinese_clip_vision_model": lambda: ChineseCLIPVisionModel(ChineseCLIPVisionConfig(**SIGHT, **LAYERS)),
    "vit": lambda: ViTModel(ViTConfig(**SIGHT, **LAYERS)),
    "deit": lambda: DeiTModel(DeiTConfig(**SIGHT, **LAYERS)),
    "dinov2": lambda: Dinov2Model(Dinov2Config(**SIGHT, **LAYERS)),
    "dinov2_with_registers": lambda: Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**SIGHT, **LAYERS)),
    "swin": lambda: SwinModel(
        SwinConfig(image_size=SIDE, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4)
    ),
    "resnet": lambda: ResNetModel(ResNetConfig(**CHANNELS)),
}
SIZES = {"dinov2": 224, "dinov2_with_registers": 224, "resnet": 224}
GRIDS = {"dinov2": 28, "dinov2_with_registers": 28, "resnet": 28}


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a test asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def write(folder, family, seed=1, dtype=torch.float32):
    """Save a tiny model with random weights, also for what starts at nothing or at one."""
    torch.manual_seed(seed)
    model = MODELS[family]() if isinstance(family, str) else family()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    model.to(dtype).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def ours():
    return vision_encoder("efficientnet-lite0")


@pytest.fixture(scope="module", params=sorted(MODELS))
def saved(request, tmp_path_factory):
    """Return a family and a folder of it."""
    return request.param, write(tmp_path_factory.mktemp(request.param), request.param)


def pictures(encoder, count=2):
    return torch.randn(count, 3, encoder.size, encoder.size, generator=torch.Generator().manual_seed(1))


def test_ours_gives_49_regions_and_their_mean(ours):
    assert (ours.name, ours.width, ours.grid, ours.size) == ("efficientnet-lite0", 1280, (7, 7), 224)
    seen = ours(pictures(ours))
    assert seen.regions.shape == (2, 49, 1280) and torch.equal(seen.whole, seen.regions.mean(1))
    assert torch.allclose(ours.model.classify(seen.whole), ours.model(pictures(ours)), atol=1e-4)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("left", [True, False])
def test_a_region_lies_where_it_is_counted_row_by_row(ours, upper, left):
    picture = np.full((90, 160, 3), 127, np.uint8)  # no square: a corner stays a corner
    blank = ours(ours.pixels(Image.fromarray(picture))[None]).regions[0]
    rows, columns = slice(13) if upper else slice(-13, None), slice(23) if left else slice(-23, None)
    picture[rows, columns] = (255, 0, 0)
    changed = (ours(ours.pixels(Image.fromarray(picture))[None]).regions[0] - blank).norm(dim=-1)
    # next to the padding a region sees less of the picture, so its neighbour may change more
    assert divmod(int(changed.argmax()), 7) == pytest.approx((0 if upper else 6, 0 if left else 6), abs=1)


def test_every_family_sees_a_grid_and_a_whole(saved):
    family, folder = saved
    encoder = vision_encoder(str(folder))
    side = GRIDS.get(family, SIDE // PATCH)
    assert (encoder.name, encoder.width, encoder.grid) == (str(folder), WIDTH, (side, side))
    assert encoder.size == SIZES.get(family, SIDE)
    seen = encoder(pictures(encoder))
    assert seen.regions.shape == (2, side**2, WIDTH) and seen.whole.shape == (2, WIDTH)
    assert seen.regions.isfinite().all() and seen.regions.std() > 0.01 and seen.whole.std() > 0.01


def test_every_familys_vectors_are_the_models_own(saved):
    family, folder = saved
    encoder = vision_encoder(str(folder))
    model = MODELS[family]().from_pretrained(folder).eval()
    shown = pictures(encoder)
    with torch.no_grad():
        out = getattr(model, "vision_model", model)(shown)
    hidden = out.last_hidden_state
    ahead = {"deit": 2, "dinov2_with_registers": 5, "swin": 0}.get(family, 1)  # class token, distillation token, four registers
    regions = hidden.flatten(2).mT if family == "resnet" else hidden[:, ahead:]
    by_class = family in ("vit", "deit", "dinov2", "dinov2_with_registers")
    seen = encoder(shown)
    assert torch.allclose(seen.regions, regions, atol=1e-5)
    assert torch.allclose(seen.whole, hidden[:, 0] if by_class else out.pooler_output.flatten(1), atol=1e-5)


def test_regions_of_a_pre_trained_one_lie_row_by_row(tmp_path):
    encoder = vision_encoder(str(write(tmp_path, "resnet")))
    blank = pictures(encoder, 1)
    for row, column in ((3, 20), (20, 3)):
        painted = blank.clone()
        painted[:, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] += 3
        changed = (encoder(painted).regions - encoder(blank).regions)[0].norm(dim=-1)
        assert divmod(int(changed.argmax()), encoder.grid[1]) == pytest.approx((row, column), abs=1)


def test_nothing_learns_and_nothing_switches_over(saved):
    encoder = vision_encoder(str(saved[1]))
    shown = pictures(encoder)
    before, state = encoder(shown), {key: value.clone() for key, value in encoder.state_dict().items()}
    around = torch.nn.ModuleList([encoder])
    assert around.train() is around and encoder.train() is encoder
    assert not any(module.training for module in encoder.modules())
    after = encoder(shown)
    assert torch.equal(before.regions, after.regions) and torch.equal(before.whole, after.whole)
    assert not after.whole.requires_grad and not any(parameter.requires_grad for parameter in encoder.parameters())
    assert all(torch.equal(value, state[key]) for key, value in encoder.state_dict().items())


def test_ours_does_not_switch_over_either(ours):
    before = ours(pictures(ours)).whole
    assert torch.equal(ours.train()(pictures(ours)).whole, before) and not before.requires_grad


def test_weights_in_half_precision_are_used_in_full(tmp_path):
    encoder = vision_encoder(str(write(tmp_path, "vit", dtype=torch.float16)))
    assert {parameter.dtype for parameter in encoder.parameters()} == {torch.float32}


def test_the_digest_is_of_the_weights(ours, tmp_path):
    weights = (SHIPPED / "efficientnet-lite0" / "model.safetensors").read_bytes()
    assert ours.digest == hashlib.sha256(weights).hexdigest()
    digests = [vision_encoder(str(write(tmp_path / str(seed), "vit", seed=seed))).digest for seed in (1, 2)]
    (tmp_path / "1").rename(tmp_path / "moved")
    assert digests[0] != digests[1] and vision_encoder(str(tmp_path / "moved")).digest == digests[0]


def test_weights_in_parts_are_read_and_told_apart(tmp_path):
    torch.manual_seed(1)
    model = MODELS["vit"]()
    model.save_pretrained(tmp_path / "one")
    model.save_pretrained(tmp_path / "parts", max_shard_size="8KB")
    assert len(list((tmp_path / "parts").glob("model-*.safetensors"))) > 1
    one, parts = (vision_encoder(str(tmp_path / name)) for name in ("one", "parts"))
    assert torch.equal(one(pictures(one)).regions, parts(pictures(one)).regions)
    whole = hashlib.sha256(b"".join(path.read_bytes() for path in sorted((tmp_path / "parts").glob("model-*.safetensors"))))
    assert parts.digest == whole.hexdigest()


def test_a_classifiers_folder_serves_without_a_pooler(tmp_path):
    encoder = vision_encoder(str(write(tmp_path, lambda: ViTForImageClassification(ViTConfig(**SIGHT, **LAYERS)))))
    assert encoder.width == WIDTH and not [name for name in encoder.state_dict() if "pooler" in name]
    assert vision_encoder(str(write(tmp_path / "net", lambda: ResNetForImageClassification(ResNetConfig(**CHANNELS)))))


def test_pixels_are_the_whole_picture_as_a_square(ours):
    picture = Image.new("RGB", (400, 100), (127, 255, 0))
    prepared = ours.pixels(picture)
    assert prepared.shape == (3, 224, 224) and prepared.dtype == torch.float32
    # (byte - 127) / 128, as TensorFlow's EfficientNet-Lite was trained
    for channel, expected in zip(prepared, (0.0, 1.0, -127 / 128), strict=True):
        assert torch.allclose(channel, torch.tensor(expected), atol=1e-6)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK"])
def test_pictures_without_rgb_are_seen_in_colour(ours, mode):
    prepared = ours.pixels(Image.new("RGB", (3, 5), "white").convert(mode))
    assert torch.allclose(prepared, torch.tensor(1.0), atol=1e-6)


SAID = {
    "by height and width": ({"size": {"height": 64, "width": 64}}, 64),
    "by its shortest edge": ({"size": {"shortest_edge": 96}}, 96),
    "as a number": ({"size": 64}, 64),
    "as two numbers": ({"size": [64, 64]}, 64),
    "by what is cut out": ({"size": {"shortest_edge": 96}, "crop_size": {"height": 64, "width": 64}}, 64),
    "by a number to be cut out": ({"size": 96, "crop_size": 64}, 64),
    "with nothing cut out": ({"size": 96, "crop_size": 64, "do_center_crop": False}, 96),
    "and nothing to be cut out": ({"size": 96, "crop_size": None, "do_center_crop": None}, 96),
    "not at all": ({}, 224),
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("newer", [False, True])
def test_a_preprocessors_size_is_understood(tmp_path, said, newer):
    asked, size = SAID[said]
    _preprocessor(write(tmp_path, "resnet"), asked, newer)
    assert vision_encoder(str(tmp_path)).size == size


def test_a_model_of_one_size_keeps_it(tmp_path):
    _preprocessor(write(tmp_path, "vit"), {"size": 64})
    assert vision_encoder(str(tmp_path)).size == SIDE


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (1 - 0.406) / 0.225]),  # ImageNet's
        ({"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_normalize": None}, [1.0, -1.0, 1.0]),
        ({"image_mean": [0.5] * 3, "image_std": [0.25] * 3}, [2.0, -2.0, 2.0]),
        ({"image_mean": [0.5, 0.0, 1.0], "image_std": [0.5, 1.0, 2.0]}, [1.0, 0.0, 0.0]),
        ({"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_normalize": False}, [1.0, 0.0, 1.0]),
    ],
)
def test_a_preprocessors_mean_and_spread_count(tmp_path, asked, expected):
    _preprocessor(write(tmp_path, "vit"), asked)
    prepared = vision_encoder(str(tmp_path)).pixels(Image.new("RGB", (9, 9), (255, 0, 255)))
    assert torch.allclose(prepared.mean((1, 2)), torch.tensor(expected), atol=1e-5)


def _preprocessor(folder, asked, newer=False):
    file, content = ("processor_config.json", {"image_processor": asked}) if newer else ("preprocessor_config.json", asked)
    (folder / file).write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"size": {"height": 64, "width": 32}}, r"pictures of \(64, 32\), and only squares"),
        ({"size": 0}, "pictures of 0"),
        ({"size": "big"}, "big"),
        ({"size": {"longest_edge": 64}}, "height"),
        ({"image_mean": [0.5]}, "not three numbers each"),
        ({"image_std": [0.5, 0.0, 0.5]}, "not three numbers each"),
        ([], "preprocessor_config.json holds no JSON object"),
    ],
)
def test_a_preprocessor_that_cannot_be_is_told(tmp_path, asked, why):
    _preprocessor(write(tmp_path, "resnet"), asked)
    with pytest.raises(ConfigError, match=f"cannot be loaded .*{why}.*; give a local folder"):
        vision_encoder(str(tmp_path))


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "pickled", "lacking", "other shape", "odd", "grey", "not a folder"])
def test_what_cannot_be_loaded_is_told_with_what_to_do(tmp_path, damage):
    folder = tmp_path / "seeing"
    if damage == "empty":
        folder.mkdir()
    elif damage == "not a folder":
        folder.write_text("{}", encoding="utf-8")
    elif damage == "grey":
        write(folder, lambda: ViTModel(ViTConfig(num_channels=1, **SIGHT, **LAYERS)))
    elif damage != "absent":
        write(folder, "vit")
        _break(folder, damage)
    with pytest.raises(
        ConfigError, match=r"seeing' cannot be loaded .*; give a local folder with safetensors weights.*lite0$"
    ) as told:
        vision_encoder(str(folder))
    assert "\n" not in str(told.value)
    assert {"lacking": "lack 16 tensors, e.g. ", "grey": "1 channels, not of 3"}.get(damage, "") in str(told.value)


def _break(folder, damage):
    weights, file = folder / "model.safetensors", folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    if damage == "cut":
        os.truncate(weights, 1000)
    elif damage == "pickled":
        weights.rename(folder / "pytorch_model.bin")
    elif damage == "lacking":
        config["num_hidden_layers"] = 2
    elif damage == "other shape":
        config["hidden_size"] = 2 * WIDTH
    elif damage == "odd":
        config["hidden_size"] = "wide"
    file.write_text(json.dumps(config), encoding="utf-8")


def test_a_model_that_reads_is_refused_with_what_sees(tmp_path):
    folder = write_encoder(tmp_path)
    with pytest.raises(
        ConfigError, match="is a model of type 'bert', and not known to see; name efficientnet-lite0, or .* clip, .*resnet"
    ):
        vision_encoder(str(folder))


def test_a_trained_checkpoint_is_refused(tiny):
    with pytest.raises(ConfigError, match="is no pre-trained model, and not known to see; name efficientnet-lite0"):
        vision_encoder(str(tiny.path))


def test_ours_for_glyphs_is_refused():
    with pytest.raises(
        ConfigError, match="'zh-glyph-small' cannot be loaded .it sees pictures of 1 channels, not of 3 colours.; give"
    ):
        vision_encoder("zh-glyph-small")
