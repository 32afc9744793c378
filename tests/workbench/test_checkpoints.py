"""Which checkpoints are offered for what lies beside a text."""

import json

import pytest
import torch

from engine import checkpoint
from engine.document import LabelSet
from engine.systems.dghc import Dghc
from workbench.checkpoints import Checkpoints
from workbench.store import Store


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("checkpoints")
    for name, pictures in (("seeing", "all"), ("blind", "none"), ("damaged", "all")):
        config = Dghc.Config(layers=2, width=64, window=64, pictures=pictures)
        checkpoint.save(Dghc.build(config, LabelSet(("ORG",)), ["苹果又上新了"] * 2), folder / name)
    place = folder / "damaged" / "config.json"
    content = json.loads(place.read_text())
    place.write_text(json.dumps({**content, "config": {**content["config"], "layers": -1}}))
    return folder


def test_only_those_that_were_trained_to_look_are_offered_for_pictures(folder, tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/duomo.db")
    found = Checkpoints(folder, str(folder / "blind"), store)
    ours = [info.name for info in found.looking() if info.path.parent == folder]
    assert ours == ["seeing"] and {"blind", "damaged"} <= {info.name for info in found.all()}
    assert not [info for info in found.listening() if info.path.parent == folder]
    store.close()
