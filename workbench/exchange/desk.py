"""A desk: the folder in which uploaded files are laid out as they lay beside each other at home, until they are imported.

``given`` holds corpora as they were uploaded; ``files`` holds pictures and recordings, and each corpus once it is made ready to
be read. Nothing of either is part of the workspace yet, and nothing outside of them is ever opened on behalf of a file.
"""

from __future__ import annotations

import gzip
import lzma
import os
import secrets
import shutil
import time
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.formats.archives import SMALL, STEEPEST, unpack_folder
from engine.formats.attachments import IMAGES, RECORDINGS
from engine.formats.bundle import DOCUMENTS, MANIFEST
from engine.formats.source import open_bytes
from workbench.uploads import Held, hold, release

MEDIA = (*IMAGES, *RECORDINGS)
LARGEST_TEXT = 1 << 29
"""Bytes of the largest corpus file that is taken, unpacked: 512 MiB; some formats have to be read as a whole."""
KEPT = 24 * 3600.0
"""Seconds after which a desk, or an export, that nobody comes back to is cleared."""
_PASTED, _HALTED = "pasted.txt", "halted"
_OF_BUNDLES = {"history.jsonl", "labels.jsonl", "project.jsonl", "revisions.jsonl", "texts.jsonl"}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Desk:
    """Uploaded files, laid out.

    Attributes:
        folder: where.
        pasted: whether it is one text that was pasted.
        held: the browser's copies of what lies here.
    """

    folder: Path
    pasted: bool = False
    held: tuple[Held, ...] = ()

    @property
    def given(self) -> Path:
        """Return the folder of the corpora as they were uploaded."""
        return self.folder / "given"

    @property
    def files(self) -> Path:
        """Return the folder that is read."""
        return self.folder / "files"

    def corpora(self) -> list[Path]:
        """Return the corpora, as paths below :attr:`given` and :attr:`files`."""
        return sorted(file.relative_to(self.given) for file in self.given.rglob("*") if file.is_file())

    def holds(self, path: str) -> bool:
        """Tell whether a picture or recording was uploaded; a file may name any path of this machine."""
        return os.path.realpath(path).startswith(os.path.realpath(self.files) + os.sep) and os.path.isfile(path)

    def unpacked(self, place: str | Path) -> Path:
        """Return the folder that a bundle of the desk is unpacked into."""
        return (self.files / place).with_suffix(".unpacked")

    def halt(self) -> None:
        """Let an import of what lies here end as soon as it can."""
        if self.folder.is_dir():
            (self.folder / _HALTED).touch()

    def resume(self) -> None:
        """Let it go on."""
        (self.folder / _HALTED).unlink(missing_ok=True)

    @property
    def halted(self) -> bool:
        """Tell whether an import is to end."""
        return (self.folder / _HALTED).exists()

    def clear(self) -> None:
        """Throw everything away, the browser's copies too where nobody else needs them."""
        release(self.held)
        shutil.rmtree(self.folder, ignore_errors=True)


def lay_out(folder: Path, uploads: Iterable[Path] = (), pasted: str = "") -> Desk:
    """Lay files out on a new desk; ZIP files are unpacked, bundles excepted.

    Args:
        folder: of all desks; those that nobody came back to are cleared.
        uploads: corpora, pictures, recordings and ZIP files of such.
        pasted: a text instead of files.

    Raises:
        InputError: if an archive is damaged or refused, or the disk does not take it.
    """
    clear_old(folder)
    uploads = tuple(uploads)
    desk = Desk(folder / secrets.token_urlsafe(12), bool(pasted), hold(uploads))
    desk.given.mkdir(parents=True)
    desk.files.mkdir()
    try:
        if pasted:
            (desk.given / _PASTED).write_text(pasted, encoding="utf-8", newline="")
        for upload in uploads:
            _put(desk, upload)
    except OSError as error:
        shutil.rmtree(desk.folder, ignore_errors=True)
        raise InputError(f"the files cannot be laid out: {error.strerror or error}; make room in {folder}") from error
    except InputError:
        shutil.rmtree(desk.folder, ignore_errors=True)
        raise
    return desk


def clear_old(folder: Path) -> None:
    """Clear what has lain in a folder for longer than :data:`KEPT`."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if time.time() - entry.stat().st_mtime > KEPT:
            shutil.rmtree(entry, ignore_errors=True)


def _put(desk: Desk, upload: Path) -> None:
    if upload.suffix.lower() == ".zip" and not _is_bundle(upload):
        _unpack(desk, upload)
    elif upload.suffix.lower() in MEDIA:
        _put_media(desk, upload)
    else:
        _put_corpus(desk, upload, Path(upload.name))


def _is_bundle(upload: Path) -> bool:
    """Tell whether an archive is a bundle, or what is left of one: such a one is refused rather than read as a folder."""
    try:
        with zipfile.ZipFile(upload) as archive:
            names = set(archive.namelist())
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError):
        return False  # what is wrong with it is said when it is unpacked
    return (MANIFEST in names) + (DOCUMENTS in names) + bool(names & _OF_BUNDLES) > 1


def _unpack(desk: Desk, upload: Path) -> None:
    unpacked = desk.folder / "unpacked"
    try:
        for file in unpack_folder(upload, unpacked):
            place = file.relative_to(unpacked)
            if file.suffix.lower() in MEDIA:
                (desk.files / place).parent.mkdir(parents=True, exist_ok=True)
                os.replace(file, _free(desk.files / place))
            else:
                _put_corpus(desk, file, place)
    except InputError as error:
        raise InputError(str(error).replace(str(upload), upload.name)) from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _put_media(desk: Desk, upload: Path) -> None:
    """Put a picture or recording beside the corpora, and into such a folder as formats look for it in."""
    name = upload.name
    _link(upload, _free(desk.files / name))
    _link(upload, _free(desk.files / ("images" if upload.suffix.lower() in IMAGES else "audio") / name))


def _put_corpus(desk: Desk, upload: Path, place: Path) -> None:
    """Put a corpus onto the desk, unpacked if it is compressed."""
    packed = place.suffix in (".gz", ".xz")
    target = _free(desk.given / (place.with_suffix("") if packed else place))
    most = max(SMALL, STEEPEST * upload.stat().st_size) if packed else LARGEST_TEXT
    target.parent.mkdir(parents=True, exist_ok=True)
    bundled = upload.suffix.lower() == ".zip"
    try:
        with open_bytes(upload, named=place) as source, open(target, "wb") as handle:
            while chunk := source.read(_CHUNK):
                handle.write(chunk)
                if not bundled and handle.tell() > min(most, LARGEST_TEXT):
                    raise InputError(f"{place.name} holds more than {min(most, LARGEST_TEXT) >> 20} MiB of text; split it")
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{place.name} is damaged: {error}; make or load it again") from error


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _free(path: Path) -> Path:
    """Return a path that nothing lies at."""
    for number in range(2, 10_000):
        if not path.exists():
            return path
        path = path.with_name(f"{path.stem.rpartition('~')[0] or path.stem}~{number}{path.suffix}")
    raise InputError(f"there are too many files of the name {path.name}; rename them")


def shown(desk: Desk, path: str) -> str:
    """Return what the user calls a file of the desk."""
    for folder in (desk.files, desk.given):
        path = path.replace(f"{folder}{os.sep}", "").replace(str(folder), "")
    return path or "…"
