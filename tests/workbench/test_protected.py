"""A project's protected test set: what it holds, what is refused, that every retraining is judged by it until it is removed."""

from html import unescape
from types import SimpleNamespace

import pytest

from engine import formats
from engine.document import Document, Span
from engine.retraining import RetrainConfig
from workbench.errors import UserError
from workbench.exchange.uploads import read_uploads
from workbench.language import LANGUAGES, Texts
from workbench.retraining.learning import Learning
from workbench.retraining.protected import Overlap, ProtectedSets
from workbench.store import FIRST
from workbench.views.protected import protected_html

SET = [
    Document("王五在苏州。", (Span(0, 2, "PER"), Span(3, 5, "LOC")), annotated=("PER", "LOC")),
    Document("今天下雨。"),
    Document("赵六来了。", (Span(0, 2, "PER"),), images=("a.png",), readings={0: "zhao4"}),
    Document(" "),
]


@pytest.fixture
def sets(store, tmp_path):
    return ProtectedSets(store, tmp_path / "protected", lambda document: document)


def annotate(store, text, key="k", project=FIRST):
    store.save(text, (), author="", labels=["PER"], client_key=key, project=project)


def test_it_says_what_it_holds_and_gives_it_back_as_it_was(sets, store):
    assert sets.of(FIRST) is None and sets.file(FIRST) is None
    said = sets.choose(FIRST, SET, "test.jsonl", by="lihua")
    assert (said.name, said.documents, said.characters, said.labels, said.by) == (
        "test.jsonl",
        3,
        16,
        {"PER": 2, "LOC": 1},
        "lihua",
    )
    assert sets.of(FIRST) == said
    assert formats.read(sets.file(FIRST)) == sets.documents(FIRST) == SET[:3]
    assert sets.of(store.projects.create("甲").id) is None
    sets.file(FIRST).unlink()
    assert formats.read(sets.file(FIRST)) == SET[:3]
    sets.remove(FIRST)
    assert sets.of(FIRST) is None and sets.file(FIRST) is None


def test_what_is_learned_from_is_not_judged_by(sets, store):
    annotate(store, "今天下雨。")
    with pytest.raises(UserError) as refused:
        sets.choose(FIRST, SET, "test.jsonl")
    assert refused.value.key == "protected.overlap.error"
    assert refused.value.values == {"count": 1, "share": "33.3%", "example": "今天下雨。"}
    assert sets.of(FIRST) is None
    with pytest.raises(UserError, match="protected.empty"):
        sets.choose(FIRST, [Document("今天下雪。")], "test.jsonl")


def test_what_is_annotated_later_is_told_of_and_can_be_taken_out(sets, store):
    sets.choose(FIRST, SET, "test.jsonl")
    assert sets.overlap(FIRST) == Overlap(0, 0.0, "")
    annotate(store, "王五在苏州。")
    assert sets.overlap(FIRST) == Overlap(1, pytest.approx(1 / 3), "王五在苏州。")
    assert sets.trim(FIRST).labels == {"PER": 1} and [d.text for d in sets.documents(FIRST)] == ["今天下雨。", "赵六来了。"]
    annotate(store, "赵六来了。", "k2")
    assert sets.trim(FIRST) is None and sets.of(FIRST) is None  # nothing is left that could judge


def test_every_retraining_is_judged_by_it_whoever_asks_until_it_is_removed(sets, store):
    begun = []
    jobs = SimpleNamespace(start=lambda found, parent, config, *rest: begun.append(config))
    checkpoints = SimpleNamespace(in_use=lambda: SimpleNamespace(name="small"))
    learning = Learning(store, checkpoints, jobs, lambda document: document, sets)
    annotate(store, "巴旦木小镇很安静。")
    sets.choose(FIRST, SET, "test.jsonl")
    for cause in ("hand", "idle"):
        learning.carry_out(store.requests.add(FIRST, {"depth": "quick"}, {}, cause=cause))
    assert [formats.read(config.protected) for config in begun] == [SET[:3]] * 2
    other = store.projects.create("甲").id
    annotate(store, "巴旦木小镇很安静。", "k2", other)
    learning.carry_out(store.requests.add(other, {}, {}))
    sets.remove(FIRST)
    learning.carry_out(store.requests.add(FIRST, {}, {}))
    assert begun[2:] == [RetrainConfig()] * 2


@pytest.fixture
def services(tmp_path):
    return SimpleNamespace(settings=SimpleNamespace(workspace=tmp_path), keep_picture=None, keep_speech=None)


@pytest.mark.parametrize("name", ["test.jsonl", "test.char.bmes"])
def test_files_of_any_format_are_read_and_what_did_not_come_with_them_is_counted(services, tmp_path, name):
    file = tmp_path / name
    documents = [Document("王五在苏州", (Span(0, 2, "PER"),), images=("/etc/hosts",) if name.endswith("jsonl") else ())]
    formats.write(documents, file, "jsonl" if name.endswith("jsonl") else "bmes")
    (found,), missing = read_uploads(services, [file])
    assert (found.text, [span.key for span in found.spans], found.images) == ("王五在苏州", [(0, 2, "PER")], ())
    assert missing == len(documents[0].images)


def test_a_malformed_file_is_refused_without_saying_where_it_lies(services, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"text": "王五", "spans": [[0, 9, "PER"]]}\n', encoding="utf-8")
    with pytest.raises(Exception, match="bad.jsonl:1") as refused:
        read_uploads(services, [tmp_path / "bad.jsonl"])
    assert str(tmp_path) not in str(refused.value)
    assert not list((tmp_path / "imports").iterdir())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_how_many_of_each_type_and_what_overlaps(language, sets):
    texts = Texts(language)
    assert unescape(protected_html(None, None, texts)).count(texts("protected.none")) == 1
    found = sets.choose(FIRST, SET, "<test>.jsonl")
    html = unescape(protected_html(found, Overlap(1, 1 / 3, "<王五"), texts))
    assert "33.3%" in html and "PER" in html and "LOC" in html and "3" in html
    assert "<王五" not in protected_html(found, Overlap(1, 1 / 3, "<王五"), texts)
    assert texts("protected.apart") in unescape(protected_html(found, Overlap(0, 0.0, ""), texts))
