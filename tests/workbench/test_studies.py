"""Studies of errors: what can be studied by whom, what is read once, what is asked before a zero, and what an address says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.document import Document, Span
from engine.formats.native import from_row
from engine.formats.source import Source
from workbench.errors import UserError
from workbench.sentence_lists import csv_of, document_for, entry_of, jsonl_of
from workbench.store import FIRST, Entry, Store
from workbench.store.errors import StoreError
from workbench.studies import (
    LabelsDifferError,
    Model,
    Progress,
    Question,
    StoppedError,
    Studies,
    StudyData,
    Training,
    Worked,
    unannotated,
)
from workbench.studies.data import SAMPLES
from workbench.tabs.errors.address import NOBODY, View, read, written

LABELS = ("PER", "LOC", "ORG")
TEXT = "王小明到了北京"
GOLD = (Span(0, 3, "PER"), Span(5, 7, "LOC"))


class Reader:
    """Stands for a tagger: finds what a function says, and counts how often it is asked."""

    precision = "fp32"

    def __init__(self, info: Any, answer: Callable[[Document], tuple[Span, ...]]) -> None:
        self.info, self.answer, self.asked = info, answer, 0
        vocabulary = SimpleNamespace(unknown=0, encode=lambda c: [1])
        labels = SimpleNamespace(names=info.labels)
        given: dict[str, Any] = {"optional_modalities": (), "evidence_names": (), "structure": "flat"}
        self.system = SimpleNamespace(vocabulary=vocabulary, labels=labels, **given)

    def predict(self, documents: Any, *, explain: bool = False, without: Any = ()) -> list[Any]:
        self.asked += len(documents)
        found = [document.with_spans(self.answer(document)) for document in documents]
        return [SimpleNamespace(document=document, evidence=()) for document in found]


class Models:
    """Stands for the checkpoints of the process."""

    def __init__(self) -> None:
        self.readers: dict[str, Reader] = {}

    def add(self, name: str, answer: Callable[[Document], tuple[Span, ...]], labels: tuple[str, ...] = LABELS) -> Model:
        info = SimpleNamespace(name=name, digest=f"{name}-digest", labels=labels, path=Path(name), system="bert-crf")
        self.readers[name] = Reader(info, answer)
        return Model(name, info.digest)

    def all(self) -> list[Any]:
        return [reader.info for reader in self.readers.values()]

    def find(self, name: str) -> Any:
        return self.readers[name].info

    def tagger(self, info: Any) -> Any:
        return self.readers[info.name]


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    store = Store.open(f"sqlite:///{(tmp_path / 'duomo.db').as_posix()}")
    yield store
    store.close()


@pytest.fixture
def studies(opened: Store, models: Models, tmp_path: Path) -> Studies:
    data = StudyData(opened, tmp_path / "files", lambda document: document)

    def taught(checkpoint: str, project: int) -> list[Document]:
        return opened.corrections(project=project, up_to_revision=1 if checkpoint == "taught" else 0)

    return Studies(data, Training(data, taught), models, tmp_path / "read")  # type: ignore[arg-type]


def keep(studies: Studies, *documents: Document, account: str = "") -> str:
    return studies.data.keep(FIRST, documents, "甲.jsonl", account)


def work(studies: Studies, *models: Model, data: str, mapping: tuple[tuple[str, str], ...] = ()) -> Worked:
    return studies.work(Question(data, models, mapping), "", lambda progress: None)


# what is read, and when


def test_a_second_look_reads_nothing_and_is_the_same_study(studies: Studies, models: Models) -> None:
    model = models.add("m", lambda document: GOLD[:1])
    data = keep(studies, Document(TEXT, GOLD))
    first = work(studies, model, data=data)
    assert models.readers["m"].asked == 1
    assert work(studies, model, data=data) is first is studies.held(first.key)
    afresh = Studies(studies.data, studies.training, models, studies._cache)  # type: ignore[arg-type]
    again = work(afresh, model, data=data)
    assert models.readers["m"].asked == 1 and again.study.readings[0].cached == 1
    assert again.study.readings[0].cases == first.study.readings[0].cases


def test_a_project_is_read_anew_where_somebody_has_annotated_since(studies: Studies, models: Models, opened: Store) -> None:
    model, data = models.add("m", lambda document: GOLD[:1]), f"project:{FIRST}"
    with pytest.raises(UserError) as nothing:
        work(studies, model, data=data)
    assert nothing.value.key == "errors.data.empty"
    opened.save(TEXT, GOLD, author="", labels=[], client_key="1")
    first = work(studies, model, data=data)
    assert studies.known(first.question, "") is first
    opened.save("在上海", (Span(1, 3, "LOC"),), author="", labels=[], client_key="2")
    assert studies.known(first.question, "") is None
    assert len(work(studies, model, data=data).study.gold) == 2


def test_progress_is_told_and_a_stopped_study_goes_on_where_it_was(studies: Studies, models: Models) -> None:
    model = models.add("m", lambda document: document.spans or GOLD[:1])
    data = keep(studies, *[Document(f"{TEXT}{n}", GOLD) for n in range(150)])
    told: list[Progress] = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if progress.done >= 64:
            raise StoppedError

    with pytest.raises(StoppedError):
        studies.work(Question(data, (model,)), "", stop)
    assert [each.done for each in told] == [0, 64] and told[-1].total == 150
    assert told[-1].f1 == pytest.approx(2 / 3)
    assert studies.held(told[0].model) is None
    told.clear()
    worked = studies.work(Question(data, (model,)), "", told.append)
    assert models.readers["m"].asked == 150 and worked.study.readings[0].cached == 64
    assert told[2].left is not None and [each.done for each in told if each.model][-1] == 150


def test_models_are_found_by_their_weights(studies: Studies, models: Models) -> None:
    model, data = models.add("m", lambda document: ()), keep(studies, Document(TEXT, GOLD))
    for wrong in (replace(model, digest="other"), Model("none")):
        with pytest.raises(UserError) as refused:
            work(studies, wrong, data=data)
        assert refused.value.key == "errors.model.error"
    for count in (0, 5):
        with pytest.raises(UserError) as many:
            work(studies, *[model] * count, data=data)
        assert many.value.key == "errors.models.error"
    assert work(studies, Model("m"), data=data).models == (Model("m"),)


# what models were trained on


def groups(worked: Worked, index: int = 0) -> set[str]:
    return {each.group for each in worked.figures(index).slices}


def test_training_documents_tell_seen_from_unseen_and_make_another_study(studies: Studies, models: Models) -> None:
    model, data = models.add("m", lambda document: GOLD[:1]), keep(studies, Document(TEXT, GOLD))
    training = studies.data.keep(FIRST, [Document("北京很大", (Span(0, 2, "LOC"),))], "练.jsonl", "")
    plain = work(studies, model, data=data)
    question = Question(data, (model,), training=training)
    told = studies.work(question, "", lambda progress: None)
    assert told.key != plain.key and studies.known(question, "") is told
    assert groups(told) - groups(plain) == {"training", "frequency", "characters"} and models.readers["m"].asked == 1
    lines = {each.name: each.line.gold for each in told.figures(0).slices}
    assert (lines["seen_entity"], lines["unseen_entity"]) == (1, 1)


def test_each_model_knows_the_corrections_that_it_has_learned(studies: Studies, models: Models, opened: Store) -> None:
    asked = (models.add("taught", lambda document: ()), models.add("m", lambda document: ()))
    opened.save("北京很大", (Span(0, 2, "LOC"),), author="", labels=[], client_key="1")
    opened.save(TEXT, GOLD, author="", labels=[], client_key="2")
    question = Question(keep(studies, Document(TEXT, GOLD)), asked, training=f"learned:{FIRST}")
    worked = studies.work(question, "", lambda progress: None)
    known = [[document.text for document in reading.known.training] for reading in worked.study.readings]
    assert known == [["北京很大"], []] and "training" in groups(worked) and "training" not in groups(worked, 1)


# another label set


def test_other_labels_are_asked_about_before_anything_is_counted(studies: Studies, models: Models) -> None:
    model = models.add("m", lambda document: GOLD)
    data = keep(studies, Document(TEXT, (Span(0, 3, "人名"), Span(5, 7, "GPE"))))
    with pytest.raises(LabelsDifferError) as asked:
        work(studies, model, data=data)
    assert asked.value.gaps == ("人名", "GPE") and asked.value.counts == {"人名": 1, "GPE": 1}
    assert models.readers["m"].asked == 0
    assert {"人名": "PER", "GPE": "LOC"}.items() <= asked.value.suggested.items()
    worked = work(studies, model, data=data, mapping=tuple(sorted(asked.value.suggested.items())))
    assert worked.figures(0).forms["exact"].f1.value == 1
    with pytest.raises(LabelsDifferError) as half:
        work(studies, model, data=data, mapping=(("GPE", "LOC"),))
    assert half.value.gaps == ("人名",)


def test_of_two_models_both_must_be_able_to_find_what_is_annotated(studies: Studies, models: Models) -> None:
    one, other = models.add("a", lambda d: GOLD), models.add("b", lambda d: GOLD[:1], ("PER",))
    data = keep(studies, Document(TEXT, GOLD))
    assert work(studies, one, data=data).figures(0).outcomes["right"] == 2
    with pytest.raises(LabelsDifferError) as asked:
        work(studies, one, other, data=data)
    assert asked.value.gaps == ("LOC",)
    worked = work(studies, one, other, data=data, mapping=(("LOC", ""),))
    assert [worked.figures(i).forms["exact"].f1.value for i in (0, 1)] == [1, 1]


def test_types_that_are_found_and_never_annotated_are_named(studies: Studies, models: Models) -> None:
    model = models.add("m", lambda document: GOLD)
    worked = work(studies, model, data=keep(studies, Document(TEXT, GOLD[:1])))
    assert unannotated(worked, 0) == ("LOC",)
    told = work(studies, model, data=keep(studies, Document(TEXT, GOLD[:1], annotated=("PER",))))
    assert unannotated(told, 0) == ()


# who may see what


@pytest.fixture
def people(opened: Store) -> int:
    """A blind project of a curator and an annotator; an outsider has no part in it."""
    opened.accounts.create("boss", "correct horse", "admin")
    for name in ("curator", "annotator", "outsider"):
        opened.accounts.create(name, "correct horse")
    project = opened.projects.create("医疗", blind=True).id
    opened.projects.admit(project, "curator", "curator")
    opened.projects.admit(project, "annotator", "annotator")
    opened.save(TEXT, GOLD, author="curator", labels=[], client_key="1", project=project)
    return project


def test_data_is_open_to_those_who_may_see_it(studies: Studies, opened: Store, people: int) -> None:
    file = studies.data.keep(people, [Document(TEXT, GOLD)], "甲.jsonl", "curator")
    own = studies.data.keep(people, [Document(TEXT)], "乙.jsonl", "annotator")
    found, _ = opened.lists.add(people, "待看", [Entry(Document(TEXT, GOLD))], by="curator")
    keys = {f"project:{people}", file, f"list:{found.id}"}
    seen = {name: {each.key for each in studies.data.offered(people, name)} for name in ("curator", "annotator", "outsider")}
    samples = {f"sample:{name}" for name in SAMPLES}
    assert seen == {"curator": samples | keys | {own}, "annotator": samples | {own}, "outsider": samples}
    learned = f"learned:{people}"
    assert learned in {each.key for each in studies.training.offered(people, "curator")}
    assert not {learned, file} & {each.key for each in studies.training.offered(people, "annotator")}
    for key in (learned, file):
        question = Question("sample:news", (Model("m"),), training=key)
        assert studies.named(question, "curator").key == "sample:news"
        with pytest.raises(UserError):
            studies.named(question, "annotator")
    for key in keys:
        assert studies.data.documents(key, "curator")[0].text == TEXT
        for name in ("annotator", "outsider"):
            with pytest.raises(UserError) as refused:
                studies.data.documents(key, name)
            assert refused.value.key == "errors.data.error"


@pytest.mark.parametrize("key", ["", "sample:none", "project:x", "project:99", "file:../duomo", "file:1-0/../../x", "list:7"])
def test_an_address_opens_nothing_that_there_is_not(studies: Studies, key: str) -> None:
    with pytest.raises(UserError) as refused:
        studies.data.documents(key, "")
    assert refused.value.key == "errors.data.error"


def test_every_sample_can_be_studied(studies: Studies) -> None:
    assert all(studies.data.documents(f"sample:{name}", "") for name in SAMPLES)


# lists


def test_a_list_keeps_each_sentence_once_and_for_all_who_may_see_it(opened: Store, people: int) -> None:
    entry = entry_of(Document(TEXT, GOLD, id="s1"), GOLD[:1], {"model": "m", "cases": [["missed", "other"]]})
    found, added = opened.lists.add(people, "待看", [entry, entry], by="curator")
    again, more = opened.lists.add(people, " 待看 ", [entry, replace(entry, predicted=())], by="curator")
    assert (added, more, again.id, again.count) == (1, 1, found.id, 2)
    assert [each.name for each in opened.lists.of(people, "curator")] == ["待看"]
    assert opened.lists.of(people, "annotator") == () and opened.lists.of(people, "outsider") == ()
    for name in ("annotator", "outsider"):
        with pytest.raises(StoreError):
            opened.lists.entries(found.id, name)
    with pytest.raises(StoreError, match="somebody else"):
        opened.lists.add(people, "待看", [entry], by="annotator")
    kept = opened.lists.entries(found.id, "curator")[0]
    assert kept.document == entry.document and kept.predicted == GOLD[:1] and kept.account == "curator"


def test_a_list_leaves_as_json_lines_that_are_read_again_and_as_a_table() -> None:
    document = Document(f'{TEXT},"x"\n', GOLD, id="s1", meta={"k": "v"})
    entry = entry_of(document, (Span(0, 3, "PER", 0.5),), {"model": "m", "cases": [["missed", "other"]], "data": "sample:news"})
    row = json.loads(jsonl_of([entry]))
    found = from_row(Source(Path("x")), 1, row)
    assert found is not None and (found.text, found.spans, found.id) == (document.text, GOLD, "s1")
    assert found.meta["model"] == "m" and json.loads(found.meta["predicted"]) == [[0, 3, "PER", 0.5]]
    (line,) = csv.DictReader(io.StringIO(csv_of([entry]).removeprefix("\ufeff"), newline=""))
    assert line["text"] == document.text and line["gold"] == "王小明[0,3)PER 北京[5,7)LOC"
    assert line["predicted"] == "王小明[0,3)PER:0.500" and line["cases"] == "missed/other" and line["model"] == "m"


def test_a_sentence_is_found_in_the_project_by_its_number_or_its_text(opened: Store) -> None:
    first, second = opened.documents.add(FIRST, [Document(TEXT, id="a"), Document(TEXT, id="b")]).ids
    other = opened.projects.create("别的").id
    assert document_for(opened, FIRST, Document(TEXT, meta={"document": str(second)})) == second
    assert document_for(opened, FIRST, Document(TEXT)) in (first, second)
    assert document_for(opened, other, Document(TEXT, meta={"document": str(second)})) == 0
    assert document_for(opened, FIRST, Document("别的", meta={"document": str(first)})) == 0


# the address


@pytest.mark.parametrize(
    "view",
    [
        View(Question("sample:news", (Model("zh-general", "d6ff"),))),
        View(
            Question(
                "file:1-ab",
                (Model("a b+c,~@%", "1"), Model("mpm", "2", ("glyph", "phonetic"))),
                (("X", ""), ("人 名&", "PER")),
                "file:2-cd",
            ),
            a=1,
            b=0,
            select="cell:PER:- text:北京 /大学+$/ label=PER",
            page=3,
            together=True,
        ),
    ],
)
def test_an_address_says_the_whole_view(view: View) -> None:
    assert read(written(view)) == view


@pytest.mark.parametrize("address", ["", "#errors", "#errors?data=sample:news", "#other?data=x&models=y"])
def test_an_address_that_asks_for_nothing_opens_nothing(address: str) -> None:
    assert read(address) is None


def test_an_address_written_by_hand_is_taken_as_far_as_it_goes() -> None:
    view = read("#errors?data=sample:news&models=a,b&a=9&b=0&page=-3&map=[1]&count=x")
    assert view == View(Question("sample:news", (Model("a"), Model("b"))), b=NOBODY, a=0)
