"""Edits of one sentence: where its characters are afterwards, and that the sentence itself stays as it was."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.counterfactual.beside import LEFT, with_pause, without_pauses
from engine.counterfactual.edit import Edit, Setting
from engine.counterfactual.kinds import KINDS, apply, parse
from engine.counterfactual.offsets import spliced
from engine.counterfactual.wording import UNKNOWN_CHARACTER, homophones, lookalikes, names_of
from engine.document import Document, Span
from engine.errors import InputError
from engine.layers.vector_table import VectorTable
from engine.modalities.pinyin import read
from engine.modalities.speech import RATE, pauses
from tests.engine.systems.picturing import drawn
from tests.engine.systems.speaking import said

TEXTS = st.text(alphabet="王芳去杭州𠮷😀a\n，", min_size=1, max_size=12)


@st.composite
def splices(draw):
    """Draw a text, and stretches of it that share no character with what stands in their place."""
    text = draw(TEXTS)
    borders = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    stretches = [(start, end, draw(TEXTS)) for start, end in zip(borders[::2], borders[1::2], strict=False)]
    return text, stretches


@given(splices())
def test_what_is_not_replaced_is_found_where_the_offsets_say(made):
    text, stretches = made
    changed, offsets = spliced(Document(text), stretches)
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            now = offsets.stretch(start, end)
            assert 0 <= now[0] <= now[1] <= len(changed)
            if not offsets.touches(start, end):
                assert changed.text[slice(*now)] == text[start:end]
    assert offsets.border(len(text)) == len(changed)
    for start, end, words in stretches:
        assert changed.text[slice(*offsets.stretch(start, end))] == words


@given(splices())
def test_borders_keep_their_order_and_all_but_those_inside_another_length_are_exact(made):
    text, stretches = made
    _, offsets = spliced(Document(text), stretches)
    borders = [offsets.border(place) for place in range(len(text) + 1)]
    assert borders == sorted(borders)
    for place in range(len(text) + 1):
        inside = any(start < place < end and len(words) != end - start for start, end, words in stretches)
        assert offsets.is_exact(place) is not inside


@given(splices(), st.data())
def test_readings_go_with_their_characters(made, data):
    text, stretches = made
    at = data.draw(st.integers(0, len(text) - 1))
    changed, offsets = spliced(Document(text, readings={at: "yi1"}), stretches)
    assert dict(changed.readings) == ({} if offsets.touches(at, at + 1) else {offsets.border(at): "yi1"})


def glyphs():
    """Return vectors in which 未 looks like 末, and neither like 京."""
    table = VectorTable("未末京", 2)
    table.vectors.copy_(__import__("torch").tensor([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.5]]))
    return table


@pytest.fixture
def sentence(tmp_path):
    document = Document("未来的王芳昨天去了南京", (Span(3, 5, "PER"),), readings={7: "qu4"})
    spoken, starts = said(document, tmp_path, pauses=(3,))
    images = (drawn(tmp_path, "red"), drawn(tmp_path, "green"))
    whole = Document(document.text, document.spans, "me", images, spoken.audio, readings=document.readings)
    times = tuple((start, start + 0.16) for start in starts)
    return whole, Setting((Span(3, 5, "PER", 0.9),), times, glyphs(), tmp_path / "made")


EVERY = (
    "replace:3-5=周杰伦",
    "homophone:3",
    "lookalike:0",
    "traditional",
    "entity:3-5",
    "entity:3-5=LOC",
    "entity:3-5=白求恩",
    "mask:3-5",
    "mask:3-5=某",
    "mask:3-5=unknown",
    "reading:1=lai4",
    "pause:5=0.4",
    "no_pauses",
    "no_picture:1",
    "no_picture",
    "swap_picture:2=RED",
    "without=glyph",
)


@pytest.mark.parametrize("words", EVERY)
def test_an_edit_leaves_its_document_as_it_was_and_makes_another(words, sentence):
    document, setting = sentence
    before = copy.deepcopy((document.text, document.spans, document.images, document.audio, dict(document.readings)))
    edit = parse(words.replace("RED", document.images[0]))
    made = apply(document, edit, setting)
    assert (document.text, document.spans, document.images, document.audio, dict(document.readings)) == before
    assert made.document.spans == () and made.document.id == "me"
    unchanged = document.with_spans(())
    assert (made.document != unchanged) is not bool(made.without)


def test_every_kind_is_tried_above_or_below():
    assert {words.partition(":")[0].partition("=")[0] for words in EVERY} | {"simplified"} == set(KINDS)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("replace:3-5=周杰伦", "未来的周杰伦昨天去了南京"),
        ("lookalike:0", "末来的王芳昨天去了南京"),
        ("traditional", "未來的王芳昨天去了南京"),
        ("mask:3-5", "未来的□□昨天去了南京"),
        ("mask:3-5=某", "未来的某昨天去了南京"),
        ("mask:3-5=unknown", f"未来的{UNKNOWN_CHARACTER * 2}昨天去了南京"),
        ("entity:3-5=白求恩", "未来的白求恩昨天去了南京"),
    ],
)
def test_an_edit_writes_what_it_says(words, text, sentence):
    assert apply(sentence[0], parse(words), sentence[1]).document.text == text


def test_a_name_is_of_the_type_of_the_entity_or_of_the_type_that_is_asked_for(sentence):
    document, setting = sentence
    for words, label in (("entity:3-5", "PER"), ("entity:3-5=LOC", "LOC"), ("entity:3-5=organisation", "ORG")):
        put = apply(document, parse(words), setting).put
        assert put in names_of(label) and put not in document.text
    assert len(names_of("PER.NAM")) >= 30 and names_of("PER.NAM") == names_of("person") and names_of("白求恩") == ()


def test_what_simplifies_undoes_what_makes_traditional():
    document = Document("中國銀行行長王芳")
    made = apply(document, parse("simplified"), Setting())
    assert made.document.text == "中国银行行长王芳"
    assert apply(made.document, parse("traditional"), Setting()).document.text == document.text


def test_a_homophone_is_read_as_the_character_is_in_its_context():
    document = Document("银行行长")
    heard = read(document.text)[3]
    assert heard == "zhang3"
    found = homophones(document, 3)
    assert found and "长" not in found and read(found[0])[0] == heard
    assert homophones(Document("ab"), 0) == ()


def test_what_looks_alike_is_known_by_glyphs_alone(sentence):
    assert lookalikes(Document("未来"), 0, glyphs())[0] == "末"
    assert lookalikes(Document("未来"), 0, None) == ()
    with pytest.raises(InputError, match="no other character is known that looks like 未"):
        apply(sentence[0], Edit("lookalike", 0, 1), Setting())


def test_a_pause_is_silence_at_the_place_and_as_long_as_it_says():
    sound = np.sin(np.arange(RATE) / 5).astype(np.float32)
    made = with_pause(sound, 0.4, 0.25)
    assert len(made) == len(sound) + RATE // 4
    quiet = np.abs(made) < 1e-9
    start = round(0.4 * RATE)
    assert quiet[start : start + RATE // 4].all() and np.abs(made[: start - 100] - sound[: start - 100]).max() == 0
    (found,) = pauses(made)
    assert found == pytest.approx((0.4, 0.65), abs=0.03)
    closed = without_pauses(made, [found])
    assert pauses(closed) == [] and len(closed) == pytest.approx(len(sound), abs=0.06 * RATE) and LEFT < 0.06


def test_a_pause_is_put_where_the_character_is_heard(sentence, tmp_path):
    from engine.modalities.speech import read_speech

    document, setting = sentence
    made = apply(document, parse("pause:7=0.5"), setting).document
    found = pauses(read_speech(made.audio).waveform)
    assert any(abs(start - setting.times[7][0]) < 0.05 and end - start > 0.4 for start, end in found)
    assert not pauses(read_speech(apply(document, parse("no_pauses"), setting).document.audio).waveform)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nothing:3", "there is no edit 'nothing'"),
        ("replace:3", "has to be told what to write there; write replace:3-5=某"),
        ("replace=王", "is done to a stretch of characters"),
        ("traditional:3", "is done to the whole sentence"),
        ("homophone:x", "expected a place like"),
        ("no_pauses=3", "takes no value"),
    ],
)
def test_what_is_written_wrong_is_said(words, said):
    with pytest.raises(InputError, match=said):
        parse(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("replace:30=王", "the characters 0 to 10"),
        ("replace:3=王", "what stands there already"),
        ("homophone:3-5", "is done to one character"),
        ("homophone:3=李", "李 is not read like 王"),
        ("entity:0-2", "its type is not known; write entity:0-2=PER"),
        ("simplified", "nothing that is written otherwise"),
        ("reading:1=xyz1", "no character is read"),
        ("pause:5=99", "expected seconds up to 5"),
        ("no_picture:3", "the pictures 1 to 2"),
        ("swap_picture:1=/nowhere.png", "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said(words, said, sentence):
    with pytest.raises(InputError, match=said):
        apply(sentence[0], parse(words), sentence[1])


def test_without_speech_pictures_or_an_alignment_it_is_said(sentence):
    document, setting = sentence
    silent = Document(document.text)
    for words, what in (("no_pauses", "no recording"), ("pause:3", "no recording"), ("no_picture", "no pictures")):
        with pytest.raises(InputError, match=what):
            apply(silent, parse(words), setting)
    with pytest.raises(InputError, match="not known where 王 is heard"):
        apply(document, parse("pause:3"), Setting(folder=setting.folder))


@given(st.sampled_from([Edit("mask", 3, 5), Edit("mask", 3, 4, "某"), Edit("traditional"), Edit("without", value="glyph")]))
def test_an_edit_is_read_as_it_is_written(edit):
    assert parse(str(edit)) == edit
