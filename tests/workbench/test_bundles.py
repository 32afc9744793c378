"""A project in a bundle and back: nothing of it is lost, nothing here is overwritten unasked, and nothing half is kept."""

from __future__ import annotations

import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.document import Document, Span
from engine.formats.bundle import MANIFEST
from workbench.exchange import Choice, Options, Progress, Stopped, bring, compared, lay_out, look, take
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import FIRST, Label, Measure, Pick, Store, StoreError
from workbench.store.adopting import Rules, Ways

TEXT = "𠮷林大学校长😀é见到\r\n王芳"
NESTED = (Span(0, 4, "ORG"), Span(0, 2, "LOC"), Span(12, 14, "人"))


@contextmanager
def serving(folder: Path, url: str) -> Iterator[Services]:
    folder.mkdir(exist_ok=True)
    made = Services(Settings("127.0.0.1", 0, folder, url), Store.open(url))
    try:
        yield made
    finally:
        made.store.close()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Services]:
    """The workbench that a project is from."""
    with serving(tmp_path / "there", f"sqlite:///{tmp_path}/there/duomo.db") as made:
        yield made


@pytest.fixture
def here(tmp_path: Path, url: str) -> Iterator[Services]:
    """An empty workbench, on either database."""
    with serving(tmp_path / "here", url) as made:
        yield made


def beside(services: Services, folder: Path) -> tuple[str, str, str]:
    """Keep two pictures and a recording; return what they are called."""
    folder.mkdir(exist_ok=True)
    names = []
    for seed in (1, 2):
        pixels = np.random.default_rng(seed).integers(0, 255, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}.jpg")
        names.append(services.keep_picture(folder / f"{seed}.jpg").path.name)
    soundfile.write(folder / "s.wav", np.sin(np.arange(8000) / 20).astype(np.float32), 16000)
    return names[0], names[1], services.keep_speech(folder / "s.wav").path.name


def filled(services: Services, folder: Path) -> int:
    """Make a project with everything that a project can have."""
    store, key = services.store, uuid.uuid4().hex
    first, second, heard = beside(services, folder)
    project = store.projects.create("全部", nested=True, guidelines="# 规则\r\n𠮷", overlap=2, blind=True).id
    store.labels.put(
        project, [Label("PER", "人名", "person", "#c04a2f", "p", "谁", ("王芳", "😀")), Label("ORG", key="o"), Label("旧")]
    )
    store.labels.rename(project, "PER", "PERSON")
    store.labels.merge(project, "人", "PERSON") if "人" in store.labels.used(project) else store.labels.put(
        project, [Label("人")]
    )
    store.labels.retire(project, "旧")
    store.labels.order(project, ["ORG", "PERSON"])
    documents = [
        Document(TEXT, NESTED, "甲", (first,), heard, {"source": "报\n纸"}, readings={5: "zhang3"}),
        Document("没有实体。", (), "乙"),
        Document("没人看过", (), "丙"),
        Document("扔掉的 e\u0301", (Span(0, 2, "旧"),), "丁"),
    ]
    ids = store.documents.add(project, documents, by="王").ids
    store.documents.delete([ids[3]], by="王")
    store.documents.add(project, documents[3:], by="王")
    store.assignments.assign(project, ["李", "赵"], documents=ids[:2], by="王")
    picks = [Pick(ids[2], "control", (Span(0, 1, "人", 0.75),), {"why": ["𠮷", 0.5]}), Pick(ids[0], "chosen", NESTED)]
    store.selections.choose(project, picks[1:], strategy="random", checkpoint="m", by="王")
    store.selections.choose(project, picks, strategy="bald", checkpoint="m", learned=3, by="王")
    common: dict[str, Any] = {"labels": ["PER", "ORG"], "pictures": (second,), "recording": heard, "document_id": ids[0]}
    model: dict[str, Any] = {"prediction": (Span(0, 4, "ORG", 0.5),), "checkpoint": "m"}
    evidence = {"evidence": {"热": [0.1, None]}, "measures": [Measure("g", (0, 4), 0.9, 0.4), Measure("g", None, 0.9, 0.4)]}
    li = store.save(
        TEXT, NESTED[:2], author="李", client_key=f"{key}1", seconds=3.25, readings={5: "zhang3"}, **common, **model, **evidence
    )
    again = {**model, "proposals": (Span(0, 4, "ORG", 0.5),)}
    store.save(TEXT, (Span(12, 14, "PER"),), author="李", client_key=f"{key}2", base_revision=li.id, **common, **again)
    store.save(TEXT, (), author="李", client_key=f"{key}3", base_revision=li.id, **common)
    zhao = store.save(TEXT, NESTED, author="赵", client_key=f"{key}4", **common)
    store.labels.merge(project, "人", "PERSON")
    store.adjudicate(ids[0], NESTED[:1], author="王", client_key=f"{key}5", sources=[zhao.id, li.id], seconds=1.0)
    store.save("没有实体。", (), author="李", client_key=f"{key}6", labels=[], document_id=ids[1])
    store.marks.finish(ids[1], "李")
    store.marks.skip(ids[1], "赵", "太难 😀")
    store.marks.flag(ids[2], "赵", "看看")
    note = store.notes.add(ids[0], "李", "这里?", (0, 2))
    store.notes.add(ids[0], "赵", "整篇")
    store.notes.close(note, "王")
    store.save("直接保存的", (), author="", client_key=f"{key}7", labels=[], project=project)
    store.save("直接保存的", (), author="", client_key=f"{key}8", labels=[], project=project)
    return project


