"""A person's picture as it is looked at: upright, in plain colours, of a bounded size, whatever file it came in.

What a file is, its first bytes say, not its name. Only the decoders named here ever see it; of a JPEG they get neither the
metadata nor the rare codings.

Memory is bounded before anything is decoded: by the bytes of the file, :data:`LARGEST_FILE`, and by the pixels that its head
declares, :data:`MOST_PIXELS`, or :data:`MOST_PIXELS_REDUCED` for a JPEG that is scaled down as it is decoded. Measured, that is
50 MB for a JPEG of 100 megapixels and 100 MB for one of 200, 500 MB for a PNG of 50, and at most 1 GB, for a WebP of 50.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
from PIL import AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.Image import Resampling, Transpose
from PIL.ImageFile import ImageFile

from engine.errors import InputError

MOST_IMAGES = 18
"""Pictures beside one text; as many as Weibo takes."""
LONGEST_SIDE = 1024
"""In pixels; what is larger is scaled down while it is read."""
LARGEST_FILE = 100_000_000
"""In bytes."""
MOST_PIXELS, MOST_PIXELS_REDUCED = 50_000_000, 200_000_000
"""Of a picture that is decoded whole; of a JPEG of one scan, which is decoded at a half, a quarter or an eighth of its size."""

_TINY, _QUALITY, _HEAD = 32, 90, 4096
_READABLE: dict[str, tuple[bytes, Callable[[io.BytesIO], ImageFile] | None]] = {
    "JPEG": (rb"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    "PNG": (rb"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    "WebP": (rb"RIFF....WEBP", WebPImagePlugin.WebPImageFile),
    "GIF": (rb"GIF8[79]a", GifImagePlugin.GifImageFile),
    "BMP": (rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0", BmpImagePlugin.BmpImageFile),
    "AVIF": (rb"....ftyp(?:avi[fs]|m[is]f1.{,60}avi[fs])", AvifImagePlugin.AvifImageFile),
    "HEIC": (rb"....ftyp(?:he[iv][cmsx]|m[is]f1)", None),  # its decoder is looked for once there is such a file
}
"""How a file begins that can be read, and what decodes it."""
_EXPORT = "open it and export it as PNG or JPEG"
_OTHERS = (
    (rb"%PDF-", "a PDF document", "export its page as PNG or JPEG"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript drawing (EPS)", _EXPORT),
    (rb"II[*+]\0|MM\0[*+]", "a TIFF picture or a camera's raw file", _EXPORT),
    (rb"8BPS", "a Photoshop document", _EXPORT),
    (rb"\0\0\0\x0c(?:jP  |JXL )|\xff(?:\x0a|\x4f\xff\x51)", "a JPEG 2000 or JPEG XL picture", _EXPORT),
    (rb"....(?:ftyp|moov|mdat|wide)|\x1aE\xdf\xa3|RIFF....AVI |FLV", "a video", "save one frame of it as PNG or JPEG"),
    (rb"RIFF....WAVE|ID3|fLaC|OggS", "a recording", "give it as speech, and a PNG or JPEG here"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!|\xd0\xcf\x11\xe0", "an archive or an office document", "take the picture out of it"),
    (rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:html|head|body|!doctype html|[?!].*<html)", "a web page (HTML)", "save the picture on it"),
    (rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:svg|[?!].*<svg)", "an SVG drawing", _EXPORT),
    (rb"\xff\xfe|\xfe\xff|[^\0-\x08\x0e-\x1a\x1c-\x1f]+\Z", "a text", "choose the picture instead"),
    (rb"", "of no known kind", _EXPORT),
)
"""How a file begins that is something else, what that is, and what to do about it."""

_MARKER = re.compile(rb"\xff+([^\0\xff])", re.DOTALL)
_ALONE = {0x01, *range(0xD0, 0xDA)}
"""Markers of a JPEG with nothing behind them."""
_APP1, _SCAN, _PROGRESSIVE = 0xE1, 0xDA, 0xC2
_FRAMES = {0xC0, 0xC1, _PROGRESSIVE}
_RARE_FRAMES = {*range(0xC3, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Lossless, differential, arithmetic. A decoder told to scale a lossless one down does not, and writes beyond its memory."""
_KEPT = {0xC4, 0xDB, 0xDD, 0xE0, 0xEE, _SCAN, *_FRAMES}
"""Tables, frame and scan of a JPEG, and what tells its colours (JFIF, Adobe)."""
_ORIENTATION, _ON_ITS_SIDE = 0x0112, 5
_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What undoes each orientation of EXIF."""
_BROKEN = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, struct.error),
    *(PIL.Image.DecompressionBombError, Warning),  # as an error, where the caller has it so
)
"""What decoders raise on a damaged file."""


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture as it is looked at.

    Attributes:
        pixels: RGB, upright, its longest side at most :data:`LONGEST_SIDE`.
        digest: SHA-256 of the file's content, in hexadecimal.
        size: width and height in the file, upright.
        remarks: what is worth knowing of it, in this order: ``animated`` (its first frame was taken), ``rotated`` (as its EXIF
            says), ``transparent`` (laid on white), ``cmyk`` (converted without a profile), ``scaled`` (down), ``plain`` (all one
            colour, nothing to see), ``tiny`` (one of its sides in the file is under 32 pixels).
    """

    pixels: PIL.Image.Image
    digest: str
    size: tuple[int, int]
    remarks: tuple[str, ...] = ()


