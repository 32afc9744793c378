"""A bundle: documents with their pictures and recordings, and what else belongs to them, in one ZIP file that proves itself.

::

    documents.jsonl            as the format jsonl has it, paths replaced by names of members
    pictures/SHA256.jpg, …     each picture once, named by its content
    speech/SHA256.wav, …       each recording once
    NAME.jsonl, …              whatever the caller adds, e.g. the history of annotations; may name further pictures and recordings
    manifest.json              format, version, counts, and the size and SHA-256 of every other member

The same content gives the same bytes, whatever the day and the folders: members are in one order, carry no dates, and only the
JSON lines are compressed (by zlib, whose releases may differ). Bundles of every earlier version are read. A bundle is not
believed: names other than these, links, members that are missing or other than the manifest says, and what
:mod:`engine.formats.archives` refuses of any archive, are refused before or while it is unpacked.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from engine.document import Document
from engine.errors import InputError, Problem
from engine.formats.archives import LARGEST, SMALL, STEEPEST, opened
from engine.formats.contract import Format
from engine.formats.losses import ABSENT
from engine.formats.native import from_row, to_row
from engine.formats.source import Source, json_text, object_of

DOCUMENTS, MANIFEST = "documents.jsonl", "manifest.json"
KIND, VERSION = "duomo-bundle", 2
_CHUNK = 1 << 20
_NAME = re.compile(r"(pictures|speech)/[0-9a-f]{64}(\.[a-z0-9]{1,8})?|[A-Za-z0-9_-]{1,64}\.jsonl|manifest\.json")
_DATE = (1980, 1, 1, 0, 0, 0)


class Media:
    """The pictures and recordings of a bundle that is written, each named by what is in it."""

    def __init__(self) -> None:
        """Begin with none."""
        self.files: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}

    def picture(self, file: str) -> str:
        """Return the member that a picture will be, and let the bundle hold it."""
        return self._named(file, "pictures")

    def recording(self, file: str) -> str:
        """Return the member that a recording will be, and let the bundle hold it."""
        return self._named(file, "speech")

    def _named(self, file: str, folder: str) -> str:
        if (file, folder) not in self._names:
            ending = Path(file).suffix.lower()
            name = f"{folder}/{_digest(file)}{ending if re.fullmatch(r'[.][a-z0-9]{1,8}', ending) else ''}"
            self._names[file, folder] = name
            self.files.setdefault(name, file)
        return self._names[file, folder]


Rows = Callable[[Media], Iterable[Mapping[str, Any]]]
"""What gives the rows of a further member, and may add pictures and recordings while it does."""


def write_bundle(documents: Iterable[Document], path: Path, extra: Mapping[str, Rows] | None = None) -> None:
    """Write a bundle; it gets its name only once it is whole.

    Args:
        documents: as they come; their pictures and recordings must be there.
        path: the file.
        extra: further members by name, ``"history.jsonl"``.

    Raises:
        InputError: if a file cannot be read, the disk does not take the bundle, or a further member is misnamed.
    """
    extra = extra or {}
    for name in extra:
        if not _NAME.fullmatch(name) or "/" in name or name in (DOCUMENTS, MANIFEST):
            raise InputError(f"{name!r} cannot be a further member of a bundle; name it like history.jsonl")
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            _fill(_Members(archive), documents, extra)
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}; check the files and make room") from error
    finally:
        part.unlink(missing_ok=True)


class _Members:
    """The members written so far, with their sizes and digests."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, chunks: Iterable[bytes], packed: bool) -> None:
        member = zipfile.ZipInfo(name, _DATE)
        member.create_system, member.external_attr = 3, (stat.S_IFREG | 0o644) << 16
        member.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        digest, size = hashlib.sha256(), 0
        with self.archive.open(member, "w", force_zip64=True) as handle:
            for chunk in chunks:
                handle.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        if size > max(SMALL, STEEPEST * self.archive.getinfo(name).compress_size):
            raise InputError(f"{name} is {size:,} bytes that repeat each other; no reader would take it: leave repeated rows out")
        self.files[name] = {"bytes": size, "sha256": digest.hexdigest()}


def _fill(members: _Members, documents: Iterable[Document], extra: Mapping[str, Rows]) -> None:
    media = Media()
    counts = Counter({"documents": 0, "spans": 0})
    labels: Counter[str] = Counter()

    def lines() -> Iterator[bytes]:
        for document in documents:
            images = tuple(map(media.picture, document.images))
            audio = None if document.audio is None else media.recording(document.audio)
            counts.update(documents=1, spans=len(document.spans))
            labels.update(span.label for span in document.spans)
            yield f"{json_text(to_row(replace(document, images=images, audio=audio)))}\n".encode()

    members.add(DOCUMENTS, lines(), packed=True)
    for name in sorted(extra):
        members.add(name, (f"{json_text(row)}\n".encode() for row in extra[name](media)), packed=True)
    for name, file in sorted(media.files.items()):
        members.add(name, _chunks(file), packed=False)
        if members.files[name]["sha256"] not in name:
            raise InputError(f"{file} changed while it was read; write the bundle again")
    counts.update({folder: sum(name.startswith(f"{folder}/") for name in media.files) for folder in ("pictures", "speech")})
    manifest = {"format": KIND, "version": VERSION, **counts, "labels": dict(sorted(labels.items())), "files": members.files}
    members.add(MANIFEST, [f"{json.dumps(manifest, ensure_ascii=True, indent=1, sort_keys=True)}\n".encode()], packed=False)


