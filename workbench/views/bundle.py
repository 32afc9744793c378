"""A bundle beside the project it is to be brought into: what is in it, whose it is, and where the two differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.views.escape import esc

_MOST = 12


@dataclass(frozen=True)
class Bundle:
    """What is drawn of a bundle.

    Attributes:
        documents: how many it has.
        binned: of these in its recycle bin.
        known: of these in the project already.
        revisions: how many of its versions are not.
        diverged: documents annotated further both here and there.
        accounts: authors whose name an account has here.
        names: authors whose name none has.
        joining: its members with an account here who are no members yet, and as what.
        strangers: its members with no account here.
        empty: whether the project has nothing yet.
        new: labels that are not the project's.
        changed: labels described otherwise, and in what.
        guidelines: whether they differ.
        rules: ours and theirs in words, where they differ.
    """

    documents: int
    binned: int
    known: int
    revisions: int
    diverged: int
    accounts: Sequence[str]
    names: Sequence[str]
    joining: Sequence[str]
    strangers: Sequence[str]
    empty: bool
    new: Sequence[str]
    changed: Mapping[str, Sequence[str]]
    guidelines: bool
    rules: tuple[str, str] | None


def bundle_html(shown: Bundle, texts: Mapping[str, str]) -> str:
    """Draw what a bundle would bring.

    Args:
        shown: what is drawn.
        texts: the words under ``views.bundle``.
    """

    def say(key: str, **values: object) -> str:
        return texts[f"views.bundle.{key}"].format(**values)

    counts = {name: f"{getattr(shown, name):,}" for name in ("documents", "binned", "known", "revisions", "diverged")}
    lines = [say("count", **counts)]
    if shown.accounts:
        lines.append(say("accounts", names=_some(shown.accounts)))
    if shown.names:
        lines.append(say("names", names=_some(shown.names)))
    lines += [say(key, names=_some(people)) for key in ("joining", "strangers") if (people := getattr(shown, key))]
    if shown.diverged:
        lines.append(say("diverged", **counts))
    if shown.empty:
        lines.append(say("empty"))
    else:
        lines += [say("new", labels=_some(shown.new))] if shown.new else []
        changed = [
            f"{name} ({', '.join(texts[f'views.bundle.of.{what}'] for what in said)})" for name, said in shown.changed.items()
        ]
        lines += [say("changed", labels=_some(changed))] if changed else []
        lines += [say("guidelines")] if shown.guidelines else []
    if shown.rules:
        lines.append(say("rules", ours=shown.rules[0], theirs=shown.rules[1]))
    items = "".join(f"<li>{esc(line)}</li>" for line in lines)
    return f'<section class="incoming bundle"><h3>{esc(say("title"))}</h3><ul>{items}</ul></section>'


def _some(names: Sequence[str]) -> str:
    more = f" … +{len(names) - _MOST:,}" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
