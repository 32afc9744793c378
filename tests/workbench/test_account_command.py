"""``python -m workbench account``: what it does, what it says, and what it refuses."""

from __future__ import annotations

import io
import json

import pytest
from argon2 import PasswordHasher

from workbench.__main__ import main
from workbench.store import Store

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    monkeypatch.setattr(
        "workbench.store.accounts.PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Call the command with something on its input; return status, what was said and what went wrong."""
    monkeypatch.setenv("DUOMO_WORKSPACE", str(tmp_path))
    monkeypatch.delenv("DUOMO_DATABASE", raising=False)

    def calling(*argv: str, given: str = ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        status = main(["account", *argv])
        said = capsys.readouterr()
        return status, said.out, said.err

    return calling


@pytest.fixture
def accounts(tmp_path, call):
    call("add", "wang", "--role", "admin", "--shown", "王老师", "--password-stdin", given=f"{PASSWORD}\n")
    store = Store.open(f"sqlite:///{(tmp_path / 'duomo.db').as_posix()}")
    yield store.accounts
    store.close()


def test_the_first_account_can_be_made_before_the_first_start(accounts):
    (made,) = accounts.list()
    assert (made.name, made.shown, made.role) == ("wang", "王老师", "admin")
    assert accounts.check("wang", PASSWORD)


def test_the_first_must_be_an_admin(call):
    status, said, wrong = call("add", "li", "--password-stdin", given=PASSWORD)
    assert (status, said) == (2, "")
    assert "must be an admin" in wrong and wrong.count("\n") == 1


def test_accounts_are_listed_for_people_and_for_programs(call, accounts):
    accounts.create("li", PASSWORD)
    accounts.disable("li")
    assert "wang  (王老师)  admin\nli" not in call("list")[1]
    assert [line.split("  ")[0] for line in call("list")[1].splitlines()] == ["li", "wang"]
    listed = json.loads(call("list", "--json")[1])
    assert [(one["name"], one["shown"], one["role"], one["disabled"] is None) for one in listed] == [
        ("li", "li", "annotator", False),
        ("wang", "王老师", "admin", True),
    ]
    assert PASSWORD not in str(listed) and "hash" not in listed[0]


def test_a_password_is_asked_for_twice(call, accounts, monkeypatch):
    typed = iter([PASSWORD, "another", "another horse", "another horse"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    assert call("password", "wang")[0] == 2
    assert accounts.check("wang", PASSWORD)
    assert call("password", "wang") == (0, "wang has a new password\n", "")
    assert accounts.check("wang", "another horse")


def test_without_a_keyboard_it_says_how_else(call, accounts, monkeypatch):
    def nobody(prompt):
        raise EOFError

    monkeypatch.setattr("getpass.getpass", nobody)
    assert "--password-stdin" in call("add", "li")[2]


def test_roles_change_and_people_are_disabled_and_enabled(call, accounts):
    accounts.create("li", PASSWORD)
    assert call("role", "li", "curator")[:2] == (0, "li  curator\n")
    assert call("disable", "li")[1].startswith("li  curator  disabled since ")
    assert accounts.check("li", PASSWORD) is None
    assert call("enable", "li")[:2] == (0, "li  curator\n")
    assert accounts.check("li", PASSWORD)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["disable", "wang"], "the only admin"),
        (["role", "wang", "curator"], "the only admin"),
        (["role", "nobody", "curator"], "no account nobody"),
        (["password", "nobody"], "no account nobody"),
        (["add", "wang"], "already"),
        (["add", "li", "--password-stdin"], "8 to 1024"),
    ],
)
def test_refusals_are_one_line(call, accounts, argv, said):
    status, nothing, wrong = call(*argv)
    assert (status, nothing, wrong.count("\n")) == (2, "", 1)
    assert said in wrong


def test_a_database_that_is_not_there_is_not_made_by_looking(call, tmp_path):
    assert call("list")[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_the_help_teaches(capsys):
    for argv, said in [(["--help"], "The first must be an admin"), (["add", "--help"], "admin       may do everything")]:
        with pytest.raises(SystemExit) as left:
            main(["account", *argv])
        assert left.value.code == 0
        assert said in capsys.readouterr().out
