import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypinyin.constants import PINYIN_DICT

from engine.errors import InputError
from engine.modalities.pinyin import Syllable, read, read_words, readings_of, syllables

EVERY_READING = sorted({reading for code in PINYIN_DICT for reading in readings_of(chr(code))})


@pytest.mark.parametrize(
    ("written", "read_as", "marked"),
    [
        ("zhang3", ("zh", "ang", 3), "zhǎng"),
        ("lv4", ("l", "v", 4), "lǜ"),
        ("lü4", ("l", "v", 4), "lǜ"),
        ("lu\u03084", ("l", "v", 4), "lǜ"),
        ("lu:4", ("l", "v", 4), "lǜ"),
        ("LV4", ("l", "v", 4), "lǜ"),
        ("nue4", ("n", "ve", 4), "nüè"),
        ("jv4", ("j", "u", 4), "jù"),
        ("yuan2", ("y", "uan", 2), "yuán"),
        ("an1", ("", "an", 1), "ān"),
        ("de5", ("d", "e", 5), "de"),
        ("ng2", ("", "ng", 2), "ńg"),
        (" er2 ", ("", "er", 2), "ér"),
    ],
)
def test_a_syllable_is_read_however_it_is_written(written, read_as, marked):
    syllable = Syllable.parse(written)
    assert (syllable.initial, syllable.final, syllable.tone) == read_as
    assert syllable.marked == marked
    assert Syllable.parse(str(syllable)) == syllable


@pytest.mark.parametrize(
    "written", ["", "zhang", "zhang0", "zhang6", "zhǎng", "3", "zh3", "xyz3", "zhang3 chang2", "长", "１zhang", "zhang³"]
)
def test_what_is_no_syllable_is_refused(written):
    with pytest.raises(InputError, match="zhang3|no character is read"):
        Syllable.parse(written)


def test_every_reading_of_the_dictionary_is_read_and_written_back():
    assert len(EVERY_READING) == 1549
    assert [str(Syllable.parse(reading)) for reading in EVERY_READING] == EVERY_READING


def test_initial_and_final_are_the_same_exactly_where_all_but_the_tone_is():
    parts = {}
    for reading in EVERY_READING:
        syllable = Syllable.parse(reading)
        assert syllable.toneless == reading[:-1] and syllable.final
        parts.setdefault((syllable.initial, syllable.final), set()).add(reading[:-1])
    assert all(len(toneless) == 1 for toneless in parts.values())


def test_the_syllables_of_mandarin():
    known = syllables()
    assert len(known) == len(set(known)) == 1349 and list(known) == sorted(known)
    assert sum(syllable.endswith("5") for syllable in known) == 54
    assert {"de5", "lv4", "zhang3", "chang2", "er2", "yo1"} <= set(known)
    assert all(str(Syllable.parse(syllable)) == syllable for syllable in known)


def test_readings_of_a_character():
    assert readings_of("长") == ("zhang3", "chang2")
    assert readings_of("绿") == ("lv4", "lu4")
    assert readings_of("的")[0] == "de5"
    assert [readings_of(character) for character in ("A", "，", "😀", " ", "々", "1", "")] == [()] * 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("南京市长江大桥", "nan2 jing1 shi4 chang2 jiang1 da4 qiao2"),
        ("南京市市长", "nan2 jing1 shi4 shi4 zhang3"),
        ("银行行长", "yin2 hang2 hang2 zhang3"),
        ("朝阳区", "chao2 yang2 qu1"),
        ("重庆的音乐", "chong2 qing4 de5 yin1 yue4"),
        ("绿", "lv4"),
        ("北京大学校长", "bei3 jing1 da4 xue2 xiao4 zhang3"),
    ],
)
def test_a_text_is_read_in_context(text, expected):
    assert read(text) == expected.split()


def test_what_is_not_read_has_no_reading():
    assert read("长A，😀\r\n𠮷１") == ["zhang3", None, None, None, None, None, None, None]
    assert read("") == []


awkward = st.text(
    st.one_of(st.characters(), st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), st.sampled_from("长行得〇𠮷😀\r\n豈́"))
)


@settings(max_examples=200, deadline=None)
@given(awkward)
@example("不亦乐乎，一二三")
@example("〇〇七豈不")
def test_there_is_one_entry_for_each_code_point(text):
    readings = read(text)
    assert len(readings) == len(text)
    for character, reading in zip(text, readings, strict=True):
        assert (reading is None) == (readings_of(character) == ())
        assert reading is None or str(Syllable.parse(reading)) == reading


def test_a_chosen_reading_overrules():
    assert read("很长", {1: "chang2"}) == ["hen3", "chang2"]
    assert read("绿A", {0: "lù4".replace("ù", "u"), 1: "ei1"}) == ["lu4", "ei1"]
    assert read("长", {0: "LÜ4"}) == ["lv4"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["南京", "市长", "江大桥"], "nan2 jing1 shi4 zhang3 jiang1 da4 qiao2"),
        (["南京市", "长江", "大桥"], "nan2 jing1 shi4 chang2 jiang1 da4 qiao2"),
        (["南京市长江大桥"], "nan2 jing1 shi4 chang2 jiang1 da4 qiao2"),
        (["A银行", "行长。"], "None yin2 hang2 hang2 zhang3 None"),
    ],
)
def test_words_that_are_given_are_read_one_by_one(given, expected):
    assert " ".join(map(str, read_words(given))) == expected
    assert read_words(given, {1: "lu:4"})[1] == "lv4"
    with pytest.raises(InputError, match="the text has"):
        read_words(given, {len("".join(given)): "lv4"})


@pytest.mark.parametrize(
    ("chosen", "message"), [({2: "chang2"}, "offset 2.*2 characters"), ({-1: "a1"}, "offset -1"), ({0: "long"}, "zhang3")]
)
def test_a_chosen_reading_is_checked(chosen, message):
    with pytest.raises(InputError, match=message):
        read("很长", chosen)
