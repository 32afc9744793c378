"""What is read once is not read again, and what is kept from a model is."""

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
from PIL import Image

from engine import samples, tagger
from engine.document import Document, Span
from engine.errors import InputError
from engine.evaluation.reading import PIECE, optional_modalities, read, reading_of
from engine.evaluation.realigning import realign
from tests.engine.test_study_judging import marked
from tests.engine.tiny import known


@dataclass
class Stub:
    """A model that finds 北京, and counts what it is asked."""

    optional: tuple[str, ...] = ()
    digest: str = "d"
    precision: str = "fp32"
    asked: int = 0
    shown: tuple[Document, ...] = ()
    masked: tuple[str, ...] = ()

    @property
    def info(self):
        return SimpleNamespace(name="stub", digest=self.digest)

    @property
    def system(self):
        vocabulary = SimpleNamespace(unknown=1, encode=lambda text: [1 if c == "曌" else 2 for c in text])
        labels = SimpleNamespace(names=("LOC",))
        return SimpleNamespace(
            optional_modalities=self.optional, vocabulary=vocabulary, labels=labels, structure="flat", evidence_names=()
        )

    def predict(self, documents, *, explain=False, without=()):
        self.asked += len(documents)
        self.shown, self.masked = tuple(documents), tuple(without)
        spans = [(Span(0, 2, "LOC", 0.75),) if d.text.startswith("北京") else () for d in documents]
        return [SimpleNamespace(document=d.with_spans(found), evidence=()) for d, found in zip(documents, spans, strict=True)]


ROWS = [Document(f"北京有{i}曌", (Span(0, 2, "LOC"),)) for i in range(PIECE + 6)]


def test_pieces_come_one_by_one_and_are_not_read_twice(tmp_path):
    model = Stub()
    first = list(read(model, ROWS, cache=tmp_path))
    assert [(piece.done, piece.of, piece.cached) for piece in first] == [(PIECE, PIECE + 6, False), (PIECE + 6, PIECE + 6, False)]
    second = list(read(model, ROWS, cache=tmp_path))
    assert model.asked == len(ROWS) and all(piece.cached for piece in second)
    assert [p.documents for p in first] == [p.documents for p in second]
    assert second[0].documents[0].spans[0].score == 0.75
    whole = reading_of(model, ROWS, second)
    assert (whole.cached, len(whole.predicted), whole.known.unknown) == (len(ROWS), len(ROWS), frozenset("曌"))


def test_an_interrupted_reading_goes_on_where_it_was(tmp_path):
    model = Stub()
    next(read(model, ROWS, cache=tmp_path))
    assert [piece.cached for piece in read(model, ROWS, cache=tmp_path)] == [True, False]
    assert model.asked == len(ROWS)


@pytest.mark.parametrize(
    "change",
    [
        lambda model, row: (replace(model, digest="e"), row),
        lambda model, row: (replace(model, precision="bf16"), row),
        lambda model, row: (model, replace(row, text=row.text + "。", id="")),
        lambda model, row: (model, replace(row, readings={0: "bei3"})),
        lambda model, row: (model, replace(row, images=(str(row.images[0]) + ".other.png",))),
        lambda model, row: (model, replace(row, audio="a.wav")),
    ],
    ids=["weights", "precision", "text", "reading", "picture", "speech"],
)
def test_whatever_the_answer_depends_on_is_read_anew(tmp_path, change):
    for name, colour in (("p.png", "red"), ("p.png.other.png", "blue")):
        Image.new("RGB", (2, 2), colour).save(tmp_path / name)
    row, model = Document("北京", images=(str(tmp_path / "p.png"),)), Stub()
    list(read(model, [row], cache=tmp_path / "cache"))
    model, row = change(model, row)
    assert not next(read(model, [row], cache=tmp_path / "cache")).cached


def test_annotations_do_not_matter_and_a_changed_picture_does(tmp_path):
    picture = tmp_path / "p.png"
    Image.new("RGB", (2, 2), "red").save(picture)
    row, model = Document("北京", images=(str(picture),)), Stub()
    list(read(model, [row], cache=tmp_path / "cache"))
    assert next(read(model, [row.with_spans([Span(0, 1, "X")])], cache=tmp_path / "cache")).cached
    Image.new("RGB", (2, 2), "blue").save(picture)
    assert not next(read(model, [row], cache=tmp_path / "cache")).cached