def exported(services: Services, project: int, folder: Path, **choice: Any) -> Path:
    return take(services, project, Choice("bundle", **choice), folder).path


def looked_at(services: Services, *uploads: Path) -> Any:
    return look(lay_out(services.settings.workspace / "imports", uploads), Options())


def brought(services: Services, project: int, *uploads: Path, **more: Any) -> Progress:
    seen = looked_at(services, *uploads)
    assert seen.problems == () and seen.whole is not None
    return bring(services, project, seen, by="她", **more)


def rows_of(bundle: Path) -> dict[str, list[dict[str, Any]]]:
    with zipfile.ZipFile(bundle) as archive:
        return {
            n: [json.loads(line) for line in archive.read(n).splitlines()] for n in archive.namelist() if n.endswith(".jsonl")
        }


def told(bundle: Path) -> dict[str, Any]:
    """Return what a bundle tells, by ranks instead of ids, and without what was noted of bringing it in."""
    rows = rows_of(bundle)
    done = [row for row in rows["events.jsonl"] if "bundle" not in row["payload"] and row["document"] is not None]
    ranks = {name: {row["id"]: n for n, row in enumerate(rows[f"{name}.jsonl"])} for name in ("texts", "revisions")}
    places, versions, events = ranks["texts"], ranks["revisions"], {row["id"]: n for n, row in enumerate(done)}
    for row in rows["documents.jsonl"]:
        meta = row["meta"]
        meta["document"] = places[int(meta["document"])]
        meta["revision"] = versions[int(meta["revision"])] if "revision" in meta else None
        row["id"] = "" if row["id"] not in {text["name"] for text in rows["texts.jsonl"]} else row["id"]
    for row in rows["revisions.jsonl"]:
        row["document"], row["base_revision"] = places[row["document"]], versions.get(row["base_revision"])
        row["sources"] = [versions[source] for source in row["sources"]]
    for row in done:
        row["document"] = places[row["document"]]
        if row["kind"] == "note_closed":
            row["payload"]["note"] = events[row["payload"]["note"]]
    for row in rows["assignments.jsonl"]:
        row["document_id"] = places[row["document_id"]]
    for row in rows.get("selections.jsonl", ()):
        row["document"] = places[row["document"]]
    for row in rows["evidence.jsonl"]:
        row["revision"] = versions[row["revision"]]
    for row in (*rows["texts.jsonl"], *rows["revisions.jsonl"], *done):
        del row["id"]
    for row in rows["project.jsonl"]:
        for name in ("id", "name", "created"):
            del row[name]
    return {**rows, "events.jsonl": done}


