"""Which document is spoken how, and the corpus that is written of it.

corpus.jsonl          the documents, each with the path of its recording, and how it is spoken under ``pauses`` in its meta
train.jsonl           the same of what is not held out, where some are
dev.jsonl             those that are, four times: spoken in each mode, and mute
construction.jsonl    one object an utterance
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import formats
from engine.document import Document
from engine.errors import ConfigError, InputError
from engine.synthesis.utterances import MODES
from engine.variants import MUTE, NATURAL, PAUSES

AUDIO, CORPUS, TRAIN, DEV, CONSTRUCTION = "audio", "corpus.jsonl", "train.jsonl", "dev.jsonl", "construction.jsonl"


@dataclass(frozen=True, slots=True)
class Take:
    """One time that a document is spoken.

    Attributes:
        document: as it is to stand in the corpus, without its recording.
        source: the name that it came with.
        file: of the recording, without its ending.
        part: file of the corpus that it stands in.
        mode: in which it must be spoken; drawn if absent.
    """

    document: Document
    source: str
    file: str
    part: str
    mode: str | None = None


def takes_of(documents: Sequence[Document], hold_out: int | None, seed: int) -> list[Take]:
    """Return how often and in which modes documents are spoken.

    Args:
        documents: the corpus.
        hold_out: so many documents are drawn to be spoken in every mode, and all others once; all are, if absent.
        seed: of the draw.

    Raises:
        ConfigError: if the number is less than 1.
        InputError: if nothing would be left, or a document has the name that another would be given.
    """
    named = list(zip(documents, _names(documents), strict=True))
    if hold_out is None:
        return [Take(document, document.id, file, CORPUS) for document, file in named]
    held = _held_out(documents, hold_out, seed)
    takes = [Take(document, document.id, file, TRAIN) for i, (document, file) in enumerate(named) if i not in held]
    for mode in MODES:
        for document, file in (named[i] for i in held):
            takes.append(Take(_called(document, mode), document.id, _suffixed(file, mode), DEV, mode))
    return takes


def write_corpus(folder: Path, takes: Sequence[Take], made: Sequence[dict[str, Any] | str]) -> None:
    """Write the corpus and how each utterance was made.

    Args:
        folder: where to.
        takes: what was to be spoken.
        made: for each, how it was made, or why there is none.
    """
    parts: dict[str, list[Document]] = defaultdict(list)
    with (folder / CONSTRUCTION).open("w", encoding="utf-8", newline="\n") as lines:
        for take, result in zip(takes, made, strict=True):
            if isinstance(result, str):
                parts[take.part].append(_spoken(take.document, None, take.mode or MUTE))
                continue
            path = f"{AUDIO}/{take.file}.flac"
            parts[take.part].append(_spoken(take.document, path, result["mode"]))
            # as in the corpus, but readable even where half of a surrogate pair is in a name
            lines.write(json.dumps({"id": take.document.id, "audio": path, **result}) + "\n")
    if DEV in parts:
        held = [take.document for take in takes if take.mode == NATURAL]
        parts[DEV] += [_spoken(_called(document, MUTE), None, MUTE) for document in held]
    for part, documents in parts.items():
        formats.write(documents, folder / part)


def digest(text: str) -> bytes:
    """Return the SHA-256 of a text, whatever is in it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _held_out(documents: Sequence[Document], count: int, seed: int) -> list[int]:
    """Draw the places of what is held out, in order."""
    if count < 1:
        raise ConfigError(f"--hold-out: expected a number from 1 on, got {count}")
    if count >= len(documents):
        raise InputError(f"--hold-out: {count} of {len(documents)} documents leave nothing to learn from; hold out fewer")
    generator = np.random.default_rng(list(digest(f"{seed}\0hold-out")))
    held = sorted(generator.permutation(len(documents))[:count].tolist())
    taken = {document.id for document in documents}
    for i in held:
        for name in (_suffixed(documents[i].id, mode) for mode in (*MODES, MUTE) if mode != NATURAL):
            if name in taken:
                raise InputError(f"--hold-out: {documents[i].id} would be called {name} too, as another document is; rename that")
    return held


def _called(document: Document, mode: str) -> Document:
    return replace(document, id=_suffixed(document.id, mode))


def _suffixed(name: str, mode: str) -> str:
    return name if mode == NATURAL else f"{name}.{mode}"


def _spoken(document: Document, path: str | None, mode: str) -> Document:
    return replace(document, audio=path, meta={**document.meta, PAUSES: mode})


def _names(documents: Iterable[Document]) -> list[str]:
    """Return a file name for each document: its own where it can be one, else a hash; numbered where two would be the same."""
    seen: Counter[str] = Counter()
    names = []
    for document in documents:
        plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{3,79}", document.id)
        name = document.id if plain else digest(f"{document.id}\0{document.text}").hex()[:16]
        seen[name.lower()] += 1
        names.append(name if seen[name.lower()] == 1 else f"{name}.{seen[name.lower()]}")
    return names
