"""Files that the browser has uploaded."""

from __future__ import annotations

from pathlib import Path

from gradio.utils import get_upload_folder

from workbench.errors import UserError


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
