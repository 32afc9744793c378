"""The pictures that posts are given: which kinds there are, what they fit, what files there are of each, and who may see them.

A folder of pictures holds a folder for each kind (``pagoda/image_0001.jpg``, as in Caltech-101), or files that name theirs
(``n02747177_ashcan.JPEG``, as in samples of ImageNet), or both.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.formats.attachments import IMAGES
from engine.modalities.images import read_image
from engine.variants import UNRELATED

Observe = Callable[[int, int], None]
"""Told how many pictures are read, of how many."""

KINDS = Path(__file__).with_name("picture_kinds.json")
_HEAVIEST = 100
"""A kind is drawn as often as it has pictures, but as if it had no more than these, or motorcycles would be all there is."""
_SYNSET = re.compile(r"n\d{8}_(.+)", re.DOTALL)
_UNKNOWN = "not known here: that of whoever took the pictures"


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which kinds of pictures fit which entity type.

    Attributes:
        types: the entity types that have kinds.
        fits: of each kind the entity type, or :data:`UNRELATED`.
        aliases: what a type is called in other corpora, in capitals, and the type.
        licences: what is known of pictures in folders whose names hold a word.
    """

    types: tuple[str, ...]
    fits: Mapping[str, str]
    aliases: Mapping[str, str]
    licences: Mapping[str, str]

    @classmethod
    def read(cls, path: str | Path = KINDS) -> Kinds:
        """Read a table like ``picture_kinds.json``.

        Raises:
            InputError: if it cannot be read, is no such table, or has a kind twice.
        """
        try:
            table = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{path}: the kinds of pictures cannot be read ({error.strerror or error})") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path} is no JSON ({error}); give kinds as in engine/synthesis/{KINDS.name}") from error
        if not _is_table(table):
            raise InputError(
                f'{path} holds no kinds of pictures; expected {{"types": {{"PER": [kind, …], …}}, "unrelated": [kind, …]}}, and '
                f'"aliases" and "licences" if wanted, each from name to name, as in engine/synthesis/{KINDS.name}'
            )
        fits: dict[str, str] = {}
        for name, kinds in (*table["types"].items(), (UNRELATED, table["unrelated"])):
            for kind in kinds:
                if kind in fits:
                    raise InputError(f"{path}: the kind {kind!r} stands under {fits[kind]} and under {name}; leave one of them")
                fits[kind] = name
        return cls(tuple(table["types"]), fits, table.get("aliases", {}), table.get("licences", {}))

    def type_of(self, label: str) -> str | None:
        """Return the entity type whose kinds fit a label: ``LOC`` for LOC, GPE and GPE.NAM; ``None`` if there are none."""
        for name in (label, label.partition(".")[0]):
            for called in (name, name.upper(), self.aliases.get(name.upper(), "")):
                if called in self.types:
                    return called
        return None

    def licence(self, folder: Path) -> str:
        """Return what is known of the licence of a folder's pictures."""
        name = folder.resolve().name.lower()
        return next((licence for word, licence in self.licences.items() if word in name), _UNKNOWN)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture file.

    Attributes:
        file: where it is.
        source: which of the folders it comes from, and its path there.
        kind: what it shows.
        fits: the entity type that its kind fits, or :data:`UNRELATED`.
        digest: SHA-256 of its content, in hexadecimal.
    """

    file: Path
    source: str
    kind: str
    fits: str
    digest: str

    @property
    def name(self) -> str:
        """Return what the file is called in what is built: its content decides."""
        return f"{self.digest[:16]}{self.file.suffix.lower()}"

    def held(self, share: float) -> bool:
        """Tell whether it is held out for dev, as a share of all pictures is: its content decides, and no other picture."""
        return int(self.digest[16:32], 16) / 16**16 < share


@dataclass(frozen=True, slots=True)
class Found:
    """What there is in folders of pictures.

    Attributes:
        pictures: each content once, in the order of their digests.
        sources: of each folder its name, licence and how many of the pictures are its own.
        unknown: kinds that are in no table, and how many files each has.
        problems: what could not be used, and why.
    """

    pictures: tuple[Picture, ...]
    sources: tuple[Mapping[str, Any], ...]
    unknown: Mapping[str, int]
    problems: tuple[str, ...]


def find_pictures(folders: Sequence[str | Path], kinds: Kinds, observe: Observe = lambda done, total: None) -> Found:
    """Read every picture of a known kind.

    Args:
        folders: of pictures.
        kinds: the known ones.
        observe: follows the work.

    Raises:
        InputError: if a folder cannot be read, or there is no picture of a known kind in any of them.
    """
    listed = [(Path(folder), file) for folder in dict.fromkeys(map(Path, folders)) for file in _files(folder)]
    unknown = Counter(kind for _, (kind, _) in listed if kind and kind not in kinds.fits)
    problems = [f"{file}: names no kind; put it into a folder of that name" for _, (kind, file) in listed if not kind]
    known = [(folder, kind, file) for folder, (kind, file) in listed if kind in kinds.fits]
    found: dict[str, Picture] = {}
    origins: dict[str, Path] = {}
    clashing: dict[str, str] = {}
    for done, (folder, kind, file) in enumerate(known, 1):
        observe(done, len(known))
        try:
            digest = read_image(file).digest
        except InputError as error:
            problems.append(str(error))
            continue
        source = f"{folder.resolve().name}/{file.relative_to(folder).as_posix()}"
        other = found.setdefault(digest, Picture(file, source, kind, kinds.fits[kind], digest))
        origins.setdefault(digest, folder)
        if other.fits != kinds.fits[kind]:
            clashing[digest] = f"{file}: the same picture as {other.file}, whose kind fits something else; neither is used"
    pictures = tuple(found[digest] for digest in sorted(found.keys() - clashing.keys()))
    problems += clashing.values()
    if not pictures:
        raise InputError(_nothing(folders, unknown, problems))
    count = Counter(origins[picture.digest] for picture in pictures)
    sources = [
        {"folder": folder.resolve().name, "pictures": count[folder], "licence": kinds.licence(folder)}
        for folder in dict.fromkeys(map(Path, folders))
    ]
    return Found(pictures, tuple(sources), dict(sorted(unknown.items())), tuple(problems))


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The pictures of one entity type, or the unrelated ones, and how likely each is drawn, ``[N]``."""

    pictures: tuple[Picture, ...]
    chances: NDArray[np.float64]

    def drawn(self, count: int, generator: np.random.Generator) -> list[Picture]:
        """Draw so many pictures, none of them twice."""
        return [self.pictures[i] for i in generator.choice(len(self.pictures), count, replace=False, p=self.chances)]