def standing(store: Store, project: int) -> list[Any]:
    """Return what lists of documents and statistics are drawn from."""
    report = store.statistics.report(project) if hasattr(store.statistics, "report") else None
    found = sorted(store.search(project, limit=500).documents, key=lambda document: (document.text, document.created))
    shown = [(d.text, d.name, d.status, d.flagged, d.revisions_count, d.latest and d.latest.spans) for d in found]
    return [shown, dict(store.labels.used(project)), report and report.standing]


# nothing is lost


def test_a_project_goes_round_whole(tmp_path: Path, there: Services, here: Services) -> None:
    project = filled(there, tmp_path / "media")
    first = exported(there, project, tmp_path / "out")
    last = brought(here, FIRST, first)
    assert last.problems == [] and last.kept is not None
    second = exported(here, FIRST, tmp_path / "out")
    before, after = told(first), told(second)
    assert set(before) == set(after)
    for name in before:
        assert after[name] == before[name], name
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as other:
        media = [[n for n in archive.namelist() if "/" in n] for archive in (one, other)]
        assert media[0] == media[1] and len(media[0]) == 3
    assert standing(here.store, FIRST) == standing(there.store, project)
    assert here.store.documents.deleted_count(FIRST) == 1
    assert here.store.statistics and here.store.accounts.shown("赵") == "赵"
    last_saved = [document.text for document in here.store.reading.recent(project=FIRST)]
    assert last_saved == [document.text for document in there.store.reading.recent(project=project)]


def test_bringing_a_bundle_twice_makes_no_doubles(tmp_path: Path, there: Services, here: Services) -> None:
    bundle = exported(there, filled(there, tmp_path / "media"), tmp_path / "out")
    brought(here, FIRST, bundle)
    before = told(exported(here, FIRST, tmp_path / "out"))
    twice = brought(here, FIRST, bundle)
    assert twice.kept is not None
    assert (twice.added, twice.known, twice.kept.restored.revisions) == (0, len(before["texts.jsonl"]), 0)
    assert told(exported(here, FIRST, tmp_path / "out")) == before
    assert told(exported(here, FIRST, tmp_path / "out")) == told(bundle)


def test_what_was_done_since_comes_along_and_a_copy_in_the_same_store_stands_beside(tmp_path: Path, there: Services) -> None:
    project = filled(there, tmp_path / "media")
    bundle = exported(there, project, tmp_path / "out")
    copy = there.store.projects.create("副本").id
    assert brought(there, copy, bundle).added == len(rows_of(bundle)["texts.jsonl"])
    twice = brought(there, copy, bundle)
    assert twice.kept is not None and (twice.added, twice.kept.restored.revisions) == (0, 0)
    here, was = told(exported(there, copy, tmp_path / "out")), told(bundle)
    for row in (*here["revisions.jsonl"], *was["revisions.jsonl"]):
        del row["client_key"]
    assert here["revisions.jsonl"] == was["revisions.jsonl"]
    (document,) = [d for d in there.store.search(project, limit=99).documents if d.name == "乙"]
    there.store.save(document.text, (Span(0, 1, "ORG"),), author="李", client_key="later", labels=[], document_id=document.id)
    more = brought(there, copy, exported(there, project, tmp_path / "out"))
    assert more.kept is not None and (more.added, more.kept.restored.revisions, more.kept.restored.left) == (0, 1, 0)
    (grown,) = [d for d in there.store.search(copy, limit=99).documents if d.name == "乙"]
    assert grown.latest is not None and grown.latest.spans == (Span(0, 1, "ORG"),) and grown.latest.author == "李"


