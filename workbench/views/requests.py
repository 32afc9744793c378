"""Retrainings that wait for their turn, and those that could not be carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workbench.views.escape import esc

Words = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A retraining that was asked for.

    Attributes:
        id: its number.
        project: the project's name.
        who: asked; empty where a policy did.
        cause: ``"hand"``, or the policy.
        time: when, as it is shown.
        message: why it was refused; empty while it waits.
        compares: whether it is no retraining but a comparison of both arms.
    """

    id: int
    project: str
    who: str
    cause: str
    time: str
    message: str = ""
    compares: bool = False


def requests_html(waiting: Iterable[Entry], refused: Iterable[Entry], words: Words, *, lead: bool) -> str:
    """List what waits, the next one first, and what was refused lately.

    Args:
        waiting: in their order.
        refused: the latest first.
        words: of the page.
        lead: whether whoever looks may change the order.
    """
    rows = [_waiting(entry, place, words, lead=lead) for place, entry in enumerate(waiting, start=1)]
    rows += [_refused(entry, words) for entry in refused]
    return f'<ol class="requests">{"".join(rows)}</ol>' if rows else ""


def _waiting(entry: Entry, place: int, words: Words, *, lead: bool) -> str:
    buttons = ""
    if lead:
        deeds = [*(("first",) if place > 1 else ()), "withdraw"]
        buttons = "".join(
            f'<button type="button" data-do="{deed}" data-id="{entry.id}">{esc(words(f"scheduling.{deed}.label"))}</button>'
            for deed in deeds
        )
    return f"<li><span>{esc(words('scheduling.place', place=place))} {_about(entry, words)}</span>{buttons}</li>"


def _refused(entry: Entry, words: Words) -> str:
    why = esc(words("scheduling.refused", message=entry.message))
    return f'<li class="is-refused"><span>{_about(entry, words)} {why}</span></li>'


def _about(entry: Entry, words: Words) -> str:
    cause = words("scheduling.cause.asked", who=entry.who) if entry.who else words(f"scheduling.cause.{entry.cause}")
    what = words("scheduling.arms") if entry.compares else ""
    return f"<b>{esc(entry.project)}</b> {esc(cause)}{esc(what)} <small>{esc(entry.time)}</small>"
