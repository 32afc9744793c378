"""Bringing documents in and taking them out: what is said beforehand, what is refused, and that nothing is lost."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.document import Document, Span
from engine.errors import InputError
from engine.formats import FORMATS, archives, get
from workbench.exchange import BEST, GOLD, Choice, Options, Progress, bring, declare, lay_out, look, lost, new_labels, take
from workbench.exchange.ready import ENCODINGS
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import FIRST, Label, Store

BIO = "张\tB-PER\n三\tI-PER\n在\tO\n\n李\tB-PER\n四\tI-PER\n"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    database = f"sqlite:///{tmp_path / 'w' / 'duomo.db'}"
    (tmp_path / "w").mkdir()
    made = Services(Settings("127.0.0.1", 0, tmp_path / "w", database), Store.open(database))
    yield made
    made.store.close()


def put(tmp_path: Path, name: str, content: str | bytes) -> Path:
    file = tmp_path / "up" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def zipped(tmp_path: Path, members: dict[str, bytes | str], name: str = "a.zip") -> Path:
    file = tmp_path / "up" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return file


def picture(folder: Path, name: str = "x.jpg") -> bytes:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    _noise(file)
    return file.read_bytes()


def _noise(file: Path) -> None:
    from PIL import Image

    pixels = np.random.default_rng(len(file.name)).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)


def speech(file: Path) -> bytes:
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, np.sin(np.arange(16000) / 20).astype(np.float32), 16000)
    return file.read_bytes()


def look_at(tmp_path: Path, *uploads: Path, pasted: str = "", **options: str) -> Any:
    return look(lay_out(tmp_path / "imports", uploads, pasted), Options(**options))


def brought(services: Services, seen: Any, project: int = FIRST, **more: Any) -> Progress:
    return bring(services, project, seen, by="她", **more)


# looking


def test_a_bad_row_is_told_by_line_and_its_sentence_alone_is_left_out(tmp_path: Path, services: Services) -> None:
    seen = look_at(tmp_path, put(tmp_path, "a.bio", BIO + "\n王B-PER\n五\tI-PER\n\n赵\tB-PER\n六\tX-PER\n\n好\tO\n"))
    assert [(p.file, p.line) for p in seen.problems] == [("a.bio", 8), ("a.bio", 12)]
    assert [document.text for document in seen.first] == ["张三在", "李四", "好"] and seen.labels == {"PER": 2}
    assert services.store.search(FIRST).total == 0
    assert brought(services, seen).added == 3
    (imported,) = services.store.search(FIRST, limit=1).documents
    assert imported.latest is not None and imported.latest.layer == "imported"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "an empty file"),
        ("a.bio", BIO.encode("gb18030"), "GB18030"),
        ("a.bio", BIO.encode("utf-16"), "UTF-16"),
        ("a.txt", "一段话\n".encode(), "plain text is never guessed"),
        ("a.bin", bytes(range(256)), "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    seen = look_at(tmp_path, put(tmp_path, name, content))
    assert seen.documents == 0 and len(seen.problems) == 1
    assert said in str(seen.problems[0]) and str(tmp_path) not in str(seen.problems[0])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_another_encoding_can_be_chosen(tmp_path: Path, encoding: str) -> None:
    text = BIO.replace("张", "張") if encoding == "big5" else BIO
    seen = look_at(tmp_path, put(tmp_path, "a.bio", text.encode(encoding)), encoding=encoding)
    assert not seen.problems and [document.text[1:] for document in seen.first] == ["三在", "四"]
    wrong = look_at(tmp_path, put(tmp_path, "b.bio", b"\xff\x00\x81"), encoding="gb18030")
    assert "GB18030; choose another" in str(wrong.problems[0])


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", "正文列,人名\n张三在,0-2-PER\n", {"text": "正文列", "spans": "人名"}),
        (
            "a.csv",
            'no|the words|text|who\n7|张三在|旧|"[[0, 2, ""PER""]]"\n',
            {"text": "the words", "spans": "who", "separator": "bar"},
        ),
        ("a.jsonl", '{"zh": "张三在", "text": "旧", "marks": [[0, 2, "PER"]]}\n', {"text": "zh", "spans": "marks"}),
        ("a.jsonl", '{"zh": "张三在", "marks": "[[0, 2, \\"PER\\"]]"}\n', {"text": "zh", "spans": "marks"}),
    ],
)
def test_columns_can_be_named(tmp_path: Path, name: str, content: str, options: dict[str, str]) -> None:
    seen = look_at(tmp_path, put(tmp_path, name, content), **options)
    assert seen.problems == () and options["text"] in seen.columns
    assert [(document.text, [span.key for span in document.spans]) for document in seen.first] == [("张三在", [(0, 2, "PER")])]


def test_pasted_words_are_a_document_a_line_and_a_folder_of_texts_a_document_a_file(tmp_path: Path) -> None:
    pasted = look_at(tmp_path, pasted="第一句\n第二句😀\n")
    assert [part.format for part in pasted.parts] == ["lines"] and pasted.documents == 2
    assert [part.format for part in look_at(tmp_path, pasted=BIO).parts] == ["bio"]
    folder = look_at(tmp_path, zipped(tmp_path, {"t/甲.txt": "一\n二", "t/乙.txt": "三"}))
    assert [part.format for part in folder.parts] == ["texts"]
    assert {document.id: document.text for document in folder.first} == {"t/甲": "一\n二", "t/乙": "三"}
    brat = look_at(tmp_path, put(tmp_path, "n.txt", "王芳来了"), put(tmp_path, "n.ann", "T1\tPER 0 2\t王芳\n"))
    assert brat.labels == {"PER": 1} and not brat.problems


def test_a_folder_with_pictures_is_taken_from_a_zip_and_the_missing_are_named(tmp_path: Path, services: Services) -> None:
    jpeg = picture(tmp_path / "p", "x.jpg")
    corpus = "WID:w1\r\n好\tO\r\n\r\nWID:w2\r\n坏\tO\r\n\r\nWID:w3\r\n没\tO\r\n"
    members = {"CMNER/train.txt": corpus, "CMNER/images/w1_01.jpg": jpeg, "CMNER/images/w2_01.jpg": b"\xff\xd8 no picture"}
    seen = look_at(tmp_path, zipped(tmp_path, {**members, "__MACOSX/CMNER/._train.txt": "x", "CMNER/.DS_Store": "x"}))
    assert [part.format for part in seen.parts] == ["cmner"] and (seen.found, seen.missing) == (2, ("w3",))
    last = brought(services, seen)
    assert last.added == 3 and [problem.file for problem in last.problems] == ["CMNER/images/w2_01.jpg"]
    by_name = {document.name: document for document in services.store.search(FIRST).documents}
    assert [len(by_name[name].pictures) for name in ("w1", "w2", "w3")] == [1, 0, 0]
    assert (services.picture_folder / by_name["w1"].pictures[0]).is_file()
    again = brought(services, seen)
    assert (again.added, again.known) == (0, 3)


def test_documents_whose_files_are_damaged_can_be_left_out(tmp_path: Path, services: Services) -> None:
    corpus = '{"sentence": "好", "audio": "a1", "entity": []}\n{"sentence": "坏", "audio": "a2", "entity": []}\n'
    wav = speech(tmp_path / "s" / "a.wav")
    seen = look_at(tmp_path, zipped(tmp_path, {"train.json": corpus, "wav/a1.wav": wav, "wav/a2.wav": b""}))
    last = brought(services, seen, incomplete=False)
    assert (last.added, last.left, len(last.problems)) == (1, 1, 1)
    (document,) = services.store.search(FIRST).documents
    assert document.recording and (services.speech_folder / document.recording).read_bytes() == wav


def test_a_file_names_no_other_file_of_this_machine(tmp_path: Path, services: Services) -> None:
    picture(tmp_path, "secret.jpg")
    rows = [{"text": "一", "images": [str(tmp_path / "secret.jpg")]}, {"text": "二", "images": ["../../../secret.jpg", "x.jpg"]}]
    corpus = put(tmp_path, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    seen = look_at(tmp_path, corpus, put(tmp_path, "x.jpg", picture(tmp_path / "q", "y.jpg")))
    assert seen.missing == ("secret.jpg",) and seen.found == 1
    brought(services, seen)
    assert [len(document.pictures) for document in services.store.search(FIRST).documents] in ([0, 1], [1, 0])


def test_what_no_database_holds_is_told_and_left_out(tmp_path: Path, services: Services) -> None:
    rows = [{"text": "a\x00b"}, {"text": "好", "spans": [[0, 1, "长" * 70]]}, {"text": "行"}]
    seen = look_at(tmp_path, put(tmp_path, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert seen.documents == 1 and len(seen.problems) == 2
    assert brought(services, seen).added == 1


# archives


def test_a_flat_project_is_told_which_documents_have_spans_that_overlap(tmp_path: Path, services: Services) -> None:
    flat = services.store.projects.create("扁平", nested=False).id
    rows = [
        {"text": "王芳在上海", "label": [[0, 2, "PER"], [3, 5, "LOC"]]},
        {"text": "北京大学", "label": [[0, 4, "ORG"], [0, 2, "LOC"]]},
    ]
    file = put(tmp_path, "a.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    assert (look_at(tmp_path, file).documents, look_at(tmp_path, file).problems) == (2, ())
    seen = look(lay_out(tmp_path / "imports", [file]), Options(), flat=True)
    (problem,) = seen.problems
    assert seen.documents == 1 and problem.file == "a.jsonl" and "overlap" in problem.expected and "北京大学" in problem.got
    assert brought(services, seen, flat).added == 1
    assert [stored.text for stored in services.store.search(flat).documents] == ["王芳在上海"]
    assert brought(services, look_at(tmp_path, file)).added == 2


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    for name in ("../x.txt", "/etc/x.txt", "a/../../x.txt", "C:\\x.txt", "..\\x.txt"):
        with pytest.raises(InputError, match="leads out of the folder") as told:
            lay_out(tmp_path / "imports", [zipped(tmp_path, {name: "x"})])
        assert str(tmp_path) not in str(told.value)
    assert list((tmp_path / "imports").iterdir()) == []
    assert not list(tmp_path.glob("*.txt"))


def test_bombs_and_links_and_damaged_archives_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(tmp_path, {"x.txt": b"\0" * (archives.SMALL + 1)})
    with pytest.raises(InputError, match="unpacks to more than 200 times"):
        lay_out(tmp_path / "imports", [bomb])
    link = zipfile.ZipInfo("l.txt")
    link.external_attr = 0o120777 << 16
    linked = tmp_path / "up" / "l.zip"
    with zipfile.ZipFile(linked, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="is a link"):
        lay_out(tmp_path / "imports", [linked])
    with pytest.raises(InputError, match="damaged"):
        lay_out(tmp_path / "imports", [put(tmp_path, "d.zip", b"PK\x03\x04 no")])
    monkeypatch.setattr("workbench.exchange.desk.LARGEST_TEXT", 100)
    import gzip

    with pytest.raises(InputError, match="MiB of text"):
        lay_out(tmp_path / "imports", [put(tmp_path, "g.bio.gz", gzip.compress(b"a" * 10_000))])


def test_names_that_chinese_windows_wrote_are_read(tmp_path: Path) -> None:
    file = zipped(tmp_path, {"XXXX.txt": "一", "YYYY.txt": "二"})
    raw = file.read_bytes().replace(b"XXXX", "新闻".encode("gbk")).replace(b"YYYY", "体育".encode("gbk"))
    seen = look_at(tmp_path, put(tmp_path, "w.zip", raw))
    assert sorted(document.id for document in seen.first) == ["体育", "新闻"]


# labels


def test_new_labels_are_declared_and_former_names_are_none(services: Services) -> None:
    services.store.labels.put(FIRST, [Label("PER"), Label("LOC")])
    services.store.labels.rename(FIRST, "PER", "人名")
    counts = {"PER": 3, "LOC": 1, "ORG": 2}
    assert new_labels(services.store, FIRST, counts) == ("ORG",)
    assert declare(services.store, FIRST, counts, "") == ("ORG",)
    assert [label.name for label in services.store.labels.list(FIRST)] == ["人名", "LOC", "ORG"]


# taking out


@pytest.fixture
def project(tmp_path: Path, services: Services) -> int:
    """A project with everything a document can have."""
    made = services.store.projects.create("新闻 2026/语料").id
    picture(tmp_path / "p", "x.jpg"), speech(tmp_path / "p" / "s.wav")
    seen_picture = services.keep_picture(tmp_path / "p" / "x.jpg").path.name
    heard = services.keep_speech(tmp_path / "p" / "s.wav").path.name
    nested = (Span(0, 6, "ORG"), Span(0, 2, "LOC"), Span(7, 8, "MISC"))
    documents = [
        Document("𠮷林大学校长😀é", (*nested,), "n1", (seen_picture,), heard, {"source": "报"}, readings={5: "zhang3"}),
        Document("第一行\n第二行 王芳", (Span(8, 10, "PER"),), "n2"),
        Document("没有人标过。", (), "n3"),
    ]
    ids = services.store.documents.add(made, documents).ids
    save = {"author": "她", "labels": ["PER"], "project": made, "pictures": (), "recording": ""}
    services.store.save(documents[1].text, (Span(8, 10, "人"),), client_key="k1", document_id=ids[1], **save)
    services.store.labels.put(made, [Label("PER", zh="人名")])
    services.store.labels.merge(made, "人", "PER")
    return made


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_exported_is_imported_again_but_for_what_the_format_says_it_loses(
    tmp_path: Path, services: Services, project: int, format: str
) -> None:
    chosen, choice = get(format), Choice(format)
    counted, losses = lost(services, project, choice)
    taken = take(services, project, choice, tmp_path / "exports")
    assert counted == 3 and dict(taken.lost) == dict(losses)
    other = services.store.projects.create("again").id
    uploads = [taken.path]
    told = {"format": format} if format in ("lines", "texts") else {}
    seen = look_at(tmp_path, *uploads, **told)
    assert seen.problems == () and "n1" not in seen.missing
    assert brought(services, seen, other).added == taken.documents
    before = [chosen.fit(document)[0] for document in services.store.reading.answers(project, every=True)]
    after = list(services.store.reading.answers(other, every=True))
    lacks = {part.key for part in chosen.lacks}
    for was, now in zip(sorted(filter(None, before), key=_text), sorted(after, key=_text), strict=True):
        assert now.text == was.text and {s.key for s in now.spans} == {s.key for s in was.spans}
        assert dict(now.readings) == dict(was.readings)
        if "ids" not in lacks:
            assert now.id == was.id or now.id.endswith("/" + was.id)
        if "pictures" not in lacks and "absent" not in lacks:
            assert now.images == was.images  # by the hash of what is in it
        if "speech" not in lacks and "absent" not in lacks:
            assert now.audio == was.audio
        if "meta" not in lacks:
            assert now.meta.get("source") == was.meta.get("source")


def _text(document: Document) -> str:
    return document.text[:4]


@pytest.mark.parametrize(("format", "kind"), [("cmner", "images"), ("cnerta", "wav")])
def test_pictures_and_speech_travel_beside_the_corpus(
    tmp_path: Path, services: Services, project: int, format: str, kind: str
) -> None:
    taken = take(services, project, Choice(format), tmp_path / "exports")
    with zipfile.ZipFile(taken.path) as archive:
        assert any(kind in name for name in archive.namelist())
    other = services.store.projects.create("again").id
    brought(services, look_at(tmp_path, taken.path), other)
    (first,) = [document for document in services.store.search(other).documents if document.name == "n1"]
    (was,) = [document for document in services.store.search(project).documents if document.name == "n1"]
    assert (first.pictures == was.pictures) if kind == "images" else (first.recording == was.recording)


def test_an_export_can_be_of_gold_or_finished_documents_or_of_one_annotator(
    tmp_path: Path, services: Services, project: int
) -> None:
    def texts(**more: Any) -> set[str]:
        taken = take(services, project, Choice("jsonl", **more), tmp_path / "exports")
        if taken.path.suffix == ".zip":
            with zipfile.ZipFile(taken.path) as archive:
                (name,) = [name for name in archive.namelist() if name.endswith(".jsonl")]
                rows = archive.read(name).decode()
        else:
            rows = taken.path.read_text(encoding="utf-8")
        return {json.loads(row)["id"] for row in rows.splitlines()}

    assert texts() == {"n1", "n2", "n3"} and texts(every=False) == {"n1", "n2"}
    assert texts(layer="by:她", every=False) == {"n2"} and texts(layer=GOLD, every=False) == set()
    document = services.store.find("第一行\n第二行 王芳", project)
    assert document is not None and document.latest is not None
    services.store.adjudicate(document.id, (), author="", client_key="g", sources=[document.latest.id])
    assert texts(layer=GOLD, every=False) == texts(layer=BEST, finished=True) == {"n2"}


def test_old_exports_and_desks_are_cleared(tmp_path: Path, services: Services, project: int, monkeypatch: Any) -> None:
    first = take(services, project, Choice("jsonl"), tmp_path / "exports").path
    monkeypatch.setattr("workbench.exchange.desk.KEPT", -1.0)
    second = take(services, project, Choice("jsonl"), tmp_path / "exports").path
    assert not first.exists() and second.exists()
