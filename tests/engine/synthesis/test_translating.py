import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import formats
from engine.document import Document, Span
from engine.errors import InputError
from engine.synthesis import translating
from engine.synthesis.translating import Masked, masked, unmasked
from engine.synthesis.translation_building import build_translation, card_of
from tests.engine.synthesis.stub_translator import StubTranslator, reversed_words, without_last_placeholder


def document(text, *mentions, **rest):
    """Return a document in which each mention, ``(text, label)``, is marked where it first occurs behind the one before."""
    spans, start = [], 0
    for mention, label in mentions:
        start = text.index(mention, start)
        spans.append(Span(start, start + len(mention), label))
        start += len(mention)
    return Document(text, tuple(spans), **rest)


def translated(given, translator):
    """Return a document's translation, or why there is none."""
    one = masked(given)
    if isinstance(one, str):
        return one
    found = dict(zip(one.asked, translator.translate(one.asked), strict=True))
    return unmasked(one, found, translator.source, translator.target)


def mentions(found):
    return [(found.mention(span), span.label) for span in found.spans]


OBAMA = document("Obama met Merkel in Berlin .", ("Obama", "PER"), ("Merkel", "PER"), ("Berlin", "LOC"))
WORDS = {"Obama": "奥巴马", "Merkel": "默克尔。", "Berlin": "柏林", "Paris": "巴黎"}


def test_placeholders_are_numbered_only_where_there_are_several():
    assert masked(OBAMA).sentences == ("SPAN1 met SPAN2 in SPAN3 .",)
    assert masked(document("in Paris", ("Paris", "LOC"))).sentences == ("in SPAN",)
    assert masked(document("她在巴黎2008年", ("巴黎", "LOC"))).sentences == ("她在 SPAN 2008年",)
    assert masked(Document("no one")).sentences == ("no one",)


def test_no_number_is_the_beginning_of_another():
    for count in (2, 9, 10, 90, 91, 200):
        text = " x ".join(["A"] * count)
        numbers = masked(Document(text, tuple(Span(4 * i, 4 * i + 1, "PER") for i in range(count)))).numbers
        assert len(numbers) == count and len({len(str(number)) for number in numbers}) == 1


def test_a_text_is_translated_sentence_by_sentence():
    given = document("她在巴黎。“好！”你呢？\n嗯", ("巴黎", "LOC"))
    assert masked(given).sentences == ("她在 SPAN。", "“好！”", "你呢？", "\n", "嗯")
    found = translated(given, StubTranslator(lambda text: f"[{text}]", "zh", "en", {"巴黎": "Paris"}))
    assert found.text == "[她在 Paris。] [“好！”] [你呢？]\n[嗯]"
    assert mentions(found) == [("Paris", "LOC")]


def test_entities_go_where_their_placeholders_went():
    sentence = {"SPAN1 met SPAN2 in SPAN3 .": "SPAN1 在 SPAN3 会见了 SPAN2 。"}
    found = translated(OBAMA, StubTranslator(words=WORDS | sentence))
    assert found.text == "奥巴马在柏林会见了默克尔。"
    assert mentions(found) == [("奥巴马", "PER"), ("柏林", "LOC"), ("默克尔", "PER")]
    assert found.id == OBAMA.id and found.meta == {"translated_from": "en", "translated_to": "zh"}


HARMLESS = ["span1在span3见SPAN2", "ＳＰＡＮ１在SPAN 3见Span２", "SPAN1在SPAN3见 SPAN 2"]


@pytest.mark.parametrize("said", HARMLESS)
def test_what_leaves_no_doubt_is_taken(said):
    found = translated(OBAMA, StubTranslator(words=WORDS | {"SPAN1 met SPAN2 in SPAN3 .": said}))
    assert found.text == "奥巴马在柏林见默克尔"


DOUBTFUL = [
    ("SPAN1 met SPAN2 there", translating.LOST),
    ("met", translating.LOST),
    ("SPAN1 met SPAN2 in SPAN3 SPAN3", translating.DOUBLED),
    ("SPAN1 met SPAN2 in SPAN", translating.MANGLED),
    ("SPAN1 met SPAN2 in SPAN33", translating.MANGLED),
    ("SPAN1 met SPAN2 in SPAN4", translating.MANGLED),
    ("SPAN1 met SPAN2 in SPAN3rd", translating.MANGLED),
    ("SPAN1 met SPAN2 in SPANS3", translating.MANGLED),
    ("SPAN1 met SPAN2 in SPAN3 for a span", translating.MANGLED),
]


@pytest.mark.parametrize(("said", "reason"), DOUBTFUL)
def test_what_leaves_a_doubt_is_left_out(said, reason):
    assert translated(OBAMA, StubTranslator(words=WORDS | {"SPAN1 met SPAN2 in SPAN3 .": said})) == reason


