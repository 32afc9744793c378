import gzip
import json
import lzma

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import formats, samples, tags
from engine.document import Document, Span
from engine.errors import InputError

ODD = st.sampled_from(list("\r\n\t \x0b\x0c\x1c\x85\u2028\u2029\u3000\ufeff\u0301\\n0123😀𠮷👩\u200d京O-"))
TEXTS = st.text(ODD | st.characters(codec="utf-8"), max_size=12)
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
LABELS = st.sampled_from(["PER", "LOC", "ORG.NAM", "a-b", "组织 名"])


@st.composite
def documents(draw, scored=False, minimum=0):
    text = draw(TEXTS.filter(lambda text: len(text) >= minimum))
    places = st.tuples(st.integers(0, max(0, len(text) - 1)), st.integers(1, 4), LABELS)
    scores = st.none() | st.floats(0, 1) if scored else st.none()
    drawn = draw(st.lists(st.tuples(places, scores), max_size=4)) if text else []
    return Document(text, tuple(Span(a, min(a + n, len(text)), label, score) for (a, n, label), score in drawn))


def keys_and_scores(document):
    return [(span.key, span.score) for span in document.spans]


@pytest.fixture
def write(tmp_path):
    def write_bytes(content, name="corpus.txt"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_bytes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("formats")


# --- round trips -------------------------------------------------------------------------------------------------------------


@given(
    st.lists(documents(scored=True), max_size=3),
    st.lists(WORDS, max_size=2).map(tuple),
    st.none() | TEXTS,
    st.dictionaries(TEXTS, TEXTS, max_size=2),
    WORDS,
    st.none() | st.lists(WORDS, max_size=2).map(tuple),
    st.dictionaries(st.integers(0, 9), st.sampled_from(["zhang3", "lv4", "lü4", "de5"]), max_size=3),
)
def test_native_is_lossless(folder, drawn, images, audio, meta, name, annotated, readings):
    def heard(document):
        return {offset: reading for offset, reading in readings.items() if offset < len(document)}

    given_documents = [Document(d.text, d.spans, name, images, audio, meta, annotated, heard(d)) for d in drawn]
    path = folder / "native.jsonl"
    assert formats.write(given_documents, path).documents == len(given_documents)
    read = formats.read(path, "jsonl")
    assert read == given_documents
    assert list(map(keys_and_scores, read)) == list(map(keys_and_scores, given_documents))


@given(st.lists(documents(), min_size=1, max_size=3))
def test_native_holds_one_document_on_a_line_by_anybodys_rule(folder, drawn):
    path = folder / "lines.jsonl"
    formats.write(drawn, path)
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(drawn)


def test_native_keeps_half_a_surrogate_pair(tmp_path):
    broken = Document("坏\ud83d字", (Span(1, 2, "PER"),), "x")
    formats.write([broken], tmp_path / "a.jsonl")
    assert formats.read(tmp_path / "a.jsonl") == [broken]
    with pytest.raises(InputError, match=r"U\+D83D.*jsonl"):
        formats.write([broken], tmp_path / "a.txt", "bio")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl"]


@settings(deadline=None)
@given(st.lists(documents(), max_size=3), st.sampled_from(["bio", "bmes", "bioes"]))
def test_columns_keep_every_text_and_the_flat_spans(folder, drawn, name):
    path = folder / f"columns.{name}"
    full = [document for document in drawn if document.text]
    assert formats.write(drawn, path, name).documents == len(full)
    expected = [document.with_spans(tags.flatten(document.spans)) for document in full]
    assert formats.read(path, name) == expected


@given(st.lists(documents(minimum=1), max_size=3), st.lists(st.text("abcXYZ09", min_size=1), min_size=3, max_size=3))
def test_cmner_keeps_ids_texts_and_flat_spans(folder, drawn, names):
    path = folder / "cmner.txt"
    posts = [Document(d.text, tuple(tags.flatten(d.spans)), name) for d, name in zip(drawn, names, strict=False)]
    formats.write(posts, path, "cmner")
    assert formats.read(path, "cmner") == posts
    assert path.read_bytes().count(b"\r\n") == sum(len(post) + 2 for post in posts)


@given(st.lists(documents(), max_size=3))
def test_cnerta_keeps_nested_spans(folder, drawn):
    path = folder / "cnerta.json"
    sentences = [Document(d.text, d.spans, f"BAC{i}", meta={"speaker_info": "F"}) for i, d in enumerate(drawn)]
    formats.write(sentences, path, "cnerta")
    assert formats.read(path, "cnerta") == sentences


@pytest.mark.parametrize(("suffix", "opener"), [(".xz", lzma.open), (".gz", gzip.open)])
def test_compressed_files_are_read_and_written_as_such(tmp_path, suffix, opener):
    path = tmp_path / f"news.jsonl{suffix}"
    formats.write(samples.news()[:3], path)
    with opener(path) as handle:
        assert handle.read().count(b"\n") == 3
    assert formats.read(path) == samples.news()[:3]


def test_a_failed_export_leaves_the_old_file(tmp_path):
    path = tmp_path / "old.txt"
    formats.write([Document("旧")], path, "bio")
    before = path.read_bytes()
    with pytest.raises(InputError, match="holds a tab or a line break"):
        formats.write([Document("新", (Span(0, 1, "A\nB"),))], path, "bio")
    assert path.read_bytes() == before


# --- what the formats mean ---------------------------------------------------------------------------------------------------


def test_columns_split_on_line_feeds_only(write):
    rows = ["你 O", "\u2028 O", "\x85\tO", "\u3000 O", "  O", "\t\tO", "\r\tO", "𠮷 S-PER", "😀 O"]
    (document,) = formats.read(write("\n".join(rows)), "bioes")
    assert document.text == "你\u2028\x85\u3000 \t\r𠮷😀"
    assert [document.mention(span) for span in document.spans] == ["𠮷"]


def test_columns_take_crlf_bom_and_many_empty_lines(write):
    read = formats.read(write(b"\xef\xbb\xbf" + "\r\n\r\n李\tB-PER\r\n四\tI-PER\r\n\r\n\r\n\r\n去\tO\r\n".encode()))
    assert [document.text for document in read] == ["李四", "去"]
    assert read[0].spans == (Span(0, 2, "PER"),)


@pytest.mark.parametrize(
    ("rows", "name", "scheme"),
    [
        ("王 B-PER\n小 M-PER\n明 E-PER\n笑 O\n", "bmes", "BMES"),
        ("王 B-PER\n小 I-PER\n明 E-PER\n笑 O\n", "bioes", "BIOES"),
        ("王 B-PER\n小 I-PER\n明 I-PER\n笑 O\n", "bio", "BIO"),
        ("王 I-PER\n小 I-PER\n明 I-PER\n笑 O\n", "bio", "BIO, repaired"),
    ],
)
def test_every_scheme_is_recognised_under_any_name(write, rows, name, scheme):
    path = write(rows)
    assert formats.sniff(path).name == name
    for asked in ("bio", "bmes", "bioes", None):
        assert formats.read(path, asked)[0].spans == (Span(0, 3, "PER"),), scheme


def test_weibos_segmentation_digits_go_to_meta(write):
    cut, plain = formats.read(write("北0\tB-GPE.NAM\n京1\tE-GPE.NAM\n20\tO\n\n第 O\n1 O\n"))
    assert (cut.text, cut.spans, dict(cut.meta)) == ("北京2", (Span(0, 2, "GPE.NAM"),), {"segmentation": "010"})
    assert (plain.text, dict(plain.meta)) == ("第1", {})


def test_a_cell_of_several_characters_is_a_unit(write):
    (document,) = formats.read(write("\ufffd\ufffd O\n去 O\niPhone B-MISC\n店 I-MISC\n"))
    assert document.text == "\ufffd\ufffd去iPhone店"
    assert document.spans == (Span(3, 10, "MISC"),)


def test_cmner_finds_the_pictures_of_a_post(write, tmp_path):
    images = tmp_path / "some_images"
    images.mkdir()
    for name in ("Ab1_b.jpg", "Ab1_a.jpg", "Ab12_a.jpg", "Ab1_note.txt"):
        (images / name).touch()
    (post,) = formats.read(write("WID:Ab1\r\n好\tO\r\n"))
    assert (post.id, post.text) == ("Ab1", "好")
    assert post.images == (str(images / "Ab1_a.jpg"), str(images / "Ab1_b.jpg"))


def test_tweets_are_joined_by_spaces_and_keep_their_tokens(write):
    (tweet,) = formats.read(write("IMGID:7\nSee\tO\nNew\tB-LOC\nYork\tI-LOC\na b\tO\n!\tO\n"))
    assert (tweet.id, tweet.text) == ("7", "See New York a b !")
    assert [tweet.mention(span) for span in tweet.spans] == ["New York"]
    assert json.loads(tweet.meta["tokens"]) == ["See", "New", "York", "a b", "!"]


def test_cnerta_is_end_exclusive_nested_and_finds_recordings(write, tmp_path):
    (tmp_path / "wav" / "S1").mkdir(parents=True)
    (tmp_path / "wav" / "S1" / "B7.wav").touch()
    row = {
        "sentence": "成都大学放假",
        "audio": "B7",
        "entity": [[0, 4, "成都大学", "ORG"], [0, 2, "成都", "LOC"]],
        "speaker_info": "M",
    }
    (document,) = formats.read(write(json.dumps(row), "a.json"))
    assert document.spans == (Span(0, 4, "ORG"), Span(0, 2, "LOC"))
    assert (document.id, document.audio, document.meta["speaker_info"]) == ("B7", str(tmp_path / "wav" / "S1" / "B7.wav"), "M")


@pytest.mark.parametrize("layout", ["wav/{}", "data_aishell/wav/{}", "AISHELL-1/data_aishell/wav/{}"])
def test_cnerta_finds_recordings_where_aishell_unpacks_them(write, tmp_path, layout):
    names = {"train": "BAC009S0002W0122", "dev": "BAC009S0724W0121", "test": "BAC009S0764W0121"}
    recordings = []
    for part, name in names.items():
        recordings.append(tmp_path / layout.format(part) / name[6:11] / f"{name}.wav")
        recordings[-1].parent.mkdir(parents=True)
        recordings[-1].touch()
        recordings[-1].with_name(f"{name}.txt").touch()
    rows = [{"sentence": "放假", "audio": name, "entity": []} for name in [*names.values(), "BAC009S0002W0999"]]
    corpus = write("\n".join(map(json.dumps, rows)), "train.json")
    assert [document.audio for document in formats.read(corpus, "cnerta")] == [*map(str, recordings), None]


def test_a_native_recording_lies_beside_the_file_or_where_it_is_said_to(write, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "a.flac").touch()
    elsewhere = str(tmp_path / "audio" / "a.flac")
    paths = ["audio/a.flac", elsewhere, "audio/gone.flac", "audio", "", "x" * 5000, None]
    corpus = write("\n".join(json.dumps({"text": "好", "audio": path}) for path in paths), "a.jsonl")
    assert [document.audio for document in formats.read(corpus)] == [elsewhere, elsewhere, *paths[2:]]
    pictured = write(json.dumps({"text": "好", "images": paths[:-1]}), "b.jsonl")
    assert formats.read(pictured)[0].images == (elsewhere, elsewhere, *paths[2:-1])


def entity(label, mention, begin, end):
    return {"entity_type": label, "entity": mention, "entity_index": {"begin": begin, "end": end}}


def test_cluener_reads_both_of_its_releases(write):
    clue = {"text": "李四在德胜公司", "label": {"name": {"李四": [[0, 1]]}, "company": {"德胜公司": [[3, 6]]}}}
    ours = {"text": "李四在德胜公司", "entity_list": [entity("name", "李四", 0, 2), entity("company", "德胜公司", 3, 7)]}
    first, second = (formats.read(write(json.dumps(row) + "\r\n", "a.json"), "cluener")[0] for row in (clue, ours))
    assert first == second
    assert first.spans == (Span(0, 2, "name"), Span(3, 7, "company"))


def test_boson_reads_both_of_its_releases(write):
    row = {"text": "李四在\n杭州", "entity_list": [entity("person_name", "李四", 0, 2), entity("location", "杭州", 4, 6)]}
    marked = write("{{person_name:李四}}在\\n{{location:杭州}}\n", "marked.txt")
    listed = write(json.dumps(row), "listed.jsonl")
    assert formats.sniff(marked).name == formats.sniff(listed).name == "boson"
    assert formats.read(marked) == formats.read(listed)


# --- sniffing ----------------------------------------------------------------------------------------------------------------

FIXTURES = {
    "jsonl": '{"text": "李四来了", "spans": [[0, 2, "PER"]]}\n',
    "bio": "李\tB-PER\n四\tI-PER\n来\tO\n",
    "bmes": "李 B-PER\n四 E-PER\n来 O\n",
    "bioes": "李 B-PER\n小 I-PER\n四 E-PER\n来 O\n",
    "cmner": "WID:Ab\r\n李\tB-PER\r\n四\tI-PER\r\n",
    "cnerta": '{"sentence": "李四", "audio": "B1", "entity": [], "speaker_info": "F"}\n',
    "twitter": "IMGID:12\nHi\tO\n",
    "cluener": json.dumps({"text": "李四", "entity_list": [entity("name", "李四", 0, 2)]}) + "\n",
    "boson": json.dumps({"text": "李四", "entity_list": [entity("person_name", "李四", 0, 2)]}) + "\n",
}
FIXTURES |= {
    "doccano": '{"id": 1, "text": "李四", "label": [[0, 2, "PER"]]}\n',
    "label-studio": '[{"data": {"text": "李四"}, "annotations": [{"result": []}]}]',
    "csv": "text,spans\n李四,0-2-PER\n",
    "csv-tokens": "token,tag\n李,B-PER\n",
    "other-jsonl": '{"sentence": "李四", "entities": [[0, 2, "PER"]]}\n',
}
ELSEWHERE = {"bundle", "brat", "texts", "lines"}
"""Formats that are no text file, and the one that is not recognised."""


@pytest.mark.parametrize("name", FIXTURES)
def test_each_format_is_recognised_whatever_the_files_name(write, name):
    assert formats.sniff(write(FIXTURES[name], "unnamed")).name == name
    assert formats.read(write(FIXTURES[name], "unnamed.dat"))


def test_every_format_is_in_the_fixtures_and_named_as_registered():
    assert set(FIXTURES) | ELSEWHERE == set(formats.FORMATS)
    assert all(name == format.name and format.title and format.extensions for name, format in formats.FORMATS.items())


# --- real corpora ------------------------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(
    ("path", "name", "sentences", "spans", "characters"),
    [
        ("msra/train.txt.xz", "bio", 48182, 70263, 2038747),
        ("msra/dev.txt", "bio", 3000, 4340, 128347),
        ("weibo/train.char.bmes", "bioes", 1350, 1895, 73790),
        ("weibo/dev.char.bmes", "bioes", 270, 389, 14525),
        ("resume/train.char.bmes", "bmes", 3821, 13440, 124099),
        ("resume/dev.char.bmes", "bmes", 463, 1497, 13890),
        ("cmner/train.txt", "cmner", 3000, 16373, 332649),
        ("cmner/dev.txt", "cmner", 1000, 5395, 113508),
        ("cmner/examples/example_text", "cmner", 6, 39, 800),
        ("twitter2015/train.txt", "twitter", 4000, 6352, 439145),
        ("twitter2015/valid.txt", "twitter", 1000, 1594, 110186),
        ("twitter2017/train.txt", "twitter", 3373, 6049, 262680),
        ("twitter2017/valid.txt", "twitter", 723, 1324, 55767),
        ("cnerta/valid.json", "cnerta", 4440, 5889, 87780),
        ("cluener/train.jsonl", "cluener", 10748, 23338, 401764),
        ("boson/boson.jsonl", "boson", 2000, 23173, 549426),
    ],
)
def test_every_real_corpus_is_recognised_and_read_whole(shared_data, tmp_path, path, name, sentences, spans, characters):
    file = shared_data / path
    assert formats.sniff(file).name == name
    read = formats.read(file)
    assert (len(read), sum(len(d.spans) for d in read), sum(map(len, read))) == (sentences, spans, characters)
    formats.write(read[:500], tmp_path / "copy.jsonl")
    assert formats.read(tmp_path / "copy.jsonl") == read[:500]


@pytest.mark.data
def test_the_pictures_of_cmners_examples_are_found(shared_data):
    posts = {post.id: post for post in formats.read(shared_data / "cmner/examples/example_text")}
    assert len(posts["L364I3366"].images) == 9
