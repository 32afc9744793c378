"""ZIP files from anywhere: what is in them is looked at before it is unpacked, and nothing of it is believed.

Refused are names that lead out of the folder, links, encrypted, repeated and overlapping members, more than :data:`LARGEST` bytes
or :data:`MOST` members in all, and a member of more than :data:`SMALL` bytes that is :data:`STEEPEST` times as large as what is
stored of it.
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from engine.errors import InputError

LARGEST = 16 << 30
"""Bytes that all members together may unpack to: 16 GiB."""
STEEPEST = 200
"""How many times as large as what is stored of it a large member may be; text shrinks to a tenth or so."""
SMALL = 64 << 20
"""Bytes up to which a member may shrink as much as it likes: 64 MiB."""
MOST = 500_000
"""Members that a file may have."""
_UNICODE = 0x800
_DRIVE = re.compile(r"[A-Za-z]:")


@contextmanager
def opened(path: Path, what: str = "archive", largest: int = LARGEST) -> Iterator[zipfile.ZipFile]:
    """Hold a ZIP file open whose members can be unpacked without harm.

    Args:
        path: the file.
        what: it is to be, for messages.
        largest: bytes that its members together may unpack to.

    Raises:
        InputError: if it is damaged or refused.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(path, archive.infolist(), what, largest)
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise InputError(f"{path} is damaged or no {what}: {error}; export it again") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read or unpacked: {error.strerror or error}; check the path and the room") from error


def _check(path: Path, members: Sequence[zipfile.ZipInfo], what: str, largest: int) -> None:
    """Refuse what can be refused from the directory of the ZIP alone."""
    for member in members:
        mode = member.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise InputError(f"{path}: {member.filename} is a link or no plain file; the {what} is refused")
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"{path}: {member.filename} is encrypted or packed in another way; export the {what} again")
        if member.file_size > max(SMALL, STEEPEST * member.compress_size):
            raise InputError(f"{path}: {member.filename} unpacks to more than {STEEPEST} times its size; the {what} is refused")
    if len(members) > MOST:
        raise InputError(f"{path} has {len(members):,} members, more than the {MOST:,} that are taken; split it")
    if len({member.filename for member in members}) < len(members):
        raise InputError(f"{path}: members are repeated; the {what} is refused")
    if sum(member.file_size for member in members) > largest:
        raise InputError(f"{path} unpacks to more than {largest >> 30} GiB, the most that is taken; split it")
    if sum(member.compress_size for member in members) > path.stat().st_size:
        raise InputError(f"{path}: members lie over each other; the {what} is refused")


def unpack_folder(path: Path, folder: Path) -> list[Path]:
    """Unpack a ZIP file of a folder; return the files that were in it, as paths below that folder.

    What systems add for themselves, hidden files and ``__MACOSX``, is passed over.

    Raises:
        InputError: if it is damaged, refused, or the disk does not take it.
    """
    with opened(path) as archive:
        places = {member.filename: place for member in archive.infolist() if (place := _place(path, member))}
        if len({str(place).casefold() for place in places.values()}) < len(places):
            raise InputError(f"{path}: two members have one name but for upper and lower case; rename one of them")
        for name, place in places.items():
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as packed, open(target, "wb") as handle:
                shutil.copyfileobj(packed, handle)
    return [folder / place for place in places.values()]


def _place(path: Path, member: zipfile.ZipInfo) -> PurePosixPath | None:
    """Return where a member goes below a folder; ``None`` for a folder and what is passed over."""
    name = _name(member).replace("\\", "/")
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or _DRIVE.match(name) or any(ord(c) < 32 for c in name):
        raise InputError(f"{path}: the name {name[:100]!r} leads out of the folder; the archive is refused")
    passed = member.is_dir() or not place.parts or any(part.startswith(".") or part == "__MACOSX" for part in place.parts)
    return None if passed else place


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese Windows writes it in GBK without saying so."""
    if member.flag_bits & _UNICODE:
        return member.filename
    raw = member.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename
