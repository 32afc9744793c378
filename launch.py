"""Starts Duomo: ``python3 launch.py`` installs what it needs beside itself, once, and opens the workbench.

``python3 launch.py test`` installs what the tests need as well and runs them on all cores, with any arguments of pytest;
``backup``, ``restore`` and ``account`` do what they do after ``python -m workbench``. This file must stay readable to an old
Python, which is told here what it lacks.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 10):  # noqa: UP036 - an older Python gets this line instead of a traceback
    sys.exit("Duomo needs Python 3.10 or newer, and this is %d.%d; start it with a newer one" % sys.version_info[:2])  # noqa: UP031

from workbench import settings  # noqa: E402 - newer syntax, not to be read before the version is known
from workbench.installation import APP, TEST, Environment, InstallationError  # noqa: E402

ROOT = Path(__file__).resolve().parent
# A file's tests share what they set up, so a file is one worker's; in the order of their names those of the browser come early.
TESTS = ["-m", "pytest", "--numprocesses=auto", "--maxprocesses=8", "--dist=loadfile", "--no-loadscope-reorder"]
EPILOG = """python3 launch.py account ...               who may sign in: list, add, password, role, disable, enable
python3 launch.py backup FILE               everything people made, in one file
python3 launch.py restore FILE              brings it back
python3 launch.py test [ARGUMENTS OF PYTEST]  runs the tests"""


def main(argv: list[str]) -> int:
    """Install what is missing, then run the workbench or the tests in the environment; return the exit status."""
    inside = argv[:1] == ["--no-venv"]
    try:
        if argv[inside : inside + 1] == ["test"]:
            python = Path(sys.executable) if inside else Environment(ROOT).ensure(TEST)
            os.chdir(ROOT)
            return become(python, [*TESTS, *argv[inside + 1 :]])
        if argv[inside : inside + 1] and argv[inside] in settings.COMMANDS:
            return command(argv[inside:], inside)
        return start(argv)
    except (InstallationError, settings.SettingsError) as error:
        print(f"launch.py: {error}", file=sys.stderr)
        return 2 if isinstance(error, settings.SettingsError) else 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def start(argv: list[str]) -> int:
    """Check the options, then run the workbench, in this Python with ``--no-venv``, else in the environment's."""
    parser = settings.parser("launch.py")
    parser.add_argument("--no-venv", action="store_true", help="use this Python and what is installed in it, install nothing")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    chosen = parser.parse_args(argv)
    settings.settle(parser, chosen).check()
    if chosen.no_venv:
        return serve([argument for argument in argv if argument != "--no-venv"])
    python = Environment(ROOT).ensure(APP)
    return become(python, [str(ROOT / "launch.py"), "--no-venv", *argv])


def command(argv: list[str], here: bool) -> int:
    """Run a command of the workbench, in this Python or in the environment's."""
    if here:
        return serve(argv)
    return become(Environment(ROOT).ensure(APP), [str(ROOT / "launch.py"), "--no-venv", *argv])


def serve(argv: list[str]) -> int:
    """Run the workbench, or a command of it, in this Python.

    Raises:
        InstallationError: if one of its packages cannot be imported.
    """
    try:
        from workbench.__main__ import main as workbench

        return workbench(argv) or 0
    except ImportError as error:
        if (error.name or "").partition(".")[0] in ("engine", "workbench"):
            raise
        if Path(sys.prefix) == ROOT / ".venv":
            Environment(ROOT).discard_stamps()
            raise InstallationError(f"the installation is broken ({error}); start again and it will be mended") from error
        raise InstallationError(
            f"this Python lacks a package ({error}); start without --no-venv, or install requirements.txt"
        ) from error


def become(python: Path, arguments: list[str]) -> int:
    """Go on as another Python; on Windows, which cannot, wait for it and return its exit status."""
    command = [str(python), *arguments]
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.call(command)
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
