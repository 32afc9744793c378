"""The checkpoints that can be chosen, the one in use, and their taggers, of which the last used stay loaded."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import character_card
from engine.errors import CheckpointError, EngineError
from engine.modalities import hearing
from engine.shipped import DEFAULT, SHIPPED
from workbench.errors import UserError

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo
    from engine.layers.vector_table import VectorTable
    from engine.tagger import Tagger
    from workbench.store import Store

_TAGGERS = 2
_REMEMBERED = 50
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lost:
    """That the checkpoint in use was found to be gone or damaged: what it was called, and which one is used instead."""

    lost: str
    used: str


class Checkpoints:
    """What can be chosen, what was, and what is loaded."""

    def __init__(self, folder: Path, begun_with: str, store: Store) -> None:
        """Look for checkpoints.

        Args:
            folder: of the user's own; what Duomo came with is always looked at as well.
            begun_with: name or folder of the checkpoint that this start is to use; empty for the one last chosen.
            store: which remembers the choice.
        """
        self.folder = folder
        self._begun_with = begun_with
        self._store = store
        self._loading = threading.Lock()
        self._choosing = threading.Lock()
        self._taggers: OrderedDict[str, Tagger] = OrderedDict()
        self._verified: dict[str, tuple[CheckpointInfo, tuple[int, int]]] = {}
        self._default: Path | None = None
        if begun_with:
            store.settings.set("checkpoint", str(Path(begun_with).resolve()) if Path(begun_with).is_dir() else begun_with)

    @property
    def roots(self) -> tuple[Path, ...]:
        """Return the folders in which checkpoints are looked for, the user's own first."""
        return self.folder, SHIPPED

    def all(self) -> list[CheckpointInfo]:
        """Return what can be chosen: the catalogue, and where they lie elsewhere the one in use and the one begun with."""
        from engine.checkpoint import catalogue

        found = {info.path: info for info in catalogue(*self.roots)}
        for name in dict.fromkeys(("", self._begun_with)):
            try:
                info = self.find(name)
            except (EngineError, UserError):
                continue
            found.setdefault(info.path, info)
        return list(found.values())

    def choices(self, texts: Callable[..., str]) -> list[tuple[str, str]]:
        """Return what a page offers to choose from, as shown and as :meth:`find` takes it: the one in use first.

        Args:
            texts: of the page.
        """
        try:
            current = self.in_use()
        except (EngineError, UserError):
            return [(texts("analyse.checkpoint.none"), "")]
        others = [(info.name, str(info.path)) for info in self.all() if info.path != current.path]
        return [(texts("analyse.checkpoint.current", name=current.name), ""), *others]

    def find(self, name: str = "") -> CheckpointInfo:
        """Return a checkpoint by name or folder; the empty name stands for the one in use.

        Raises:
            CheckpointError: if it is missing or damaged.
        """
        from engine.checkpoint import WEIGHTS, find

        if not name:
            return self.in_use()
        known = self._verified.get(name)
        # Hashing all weights at every click would take longer than the analysis; a file that has not changed is as it was.
        if known and (known[0].path / WEIGHTS).is_file() and _stamp(known[0].path / WEIGHTS) == known[1]:
            return known[0]
        info = find(name, *self.roots)
        self._verified[name] = info, _stamp(info.path / WEIGHTS)
        return info

    def in_use(self) -> CheckpointInfo:
        """Return the checkpoint in use: the one last chosen, else the default among those that Duomo came with.

        Of one that is missing or damaged by now, the one that was in use before takes the place, see :meth:`lost`.

        Raises:
            CheckpointError: if the chosen one is missing or damaged, and none was in use before.
            UserError: if nothing was chosen and there is none.
        """
        chosen = self._store.settings.get("checkpoint")
        if not chosen:
            return self._default_one()
        try:
            return self.find(chosen)
        except CheckpointError as error:
            return self._fall_back(chosen, error)

    def lost(self) -> Lost | None:
        """Return which checkpoint was lost and which one stands in, until another is chosen."""
        said = self._store.settings.get("checkpoint.lost")
        return Lost(**said) if said else None

    def _fall_back(self, chosen: str, error: CheckpointError) -> CheckpointInfo:
        """Use from now on what was used before the chosen one, or before that.

        Raises:
            CheckpointError: the one that was met, if there is nothing to use.
        """
        with self._choosing:
            now = self._store.settings.get("checkpoint")
            if now != chosen:  # somebody has been here meanwhile
                return self.find(now) if now else self._default_one()
            before = list(self._store.settings.get("checkpoint.before", []))
            while before:
                candidate = before.pop()
                try:
                    info = self.find(candidate) if candidate else self._default_one()
                except (CheckpointError, UserError):
                    continue
                _log.warning("the checkpoint in use is lost: %s; %s is used, as before", error, info.name)
                self._store.settings.set("checkpoint.lost", {"lost": Path(chosen).name, "used": info.name})
                self._store.settings.set("checkpoint.before", before)
                self._store.settings.set("checkpoint", candidate)
                return info
        raise error

    def _default_one(self) -> CheckpointInfo:
        from engine.checkpoint import CONFIG, catalogue

        # Every page asks this; reading each checkpoint's description for it would take longer than a save.
        if self._default and (self._default / CONFIG).is_file():
            return self.find(str(self._default))
        for root in reversed(self.roots):
            offered = {info.name: info for info in catalogue(root)}
            if offered:
                self._default = offered.get(DEFAULT, next(iter(offered.values()))).path
                return self.find(str(self._default))
        raise UserError("checkpoints.none", folder=self.folder)

    def use(self, checkpoint: str) -> CheckpointInfo:
        """Take a checkpoint into use, be it an older one; what it has not learned counts as new again.

        Args:
            checkpoint: its name or folder.

        Raises:
            CheckpointError: if it is missing or damaged.
        """
        info = self.find(checkpoint)
        with self._choosing:
            now = self._store.settings.get("checkpoint") or ""
            before = [each for each in self._store.settings.get("checkpoint.before", []) if each not in (checkpoint, now)]
            self._store.settings.set("checkpoint.before", [*before, *([now] if now != checkpoint else [])][-_REMEMBERED:])
            self._store.settings.set("checkpoint", checkpoint)
            self._store.settings.set("checkpoint.lost", None)
        return info

    def tagger(self, info: CheckpointInfo) -> Tagger:
        """Return a checkpoint's tagger; the two last used stay loaded."""
        from engine.tagger import load

        with self._loading:
            tagger = self._taggers.pop(info.digest, None)
            if tagger is None:
                tagger = load(info.path)
                self._prepare(tagger.system)
            self._taggers[info.digest] = tagger
            while len(self._taggers) > _TAGGERS:
                self._taggers.popitem(last=False)
            return tagger

    def _prepare(self, system: Any) -> None:
        """Load in the background what the first card, or the first recording, would have to wait for."""
        if system.vector_tables:
            threading.Thread(target=character_card.warm, name="warm-up of cards", daemon=True).start()
        if system.uses(system.config, "speech"):
            threading.Thread(target=hearing.warm, name="warm-up of speech", daemon=True).start()

    def vector_tables(self, info: CheckpointInfo) -> Mapping[str, VectorTable]:
        """Return the vectors that a checkpoint looks characters up in, by modality; most have none."""
        return self.tagger(info).system.vector_tables

    def listening(self) -> list[CheckpointInfo]:
        """Return the checkpoints that make use of speech."""
        return self._using("speech")

    def looking(self) -> list[CheckpointInfo]:
        """Return the checkpoints that make use of pictures, those first that say most of what they saw."""
        from engine.systems import SYSTEMS

        return sorted(self._using("image"), key=lambda info: -len(SYSTEMS[info.system].emits))

    def _using(self, modality: str) -> list[CheckpointInfo]:
        """Return the checkpoints that make use of a modality, by how they were trained."""
        return [info for info in self.all() if _uses(info, modality)]


def _uses(info: CheckpointInfo, modality: str) -> bool:
    from engine.checkpoint import options_of
    from engine.systems import get

    try:
        return get(info.system).uses(options_of(info), modality)
    except EngineError:  # told when it is chosen
        return False


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
