"""What a model says of documents, piece by piece; a piece that it has read before is not read again.

A kept piece is found by the digest of the model's weights and by a hash of all that its answer depends on: the texts, the chosen
readings, the content of pictures and speech, the precision, and what is kept from the model.

What a model notices of pictures and speech comes with its answer, in the meta of the predicted documents: how far the pictures
have to do with the text (``correlation``), and before which characters it hears a pause (``heard_pauses``).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.document import Document, Span
from engine.errors import InputError
from engine.evaluation.study import Known, Reading

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo
    from engine.tagger import Prediction, Tagger

PIECE = 64
"""Documents that are read at a time."""
IMAGE, SPEECH = "image", "speech"
CORRELATION, HEARD_PAUSES = "correlation", "heard_pauses"
"""Keys of the meta of a predicted document."""
_ALIGNMENT = "alignment"
_FORMAT = 2
_Answer = tuple[tuple[Span, ...], dict[str, str]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Read:
    """One piece, read.

    Attributes:
        done: how many documents are read by now.
        of: how many there are.
        documents: those of the piece, with the predicted spans.
        cached: whether they had been read before.
        seconds: that the piece took.
    """

    done: int
    of: int
    documents: tuple[Document, ...]
    cached: bool
    seconds: float


def read(tagger: Tagger, documents: Sequence[Document], *, without: str = "", cache: Path | None = None) -> Iterator[Read]:
    """Predict documents piece by piece.

    Args:
        tagger: the model.
        documents: to read; annotations that they carry are not looked at.
        without: modality that is kept from the model, or several with commas between; empty for none.
        cache: folder in which pieces are kept; nothing is kept without.

    Raises:
        InputError: if the model cannot do without the modality.
    """
    kept_back = _left_out(tagger, without)
    done = 0
    for start in range(0, len(documents), PIECE):
        began = time.perf_counter()
        piece = documents[start : start + PIECE]
        file = cache / tagger.info.digest / f"{_hash(piece, tagger.precision, kept_back)}.json" if cache else None
        answers = _recall(file, piece) if file else None
        cached = answers is not None
        if answers is None:
            answers = _ask(tagger, piece, kept_back)
            if file:
                _remember(file, answers)
        done += len(piece)
        said = tuple(_answered(document, *answer) for document, answer in zip(piece, answers, strict=True))
        yield Read(done, len(documents), said, cached, time.perf_counter() - began)


def reading_of(
    tagger: Tagger,
    documents: Sequence[Document],
    reads: Iterable[Read],
    *,
    without: str = "",
    training: Sequence[Document] = (),
) -> Reading:
    """Put the pieces of one model together; they are judged by :func:`engine.evaluation.judging.study_of`.

    Args:
        tagger: the model.
        documents: that were read.
        reads: all pieces, in order.
        without: what was kept from the model.
        training: annotated documents that it was trained on, as far as they are at hand.
    """
    pieces = list(reads)
    vocabulary = tagger.system.vocabulary
    characters = sorted({character for document in documents for character in document.text})
    unknown = {c for c in characters if vocabulary.encode(c) == [vocabulary.unknown]}
    return Reading(
        name_of(tagger.info.name, without),
        tagger.info.digest,
        without,
        tagger.system.labels.names,
        tuple(document for piece in pieces for document in piece.documents),
        (),
        Known(frozenset(unknown), tuple(training)),
        sum(piece.seconds for piece in pieces),
        sum(len(piece.documents) for piece in pieces if piece.cached),
        tagger.system.structure,
    )


def optional_modalities(info: CheckpointInfo) -> tuple[str, ...]:
    """Return the modalities that a checkpoint makes use of and can do without, without loading it.

    Raises:
        CheckpointError: if it is damaged.
    """
    from engine.checkpoint import options_of
    from engine.systems import get

    system, config = get(info.system), options_of(info)
    return tuple(m.name for m in system.modalities if m.optional and system.uses(config, m.name))


def name_of(checkpoint: str, without: str = "") -> str:
    """Return what a reading is called."""
    return f"{checkpoint} - {without}" if without else checkpoint


def _left_out(tagger: Tagger, without: str) -> tuple[str, ...]:
    """Return the modalities that are kept from a model.

    Raises:
        InputError: if it makes no use of one of them, or cannot do without it.
    """
    wanted = tuple(part.strip() for part in without.split(",") if part.strip())
    able = tagger.system.optional_modalities
    lacking = [modality for modality in wanted if modality not in able]
    if lacking:
        can = f"it can do without: {', '.join(able)}" if able else "it reads text alone"
        raise InputError(f"nothing of {', '.join(lacking)} can be kept from {tagger.info.name}: {can}")
    return wanted


def _ask(tagger: Tagger, piece: Sequence[Document], without: Sequence[str]) -> list[_Answer]:
    shown = [_reduced(document, without) for document in piece]
    masked = [modality for modality in without if modality not in (IMAGE, SPEECH)]
    emitted = tagger.system.evidence_names
    tells = any(CORRELATION in emitted and document.images or _ALIGNMENT in emitted and document.audio for document in shown)
    found = tagger.predict(shown, explain=tells, without=masked)
    return [(prediction.document.spans, _noticed(prediction)) for prediction in found]


def _noticed(prediction: Prediction) -> dict[str, str]:
    """Return what a model notices of the pictures and the speech of a document, as far as it says so."""
    from engine.evidence import Alignment, Correlation, Pauses

    noticed: dict[str, str] = {}
    times: Sequence[tuple[float, float]] = ()
    pauses: Sequence[tuple[float, float]] = ()
    for item in prediction.evidence:
        if isinstance(item, Correlation) and item.values:
            noticed[CORRELATION] = f"{sum(item.values) / len(item.values):.3f}"
        elif isinstance(item, Alignment) and item.confidence:
            times = item.times
        elif isinstance(item, Pauses):
            pauses = item.times
    if times:
        noticed[HEARD_PAUSES] = ",".join(map(str, _paused_before(times, pauses)))
    return noticed


def _paused_before(times: Sequence[tuple[float, float]], pauses: Sequence[tuple[float, float]]) -> list[int]:
    """Return before which characters a recording pauses, by where each character is heard; (0, 0) is not heard."""
    heard = [(i, (start + end) / 2) for i, (start, end) in enumerate(times) if end > 0]
    middles = [(start + end) / 2 for start, end in pauses]
    gaps = zip(heard, heard[1:], strict=False)
    return [i for (_, before), (i, after) in gaps if any(before < middle < after for middle in middles)]


def _answered(document: Document, spans: Sequence[Span], noticed: Mapping[str, str]) -> Document:
    answered = document.with_spans(spans)
    return replace(answered, meta={**document.meta, **noticed}) if noticed else answered


def _reduced(document: Document, without: Sequence[str]) -> Document:
    """Return a document without its pictures or its speech; what a character looks and sounds like is masked later."""
    images = () if IMAGE in without else document.images
    return replace(document, images=images, audio=None if SPEECH in without else document.audio, spans=())


def _hash(piece: Sequence[Document], precision: str, without: Sequence[str]) -> str:
    digest = hashlib.sha256(json.dumps([_FORMAT, precision, sorted(without)]).encode())
    for document in piece:
        seen = [] if IMAGE in without else [_content(path) for path in document.images]
        heard = "" if SPEECH in without or document.audio is None else _content(document.audio)
        row = [document.text, sorted(document.readings.items()), seen, heard]
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def _content(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return "missing"


def _recall(file: Path, piece: Sequence[Document]) -> list[_Answer] | None:
    try:
        rows: list[tuple[list[list[Any]], dict[str, str]]] = json.loads(file.read_text(encoding="utf-8"))
        answers = [(tuple(Span(*fields) for fields in spans), dict(noticed)) for spans, noticed in rows]
        fits = len(answers) == len(piece) and all(
            span.end <= len(document) for document, (spans, _) in zip(piece, answers, strict=True) for span in spans
        )
        return answers if fits else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, InputError) as error:
        _log.warning("%s is damaged and is made again: %s", file, error)
        return None


def _remember(file: Path, answers: Sequence[_Answer]) -> None:
    """Keep a piece; that it cannot be kept stops nothing."""
    rows = [([[span.start, span.end, span.label, span.score] for span in spans], noticed) for spans, noticed in answers]
    half = ""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        number, half = tempfile.mkstemp(prefix=".", suffix=".json", dir=file.parent)
        with os.fdopen(number, "w", encoding="utf-8") as written:
            json.dump(rows, written)
        os.replace(half, file)
    except OSError as error:
        _log.warning("%s cannot be kept, and will be read again: %s", file, error)
        with contextlib.suppress(OSError):
            os.unlink(half)