def test_what_was_chosen_stands_behind_what_was_chosen_here_and_its_rounds_go_on(
    tmp_path: Path, there: Services, here: Services
) -> None:
    project = filled(there, tmp_path / "media")
    bundle = exported(there, project, tmp_path / "out")
    (own,) = here.store.documents.add(FIRST, [Document("我们的。", id="own")]).ids
    mine = here.store.selections.choose(FIRST, [Pick(own, "chosen")], strategy="random", checkpoint="x")
    brought(here, FIRST, bundle)

    def chosen() -> dict[str, Any]:
        found = (here.store.selections.of(document.id) for document in here.store.search(FIRST, limit=99).documents)
        return {here.store.document(each.pick.document_id).name: each for each in found if each is not None}

    first = chosen()
    assert {name: each.round for name, each in first.items()} == {"own": mine, "甲": mine + 2, "丙": mine + 2}
    assert [each.pick.document_id for each in here.store.selections.waiting(FIRST)][0] == own
    assert first["丙"].pick.reason == {"why": ["𠮷", 0.5]} and first["丙"].learned == 3
    there.store.documents.add(project, [Document("后来的。", id="戊")])
    (later,) = [d for d in there.store.search(project, limit=99).documents if d.name == "戊"]
    (waiting,) = [each.pick for each in there.store.selections.waiting(project)]
    picks = [waiting, Pick(later.id, "chosen")]
    there.store.selections.choose(project, picks, strategy="random", checkpoint="m")
    brought(here, FIRST, exported(there, project, tmp_path / "out"))
    second = chosen()
    assert {name: second[name] for name in first} == first, "what was chosen here stays as it was"
    assert second["戊"].round > max(each.round for each in first.values())
    assert second["戊"].position > max(each.position for each in first.values())


def test_members_come_along_where_they_have_an_account_and_no_account_is_made(
    tmp_path: Path, there: Services, here: Services
) -> None:
    for services, names in ((there, "abcd"), (here, "abd")):
        services.store.accounts.create("admin", "correct horse", "admin")
        for name in names:
            services.store.accounts.create(name, "correct horse")
    project = there.store.projects.create("人", by="admin").id
    for name in "abc":
        there.store.projects.admit(project, name, "curator" if name == "a" else "annotator")
    there.store.documents.add(project, [Document("没有实体。", id="d")])
    bundle = exported(there, project, tmp_path / "out")
    assert [row["account"] for row in rows_of(bundle)["members.jsonl"]] == ["a", "admin", "b", "c"]

    def roles(project: int) -> dict[str, str]:
        return {member.account: member.role for member in here.store.projects.members(project)}

    seen = looked_at(here, bundle)
    differs = compared(here.store, FIRST, seen.desk, seen.whole)
    assert [member.account for member in differs.joining.known] == ["a", "admin", "b"]
    assert [member.account for member in differs.joining.strangers] == ["c"] and differs.differing.ways.members == "theirs"
    last = brought(here, FIRST, bundle)
    assert last.kept is not None
    assert (last.kept.restored.admitted, last.kept.restored.strangers) == (("a", "admin", "b"), ("c",))
    assert roles(FIRST) == {"a": "curator", "admin": "curator", "b": "annotator"}
    assert "c" not in {account.name for account in here.store.accounts.list()}
    assert {event.account for event in here.store.events.list(FIRST, kinds=["member"], limit=3)} == {"她"}

    own = here.store.projects.create("自己的").id
    here.store.projects.admit(own, "a")
    here.store.labels.put(own, [Label("X")])
    brought(here, own, bundle)
    assert roles(own) == {"a": "annotator"}, "nobody is let in unasked"
    brought(here, own, bundle, ways=Ways(members="theirs"))
    assert roles(own) == {"a": "annotator", "admin": "curator", "b": "annotator"}
    odd = damaged(bundle, "members.jsonl", in_line(b'"role": "curator"', b'"role": "admin"'), proved=True)
    with pytest.raises(StoreError, match="no role in a project"):
        bring(here, own, looked_at(here, odd), by="她")


CHARACTERS = st.text(st.sampled_from("王芳𠮷😀e\u0301\r\n，Ａ\u200d \t{}$"), min_size=1, max_size=12)


