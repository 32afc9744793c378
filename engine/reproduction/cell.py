"""A cell: one training of one row of a table on one corpus with one seed, known by a hash of all that determines it.

Two tables that need the same training share the cell. The hash covers every option with its value, defaults included, and the
content of the corpora and of the encoders, wherever they lie: what changes any of them makes another cell. Only what every cell
had before there was a choice is left out where it is so: a flat structure, nothing frozen, characters instead of pieces, no other
corpus learned from first. What came of those cells is still true.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from engine.errors import ConfigError, RunError
from engine.reproduction.corpora import Source
from engine.reproduction.table import Row, Table
from engine.run import Run
from engine.shipped import SHIPPED
from engine.systems import get
from engine.systems.contract import Options, from_json, options
from engine.tags import FLAT
from engine.training import TrainingConfig

KIND = "cell"
_KEY = 16
_UNCHOSEN = {"structure": FLAT, "frozen": 0, "pieces": False}
"""What options were before there were these, which a cell does not say."""


@dataclass(frozen=True)
class Cell:
    """One training.

    Attributes:
        system: name of the system.
        options: all of the system's.
        training: all of the training's, the seed among them.
        corpus: its name.
        documents: how many of its training documents are drawn at all; 0 for all.
        share: of these.
        contents: SHA-256 of each file that counts.
        train: where the training part lies now.
        dev: where the dev part lies now.
        first: corpora that are learned from before, and how many documents are drawn from each; 0 for all.
        first_train: where their training parts lie now.
    """

    system: str
    options: Mapping[str, Any]
    training: Mapping[str, Any]
    corpus: str
    documents: int
    share: float
    contents: Mapping[str, str]
    train: str
    dev: str
    first: Mapping[str, int] = field(default_factory=dict)
    first_train: Mapping[str, str] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """Return the training's seed."""
        return int(self.training["seed"])

    @property
    def name(self) -> str:
        """Return what to tell people it is, with the options that are not the system's own, encoders and dropout aside."""
        defaults = {option.name: option.default for option in options(get(self.system).Config) if option.name != "dropout"}
        shown = {name: value for name, value in self.options.items() if not name.endswith("encoder") and name in defaults}
        chosen = "".join(f" {name}={value}" for name, value in shown.items() if value != defaults[name])
        share = f" {self.share:.0%}" if self.share < 1 else ""
        before = f" after {' and '.join(self.first)}" if self.first else ""
        return f"{self.system}{chosen} on {self.corpus}{share}{before}, seed {self.seed}"

    @property
    def identity(self) -> dict[str, Any]:
        """Return all that determines what comes of it; where its files lie does not."""
        apart = ("train", "dev", "first_train", *(() if self.first else ("first",)))
        return {name: value for name, value in asdict(self).items() if name not in apart}

    @property
    def key(self) -> str:
        """Return its hash."""
        return _hash(self.identity)

    def run(self, folder: Path) -> Run:
        """Return its run below a folder of cells; it need not be there."""
        return Run(folder / self.key)

    def plan(self) -> dict[str, Any]:
        """Return it as the configuration of a run."""
        places = {"train": self.train, "dev": self.dev} | ({"first_train": dict(self.first_train)} if self.first else {})
        return {"kind": KIND, "identity": self.identity, **places}

    @classmethod
    def of(cls, run: Run) -> Cell:
        """Return the cell that a run's folder is to carry out.

        Raises:
            RunError: if the folder is not a cell's, or not of the name that its content has.
        """
        plan = run.config
        try:
            places = {"train": str(plan["train"]), "dev": str(plan["dev"]), "first_train": plan.get("first_train", {})}
            cell = cls(**plan["identity"], **places)
        except (KeyError, TypeError) as error:
            raise RunError(f"{run.folder} is not the folder of a cell ({error!r})") from error
        if cell.key != run.folder.name:
            raise RunError(f"{run.folder} holds another cell, {cell.key}")
        return cell


def cell_of(
    table: Table, row: Row, source: Source, seed: int, overrides: Mapping[str, Any], first: Mapping[str, Path] | None = None
) -> Cell:
    """Return the cell of a table's row on a corpus with a seed.

    Args:
        table: the table.
        row: one of its rows.
        source: the corpus.
        seed: of the training.
        overrides: options for every cell of the table.
        first: where the corpora lie that the row learns from before, each of them.

    Raises:
        ConfigError: if an option does not exist or has a value that it cannot have.
        InputError: if the system is not known.
    """
    kind = get(row.system)
    own = {option.name for option in options(kind.Config)}
    training = {option.name for option in options(TrainingConfig)}
    fitting = {name: value for name, value in overrides.items() if name in own | training}
    settings = table.settings(row, source.name, fitting) | {"seed": seed}
    chosen: Options = from_json(kind.Config, {name: value for name, value in settings.items() if name not in training - own})
    trained: Options = from_json(TrainingConfig, {name: value for name, value in settings.items() if name in training - own})
    before = {name: (first or {})[name] for name in row.first}
    return Cell(
        system=row.system,
        options={name: value for name, value in chosen.to_json().items() if (name, value) not in _UNCHOSEN.items()},
        training=trained.to_json(),
        corpus=source.name,
        documents=table.sizes.get(source.name, 0),
        share=row.share,
        contents=_contents(source)
        | {f"first/{name}": digest(file) for name, file in before.items()}
        | encoder_digests(chosen.to_json()),
        train=str(source.train),
        dev=str(source.dev),
        first={name: table.sizes.get(name, 0) for name in before},
        first_train={name: str(file) for name, file in before.items()},
    )


def check_overrides(table: Table, overrides: Mapping[str, Any]) -> None:
    """Check the options that were asked for of every cell.

    Raises:
        ConfigError: for an option that no system of the table has, or in which its rows differ.
    """
    if "seed" in overrides:
        raise ConfigError("seed: give --seeds")
    training = {option.name for option in options(TrainingConfig)}
    for name in overrides.keys() - training:
        values: dict[str, set[Any]] = {}
        for row in table.rows:
            defaults = {option.name: option.default for option in options(get(row.system).Config)}
            if name in defaults:
                values.setdefault(row.system, set()).add({**table.options, **row.options}.get(name, defaults[name]))
        if not values:
            raise ConfigError(f"{name}: no system of {table.name} has this option, and no training")
        if any(len(found) > 1 for found in values.values()):
            raise ConfigError(f"{name}: it is what the rows of {table.name} differ in; it cannot be the same for all")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; one that has not changed is read once."""
    status = path.stat()
    return _digest(path, status.st_mtime_ns, status.st_size)


@cache
def _digest(path: Path, changed: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _contents(source: Source) -> dict[str, str]:
    parts = {"train": source.train, "dev": source.dev}
    return {name: digest(file) for name, file in (parts | {file.name: file for file in source.further}).items()}


def encoder_digests(chosen: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests of the weights that options name as a folder or as one of ours; a hub's name is its own identity."""
    found: dict[str, str] = {}
    for name, value in chosen.items():
        if not name.endswith("encoder") or not isinstance(value, str) or not value:
            continue
        folder = Path(value) if Path(value).is_dir() else SHIPPED / value
        found |= {f"{name}/{file.name}": digest(file) for file in sorted(folder.glob("*.safetensors"))}
    return found


def _hash(identity: Mapping[str, Any]) -> str:
    text = json.dumps(identity, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_KEY]
