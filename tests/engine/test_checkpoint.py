import json
import os
import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file

from engine import checkpoint
from engine.checkpoint import CheckpointInfo
from engine.document import Document
from engine.errors import CheckpointError
from engine.tagger import predict
from tests.engine.tiny import CARD, known, untrained


@pytest.fixture
def folder(tiny, tmp_path):
    return shutil.copytree(tiny.path, tmp_path / "mine")


def change(folder, **values):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, **values}), encoding="utf-8")


def test_it_says_what_it_is(tiny):
    assert isinstance(tiny, CheckpointInfo)
    assert (tiny.name, tiny.system, tiny.labels) == ("tiny", "bilstm-crf", ("LOC", "ORG", "PER"))
    assert tiny.size_bytes == (tiny.path / "model.safetensors").stat().st_size
    assert len(tiny.digest) == 64 and tiny.card == CARD
    assert checkpoint.verify(tiny.path) == tiny


def test_the_folder_holds_four_plain_files(tiny):
    assert sorted(path.name for path in tiny.path.iterdir()) == ["README.md", "config.json", "model.safetensors", "vocab.json"]
    assert {tensor.dtype for tensor in load_file(tiny.path / "model.safetensors").values()} == {torch.float16}
    card = (tiny.path / "README.md").read_text(encoding="utf-8")
    assert "bilstm-crf" in card and "Apache-2.0" in card and "LOC, ORG, PER" in card


def test_it_loads_in_full_precision_ready_to_predict(tiny):
    system = checkpoint.load(tiny.path)
    assert not system.training
    assert {tensor.dtype for tensor in system.state_dict().values()} == {torch.float32}
    assert system.labels.names == tiny.labels


def test_the_same_weights_have_the_same_digest(tmp_path):
    first, second = (checkpoint.save(untrained(), tmp_path / name) for name in ("first", "second"))
    assert first.digest == second.digest


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_flipped_byte_is_noticed(folder, place):
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[place] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.safetensors is damaged: its hash"):
        checkpoint.load(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"has no {name}; fetch or train"):
        checkpoint.verify(folder)


def test_a_missing_card_is_no_harm(folder):
    (folder / "README.md").unlink()
    assert checkpoint.load(folder)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_refused(folder, version):
    change(folder, format=version)
    with pytest.raises(CheckpointError, match=f"of checkpoint format {version}, this Duomo reads 1"):
        checkpoint.load(folder)


