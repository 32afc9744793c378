"""Several corpora as one: what each calls its labels, which labels it marks, and how often it is seen.

A mixture is a JSON file::

    {"train": [{"file": "msra/train.txt.xz", "labels": ["PER", "LOC", "ORG"]},
               {"file": "weibo/train.char.bmes", "map": {"PER.NAM": "PER", "PER.NOM": ""}, "labels": ["PER"], "weight": 3}],
     "dev": [{"file": "msra/dev.txt", "labels": ["PER", "LOC", "ORG"]}]}

``labels`` are those, after the mapping, whose every entity the corpus marks; absent, all. Files are named from the mixture's own
folder, or from another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from engine import formats
from engine.document import Document, relabel
from engine.errors import InputError


@dataclass(frozen=True)
class Corpus:
    """One corpus of a mixture.

    Attributes:
        file: its path, or a part of a file as :func:`engine.formats.read` has it.
        map: labels to rename, or to drop.
        labels: the labels, after the mapping, whose every entity is marked; ``None`` for all.
        weight: how often each document is seen in an epoch; of a fraction, that share of the documents is.
    """

    file: str
    map: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Check the weight.

        Raises:
            InputError: if it is not positive, or beyond all sense.
        """
        if not 0 < self.weight <= 1000:
            raise InputError(f"{self.file}: the weight is to be above 0 and at most 1000, got {self.weight}")

    @property
    def present(self) -> bool:
        """Tell whether the file is there."""
        return formats.part(self.file)[0].is_file()

    @property
    def name(self) -> str:
        """Return its file with the folder it is in, to tell people which it is."""
        file = formats.part(self.file)[0]
        return f"{file.parent.name}/{file.name}{self.file[len(str(file)) :]}".lstrip("/")

    def read(self) -> list[Document]:
        """Return its documents once each.

        Raises:
            FormatError: if it has malformed lines.
            InputError: if it cannot be opened.
        """
        return [replace(relabel(document, self.map), annotated=self.labels) for document in formats.read(self.file)]

    def below(self, folder: Path) -> Corpus:
        """Return the corpus with its file named from a folder."""
        return replace(self, file=str((folder / self.file).resolve()))

    def to_json(self) -> dict[str, Any]:
        """Return the corpus as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Any) -> Corpus:
        """Make a corpus from plain values; a string is a file's path.

        Raises:
            InputError: if they are not a corpus's.
        """
        try:
            made = cls(**({"file": row} if isinstance(row, str) else row))
            labels = None if made.labels is None else tuple(made.labels)
            return replace(made, map=dict(made.map), labels=labels, weight=float(made.weight))
        except (TypeError, ValueError) as error:
            raise InputError(f"a corpus has a file and perhaps map, labels, weight; got {row!r} ({error})") from error


def read_mixture(path: str | Path, root: str | Path | None = None) -> tuple[list[Corpus], list[Corpus]]:
    """Read a mixture's file and return what to learn from and what to judge by; the corpora themselves are not opened.

    Args:
        path: the JSON file.
        root: the folder that files are named from; the mixture's own if absent.

    Raises:
        InputError: if it cannot be read, or is not a mixture.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        parts = content["train"], content["dev"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a mixture of corpora ({error!r}); see engine/mixture.py for the form") from error
    if not all(isinstance(rows, list) and rows for rows in parts):
        raise InputError(f"{path}: 'train' and 'dev' are to be lists with at least one corpus each")
    base = Path(root) if root is not None else path.parent
    train, dev = ([Corpus.from_json(row).below(base) for row in rows] for rows in parts)
    return train, dev


def read_all(corpora: Iterable[Corpus], seed: int = 1) -> list[Document]:
    """Return the documents of corpora, each as often as its corpus's weight says.

    Raises:
        FormatError: if a corpus has malformed lines.
        InputError: if one cannot be opened.
    """
    return [
        document for number, corpus in enumerate(corpora) for document in _weighted(corpus.read(), corpus.weight, seed + number)
    ]


def _weighted(documents: Sequence[Document], weight: float, seed: int) -> list[Document]:
    whole, rest = divmod(weight, 1)
    order = torch.randperm(len(documents), generator=torch.Generator().manual_seed(seed)).tolist()
    return [*documents] * int(whole) + [documents[i] for i in sorted(order[: round(rest * len(documents))])]
