import sys

import numpy as np
import pytest
import torch

from engine import character_card as cards
from engine.layers.vector_table import VectorTable
from engine.modalities.glyphs import build_glyphs
from engine.modalities.sounds import INDEX, MELS, Row, index_of
from engine.modalities.typefaces import Typeface
from engine.synthesis import speaking
from tests.engine.modalities.fonts import write_typeface

ROWS = [Row("zhang3", "li", "li/zhang3.wav"), Row("zhang3", "cmn", "espeak-ng:cmn"), Row("ma1", "li", "li/ma1.wav")]


def table(*items):
    made = VectorTable(items, 4)
    made.vectors.copy_(torch.eye(4)[: len(items)] + 0.1 * torch.arange(len(items))[:, None])
    return made


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, no voice, and nothing remembered from one test to the next."""
    monkeypatch.setenv("DUOMO_CACHE", str(tmp_path))
    monkeypatch.setattr(speaking, "can_speak", lambda: False)
    forget = (cards.say, cards._can_speak, cards._glyphs, cards._sounds)
    for function in forget:
        function.cache_clear()
    yield tmp_path
    for function in forget:
        function.cache_clear()


@pytest.fixture
def tables():
    return {"glyph": table("長", "張", "馬"), "phonetic": table("zhang3", "zhang1", "ma1")}


def test_a_card_says_all_that_is_known(tables):
    card = cards.character_card("长", "長", "zhang3", tables)
    assert (card.radical, card.readings, card.masked) == (168, ("zhang3", "chang2"), {})
    assert [near.item for near in card.neighbours["glyph"]] == [item for item, _ in tables["glyph"].nearest("長", 8)]
    assert {near.item for near in card.neighbours["phonetic"]} == {"zhang1", "ma1"}
    (mother,) = [near for near in card.neighbours["phonetic"] if near.item == "ma1"]
    assert "妈" in mother.characters and len(mother.characters) <= 3
    assert (card.glyphs, card.sound, card.recordings, card.can_speak) == ((), None, (), False)


@pytest.mark.parametrize(
    ("character", "reading", "masked"),
    [
        ("A", "", {"glyph": "not_han", "phonetic": "no_reading"}),
        ("😀", "", {"glyph": "not_han", "phonetic": "no_reading"}),
        ("龘", "da2", {"glyph": "no_glyph", "phonetic": "no_sound"}),
        ("馬", "ma1", {}),
    ],
)
def test_what_is_masked_is_masked_for_a_reason(tables, character, reading, masked):
    card = cards.character_card(character, character, reading, tables)
    assert card.masked == masked
    assert card.neighbours.keys() == {"glyph", "phonetic"} - masked.keys()


def test_a_modality_that_a_system_has_not_is_off():
    card = cards.character_card("馬", "馬", "ma3", {})
    assert card.masked == {"glyph": "off", "phonetic": "off"} and card.neighbours == {}


def test_pictures_are_those_of_the_database_as_soon_as_it_is_built(cache, tables):
    assert cards.glyph_pictures("長") == ()
    faces = [Typeface(name, write_typeface(cache / f"{name}.ttf", "長馬")) for name in ("kai", "sung")]
    build_glyphs(cache / "glyphs", faces)
    pictures = cards.character_card("长", "長", "zhang3", tables).glyphs
    assert len(pictures) == 2 and all(picture.shape == (48, 48) and picture.any() for _, picture in pictures)
    assert cards.glyph_pictures("張") == ()


def test_a_damaged_database_leaves_the_card_without_its_pictures(cache, caplog):
    (cache / "glyphs").mkdir()
    (cache / "glyphs" / "index.json").write_text("{")
    assert cards.glyph_pictures("長") == ()
    assert "make them again" in caplog.text


def test_people_are_shown_and_synthetic_rows_are_not(cache):
    (cache / "sounds").mkdir()
    mels = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 48, 48, 3), np.uint8)
    np.save(cache / "sounds" / MELS, mels)
    (cache / "sounds" / INDEX).write_text(index_of(ROWS), encoding="utf-8")
    ((speaker, mel),) = cards.recordings("zhang3")
    assert (speaker, mel.shape) == ("li", (48, 48))
    assert cards.recordings("lv4") == ()


def test_without_a_voice_nothing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    assert cards.say("zhang3") is None


@pytest.mark.skipif(not speaking.can_speak(), reason="there is no eSpeak NG; pip install espeakng-loader")
def test_a_syllable_is_said_once_and_remembered(monkeypatch):
    monkeypatch.setattr(speaking, "can_speak", lambda: True)
    sound = cards.say("zhang3")
    assert sound is not None and sound.mel.shape == (48, 48) and sound.mel.any()
    assert np.abs(sound.waveform).max() <= 1 and sound.rate > 8000
    assert cards.say("zhang3") is sound


def test_frequent_characters_come_first_among_those_read_alike():
    read = cards.characters_read("zhang1")
    assert {"章", "张"} <= set(read) and read.index("张") < read.index("嫜")
    assert cards.characters_read("no1") == ()