@st.composite
def annotated(draw: Callable[..., Any]) -> tuple[str, list[tuple[Span, ...]]]:
    text = draw(CHARACTERS)

    def span(ends: tuple[int, int]) -> Span:
        return Span(min(ends), max(ends) + 1, draw(st.sampled_from(["PER", "人", "𠮷"])))

    places = st.integers(0, len(text) - 1)
    versions = st.lists(st.lists(st.tuples(places, places), max_size=4), max_size=4)
    return text, [tuple(dict.fromkeys(map(span, ends))) for ends in draw(versions)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(annotated(), max_size=4), st.text("规#\r\n𠮷", max_size=6), st.booleans())
def test_any_text_and_any_versions_of_it_go_round(
    tmp_path: Path, there: Services, here: Services, documents: Any, guidelines: str, nested: bool
) -> None:
    name = uuid.uuid4().hex
    project = there.store.projects.create(name, guidelines=guidelines).id
    for number, (text, versions) in enumerate(documents):
        (id,) = there.store.documents.add(project, [Document(text, (), f"{number}")]).ids
        for turn, spans in enumerate(versions):
            author, base = "李赵"[turn % 2], None
            key = f"{name}-{number}-{turn}"
            there.store.save(text, spans, author=author, client_key=key, labels=["PER"], document_id=id, base_revision=base)
    # What overlaps from before a project became flat is its history all the same.
    there.store.projects.change(project, nested=nested)
    first = exported(there, project, tmp_path / "out")
    target = here.store.projects.create(name).id
    brought(here, target, first)
    assert told(exported(here, target, tmp_path / "out")) == told(first)


def test_an_annotators_own_bundle_tells_nothing_of_others(tmp_path: Path, there: Services) -> None:
    project = filled(there, tmp_path / "media")
    rows = rows_of(exported(there, project, tmp_path / "out", layer="by:李", every=False))
    assert {row["author"] for row in rows["revisions.jsonl"]} == {row["account"] for row in rows["events.jsonl"]} == {"李"}
    assert {row["account"] for row in rows["assignments.jsonl"]} == {"李"}
    assert not any(row["flagged"] or row["deleted"] for row in rows["texts.jsonl"])
    assert not {"project.jsonl", "labels.jsonl", "members.jsonl", "selections.jsonl"} & set(rows)


# an earlier version


def first_version(tmp_path: Path) -> Path:
    """Write a bundle as the first version wrote them."""
    text, moment = "王芳在上海", "2026-01-0{}T08:00:00.5+00:00"
    document = {
        "id": "甲",
        "text": text,
        "spans": [[0, 2, "PER"]],
        "meta": {"k": "v", "document": "7", "revision": "30", "author": "李"},
    }
    common = {
        "document": "甲",
        "document_id": 7,
        "prediction": [],
        "proposals": [],
        "labels": [],
        "readings": {},
        "recording": "",
    }
    common |= {"pictures": [], "seconds": None, "conflicted": False, "sources": [], "checkpoint": ""}
    event = {"document": "甲", "what": "event", "document_id": 7, "project_id": 1, "payload": {}}
    history = [
        {**event, "id": 3, "kind": "imported", "account": "王", "created": moment.format(1)},
        {**common, "what": "revision", "id": 20, "number": 1, "author": "", "layer": "imported", "spans": [], "client_key": "i"}
        | {"base_revision": None, "created": moment.format(1)},
        {**common, "what": "revision", "id": 30, "number": 2, "author": "李", "layer": "annotation", "spans": [[0, 2, "PER"]]}
        | {"client_key": "k", "base_revision": 20, "created": moment.format(2)},
        {**event, "id": 9, "kind": "finished", "account": "李", "created": moment.format(3)},
    ]
    label = {
        "name": "PER",
        "zh": "人名",
        "en": "",
        "colour": "",
        "key": "",
        "definition": "",
        "examples": [],
        "retired": False,
        "becomes": "",
    }
    rules = {
        "id": 1,
        "name": "旧",
        "nested": False,
        "guidelines": "# 旧",
        "overlap": 1,
        "blind": False,
        "created": moment.format(1),
        "archived": None,
    }
    members = {"documents.jsonl": [document], "history.jsonl": history, "labels.jsonl": [label], "project.jsonl": [rules]}
    return rewritten(
        tmp_path / "first.zip", {n: "".join(json.dumps(r) + "\n" for r in rows).encode() for n, rows in members.items()}, 1
    )


