"""A backup holds one moment of everything while others save, and comes back whole on either database."""

import json
import threading
import zipfile

import pytest
import sqlalchemy as sa

from engine.document import Document, Span
from workbench.__main__ import main
from workbench.store import FIRST, Label, Store, StoreError
from workbench.store.backup import backup, read_backup, restore

TEXT = "昨天李小龙从𠮷林回到上海，😀\r\n"


def fill(store, workspace):
    store.accounts.create("老师", "password of 老师", "admin")
    store.labels.put(FIRST, [Label("PER", "人物", examples=("李小龙",))])
    store.labels.rename(FIRST, "PER", "人物")
    (document,) = store.documents.add(
        FIRST, [Document(TEXT, (Span(2, 5, "PER", 0.25),), images=("a.jpg",), meta={"k": "值"})]
    ).ids
    first = store.save(
        TEXT, [], author="老师", labels=["PER"], client_key="k", document_id=document, seconds=0.1, evidence={"x": [1.5]}
    )
    store.adjudicate(document, [Span(6, 8, "LOC")], author="老师", client_key="g", sources=[first.id])
    store.notes.add(document, "老师", "？", (0, 1))
    store.settings.set("nothing", None)
    store.settings.set("labels", ["新"])
    store.runs.add("r1", "/runs/r1", "m", 1)
    (workspace / "pictures").mkdir(parents=True)
    (workspace / "pictures" / "a.jpg").write_bytes(b"\xff\xd8picture")
    (workspace / "pictures" / ".partial-1").write_bytes(b"half")
    return document


def rows(url):
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        found = {name: connection.execute(table.select()).mappings().all() for name, table in metadata.tables.items()}
    engine.dispose()

    def plain(value):
        return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value

    return {name: sorted(str({k: plain(v) for k, v in row.items()}) for row in some) for name, some in found.items()}


def test_a_rehearsal_with_somebody_saving_all_the_while(url, tmp_path):
    store, workspace = Store.open(url), tmp_path / "here"
    fill(store, workspace)
    stop, began = threading.Event(), threading.Event()

    def go_on():
        number = 0
        while not stop.is_set():
            store.save(f"第{number}句", [Span(0, 1, "X")], author="b", labels=[], client_key=f"more-{number}")
            number += 1
            began.set()

    thread = threading.Thread(target=go_on)
    thread.start()
    began.wait(60)
    try:
        made = backup(url, workspace, tmp_path / "backup.zip")
    finally:
        stop.set()
        thread.join()
    assert read_backup(tmp_path / "backup.zip") == made
    other = f"sqlite:///{tmp_path}/there/duomo.db"
    assert restore(tmp_path / "backup.zip", other, tmp_path / "there") == (made, None)
    there, here = rows(other), rows(url)
    assert made.tables["revisions"] > 3 and made.files == 1
    for table, some in there.items():
        lines = [line for line in here[table]]
        assert set(some) <= set(lines), table
    # One moment: every document has its state, its revision and its head.
    assert made.tables["documents"] == made.tables["document_states"] == made.tables["revisions"] - 2
    assert (tmp_path / "there" / "pictures" / "a.jpg").read_bytes() == b"\xff\xd8picture"
    assert not list((tmp_path / "there" / "pictures").glob(".*"))
    store.close()


def test_a_backup_of_one_database_is_restored_into_the_other_and_back(postgresql, url, tmp_path):
    store = Store.open(url)
    document = fill(store, tmp_path / "here")
    whole = store.reading.history(document)
    store.close()
    backup(url, tmp_path / "here", tmp_path / "1.zip")
    middle = f"sqlite:///{tmp_path}/middle/duomo.db"
    restore(tmp_path / "1.zip", middle, tmp_path / "middle")
    assert rows(middle) == rows(url)
    backup(middle, tmp_path / "middle", tmp_path / "2.zip")
    with pytest.raises(StoreError, match="holds work already"):
        restore(tmp_path / "2.zip", url, tmp_path / "here")
    _, saved = restore(tmp_path / "2.zip", url, tmp_path / "here", replace=True)
    assert rows(middle) == rows(url) and read_backup(saved).tables["revisions"] == 3
    again = Store.open(url)
    assert again.reading.history(document) == whole and again.settings.get("nothing", 1) is None
    # Numbers go on after those that came back, and what was kept for good is still.
    assert again.save("新", [], author="", labels=[], client_key="new").id == 4
    with pytest.raises(StoreError, match="keeps every"), again._database.writing() as session:
        session.execute(sa.text("DELETE FROM revisions"))
    again.close()


