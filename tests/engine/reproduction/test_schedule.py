import json
import shutil

import pytest

from engine.reproduction import outcome, schedule
from engine.reproduction.cell import Cell
from engine.reproduction.schedule import Machine, begin, carry_out, this_machine
from engine.run import Run, Status
from tests.engine.reproduction.test_cell_training import stopped
from tests.engine.reproduction.tiny_table import carried_out, cell

ONE = Machine(1, 1)


@pytest.fixture
def started(monkeypatch):
    """Let runs be started in name only."""
    runs = []
    monkeypatch.setattr(Run, "start", lambda self, environment=None: runs.append((self.folder.name, dict(environment))))
    return runs


def test_gpus_are_taken_in_turn_and_cores_shared():
    machine = Machine(3, 2, ("0", "GPU-7"))
    assert [machine.variables(place)["CUDA_VISIBLE_DEVICES"] for place in range(3)] == ["0", "GPU-7", "0"]
    assert Machine(2, 3).variables(1) == {"OMP_NUM_THREADS": "3"}
    assert this_machine(2, None, {"OMP_NUM_THREADS": "5"}).threads == 5
    assert this_machine(2, 4, {"OMP_NUM_THREADS": "5"}).threads == 4
    assert this_machine(10_000, None, {}).threads == 1


def test_a_new_cell_is_planned_and_started(data, tmp_path, started):
    wanted = cell(data)
    run, ours = begin(wanted, tmp_path, ONE.variables(0))
    assert ours and Cell.of(run) == wanted and started == [(wanted.key, {"OMP_NUM_THREADS": "1"})]


def test_a_stopped_cell_keeps_its_state_though_its_corpora_have_moved(data, tmp_path, started):
    run = stopped(cell(data), tmp_path, 1)
    shutil.copytree(data, tmp_path / "moved")
    moved = cell(tmp_path / "moved")
    begin(moved, tmp_path, {})
    assert Cell.of(run) == moved and (run.folder / "state").is_dir() and len(started) == 1


@pytest.mark.parametrize("content", ["{", '{"kind": "cell"}'])
def test_a_folder_that_is_not_the_cells_is_made_anew(data, tmp_path, started, content):
    wanted = cell(data)
    run = Run.create(tmp_path / wanted.key, wanted.plan())
    (run.folder / "config.json").write_text(content)
    (run.folder / "state").mkdir()
    begin(wanted, tmp_path, {})
    assert Cell.of(run) == wanted and not (run.folder / "state").exists()


def test_a_cell_that_another_process_is_at_work_on_is_waited_for(data, tmp_path, started, monkeypatch):
    wanted = cell(data)
    run = Run.create(tmp_path / wanted.key, wanted.plan())
    looks = iter([Status("running", pid=1), Status("running", pid=1, epoch=1, epochs=3, f1=0.5)])
    done = carried_out(wanted, tmp_path / "elsewhere")
    real = Run.status

    def status(self):
        found = next(looks, None)
        if found is None:
            shutil.copytree(done.folder, run.folder, dirs_exist_ok=True)
            return real(self)
        return found

    monkeypatch.setattr(Run, "status", status)
    monkeypatch.setattr(schedule, "_LOOK", 0.01)
    said = []
    assert carry_out([wanted, wanted], tmp_path, ONE, said.append) == {}
    assert started == [] and outcome.is_kept(run.folder) and "done in" in said[0]


def test_a_cell_that_another_process_has_done_meanwhile_is_not_done_again(data, tmp_path, started):
    wanted = cell(data)
    run = carried_out(wanted, tmp_path)
    assert begin(wanted, tmp_path, {})[1] is False
    assert started == [] and outcome.is_kept(run.folder)


def test_when_it_is_interrupted_what_it_started_is_asked_to_stop(data, tmp_path, started, monkeypatch):
    wanted = cell(data)

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(schedule.time, "sleep", interrupt)
    monkeypatch.setattr(schedule, "_STOPPING", -1.0)
    with pytest.raises(KeyboardInterrupt):
        carry_out([wanted], tmp_path, ONE, lambda line: None)
    assert Run(tmp_path / wanted.key).cancelled


def test_a_kept_cell_is_read_and_a_damaged_one_said(data, tmp_path):
    wanted = cell(data)
    assert schedule.kept(wanted, tmp_path) is None
    run = carried_out(wanted, tmp_path)
    assert schedule.kept(wanted, tmp_path) == outcome.read(run.folder)
    (run.folder / "scores.json").write_text(json.dumps({}))
    said = []
    assert schedule.kept(wanted, tmp_path, said.append) is None and "is damaged" in said[0]
