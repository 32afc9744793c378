"""One frozen Settings from the command line and the environment.

Every option can also be given as ``DUOMO_NAME``, ``DUOMO_PORT=7900`` say; the command line wins. Only the standard library is
imported here, because ``launch.py`` reads the settings before anything is installed.
"""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

LANGUAGES = ("zh", "en")
COMMANDS = ("backup", "restore", "account")
"""What ``python -m workbench`` and ``launch.py`` do besides serving the page, each with options of its own."""
_SWITCHES = {"1": True, "true": True, "yes": True, "on": True, "": False, "0": False, "false": False, "no": False, "off": False}


class SettingsError(Exception):
    """An option cannot be used; the message is one line that says what would be."""


@dataclass(frozen=True)
class Settings:
    """What the workbench is started with.

    Attributes:
        host: address to listen on; anything but loopback needs an account.
        port: TCP port.
        workspace: folder of everything that users make: the database, runs and their checkpoints.
        database: SQLAlchemy URL of the store.
        checkpoint: name or folder of the checkpoint to begin with; empty for the one last in use.
        language: ``"zh"`` or ``"en"``, the language the page opens in.
        browser: whether to open a browser.
        share: whether to publish the page through Gradio's tunnel.
        auth: name and password of an admin's account that is to be there, or ``None``.
        asr: name or folder of the speech recogniser that writes recordings down; empty for none.
    """

    host: str
    port: int
    workspace: Path
    database: str
    checkpoint: str = ""
    language: str = "zh"
    browser: bool = True
    share: bool = False
    auth: tuple[str, str] | None = None
    asr: str = ""

    @property
    def open(self) -> bool:
        """Tell whether others than who sits at this machine can open the page; then one has to sign in."""
        return self.share or not is_loopback(self.host)

    @property
    def microphone(self) -> bool:
        """Tell whether the page may use this machine's microphone: only if nobody but who sits at it can open the page."""
        return not self.open

    @property
    def address(self) -> str:
        """Return the address to type into a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def check(self) -> None:
        """Make the workspace and see that it can be written and that the port is free.

        Raises:
            SettingsError: if not, naming what can be used instead.
        """
        prepare_workspace(self.workspace)
        check_port(self.host, self.port)


class _OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line; ``--help`` has the rest."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parser(prog: str, environ: Mapping[str, str] | None = None) -> argparse.ArgumentParser:
    """Define the options, with defaults from the environment; :func:`settle` checks what they say together.

    Args:
        prog: name to print in messages.
        environ: the environment; ``os.environ`` by default.
    """
    env = os.environ if environ is None else environ
    options = _OneLineParser(prog=prog, description="Duomo 多模: a workbench for Chinese multimodal named entity recognition.")

    def text(name: str, default: str, metavar: str, meaning: str) -> None:
        options.add_argument(f"--{name}", default=env.get(f"DUOMO_{name.upper()}", default), metavar=metavar, help=meaning)

    def switch(name: str, meaning: str) -> None:
        variable = "DUOMO_" + name.upper().replace("-", "_")
        default = env.get(variable, "").lower()
        if default not in _SWITCHES:
            options.error(f"{variable} is {default!r}; set it to 1 or 0")
        options.add_argument(f"--{name}", action="store_true", default=_SWITCHES[default], help=meaning)

    text("host", "127.0.0.1", "HOST", "address to listen on; any but this machine's own needs an account (default: %(default)s)")
    text("port", "7860", "PORT", "port to listen on (default: %(default)s)")
    text("workspace", str(default_workspace(env)), "DIR", "folder for everything you make (default: %(default)s)")
    text("database", "", "URL", "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME (default: duomo.db in the workspace)")
    text("checkpoint", "", "NAME", "model to begin with: a name or a folder (default: the one last in use)")
    text("language", "zh", "LANGUAGE", "language the page opens in: zh or en (default: %(default)s)")
    text("asr", "", "MODEL", "speech recogniser, a folder or name that transformers can load, to write recordings down with")
    switch("no-browser", "do not open a browser")
    switch("share", "publish the page through Gradio's tunnel; needs an account")
    # Not shown as a default: a password has no place in a help text.
    options.add_argument(
        "--auth",
        default=env.get("DUOMO_AUTH", ""),
        metavar="USER:PASSWORD",
        help="an admin's account, made if it is not there",
    )
    return options


def parse(argv: Sequence[str], environ: Mapping[str, str] | None = None, prog: str = "python -m workbench") -> Settings:
    """Read the settings, or print one line and leave with status 2.

    Args:
        argv: the command line without the program's name.
        environ: the environment; ``os.environ`` by default.
        prog: name to print in messages.
    """
    options = parser(prog, environ)
    return settle(options, options.parse_args(argv), environ)


def settle(options: argparse.ArgumentParser, chosen: argparse.Namespace, environ: Mapping[str, str] | None = None) -> Settings:
    """Turn parsed options into settings, or print one line and leave with status 2."""
    try:
        return _settings(chosen, os.environ if environ is None else environ)
    except SettingsError as error:
        options.error(str(error))


def _settings(chosen: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    if chosen.language not in LANGUAGES:
        raise SettingsError(f"--language {chosen.language} is not known; use {' or '.join(LANGUAGES)}")
    workspace = Path(chosen.workspace).expanduser().absolute()
    return Settings(
        host=chosen.host,
        port=_port(chosen.port),
        workspace=workspace,
        database=chosen.database or f"sqlite:///{(workspace / 'duomo.db').as_posix()}",
        checkpoint=chosen.checkpoint,
        language=chosen.language,
        browser=not chosen.no_browser and has_display(environ),
        share=chosen.share,
        auth=_auth(chosen.auth),
        asr=chosen.asr,
    )


def _port(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 65535):
        raise SettingsError(f"--port {value} is not a port; use a number from 1 to 65535, such as 7860")
    return int(value)


def _auth(value: str) -> tuple[str, str] | None:
    if not value:
        return None
    user, _, password = value.partition(":")
    if not user or not password:
        raise SettingsError("--auth needs a user and a password with a colon between them: --auth USER:PASSWORD")
    return user, password


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address; a name other than ``localhost`` is taken to be open."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_display(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Tell whether a browser window could be shown: a Linux machine needs a display, others have one."""
    return not platform.startswith("linux") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def default_workspace(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return where a program keeps its user's data on this kind of system."""
    home = Path.home()
    if platform == "darwin":
        return home / "Library" / "Application Support" / "Duomo"
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "Duomo"
    return Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "duomo"


def prepare_workspace(folder: Path) -> None:
    """Make the workspace if it is not there, and see that files can be written in it.

    Raises:
        SettingsError: if they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            f"the workspace {folder} cannot be written ({reason}); choose another with --workspace DIR"
        ) from error


def check_port(host: str, port: int) -> None:
    """See that the address can be listened on.

    Raises:
        SettingsError: if it cannot; for a taken port the message names the next free one.
    """
    error = _listen_error(host, port)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        free = next((other for other in range(port + 1, min(port + 200, 65536)) if _listen_error(host, other) is None), None)
        advice = f"start with --port {free}" if free else "start with another --port"
        raise SettingsError(f"port {port} on {host} is taken by another program; {advice}")
    if error.errno in (errno.EACCES, errno.EPERM):
        raise SettingsError(f"port {port} is reserved for the system; start with --port 7860")
    raise SettingsError(f"this machine cannot listen on {host} ({error.strerror or error}); start with --host 127.0.0.1")


def _listen_error(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            # Without it a port lingering from the last start reads as taken; on Windows the option means something else.
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            # Binding alone succeeds beside a listener that set the same option.
            listener.listen(1)
    except OSError as error:
        return error
    return None
