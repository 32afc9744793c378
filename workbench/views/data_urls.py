"""Small pictures and sounds as addresses that hold them, so that the page need not ask for a file."""

from __future__ import annotations

import io
import wave
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

_LOUDEST = 32767
_QUALITY = 82


def png_url(picture: NDArray[np.uint8]) -> str:
    """Return a picture, white on black as the engine has it, as ink on paper.

    Args:
        picture: ``[H, W]``, 255 for ink.
    """
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(255 - picture).save(file, "PNG", optimize=True)
    return _url("image/png", file.getvalue())


def jpeg_url(picture: Image.Image, longest: int) -> str:
    """Return a photograph, scaled down.

    Args:
        picture: in RGB.
        longest: pixels of its longer side.
    """
    small = picture.copy()
    small.thumbnail((longest, longest))
    small.info.clear()
    file = io.BytesIO()
    small.save(file, "JPEG", quality=_QUALITY)
    return _url("image/jpeg", file.getvalue())


def wav_url(waveform: NDArray[Any], rate: int) -> str:
    """Return a sound in 16 bits.

    Args:
        waveform: ``[N]`` in [-1, 1], mono.
        rate: in Hz.
    """
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate)
        written.writeframes((np.clip(waveform, -1, 1) * _LOUDEST).astype("<i2").tobytes())
    return _url("audio/wav", file.getvalue())


def _url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