def shelves_of(pictures: Iterable[Picture]) -> dict[str, Shelf]:
    """Return the pictures by what they fit; a kind is as likely as it has pictures, but none has more weight than 100."""
    sorted_out: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        sorted_out[picture.fits].append(picture)
    shelves = {}
    for name, held in sorted_out.items():
        count = Counter(picture.kind for picture in held)
        weights = np.array([min(1.0, _HEAVIEST / count[picture.kind]) for picture in held])
        shelves[name] = Shelf(tuple(held), weights / weights.sum())
    return shelves


def _is_table(table: Any) -> bool:
    def names(value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(name, str) and name for name in value)

    def pairs(value: Any) -> bool:
        return isinstance(value, dict) and all(isinstance(name, str) for name in value.values())

    return (
        isinstance(table, dict)
        and table.keys() <= {"types", "unrelated", "aliases", "licences"}
        and isinstance(types := table.get("types"), dict)
        and all(names(kinds) and name not in ("", UNRELATED) for name, kinds in types.items())
        and names(table.get("unrelated"))
        and pairs(table.get("aliases", {}))
        and pairs(table.get("licences", {}))
    )


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the kind of each picture file in a folder, empty if nothing names it, and the file."""
    try:
        for entry in _visible(folder):
            for file in _visible(entry) if entry.is_dir() else (entry,):
                if file.suffix.lower() in IMAGES and file.is_file():
                    yield _kind(entry), file
    except OSError as error:
        raise InputError(
            f"{folder}: the pictures cannot be read ({error.strerror or error}); give a folder with a folder for each kind"
        ) from error


def _visible(folder: Path) -> list[Path]:
    return [folder / name for name in sorted(os.listdir(folder)) if not name.startswith(".")]


def _kind(entry: Path) -> str:
    if entry.is_dir():
        named = _SYNSET.fullmatch(entry.name)
        return named[1] if named else entry.name
    named = _SYNSET.fullmatch(entry.stem)
    return named[1] if named else ""


def _nothing(folders: Sequence[str | Path], unknown: Mapping[str, int], problems: Sequence[str]) -> str:
    where = ", ".join(map(str, folders)) or "no folder"
    if problems:
        return f"{where}: no picture can be used; the first of {len(problems):,} problems is {problems[0]}"
    if unknown:
        kinds = ", ".join(sorted(unknown)[:5])
        return f"{where}: no picture is of a known kind, but of {kinds}; name others with --kinds, as in {KINDS.name}"
    return f"{where}: there are no pictures; give a folder with a folder for each kind, such as pagoda/1.jpg"
