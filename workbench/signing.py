"""Who may sign in and who is signed in. The store says who has an account; what is kept here is forgotten with the process."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from workbench.settings import Settings, SettingsError
from workbench.store.accounts import Accounts
from workbench.store.errors import StoreError

FREE = 5
"""Wrong tries for a name that cost no waiting."""
FIRST_WAIT, LONGEST_WAIT = 30.0, 300.0
"""Seconds: each further wrong try doubles the wait."""
FORGOTTEN = 900.0
"""Seconds after the last try when a name's wrong tries are forgotten."""
_NAMES = 10_000
_LETTERS = 64
# Pages ask many times a second who is signed in. What another process changes, the command line say, is known this much later.
_FRESH = 1.0


class Throttle:
    """Makes guessing slow: after some wrong tries for a name, tries are refused for a while, right ones too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with no tries.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def admit(self, name: str) -> bool:
        """Tell whether a try may be made now, and count it as a wrong one until :meth:`forget` is told that it was right.

        Counted before it is known to be wrong, or many tries at once would all be let through.
        """
        with self._lock:
            moment, key = self._clock(), name[:_LETTERS]
            count, last = self._tries.get(key, (0, 0.0))
            if moment - last >= FORGOTTEN:
                count = 0
            if count >= FREE and moment - last < min(FIRST_WAIT * 2 ** min(count - FREE, 10), LONGEST_WAIT):
                return False
            self._tries[key] = (count + 1, moment)
            self._tries.move_to_end(key)
            while len(self._tries) > _NAMES:
                self._tries.popitem(last=False)
            return True

    def forget(self, name: str) -> None:
        """Forget the tries for a name."""
        with self._lock:
            self._tries.pop(name[:_LETTERS], None)


class Sessions(dict[str, str]):
    """Who is signed in, by token, in place of the dict that Gradio asks with ``get`` at every request.

    A session ends when the account is disabled or gets another password, wherever that is done. While there are no accounts,
    everybody is signed in, as nobody: the empty name.
    """

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody signed in.

        Args:
            accounts: of the store.
            clock: seconds that never go back.
        """
        super().__init__()
        self._accounts, self._clock = accounts, clock
        self._began: dict[str, str | None] = {}
        self._seen: dict[str, tuple[float, str | None]] = {}
        self._asked, self._looked = False, float("-inf")

    def get(self, token: str | None, default: str | None = None) -> str | None:  # type: ignore[override]
        """Return who a token is of, if they are still signed in."""
        if not self.asked:
            return ""
        name = super().get(token) if token else None
        if token is None or name is None:
            return default
        seal, began = self._seal(name), self._began.get(token)
        return name if seal is not None and seal == began else default

    def __setitem__(self, token: str, name: str) -> None:
        """Sign somebody in."""
        seal = self._accounts.seal(name)
        self._began[token], self._seen[name] = seal, (self._clock(), seal)
        super().__setitem__(token, name)

    def __delitem__(self, token: str) -> None:
        """Sign somebody out."""
        super().__delitem__(token)
        self._began.pop(token, None)

    @property
    def asked(self) -> bool:
        """Tell whether one has to sign in: as soon as there is an account, and from then on."""
        if not self._asked and self._clock() - self._looked >= _FRESH:
            self._asked, self._looked = self._accounts.any(), self._clock()
        return self._asked

    def refresh(self) -> None:
        """Look at the accounts anew: they have just been changed."""
        self._seen.clear()
        self._looked = float("-inf")

    def renew(self, name: str, tokens: Iterable[str]) -> None:
        """Let those sessions of an account go on whose password has been changed in them; its others end.

        Args:
            name: of the account.
            tokens: of the sessions; those of others, and what are none, are passed over.
        """
        self.refresh()
        for token in tokens:
            if super().get(token) == name:
                self._began[token] = self._accounts.seal(name)

    def _seal(self, name: str) -> str | None:
        moment = self._clock()
        looked, seal = self._seen.get(name, (float("-inf"), None))
        if moment - looked >= _FRESH:
            seal = self._accounts.seal(name)
            self._seen[name] = (moment, seal)
        return seal


class Signing:
    """The door: names and passwords are tried here and nowhere else."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody signed in.

        Args:
            accounts: of the store.
            clock: seconds that never go back.
        """
        self._accounts = accounts
        self._throttle = Throttle(clock)
        self.sessions = Sessions(accounts, clock)

    def right(self, name: str, password: str) -> bool:
        """Tell whether a name and a password are an account's; after several wrong tries always no, for a while."""
        name = name.strip()
        if not self._throttle.admit(name) or self._accounts.check(name, password) is None:
            return False
        self._throttle.forget(name)
        return True

    async def enter(self, name: str, password: str) -> bool:
        """Do as :meth:`right`, in a thread: a password takes long to check, and others must not wait for it."""
        return await asyncio.to_thread(self.right, name, password)


def require_accounts(settings: Settings, accounts: Accounts) -> None:
    """See that the account of the settings is there and right, and that nobody can come in from elsewhere without one.

    Raises:
        SettingsError: if the account is another one, or there is none though others can open the page.
        StoreError: if it can be no account.
    """
    if settings.auth:
        _require_admin(accounts, *settings.auth)
    elif settings.open and not accounts.any():
        raise SettingsError(
            "others can open this page, and nobody has an account yet; make the first with python -m workbench account add NAME "
            "--role admin, or start with --auth USER:PASSWORD"
        )


def _require_admin(accounts: Accounts, name: str, password: str) -> None:
    try:
        found = accounts.get(name)
    except StoreError:
        accounts.create(name, password, "admin")
        return
    if found.disabled is not None:
        raise SettingsError(f"--auth: the account {name} is disabled; enable it with python -m workbench account enable {name}")
    if accounts.check(name, password) is None:
        raise SettingsError(
            f"--auth: the account {name} has another password; give that one, start without --auth, or set a new one with "
            f"python -m workbench account password {name}"
        )
    if found.role != "admin":
        raise SettingsError(f"--auth: {name} is no admin; use python -m workbench account role {name} admin, or another account")