def damaged(source, target, change):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            name, content = change(member.filename, old.read(member))
            new.writestr(name, content)
    return target


def test_a_damaged_backup_restores_nothing(tmp_path):
    url = f"sqlite:///{tmp_path}/here/duomo.db"
    store = Store.open(url)
    fill(store, tmp_path / "here")
    store.close()
    backup(url, tmp_path / "here", tmp_path / "b.zip")
    with pytest.raises(StoreError, match="is there already"):
        backup(url, tmp_path / "here", tmp_path / "b.zip")

    def other_text(name, content):
        return name, content.replace(b"k", b"q") if name == "tables/revisions.jsonl" else content

    def outside(name, content):
        return ("../a.jpg", content) if name == "pictures/a.jpg" else (name, content.replace(b"pictures/a.jpg", b"../a.jpg"))

    def newer(name, content):
        return name, json.dumps({**json.loads(content), "version": 2}).encode() if name == "manifest.json" else content

    for change, reason in [(other_text, "is not what its"), (outside, "members are not those"), (newer, "update Duomo")]:
        with pytest.raises(StoreError, match=reason):
            restore(damaged(tmp_path / "b.zip", tmp_path / "bad.zip", change), f"sqlite:///{tmp_path}/x/duomo.db", tmp_path / "x")
    (tmp_path / "bad.zip").write_bytes(b"PK no")
    with pytest.raises(StoreError, match="no backup"):
        read_backup(tmp_path / "bad.zip")
    assert not (tmp_path / "x").exists()


def test_an_older_backup_is_brought_up_to_date(tmp_path):
    from workbench.store import migrations

    url = f"sqlite:///{tmp_path}/here/duomo.db"
    store = Store.open(url)
    fill(store, tmp_path / "here")
    backup(url, tmp_path / "here", tmp_path / "new.zip")
    store.close()

    # What a Duomo without heads would have written.
    def older(name, content):
        if name == "manifest.json":
            said = json.loads(content)
            lost = ("heads", "mentions", "document_states")
            said["files"] = {n: f for n, f in said["files"].items() if not n.endswith(tuple(f"/{table}.jsonl" for table in lost))}
            content = json.dumps({**said, "schema": "0006"}).encode()
        return name, content

    with zipfile.ZipFile(tmp_path / "new.zip") as old, zipfile.ZipFile(tmp_path / "old.zip", "w") as new:
        for member in old.infolist():
            if not member.filename.startswith(("tables/heads", "tables/mentions", "tables/document_states")):
                new.writestr(*older(member.filename, old.read(member)))
    there = f"sqlite:///{tmp_path}/there/duomo.db"
    found, _ = restore(tmp_path / "old.zip", there, tmp_path / "there")
    assert found.schema == "0006" and migrations.__file__
    assert rows(there) == rows(url)


def test_the_commands(tmp_path, capsys):
    store = Store.open(f"sqlite:///{tmp_path}/here/duomo.db")
    fill(store, tmp_path / "here")
    store.close()
    file, there = str(tmp_path / "b.zip"), ["--workspace", str(tmp_path / "there")]
    assert main(["backup", file, "--workspace", str(tmp_path / "here")]) == 0
    assert main(["restore", file, *there]) == 0
    assert "1 documents, 3 revisions, 1 files" in capsys.readouterr().out
    assert main(["restore", file, *there]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["restore", file, *there, "--replace"]) == 0
    assert main(["backup", str(tmp_path / "c.zip"), "--workspace", str(tmp_path / "nowhere")]) == 2
    assert "there is no database" in capsys.readouterr().err