def rewritten(path: Path, members: dict[str, bytes], version: int = 2) -> Path:
    """Write members as a bundle whose manifest is right."""
    import hashlib

    files = {name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in members.items()}
    manifest = {"format": "duomo-bundle", "version": version, "files": files}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return path


def test_a_bundle_of_the_first_version_is_read(tmp_path: Path, here: Services) -> None:
    old = first_version(tmp_path)
    assert brought(here, FIRST, old).added == 1
    (document,) = here.store.search(FIRST).documents
    imported, saved = here.store.revisions(document.id)
    assert (document.name, dict(document.meta), document.status) == ("甲", {"k": "v"}, "finished")
    assert (imported.layer, saved.author, saved.base_revision, saved.created.day) == ("imported", "李", imported.id, 2)
    project = here.store.projects.get(FIRST)
    assert (project.guidelines, project.nested, here.store.labels.list(FIRST)[0].zh) == ("# 旧", False, "人名")
    again = brought(here, FIRST, old)
    assert again.kept is not None and (again.added, again.kept.restored.revisions) == (0, 0)


# nothing is overwritten unasked


def test_labels_guidelines_and_rules_of_ours_stay_unless_theirs_are_chosen(
    tmp_path: Path, there: Services, here: Services
) -> None:
    bundle = exported(there, filled(there, tmp_path / "media"), tmp_path / "out")

    def ours(name: str) -> int:
        project = here.store.projects.create(name, guidelines="我们的").id
        here.store.labels.put(project, [Label("ORG", "机构", key="x"), Label("GPE", key="p")])
        return project

    first = ours("一")
    seen = looked_at(here, bundle)
    differs = compared(here.store, first, seen.desk, seen.whole)
    assert not differs.differing.empty and differs.differing.guidelines and differs.differing.ruled
    assert differs.differing.changed == {"ORG": ("zh", "key")} and differs.differing.own == ("GPE",)
    assert set(differs.names) == {"李", "赵", "王"} and differs.accounts == ()
    assert differs.differing.ways == Ways("merge", "ours", "ours", "ours")

    brought(here, first, bundle)
    labels = {label.name: label for label in here.store.labels.list(first, all=True)}
    assert (labels["ORG"].zh, labels["GPE"].key, labels["PERSON"].zh, labels["PERSON"].key) == ("机构", "p", "人名", "")
    assert labels["旧"].retired and labels["人"].becomes == "PERSON"
    assert here.store.projects.get(first).guidelines == "我们的" and not here.store.projects.get(first).blind

    kept = ours("二")
    brought(here, kept, bundle, ways=Ways(labels="ours", guidelines="merge"))
    names = {label.name: label for label in here.store.labels.list(kept, all=True)}
    assert names["ORG"].zh == "机构" and set(names) == {"ORG", "GPE", "LOC", "人", "旧"} and not names["旧"].retired
    guidelines = here.store.projects.get(kept).guidelines
    assert guidelines.startswith("我们的") and guidelines.endswith("# 规则\r\n𠮷")
    brought(here, kept, bundle, ways=Ways(labels="ours", guidelines="merge"))
    assert here.store.projects.get(kept).guidelines == guidelines

    taken = ours("三")
    brought(here, taken, bundle, ways=Ways("theirs", "theirs", "theirs"))
    labels = {label.name: label for label in here.store.labels.list(taken, all=True)}
    assert (labels["ORG"].zh, labels["ORG"].key, labels["GPE"].key, labels["PERSON"].key) == ("", "o", "", "p")
    project = here.store.projects.get(taken)
    assert (project.guidelines, project.overlap, project.blind) == ("# 规则\r\n𠮷", 2, True)
    changes = [event.payload for event in here.store.events.list(taken, kinds=["project"])]
    assert any(payload.get("changes", {}).get("guidelines", [""])[0] == "我们的" for payload in changes)


