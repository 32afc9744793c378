"""``python -m workbench account``: who may sign in, from the command line."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.store.command import add_place, check_there, place
from workbench.store.errors import StoreError

if TYPE_CHECKING:
    from workbench.store import Account, Store

    _Does = Callable[[Store, argparse.Namespace], str]

_PROG = "python -m workbench account"
_TEACHING = """\
As soon as there is an account, whoever opens the page has to sign in. The first must be an admin:

  python -m workbench account add teacher --role admin
  python -m workbench account add li --shown 李老师
  python -m workbench account list

Passwords are asked for, or read from the first line of the input:

  pwgen 16 1 | tee password.txt | python -m workbench account add li --password-stdin

An account is never deleted, since annotations name it; disable it instead. A running workbench notices at once."""
_ROLES = """\
roles:
  annotator   works in the projects that they are members of
  curator     may also make projects, retrain models and take them into use
  admin       may do everything everywhere, and looks after the accounts"""


def run(argv: Sequence[str]) -> int:
    """Do what is asked; return the exit status, 2 for what the caller can mend.

    Args:
        argv: the command line after ``account``.
    """
    from workbench.store import Store

    chosen = _parser().parse_args(argv)
    _, address = place(chosen)
    try:
        if chosen.command != "add":
            check_there(address)
        store = Store.open(address)
        try:
            print(chosen.does(store, chosen))
        finally:
            store.close()
    except StoreError as error:
        print(f"{_PROG}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog=_PROG, description="Say who may sign in.", epilog=_TEACHING, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, does: _Does, meaning: str, **more: Any) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=meaning, description=meaning, **more)
        made.set_defaults(does=does)
        if name != "list":
            made.add_argument("name", metavar="NAME", help="what they sign in with")
        add_place(made)
        return made

    roles = ("annotator", "curator", "admin")
    listing = command("list", _list, "every account, disabled ones too")
    listing.add_argument("--json", action="store_true", help="for programs: one JSON list")
    adding = command("add", _add, "make an account", epilog=_ROLES, formatter_class=raw)
    adding.add_argument("--role", choices=roles, default="annotator", help="(default: %(default)s)")
    adding.add_argument("--shown", default="", metavar="NAME", help="what others read (default: the name)")
    changing = command("password", _password, "give an account another password; its open sessions end")
    for asking in (adding, changing):
        asking.add_argument("--password-stdin", action="store_true", help="read the password from the first line of the input")
    role = command("role", _role, "give an account another role", epilog=_ROLES, formatter_class=raw)
    role.add_argument("role", choices=roles)
    command("disable", _disable, "let somebody sign in no more; what they did stays theirs, and their open sessions end")
    command("enable", _disable, "let somebody sign in again")
    return parser


def _list(store: Store, chosen: argparse.Namespace) -> str:
    accounts = store.accounts.list()
    if chosen.json:
        return json.dumps([_as_json(account) for account in accounts], ensure_ascii=False, indent=2)
    if not accounts:
        return f"no accounts: nobody has to sign in; make the first with {_PROG} add NAME --role admin"
    return "\n".join(_line(account) for account in accounts)


def _add(store: Store, chosen: argparse.Namespace) -> str:
    # Asked first: nobody should think of a password for a name that is taken.
    if any(account.name == chosen.name.strip() for account in store.accounts.list()):
        raise StoreError(f"there is an account {chosen.name} already; choose another name")
    return _line(store.accounts.create(chosen.name, _ask(chosen), chosen.role, shown=chosen.shown))


def _password(store: Store, chosen: argparse.Namespace) -> str:
    name = store.accounts.get(chosen.name).name
    store.accounts.change_password(name, _ask(chosen))
    return f"{name} has a new password"


def _role(store: Store, chosen: argparse.Namespace) -> str:
    return _line(store.accounts.change(chosen.name, role=chosen.role))


def _disable(store: Store, chosen: argparse.Namespace) -> str:
    return _line(store.accounts.disable(chosen.name, disabled=chosen.command == "disable"))


def _ask(chosen: argparse.Namespace) -> str:
    """Return a password.

    Raises:
        StoreError: if two different ones are typed, or none can be.
    """
    if chosen.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        password = getpass.getpass(f"Password of {chosen.name}: ")
        again = getpass.getpass("The same again: ")
    except EOFError as error:
        raise StoreError("no password was typed; use --password-stdin where there is no keyboard") from error
    if password != again:
        raise StoreError("the two passwords differ; type the same one twice")
    return password


def _line(account: Account) -> str:
    shown = f"  ({account.shown})" if account.shown != account.name else ""
    since = f"  disabled since {account.disabled:%Y-%m-%d}" if account.disabled else ""
    return f"{account.name}{shown}  {account.role}{since}"


def _as_json(account: Account) -> dict[str, Any]:
    disabled = account.disabled.isoformat() if account.disabled else None
    return {
        "name": account.name,
        "shown": account.shown,
        "role": account.role,
        "created": account.created.isoformat(),
        "disabled": disabled,
    }
