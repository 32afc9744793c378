"""People in tables: who works in a project and how far they are, and who may sign in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workbench.views.escape import esc


@dataclass(frozen=True)
class Worker:
    """Somebody in a project.

    Attributes:
        name: what they sign in with.
        shown: what others read.
        role: in the project, in the words of the page.
        disabled: whether they may not sign in any more.
        given: documents given to them.
        finished: of these, how many are done.
        skipped: and put off.
        waiting: and left.
    """

    name: str
    shown: str
    role: str
    disabled: bool
    given: int
    finished: int
    skipped: int
    waiting: int


class Person(Protocol):
    """Of an account, what is drawn."""

    @property
    def name(self) -> str:
        """What they sign in with."""

    @property
    def shown(self) -> str:
        """What others read."""

    @property
    def role(self) -> str:
        """What they may do."""

    @property
    def created(self) -> datetime:
        """Since when there is the account."""

    @property
    def disabled(self) -> datetime | None:
        """Since when they may not sign in."""


def workers_html(workers: Sequence[Worker], words: Mapping[str, str], *, chosen: bool) -> str:
    """Return a table of who works in a project.

    Args:
        workers: in order.
        words: of the page.
        chosen: whether a name can be chosen.
    """
    if not workers:
        return f'<p class="empty">{esc(words["people.members.none"])}</p>'
    heads = [words[f"people.table.{key}"] for key in ("person", "role", "given", "finished", "skipped", "waiting", "done")]
    rows = [
        [
            _who(worker.name, worker.shown, words, chosen=chosen, disabled=worker.disabled),
            esc(worker.role),
            *(f'<span class="people-figure">{count}</span>' for count in _counts(worker)),
            _bar(worker),
        ]
        for worker in workers
    ]
    return _table(heads, rows, "people-workers")


def accounts_html(accounts: Iterable[Person], words: Mapping[str, str]) -> str:
    """Return a table of all accounts; a name can be chosen."""
    heads = [words[f"people.table.{key}"] for key in ("person", "role", "created", "state")]
    rows = [
        [
            _who(account.name, account.shown, words, chosen=True, disabled=account.disabled is not None),
            esc(words[f"role.{account.role}.label"]),
            _day(account.created),
            f"{esc(words['people.state.disabled'])} {_day(account.disabled)}"
            if account.disabled
            else esc(words["people.state.active"]),
        ]
        for account in accounts
    ]
    return _table(heads, rows, "people-accounts")


def nobody_html(words: Mapping[str, str]) -> str:
    """Return what it means that there are no accounts, and what the first one changes."""
    return f'<p class="people-nobody">{esc(words["people.accounts.none"])}</p>'


def _who(name: str, shown: str, words: Mapping[str, str], *, chosen: bool, disabled: bool) -> str:
    inner = f'<span class="people-shown">{esc(shown)}</span>'
    if shown != name:
        inner += f' <span class="people-name">{esc(name)}</span>'
    if disabled:
        inner += f' <span class="people-off">{esc(words["people.state.disabled"])}</span>'
    return f'<button type="button" class="people-who" data-name="{esc(name)}">{inner}</button>' if chosen else inner


def _counts(worker: Worker) -> tuple[int, int, int, int]:
    return worker.given, worker.finished, worker.skipped, worker.waiting


def _bar(worker: Worker) -> str:
    if not worker.given:
        return "–"
    share = round(100 * worker.finished / worker.given)
    return f'<span class="people-bar" aria-hidden="true"><span style="width: {share}%"></span></span> {share}%'


def _day(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str) -> str:
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in heads)
    body = "".join(
        "<tr>" + "".join(f'<td data-head="{esc(name)}">{cell}</td>' for name, cell in zip(heads, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<table class="people-table {kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
