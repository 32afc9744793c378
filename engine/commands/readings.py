"""The readings that a command is to make of annotated documents: by checkpoints, with and without a modality, and from files."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands.output import progress
from engine.document import Document, LabelSet, relabel
from engine.errors import InputError
from engine.shipped import SHIPPED
from engine.tags import FLAT, NESTED

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo
    from engine.evaluation.study import Reading

_MOST = 4


@dataclass(frozen=True)
class Naming:
    """How labels are renamed, and which are scored; all if there are none."""

    mapping: Mapping[str, str]
    labels: Sequence[str] | None

    def labels_of(self, names: Sequence[str]) -> list[str]:
        """Return what is left of some labels."""
        renamed = dict.fromkeys(new for name in names if (new := self.mapping.get(name, name)))
        return [name for name in renamed if self.labels is None or name in self.labels]

    def document(self, document: Document) -> Document:
        """Return a document with what is left of its spans."""
        renamed = relabel(document, self.mapping)
        return renamed.with_spans(span for span in renamed.spans if self.labels is None or span.label in self.labels)


def readings_of(
    arguments: argparse.Namespace, documents: Sequence[Document], training: tuple[Document, ...], naming: Naming
) -> Iterator[Reading]:
    """Read the documents in every way that is asked for.

    Args:
        arguments: ``checkpoint``, ``without``, ``predictions`` and ``cache``, and what :func:`add_device` adds.
        documents: annotated.
        training: that the models have learned from, as far as it is at hand.
        naming: of the labels.

    Raises:
        InputError: if nothing of what is asked for can be read, too much is, or its labels are not those of the documents.
    """
    from engine.checkpoint import find

    infos = [find(name, *arguments.checkpoints, SHIPPED) for name in arguments.checkpoint]
    wanted = _wanted(infos, arguments.without)
    if len(wanted) + len(arguments.predictions) > _MOST:
        raise InputError(f"up to {_MOST} readings are compared; leave out some of --checkpoint, --without or --predictions")
    for info in infos:
        _check_labels(documents, info.labels, info.name, naming)
    given = [_given(file, documents, training, naming) for file in arguments.predictions]
    yield from _by_checkpoints(arguments, documents, training, wanted)
    yield from given


def _wanted(infos: Sequence[CheckpointInfo], without: Sequence[str]) -> list[tuple[CheckpointInfo, str]]:
    """Return which checkpoints read, each with what is kept from it.

    Raises:
        InputError: if something is to be left out that none of them can do without.
    """
    from engine.evaluation.reading import optional_modalities

    optional = {info.name: optional_modalities(info) for info in infos}
    wanted = [
        (info, left_out)
        for info in infos
        for left_out in ("", *without)
        if not left_out or {part.strip() for part in left_out.split(",")} <= {*optional[info.name]}
    ]
    if lacking := [left_out for left_out in without if left_out not in {own for _, own in wanted}]:
        can = "; ".join(f"{name}: {', '.join(modalities) or 'nothing'}" for name, modalities in optional.items())
        raise InputError(f"--without {' '.join(lacking)}: no checkpoint can do without it; what each can leave out: {can}")
    return wanted


def _by_checkpoints(
    arguments: argparse.Namespace,
    documents: Sequence[Document],
    training: tuple[Document, ...],
    wanted: Sequence[tuple[CheckpointInfo, str]],
) -> Iterator[Reading]:
    from engine import tagger
    from engine.evaluation.reading import read, reading_of
    from engine.modalities.databases import database

    cache = Path(arguments.cache) if arguments.cache else database("readings")
    model = None
    for info, without in wanted:
        if model is None or model.info.path != info.path:
            model = tagger.load(info.path, device=arguments.device, precision=arguments.precision)
        with progress("doc") as observe:
            pieces = []
            for piece in read(model, documents, without=without, cache=cache):
                pieces.append(piece)
                observe(piece.done, piece.of)
        yield reading_of(model, documents, pieces, without=without, training=training)


def _given(file: str, documents: Sequence[Document], training: tuple[Document, ...], naming: Naming) -> Reading:
    """Return what a file of predictions says."""
    from engine import formats
    from engine.evaluation.realigning import realign
    from engine.evaluation.study import Known, Reading

    predicted = formats.read(file)
    found = realign(documents, predicted)
    if found.moved:
        print(f"{file}: cut or ordered otherwise than the corpus, and brought onto its documents", file=sys.stderr)
    if found.cut:
        print(f"{file}: {found.cut} entities reach over the end of a document; the longest piece of each counts", file=sys.stderr)
    names = LabelSet.of(predicted)
    if names.names:
        _check_labels(documents, names.names, file, naming)
    digest = hashlib.sha256(Path(file).read_bytes()).hexdigest() if Path(file).is_file() else ""
    structure = NESTED if names.nestings else FLAT
    return Reading(Path(file).name, digest, "", names.names, found.documents, (), Known(training=training), structure=structure)


def _check_labels(documents: Sequence[Document], found: Sequence[str], name: str, naming: Naming) -> None:
    """Compare the labels of the corpus with those that a model finds, and say where they differ.

    Raises:
        InputError: if they have none in common.
    """
    from engine.evaluation.judging import label_gaps, suggested_mapping

    able = naming.labels_of(found)
    judged = [naming.document(document) for document in documents]
    gaps = label_gaps(judged, able)
    pairs = ",".join(f"{old}={new}" for old, new in suggested_mapping(judged, able).items())
    advice = f"perhaps you want --map {pairs}"
    if gaps.hopeless:
        has = ", ".join(sorted(gaps.gold))
        raise InputError(f"{name} finds {', '.join(able) or 'nothing'}, and the corpus has {has}: none in common; {advice}")
    missed = [f"{label} ({count:,})" for label, count in gaps.gold.items() if label not in naming.mapping]
    if missed:
        print(f"{name} does not find {', '.join(missed)}, so that all of them are missed; {advice}", file=sys.stderr)
    made_up = [label for label in gaps.model if label not in naming.mapping]
    if made_up and gaps.shared:
        print(f"the corpus has no {', '.join(made_up)}; what {name} finds of them counts as made up; {advice}", file=sys.stderr)
