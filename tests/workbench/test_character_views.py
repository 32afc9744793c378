"""The strip of characters, the card of one, what a choice has changed."""

from __future__ import annotations

import base64
import io
import re
import wave
from dataclasses import replace

import numpy as np
import pytest

from engine.character_card import CharacterCard, Neighbour, Sound
from engine.document import Document, Span
from engine.evidence import Characters
from tests.workbench.test_views import NASTY, nothing_to_evaluate, read
from workbench.language import Texts
from workbench.views.changes import changes_html
from workbench.views.character_card import Place, character_card_html
from workbench.views.characters import characters_html
from workbench.views.data_urls import png_url, wav_url
from workbench.views.spans import spans_html

ZH, EN = Texts("zh").words, Texts("en").words
TEXT = "南京市长A"
SEEN = Characters("characters", ("南", "京", "市", "長", ""), ("nan2", "jing1", "shi4", "zhang3", ""))
CONTEXT = ["nan2", "jing1", "shi4", "chang2", None]
PICTURE = np.arange(48 * 48, dtype=np.uint16).reshape(48, 48).astype(np.uint8)
CARD = CharacterCard(
    character="长",
    form="長",
    radical=168,
    reading="zhang3",
    readings=("zhang3", "chang2"),
    glyphs=(("Kai", PICTURE), ("Sung", PICTURE)),
    sound=Sound(np.zeros(100, np.float32), 8000, PICTURE),
    recordings=(("li", PICTURE),),
    can_speak=True,
    masked={},
    neighbours={
        "glyph": (Neighbour("張", 0.9, ("張",)),),
        "phonetic": (Neighbour("zhang1", 0.8, ("章", "张")), Neighbour("den4", 0.7, ())),
    },
)
PLACE = Place(3, True, "chang2", {"glyph": 0.25, "phonetic": 0.004})


def decoded(url: str, kind: str) -> bytes:
    assert url.startswith(f"data:{kind};base64,")
    return base64.b64decode(url.partition(",")[2])


def test_each_character_is_a_button_and_one_of_them_is_on_the_way_of_the_tab_key() -> None:
    html = characters_html(Document(TEXT, (Span(2, 4, "LOC"),)), SEEN, CONTEXT, ZH)
    assert re.findall(r'data-at="(\d)"', html) == list("01234")
    assert re.findall(r'data-at="(\d)" tabindex="0"', html) == ["2"]
    assert 'data-open="2"' in html
    assert html.count("is-masked") == 1 and "is-chosen" not in html


def test_a_chosen_reading_is_marked_and_can_be_taken_back() -> None:
    html = characters_html(Document(TEXT, readings={3: "zhang3"}), SEEN, CONTEXT, EN, open_first=False)
    assert html.count("is-chosen") == 1 and "data-open" not in html
    assert "cháng" in html and "zhǎng" in html
    assert 'data-offset="3" data-choose=""' in html and EN["views.characters.back"].format(reading="cháng") in html


@pytest.mark.parametrize("text", [*NASTY, "\n\t 　"])
def test_a_strip_shows_the_text_and_nothing_of_its_own(text: str) -> None:
    nothing = ("",) * len(text)
    html = characters_html(Document(text), Characters("characters", nothing, nothing), [None] * len(text), ZH)
    assert nothing_to_evaluate(html)
    html = spans_html(Document(text, (Span(0, 1, "PER"),)), ZH, singly=True)
    assert nothing_to_evaluate(html)
    assert "".join(read(html).seen) == text


def test_a_sentence_to_point_at_keeps_whole_what_a_reader_sees_as_one() -> None:
    html = spans_html(Document("👨‍👩‍👧好"), {}, singly=True)
    assert re.findall(r'data-at="(\d+)">', html) == ["0", "5"]