def test_what_was_annotated_further_on_both_sides_stays_here_unless_theirs_is_chosen(
    tmp_path: Path, there: Services, here: Services
) -> None:
    project = filled(there, tmp_path / "media")
    brought(here, FIRST, exported(there, project, tmp_path / "out"))

    def save(services: Services, project: int, key: str, label: str) -> Any:
        (document,) = [d for d in services.store.search(project, limit=99).documents if d.name == "乙"]
        said = {"author": "李", "labels": [], "document_id": document.id}
        return services.store.save(document.text, (Span(0, 1, label),), client_key=key, **said)

    mine, theirs = save(here, FIRST, "mine", "GPE"), save(there, project, "theirs", "LOC")
    bundle = exported(there, project, tmp_path / "out")
    seen = looked_at(here, bundle)
    assert compared(here.store, FIRST, seen.desk, seen.whole).diverged == 1
    last = brought(here, FIRST, bundle)
    assert last.kept is not None and (last.kept.restored.left, last.kept.restored.revisions) == (1, 0)
    assert here.store.document(mine.document_id).latest == mine
    brought(here, FIRST, bundle, ways=Ways(documents="theirs"))
    latest = here.store.document(mine.document_id).latest
    assert latest is not None and latest.spans == theirs.spans and latest.conflicted
    assert mine in here.store.revisions(mine.document_id)


# nothing half is kept


def damaged(bundle: Path, name: str, change: Callable[[bytes], bytes | None], *, proved: bool) -> Path:
    """Change a member of a bundle; with ``proved``, its manifest is made to fit."""
    with zipfile.ZipFile(bundle) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    changed = change(members.pop(name))
    members |= {} if changed is None else {name: changed}
    path = bundle.with_name("odd.zip")
    if proved:
        del members[MANIFEST]
        return rewritten(path, members)
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return path


def in_line(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("name", "change", "proved", "said"),
    [
        ("revisions.jsonl", in_line(b'"author": "', b'"author": "x'), False, "was changed; export the bundle again"),
        ("texts.jsonl", lambda content: None, False, "members are not those"),
        (MANIFEST, lambda content: None, False, "is no bundle; export it again"),
        (MANIFEST, lambda content: content[:40], False, "is no bundle; export it again"),
        (MANIFEST, in_line(b'"version": 2', b'"version": 3'), False, "of a newer Duomo"),
        ("revisions.jsonl", in_line(b'"number": 1', b'"number": "1"'), True, "line 1, is not sound"),
        ("events.jsonl", lambda content: content + b"x\n", True, "is not sound"),
    ],
)
def test_a_bundle_that_is_not_as_it_was_written_is_refused_at_once(
    tmp_path: Path, there: Services, name: str, change: Any, proved: bool, said: str
) -> None:
    bundle = exported(there, filled(there, tmp_path / "media"), tmp_path / "out")
    odd = damaged(bundle, name, change, proved=proved)
    seen = looked_at(there, odd)
    (problem,) = seen.problems
    assert said in problem.got and str(tmp_path) not in str(problem) and (seen.documents, seen.parts) == (0, ())


