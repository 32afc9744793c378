import json
import shutil
from dataclasses import replace

import pytest

from engine.errors import ConfigError, InputError, RunError
from engine.reproduction import class_attention, mpm_cner
from engine.reproduction.cell import Cell, cell_of, check_overrides
from engine.reproduction.corpora import find
from engine.reproduction.table import Row
from engine.run import Run
from tests.engine.reproduction.tiny_table import TINY, cell


def source(data):
    return find(["weibo"], data)[0][0]


def test_a_cell_is_the_same_wherever_the_corpora_lie_and_however_its_options_are_said(data, tmp_path):
    shutil.copytree(data, tmp_path / "moved")
    moved = cell(tmp_path / "moved")
    assert moved.train != cell(data).train and moved.key == cell(data).key
    assert cell(data, clip=1.0, window="32").key == cell(data).key  # the default, and a value as the command line gives it
    assert len(cell(data).key) == 16


def test_whatever_determines_a_result_makes_another_cell(data, tmp_path):
    one = cell(data)
    shutil.copytree(data, tmp_path / "other")
    train = tmp_path / "other" / "weibo" / "train.char.bmes"
    train.write_bytes(train.read_bytes() + "好 O\n\n".encode())
    halved = cell_of(TINY, replace(TINY.rows[1], share=0.5), source(data), 1, {})
    fixed = cell_of(replace(TINY, sizes={"weibo": 10}), TINY.rows[1], source(data), 1, {})
    others = [cell(data, seed=2), cell(data, row="plain"), cell(data, epochs=4), cell(tmp_path / "other"), halved, fixed]
    assert len({found.key for found in (one, *others)}) == 7
    assert halved.name.endswith(" on weibo 50%, seed 1")


def test_what_came_of_a_flat_cell_is_still_found_since_systems_can_be_nested(data):
    assert "structure" not in cell(data).identity["options"]
    assert cell(data, structure="flat").key == cell(data).key
    nested = cell(data, structure="nested")
    assert nested.key != cell(data).key and nested.identity["options"]["structure"] == "nested"


def test_what_came_of_a_cell_is_still_found_since_more_than_two_files_can_be_a_corpus(data):
    """The hash is that of the cells that were carried out before."""
    assert cell(data).contents.keys() == {"train", "dev"}
    one = Cell("bert-crf", {"lstm": 0}, {"seed": 1}, "weibo", 0, 1.0, {"train": "a", "dev": "b"}, "train", "dev")
    assert one.key == "56720dd186a3582b"


def test_a_cell_is_called_by_what_is_not_its_systems_own(data):
    first, deeper, *_ = class_attention.CLASS_ATTENTION.rows
    cells = [cell_of(class_attention.CLASS_ATTENTION, row, source(data), 2, {}) for row in (first, deeper)]
    assert [found.name for found in cells] == ["bert-crf on weibo, seed 2", "bert-crf upper_layers=1 on weibo, seed 2"]


def test_the_weights_of_an_encoder_are_part_of_a_cell(data, tmp_path):
    """An encoder that is trained again under its old name makes other cells."""
    (tmp_path / "encoder").mkdir()
    weights = tmp_path / "encoder" / "model.safetensors"
    row = Row("on it", "bert-crf", {"encoder": str(tmp_path / "encoder")})
    table = replace(TINY, options={}, rows=(row,))
    keys = []
    for content in (b"one", b"another"):
        weights.write_bytes(content)
        keys.append(cell_of(table, row, source(data), 1, {}).key)
    assert keys[0] != keys[1]
    shipped = cell_of(class_attention.CLASS_ATTENTION, class_attention.CLASS_ATTENTION.rows[0], source(data), 1, {})
    assert "encoder/model.safetensors" in shipped.contents


def test_the_tables_of_a_paper_share_the_baseline(data):
    places = [(mpm_cner.TABLE_6, "BERT+LSTM+CRF, 100%"), (mpm_cner.TABLE_7, "BERT+LSTM+CRF"), (mpm_cner.TABLE_8, "BERT+LSTM+CRF")]
    assert len({cell_of(table, table.row(row), source(data), 1, {}).key for table, row in places}) == 1
    tenth = cell_of(mpm_cner.TABLE_6, mpm_cner.TABLE_6.rows[0], source(data), 1, {})
    assert (tenth.share, tenth.training["epochs"], tenth.options["dropout"], tenth.options["lstm"]) == (0.1, 40, 0.1, 128)


def test_an_option_that_only_one_system_has_is_given_to_that_one(data):
    table = class_attention.CLASS_ATTENTION
    cells = [cell_of(table, row, source(data), 1, {"alpha": "0.9"}) for row in table.rows]
    assert [found.options.get("alpha") for found in cells] == [None, None, 0.9, 0.9]


REFUSED = [({"seed": "1"}, "seed: give --seeds"), ({"colour": "1"}, "colour: no system of tiny has this option")]
REFUSED += [({"bigrams": "9"}, "bigrams: it is what the rows of tiny differ in")]


@pytest.mark.parametrize(("overrides", "message"), REFUSED)
def test_what_cannot_be_asked_of_every_cell_is_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        check_overrides(TINY, overrides)


def test_what_differs_only_in_training_may_be_asked_of_every_cell():
    check_overrides(TINY, {"epochs": "1", "hidden": "16"})
    check_overrides(replace(TINY, rows=(*TINY.rows, Row("long", "bilstm-crf", {"bigrams": 0, "epochs": 9}))), {"epochs": "1"})


def test_a_value_that_cannot_be_and_a_system_that_is_not_are_refused(data):
    with pytest.raises(ConfigError, match="epochs: expected int from 1 to 1000"):
        cell(data, epochs="0")
    with pytest.raises(InputError, match="there is no system 'odd'"):
        cell_of(TINY, Row("odd", "odd"), source(data), 1, {})


def test_a_folder_says_which_cell_it_is_of(data, tmp_path):
    one = cell(data)
    run = Run.create(tmp_path / one.key, one.plan())
    assert Cell.of(run) == one
    plan = one.plan()
    plan["identity"]["training"]["seed"] = 9
    (run.folder / "config.json").write_text(json.dumps(plan))
    with pytest.raises(RunError, match=f"{one.key} holds another cell, "):
        Cell.of(run)
    (run.folder / "config.json").write_text('{"kind": "cell"}')
    with pytest.raises(RunError, match="is not the folder of a cell"):
        Cell.of(run)