def test_a_card_shows_pictures_sound_effect_and_neighbours() -> None:
    html = character_card_html(CARD, PLACE, ZH)
    urls = re.findall(r'src="([^"]+)"', html)
    assert [decoded(url, "image/png")[:4] for url in urls] == [b"\x89PNG"] * 4
    assert "Kai" in html and "li" in html and "168" in html and "zhǎng" in html
    assert "25.0%" in html and "0.4%" in html
    assert 'data-character="張" data-reading=""' in html
    assert 'data-character="章" data-reading="zhang1"' in html
    assert "第三声" in html and ZH["views.character.traditional"].format(form="長", character="长") in html
    assert "data:audio" not in html


def test_the_readings_on_offer_begin_with_the_one_in_context_and_one_is_pressed() -> None:
    html = character_card_html(CARD, PLACE, ZH)
    assert re.findall(r'data-choose="(\w*)" aria-pressed="(\w+)"', html) == [("", "false"), ("zhang3", "true")]


def test_the_card_of_a_neighbour_leads_back_and_changes_nothing() -> None:
    html = character_card_html(CARD, replace(PLACE, within=False), ZH)
    assert f'data-at="{PLACE.offset}"' in html
    assert "data-choose" not in html and "25.0%" not in html and "data-own=" not in html


@pytest.mark.parametrize("texts", [ZH, EN])
@pytest.mark.parametrize("why", ["off", "not_han", "no_glyph", "no_reading", "no_sound"])
def test_what_is_masked_is_said_with_the_reason(texts: dict[str, str], why: str) -> None:
    card = replace(CARD, masked={"glyph": why, "phonetic": why}, neighbours={})
    html = character_card_html(card, PLACE, texts)
    assert html.count(texts[f"views.masked.{why}"].replace("'", "&#39;")) == 2
    assert html.count(texts["views.character.masked"]) == (0 if why == "off" else 2)


def test_without_pictures_or_voice_the_card_says_what_to_do() -> None:
    html = character_card_html(replace(CARD, glyphs=(), sound=None, recordings=(), can_speak=False), PLACE, EN)
    assert "<img" not in html and "build glyphs" in html and "pip install espeakng-loader" in html
    assert "data-say" not in html
    unsaid = character_card_html(replace(CARD, sound=None), PLACE, EN)
    assert EN["views.character.unsaid"] in unsaid and "pip install" not in unsaid


@pytest.mark.parametrize("character", [*"<>&\"'`${}\\\r\n", "\x00"])
def test_any_character_has_a_card(character: str) -> None:
    nobody = replace(CARD, character=character, form=character, radical=0, reading="", readings=(), sound=None)
    card = replace(nobody, glyphs=(), recordings=(), masked={"glyph": "no_glyph", "phonetic": "no_reading"}, neighbours={})
    assert nothing_to_evaluate(character_card_html(card, Place(0, True, "", {}), ZH))


def test_what_came_and_went_is_marked_and_what_stayed_says_how_sure_it_is() -> None:
    before = Document(TEXT, (Span(0, 3, "LOC", 0.9), Span(3, 5, "PER", 0.5)))
    html = changes_html(before, Document(TEXT, (Span(0, 3, "LOC", 0.7), Span(3, 4, "PER", 0.6))), ZH)
    assert html.count("is-added") == html.count("is-removed") == 1
    assert "南京市 90% → 70%" in html
    assert ZH["views.changes.none"] in changes_html(before, before, ZH)
    assert ZH["views.changes.confidence"] not in changes_html(before, before, ZH)


def test_a_picture_is_ink_on_paper() -> None:
    from PIL import Image

    with Image.open(io.BytesIO(decoded(png_url(PICTURE), "image/png"))) as image:
        assert (np.asarray(image) == 255 - PICTURE).all()


def test_a_sound_can_be_played() -> None:
    waveform = np.sin(np.linspace(0, 50, 4000)) * 1.5
    with wave.open(io.BytesIO(decoded(wav_url(waveform, 22050), "audio/wav"))) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 22050, 4000)
        assert np.frombuffer(sound.readframes(4000), "<i2").max() == 32767
