"""Which checkpoints are offered for what lies beside a text, and what answers when the one in use is gone."""

import json
import shutil

import pytest
import torch

from engine import checkpoint
from engine.document import LabelSet
from engine.errors import CheckpointError
from engine.systems.dghc import Dghc
from workbench import checkpoints as module
from workbench.checkpoints import Checkpoints, Lost
from workbench.services import Services
from workbench.settings import Settings
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


@pytest.fixture
def services(folder, tmp_path, monkeypatch):
    """A workbench with a shipped model and two that were promoted one after the other."""
    monkeypatch.setattr(module, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(module, "DEFAULT", "shipped")
    shutil.copytree(folder / "blind", tmp_path / "shipped" / "shipped")
    for name in ("first", "second"):
        shutil.copytree(folder / "blind", tmp_path / "checkpoints" / name)
    settings = Settings(host="", port=1, workspace=tmp_path, database=f"sqlite:///{tmp_path}/duomo.db")
    store = Store.open(settings.database)
    made = Services(settings, store)
    for name in ("first", "second"):
        made.checkpoints.use(name)
    yield made
    store.close()


def answers(services):
    return services.analyse("苹果又上新了")[1].checkpoint.name


def test_a_promoted_checkpoint_that_is_deleted_by_hand_gives_way_to_the_one_before(services, tmp_path):
    assert answers(services) == "second" and services.checkpoints.lost() is None
    shutil.rmtree(tmp_path / "checkpoints" / "second")
    assert answers(services) == "first"
    assert services.checkpoints.lost() == Lost("second", "first")
    # A restart finds it so, and what is learned counts from the one that answers.
    again = Services(services.settings, services.store)
    assert answers(again) == "first" and again.checkpoints.lost() == Lost("second", "first")
    (tmp_path / "checkpoints" / "first" / "model.safetensors").write_bytes(b"half of it")
    assert answers(again) == "shipped" and again.checkpoints.lost() == Lost("first", "shipped")
    again.checkpoints.use("shipped")
    assert answers(again) == "shipped" and again.checkpoints.lost() is None


def test_without_one_that_was_before_it_is_said_what_is_missing(services, tmp_path):
    services.store.settings.set("checkpoint.before", ["gone"])
    shutil.rmtree(tmp_path / "checkpoints" / "second")
    with pytest.raises(CheckpointError, match="there is no checkpoint 'second'"):
        answers(services)


def test_choosing_to_and_fro_keeps_the_order(services):
    for name in ("first", "second", "first"):
        services.checkpoints.use(name)
    assert services.store.settings.get("checkpoint.before") == ["", "second"]
