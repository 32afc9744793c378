"""Makes and mends the virtual environment that Duomo runs in, with nothing but the standard library and pip."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CPU_WHEELS = "https://download.pytorch.org/whl/cpu"

# Imported once after installing. sounddevice is only looked for: its import needs PortAudio, which the workbench can do without.
MODULES = (
    "accelerate alembic argon2 gradio librosa matplotlib numpy PIL pypinyin safetensors sqlalchemy torch torchcrf transformers"
).split()
TEST_MODULES = "hypothesis mypy nervaluate playwright psycopg pytest pytest_timeout seqeval".split()

PROBE = """
import importlib, importlib.util, json, sys
names, deep = json.loads(sys.argv[1]), sys.argv[2] == "deep"
broken = ""
for name in names:
    try:
        if importlib.util.find_spec(name) is None:
            broken = f"{name} is missing"
        elif deep:
            importlib.import_module(name)
    except Exception as error:
        broken = f"{name}: {type(error).__name__}: {error}"
    if broken:
        break
print(json.dumps({"version": sys.version, "broken": broken}))
"""


class InstallationError(Exception):
    """The environment cannot be made or filled; the message says why and what to do."""


@dataclass(frozen=True)
class Profile:
    """One thing the environment can be used for.

    Attributes:
        name: ``"app"`` or ``"test"``.
        arguments: what pip is asked to install.
        sources: the files that say what that is; when one changes, pip is asked again.
        modules: what must be importable then.
    """

    name: str
    arguments: tuple[str, ...]
    sources: tuple[str, ...]
    modules: tuple[str, ...]


APP = Profile("app", ("-r", "requirements.txt"), ("requirements.txt",), (*MODULES, "sounddevice"))
TEST = Profile("test", ("-e", ".[test]"), ("requirements.txt", "pyproject.toml"), (*APP.modules, *TEST_MODULES))


class Environment:
    """The virtual environment beside launch.py: made, filled, checked and, if it is broken, made anew.

    A stamp for each profile says with which Python and requirements it was last found whole, so that a second start
    need not ask pip.
    """

    def __init__(self, root: Path) -> None:
        """Look after ``root/.venv``."""
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def ensure(self, profile: Profile) -> Path:
        """Return the environment's Python, with everything of a profile installed.

        Raises:
            InstallationError: if it cannot be made or filled.
        """
        version, broken = self.probe(profile.modules)
        if version and not broken and self._stamp(profile) == self._digest(profile, version):
            return self.python
        fresh = not version
        if fresh:
            self.create()
        self.install(profile)
        version, broken = self._check(profile)
        if broken and not fresh and self._is_ours():
            print(f"The installation is broken ({broken}); making it anew.", flush=True)
            self.create()
            self.install(profile)
            version, broken = self._check(profile)
        if broken:
            raise InstallationError(
                f"The installation in {self.folder} does not work: {broken}\nDelete that folder and start again."
            )
        self._stamp_file(profile).write_text(self._digest(profile, version), encoding="utf-8")
        return self.python

    def probe(self, modules: tuple[str, ...], deep: bool = False) -> tuple[str, str]:
        """Ask the environment for its Python's version and for the first module that is missing; deep, that fails to import.

        Returns:
            The version, empty if there is no working Python, and what is broken, empty if nothing is.
        """
        command = [str(self.python), "-c", PROBE, json.dumps(modules), "deep" if deep else "quick"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, cwd=self.root, timeout=600)
            found = json.loads(answer.stdout.splitlines()[-1])
        except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
            return "", f"{self.python} does not run ({type(error).__name__})"
        return found["version"], found["broken"]

    def create(self) -> None:
        """Make the environment, in place of a broken one of ours.

        Raises:
            InstallationError: if it cannot be made, or what is there is not ours to replace.
        """
        if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
            raise InstallationError("This Python lacks its venv module; on Debian and Ubuntu: sudo apt install python3-venv")
        if self.folder.exists():
            if not self._is_ours():
                raise InstallationError(
                    f"{self.folder} is there but is not a working environment of Duomo's; delete it and start again"
                )
            shutil.rmtree(self.folder)
        print(f"Making {self.folder}", flush=True)
        try:
            self.folder.mkdir()
            self._mark().touch()
        except OSError as error:
            raise InstallationError(f"{self.folder} cannot be made ({error.strerror}); put Duomo where you may write") from error
        made = subprocess.run([sys.executable, "-m", "venv", str(self.folder)], capture_output=True, text=True)
        if made.returncode:
            said = (made.stdout + made.stderr).strip().splitlines()[-5:]
            raise InstallationError(
                "\n".join([*said, f"{self.folder} could not be made; mend what is said above and start again"])
            )

    def install(self, profile: Profile) -> None:
        """Let pip install a profile, with its progress in short.

        Raises:
            InstallationError: if pip fails.
        """
        print("Installing; the first time this takes some minutes and about 2 GB of disk.", flush=True)
        command = [str(self.python), "-m", "pip", "install", "--progress-bar", "off", *_cpu_index(), *profile.arguments]
        settings = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0", "PYTHONUNBUFFERED": "1"}
        status, said = run_with_progress(command, cwd=self.root, environ={**os.environ, **settings})
        if status:
            raise InstallationError("\n".join([*said, advice("\n".join(said))]))

    def discard_stamps(self) -> None:
        """Have the next start check the installation and mend it."""
        for stamp in self.folder.glob("duomo-*.stamp"):
            stamp.unlink()

    def _check(self, profile: Profile) -> tuple[str, str]:
        print("Checking the installation.", flush=True)
        version, broken = self.probe(tuple(name for name in profile.modules if name != "sounddevice"), deep=True)
        return version, broken or self.probe(profile.modules)[1]

    def _mark(self) -> Path:
        return self.folder / "made-by-duomo"

    def _is_ours(self) -> bool:
        return self._mark().exists()

    def _stamp_file(self, profile: Profile) -> Path:
        return self.folder / f"duomo-{profile.name}.stamp"

    def _stamp(self, profile: Profile) -> str:
        file = self._stamp_file(profile)
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def _digest(self, profile: Profile, version: str) -> str:
        contents = [(self.root / source).read_bytes() for source in profile.sources]
        return hashlib.sha256(b"\0".join([version.encode(), str(self.root).encode(), *contents])).hexdigest()


def _cpu_index() -> list[str]:
    """Return pip's option for PyTorch's CPU wheels, where PyPI's would bring gigabytes of CUDA that nothing here can use.

    Someone who has told pip where to find packages is not overruled.
    """
    configured = any(os.environ.get(f"PIP_{name}") for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX"))
    if configured or _has_nvidia() or not sys.platform.startswith("linux"):
        return []
    try:
        # An unreachable index would have pip retry for minutes at every package.
        with urllib.request.urlopen(f"{CPU_WHEELS}/torch/", timeout=5):
            return ["--extra-index-url", CPU_WHEELS]
    except OSError:
        return []


def _has_nvidia() -> bool:
    return Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None


def summarise(line: str) -> str:
    """Return a line of pip's in short, empty for one that tells its reader nothing."""
    if match := re.match(r"\s*Downloading \S*?([A-Za-z][\w.]*)-(\d[\w.!+%]*?)(?:%2B\w+)?(?:-|\.tar|\.zip)\S* \((.+)\)", line):
        return f"downloading {match[1]} {match[2]} ({match[3]})"
    if match := re.match(r"\s*Collecting ([\w.-]+)", line):
        return f"looking for {match[1]}"
    if match := re.match(r"\s*Building wheel for ([\w.-]+)", line):
        return f"building {match[1]}"
    if match := re.match(r"Installing collected packages: (.+)", line):
        return f"unpacking {match[1].count(',') + 1} packages; this takes about a minute"
    return ""