def check_count(paths: Sequence[str]) -> None:
    """Check that there are not too many pictures beside a text.

    Raises:
        InputError: if there are more than :data:`MOST_IMAGES`.
    """
    if len(paths) > MOST_IMAGES:
        raise InputError(
            f"{len(paths)} pictures were given beside one text; {MOST_IMAGES} is the most: leave out {len(paths) - MOST_IMAGES}"
        )


def stored_form(image: Image) -> bytes:
    """Return a picture as a workspace keeps it: always a JPEG of quality 90, its colours at full resolution, without metadata."""
    bare = image.pixels.copy()
    bare.info.clear()  # comments and profiles would be written from here
    stored = io.BytesIO()
    bare.save(stored, "JPEG", quality=_QUALITY, subsampling=0)
    return stored.getvalue()


def read_image(path: str | Path) -> Image:
    """Read a picture: PNG, JPEG, WebP, GIF, BMP or AVIF; HEIC where pillow-heif is installed.

    Of an animation only the first frame is decoded. Colour profiles are ignored.

    Raises:
        InputError: if there is none, it cannot be read, is no picture, is damaged or cut off, or larger than the bounds above.
    """
    path = Path(path)
    content = _content(path)
    kind = _kind(path, content[:_HEAD])
    try:
        picture: PIL.Image.Image = _opened(path, kind, content)
        size, animated, cmyk = picture.size, getattr(picture, "is_animated", False), picture.mode == "CMYK"
        fitted = (_fitted(size[0], size), _fitted(size[1], size))
        if kind == "JPEG":
            picture.draft(None, (2 * fitted[0], 2 * fitted[1]))
        picture.load()
        orientation = _orientation(picture.info.get("exif") or b"")
        picture = _coloured(picture)
    except _BROKEN as error:
        raise InputError(
            f"{path} is a {kind} file that is damaged or cut off ({str(error) or type(error).__name__}); "
            "copy it again from where it is whole, or export it again as PNG or JPEG"
        ) from error
    if fitted != size:
        picture = picture.resize(fitted, Resampling.LANCZOS, reducing_gap=3)
    pixels = _on_white(picture)
    if orientation in _UPRIGHT:
        pixels = pixels.transpose(_UPRIGHT[orientation])
    pixels.info.clear()
    seen = np.asarray(pixels)  # [H, W, 3]
    remarks = {
        "animated": animated,
        "rotated": orientation in _UPRIGHT,
        "transparent": picture.mode == "RGBA" and np.asarray(picture)[..., 3].min() < 255,
        "cmyk": cmyk,
        "scaled": fitted != size,
        "plain": (seen == seen[0, 0]).all(),
        "tiny": min(size) < _TINY,
    }
    upright = (size[1], size[0]) if orientation in _UPRIGHT and orientation >= _ON_ITS_SIDE else size
    return Image(pixels, hashlib.sha256(content).hexdigest(), upright, tuple(name for name, holds in remarks.items() if holds))


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; choose a picture in it")
        if not path.is_file():
            raise InputError(f"there is no picture {path}; check the path, or ask without it")
        size = path.stat().st_size
        if not size:
            raise InputError(f"{path} is empty, a file of 0 bytes; copy it again from where it is whole")
        if size > LARGEST_FILE:
            raise InputError(f"{path} has {size:,} bytes; {LARGEST_FILE:,} is the most: scale the picture down")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check who may read it") from error