def test_a_cut_file_is_refused(tmp_path: Path, there: Services) -> None:
    from engine.errors import InputError

    bundle = exported(there, filled(there, tmp_path / "media"), tmp_path / "out")
    cut = tmp_path / "cut.zip"
    cut.write_bytes(bundle.read_bytes()[:-500])
    with pytest.raises(InputError, match="damaged"):
        looked_at(there, cut)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("revisions.jsonl", b'"spans": [[0, 4, ', b'"spans": [[0, 400, '),
        ("revisions.jsonl", b'"layer": "gold"', b'"layer": "silver"'),
        ("events.jsonl", b'"kind": "finished"', b'"kind": "account"'),
        ("labels.jsonl", b'"key": "o"', b'"key": "oo"'),
        ("project.jsonl", b'"overlap": 2', b'"overlap": 2000'),
        ("selections.jsonl", b"[[0, 1, ", b"[[0, 100, "),
        ("selections.jsonl", b'"arm": "control"', b'"arm": "other"'),
    ],
)
def test_nothing_of_a_bundle_that_cannot_be_stored_stays(
    tmp_path: Path, there: Services, here: Services, name: str, old: bytes, new: bytes
) -> None:
    bundle = exported(there, filled(there, tmp_path / "media"), tmp_path / "out")
    seen = looked_at(here, damaged(bundle, name, in_line(old, new), proved=True))
    assert seen.problems == ()
    with pytest.raises(StoreError):
        bring(here, FIRST, seen, by="她", ways=Ways("theirs", "theirs", "theirs"))
    assert nothing_in(here)
    assert brought(here, FIRST, bundle).added > 0


def nothing_in(services: Services) -> bool:
    store = services.store
    there = (
        store.search(FIRST).total,
        store.documents.deleted_count(FIRST),
        store.latest_revision(),
        store.labels.list(FIRST, all=True),
    )
    return there == (0, 0, 0, ()) and store.events.list(FIRST) == () and store.projects.get(FIRST).guidelines == ""


def test_a_bundle_that_is_stopped_half_way_leaves_nothing_and_can_be_brought_again(
    tmp_path: Path, there: Services, here: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = exported(there, filled(there, tmp_path / "media"), tmp_path / "out")
    monkeypatch.setattr("workbench.store.rewriting.AT_ONCE", 2)
    seen, tells = looked_at(here, bundle), list[Any]()

    def stop(progress: Progress) -> None:
        tells.append(progress.versions)
        if progress.versions and progress.versions[0] >= 4:
            raise Stopped

    with pytest.raises(Stopped):
        bring(here, FIRST, seen, by="她", tell=stop)
    assert tells[-1][0] >= 4 and nothing_in(here)
    bring(here, FIRST, seen, by="她")
    assert told(exported(here, FIRST, tmp_path / "out")) == told(bundle)


# documents without entities


@pytest.mark.parametrize(
    ("name", "content", "count", "annotated"),
    [
        ("a.bio", "王\tB-PER\n\n好\tO\n\n坏\tO\n", 2, True),
        ("a.jsonl", '{"text": "好", "spans": []}\n{"text": "王", "spans": [[0, 1, "PER"]]}\n', 1, False),
        ("a.csv", "text\n好\n坏\n", 2, False),
    ],
)
def test_documents_without_entities_are_counted_and_taken_as_their_format_suggests_or_as_is_said(
    tmp_path: Path, there: Services, name: str, content: str, count: int, annotated: bool
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    seen = looked_at(there, tmp_path / name)
    assert (seen.empty.count, seen.empty.annotated) == (count, annotated)
    for way in (None, True, False):
        project = there.store.projects.create(str(way)).id
        bring(there, project, seen, by="", annotated=way)
        said = [
            d.latest is not None and d.latest.layer == "imported"
            for d in there.store.search(project).documents
            if d.text in "好坏"
        ]
        assert said == [annotated if way is None else way] * count


def test_an_export_of_ours_says_which_of_its_documents_nobody_has_annotated(tmp_path: Path, there: Services) -> None:
    there.store.documents.add(FIRST, [Document("没人看过"), Document("看过没有")])
    document = there.store.find("看过没有")
    assert document is not None
    there.store.save("看过没有", (), author="李", client_key="k", labels=[], document_id=document.id)
    seen = looked_at(there, take(there, FIRST, Choice("jsonl"), tmp_path / "out").path)
    assert seen.empty.count == 1
    project = there.store.projects.create("再").id
    bring(there, project, seen, by="", annotated=True)
    assert {d.text: d.latest is not None for d in there.store.search(project).documents} == {"没人看过": False, "看过没有": True}


def test_rules_are_those_of_a_project_unless_told() -> None:
    assert Rules() == Rules(True, 1, False)