@pytest.mark.parametrize(
    "content", ["", "[", "[]", '[[[[0, 9, "LOC", 1]], {}]]', '[[[[0, 1, "", 1]], {}]]', '{"a": 1}', "[[1]]", "[[[], 1]]"]
)
def test_a_damaged_piece_is_read_again(tmp_path, content):
    model, rows = Stub(), [Document("北京")]
    list(read(model, rows, cache=tmp_path))
    (kept,) = tmp_path.glob("d/*.json")
    kept.write_text(content)
    (piece,) = read(model, rows, cache=tmp_path)
    assert not piece.cached and piece.documents[0].spans
    assert json.loads(kept.read_text()) == [[[[0, 2, "LOC", 0.75]], {}]]


def test_that_nothing_can_be_kept_stops_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    assert next(read(Stub(), [Document("北京")], cache=tmp_path / "file")).documents[0].spans


def test_without_pictures_or_speech_the_documents_have_none_and_the_answers_keep_them(tmp_path):
    row = Document("北京", images=("a.png",), audio="a.wav")
    model = Stub(("image", "speech", "glyph"))
    (piece,) = read(model, [row], without="image,glyph", cache=tmp_path)
    assert (model.shown[0].images, model.shown[0].audio, model.masked) == ((), "a.wav", ("glyph",))
    assert piece.documents[0].images == ("a.png",)
    assert not next(read(model, [row], without="image", cache=tmp_path)).cached


def test_a_model_that_lacks_a_modality_says_so():
    with pytest.raises(InputError, match="stub.*reads text alone"):
        next(read(Stub(), ROWS, without="glyph"))
    with pytest.raises(InputError, match="speech.*can do without: image"):
        next(read(Stub(("image",)), ROWS, without="image,speech"))


def test_a_shipped_model_answers_otherwise_without_its_glyphs():
    model = tagger.load("mpm-cner")
    assert optional_modalities(model.info) == model.system.optional_modalities == ("glyph", "phonetic")
    scores = [
        [span.score for piece in read(model, known(8), without=without) for d in piece.documents for span in d.spans]
        for without in ("", "glyph", "phonetic", "glyph,phonetic")
    ]
    assert all(one != other for i, one in enumerate(scores) for other in scores[i + 1 :])


def test_where_a_model_hears_pauses_comes_with_its_answer(tmp_path):
    example = next(example for example in samples.examples() if len(example.readings) > 1)
    spoken = [Document(example.text, audio=str(reading.audio)) for reading in example.readings]
    model = tagger.load("m3t")
    kept = [[d.meta for piece in read(model, spoken, cache=tmp_path) for d in piece.documents] for _ in range(2)]
    assert kept[0] == kept[1]
    heard = [meta["heard_pauses"] for meta in kept[0]]
    assert len(set(heard)) > 1, heard  # the same text, paused in different places
    assert "heard_pauses" not in next(read(model, spoken, without="speech")).documents[0].meta


GOLD = [marked("王芳在北京。", "王芳/PER", "北京/LOC"), marked("她到上海去。", "上海/LOC"), marked("好。")]


@pytest.mark.parametrize(
    "predicted",
    [
        [marked("王芳在北京。她到上海去。好。", "王芳/PER", "北京/LOC", "上海/LOC")],
        [marked("王芳在", "王芳/PER"), marked("北京。她到上海去。", "北京/LOC", "上海/LOC"), marked("好。")],
        [marked("王芳 在 北京 。\n她到\u3000上海 去。", "王芳/PER", "北京/LOC", "上海/LOC"), marked("好。")],
        [GOLD[1], GOLD[2], GOLD[0]],
    ],
    ids=["joined", "cut elsewhere", "with white space", "another order"],
)
def test_predictions_on_other_sentences_are_brought_onto_ours(predicted):
    found = realign(GOLD, predicted)
    assert found.moved and found.cut == 0
    assert [d.spans for d in found.documents] == [d.spans for d in GOLD]


def test_an_entity_over_the_end_of_a_sentence_keeps_its_longest_piece():
    found = realign(GOLD, [marked("王芳在北京。她到上海去。好。", "北京。她到上海/ORG")])
    assert found.cut == 1
    assert [(i, s.key) for i, d in enumerate(found.documents) for s in d.spans] == [(1, (0, 4, "ORG"))]


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        (
            [marked("王芳在北京。她到广州去。好。")],
            r"after '王芳在北京。她到', document 1 \(\w+\) goes on with '上海去。好。', document 0",
        ),
        ([marked("王芳在北京。")], "nothing more"),
        ([], "nothing more"),
    ],
)
def test_another_text_is_refused_and_its_first_difference_told(predicted, message):
    with pytest.raises(InputError, match=message):
        realign(GOLD, predicted)
