"""Which files a corpus is, and which of its documents a cell learns from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine import formats
from engine.document import Document, relabel
from engine.errors import InputError

FILES: dict[str, tuple[str, ...]] = {
    "weibo": ("weibo/train.char.bmes", "weibo/dev.char.bmes"),
    "resume": ("resume/train.char.bmes", "resume/dev.char.bmes"),
    "cmner": ("cmner/train.txt", "cmner/dev.txt"),
    "msra": ("msra/train.txt.xz", "msra/dev.txt"),
    "cmner-pictured": ("cmner-pictured/train.jsonl", "cmner-pictured/dev.jsonl", "cmner-pictured/pictures.jsonl"),
    "cnerta-spoken": ("cnerta-spoken/train.jsonl", "cnerta-spoken/dev.jsonl", "cnerta-spoken/construction.jsonl"),
    "twitter2015-pictured": (
        "twitter2015-pictured/train.jsonl",
        "twitter2015-pictured/dev.jsonl",
        "twitter2015-pictured/pictures.jsonl",
    ),
}
"""For each corpus its training and its dev part, and what else determines what is learned, below the folder of corpora."""
TRANSLATED: dict[str, str] = {
    "twitter2015-pictured-zh": "twitter2015-pictured-zh/train.jsonl",
    "cmner-pictured-en": "cmner-pictured-en/train.jsonl",
}
"""Training parts in another language, which no row is judged on."""
RENAMED: dict[str, Mapping[str, str]] = {name: {"OTHER": "MISC"} for name in ("twitter2015-pictured", "twitter2015-pictured-zh")}
"""What a corpus calls otherwise than those that are learned from beside it, so that they have their labels in common."""
_BUILT = {
    "cmner-pictured": "build pictures --train {folder}/cmner/train.txt --dev {folder}/cmner/dev.txt --pictures DIR --seed 1 "
    "--out {folder}/cmner-pictured",
    "twitter2015-pictured": "build pictures --train {folder}/twitter2015/train.txt --dev {folder}/twitter2015/valid.txt "
    "--pictures DIR --seed 1 --out {folder}/twitter2015-pictured",
    "twitter2015-pictured-zh": "build translation --data {folder}/twitter2015-pictured/train.jsonl --translator NAME "
    "--from-language en --to-language zh --out {folder}/twitter2015-pictured-zh/train.jsonl",
    "cmner-pictured-en": "build translation --data {folder}/cmner-pictured/train.jsonl --translator NAME "
    "--from-language zh --to-language en --out {folder}/cmner-pictured-en/train.jsonl",
    "cnerta-spoken": "build utterances --data {folder}/cnerta/valid.json --hold-out 540 --seed 1 --out {folder}/cnerta-spoken",
}
"""By which command those that are built can be."""
_ADVICE = {
    **dict.fromkeys(("cmner-pictured", "twitter2015-pictured"), "with --pictures for Caltech-101 and for ImageNet samples"),
    **dict.fromkeys(TRANSLATED, "with a translation model of transformers; none ships"),
    "cnerta-spoken": "with --recordings DIR if you have a person's syllables",
}
VARIABLE = "DUOMO_DATA"
_SUBSET_SEED = 1


@dataclass(frozen=True)
class Source:
    """A corpus that is there.

    Attributes:
        name: in :data:`FILES`.
        train: file to learn from.
        dev: file to judge by.
        further: files whose content counts as well.
    """

    name: str
    train: Path
    dev: Path
    further: tuple[Path, ...] = ()


def data_folder(given: str | None, environment: Mapping[str, str]) -> Path:
    """Return the folder of corpora: the one given, else the environment's.

    Raises:
        InputError: if there is neither, or it is not a folder.
    """
    named = given or environment.get(VARIABLE)
    wanted = ", ".join(file for files in FILES.values() for file in files)
    if not named:
        raise InputError(f"where are the corpora? give --data DIR, or set {VARIABLE}; looked for in it are {wanted}")
    if not Path(named).is_dir():
        raise InputError(f"there is no folder {named}; give one that holds some of {wanted}")
    return Path(named)


def find(names: Sequence[str], folder: Path) -> tuple[list[Source], dict[str, str]]:
    """Find corpora below a folder.

    Args:
        names: of the corpora.
        folder: of the corpora.

    Returns:
        those that are there, and for each of the others which files are missing, and how it is built if it can be.

    Raises:
        InputError: if a name is not known, or none of the corpora is there.
    """
    unknown = [name for name in names if name not in FILES]
    if unknown:
        raise InputError(f"there is no corpus {', '.join(unknown)}; choose from {', '.join(FILES)}")
    found: list[Source] = []
    missing: dict[str, str] = {}
    for name in dict.fromkeys(names):
        files = [folder / file for file in FILES[name]]
        absent = [str(file) for file in files if not file.is_file()]
        if absent:
            missing[name] = ", ".join(absent) + _how_to_build(name, folder)
        else:
            train, dev, *further = (file.resolve() for file in files)
            found.append(Source(name, train, dev, tuple(further)))
    if not found:
        raise InputError(f"none of the corpora is there: no {'; no '.join(missing.values())}")
    return found, missing


def find_first(names: Sequence[str], folder: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """Find the training parts that rows learn from before their own corpus.

    Args:
        names: of corpora in :data:`FILES` or :data:`TRANSLATED`.
        folder: of the corpora.

    Returns:
        the file of each that is there, and for each of the others which is missing, and how it is built.
    """
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name in dict.fromkeys(names):
        file = folder / (TRANSLATED[name] if name in TRANSLATED else FILES[name][0])
        if file.is_file():
            found[name] = file.resolve()
        else:
            missing[name] = str(file) + _how_to_build(name, folder)
    return found, missing


def read(name: str, file: str | Path) -> list[Document]:
    """Return the documents of a part of a corpus, under the labels that it is learned with.

    Raises:
        FormatError: if it has malformed lines.
    """
    return [relabel(document, RENAMED.get(name, {})) for document in formats.read(file)]


def _how_to_build(name: str, folder: Path) -> str:
    if name not in _BUILT:
        return ""
    command = _BUILT[name].format(folder=shlex.quote(str(folder)))
    return f" (build it: python -m engine {command}, {_ADVICE[name]})"


def drawn(documents: Sequence[Document], most: int, share: float, seed: int) -> list[Document]:
    """Return the documents to learn from, in their own order.

    Args:
        documents: the training part.
        most: draw so many of it first, the same ones whatever the seed; 0 for all.
        share: of these, in (0, 1]; what a smaller share draws, a larger one draws too.
        seed: of the share.
    """
    kept = _first(documents, most, _SUBSET_SEED) if 0 < most < len(documents) else list(documents)
    return _first(kept, max(1, round(share * len(kept))), seed) if share < 1 else kept


def _first(documents: Sequence[Document], count: int, seed: int) -> list[Document]:
    order = torch.randperm(len(documents), generator=torch.Generator().manual_seed(seed)).tolist()
    return [documents[i] for i in sorted(order[:count])]
