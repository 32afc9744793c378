import json
from collections import Counter

import pytest

from engine import formats, samples
from engine.document import Document, Span
from engine.errors import InputError
from engine.mixture import Corpus, read_all, read_mixture


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "a.jsonl"
    formats.write(samples.news()[:20], path)
    return path


def mixture(tmp_path, content):
    path = tmp_path / "mixture.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_corpus_brings_its_mapping_and_the_labels_it_marks(tmp_path):
    formats.write([Document("王芳去杭州", (Span(0, 2, "name"), Span(3, 5, "GPE")))], tmp_path / "a.jsonl")
    corpora = {"file": "a.jsonl", "map": {"name": "PER", "GPE": ""}, "labels": ["PER", "LOC"]}
    train, dev = read_mixture(mixture(tmp_path, {"train": [corpora], "dev": ["a.jsonl"]}))
    (read,), (plain,) = train[0].read(), dev[0].read()
    assert [span.key for span in read.spans] == [(0, 2, "PER")]
    assert read.annotated == ("PER", "LOC")
    assert plain.annotated is None and len(plain.spans) == 2


def test_corpora_are_named_from_another_folder(tmp_path, corpus):
    (tmp_path / "elsewhere").mkdir()
    path = mixture(tmp_path / "elsewhere", {"train": ["a.jsonl"], "dev": ["a.jsonl"]})
    assert not read_mixture(path)[0][0].present
    assert read_mixture(path, tmp_path)[0][0].present


@pytest.mark.parametrize(
    ("file", "name"),
    [("/data/msra/train.txt.xz", "msra/train.txt.xz"), ("/data/cnerta/valid.json#-0/10", "cnerta/valid.json#-0/10"), ("a", "a")],
)
def test_a_corpus_is_called_by_its_folder_and_file(file, name):
    assert Corpus(file).name == name


@pytest.mark.parametrize(("weight", "count"), [(1, 20), (3, 60), (0.25, 5), (2.5, 50)])
def test_the_weight_says_how_often_a_document_is_seen(corpus, weight, count):
    documents = read_all([Corpus(str(corpus), weight=weight)])
    assert len(documents) == count
    times = Counter(document.id for document in documents)
    assert max(times.values()) - min(times.values()) <= 1


def test_a_fraction_is_the_same_documents_each_time(corpus):
    assert read_all([Corpus(str(corpus), weight=0.5)]) == read_all([Corpus(str(corpus), weight=0.5)])


def test_a_part_and_its_rest_are_the_whole(corpus):
    whole = formats.read(corpus)
    tenth, rest = formats.read(f"{corpus}#0/10"), formats.read(f"{corpus}#-0/10")
    assert tenth == whole[::10]
    assert rest == [document for i, document in enumerate(whole) if i % 10]


def test_a_file_that_is_really_called_so_is_read_whole(tmp_path):
    (tmp_path / "a.jsonl#0").mkdir()
    odd = tmp_path / "a.jsonl#0" / "2"
    formats.write(samples.news()[:5], odd)
    assert len(formats.read(odd)) == 5


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"train": [], "dev": ["a"]},
        {"train": ["a"], "dev": "a"},
        {"train": [{"path": "a"}], "dev": ["a"]},
        {"train": [{"file": "a", "weight": 0}], "dev": ["a"]},
        {"train": [{"file": "a", "weight": "many"}], "dev": ["a"]},
        {"train": [3], "dev": ["a"]},
        ["a"],
    ],
)
def test_what_is_not_a_mixture_is_refused(tmp_path, content):
    with pytest.raises(InputError):
        read_mixture(mixture(tmp_path, content))


def test_a_corpus_survives_json():
    corpus = Corpus("a.txt#-0/10", {"GPE": "LOC"}, ("PER", "LOC"), 2.5)
    assert Corpus.from_json(json.loads(json.dumps(corpus.to_json()))) == corpus
