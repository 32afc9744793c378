"""The environment is installed once, mended when broken, and never made over something that is not ours."""

import io
import sys

import pytest

from workbench import installation
from workbench.installation import Environment, InstallationError, Profile, advice, run_with_progress, summarise

PROFILE = Profile("app", ("-r", "requirements.txt"), ("requirements.txt",), ("json",))


class FakeEnvironment(Environment):
    """An environment whose Python is the one that runs the test, and whose pip writes down that it was called.

    ``broken`` is what each deep check finds, in turn; when it runs out, nothing.
    """

    def __init__(self, root, broken=()):
        super().__init__(root)
        self.done, self.broken, self.missing = [], list(broken), ""

    def probe(self, modules, deep=False):
        if not self.python.exists():
            return "", "no Python"
        found = self.broken.pop(0) if deep and self.broken else ""
        return self.python.read_text(), found or self.missing

    def create(self):
        self.done.append("create")
        self.python.parent.mkdir(parents=True, exist_ok=True)
        self.python.write_text("3.11.2")
        self._mark().touch()

    def install(self, profile):
        self.done.append("install")
        self.missing = ""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "requirements.txt").write_text("gradio==6.31.0\n")
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def ensure(environment):
    environment.done.clear()
    assert environment.ensure(PROFILE) == environment.python
    return environment.done


def test_the_second_start_installs_nothing(root):
    environment = FakeEnvironment(root)
    assert ensure(environment) == ["create", "install"]
    assert ensure(environment) == []
    assert ensure(FakeEnvironment(root)) == []


def test_changed_requirements_or_another_python_are_installed_once(root):
    environment = FakeEnvironment(root)
    ensure(environment)
    (root / "requirements.txt").write_text("gradio==6.32.0\n")
    assert ensure(environment) == ["install"]
    environment.python.write_text("3.12.1")
    assert ensure(environment) == ["install"]
    assert ensure(environment) == []


def test_the_tests_have_a_stamp_of_their_own(root):
    environment = FakeEnvironment(root)
    ensure(environment)
    tests = Profile("test", (), ("requirements.txt", "pyproject.toml"), ())
    environment.done.clear()
    environment.ensure(tests)
    environment.ensure(tests)
    assert environment.done == ["install"]


def test_an_interrupted_installation_is_gone_on_with(root):
    environment = FakeEnvironment(root)
    environment.create()
    assert ensure(environment) == ["install"]


def test_a_missing_package_is_installed_again(root):
    environment = FakeEnvironment(root)
    ensure(environment)
    environment.missing = "gradio is missing"
    assert ensure(environment) == ["install"]


def test_a_broken_package_has_the_environment_made_anew(root):
    environment = FakeEnvironment(root)
    ensure(environment)
    environment.discard_stamps()
    environment.broken = ["torch: OSError: libtorch.so"]
    assert ensure(environment) == ["install", "create", "install"]


def test_an_environment_that_stays_broken_is_told_and_not_stamped(root):
    environment = FakeEnvironment(root, broken=["torch: OSError: libtorch.so"])
    with pytest.raises(InstallationError, match=r"torch: OSError.*\n.*start again"):
        environment.ensure(PROFILE)
    assert ensure(environment) == ["install"]


def test_a_folder_that_is_not_ours_is_left_alone(root):
    (root / ".venv").mkdir()
    (root / ".venv" / "thesis.tex").write_text("")
    with pytest.raises(InstallationError, match="delete it and start again"):
        Environment(root).create()
    assert (root / ".venv" / "thesis.tex").exists()


def test_a_python_without_venv_says_what_to_install(root, monkeypatch):
    monkeypatch.setattr(installation.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InstallationError, match="apt install python3-venv"):
        Environment(root).create()
    assert not (root / ".venv").exists()


def test_a_real_environment_is_made_and_probed(root):
    environment = Environment(root)
    assert environment.probe(("json",))[0] == ""
    environment.create()
    version, broken = environment.probe(("json", "no_such_module_at_all"))
    assert version == sys.version
    assert broken == "no_such_module_at_all is missing"
    assert environment.probe(("json",), deep=True) == (sys.version, "")
    environment.python.unlink()
    environment.create()
    assert environment.probe(("json",)) == (sys.version, "")


def test_a_module_that_fails_to_import_is_found_by_the_deep_probe(root):
    environment = Environment(root)
    (root / "halfmade.py").write_text("raise OSError('libfoo.so is missing')")
    environment.create()
    assert environment.probe(("halfmade",)) == (sys.version, "")
    assert "libfoo.so" in environment.probe(("halfmade",), deep=True)[1]


def test_pips_progress_is_shown_in_short(tmp_path, capsys):
    script = "print('Collecting gradio==6.31.0'); print('ERROR: No space left on device'); raise SystemExit(1)"
    status, said = run_with_progress([sys.executable, "-c", script], tmp_path, {})
    assert (status, said[-1]) == (1, "ERROR: No space left on device")
    shown = capsys.readouterr().out
    assert "looking for gradio" in shown
    assert "failed" in shown


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("Collecting torch==2.13.0 (from -r requirements.txt (line 5))", "looking for torch"),
        (
            "  Downloading https://x.org/a/torch-2.13.0%2Bcpu-cp311-cp311-linux.whl (180.5 MB)",
            "downloading torch 2.13.0 (180.5 MB)",
        ),
        ("  Downloading python_dateutil-2.9-py2.py3-none-any.whl (229 kB)", "downloading python_dateutil 2.9 (229 kB)"),
        ("  Downloading seqeval-1.2.2.tar.gz (43 kB)", "downloading seqeval 1.2.2 (43 kB)"),
        ("Installing collected packages: a, b, c", "unpacking 3 packages; this takes about a minute"),
        ("  Building wheel for seqeval (pyproject.toml): started", "building seqeval"),
        ("  Using cached x", ""),
    ],
)
def test_a_line_of_pips_in_short(line, short):
    assert summarise(line) == short


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: Temporary failure in name resolution", "PIP_INDEX_URL="),
        ("error: subprocess-exited-with-error", "mend what it says above"),
    ],
)
def test_a_failure_of_pips_says_what_to_do(said, told):
    assert told in advice(said)


@pytest.fixture
def linux(monkeypatch):
    """A Linux machine without NVIDIA, whose pip is as it comes, and that reaches PyTorch's index."""
    for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(installation, "_has_nvidia", lambda: False)
    monkeypatch.setattr(installation.urllib.request, "urlopen", lambda *_, **__: io.BytesIO())


def test_without_nvidia_pytorch_comes_without_cuda(linux):
    assert installation._cpu_index() == ["--extra-index-url", installation.CPU_WHEELS]


def test_with_nvidia_or_another_index_pip_does_as_it_would(linux, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert installation._cpu_index() == []
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setattr(installation, "_has_nvidia", lambda: True)
    assert installation._cpu_index() == []


def test_an_unreachable_index_is_done_without(linux, monkeypatch):
    def refuse(*_, **__):
        raise OSError("unreachable")

    monkeypatch.setattr(installation.urllib.request, "urlopen", refuse)
    assert installation._cpu_index() == []