@pytest.mark.parametrize(("said", "reason"), [("SPAN and SPAN", translating.DOUBLED), ("Spans", translating.MANGLED)])
def test_the_only_placeholder_is_not_guessed_either(said, reason):
    given = document("in Paris", ("Paris", "LOC"))
    assert translated(given, StubTranslator(words=WORDS | {"in SPAN": said})) == reason


def test_a_text_that_holds_a_placeholder_is_left_out_and_a_word_that_begins_like_one_is_not():
    assert masked(document("a life span in Paris", ("Paris", "LOC"))) == translating.HELD
    assert isinstance(masked(document("Spanish in Paris", ("Paris", "LOC"))), Masked)
    assert masked(document("Spanish in Paris", ("Paris", "LOC"))).sentences == ("Spanish in SPAN",)
    without = translated(Document("no entity"), StubTranslator(words={"no entity": "a span"}))
    assert without.text == "a span" and without.spans == ()


def test_nothing_is_left_of_an_empty_text_an_unspoken_entity_or_a_text_too_long():
    assert masked(Document(" \n")) == translating.EMPTY
    assert translated(document("in Paris", ("Paris", "LOC")), StubTranslator(words={"Paris": " 。 "})) == translating.SILENT
    assert translated(document("in Paris", ("Paris", "LOC")), StubTranslator(lambda text: None)) == translating.UNTRANSLATED


def test_spaces_are_those_of_the_language():
    def into(target, said, word):
        given = document("in Paris", ("Paris", "LOC"))
        return translated(given, StubTranslator(target=target, words={"in SPAN": said, "Paris": word})).text

    assert into("zh", "在 SPAN 的人", "巴黎") == "在巴黎的人"
    assert into("zho_Hans", "在 SPAN 的人", "Paris") == "在Paris的人"
    assert into("zh", "看 iPhone SPAN 2008", "X") == "看 iPhone X 2008"
    assert into("zh", "iPhoneＸ,SPAN", "X") == "iPhoneＸ,X"
    assert into("en", "in SPAN, they", "Paris") == "in Paris, they"
    assert into("eng_Latn", "in北SPAN京", "Paris") == "in北 Paris 京"
    assert into("en", "(SPAN)'s", "Paris") == "(Paris)'s"


def test_of_entities_that_overlap_the_outermost_is_translated():
    given = Document(
        "北京大学的人", (Span(0, 4, "ORG"), Span(0, 2, "LOC"), Span(2, 4, "ORG")), audio="a.wav", readings={0: "bei3"}
    )
    found = masked(given)
    assert found.sentences == ("SPAN 的人",)
    assert found.dropped == {translating.INNER: 2, translating.AUDIO: 1, translating.READINGS: 1}
    english = translated(given, StubTranslator(source="zh", target="en", words={"北京大学": "Peking University"}))
    assert mentions(english) == [("Peking University", "ORG")] and english.audio is None and not english.readings


def test_pictures_and_meta_stay_and_the_sources_tokens_do_not():
    given = document(
        "in Paris", ("Paris", "LOC"), images=("a.jpg",), meta={"tokens": '["in"]', "related": "1"}, annotated=("LOC",)
    )
    found = translated(given, StubTranslator(words=WORDS))
    assert (found.images, found.annotated, found.meta["related"]) == (("a.jpg",), ("LOC",), "1") and "tokens" not in found.meta


WORD = st.text(alphabet="ab北京é1９.,。! \n'@#", min_size=1, max_size=6)


@st.composite
def documents(draw):
    """Draw a document of words some of which are entities; they may touch each other."""
    text, spans = "", []
    for _ in range(draw(st.integers(1, 14))):
        word = draw(WORD)
        if draw(st.booleans()) and word.strip(" \n.。!"):
            spans.append(Span(len(text), len(text) + len(word), draw(st.sampled_from(["PER", "LOC"]))))
        text += word + draw(st.sampled_from(["", " "]))
    return Document(text, tuple(spans))


@given(documents(), st.sampled_from(["zh", "en"]), st.randoms(use_true_random=False))
def test_every_entity_is_found_again_with_its_label_whatever_becomes_of_their_order(given, target, random):
    def change(text):
        if "SPAN" not in text:
            return f"<{text}>"
        words = re.split(r"(SPAN\d*)", text)
        random.shuffle(words)
        return " ".join(words)

    found = translated(given, StubTranslator(change, target=target))
    if isinstance(found, str):  # two words that were shuffled together may say anything
        assert found in (translating.MANGLED, translating.SILENT, translating.EMPTY)
        return
    expected = [(f"<{given.mention(span).strip()}>", span.label) for span in given.spans]
    assert sorted(mentions(found)) == sorted(expected)
    assert all(a.end <= b.start for a, b in zip(found.spans, found.spans[1:], strict=False))


@given(documents())
def test_what_is_not_changed_keeps_its_entities_in_order(given):
    found = translated(given, StubTranslator(target="en"))
    if not isinstance(found, str):
        closing = ".。!"
        kept = [(m if (m := given.mention(s).strip())[-1] in closing else m.rstrip(closing), s.label) for s in given.spans]
        assert mentions(found) == kept
        assert found.text.split() == " ".join(found.text.split()).split()


