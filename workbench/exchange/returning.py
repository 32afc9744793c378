"""A bundle brought back whole: what it would bring is looked at, then all of it is written at once."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.errors import InputError, Problem
from engine.formats.bundle import MANIFEST, unpack
from workbench.exchange.desk import Desk
from workbench.exchange.first_past import FirstPast, tells_first_history
from workbench.exchange.past import BundledPast, tells_history
from workbench.exchange.ready import Part
from workbench.services import Services
from workbench.store import Store
from workbench.store.adopting import Ways
from workbench.store.restoring import Compared, Restored, compare, restore

_DIGITS = 16


@dataclass(frozen=True)
class Kept:
    """What came of a bundle: what was brought in, and pictures and recordings of it that cannot be read."""

    restored: Restored
    problems: tuple[Problem, ...]


def past_of(desk: Desk, part: Part, problems: list[Problem]) -> BundledPast | None | Literal[False]:
    """Return the history that a part tells, ``None`` where it tells none; ``False`` for a bundle that is not to be trusted.

    Args:
        desk: where it lies.
        part: a bundle, which is unpacked and proved, or anything else.
        problems: gets what is wrong with it.
    """
    if part.format != "bundle":
        return None
    folder = desk.unpacked(part.path)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        unpack(desk.files / part.path, folder)
        past = _past(folder)
        if past is not None:
            past.check()
        return past
    except InputError as error:
        problems.append(Problem(part.path, 0, "a sound bundle", str(error)))
        return False


def compared(store: Store, project: int, desk: Desk, part: Part) -> Compared:
    """Tell what a bundle would bring into a project.

    Raises:
        StoreError: if it is not sound.
        InputError: if it is not there any more.
    """
    return compare(store, project, _there(desk, part))


def give_back(
    services: Services,
    project: int,
    desk: Desk,
    part: Part,
    *,
    by: str,
    ways: Ways | None,
    tell: Callable[[int, int], None] = lambda done, whole: None,
) -> Kept:
    """Bring a bundle into a project, as a whole or not at all.

    Raises:
        StoreError: if it is not sound.
        InputError: if it is not there any more.
    """
    past, problems, names = _there(desk, part), list[Problem](), dict[str, str]()
    for file in past.media():
        member = f"{file.parent.name}/{file.name}"
        keep = services.keep_picture if file.parent.name == "pictures" else services.keep_speech
        try:
            names[member] = keep(file).path.name
        except InputError as error:
            names[member] = file.name
            problems.append(Problem(member, 0, "", str(error)))
        tell(0, 0)
    ways = ways or compare(services.store, project, past).differing.ways
    source = hashlib.sha256((past.folder / MANIFEST).read_bytes()).hexdigest()[:_DIGITS]
    done = restore(services.store, project, replace(past, names=names), by=by, ways=ways, source=source, tell=tell)
    return Kept(done, tuple(problems))


def _there(desk: Desk, part: Part) -> BundledPast:
    past = _past(desk.unpacked(part.path))
    if past is None:
        raise InputError(f"{Path(part.path).name} is not there any more; upload it again")
    return past


def _past(folder: Path) -> BundledPast | None:
    if tells_history(folder):
        return BundledPast(folder)
    return FirstPast(folder) if tells_first_history(folder) else None
