"""The store keeps texts exactly, loses no save and changes none, on SQLite and on PostgreSQL."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.document import Span
from workbench.store import FIRST, Criteria, Label, Store, StoreError, migrations

ROOT = Path(__file__).parents[2]
TEXT = "昨天李小龙从𠮷林回到上海，😀\r\n说：“Ａ股涨了３％。”\n\n"
SPANS = (Span(2, 5, "PER"), Span(6, 8, "LOC"), Span(10, 12, "LOC"))


def save(store, key, text=TEXT, spans=SPANS, **more):
    return store.save(text, spans, **{"author": "老师", "labels": ["PER", "LOC"], "client_key": key, **more})


def test_a_save_comes_back_whole(store):
    proposed = (Span(2, 4, "PER", score=0.75),)
    saved = save(store, "k1", prediction=proposed, checkpoint="zh-news-small", seconds=2.5)
    assert (saved.number, saved.spans, saved.prediction, saved.prediction[0].score) == (1, SPANS, proposed, 0.75)
    assert (saved.author, saved.labels, saved.checkpoint, saved.seconds) == ("老师", ("PER", "LOC"), "zh-news-small", 2.5)
    assert saved.created.utcoffset() == timedelta(0)
    document = store.document(saved.document_id)
    assert (document.text, document.revisions_count, document.latest) == (TEXT, 1, saved)
    assert store.revisions(saved.document_id) == [saved]


def test_how_characters_are_read_is_kept_and_learned_from(store):
    saved = save(store, "k1", text="南京市长江大桥", spans=[Span(0, 2, "LOC")], readings={3: "zhang3"})
    assert saved.readings == {3: "zhang3"}
    assert store.document(saved.document_id).latest == saved
    (correction,) = store.corrections()
    assert correction.readings == {3: "zhang3"}
    again = save(store, "k2", text="南京市长江大桥", spans=[Span(0, 3, "LOC")], document_id=saved.document_id)
    assert again.readings == {}
    with pytest.raises(StoreError, match="a reading is given for character 9"):
        save(store, "k3", text="南京市长江大桥", spans=[], readings={9: "zhang3"})


def test_the_recording_beside_a_text_is_kept_and_learned_from(store):
    saved = save(store, "k1", recording="3f2a.wav")
    assert saved.recording == "3f2a.wav" and store.document(saved.document_id).latest == saved
    assert [document.audio for document in store.corrections()] == ["3f2a.wav"]
    assert save(store, "k2", document_id=saved.document_id).recording == ""
    assert [document.audio for document in store.corrections()] == [None]


def test_the_pictures_beside_a_text_are_kept_in_their_order_and_learned_from(store):
    saved = save(store, "k1", pictures=["b.jpg", "a.jpg"])
    assert saved.pictures == ("b.jpg", "a.jpg") and store.document(saved.document_id).latest == saved
    assert [document.images for document in store.corrections()] == [("b.jpg", "a.jpg")]
    assert save(store, "k2", document_id=saved.document_id).pictures == ()
    assert [document.images for document in store.corrections()] == [()]


@pytest.mark.parametrize("number", ["0001", "0002", "0003", "0004"])
def test_an_older_database_opens_with_all_it_has(url, number):
    older = Store.open(url)
    saved = save(older, "k1")
    with older._database.rebuilding() as connection:
        migrations.downgrade(connection, number)
    older.close()
    newer = Store.open(url)
    assert newer.revisions(saved.document_id) == [saved]
    again = save(newer, "k2", readings={0: "zuo2"}, recording="3f2a.wav", pictures=["5c.jpg"])
    assert (again.readings, again.recording, again.pictures) == ({0: "zuo2"}, "3f2a.wav", ("5c.jpg",))
    newer.close()


def test_everything_is_there_after_opening_again(url):
    store = Store.open(url)
    saved = save(store, "k1")
    store.close()
    again = Store.open(url)
    assert again.document(saved.document_id).latest == saved
    again.close()


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_any_text_is_kept_exactly(sqlite, text):
    key = f"any-{text!r}"
    spans = [Span(0, len(text), text)] if text else []
    saved = save(sqlite, key, text=text, spans=spans, author=text)
    read = sqlite.document(saved.document_id)
    assert read.text == text
    assert read.latest is not None and read.latest.spans == tuple(spans) and read.latest.author == text


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    opened = Store.open(f"sqlite:///{tmp_path_factory.mktemp('texts')}/duomo.db")
    yield opened
    opened.close()


@pytest.mark.parametrize("text", [TEXT, "\r\n\r", "e\u0301 é ﬁ Å", "\u200b\ufeff\u2028", "𠀀𪜀🏳️‍🌈", "' OR 1=1; --", "%_\\"])
def test_awkward_texts_are_kept_exactly(store, text):
    saved = save(store, "k", text=text, spans=[])
    assert store.document(saved.document_id).text == text
    assert [found.text for found in store.search(FIRST, Criteria(text=text)).documents] == [text]
    assert store.find(text) == store.document(saved.document_id)
    assert store.find(text + "x") is None


@pytest.mark.parametrize(("text", "reason"), [("张三\x00", "character 3 .* NUL"), ("张\ud83d", r"character 2 .*U\+D83D")])
def test_what_no_database_can_hold_is_refused_and_nothing_saved(store, text, reason):
    with pytest.raises(StoreError, match=reason):
        save(store, "k", text=text, spans=[])
    with pytest.raises(StoreError, match=reason):
        save(store, "k", author=text)
    assert store.latest_revision() == 0


def test_a_span_beyond_the_text_is_refused(store):
    with pytest.raises(StoreError, match="reaches beyond the text"):
        save(store, "k", text="张三", spans=[Span(0, 3, "PER")])


def test_the_same_key_returns_the_same_revision(store):
    first = save(store, "k")
    assert save(store, "k", spans=()) == first
    assert len(store.reading.recent()) == 1


def test_the_same_key_from_many_threads_saves_once(store):
    together = threading.Barrier(8)

    def send(_):
        together.wait()
        return save(store, "k")

    with ThreadPoolExecutor(8) as pool:
        revisions = list(pool.map(send, range(8)))
    assert len({revision.id for revision in revisions}) == 1
    assert len(store.reading.recent()) == 1


def test_eight_threads_lose_nothing(store):
    document_id = save(store, "first").document_id

    def annotate(annotator):
        for number in range(50):
            save(store, f"{annotator}-{number}", document_id=document_id, author=str(annotator))
            assert store.reading.recent(limit=1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(annotate, range(8)))
    history = store.revisions(document_id)
    assert [revision.number for revision in history] == list(range(1, 402))
    assert len({revision.client_key for revision in history}) == 401


def test_processes_that_open_an_empty_database_together_lose_nothing(url):
    script = """if True:
        import sys
        from workbench.store import Store
        store = Store.open(sys.argv[1])
        for number in range(20):
            store.save("张三", [], author="a", labels=[], client_key=f"{sys.argv[2]}-{number}")
    """
    command = [sys.executable, "-c", script, url]
    processes = [subprocess.Popen([*command, str(n)], cwd=ROOT, stderr=subprocess.PIPE, text=True) for n in range(3)]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    store = Store.open(url)
    assert len(store.reading.recent(limit=100)) == 60
    store.close()


def test_two_people_on_one_document_are_both_kept(store):
    first = save(store, "a")
    hers = save(store, "b", document_id=first.document_id, base_revision=first.id, author="她", spans=SPANS[:1])
    his = save(store, "c", document_id=first.document_id, base_revision=first.id, author="他", spans=SPANS[1:])
    assert (hers.conflicted, his.conflicted) == (False, True)
    assert (his.number, his.base_revision) == (3, first.id)
    assert store.revisions(first.document_id) == [first, hers, his]


def test_another_text_cannot_be_saved_as_a_revision(store):
    first = save(store, "a")
    with pytest.raises(StoreError, match="another text"):
        save(store, "b", text="别的", spans=[], document_id=first.document_id)
    with pytest.raises(StoreError, match="no document 99"):
        save(store, "b", document_id=99)
    with pytest.raises(StoreError, match="no document 99"):
        store.document(99)


def test_recent_is_by_last_save(store):
    ids = [save(store, f"k{n}", text=f"第{n}句：张三。", spans=[]).document_id for n in range(4)]
    save(store, "again", text="第1句：张三。", spans=[], document_id=ids[1])
    assert [document.id for document in store.reading.recent()] == [ids[1], ids[3], ids[2], ids[0]]
    assert [document.id for document in store.reading.recent(limit=2)] == [ids[1], ids[3]]
    assert [document.revisions_count for document in store.reading.recent()] == [2, 1, 1, 1]


def test_corrections_are_the_latest_of_each_text(store):
    first = save(store, "a")
    save(store, "b", text="张三来了。", spans=[Span(0, 2, "PER")])
    save(store, "c", document_id=first.document_id, spans=SPANS[:1])
    twice = save(store, "d", text="张三来了。", spans=[])
    corrections = store.corrections()
    assert [(document.text, document.spans) for document in corrections] == [(TEXT, SPANS[:1]), ("张三来了。", ())]
    assert corrections[1].meta["revision"] == str(twice.id)
    assert store.corrections_count(0) == 2
    assert store.latest_revision() == twice.id
    assert [d.text for d in store.corrections(after_revision=twice.id - 1)] == ["张三来了。"]
    assert store.corrections_count(twice.id - 1) == 1
    assert store.corrections_count(twice.id) == 0
    assert store.corrections(since=datetime.now(timezone.utc) + timedelta(hours=1)) == []
    assert len(store.corrections(since=twice.created)) == 1


def test_runs_and_what_became_of_them(store):
    store.runs.add("r1", "/runs/r1", "zh-news-small", 7)
    store.runs.add("r2", "/runs/r2", "zh-news-small", 9)
    store.runs.mark("r1", "used")
    assert [(run.run_id, run.folder, run.last_revision, run.decision) for run in store.runs.all()] == [
        ("r2", "/runs/r2", 9, ""),
        ("r1", "/runs/r1", 7, "used"),
    ]
    with pytest.raises(StoreError, match="no run r3"):
        store.runs.mark("r3", "kept")
    with pytest.raises(StoreError, match="a run r1 already"):
        store.runs.add("r1", "", "", 0)


def test_what_was_called_a_comparison_of_arms_is_one(store):
    store.runs.add("arms-20261120-1", "/runs/a", "", 0, kind="comparison")
    store.runs.add("20261120-2", "/runs/b", "zh-news-small", 7)
    with store._database.rebuilding() as connection:
        migrations.downgrade(connection, "0012")
        migrations.upgrade(connection)
    assert {run.run_id: run.kind for run in store.runs.all()} == {"arms-20261120-1": "comparison", "20261120-2": "retraining"}


def test_settings_are_kept(store):
    assert store.settings.get("checkpoint") is None
    assert store.settings.get("checkpoint", "none") == "none"
    store.settings.set("checkpoint", "zh-news-small")
    store.settings.set("checkpoint", {"name": "新的", "parts": [1, None]})
    assert store.settings.get("checkpoint", "none") == {"name": "新的", "parts": [1, None]}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE revisions SET author = 'x'",
        "DELETE FROM revisions",
        "UPDATE documents SET text = 'x'",
        "DELETE FROM documents",
        "TRUNCATE revisions CASCADE",
        "TRUNCATE documents CASCADE",
        "INSERT OR REPLACE INTO documents (id, text, digest, created) SELECT id, 'x', digest, created FROM documents",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_saved(store, url, statement):
    only_on = {"TRUNCATE": "postgresql", "INSERT": "sqlite"}.get(statement.split()[0])
    if only_on and not url.startswith(only_on):
        pytest.skip(f"{statement.split()[0]} is of {only_on}")
    saved = save(store, "k")
    with pytest.raises(StoreError, match="keeps every revision"), store._database.writing() as session:
        session.execute(sa.text(statement))
    assert store.document(saved.document_id).latest == saved


def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/duomo.db")
    saved = save(store, "k")
    sa.event.listen(store._database._engine, "begin", lambda c: c.exec_driver_sql("PRAGMA max_page_count=1"))
    with pytest.raises(StoreError, match=r"full; free some space"):
        save(store, "k2", text="长" * 100_000, spans=[])
    assert store.document(saved.document_id).latest == saved
    store.close()


def test_a_database_that_cannot_be_written_is_told(tmp_path):
    Store.open(f"sqlite:///{tmp_path}/duomo.db").close()
    with pytest.raises(StoreError, match="cannot be opened for writing"):
        Store.open(f"sqlite:///file:{tmp_path}/duomo.db?mode=ro&uri=true")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose another --workspace"):
        Store.open(f"sqlite:///{tmp_path}/file/duomo.db")


def test_a_held_database_is_told(tmp_path):
    store, other = (Store.open(f"sqlite:///{tmp_path}/duomo.db") for _ in range(2))
    sa.event.listen(store._database._engine, "checkout", lambda c, *_: c.execute("PRAGMA busy_timeout=50"))
    with other._database.writing(), pytest.raises(StoreError, match="held by another program"):
        save(store, "k")
    assert save(store, "k").number == 1
    store.close()
    other.close()


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "notes.db").write_text("这不是数据库。" * 100)
    with pytest.raises(StoreError, match=r"damaged or is not Duomo's"):
        Store.open(f"sqlite:///{tmp_path}/notes.db")


def test_a_newer_database_is_told(url):
    store = Store.open(url)
    with store._database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError, match="newer Duomo"):
        Store.open(url)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nonsense", "not a database address"),
        ("mysql://localhost/duomo", "SQLite or PostgreSQL, not in mysql"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_other_databases_are_refused(address, reason):
    with pytest.raises(StoreError, match=reason):
        Store.open(address)


def test_an_unreachable_server_is_told_without_the_password():
    pytest.importorskip("psycopg", reason="psycopg, of the extra postgres, is not installed")
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        Store.open("postgresql://duomo:geheim@127.0.0.1:1/duomo")
    assert "geheim" not in str(caught.value)


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="pip install"):
        Store.open("postgresql://localhost/duomo")


def test_what_is_undecided_is_kept_and_nothing_is_learned_from_it(store):
    text, proposals = "张伟在北京", (Span(3, 5, "LOC", 0.6),)
    options = {"author": "", "labels": ("PER", "LOC")}
    partly = store.save(
        text, [Span(0, 2, "PER", 0.9)], client_key="partly", proposals=proposals, evidence=[{"start": 0}], **options
    )
    assert store.document(partly.document_id).latest.proposals == proposals
    assert store.corrections() == [] and store.corrections_count(0) == 0
    store.save(text, [Span(0, 2, "PER", 0.9)], client_key="whole", document_id=partly.document_id, **options)
    assert [document.text for document in store.corrections()] == [text] and store.corrections_count(0) == 1


def test_notes_are_settled_by_who_wrote_them(store):
    document = store.save("张伟在北京", [], author="", labels=(), client_key="one").document_id
    store.notes.add(document, "赵敏", "她的")
    store.notes.settle(document, "", [(None, "谁？"), ((0, 2), "名字"), (None, " ")])
    store.notes.settle(document, "", [((0, 2), "名字"), ((3, 5), "首都")])
    found = [(note.account, note.text, note.extent, note.closed) for note in store.notes.of(document)]
    assert found == [
        ("赵敏", "她的", None, False),
        ("", "谁？", None, True),
        ("", "名字", (0, 2), False),
        ("", "首都", (3, 5), False),
    ]


def test_what_is_read_together_is_read_by_one_session_and_nothing_is_written_meanwhile(store):
    document = save(store, "k").document_id
    with store.together():
        with store._database.reading() as one, store._database.reading() as other:
            assert one is other
        assert store.document(document).text == TEXT
        with pytest.raises(RuntimeError, match="nothing is written"):
            store.settings.set("a", 1)
    store.settings.set("a", 1)
    assert store.settings.get("a") == 1


def test_what_another_process_changes_is_known_at_once(url):
    here, there = Store.open(url), Store.open(url)
    there.accounts.create("admin", "correct horse", "admin")
    there.accounts.create("a", "password of a")
    assert not here.projects.admits(FIRST, "a") and here.labels.list(FIRST) == ()
    there.projects.admit(FIRST, "a")
    there.labels.put(FIRST, [Label("PER")])
    assert here.projects.admits(FIRST, "a") and [label.name for label in here.labels.list(FIRST)] == ["PER"]
    there.labels.rename(FIRST, "PER", "人名")
    there.projects.change(FIRST, blind=True, name="医疗")
    assert here.labels.becomes(FIRST) == {"PER": "人名"} and here.projects.get(FIRST).name == "医疗"
    saved = save(there, "k1", author="admin")
    assert here.reading.view(saved.document_id, "a").others == ()
    there.accounts.disable("a")
    assert here.projects.role(FIRST, "a") is None
    with pytest.raises(StoreError, match="no part in project"):
        here.reading.view(saved.document_id, "a")
    here.close()
    there.close()


def test_what_was_undone_is_not_remembered(store):
    store.labels.put(FIRST, [Label("PER", key="p"), Label("LOC")])
    with pytest.raises(StoreError, match="the key p"):
        store.labels.put(FIRST, [Label("LOC", key="p")])
    assert [label.key for label in store.labels.list(FIRST)] == ["p", ""]


def test_a_database_that_was_restarted_is_gone_on_with_at_once(postgresql_to_kill):
    store = Store.open(postgresql_to_kill.database("restarted"))
    saved = save(store, "k1")
    postgresql_to_kill.kill()
    postgresql_to_kill.start()
    assert store.document(saved.document_id).latest == saved
    postgresql_to_kill.kill()
    postgresql_to_kill.start()
    assert save(store, "k2", document_id=saved.document_id).number == 2
    store.close()
