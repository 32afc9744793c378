"""Building a translated corpus: a file of documents, and beside it a card that says who translated it and what was lost.

FILE.jsonl        the translations under the documents' own names, with their labels and pictures
FILE.card.json    what this is, and what it is not
.FILE.memory      only while it is built: what has been translated, for an interrupted build to go on from
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from engine import formats
from engine.document import Document
from engine.errors import InputError
from engine.synthesis.translating import Masked, Translator, masked, unmasked

Observe = Callable[[int, int], None]
"""Told how many texts are translated, of how many."""
BUILT = "translation"
WHAT = (
    "A machine's translation of an annotated corpus. Each entity was replaced by a placeholder before its text was translated, "
    "translated by itself, and put back where the placeholder had come to stand. Nobody has read it: scores of a model that "
    "learned from it say what such data is worth, not that the translations are good."
)
_AT_ONCE = 64


class DescribedTranslator(Translator, Protocol):
    """A translator that says what determines its translations."""

    @property
    def described(self) -> Mapping[str, Any]:
        """Return plain values; another description means other translations."""


@dataclass(frozen=True)
class TranslationReport:
    """What a build made.

    Attributes:
        file: the corpus.
        card: what it holds, as in the file beside it.
        seconds: how long it took.
    """

    file: Path
    card: Mapping[str, Any]
    seconds: float


def build_translation(
    file: str | Path,
    documents: Sequence[Document],
    translator: DescribedTranslator,
    source: Mapping[str, Any] | None = None,
    observe: Observe = lambda done, total: None,
) -> TranslationReport:
    """Translate documents into a corpus file, which appears only when all of it is written.

    What is translated is remembered beside the file until then, so that the same call goes on where it was interrupted. A
    document whose placeholders did not come through is left out and counted; a text that occurs several times is translated once.

    Args:
        file: where to, ending in ``.jsonl``.
        documents: the corpus.
        translator: what translates.
        source: what the card is to say of where it all comes from.
        observe: follows the work.

    Raises:
        InputError: if there are no documents, something else lies at the place, it cannot be written, or no translation is left.
    """
    started = time.perf_counter()
    target = Path(file)
    check_target(target)
    if not documents:
        raise InputError("there are no documents to translate; give a corpus that holds some")
    made = [masked(document) for document in documents]
    texts = sorted({text for one in made if isinstance(one, Masked) for text in one.asked}, key=lambda text: (len(text), text))
    target.parent.mkdir(parents=True, exist_ok=True)
    with _memory(target, translator.described) as (known, remember):
        observe(len(known), len(texts))
        missing = [text for text in texts if text not in known]
        for start in range(0, len(missing), _AT_ONCE):
            batch = missing[start : start + _AT_ONCE]
            for text, translation in zip(batch, translator.translate(batch), strict=True):
                remember(text, translation)
            observe(len(texts) - len(missing) + start + len(batch), len(texts))
        found = [one if isinstance(one, str) else unmasked(one, known, translator.source, translator.target) for one in made]
    left_out = [(document.id, one) for document, one in zip(documents, found, strict=True) if isinstance(one, str)]
    translated = [one for one in found if isinstance(one, Document)]
    if not translated:
        raise InputError(f"none of {len(documents):,} documents is left, of the first: {left_out[0][1]}; use another translator")
    formats.write([_beside(document, target.parent) for document in translated], target)
    card = _card(documents, made, translated, left_out, {**(source or {}), **translator.described})
    _write(card_of(target), json.dumps(card, ensure_ascii=False, indent=1) + "\n")
    _memory_of(target).unlink(missing_ok=True)
    return TranslationReport(target, card, time.perf_counter() - started)


def card_of(target: Path) -> Path:
    """Return the place of a corpus file's card."""
    return target.with_suffix(".card.json")


def check_target(target: str | Path) -> None:
    """See that a file may be written to, before any work is done.

    Raises:
        InputError: if it is not called as it should be, or something else lies there.
    """
    target = Path(target)
    if target.suffix != ".jsonl":
        raise InputError(f"--out: expected a file that ends in .jsonl, got {target}")
    if target.exists() and not card_of(target).is_file():
        raise InputError(f"{target} is there and has no card, so this command has not built it; give another place with --out")


def _card(
    documents: Sequence[Document],
    made: Sequence[Masked | str],
    translated: Sequence[Document],
    left_out: Sequence[tuple[str, str]],
    source: Mapping[str, Any],
) -> dict[str, Any]:
    dropped: Counter[str] = Counter()
    for one in made:
        dropped.update(one.dropped if isinstance(one, Masked) else {})
    return {
        "built": BUILT,
        "what": WHAT,
        **source,
        "documents": len(documents),
        "translated": len(translated),
        "entities": sum(len(document.spans) for document in documents),
        "entities_translated": sum(len(document.spans) for document in translated),
        "labels": dict(sorted(Counter(span.label for document in translated for span in document.spans).items())),
        "lost": dict(Counter(reason for _, reason in left_out).most_common()),
        "dropped": dict(dropped),
        "left_out": [{"id": name, "reason": reason} for name, reason in left_out],
    }


def _beside(document: Document, folder: Path) -> Document:
    """Return a document that names its pictures from a folder, so that both can be moved together."""
    images = (Path(os.path.relpath(image, folder)).as_posix() if os.path.isfile(image) else image for image in document.images)
    return replace(document, images=tuple(images))


Remember = Callable[[str, "str | None"], None]


@contextmanager
def _memory(target: Path, described: Mapping[str, Any]) -> Iterator[tuple[dict[str, str | None], Remember]]:
    """Give what has been translated before for a file by the same translator, and what adds to it."""
    file = _memory_of(target)
    header = json.dumps(dict(described), sort_keys=True)
    known = _remembered(file, header)
    try:
        _write(file, "".join(f"{line}\n" for line in (header, *map(json.dumps, known.items()))))
        handle = file.open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}; choose another place or make room") from error
    with handle:

        def remember(text: str, translation: str | None) -> None:
            known[text] = translation
            handle.write(json.dumps([text, translation]) + "\n")
            handle.flush()

        yield known, remember


def _remembered(file: Path, header: str) -> dict[str, str | None]:
    """Return what a memory holds, up to where it was cut off; nothing of another translator's."""
    try:
        first, *lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    known: dict[str, str | None] = {}
    for line in lines if first == header else []:
        try:
            text, translation = json.loads(line)
        except ValueError:
            break
        known[text] = translation
    return known


def _memory_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.memory")


def _write(file: Path, text: str) -> None:
    half = file.with_name(f".{file.name}.{os.getpid()}")
    half.write_text(text, encoding="utf-8")
    os.replace(half, file)
