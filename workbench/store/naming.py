"""What labels are read as since they were renamed or merged. Annotations keep what was said; only its reading changes.

A mapping says of each former name which name it became: ``{"PERSON": "PER"}``. Each name becomes one other at most, and following
it always ends: both are checked when a change is made, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.document import Span
from workbench.store.errors import StoreError

Becomes = Mapping[str, str]
UNCHANGED: Becomes = MappingProxyType({})


def resolve(name: str, becomes: Becomes) -> str:
    """Return the name that a label is read as now."""
    seen = {name}
    while (following := becomes.get(name)) and following not in seen:
        seen.add(following)
        name = following
    return name


def names_of(name: str, becomes: Becomes) -> set[str]:
    """Return every name that is read as a label now, its own among them."""
    return {name, *(former for former in becomes if resolve(former, becomes) == name)}


def resolved(spans: Iterable[Span], becomes: Becomes) -> tuple[Span, ...]:
    """Return spans under the names that their labels are read as now; two that become one are one."""
    if not becomes:
        return tuple(spans)
    named = [replace(span, label=resolve(span.label, becomes)) for span in spans]
    return tuple(sorted(dict.fromkeys(named), key=lambda span: span.priority))


def renamed(becomes: Becomes, old: str, new: str) -> dict[str, str]:
    """Give a label another name.

    Args:
        becomes: what names became so far.
        old: a label's present name.
        new: a name that is no label's; one that this label once had will do.

    Raises:
        StoreError: if the new name was another label's.
    """
    if old == new:
        raise StoreError(f"the label is {old} already; choose another name")
    _check_present(becomes, old)
    if new in becomes and resolve(new, becomes) != old:
        raise StoreError(f"{new} was a label that is read as {resolve(new, becomes)} now; choose a name that was none")
    kept = {former: later for former, later in becomes.items() if former != new}
    return {**kept, old: new}


def merged(becomes: Becomes, label: str, into: str) -> dict[str, str]:
    """Let a label be read as another.

    Raises:
        StoreError: if either is not a label's present name, or both are one.
    """
    _check_present(becomes, label)
    _check_present(becomes, into)
    if label == into:
        raise StoreError(f"{label} cannot be merged into itself; choose another label")
    return {**becomes, label: into}


def parted(becomes: Becomes, name: str) -> dict[str, str]:
    """Take back what a name became, so that it is a label by itself again.

    Raises:
        StoreError: if it is one.
    """
    if name not in becomes:
        raise StoreError(f"{name} was neither renamed nor merged; there is nothing to take back")
    return {former: later for former, later in becomes.items() if former != name}


def _check_present(becomes: Becomes, name: str) -> None:
    if name in becomes:
        raise StoreError(f"{name} is read as {resolve(name, becomes)} now; change that label")
