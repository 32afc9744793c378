"""What the page says of an import: what a look found, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import Problem
from workbench.exchange.bringing import Look, Progress, new_labels
from workbench.language import Texts
from workbench.names import called
from workbench.store import Member, Store
from workbench.store.adopting import Rules
from workbench.store.restoring import Compared
from workbench.views.bundle import Bundle, bundle_html
from workbench.views.incoming import MOST_ROWS, Incoming, incoming_html, progress_html


def format_title(texts: Texts, name: str) -> str:
    """Return what a format is called."""
    return texts(f"exchange.format.{name.replace('-', '_')}")


def found(seen: Look, differs: Compared | None, store: Store, project: int, texts: Texts) -> str:
    """Draw what a look found.

    Args:
        seen: the look.
        differs: how the bundle in it differs from the project, if there is one with a history.
        store: where the project is.
        project: which.
        texts: the words.
    """
    new = new_labels(store, project, seen.labels) if seen.whole is None else ()
    read = [("*" if part.path == "." else part.path, format_title(texts, part.format)) for part in seen.parts]
    problems, notes = worded(seen.problems, texts), {texts.said(note): count for note, count in seen.notes.items()}
    numbers = (seen.documents, seen.characters, seen.labels, new, seen.first, problems, notes)
    whole = bundle_html(_bundle(differs, store, texts), texts.words) if differs else ""
    return whole + incoming_html(Incoming(read, *numbers, seen.found, seen.missing), texts.words)


def worded(problems: Sequence[Problem], texts: Texts) -> list[Problem]:
    """Return problems, those that are shown in the words of the page; of the others only the number is."""
    shown = [replace(wrong, expected=texts.said(wrong.expected), got=texts.said(wrong.got)) for wrong in problems[:MOST_ROWS]]
    return [*shown, *problems[MOST_ROWS:]]


def how_far(progress: Progress, texts: Texts) -> str:
    """Draw how far an import is."""
    if progress.versions is not None:
        done, whole = progress.versions
        return progress_html(done, whole, texts("exchange.bringing.versions", done=f"{done:,}", versions=f"{whole:,}"))
    left = progress.seconds / max(1, progress.done) * max(0, progress.documents - progress.done)
    counts = {"done": f"{progress.done:,}", "documents": f"{progress.documents:,}", "seconds": f"{left:.0f}"}
    return progress_html(progress.done, progress.documents, texts("exchange.bringing.line", **counts))


def came_of(progress: Progress, declared: tuple[str, ...], texts: Texts) -> str:
    """Return what came of an import."""
    lines = [texts("exchange.brought.line", added=f"{progress.added:,}", known=f"{progress.known:,}")]
    if progress.kept:
        lines.append(texts("exchange.brought.whole", revisions=f"{progress.kept.restored.revisions:,}"))
        if progress.kept.restored.left:
            lines.append(texts("exchange.brought.diverged", count=f"{progress.kept.restored.left:,}"))
        for key in ("admitted", "strangers"):
            if names := getattr(progress.kept.restored, key):
                lines.append(texts(f"exchange.brought.{key}", names=", ".join(names)))
    if declared:
        lines.append(texts("exchange.brought.labels", labels=", ".join(declared)))
    if progress.left:
        lines.append(texts("exchange.brought.left", count=f"{progress.left:,}"))
    return " ".join(lines)


def ended(seen: Look, progress: Progress | None, *, stopped: bool, texts: Texts) -> str:
    """Return what is in after an import was stopped or failed half-way."""
    if seen.whole is not None and (progress is None or progress.kept is None):
        return texts("exchange.stopped.whole" if stopped else "exchange.undone.line")
    added = f"{progress.added if progress else 0:,}"
    return texts("exchange.stopped.some" if stopped else "exchange.stopped.failed", added=added)


def _bundle(differs: Compared, store: Store, texts: Texts) -> Bundle:
    found = differs.differing
    return Bundle(
        documents=differs.documents,
        binned=differs.binned,
        known=differs.known,
        revisions=differs.revisions,
        diverged=differs.diverged,
        accounts=[called(name, store, texts) for name in differs.accounts],
        names=differs.names,
        joining=[_member(member, texts) for member in differs.joining.known],
        strangers=[_member(member, texts) for member in differs.joining.strangers],
        empty=found.empty,
        new=found.new,
        changed=found.changed,
        guidelines=found.guidelines,
        rules=(_rules(found.ours, texts), _rules(found.theirs, texts)) if found.ruled else None,
    )


def _member(member: Member, texts: Texts) -> str:
    names = dict.fromkeys((member.shown, member.account))
    return " · ".join((*names, texts(f"role.{member.role}.label")))


def _rules(rules: Rules, texts: Texts) -> str:
    nested = texts("exchange.rules.nested" if rules.nested else "exchange.rules.flat")
    blind = texts("exchange.rules.blind" if rules.blind else "exchange.rules.open")
    return texts("exchange.rules.line", nested=nested, overlap=rules.overlap, blind=blind)
