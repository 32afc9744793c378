import hashlib
import io
import os
import struct
import subprocess
import sys
import types
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from PIL import WebPImagePlugin, features

from engine.errors import InputError
from engine.modalities import images
from engine.modalities.images import MOST_IMAGES, Image, check_count, read_image, stored_form

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")


def scene(width=120, height=80):
    """Return a smooth picture whose every corner has another colour."""
    corners = np.array([[[250, 20, 20], [20, 200, 20]], [[20, 20, 250], [230, 230, 30]]], np.uint8)
    return PIL.Image.fromarray(corners).resize((width, height), PIL.Image.Resampling.BILINEAR)


def encoded(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def difference(one, other):
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width, height, depth, colours, rows=b"", *chunks):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(width, height, frame=0xC0, in_scan=1, levels=(128,), head=b""):
    """Return a JPEG all of one colour, each level of which is 128 or from 192 on.

    Its two codes for how a block differs from the one before are 0, not at all, and 10, by the ten bits that follow.
    """

    def segment(marker, content):
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    components = b"".join(bytes([number, 0x11, 0]) for number in range(1, len(levels) + 1))
    scanned = b"".join(bytes([number, 0]) for number in range(1, in_scan + 1))
    bits = "".join(("0" if level == 128 else f"10{8 * (level - 128):010b}") + "0" for level in levels)
    first = int(f"{bits:0<{8 * len(bits)}}", 2).to_bytes(len(bits), "big")
    tables = [segment(0xDB, b"\0" + b"\1" * 64)]
    tables += [segment(0xC4, b"\0\1\1" + bytes(14) + b"\0\x0a"), segment(0xC4, b"\x10\1" + bytes(15) + b"\0")]
    described = segment(frame, struct.pack(">BHHB", 8, height, width, len(levels)) + components)
    scan = segment(0xDA, bytes([in_scan]) + scanned + b"\0\x3f\0")
    return b"\xff\xd8" + head + b"".join(tables) + described + scan + first + bytes(width * height // 256 + 99) + b"\xff\xd9"


def huge_animation():
    """Return a WebP whose two small frames are said to be on a canvas of 16000 × 16000."""
    content = bytearray(encoded(scene(8, 8), "WEBP", save_all=True, append_images=[scene(8, 8).rotate(90)]))
    content[24:30] = 2 * (15999).to_bytes(3, "little")
    return bytes(content)


ADOBE_YCCK = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\2"


@pytest.fixture
def written(tmp_path):
    def write(content, name="picture"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


class TestReading:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", pytest.param("AVIF", marks=needs_avif)])
    def test_every_usual_format_is_read_whatever_its_name(self, written, kind):
        content = encoded(scene(), kind)
        seen = read_image(written(content, "照片 1.pdf"))
        assert seen.pixels.mode == "RGB" and seen.pixels.size == seen.size == (120, 80) and seen.remarks == ()
        assert difference(seen.pixels, scene()) < 4 and seen.digest == hashlib.sha256(content).hexdigest()

    @pytest.mark.parametrize("kind", ["PNG", "BMP"])
    def test_what_is_lossless_is_seen_as_it_is(self, written, kind):
        assert difference(read_image(written(encoded(scene(), kind))).pixels, scene()) == 0

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", pytest.param("AVIF", marks=needs_avif)])
    @pytest.mark.parametrize(
        ("orientation", "taken"),
        [
            (1, lambda upright: upright),
            (2, np.fliplr),
            (3, lambda upright: np.rot90(upright, 2)),
            (4, np.flipud),
            (5, lambda upright: upright.transpose(1, 0, 2)),
            (6, np.rot90),
            (7, lambda upright: np.rot90(upright, 2).transpose(1, 0, 2)),
            (8, lambda upright: np.rot90(upright, -1)),
        ],
    )
    def test_it_is_turned_upright(self, written, kind, orientation, taken):
        exif = PIL.Image.Exif()
        exif[0x010E], exif[0x0112] = "a scene", orientation
        picture = PIL.Image.fromarray(np.ascontiguousarray(taken(np.asarray(scene()))))
        seen = read_image(written(encoded(picture, kind, exif=exif)))
        assert seen.size == (120, 80) and difference(seen.pixels, scene()) < 4
        assert seen.remarks == (("rotated",) if orientation > 1 else ())

    @pytest.mark.parametrize(
        "exif", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\3\1\x0e", b"Exif\0\0II*\0\xff\xff\xff\xff", b"nonsense"]
    )
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_damaged_metadata_are_no_obstacle(self, written, kind, exif):
        assert read_image(written(encoded(scene(), kind, exif=exif))).remarks == ()

    @pytest.mark.parametrize("kind", ["PNG", "JPEG"])
    def test_what_is_large_is_scaled_down(self, written, kind):
        seen = read_image(written(encoded(scene(5000, 2500), kind)))
        assert seen.pixels.size == (1024, 512) and seen.size == (5000, 2500) and seen.remarks == ("scaled",)
        assert difference(seen.pixels, scene(1024, 512)) < 2

    def test_what_is_as_large_as_can_be_is_not(self, written):
        assert read_image(written(encoded(scene(900, 1024), "PNG"))).remarks == ()

    def test_a_narrow_strip_keeps_a_line(self, written):
        seen = read_image(written(encoded(scene(6000, 2), "JPEG")))
        assert seen.pixels.size == (1024, 1) and seen.remarks == ("scaled", "tiny")

    @pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
    def test_the_first_frame_of_an_animation_is_taken(self, written, kind):
        later = [scene().rotate(180), PIL.Image.new("RGB", (120, 80), "black")]
        seen = read_image(written(encoded(scene(), kind, save_all=True, append_images=later)))
        assert seen.remarks == ("animated",) and difference(seen.pixels, scene()) < 4

    def test_later_frames_are_not_decoded(self, written, monkeypatch):
        decoded, decode = [], WebPImagePlugin.WebPImageFile._get_next
        monkeypatch.setattr(WebPImagePlugin.WebPImageFile, "_get_next", lambda file: decoded.append(file) or decode(file))
        later = [scene().rotate(turned) for turned in range(10, 90, 10)]
        read_image(written(encoded(scene(), "WEBP", save_all=True, append_images=later)))
        whole = encoded(scene(), "GIF", save_all=True, append_images=[scene().rotate(90)])
        seen = read_image(written(whole[:-500]))
        assert len(decoded) == 1 and seen.remarks == ("animated",) and difference(seen.pixels, scene()) < 4

    def test_heic_is_left_to_pillow_heif(self, written, monkeypatch):
        class Decoded(PIL.Image.Image):
            def __init__(self, file):
                super().__init__()
                self.im, self._mode, self._size = scene().im, "RGB", (120, 80)

        monkeypatch.setitem(sys.modules, "pillow_heif", types.SimpleNamespace(HeifImageFile=Decoded))
        seen = read_image(written(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a.jpg"))
        assert difference(seen.pixels, scene()) == 0 and seen.remarks == ()

    def test_a_heic_photograph(self, written):
        heif = pytest.importorskip("pillow_heif")
        heif.from_pillow(scene()).save(buffer := io.BytesIO(), quality=90)
        assert difference(read_image(written(buffer.getvalue())).pixels, scene()) < 6


class TestColours:
    @pytest.mark.parametrize(
        ("mode", "kind"), [("L", "PNG"), ("L", "JPEG"), ("1", "PNG"), ("P", "PNG"), ("P", "GIF"), ("1", "BMP"), ("P", "BMP")]
    )
    def test_greys_and_palettes(self, written, mode, kind):
        picture = scene().convert(mode)
        seen = read_image(written(encoded(picture, kind)))
        assert seen.remarks == () and difference(seen.pixels, picture.convert("RGB")) < 2

    @pytest.mark.parametrize(("mode", "kind"), [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "GIF")])
    def test_what_is_transparent_is_laid_on_white(self, written, mode, kind):
        picture = scene()
        picture.putalpha(PIL.Image.fromarray(np.repeat(np.uint8([[255, 0]]), 60, axis=1).repeat(80, axis=0)))
        seen = np.asarray(read_image(written(encoded(picture.convert(mode), kind, lossless=True))).pixels)
        assert (seen[:, 60:] == 255).all() and difference(
            seen[:, :60], scene().convert(mode[:-1]).convert("RGB").crop((0, 0, 60, 80))
        ) < 6

    def test_half_transparent_is_half_white(self, written):
        seen = read_image(written(encoded(PIL.Image.new("RGBA", (40, 40), (200, 100, 0, 51)), "PNG")))
        assert seen.pixels.getpixel((5, 5)) == (244, 224, 204) and seen.remarks == ("transparent", "plain")

    def test_a_transparent_entry_of_a_palette(self, written):
        picture = PIL.Image.new("P", (40, 40), 1)
        picture.putpalette([10, 20, 30, 40, 50, 60])
        picture.putpixel((3, 3), 0)
        seen = read_image(written(encoded(picture, "PNG", transparency=1)))
        assert seen.remarks == ("transparent",)
        assert [seen.pixels.getpixel(place) for place in ((3, 3), (4, 4))] == [(10, 20, 30), (255, 255, 255)]

    def test_opaque_is_not_transparent(self, written):
        assert read_image(written(encoded(scene().convert("RGBA"), "PNG"))).remarks == ()

    def test_scaling_mixes_no_colour_of_what_is_transparent(self, written):
        picture = PIL.Image.new("RGBA", (3000, 30), (0, 0, 0, 0))
        picture.paste((255, 255, 255, 255), (1001, 0, 3000, 30))
        seen = read_image(written(encoded(picture, "PNG")))
        assert seen.remarks == ("transparent", "scaled", "plain", "tiny")

    def test_cmyk(self, written):
        seen = read_image(written(encoded(PIL.Image.new("CMYK", (40, 40), (255, 0, 51, 0)), "JPEG", quality=100)))
        assert seen.remarks == ("cmyk", "plain") and difference(seen.pixels, np.array([0, 255, 204])) < 3

    def test_ycck(self, written):
        # Y 128, Cb 128, Cr 228 are R 268, G 57, B 128; as ink, C 0, M 198, Y 127, K 228, and Adobe stores them inverted
        seen = read_image(written(jpeg(40, 40, in_scan=4, levels=(128, 128, 228, 228), head=ADOBE_YCCK)))
        assert seen.remarks == ("cmyk", "plain") and difference(seen.pixels, np.array([0, 228 - 51, 228 - 114])) < 2

    @pytest.mark.parametrize(
        ("colours", "samples", "expected"),
        [
            (0, [0x0012, 0x8034], [(0, 0, 0), (128, 128, 128)]),
            (2, [0x1234, 0x5678, 0x9ABC, 0xFFFF, 0, 0], [(0x12, 0x56, 0x9A), (255, 0, 0)]),
            (4, [0x8034, 0xFFFF, 0x8034, 0], [(128, 128, 128), (255, 255, 255)]),
            (6, [0x1234, 0x5678, 0x9ABC, 0xFFFF, 0, 0, 0, 0], [(0x12, 0x56, 0x9A), (255, 255, 255)]),
        ],
    )
    def test_16_bits(self, written, colours, samples, expected):
        seen = read_image(written(png(2, 1, 16, colours, b"\0" + struct.pack(f">{len(samples)}H", *samples))))
        assert list(map(seen.pixels.getpixel, ((0, 0), (1, 0)))) == expected

    def test_a_transparent_value_of_16_bits(self, written):
        seen = read_image(written(png(2, 1, 16, 0, b"\0\x80\x34\x80\x35", chunk(b"tRNS", b"\x80\x35"))))
        assert list(map(seen.pixels.getpixel, ((0, 0), (1, 0)))) == [(128, 128, 128), (255, 255, 255)]

    def test_a_profile_is_ignored(self, written):
        seen = read_image(written(encoded(scene(), "PNG", icc_profile=b"a profile")))
        assert difference(seen.pixels, scene()) == 0 and seen.pixels.info == {}

    @pytest.mark.parametrize(
        ("size", "remarks"), [((32, 32), ("plain",)), ((31, 32), ("plain", "tiny")), ((99, 1), ("plain", "tiny"))]
    )
    def test_nothing_to_see_is_remarked(self, written, size, remarks):
        assert read_image(written(encoded(PIL.Image.new("RGB", size, "red"), "PNG"))).remarks == remarks


class TestNoPictures:
    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("a.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document, .* export its page"),
            ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing, .* export it as PNG or JPEG"),
            ("a.png", b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- Inkscape -->\n<svg>", "an SVG drawing"),
            ("a.jpg", b"\n<!DOCTYPE html>\n<title>404</title><svg/>", r"a web page \(HTML\), .* save the picture on it"),
            ("a.jpg", b"<!-- saved -->\r\n<HTML><body><svg></svg>", "a web page"),
            ("a.jpg", "这不是图片\n".encode() * 999, "a text, .* choose the picture"),
            ("a.jpg", "这不是图片\n".encode("gb18030"), "a text"),
            ("a.jpg", "这不是图片\n".encode("utf-16"), "a text"),
            ("a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript drawing"),
            ("a.jpg", b"II*\0\x08\0\0\0", "a TIFF picture or a camera's raw file"),
            ("a.jpg", b"8BPS\0\1", "a Photoshop document"),
            ("a.jpg", b"\0\0\0\x0cJXL \r\n", "a JPEG 2000 or JPEG XL picture"),
            ("a.gif", b"\0\0\0\x20ftypisom\0\0\2\0", "a video, .* save one frame"),
            ("a.jpg", b"RIFF\0\1\0\0WAVEfmt ", "a recording, .* give it as speech"),
            ("a.jpg", b"PK\3\4\x14\0\6\0", "an archive or an office document, .* take the picture out"),
            ("a.bmp", b"BM\0\1\2\3", "of no known kind"),
        ],
    )
    def test_what_it_is_instead_is_told(self, written, name, content, told):
        with pytest.raises(InputError, match=rf"{name} is {told}"):
            read_image(written(content, name))

    def test_heic_without_its_decoder(self, written, monkeypatch):
        monkeypatch.setitem(sys.modules, "pillow_heif", None)
        with pytest.raises(InputError, match=r"is a HEIC photograph; `pip install pillow-heif`, or export it"):
            read_image(written(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a.jpg"))

    def test_nothing_at_all(self, written, tmp_path):
        for path, told in [
            (tmp_path / "none.png", "there is no picture .*; check"),
            (tmp_path, "is a folder; choose"),
            ("a\0b", "no picture"),
        ]:
            with pytest.raises(InputError, match=told):
                read_image(path)
        with pytest.raises(InputError, match="is empty, a file of 0 bytes"):
            read_image(written(b""))

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "a.png")
        with pytest.raises(InputError, match="there is no picture"):
            read_image(tmp_path / "a.png")

    def test_one_that_may_not_be_read(self, written, monkeypatch):
        def refuse(path):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(InputError, match="cannot be read: Permission denied; check who may read it"):
            read_image(written(b"x"))

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", pytest.param("AVIF", marks=needs_avif)])
    @pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
    def test_one_cut_off(self, written, kind, kept):
        content = encoded(scene(), kind)
        with pytest.raises(InputError, match=rf"(?i)is a {kind} file that is damaged or cut off \(.+\); copy it again"):
            read_image(written(content[: int(kept * len(content))]))

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", pytest.param("AVIF", marks=needs_avif)])
    def test_damage_is_either_told_or_overlooked(self, written, kind):
        content, chance = encoded(scene(), kind), np.random.default_rng(0)
        for _ in range(60):
            damaged = bytearray(content)
            for place in chance.integers(12, 200, size=3):
                damaged[place] = chance.integers(256)
            try:
                assert max(read_image(written(damaged)).pixels.size) <= 1024
            except InputError as error:
                assert "picture" in str(error)

    @pytest.mark.parametrize("frame", [0xC3, 0xC5, 0xC9, 0xCB])
    def test_rare_codings_reach_no_decoder(self, written, monkeypatch, frame):
        monkeypatch.setitem(images._READABLE, "JPEG", (rb"\xff\xd8\xff", lambda file: pytest.fail("it was opened")))
        with pytest.raises(InputError, match=rf"is a JPEG of a rare coding \(SOF{frame - 0xC0}\); export it"):
            read_image(written(jpeg(3000, 3000, frame)))


class TestBounds:
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (
                png(50_000, 50_000, 8, 2),
                "has 50000 × 50000 = 2,500,000,000 pixels; 50,000,000 is the most for such a PNG file: scale",
            ),
            (jpeg(14143, 14143), "has 14143 × 14143 = 200,024,449 pixels; 200,000,000 is the most for such a JPEG"),
            (jpeg(8000, 7000, 0xC2), "= 56,000,000 pixels; 50,000,000 is the most for such a JPEG"),
            (jpeg(8000, 7000, in_scan=1, levels=(128, 128, 128)), "= 56,000,000 pixels; 50,000,000 is the most for such a JPEG"),
            (b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + b"\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;", "3,600,000,000 pixels"),
            (b"BM" + struct.pack("<IIIIiiHHIIiiII", 99, 0, 54, 40, 9000, 9000, 1, 24, 0, 0, 1, 1, 0, 0), "81,000,000 pixels"),
            (huge_animation(), "16000 × 16000 = 256,000,000 pixels; 50,000,000 is the most for such a WebP"),
        ],
        ids=["png", "jpeg", "progressive", "scans", "gif", "bmp", "webp"],
    )
    def test_what_is_too_large_is_not_decoded(self, written, content, told):
        with pytest.raises(InputError, match=told):
            read_image(written(content))

    def test_the_most_is_allowed(self, written, monkeypatch):
        monkeypatch.setattr(images, "MOST_PIXELS", 9600)
        assert read_image(written(encoded(scene(), "PNG"))).size == (120, 80)
        with pytest.raises(InputError, match=r"121 × 80 = 9,680 pixels; 9,600 is the most"):
            read_image(written(encoded(scene(121, 80), "PNG")))

    def test_a_file_too_large_is_not_even_read(self, written, monkeypatch):
        path = written(b"")
        os.truncate(path, 100_000_001)
        monkeypatch.setattr(Path, "read_bytes", None)
        with pytest.raises(InputError, match="has 100,000,001 bytes; 100,000,000 is the most"):
            read_image(path)

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="what a process took is not told here")
    def test_a_huge_photograph_takes_little_memory(self, written):
        command = r"""if True:
            import re, sys
            from engine.modalities.images import read_image
            def most():
                return int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) / 1000
            before = most()
            assert read_image(sys.argv[1]).size == (14142, 14140)
            assert most() - before < 100, most() - before
        """
        path = written(jpeg(14142, 14140, in_scan=3, levels=(128, 128, 128)))
        subprocess.run([sys.executable, "-c", command, path], check=True, timeout=100)


