"""What lies around the editor: documents to open, how far one is, what was last saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.views.escape import esc

Words = Callable[..., str]

MARKS = {"open": "○", "begun": "◐", "finished": "●", "gold": "★"}
_EXCERPT = 42


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a list.

    Attributes:
        id: its number.
        text: all of it, or how it begins: more than is shown.
        status: how far it is, of :data:`MARKS`.
        spans: how many are marked.
        revisions: how many times it was saved.
        flagged: whether somebody asks for it to be looked at.
        current: whether it is the one that is shown.
    """

    id: int
    text: str
    status: str
    spans: int
    revisions: int
    flagged: bool = False
    current: bool = False


def excerpt(text: str, most: int = _EXCERPT) -> str:
    """Return how a text begins, on one line."""
    shown = " ".join(text[: most + 1].split())
    return shown if len(text) <= most else f"{shown[:most]}…"


def status_html(status: str, words: Words) -> str:
    """Say how far a document is, by a mark and by its word."""
    word = esc(words(f"documents.status.{status}"))
    return f'<span class="state is-{esc(status)}"><span aria-hidden="true">{MARKS[status]}</span> {word}</span>'


def entries_html(entries: Iterable[Entry], words: Words) -> str:
    """List documents to open."""
    return f'<ul class="documents">{"".join(_entry(entry, words) for entry in entries)}</ul>'


def _entry(entry: Entry, words: Words) -> str:
    facts = words("annotate.recent.facts", spans=entry.spans, revisions=entry.revisions)
    flag = f' · <span class="flag">⚑ {esc(words("documents.flag.label"))}</span>' if entry.flagged else ""
    current = ' aria-current="true"' if entry.current else ""
    return (
        f'<li><button type="button" class="document" data-id="{entry.id}"{current}>'
        f'<span class="document-text" lang="zh">{esc(excerpt(entry.text))}</span>'
        f'<span class="document-facts">{status_html(entry.status, words)} · {esc(facts)}{flag}</span></button></li>'
    )


def saved_html(number: int, created: datetime, words: Words) -> str:
    """Say when a document was last saved."""
    line = words("annotate.status.saved", number=number, time=f"{created.astimezone():%Y-%m-%d %H:%M}")
    return f'<p class="facts-line" role="status">{esc(line)}</p>'


def remarks_html(remarks: Sequence[tuple[str, str]], words: Words, title: str = "annotate.remarks.title") -> str:
    """Draw what others have noted on a document.

    Args:
        remarks: who, and what.
        words: of the page.
        title: the key of what is said above them.
    """
    if not remarks:
        return ""
    items = "".join(f"<li><b>{esc(who)}</b> {esc(text)}</li>" for who, text in remarks)
    return f'<section class="remarks"><h3>{esc(words(title))}</h3><ul>{items}</ul></section>'


def queue_html(waiting: int, total: int, words: Words) -> str:
    """Say how much is left to do, and by which keys one goes on; nothing where nothing is to be done."""
    if not total:
        return ""
    line = words("annotate.queue.left", waiting=waiting, total=total) if waiting else words("annotate.queue.done")
    return f'<p class="queue-line">{esc(line)}</p><p class="queue-hint">{esc(words("annotate.queue.hint"))}</p>'


def sound_html(url: str, words: Words) -> str:
    """Offer a recording to be heard; nothing where there is none."""
    name = esc(words("annotate.recording.label"))
    return (
        f'<figure class="sound"><figcaption>{name}</figcaption><audio controls src="{esc(url)}"></audio></figure>' if url else ""
    )