def _digest(file: str) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(file: str | Path) -> Iterator[bytes]:
    with open(file, "rb") as handle:
        while chunk := handle.read(_CHUNK):
            yield chunk


def read_manifest(path: Path) -> Mapping[str, Any]:
    """Return the manifest of a bundle: ``documents``, ``spans``, ``labels``, ``pictures``, ``speech`` and ``files``.

    Raises:
        InputError: if the file is no bundle or may not be unpacked.
    """
    with _opened(path) as archive:
        return _manifest(path, archive)


def unpack(path: Path, folder: Path) -> Mapping[str, Any]:
    """Unpack a bundle into a folder after checking it, and return its manifest.

    Args:
        path: the bundle.
        folder: where its members go; made if it is not there.

    Raises:
        InputError: if it is no bundle, not as its manifest says, or not to be trusted, when what was unpacked by then is removed;
            or if the folder holds anything but a bundle.
    """
    made = not folder.exists()
    if not made and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} holds other files; move it, or unpack {path.name} elsewhere")
    with _opened(path) as archive:
        manifest = _manifest(path, archive)
        try:
            for name, said in manifest["files"].items():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with open(target, "wb") as handle:
                    _copy(path, archive, name, said, handle.write)
            (folder / MANIFEST).write_bytes(archive.read(MANIFEST))
        except BaseException:
            if made:
                shutil.rmtree(folder, ignore_errors=True)
            raise
    return manifest


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with opened(path, "bundle", LARGEST) as archive:
        for member in archive.infolist():
            if not _NAME.fullmatch(member.filename) or member.is_dir():
                raise InputError(f"{path}: no bundle has a member {member.filename[:100]!r}; it is refused")
        yield archive


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    names = {member.filename for member in archive.infolist()} - {MANIFEST}
    try:
        manifest = json.loads(archive.read(MANIFEST))
        version, files = (manifest["format"], manifest["version"]), manifest["files"]
        sound = set(files) == names and all(isinstance(file["sha256"], str) for file in files.values()) and DOCUMENTS in names
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise InputError(f"{path} has no sound {MANIFEST} and is no bundle; export it again") from error
    kind, number = version
    if kind != KIND or not isinstance(number, int) or number < 1:
        raise InputError(f"{path} is {kind} version {number} and no {KIND}; export it again")
    if number > VERSION:
        raise InputError(
            f"{path} is {KIND} version {number}, of a newer Duomo; this one reads up to {KIND} {VERSION}: bring Duomo up to date"
        )
    if not sound:
        odd = ", ".join(sorted(set(files) ^ names)[:3])
        raise InputError(f"{path}: its members are not those of its {MANIFEST} ({odd or DOCUMENTS}); export it again")
    return dict(manifest)


def _copy(path: Path, archive: zipfile.ZipFile, name: str, said: Mapping[str, Any], put: Callable[[bytes], object]) -> None:
    digest = hashlib.sha256()
    with archive.open(name) as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
            put(chunk)
    if digest.hexdigest() != said["sha256"] or ("/" in name and digest.hexdigest() not in name):
        raise InputError(f"{path}: {name} is not what its {MANIFEST} says, or was changed; export the bundle again")


def _parse(source: Source) -> Iterator[Document]:
    try:
        yield from _documents(source)
    except InputError as error:
        source.problems.append(Problem(str(source.path), 0, "a sound bundle", str(error)))


def _documents(source: Source) -> Iterator[Document]:
    """Yield a bundle's documents; its files are unpacked first, unless it is only looked at."""
    if source.unpack is not None:
        unpack(source.path, source.unpack)
    with _opened(source.path) as archive:
        _copy(source.path, archive, DOCUMENTS, _manifest(source.path, archive)["files"][DOCUMENTS], len)
        source.inside = frozenset(archive.namelist())
        with archive.open(DOCUMENTS) as handle:
            for number, row in _rows(source, handle):
                document = from_row(source, number, row)
                if document is not None:
                    yield _placed(source, number, document)


def _rows(source: Source, handle: IO[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(handle, 1):
        row = object_of(line)
        if row is None:
            source.report(number, f"one JSON object a line in {DOCUMENTS}", line[:100].decode("utf-8", "replace"))
        else:
            yield number, row


def _placed(source: Source, number: int, document: Document) -> Document:
    """Return a document whose files are where they were unpacked, or members' names where nothing was."""

    def place(name: str) -> str:
        if name not in source.inside or "/" not in name:
            source.report(number, "pictures and speech that are in the bundle", name)
        return name if source.unpack is None else str(source.unpack / name)

    audio = None if document.audio is None else place(document.audio)
    return replace(document, images=tuple(map(place, document.images)), audio=audio)


def _sniff(head: str, path: Path) -> float:
    return 0.9 if head.startswith("PK\x03\x04") else 0.0


BUNDLE = Format("bundle", "Duomo bundle, with pictures and speech", (".zip",), _sniff, _parse, write_bundle, (ABSENT,))