class TestStoring:
    def test_nothing_but_the_picture_is_stored(self, written):
        exif = PIL.Image.Exif()
        exif[0x0112], exif[0x8825] = 6, {1: "N", 2: (31.0, 14.0, 0.0)}
        lying = scene().transpose(PIL.Image.Transpose.ROTATE_90)
        content = encoded(lying, "JPEG", quality=95, exif=exif, icc_profile=b"a profile", comment=b"a comment")
        stored = stored_form(read_image(written(content)))
        assert stored.startswith(b"\xff\xd8\xff\xe0")
        for trace in (b"Exif", b"ICC_PROFILE", b"a profile", b"a comment", b"\xff\xe1", b"\xff\xe2", b"\xff\xfe"):
            assert trace in content or len(trace) == 2
            assert trace not in stored[: stored.index(b"\xff\xda")]
        again = read_image(written(stored))
        assert again.size == (120, 80) and again.remarks == () and difference(again.pixels, scene()) < 3

    def test_what_is_written_beside_the_pixels_is_left_out(self):
        pixels = scene()
        pixels.info.update(comment=b"a comment", icc_profile=b"a profile", exif=b"Exif\0\0MM", dpi=(300, 300))
        assert stored_form(Image(pixels, "", (120, 80))) == stored_form(Image(scene(), "", (120, 80)))
        assert pixels.info["comment"] == b"a comment"

    def test_fine_colours_are_kept(self):
        lines = PIL.Image.fromarray(np.tile(np.uint8([[[200, 40, 40]], [[40, 40, 200]]]), (20, 40, 1)))
        assert difference(PIL.Image.open(io.BytesIO(stored_form(Image(lines, "", (40, 40))))), lines) < 4


def test_as_many_pictures_as_weibo_takes():
    check_count([])
    check_count(["a.png"] * MOST_IMAGES)
    with pytest.raises(InputError, match="20 pictures were given beside one text; 18 is the most: leave out 2"):
        check_count(["a.png"] * 20)


def test_the_settings_are_those_of_the_docstrings():
    assert (images.MOST_IMAGES, images.LONGEST_SIDE, images.LARGEST_FILE) == (18, 1024, 100_000_000)
    assert (images.MOST_PIXELS, images.MOST_PIXELS_REDUCED) == (50_000_000, 200_000_000)
