"""What stands around the versions: which document it is, its notes, what is left to decide, and the list of those that wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workbench.adjudication import Weighed, neighbour
from workbench.names import called
from workbench.store import Dispute, Note
from workbench.tabs import Context, Disputed
from workbench.views.escape import esc

_LISTED = 200
_EXCERPT = 36


def head_html(context: Context, weighed: Weighed, listed: Sequence[Dispute]) -> str:
    """Draw which document is on the table, where it stands in the list, its gold and the open notes on it."""
    t, document = context.texts, weighed.view.document
    at = next((number for number, each in enumerate(listed, start=1) if each.document_id == document.id), 0)
    place = t("adjudicate.position.line", position=at, total=len(listed)) if at else ""
    sides = "".join(
        _step(context, name, sign, neighbour(listed, document.id, by) if at else None)
        for name, sign, by in (("previous", "‹", -1), ("next", "›", 1))
    )
    title = f"<strong>{esc(document.name or t('adjudicate.document.name', number=document.id))}</strong>"
    gold = weighed.view.gold
    who = called(gold.author, context.services.store, t) if gold else ""
    when = f"{gold.created.astimezone():%Y-%m-%d %H:%M}" if gold else ""
    judged = f'<p class="weigh-gold">{esc(t("adjudicate.gold.line", name=who, time=when))}</p>' if gold else ""
    notes = _notes(context, document.text, context.services.store.notes.of(document.id), weighed.names)
    return (
        f'<div class="weigh-head">{title}<span>{esc(place)}</span><span class="weigh-steps">{sides}</span></div>{judged}{notes}'
    )


def _step(context: Context, name: str, sign: str, target: Dispute | None) -> str:
    rest = f'data-id="{target.document_id}"' if target else "disabled"
    words = esc(context.texts(f"adjudicate.step.{name}"))
    return f'<button type="button" data-step="{name}" {rest} aria-label="{words}" title="{words}">{sign}</button>'


def _notes(context: Context, text: str, notes: Iterable[Note], names: Mapping[str, str]) -> str:
    items = []
    for note in notes:
        if note.closed:
            continue
        about = f"「{text[slice(*note.extent)]}」" if note.extent else ""
        name = names.get(note.account) or called(note.account, context.services.store, context.texts)
        items.append(f"<li><b>{esc(name)}</b> {esc(about)} {esc(note.text)}</li>")
    if not items:
        return ""
    return f'<ul class="weigh-notes" aria-label="{esc(context.texts("adjudicate.notes.label"))}">{"".join(items)}</ul>'


def narrowed_html(context: Context, disputed: Disputed | None, count: int) -> str:
    """Draw what the list is narrowed to, and the button that lists everything again; nothing where it is not."""
    if disputed is None:
        return ""
    line = esc(context.texts("adjudicate.narrowed.line", about=disputed.about, count=count))
    widen = esc(context.texts("adjudicate.narrowed.widen"))
    return f'<p class="weigh-narrowed"><span>{line}</span><button type="button" data-do="widen">{widen} ✕</button></p>'


def bar_html(context: Context, weighed: Weighed) -> str:
    """Draw how much there is to decide, and what decides it at one stroke."""
    t = context.texts
    agreed, differing = (sum(unit.differs is differs for unit in weighed.units) for differs in (False, True))
    line = t("adjudicate.units.line", differing=differing, agreed=agreed)
    buttons = "".join(
        f'<button type="button" data-act="{act}" class="{kind}">{esc(t(f"adjudicate.act.{act}"))}</button>'
        for act, kind in (("majority", ""), ("next", ""), ("save", "weigh-save"))
    )
    left, done = esc(t("adjudicate.left.line")), esc(t("adjudicate.left.done"))
    return (
        f'<p class="weigh-line">{esc(line)}</p><div class="weigh-bar" data-left="{left}" data-done="{done}">'
        f'<span class="weigh-left" role="status"></span>{buttons}</div><p class="weigh-keys">{esc(t("adjudicate.keys.hint"))}</p>'
    )


def queue_html(context: Context, listed: Sequence[Dispute], shown: int) -> str:
    """Draw the list of what is to be adjudicated."""
    t = context.texts
    if not listed:
        return f'<p class="empty">{esc(t("adjudicate.queue.empty"))}</p>'
    differing = sum(each.differing > 0 for each in listed)
    head = esc(t("adjudicate.queue.line", total=len(listed), differing=differing))
    more = esc(t("adjudicate.queue.more", count=len(listed) - _LISTED)) if len(listed) > _LISTED else ""
    entries = "".join(_entry(context, each, each.document_id == shown) for each in listed[:_LISTED])
    return f'<p class="weigh-line">{head}</p><ul class="documents">{entries}</ul><p class="weigh-line">{more}</p>'


def _entry(context: Context, each: Dispute, here: bool) -> str:
    t = context.texts
    what = t("adjudicate.queue.differing", count=each.differing) if each.differing else t("adjudicate.queue.agreed")
    facts = " · ".join(
        part
        for part in (
            each.name,
            t("adjudicate.queue.annotators", count=each.annotators),
            what,
            t("adjudicate.queue.judged") if each.judged else "",
        )
        if part
    )
    current = ' aria-current="true"' if here else ""
    return (
        f'<li><button type="button" class="document" data-id="{each.document_id}"{current}>'
        f'<span class="document-text" lang="zh">{esc(" ".join(each.excerpt[:_EXCERPT].split()))}</span>'
        f'<span class="document-facts">{esc(facts)}</span></button></li>'
    )
