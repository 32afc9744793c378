"""Signing in: who is let in and for how long, how guessing is made slow, and when a start is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.workbench.awaiting import awaited
from workbench import signing
from workbench.settings import SettingsError, parse
from workbench.signing import FIRST_WAIT, FORGOTTEN, FREE, LONGEST_WAIT, Signing, Throttle, require_accounts
from workbench.store import Store, StoreError

PASSWORD = "correct horse"


class Clock:
    """Stands for the clock; it goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "workbench.store.accounts.PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    opened = Store.open(f"sqlite:///{(tmp_path / 'duomo.db').as_posix()}")
    yield opened
    opened.close()


@pytest.fixture
def door(store, clock) -> Signing:
    store.accounts.create("admin", PASSWORD, "admin")
    store.accounts.create("li", PASSWORD)
    return Signing(store.accounts, clock)


# guessing


def test_after_some_wrong_tries_a_name_waits_longer_each_time_and_not_for_ever(clock):
    throttle = Throttle(clock)
    assert [throttle.admit("li") for _ in range(FREE)] == [True] * FREE
    waits = []
    for _ in range(6):
        before = clock.now
        while not throttle.admit("li"):
            clock.now += 1
        waits.append(clock.now - before)
    assert waits == [FIRST_WAIT, 60, 120, 240, LONGEST_WAIT, LONGEST_WAIT]
    assert throttle.admit("wang"), "others do not wait"


def test_tries_are_forgotten_after_a_while_or_when_the_password_was_right(clock):
    throttle = Throttle(clock)
    for _ in range(FREE):
        throttle.admit("li")
    throttle.forget("li")
    assert [throttle.admit("li") for _ in range(FREE + 1)] == [True] * FREE + [False]
    clock.now += FORGOTTEN
    assert [throttle.admit("li") for _ in range(FREE + 1)] == [True] * FREE + [False]


def test_a_refused_try_does_not_prolong_the_wait(clock):
    throttle = Throttle(clock)
    for _ in range(FREE):
        throttle.admit("li")
    for _ in range(int(FIRST_WAIT) - 1):
        clock.now += 1
        assert not throttle.admit("li")
    clock.now += 1
    assert throttle.admit("li")


def test_of_many_tries_at_once_only_the_free_ones_are_let_through(clock):
    throttle = Throttle(clock)
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(lambda _: throttle.admit("li"), range(200))) == FREE


def test_names_that_are_remembered_are_bounded(clock, monkeypatch):
    monkeypatch.setattr(signing, "_NAMES", 10)
    throttle = Throttle(clock)
    for n in range(100):
        throttle.admit(f"{n}" + "x" * 100_000)
    assert len(throttle._tries) == 10
    assert max(map(len, throttle._tries)) <= 64


def test_while_a_name_waits_the_right_password_is_refused_too(door, clock):
    for _ in range(FREE):
        assert not door.right("li", "wrong")
    assert not door.right("li", PASSWORD)
    assert not door.right(" li ", PASSWORD), "blanks make no other name"
    assert door.right("admin", PASSWORD)
    clock.now += FIRST_WAIT
    assert awaited(door.enter("li", PASSWORD))
    assert not door.right("li", "wrong") and door.right("li", PASSWORD)


# sessions


def test_without_accounts_everybody_is_signed_in_as_nobody(store, clock):
    sessions = Signing(store.accounts, clock).sessions
    assert (sessions.get(None), sessions.get("made up")) == ("", "")
    store.accounts.create("admin", PASSWORD, "admin")
    sessions.refresh()
    assert (sessions.get(None), sessions.get("made up")) == (None, None)


def test_an_account_made_elsewhere_is_known_a_second_later(store, clock):
    sessions = Signing(store.accounts, clock).sessions
    assert sessions.get(None) == ""
    store.accounts.create("admin", PASSWORD, "admin")
    clock.now += 1
    assert sessions.get(None) is None


def test_a_session_ends_with_signing_out_disabling_and_a_new_password(door, store, clock):
    sessions = door.sessions
    sessions["one"] = sessions["two"] = "li"
    sessions["three"] = "admin"
    assert [sessions.get(token) for token in ("one", "two", "three", None)] == ["li", "li", "admin", None]
    del sessions["one"]
    assert sessions.get("one") is None
    store.accounts.disable("li")
    clock.now += 1
    assert (sessions.get("two"), sessions.get("three")) == (None, "admin")
    store.accounts.disable("li", disabled=False)
    sessions.refresh()
    assert sessions.get("two") == "li"
    store.accounts.change_password("li", "another horse")
    sessions.refresh()
    assert sessions.get("two") is None
    sessions["four"] = "li"
    assert sessions.get("four") == "li"


def test_who_changes_their_password_stays_where_they_did(door, store):
    sessions = door.sessions
    sessions["here"] = sessions["there"] = "li"
    sessions["admin's"] = "admin"
    store.accounts.change_password("li", "another horse")
    sessions.renew("li", ["here", "admin's", "no token"])
    assert [sessions.get(token) for token in ("here", "there", "admin's", "no token")] == ["li", None, "admin", None]


# starting


def settings(*argv: str):
    return parse(["--workspace", "/nowhere", *argv], {})


@pytest.mark.parametrize("argv", [["--host", "0.0.0.0"], ["--share"], ["--host", "192.168.1.5"]])
def test_a_page_open_to_others_needs_an_account(store, argv):
    with pytest.raises(SettingsError, match=r"account add NAME --role admin.* --auth USER:PASSWORD") as refused:
        require_accounts(settings(*argv), store.accounts)
    assert "\n" not in str(refused.value)
    require_accounts(settings(), store.accounts)
    store.accounts.create("admin", PASSWORD, "admin")
    require_accounts(settings(*argv), store.accounts)


def test_auth_makes_the_admin_once(store):
    wanted = settings("--host", "0.0.0.0", "--auth", "li:a-long:password")
    for _ in range(2):
        require_accounts(wanted, store.accounts)
    (made,) = store.accounts.list()
    assert (made.name, made.role) == ("li", "admin")
    assert store.accounts.check("li", "a-long:password")


def test_auth_is_refused_for_another_password_role_or_a_disabled_account(door, store):
    for argv, said in [("admin:another horse", "another password"), (f"li:{PASSWORD}", "account role li admin")]:
        with pytest.raises(SettingsError, match=said):
            require_accounts(settings("--auth", argv), store.accounts)
    store.accounts.disable("li")
    with pytest.raises(SettingsError, match="account enable li"):
        require_accounts(settings("--auth", f"li:{PASSWORD}"), store.accounts)
    with pytest.raises(StoreError, match="8 to 1024"):
        require_accounts(settings("--auth", "new:short"), store.accounts)


def test_the_workbench_refuses_in_one_line(tmp_path: Path, capsys):
    from workbench.__main__ import serve

    refused = serve(parse(["--host", "0.0.0.0", "--workspace", str(tmp_path)], {}))
    said = capsys.readouterr().err
    assert (refused, said.count("\n")) == (2, 1)
    assert said.startswith("python -m workbench: others can open this page")
