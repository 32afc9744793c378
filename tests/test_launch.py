"""launch.py refuses what cannot work before it installs anything, and hands over to the right Python."""

import os
import re
import socket
import subprocess
import sys
import types
from pathlib import Path

import pytest

import launch
from workbench.installation import APP, TEST, Environment, InstallationError

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def installs_nothing(monkeypatch):
    """No test may reach pip, replace this process or touch the environment that it runs in."""
    asked = []

    def ensure(self, profile):
        asked.append(profile)
        return self.python

    monkeypatch.setattr(Environment, "ensure", ensure)
    monkeypatch.setattr(launch, "become", lambda python, arguments: asked.append((python, arguments)) or 0)
    monkeypatch.chdir(ROOT)
    # Run in the real environment, a test of a broken one must not mark the real one.
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    for name in [name for name in os.environ if name.startswith("DUOMO_")]:
        monkeypatch.delenv(name)
    return asked


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_options_go_on_to_the_environments_python(installs_nothing, tmp_path, port):
    argv = ["--port", port, "--workspace", str(tmp_path), "--no-browser"]
    assert launch.main(argv) == 0
    python = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    assert installs_nothing == [APP, (python, [str(ROOT / "launch.py"), "--no-venv", *argv])]


def test_the_tests_run_in_the_same_environment(installs_nothing):
    assert launch.main(["test", "-k", "store", "--no-venv"]) == 0
    assert installs_nothing[0] == TEST
    assert installs_nothing[1][1] == [*launch.TESTS, "-k", "store", "--no-venv"]


def test_the_tests_run_in_this_python_if_asked(installs_nothing):
    assert launch.main(["--no-venv", "test", "-x"]) == 0
    assert installs_nothing == [(Path(sys.executable), [*launch.TESTS, "-x"])]


@pytest.mark.parametrize("name", ["backup", "restore", "account"])
def test_a_command_goes_on_to_the_environments_python(installs_nothing, name):
    assert launch.main([name, "friday.zip", "--workspace", "w"]) == 0
    arguments = [str(ROOT / "launch.py"), "--no-venv", name, "friday.zip", "--workspace", "w"]
    assert installs_nothing == [APP, (Environment(ROOT).python, arguments)]


def test_a_command_runs_in_this_python_if_asked(monkeypatch, installs_nothing):
    seen = []
    workbench(monkeypatch, lambda argv: seen.append(argv) or 2)
    assert launch.main(["--no-venv", "account", "list", "--json"]) == 2
    assert seen == [["account", "list", "--json"]]
    assert installs_nothing == []


@pytest.mark.parametrize("argv", [["--auth", "li"], ["--port", "0"], ["--colour", "red"], ["tests"]])
def test_refusals_are_one_line_and_install_nothing(argv, installs_nothing, capsys):
    with pytest.raises(SystemExit) as left:
        launch.main(argv)
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("launch.py: ")
    assert said.count("\n") == 1
    assert installs_nothing == []


def test_a_taken_port_names_the_next_free_one(tmp_path, installs_nothing, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert launch.main(["--port", str(port), "--workspace", str(tmp_path)]) == 2
    assert re.fullmatch(rf"launch\.py: port {port} .* is taken .* --port \d+\n", capsys.readouterr().err)
    assert installs_nothing == []


def test_a_workspace_that_cannot_be_written_is_told(tmp_path, installs_nothing, capsys, port):
    (tmp_path / "file").write_text("")
    assert launch.main(["--port", port, "--workspace", str(tmp_path / "file")]) == 2
    assert re.fullmatch(r"launch\.py: the workspace .* --workspace DIR\n", capsys.readouterr().err)
    assert installs_nothing == []


def workbench(monkeypatch, main):
    module = types.ModuleType("workbench.__main__")
    module.main = main
    monkeypatch.setitem(sys.modules, "workbench.__main__", module)


def test_without_an_environment_the_workbench_runs_here(monkeypatch, installs_nothing, tmp_path, port):
    seen = []
    workbench(monkeypatch, lambda argv: seen.append(argv))
    assert launch.main(["--workspace", str(tmp_path), "--no-venv", "--port", port]) == 0
    assert seen == [["--workspace", str(tmp_path), "--port", port]]
    assert installs_nothing == []


def fail(error):
    def main(argv):
        raise error

    return main


def test_a_missing_package_is_told(monkeypatch, tmp_path, port, capsys):
    workbench(monkeypatch, fail(ImportError("No module named 'gradio'", name="gradio")))
    assert launch.main(["--no-venv", "--workspace", str(tmp_path), "--port", port]) == 1
    assert re.fullmatch(r"launch\.py: .*gradio.*\n", capsys.readouterr().err)


def test_a_broken_environment_is_mended_at_the_next_start(monkeypatch, tmp_path):
    stamp = tmp_path / ".venv" / "duomo-app.stamp"
    stamp.parent.mkdir()
    stamp.write_text("")
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(stamp.parent))
    workbench(monkeypatch, fail(ImportError("libtorch.so", name="torch")))
    with pytest.raises(InstallationError, match=r"libtorch\.so.*start again"):
        launch.serve([])
    assert not stamp.exists()


def test_an_import_error_of_our_own_is_not_hidden(monkeypatch):
    workbench(monkeypatch, fail(ImportError("cannot import name 'x'", name="engine.tagger")))
    with pytest.raises(ImportError):
        launch.serve([])


def test_ctrl_c_leaves_without_a_traceback(monkeypatch, capsys):
    monkeypatch.setattr(launch, "start", fail(KeyboardInterrupt()))
    assert launch.main([]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_help_needs_nothing_but_the_standard_library():
    # -I -S: no site-packages at all.
    script = "import sys; sys.path.insert(0, '.'); import launch; launch.main(['--help'])"
    answer = subprocess.run([sys.executable, "-I", "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    for option in "host port workspace database checkpoint language no-browser no-venv share auth".split():
        assert f"--{option}" in answer.stdout
    for command in "test account backup restore".split():
        assert f"launch.py {command}" in answer.stdout


def test_an_old_python_is_told_what_it_lacks():
    script = "import sys; sys.path.insert(0, '.'); sys.version_info = (3, 9, 1, 'final', 0); import launch"
    answer = subprocess.run([sys.executable, "-I", "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 1
    assert re.fullmatch(r"Duomo needs Python 3\.10 or newer, and this is 3\.9.*\n", answer.stderr)
