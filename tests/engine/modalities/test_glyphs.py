import json
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.modalities.glyphs import INDEX, PICTURES, SIDE, GlyphDatabase, build_glyphs, traditional
from engine.modalities.radicals import RADICALS, radical, radical_sign
from engine.modalities.typefaces import Typeface
from tests.engine.modalities.fonts import write_typeface


@pytest.fixture
def faces(tmp_path):
    first = write_typeface(tmp_path / "first.ttf", "江河橋樹Aa。")
    second = write_typeface(tmp_path / "second.ttf", "橋樹江河湖A", weight=400)
    return [Typeface.parse(str(first)), Typeface.parse(str(second))]


class TestRadicals:
    @pytest.mark.parametrize(("character", "number"), [("江", 85), ("鎳", 167), ("镍", 167), ("橋", 75), ("𠮷", 30), ("一", 1)])
    def test_the_radical_is_unihans(self, character, number):
        assert radical(character) == number

    @given(st.characters())
    def test_what_is_no_han_character_has_none(self, character):
        number = radical(character)
        assert 0 <= number <= RADICALS
        if not unicodedata.name(character, "").startswith("CJK"):
            assert number == 0

    def test_every_sign_is_of_its_radical(self):
        for number in range(1, RADICALS + 1):
            assert radical(unicodedata.normalize("NFKC", radical_sign(number))) == number


class TestTraditional:
    def test_words_decide(self):
        assert traditional("头发和发现") == "頭髮和發現"

    @given(
        st.text(alphabet=st.one_of(st.sampled_from("南京市长江大桥头发发现里面公里AB😀𠮷\r\n，"), st.characters(codec="utf-8")))
    )
    def test_offsets_hold(self, text):
        assert len(traditional(text)) == len(text)


class TestBuilding:
    def test_it_holds_what_every_typeface_draws(self, faces, tmp_path):
        report = build_glyphs(tmp_path / "glyphs", faces)
        glyphs = GlyphDatabase.open(tmp_path / "glyphs")
        assert glyphs.characters == tuple(sorted("江河橋樹")) and glyphs.typefaces == ("first", "second")
        assert glyphs.pictures.shape == (2, 4, SIDE, SIDE) and isinstance(glyphs.pictures, np.memmap)
        assert [glyphs.radicals[glyphs.rows[c]] for c in "江河橋樹"] == [85, 85, 75, 75]
        assert report["characters"] == 4 and report["left_out"] == {} and report["bytes"] > glyphs.pictures.size

    def test_each_character_is_drawn_in_ink_on_white_and_unlike_the_others(self, faces, tmp_path):
        build_glyphs(tmp_path / "glyphs", faces)
        pictures = GlyphDatabase.open(tmp_path / "glyphs").pictures
        assert (pictures.max((2, 3)) == 255).all() and (pictures.min((2, 3)) == 0).all()
        assert len({picture.tobytes() for picture in pictures[0]}) == 4
        assert pictures[1].sum() > pictures[0].sum()

    def test_a_damaged_typeface_is_named_and_left_out(self, faces, tmp_path):
        (tmp_path / "broken.ttf").write_bytes(b"\x00\x01\x00\x00 not a typeface")
        (tmp_path / "cut.ttf").write_bytes(faces[0].path.read_bytes()[:700])
        damaged = [Typeface.parse(str(tmp_path / name)) for name in ("broken.ttf", "cut.ttf")]
        report = build_glyphs(tmp_path / "glyphs", [*faces, *damaged])
        assert set(report["left_out"]) == {"broken", "cut"} and report["typefaces"] == ["first", "second"]
        assert all("leave it out" in reason for reason in report["left_out"].values())

    def test_characters_listed_but_not_drawn_are_named_and_left_out(self, faces, tmp_path):
        third = Typeface.parse(str(write_typeface(tmp_path / "third.ttf", "江河樹", blank="橋")))
        report = build_glyphs(tmp_path / "glyphs", [*faces, third])
        assert report["empty"] == ["橋"] and "橋" not in GlyphDatabase.open(tmp_path / "glyphs").rows

    def test_without_a_typeface_it_says_what_to_do(self, tmp_path):
        latin = Typeface.parse(str(write_typeface(tmp_path / "latin.ttf", "abc")))
        with pytest.raises(InputError, match="latin.ttf: draws no Han character; name one with --typeface"):
            build_glyphs(tmp_path / "glyphs", [latin])
        with pytest.raises(InputError, match="none was found on this machine"):
            build_glyphs(tmp_path / "glyphs", [])
        assert not (tmp_path / "glyphs").exists() and not list(tmp_path.glob(".glyphs*"))

    def test_typefaces_without_a_common_character_are_refused(self, faces, tmp_path):
        other = Typeface.parse(str(write_typeface(tmp_path / "other.ttf", "湖")))
        with pytest.raises(InputError, match="first, other have no Han character in common"):
            build_glyphs(tmp_path / "glyphs", [faces[0], other])

    def test_a_typeface_that_is_not_there_is_named(self):
        with pytest.raises(InputError, match="there is no typeface gone.ttf"):
            Typeface.parse("gone.ttf")


class TestOpening:
    def test_a_missing_folder_says_how_to_make_it(self, tmp_path):
        with pytest.raises(InputError, match="python -m engine build glyphs"):
            GlyphDatabase.open(tmp_path)

    @pytest.mark.parametrize("damage", ["short", "json", "shape", "pickle"])
    def test_damage_is_named(self, faces, tmp_path, damage):
        folder = tmp_path / "glyphs"
        build_glyphs(folder, faces)
        if damage == "short":
            (folder / PICTURES).write_bytes((folder / PICTURES).read_bytes()[:3000])
        if damage == "json":
            (folder / INDEX).write_text("{")
        if damage == "shape":
            content = json.loads((folder / INDEX).read_text())
            (folder / INDEX).write_text(json.dumps({**content, "characters": "江"}))
        if damage == "pickle":
            np.save(folder / PICTURES, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        with pytest.raises(InputError, match="cannot be read .*make them again"):
            GlyphDatabase.open(folder)
