"""Files that the browser has uploaded: Gradio keeps a copy of each, named by its content, and never clears it by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gradio.utils import get_upload_folder

from workbench.errors import UserError

CLEARED = (3600, 24 * 3600)
"""How often copies are cleared, and the age in seconds from which they are: what nobody has touched for a day."""


@dataclass(frozen=True)
class Held:
    """A copy that is being read, and when that was begun; two who upload one file have one copy."""

    path: Path
    moment: int


def uploaded(path: object) -> Path:
    """Return where an uploaded file lies.

    Args:
        path: what the browser says.

    Raises:
        UserError: if it lies elsewhere: the browser says where, and may not point anywhere else on this machine.
    """
    found = Path(str(path)).resolve()
    if not found.is_relative_to(Path(get_upload_folder()).resolve()):
        raise UserError("analyse.upload.error")
    return found


def hold(paths: Iterable[Path]) -> tuple[Held, ...]:
    """Note that copies are read from now on, which makes them young again; files that lie elsewhere are none of ours.

    Raises:
        UserError: if one is not there any more.
    """
    held, moment, folder = [], time.time_ns(), Path(get_upload_folder()).resolve()
    for path in paths:
        if not path.resolve().is_relative_to(folder):
            continue
        try:
            os.utime(path, ns=(moment, moment))
            held.append(Held(path, path.stat().st_mtime_ns))
        except OSError as error:
            raise UserError("exchange.gone.error") from error
    return tuple(held)


def release(held: Iterable[Held]) -> None:
    """Clear copies that nobody needs any more; one that somebody else holds or has uploaded since stays for them to clear."""
    for copy in held:
        with suppress(OSError):
            if copy.path.stat().st_mtime_ns == copy.moment:
                copy.path.unlink()
                copy.path.parent.rmdir()