@given(documents())
def test_a_lost_placeholder_is_never_guessed(given):
    found = translated(given, StubTranslator(without_last_placeholder))
    assert not given.spans or found in (translating.LOST, translating.MANGLED, translating.EMPTY)


POSTS = [
    OBAMA,
    document("Paris is lovely", ("Paris", "LOC"), id="one"),
    document("Paris is lovely", ("Paris", "LOC"), id="again"),
    document("a span of Paris", ("Paris", "LOC"), id="held"),
    Document("nobody here", id="nobody"),
]


class TestBuilding:
    def test_a_corpus_is_written_with_a_card_that_counts_what_was_lost(self, tmp_path):
        picture = tmp_path / "pictured" / "a.jpg"
        picture.parent.mkdir()
        picture.write_bytes(b"")
        posts = [*POSTS, document("by Paris", ("Paris", "LOC"), id="picture", images=(str(picture), "gone.jpg"))]
        translator = StubTranslator(without_last_placeholder, words=WORDS | {"SPAN is lovely": "SPAN很美", "by SPAN": "近SPAN"})
        seen = []
        report = build_translation(
            tmp_path / "zh" / "train.jsonl", posts, translator, {"data": "posts"}, lambda done, total: seen.append((done, total))
        )
        found = formats.read(report.file)
        assert [(one.id, one.text) for one in found] == [
            ("one", "巴黎很美"),
            ("again", "巴黎很美"),
            ("nobody", "nobody here"),
            ("picture", "近巴黎"),
        ]
        written = json.loads(report.file.read_text(encoding="utf-8").splitlines()[-1])
        assert written["images"] == ["../pictured/a.jpg", "gone.jpg"] and found[-1].images[0].endswith("pictured/a.jpg")
        card = json.loads(card_of(report.file).read_text(encoding="utf-8"))
        assert card == report.card and card["translator"] == "stub" and card["data"] == "posts"
        assert card["lost"] == {translating.LOST: 1, translating.HELD: 1}
        assert (card["documents"], card["translated"], card["entities"], card["entities_translated"]) == (6, 4, 7, 3)
        assert len(translator.asked) == len(set(translator.asked)) and seen[-1] == (len(translator.asked),) * 2
        assert sorted(path.name for path in report.file.parent.iterdir()) == ["train.card.json", "train.jsonl"]

    def test_an_interrupted_build_goes_on_where_it_stopped(self, tmp_path, monkeypatch):
        monkeypatch.setattr("engine.synthesis.translation_building._AT_ONCE", 2)
        file = tmp_path / "train.jsonl"
        dying = StubTranslator(words=WORDS)
        translate = dying.translate

        def die(texts):
            if len(dying.asked) >= 4:
                raise KeyboardInterrupt
            return translate(texts)

        dying.translate = die
        with pytest.raises(KeyboardInterrupt):
            build_translation(file, POSTS, dying)
        assert not file.exists()
        with (tmp_path / ".train.jsonl.memory").open("a") as memory:
            memory.write('["half')
        going_on = StubTranslator(words=WORDS)
        build_translation(file, POSTS, going_on)
        assert not set(going_on.asked) & set(dying.asked)
        fresh = tmp_path / "fresh" / "train.jsonl"
        build_translation(fresh, POSTS, StubTranslator(words=WORDS))
        assert fresh.read_bytes() == file.read_bytes()

    def test_what_another_translator_said_is_not_gone_on_with(self, tmp_path):
        file = tmp_path / "train.jsonl"
        with pytest.raises(InputError, match="none of 1 documents is left, of the first: a placeholder was lost"):
            build_translation(file, POSTS[1:2], StubTranslator(without_last_placeholder, words=WORDS))
        again = StubTranslator(words=WORDS, target="fr")
        build_translation(file, POSTS[1:2], again)
        assert "SPAN is lovely" in again.asked

    def test_a_place_that_holds_something_else_is_refused(self, tmp_path):
        (tmp_path / "mine.jsonl").write_text("{}")
        with pytest.raises(InputError, match="this command has not built it; give another place with --out"):
            build_translation(tmp_path / "mine.jsonl", POSTS, StubTranslator())
        with pytest.raises(InputError, match=r"expected a file that ends in \.jsonl"):
            build_translation(tmp_path / "mine.txt", POSTS, StubTranslator())
        with pytest.raises(InputError, match="there are no documents"):
            build_translation(tmp_path / "other.jsonl", [], StubTranslator())

    def test_words_may_stand_in_another_order(self, tmp_path):
        build_translation(tmp_path / "a.jsonl", [OBAMA], StubTranslator(reversed_words, target="en"))
        (found,) = formats.read(tmp_path / "a.jsonl")
        assert found.text == ". Berlin in Merkel met Obama"
        assert mentions(found) == [("Berlin", "LOC"), ("Merkel", "PER"), ("Obama", "PER")]
