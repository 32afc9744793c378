"""Text packed for pre-training: the vocabulary chosen, every line cut into words, all in one file of indices.

::

    corpus/text-0.txt … text-N.txt   cleaned lines of each source, UTF-8
    corpus/held_out.txt              lines that are never learned from
    corpus/packed.bin, held_out.bin  uint16: the index of each character, plus WORD where a word begins; END closes a line
    corpus/tokenizer/                the vocabulary as a transformers tokenizer
    corpus/report.json               what was read, kept and left out, source by source; its presence means all is done
"""

from __future__ import annotations

import json
import multiprocessing
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.modalities.text import CharacterVocabulary, character_tokenizer, is_emoji
from engine.pretraining.raw_text import TextSource, clean

WORD = 1 << 15
"""Set on the index of a character that begins a word."""
_CHUNK = 4000
_HELD_OUT = (500, 50, 10)
"""One line in so many is held out; of a small text, whose part would be below _LEAST bytes, more."""
_LEAST = 30_000


@dataclass(frozen=True)
class PackedText:
    """Packed text on disk.

    Attributes:
        indices: memory-mapped uint16, see the module.
        segments: first and one past the last position of each source, and its weight.
    """

    indices: np.ndarray[Any, np.dtype[np.uint16]]
    segments: tuple[tuple[int, int, float], ...]


def pack(
    sources: Sequence[TextSource],
    exclude: Sequence[str],
    folder: Path,
    *,
    vocabulary_size: int,
    traditional: float = 0.0,
    tokenizer: Any = None,
    observe: Callable[[str], None] = lambda message: None,
) -> tuple[PackedText, PackedText]:
    """Prepare sources for pre-training, or open what an earlier call prepared; return the text and the held-out text.

    Args:
        sources: where the text comes from; of lines that repeat, the first is kept.
        exclude: labelled corpora none of whose sentences may be learned from, e.g. dev parts.
        folder: where to put it all.
        vocabulary_size: most rows of the vocabulary.
        traditional: share of the lines that are turned into traditional characters, so that a model knows them as well.
        tokenizer: of an encoder that is trained further; a new one is made from the text if absent.
        observe: told what is being done.

    Raises:
        InputError: if a file cannot be opened, or nothing in it is of use.
        FormatError: if a labelled corpus has malformed lines.
    """
    if not (folder / "report.json").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for share in _HELD_OUT:
            counts, characters = clean(sources, exclude, folder, traditional=traditional, held_out=share, observe=observe)
            if (folder / "held_out.txt").stat().st_size >= _LEAST:
                break
        made = tokenizer or character_tokenizer(_choose(characters, vocabulary_size))
        made.save_pretrained(folder / "tokenizer")
        vocabulary = CharacterVocabulary.of_tokenizer(made)
        if vocabulary.size > WORD:
            raise InputError(f"the vocabulary has {vocabulary.size} rows; pre-training here takes at most {WORD}")
        observe("cutting into words")
        segments = _encode([folder / f"text-{i}.txt" for i in range(len(sources))], vocabulary, folder / "packed.bin")
        held = _encode([folder / "held_out.txt"], vocabulary, folder / "held_out.bin")
        report = {"sources": [asdict(count) for count in counts], "segments": segments, "held_out": held}
        _write_json(folder / "report.json", report)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    weights = [count["weight"] for count in report["sources"]]
    weighted = [(start, end, weight) for (start, end), weight in zip(report["segments"], weights, strict=True)]
    return _open(folder / "packed.bin", weighted), _open(folder / "held_out.bin", [(*report["held_out"][0], 1.0)])


def _choose(characters: Counter[str], size: int) -> list[str]:
    """Take ASCII, then characters by their frequency, then those of GB 2312's first level; emoji share one row of their own."""
    always = [chr(code) for code in range(32, 127)]
    seen = sorted((c for c in characters if not is_emoji(c)), key=lambda c: (-characters[c], c))
    common = [
        bytes((row, cell)).decode("gb2312") for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF if row < 0xD7 else 0xFA)
    ]
    return list(dict.fromkeys([*always, *seen, *common]))[: size - 6]


def _encode(paths: Sequence[Path], vocabulary: CharacterVocabulary, target: Path) -> list[tuple[int, int]]:
    """Cut lines into words, all cores at it, and write their indices; return where each file's begin and end."""
    segments: list[tuple[int, int]] = []
    position = 0
    half = target.with_name(target.name + ".part")
    workers = os.cpu_count() or 1
    with half.open("wb") as out, multiprocessing.get_context("spawn").Pool(workers, _prepare_worker, (vocabulary,)) as pool:
        for path in paths:
            start = position
            for packed in pool.imap(_encode_lines, _chunks(path)):
                out.write(packed.tobytes())
                position += len(packed)
            segments.append((start, position))
    os.replace(half, target)
    return segments


def _chunks(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8") as file:
        lines: list[str] = []
        for line in file:
            lines.append(line.rstrip("\n"))
            if len(lines) == _CHUNK:
                yield lines
                lines = []
        if lines:
            yield lines


_worker: dict[str, Any] = {}


def _prepare_worker(vocabulary: CharacterVocabulary) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports what newer setuptools discourage
        import jieba
    jieba.setLogLevel(60)
    jieba.initialize()
    _worker.update(vocabulary=vocabulary, cut=jieba.cut)


def _encode_lines(lines: Iterable[str]) -> np.ndarray[Any, np.dtype[np.uint16]]:
    vocabulary: CharacterVocabulary = _worker["vocabulary"]
    packed: list[int] = []
    for line in lines:
        ids = vocabulary.encode(line)
        position = 0
        for word in _worker["cut"](line):
            ids[position] |= WORD
            position += len(word)
        packed += ids
        packed.append(vocabulary.end | WORD)
    return np.array(packed, dtype=np.uint16)


def _open(path: Path, segments: Iterable[tuple[int, int, float]]) -> PackedText:
    indices = np.memmap(path, dtype=np.uint16, mode="r") if path.stat().st_size else np.zeros(0, np.uint16)
    return PackedText(indices, tuple(segments))


def _write_json(path: Path, content: Any) -> None:
    half = path.with_name(path.name + ".part")
    half.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(half, path)