def _kind(path: Path, head: bytes) -> str:
    for kind, (beginning, _) in _READABLE.items():
        if re.match(beginning, head, re.DOTALL):
            return kind
    what, advice = next((what, advice) for beginning, what, advice in _OTHERS if re.match(beginning, head, re.DOTALL))
    raise InputError(f"{path} is {what}, not a picture that can be read; {advice}")


def _opened(path: Path, kind: str, content: bytes) -> ImageFile:
    """Return a picture of which only the head is read so far, and its size checked."""
    decoder, most, exif = _READABLE[kind][1] or _heic_decoder(path), MOST_PIXELS, None
    if kind == "JPEG":
        content, exif, most = _undressed(path, content)
    picture = decoder(io.BytesIO(content))
    width, height = picture.size
    if width * height > most:
        size = f"{width} × {height} = {width * height:,} pixels"
        raise InputError(f"{path} has {size}; {most:,} is the most for such a {kind} file: scale it down")
    if exif:
        picture.info["exif"] = exif
    return picture


def _heic_decoder(path: Path) -> Callable[[io.BytesIO], ImageFile]:
    try:
        decoder: Callable[[io.BytesIO], ImageFile] = importlib.import_module("pillow_heif").HeifImageFile
    except ImportError as error:
        raise InputError(f"{path} is a HEIC photograph; `pip install pillow-heif`, or export it as PNG or JPEG") from error
    return decoder


def _undressed(path: Path, content: bytes) -> tuple[bytes, bytes | None, int]:
    """Return a JPEG without its metadata, its EXIF, and how many pixels it may have."""
    bare, exif, frame, coding, segment, end = bytearray(b"\xff\xd8"), None, b"", _PROGRESSIVE, b"", 0
    for marker, start, end in _segments(content):
        segment = content[start:end]
        if marker in _RARE_FRAMES:
            raise InputError(f"{path} is a JPEG of a rare coding (SOF{marker - 0xC0}); export it as PNG or as an ordinary JPEG")
        if marker in _FRAMES:
            coding, frame = marker, segment
        if marker == _APP1 and segment.startswith(b"Exif\0\0"):
            exif = exif or segment
        if marker in _KEPT:
            bare += bytes([0xFF, marker]) + content[start - 2 : end]
    bare += memoryview(content)[end:]
    # what comes in several scans is held whole, at full size, before its first line is known
    at_once = coding != _PROGRESSIVE and segment[0] == frame[5]
    return bytes(bare), exif, MOST_PIXELS_REDUCED if at_once else MOST_PIXELS


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker, start and end of each segment before a JPEG's picture; the last one begins a scan."""
    marker, at = 0, 2
    while marker != _SCAN:
        found = _MARKER.search(content, at)
        if found is None:
            raise ValueError("it ends before its picture begins")
        marker, at = found[1][0], found.end()
        if marker not in _ALONE:
            length = int.from_bytes(content[at : at + 2], "big")
            yield marker, at + 2, at + length
            at += length


def _orientation(exif: bytes) -> int:
    """Return which way up a picture was taken: 1, upright, where nothing readable says."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = ">" if tiff.startswith(b"MM") else "<"
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, directory)
        for entry in range(entries):
            tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, directory + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return int(value)
    except struct.error:
        return 1  # damaged metadata are no reason to refuse the picture
    return 1


def _coloured(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Return a decoded picture as RGBA if some of it may be transparent, else as grey, RGB or CMYK."""
    if picture.mode == "I;16":  # which would be cut off at 255, not divided
        values, key = np.asarray(picture), picture.info.get("transparency")
        grey = PIL.Image.fromarray((values >> 8).astype(np.uint8))
        if key is None:
            return grey
        return PIL.Image.merge("LA", [grey, PIL.Image.fromarray(np.uint8(255) * (values != key))]).convert("RGBA")
    if picture.has_transparency_data:
        return picture if picture.mode == "RGBA" else picture.convert("RGBA")
    return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("RGB")


def _fitted(side: int, size: tuple[int, int]) -> int:
    return side if max(size) <= LONGEST_SIDE else max(1, round(side * LONGEST_SIDE / max(size)))


def _on_white(picture: PIL.Image.Image) -> PIL.Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    return PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
