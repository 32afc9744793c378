"""Typefaces that draw Chinese characters: those known by name that this machine has, and any file that a user names."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.errors import InputError

WANTED = 6
"""As many as MPM-CNER learns from."""
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
# name: file, face within a collection. Traditional faces first: characters are drawn in their traditional forms.
_KNOWN = {
    "Noto Sans TC": ("NotoSansCJK-Regular.ttc", 3),
    "Noto Serif TC": ("NotoSerifCJK-Regular.ttc", 3),
    "AR PL UMing TW": ("uming.ttc", 1),
    "AR PL UKai TW": ("ukai.ttc", 1),
    "TW-Sung": ("TW-Sung-98_1.ttf", 0),
    "TW-Kai": ("TW-Kai-98_1.ttf", 0),
    "PMingLiU": ("mingliu.ttc", 1),
    "DFKai-SB": ("kaiu.ttf", 0),
    "Microsoft JhengHei": ("msjh.ttc", 0),
    "SimSun": ("simsun.ttc", 0),
    "SimHei": ("simhei.ttf", 0),
    "KaiTi": ("simkai.ttf", 0),
    "PingFang": ("PingFang.ttc", 0),
    "Songti": ("Songti.ttc", 0),
    "STHeiti": ("STHeiti Medium.ttc", 0),
    "LXGW WenKai": ("LXGWWenKai-Regular.ttf", 0),
    "Noto Sans SC": ("NotoSansSC-Regular.ttf", 0),
}
_PACKAGES = ("zhplot",)
"""Packages of the index that carry a typeface; their files are read, they are never imported."""


@dataclass(frozen=True, slots=True)
class Typeface:
    """One face of a font file.

    Attributes:
        name: by which it is listed and held out.
        path: of the file.
        face: which of a collection's faces.
    """

    name: str
    path: Path
    face: int = 0

    @classmethod
    def parse(cls, value: str) -> Typeface:
        """Read ``PATH`` or ``PATH:FACE``; the file's name becomes the typeface's.

        Raises:
            InputError: if there is no such file.
        """
        path, colon, face = value.rpartition(":")
        if not colon or not face.isdigit():
            path, face = value, "0"
        if not Path(path).is_file():
            raise InputError(f"there is no typeface {path}; give the path of a .ttf, .otf or .ttc file")
        return cls(Path(path).stem + (f":{face}" if face != "0" else ""), Path(path), int(face))

    def characters(self) -> frozenset[int]:
        """Return the code points that it says it draws.

        Raises:
            InputError: if the file is damaged, or has no such face.
        """
        from fontTools.ttLib import TTFont, TTLibError

        number = self.face if self.path.suffix.lower() in (".ttc", ".otc") else -1
        try:
            with self.path.open("rb") as file, TTFont(file, fontNumber=number, lazy=True) as font:
                return frozenset(font.getBestCmap() or ())
        except (TTLibError, OSError, ValueError, KeyError, AssertionError) as error:
            raise InputError(f"{self.path}: not a typeface that can be read ({error}); leave it out or fetch it again") from error

    def font(self, size: int) -> Any:
        """Return Pillow's font in a size in pixels.

        Raises:
            InputError: if the file is damaged, or has no such face.
        """
        from PIL import ImageFont

        try:
            return ImageFont.truetype(self.path, size, index=self.face)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.path}: not a typeface that can be drawn ({error}); leave it out or fetch it again"
            ) from error


def installed() -> list[Typeface]:
    """List the known typefaces that this machine has."""
    files = {path.name: path for path in reversed(list(_files()))}
    return [Typeface(name, files[file], face) for name, (file, face) in _KNOWN.items() if file in files]


def _files() -> Iterator[Path]:
    folders = [Path(folder).expanduser() for folder in _FOLDERS if sys.platform == "win32" or not folder.startswith("C:")]
    for package in _PACKAGES:
        if (found := find_spec(package)) and found.origin:
            folders.append(Path(found.origin).parent)
    for folder in folders:
        if folder.is_dir():
            yield from sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".ttf", ".otf", ".ttc"))
