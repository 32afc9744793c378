"""Pictures and recordings that lie in folders beside a corpus file."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

IMAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp")
RECORDINGS = (".wav", ".flac", ".mp3", ".ogg")


class Attachments:
    """The media files below those folders beside a corpus whose names hold one of some words."""

    def __init__(self, corpus: Path, words: tuple[str, ...], suffixes: tuple[str, ...]) -> None:
        """Remember where to look; the folders are listed at the first question."""
        self.folder, self.words, self.suffixes = corpus.parent, words, suffixes

    @cached_property
    def _paths(self) -> dict[str, tuple[str, ...]]:
        """Map each file's stem, and its stem before the first ``_``, to its paths."""
        found: dict[str, list[str]] = {}
        for folder in sorted(self.folder.iterdir()):
            if not folder.is_dir() or not any(word in folder.name.lower() for word in self.words):
                continue
            for path in sorted(folder.rglob("*")):
                if path.suffix.lower() in self.suffixes:
                    for key in dict.fromkeys((path.stem, path.stem.partition("_")[0])):
                        found.setdefault(key, []).append(str(path))
        return {key: tuple(paths) for key, paths in found.items()}

    def of(self, key: str) -> tuple[str, ...]:
        """Return the files named ``key``, or ``key_…``, in order."""
        return self._paths.get(key, ())
