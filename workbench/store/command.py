"""``python -m workbench backup FILE`` and ``python -m workbench restore FILE``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.settings import default_workspace
from workbench.store.errors import StoreError


def run(argv: Sequence[str]) -> int:
    """Write a backup or bring one back; return the exit status, 2 for what the caller can mend.

    Args:
        argv: the command line from ``backup`` or ``restore`` on.
    """
    chosen = _parser().parse_args(argv)
    workspace, address = place(chosen)
    try:
        print(_backup(address, workspace, chosen.file) if chosen.command == "backup" else _restore(address, workspace, chosen))
    except StoreError as error:
        print(f"python -m workbench: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workbench", description="Save what people made, and bring it back.")
    commands = parser.add_subparsers(dest="command", required=True)
    saving = commands.add_parser("backup", help="write everything into one file, while others work")
    bringing = commands.add_parser("restore", help="bring back what a backup holds")
    for command in (saving, bringing):
        command.add_argument("file", type=Path, metavar="FILE", help="the backup, a ZIP file")
        add_place(command)
    bringing.add_argument(
        "--replace", action="store_true", help="replace a database that holds work; it is saved to the workspace first"
    )
    return parser


def add_place(command: argparse.ArgumentParser) -> None:
    """Let a command say which workspace and database it is about; see :func:`place`."""
    workspace = Path(os.environ.get("DUOMO_WORKSPACE") or default_workspace(os.environ))
    command.add_argument("--workspace", type=Path, default=workspace, metavar="DIR", help="(default: %(default)s)")
    command.add_argument(
        "--database",
        default=os.environ.get("DUOMO_DATABASE", ""),
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME (default: duomo.db in the workspace)",
    )


def place(chosen: argparse.Namespace) -> tuple[Path, str]:
    """Return the workspace that a command is about and the URL of its database."""
    workspace = chosen.workspace.expanduser().absolute()
    return workspace, chosen.database or f"sqlite:///{(workspace / 'duomo.db').as_posix()}"


def check_there(address: str) -> None:
    """See that a database is there, where that can be told without opening it.

    Raises:
        StoreError: if it is not.
    """
    if address.startswith("sqlite:///") and not Path(address.removeprefix("sqlite:///")).is_file():
        raise StoreError(f"there is no database {address.removeprefix('sqlite:///')}; give --workspace or --database")


def _backup(address: str, workspace: Path, file: Path) -> str:
    from workbench.store.backup import backup

    check_there(address)
    made = backup(address, workspace, file)
    return f"{file}: {made.tables['documents']} documents, {made.tables['revisions']} revisions, {made.files} files"


def _restore(address: str, workspace: Path, chosen: argparse.Namespace) -> str:
    from workbench.store.backup import restore

    found, saved = restore(chosen.file, address, workspace, replace=chosen.replace)
    before = f"; what was there before is in {saved}" if saved else ""
    return (
        f"{workspace}: {found.tables['documents']} documents, {found.tables['revisions']} revisions, {found.files} files{before}"
    )