def advice(said: str) -> str:
    """Return what to do about a failure of pip's."""
    if "No space left" in said:
        return "The disk is full: Duomo needs about 2 GB for its packages; free some space and start again."
    if re.search(
        r"NewConnectionError|name resolution|ConnectTimeout|ReadTimeout|SSLError|ProxyError|No matching distribution", said
    ):
        return (
            "The package index could not be reached, or lacks a package; check the connection and start again. "
            "A mirror can be named: PIP_INDEX_URL=https://mirrors.aliyun.com/pypi/simple python3 launch.py"
        )
    return "pip could not install Duomo's packages; mend what it says above and start again. What is downloaded is kept."


class _Progress:
    """Shows what is being done and for how long: one live line on a terminal, now and then a line elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._began = time.monotonic()
        self._due = 0.0
        self._doing = "asking the package index"

    def show(self, doing: str = "") -> None:
        self._doing = doing or self._doing
        seconds = time.monotonic() - self._began
        if seconds >= self._due:
            self._due = seconds + (0.2 if self._live else 10)
            self._write(seconds, "" if self._live else "\n")

    def end(self, doing: str) -> None:
        self._doing = doing
        self._write(time.monotonic() - self._began, "\n")

    def _write(self, seconds: float, end: str) -> None:
        clear = "\r\033[K" if self._live else ""
        print(f"{clear}  {seconds:4.0f} s  {self._doing}", end=end, flush=True)


def run_with_progress(command: list[str], cwd: Path, environ: dict[str, str]) -> tuple[int, list[str]]:
    """Run pip and show in short how it goes.

    Returns:
        The exit status and the last lines said.
    """
    progress, said = _Progress(), deque[str](maxlen=12)
    with subprocess.Popen(
        command, cwd=cwd, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ) as process:
        for line in _lines_or_ticks(process.stdout or ()):
            if line:
                said.append(line)
            progress.show(summarise(line))
    progress.end("failed" if process.returncode else "installed")
    return process.returncode, list(said)


def _lines_or_ticks(stream: Iterable[str]) -> Iterator[str]:
    """Yield each line, and the empty string for each second that passes without one."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in stream:
            lines.put(line.rstrip())
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            line = ""
        if line is None:
            return
        yield line
