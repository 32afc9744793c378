from itertools import accumulate

from engine import samples, tags
from engine.modalities.images import read_image
from engine.modalities.scripts import script_of
from engine.modalities.speech import pauses, read_speech
from engine.synthesis.picture_pool import Kinds


def test_the_news_we_wrote_is_sound():
    news = samples.news()
    assert len(news) >= 240
    assert [document.id for document in news] == [f"s{number:03d}" for number in range(1, len(news) + 1)]
    assert len({document.text for document in news}) == len(news)
    assert {span.label for document in news for span in document.spans} == {"PER", "LOC", "ORG"}
    assert all(document.annotated == ("PER", "LOC", "ORG") for document in news)
    assert 0.15 <= sum(not document.spans for document in news) / len(news) <= 0.25
    assert all(tags.flatten(document.spans) == sorted(document.spans) for document in news)


def test_of_an_ambiguous_text_only_the_words_tell_the_readings_apart():
    found = samples.ambiguous()
    assert len(found) == 600 and len({document.text for document in found}) == 300
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert (first.id[:-1], first.id[-1], second.id[-1]) == (second.id[:-1], "a", "b")
        assert first.text == second.text and first.meta["words"] != second.meta["words"]
        assert {span.key for span in first.spans} != {span.key for span in second.spans}
    for document in found:
        borders = {0, *accumulate(map(len, document.meta["words"].split("|")))}
        assert all({span.start, span.end} <= borders for span in document.spans)
        assert script_of(document).borders == borders - {len(document.text)}


def test_of_an_ambiguous_name_only_the_type_differs_and_pictures_fit_either():
    found = samples.ambiguous_names()
    assert len(found) == 832 and len({document.text for document in found}) == 416
    kinds = Kinds.read()
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert (first.id[:-1], first.id[-1], second.id[-1]) == (second.id[:-1], "a", "b")
        (one,), (other,) = first.spans, second.spans
        assert first.text == second.text and (one.start, one.end) == (other.start, other.end) and one.label != other.label
        assert kinds.type_of(one.label) and kinds.type_of(other.label)


def test_the_ambiguous_texts_are_none_of_the_examples():
    shown = {example.text for example in samples.examples()}
    assert not [document.text for document in samples.ambiguous() if document.text in shown]


def test_the_examples_are_sixteen_and_explained_in_both_languages():
    examples = samples.examples()
    assert len({example.id for example in examples}) == len(examples) == 16
    assert all(example.text and example.note_zh and example.note_en for example in examples)
    assert any("😀" in example.text for example in examples)
    assert any("𠮷" in example.text for example in examples)
    assert any(len(example.text) >= 150 for example in examples)


def test_the_papers_own_cases_can_be_tried():
    texts = {example.id: example.text for example in samples.examples()}
    assert texts["metals"] == "中国镍、钴金属依赖进口的局面得到缓解"
    assert texts["reading"] == "南京市长江大桥"
    assert "麦当劳" in texts["classes"] and "西湖" in texts["classes"]


def test_three_examples_are_read_aloud_in_two_ways():
    spoken = {example.id: example for example in samples.examples() if example.readings}
    assert set(spoken) == {"spoken-bridge", "spoken-students", "spoken-mountain"}
    assert all(len(example.readings) == 2 for example in spoken.values())
    readings = [reading for example in spoken.values() for reading in example.readings]
    assert len({reading.audio for reading in readings}) == 6
    for example in spoken.values():
        for reading in example.readings:
            assert reading.note_zh.replace("｜", "") == reading.note_en.replace(" | ", "") == example.text


def test_a_reading_pauses_between_its_words_and_is_small():
    for example in samples.examples():
        for reading in example.readings:
            speech = read_speech(reading.audio)
            assert len(pauses(speech.waveform)) == reading.note_zh.count("｜") and speech.remarks == ()
            assert reading.audio.stat().st_size < 80_000
            assert f"`{reading.audio.name}` | {reading.note_zh} |" in (samples.FOLDER / "speech/README.md").read_text("utf-8")


def test_the_pictures_of_an_example_are_ours_small_and_fit_to_be_looked_at():
    pictured = {example.id: example.pictures for example in samples.examples() if example.pictures}
    assert {name: len(pictures) for name, pictures in pictured.items()} == {"pictured-fuji": 2, "pictured-apple": 2}
    for shown in (shown for pictures in pictured.values() for shown in pictures):
        image = read_image(shown.image)
        assert image.remarks == () and max(image.size) <= 640 and shown.image.stat().st_size < 40_000
        assert shown.note_zh and shown.note_en
        assert f"`{shown.image.name}` |" in (samples.FOLDER / "pictures/README.md").read_text("utf-8")
