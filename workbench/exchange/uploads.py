"""Uploaded files as documents at once: to judge by, or to study; nothing of them goes into a project."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import formats
from engine.document import Document
from engine.errors import FormatError, InputError
from workbench.exchange.desk import Desk, lay_out
from workbench.exchange.ready import Options, make_ready

if TYPE_CHECKING:
    from workbench.services import Services


def read_uploads(services: Services, files: Sequence[Path]) -> tuple[list[Document], int]:
    """Return the documents of uploaded files, and how many of their recordings and pictures did not come with them.

    Raises:
        InputError: if a file is of no format that the engine reads, or malformed.
    """
    desk = lay_out(services.settings.workspace / "imports", files)
    try:
        parts, problems = make_ready(desk, Options())
        if problems:
            raise FormatError(problems)
        documents = [document for part in parts for document in formats.read(desk.files / part.path, part.format)]
        kept = [_kept(services, desk, document) for document in documents]
        return [document for document, _ in kept], sum(missing for _, missing in kept)
    except InputError as error:
        # Where the upload lies on this machine is nobody's business.
        raise InputError(str(error).replace(str(desk.files) + os.sep, "")) from error
    finally:
        desk.clear()


def _kept(services: Services, desk: Desk, document: Document) -> tuple[Document, int]:
    """Return a document with those files alone that came with it, kept in the workspace, and how many did not."""
    images = tuple(services.keep_picture(path).path.name for path in document.images if desk.holds(path))
    heard = document.audio is not None and desk.holds(document.audio)
    audio = services.keep_speech(document.audio).path.name if heard and document.audio else None
    missing = len(document.images) - len(images) + (document.audio is not None and not heard)
    return replace(document, images=images, audio=audio), missing