class Trap:
    """Leaves a mark where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (os.environ["DUOMO_TEST_TRAP"],)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pth", "extra.pkl", "last.ckpt"])
def test_pickled_weights_are_refused_and_never_opened(folder, tmp_path, monkeypatch, name):
    monkeypatch.setenv("DUOMO_TEST_TRAP", str(tmp_path / "sprung"))
    (folder / name).write_bytes(pickle.dumps(Trap()))
    for read in (checkpoint.verify, checkpoint.load):
        with pytest.raises(CheckpointError, match=f"holds {name}, which would have to be unpickled"):
            read(folder)
    assert checkpoint.catalogue(folder.parent) == []
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_under_the_name_of_the_weights_is_never_opened(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DUOMO_TEST_TRAP", str(tmp_path / "sprung"))
    (folder / "model.safetensors").write_bytes(pickle.dumps(Trap()))
    change(folder, sha256=checkpoint._digest(folder / "model.safetensors"))
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        checkpoint.load(folder)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"{}", b'"text"', b"\xff\xfe", b"null"])
def test_a_configuration_that_is_none_is_refused(folder, content):
    (folder / "config.json").write_bytes(content)
    with pytest.raises(CheckpointError, match="is not a checkpoint's configuration"):
        checkpoint.verify(folder)


WRONG = [
    {"labels": 5},
    {"labels": "PER"},
    {"labels": ["PER", 7]},
    {"system": None},
    {"config": []},
    {"shape": "wide"},
    {"sha256": 0},
    {"card": []},
]


@pytest.mark.parametrize("values", WRONG, ids=str)
def test_garbage_in_the_configuration_is_named_and_left_out_of_the_catalogue(folder, values):
    change(folder, **values)
    with pytest.raises(CheckpointError, match=f"has no sound {next(iter(values))}; fetch or train"):
        checkpoint.verify(folder)
    assert checkpoint.catalogue(folder.parent) == []


@pytest.mark.parametrize(
    "values",
    [
        {"labels": ["PER", "PER"]},
        {"labels": ["PER"]},
        {"system": "crystal-ball"},
        {"config": {"width": -1}},
        {"config": {"colour": "red"}},
        {"config": {}},
    ],
    ids=str,
)
def test_what_does_not_fit_the_weights_cannot_be_loaded(folder, values):
    change(folder, **values)
    with pytest.raises(CheckpointError, match="cannot be loaded: .*; fetch or train the checkpoint again"):
        checkpoint.load(folder)


def test_a_damaged_vocabulary_is_told(folder):
    (folder / "vocab.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"vocab\.json cannot be read"):
        checkpoint.load(folder)


def test_saving_replaces_the_folder_and_leaves_nothing_beside_it(folder):
    (folder / "stray.txt").write_text("old")
    info = checkpoint.save(untrained(), folder, {"data": "other"})
    assert info.card == {"data": "other"}
    assert not (folder / "stray.txt").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_a_failed_save_leaves_the_old_checkpoint_as_it_was(folder, monkeypatch):
    before = checkpoint.verify(folder)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(untrained(), folder)
    assert checkpoint.verify(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_the_catalogue_lists_sound_checkpoints_by_name(tiny, tmp_path):
    for name in ("zebra", "ant", ".hidden"):
        shutil.copytree(tiny.path, tmp_path / "first" / name)
    shutil.copytree(tiny.path, tmp_path / "second" / "ant")
    shutil.copytree(tiny.path, tmp_path / "first" / "damaged")
    (tmp_path / "first" / "damaged" / "config.json").write_text("{")
    (tmp_path / "first" / "empty").mkdir()
    (tmp_path / "first" / "file.txt").write_text("")
    found = checkpoint.catalogue(tmp_path / "second", tmp_path / "first", tmp_path / "absent")
    assert [info.name for info in found] == ["ant", "zebra"]
    assert found[0].path == tmp_path / "second" / "ant"


def test_a_checkpoint_is_found_by_name_and_by_path(tiny, monkeypatch):
    root = tiny.path.parent
    assert checkpoint.find("tiny", root) == tiny
    assert checkpoint.find(tiny.path) == tiny
    assert checkpoint.find(str(tiny.path), root / "elsewhere") == tiny
    monkeypatch.chdir(root)
    assert checkpoint.find("./tiny") == tiny


def test_a_folder_that_happens_to_have_the_name_does_not_hide_the_checkpoint(tiny, tmp_path, monkeypatch):
    (tmp_path / "tiny").mkdir()
    monkeypatch.chdir(tmp_path)
    assert checkpoint.find("tiny", tiny.path.parent) == tiny


@pytest.mark.parametrize("name", ["huge", "", "..", "a/b"])
def test_an_unknown_name_lists_the_known_ones(tiny, tmp_path, monkeypatch, name):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(CheckpointError) as told:
        checkpoint.find(name, tiny.path.parent)
    if name != "..":
        assert f"there is no checkpoint {name!r}; there are: tiny; or give the path of a folder" in str(told.value)


def test_finding_verifies(folder):
    os.truncate(folder / "model.safetensors", 100)
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.find("mine", folder.parent)


def test_predictions_are_the_same_after_a_round_trip(tiny, tmp_path):
    system = checkpoint.load(tiny.path)
    checkpoint.save(system, tmp_path / "again")
    documents = [*known(4), Document("𠮷田😀在杭州")]
    assert predict(system, documents)[0].document == predict(checkpoint.load(tmp_path / "again"), documents)[0].document
