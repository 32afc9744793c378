"""Projects, labels, accounts, assignments, adjudication, search and the recycle bin, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.document import Document, Span
from workbench.store import FIRST, Criteria, Event, Label, Outlook, Pick, Revision, Store, StoreError, migrations
from workbench.store.accounts import Accounts

TEXT = "昨天李小龙从𠮷林回到上海，😀"
SPANS = (Span(2, 5, "PER"), Span(6, 8, "LOC"), Span(10, 12, "LOC"))
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    monkeypatch.setattr("workbench.store.accounts.PasswordHasher", lambda: QUICK)


def save(store, key, text=TEXT, spans=SPANS, **more):
    return store.save(text, spans, **{"author": "", "labels": ["PER", "LOC"], "client_key": key, **more})


def people(store, *names):
    store.accounts.create("admin", "correct horse", "admin")
    for name in names:
        store.accounts.create(name, f"password of {name}")


def crowded(store, **choices):
    """Make a project of four documents, with a curator and three annotators."""
    people(store, "a", "b", "c", "curator")
    project = store.projects.create("医疗", **choices).id
    for name in "abc":
        store.projects.admit(project, name)
    store.projects.admit(project, "curator", "curator")
    documents = [Document(f"第{n}句：{TEXT}", id=f"d{n}") for n in range(4)]
    return project, store.documents.add(project, documents).ids


def test_there_is_a_first_project_and_more_can_be_made(store):
    assert [project.id for project in store.projects.list()] == [FIRST]
    made = store.projects.create("医疗", guidelines="# 规则", overlap=2, blind=True)
    assert store.projects.get(made.id) == made
    assert (made.guidelines, made.overlap, made.blind, made.nested) == ("# 规则", 2, True, True)
    with pytest.raises(StoreError, match="a project 医疗 already"):
        store.projects.create(" 医疗 ")
    with pytest.raises(StoreError, match="1 to 20 annotators"):
        store.projects.create("x", overlap=0)
    changed = store.projects.change(made.id, guidelines="# 新规则", by="她")
    (event,) = store.events.list(made.id, kinds=["project"], limit=1)
    assert changed.guidelines == "# 新规则"
    assert (event.account, event.payload) == ("她", {"changes": {"guidelines": ["# 规则", "# 新规则"]}})
    store.projects.archive(made.id)
    assert [p.id for p in store.projects.list()] == [FIRST] and len(store.projects.list(archived=True)) == 2


def test_a_text_may_stand_in_two_projects(store):
    project = store.projects.create("医疗").id
    here, there = save(store, "1"), save(store, "2", project=project, spans=())
    assert here.document_id != there.document_id
    assert store.find(TEXT).id == here.document_id and store.find(TEXT, project).id == there.document_id
    assert [len(store.corrections(project=p)[0].spans) for p in (FIRST, project)] == [3, 0]
    assert [document.id for document in store.reading.recent()] == [here.document_id]


def test_labels_are_described_ordered_and_retired(store):
    per = Label("PER", "人物", "person", "#c04a2f", "p", "真实的人。", ("李小龙",))
    assert store.labels.put(FIRST, [per, Label("LOC", key="l")]) == (per, Label("LOC", key="l"))
    assert [label.name for label in store.labels.order(FIRST, ["LOC"])] == ["LOC", "PER"]
    store.labels.retire(FIRST, "PER")
    assert [label.name for label in store.labels.list(FIRST)] == ["LOC"]
    for wrong, reason in [
        (Label("X", colour="red"), "not a colour"),
        (Label("X", key="l"), "both LOC's and X's"),
        (Label(" "), "name"),
    ]:
        with pytest.raises(StoreError, match=reason):
            store.labels.put(FIRST, [wrong])
    assert "X" not in [label.name for label in store.labels.list(FIRST, all=True)]


def test_renaming_and_merging_loses_no_annotation_and_can_be_taken_back(store):
    store.labels.put(FIRST, [Label("PER", "人物", key="p"), Label("LOC"), Label("GPE")])
    saved = save(store, "1", spans=[*SPANS, Span(6, 8, "GPE")], prediction=SPANS, checkpoint="m")
    assert store.search(FIRST, Criteria(disagreement=True)).total == 1
    store.labels.rename(FIRST, "PER", "人物")
    store.labels.merge(FIRST, "GPE", "LOC")
    latest = store.document(saved.document_id).latest
    assert [span.key for span in latest.spans] == [(2, 5, "人物"), (6, 8, "LOC"), (10, 12, "LOC")]
    assert store.search(FIRST, Criteria(disagreement=True)).total == 0
    assert [label.name for label in store.labels.list(FIRST)] == ["人物", "LOC"]
    assert store.labels.list(FIRST)[0].key == "p"
    assert [store.search(FIRST, Criteria(labels=(label,))).total for label in ("人物", "LOC", "PER", "ORG")] == [1, 1, 1, 0]
    assert store.labels.used(FIRST) == {"LOC": 3, "人物": 1}
    store.labels.part(FIRST, "GPE")
    store.labels.rename(FIRST, "人物", "PER")
    assert store.document(saved.document_id).latest == saved
    with pytest.raises(StoreError, match="a label LOC already; merge"):
        store.labels.rename(FIRST, "PER", "LOC")
    with pytest.raises(StoreError, match="read as PER now"):
        store.labels.merge(FIRST, "人物", "LOC")


def test_passwords_are_checked_and_never_kept(store, url):
    people(store, "ann")
    assert store.accounts.check("ann", "password of ann").name == "ann"
    for name, password in [
        ("ann", "password of bob"),
        ("nobody", "password of ann"),
        ("ann", ""),
        ("a\x00", "x"),
        ("ann", "é" * 9999),
    ]:
        assert store.accounts.check(name, password) is None
    store.accounts.change_password("ann", "e\u0301 new one")
    assert store.accounts.check("ann", "password of ann") is None
    assert store.accounts.check("ann", "é new one")
    store.accounts.disable("ann")
    assert store.accounts.check("ann", "é new one") is None
    with store._database.reading() as session:
        tables = sa.inspect(session.connection()).get_table_names()
        everything = "".join(str(session.execute(sa.text(f"SELECT * FROM {table}")).all()) for table in tables)
    assert "password of" not in everything and "$argon2id$" in everything


def test_accounts_that_cannot_be_are_refused_and_an_admin_stays(store):
    with pytest.raises(StoreError, match="first account must be an admin"):
        store.accounts.create("ann", "long enough")
    people(store, "ann")
    with pytest.raises(StoreError, match="an account ann already"):
        store.accounts.create("ann", "long enough")
    with pytest.raises(StoreError, match="8 to 1024 characters"):
        store.accounts.create("bob", "short")
    for undo in (lambda: store.accounts.disable("admin"), lambda: store.accounts.change("admin", role="annotator")):
        with pytest.raises(StoreError, match="the only admin"):
            undo()


def test_a_hash_with_old_parameters_is_made_anew(store):
    people(store, "ann")
    stronger = Accounts(store._database, PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert stronger.check("ann", "wrong password") is None and stronger.check("ann", "password of ann")
    with store._database.reading() as session:
        hashes = dict(session.execute(sa.text("SELECT name, hash FROM accounts")).all())
    assert "m=16,t=2" in hashes["ann"] and "m=8,t=1" in hashes["admin"]


def test_an_unknown_name_is_verified_too(store):
    people(store, "ann")
    verified = []

    class Counting(PasswordHasher):
        def verify(self, hash, password):
            verified.append(hash)
            return super().verify(hash, password)

    accounts = Accounts(store._database, Counting(time_cost=1, memory_cost=8, parallelism=1))
    assert accounts.check("ann", "wrong") is None and accounts.check("nobody", "wrong") is None
    assert len(verified) == 2 and all(hash.startswith("$argon2id$v=19$m=8,t=1,p=1$") for hash in verified)


def test_roles(store):
    assert store.projects.role(FIRST, "anybody") == "admin"
    project, _ = crowded(store)
    roles = [store.projects.role(project, name) for name in ("admin", "curator", "a", "nobody")]
    assert roles == ["admin", "curator", "annotator", None]
    assert [p.id for p in store.projects.list(account="a")] == [project]
    store.projects.dismiss(project, "a")
    store.accounts.disable("curator")
    assert [store.projects.role(project, name) for name in ("a", "curator")] == [None, None]


def test_documents_come_in_once_with_all_that_belongs_to_them(store):
    document = Document(
        TEXT, SPANS, id="post-1", images=("/x/a.jpg",), audio="/y/b.wav", meta={"topic": "体育"}, readings={2: "li3"}
    )
    first = store.documents.add(FIRST, [document, Document("没有标注。", id="post-2")])
    assert (len(first.ids), first.known) == (2, 0)
    stored = store.document(first.ids[0])
    assert (stored.name, stored.meta, stored.pictures, stored.recording) == ("post-1", {"topic": "体育"}, ("a.jpg",), "b.wav")
    assert (stored.latest.layer, stored.latest.spans, stored.latest.readings) == ("imported", SPANS, {2: "li3"})
    assert store.document(first.ids[1]).latest is None and stored.status == "open"
    assert store.documents.add(FIRST, [document]).known == 1
    assert store.corrections() == []
    (answer,) = store.reading.answers(FIRST)
    assert (answer.id, answer.spans, answer.meta["topic"], answer.meta["layer"]) == ("post-1", SPANS, "体育", "imported")
    with pytest.raises(StoreError, match="NUL"):
        store.documents.add(FIRST, [Document("好"), Document("坏\x00")])
    assert store.search(FIRST).total == 2


def test_documents_are_dealt_evenly_and_handed_out(store):
    project, ids = crowded(store, overlap=2)
    assert store.assignments.assign(project, ["a", "b", "c"], seed=3) == 8
    assert sorted(p.given for p in store.assignments.progress(project)) == [2, 3, 3]
    assert all(len(store.assignments.of(document)) == 2 for document in ids)
    assert store.assignments.assign(project, ["a", "b", "c"], seed=4) == 0
    mine = store.assignments.next(project, "a")
    with pytest.raises(StoreError, match="nothing is saved"):
        store.marks.finish(mine, "a")
    text = store.document(mine).text
    save(store, "a1", text, (), document_id=mine, author="a")
    store.marks.finish(mine, "a")
    assert store.document(mine).status == "begun"
    (other,) = [given.account for given in store.assignments.of(mine) if given.account != "a"]
    save(store, "b1", text, (), document_id=mine, author=other)
    store.marks.finish(mine, other)
    assert store.document(mine).status == "finished"
    second = store.assignments.next(project, "a")
    assert second != mine
    store.marks.skip(second, "a", "看不懂")
    assert store.assignments.next(project, "a") not in (mine, second)
    store.marks.reopen(mine, "a")
    assert store.document(mine).status == "begun" and store.assignments.next(project, "a") == mine
    given = next(p for p in store.assignments.progress(project) if p.account == "a")
    assert (given.finished, given.skipped, given.waiting) == (0, 1, given.given - 1)
    assert store.assignments.take_back(project, "a") == given.given
    with pytest.raises(StoreError, match="5 annotators"):
        store.assignments.assign(project, ["a", "b"], overlap=5)
    with pytest.raises(StoreError, match="nobody is no member"):
        store.assignments.assign(project, ["nobody"], overlap=1)


def test_next_goes_on_and_comes_round(store):
    ids = store.documents.add(FIRST, [Document(f"第{n}句。", id=str(n)) for n in range(3)]).ids
    assert store.assignments.next(FIRST, "") is None
    assert store.assignments.next(FIRST, "", unassigned=True) == ids[0]
    assert store.assignments.next(FIRST, "", after=ids[0], unassigned=True) == ids[1]
    assert store.assignments.next(FIRST, "", after=ids[2], unassigned=True) == ids[0]
    store.assignments.assign(FIRST, ["x"], documents=[ids[2], ids[0]])
    assert store.assignments.next(FIRST, "x") == ids[2]
    assert store.assignments.next(FIRST, "x", after=ids[2]) == ids[0]
    assert store.assignments.next(FIRST, "x", after=ids[0]) == ids[2]


def test_blind_annotators_see_only_their_own(store):
    project, (document, *_) = crowded(store, blind=True)
    text = store.document(document).text
    hers = save(store, "a", text, SPANS[:1], document_id=document, author="a")
    his = save(store, "b", text, SPANS[1:2], document_id=document, author="b", base_revision=None)
    gold = store.adjudicate(document, SPANS[:2], author="curator", client_key="g", sources=[hers.id, his.id])
    store.notes.add(document, "b", "这里是地名吗？", (2, 5))
    view, all_of_it = store.reading.view(document, "a"), store.reading.view(document, "curator")
    assert (view.own, view.begin, view.others, view.gold, view.blind) == (hers, hers, (), None, True)
    assert (view.document.latest, view.document.status) == (hers, "begun")
    assert (all_of_it.others, all_of_it.gold, all_of_it.blind) == ((hers, his), gold, False)
    assert [entry for entry in store.reading.history(document, "a") if isinstance(entry, Revision)] == [hers]
    assert len(store.reading.history(document)) == 5
    assert store.notes.of(document, "a") == () and len(store.notes.of(document, "b")) == 1
    found = store.search(project, Criteria(author="b"), account="a")
    assert found.total == 0 and store.search(project, Criteria(author="b")).total == 1
    assert store.search(project, Criteria(labels=("LOC",)), account="a").total == 0
    assert [d.latest for d in store.search(project, Criteria(status="begun"), account="a").documents] == [hers]
    with pytest.raises(StoreError, match="has no part"):
        store.reading.view(document, "nobody")


def test_independent_annotators_do_not_conflict_and_gold_is_kept_beside(store):
    _, (document, *_) = crowded(store, overlap=2)
    text = store.document(document).text
    hers = save(store, "a", text, SPANS[:1], document_id=document, author="a")
    his = save(store, "b", text, SPANS[1:], document_id=document, author="b", base_revision=hers.id)
    again = save(store, "a2", text, SPANS, document_id=document, author="a", base_revision=hers.id)
    assert (his.conflicted, again.conflicted) == (False, False)
    assert save(store, "a3", text, (), document_id=document, author="a", base_revision=hers.id).conflicted
    with pytest.raises(StoreError, match="no curator"):
        store.adjudicate(document, (), author="a", client_key="g", sources=[])
    with pytest.raises(StoreError, match="99 is no revision"):
        store.adjudicate(document, (), author="curator", client_key="g", sources=[99])
    gold = store.adjudicate(document, SPANS, author="curator", client_key="g", sources=[his.id, again.id])
    assert (gold.layer, gold.sources) == ("gold", (his.id, again.id))
    assert store.adjudicate(document, (), author="curator", client_key="g", sources=[]) == gold
    save(store, "b2", text, (), document_id=document, author="b")
    project = store.document(document).project_id
    assert store.document(document).status == "gold"
    assert [d.spans for d in store.reading.answers(project)] == [SPANS]
    assert [d.spans for d in store.reading.answers(project, author="b")] == [()]
    assert [d.spans for d in store.corrections(project=project)] == [SPANS]
    assert store.reading.authors(project) == ("a", "b")


def test_the_recycle_bin_gives_everything_back(store):
    saved = save(store, "1")
    assert store.documents.delete([saved.document_id], by="她") == 1 and store.documents.delete([saved.document_id]) == 0
    assert (store.find(TEXT), store.reading.recent(), store.corrections(), store.search(FIRST).total) == (None, [], [], 0)
    assert store.labels.used(FIRST) == {}
    assert [d.id for d in store.documents.deleted(FIRST)] == [saved.document_id]
    store.documents.restore([saved.document_id], by="他")
    assert store.documents.deleted(FIRST) == [] and store.find(TEXT).latest == saved
    assert [(e.kind, e.account) for e in store.reading.history(saved.document_id) if isinstance(e, Event)] == [
        ("deleted", "她"),
        ("restored", "他"),
    ]
    with pytest.raises(StoreError, match="no document 99"):
        store.documents.delete([saved.document_id, 99])
    assert store.documents.deleted(FIRST) == []


def test_history_tells_everything_in_order(store):
    (document,) = store.documents.add(FIRST, [Document(TEXT, SPANS[:1], id="d")], by="她").ids
    save(store, "1", document_id=document, evidence={"heatmap": [[0.5]]})
    note = store.notes.add(document, "他", "？", (0, 2))
    store.marks.flag(document, "他", "难")
    store.notes.close(note, "她")
    store.marks.finish(document, "")
    told = [entry.layer if isinstance(entry, Revision) else entry.kind for entry in store.reading.history(document)]
    assert told == ["imported", "imported", "annotation", "note", "flagged", "note_closed", "finished"]
    assert store.notes.of(document)[0].closed and store.search(FIRST, Criteria(flagged=True)).total == 1
    last = store.revisions(document)[-1]
    assert store.reading.evidence(last.id) == {"heatmap": [[0.5]]} and store.reading.evidence(1) is None
    store.marks.unflag(document, "她")
    assert store.search(FIRST, Criteria(flagged=False, status="finished")).total == 1


@pytest.mark.parametrize("statement", ["UPDATE events SET account = 'x'", "DELETE FROM events", "DELETE FROM evidence"])
def test_events_and_evidence_cannot_be_changed(store, statement):
    saved = save(store, "1", evidence=[1])
    store.documents.delete([saved.document_id])
    with pytest.raises(StoreError, match="keeps every"), store._database.writing() as session:
        session.execute(sa.text(statement))


def test_search_is_by_everything_and_counts_all(store):
    store.documents.add(FIRST, [Document("100%_纯棉", id="Zeile"), Document("NBA 总决赛", id="b")])
    agreed = save(store, "1", prediction=SPANS, checkpoint="m", author="a")
    save(store, "2", "张三来了。", [Span(0, 2, "PER")], prediction=[Span(0, 1, "PER", 0.5)], checkpoint="m", author="b")

    def texts(**criteria):
        return [document.text for document in store.search(FIRST, Criteria(**criteria)).documents]

    assert texts(text="nba") == ["NBA 总决赛"] == texts(text="B", order="name")[-1:]
    assert texts(text="%_") == ["100%_纯棉"] == texts(text="zEILE") and texts(text="%") == ["100%_纯棉"]
    assert texts(author="a") == [TEXT] == texts(labels=("LOC",)) == texts(disagreement=False)
    assert texts(disagreement=True) == ["张三来了。"] and texts(labels=("PER",)) == ["张三来了。", TEXT]
    assert texts(status="open", order="name") == ["100%_纯棉", "NBA 总决赛"]
    assert texts(order="oldest")[0] == "100%_纯棉" and texts(order="longest")[0] == TEXT
    page = store.search(FIRST, limit=1, offset=1)
    assert (page.total, [d.id for d in page.documents]) == (4, [agreed.document_id])
    save(store, "3", document_id=agreed.document_id, author="a", base_revision=agreed.id - 1, spans=())
    assert texts(conflicted=True) == [TEXT] and texts(labels=("LOC",)) == []


def test_search_is_by_who_says_a_label_and_by_length_in_code_points(store):
    imported = [Document("𠮷林😀", (Span(0, 2, "LOC"),), id="d0"), Document("上海", id="d1"), Document("他走了吗", id="d2")]
    first, second, third = store.documents.add(FIRST, imported).ids
    store.save(
        "上海", (), author="a", labels=[], client_key="1", document_id=second, checkpoint="m", prediction=[Span(0, 2, "地点")]
    )
    store.selections.choose(FIRST, [Pick(third, "chosen", (Span(0, 1, 'P"R'),))], strategy="random", checkpoint="m")

    def found(**criteria):
        return [document.id for document in store.search(FIRST, Criteria(order="oldest", **criteria)).documents]

    assert found(labels=("LOC", "ORG")) == [first] == found(labels=("LOC",), labels_by="imported")
    assert found(labels=("LOC",), labels_by="annotation") == [] == found(labels=("LOC",), labels_by="gold")
    assert found(labels=("地点", 'P"R'), labels_by="predicted") == [second, third]
    assert found(labels=("地",), labels_by="predicted") == [] == found(labels=("R",), labels_by="predicted")
    store.labels.put(FIRST, [Label("地点")])
    store.labels.rename(FIRST, "地点", "place")
    assert found(labels=("place",), labels_by="predicted") == [second]
    assert found(at_least=3) == [first, third] and found(at_most=3) == [first, second] and found(at_least=3, at_most=3) == [first]


def test_documents_that_are_found_are_dealt_and_no_others(store):
    project, ids = crowded(store)
    more = store.documents.add(project, [Document("短", id="s"), Document("长" * 40, (Span(0, 1, "PER"),), id="l")]).ids
    asked = Criteria(at_most=1, order="oldest")
    assert store.assignments.preview(project, ["a", "b"], overlap=2, documents=asked) == Outlook(1, {"a": 1, "b": 1})
    assert store.assignments.preview(project, [], documents=Criteria(labels=("PER",))) == Outlook(1, {})
    assert store.assignments.assign(project, ["a", "b"], overlap=2, documents=asked) == 2
    assert store.assignments.assign(project, ["a"], documents=Criteria(labels=("PER",), at_least=30)) == 1
    assert [[given.account for given in store.assignments.of(document)] for document in more] == [["a", "b"], ["a"]]
    assert not any(store.assignments.of(document) for document in ids)


ANY = st.text(st.sampled_from("aA%_\\'é張𠮷😀 "), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY.filter(bool), min_size=1, max_size=6), part=ANY)
def test_search_finds_what_python_finds(tmp_path_factory, texts, part):
    store = Store.open(f"sqlite:///{tmp_path_factory.mktemp('search')}/duomo.db")
    store.documents.add(FIRST, [Document(text, id=str(number)) for number, text in enumerate(texts)])

    def fold(value):
        return "".join(c.lower() if c.isascii() else c for c in value)

    found = store.search(FIRST, Criteria(text=part, order="oldest"))
    assert [d.text for d in found.documents] == [text for text in texts if fold(part) in fold(text)]
    assert found.total == len(found.documents)
    store.close()


def test_forty_writers_lose_nothing_and_meet_no_lock(store):
    ids = store.documents.add(FIRST, [Document(f"第{n}句：{TEXT}", id=str(n)) for n in range(40)]).ids

    def annotate(n):
        for turn in range(5):
            save(store, f"{n}-{turn}", f"第{n}句：{TEXT}", SPANS, document_id=ids[n], author=str(n))
        store.marks.finish(ids[n], str(n))

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(annotate, range(40)))
    assert store.latest_revision() == 200
    assert store.search(FIRST, Criteria(status="finished")).total == 40


def contents(store):
    """Return every row of every table, moments in UTC."""
    with store._database.reading() as session:
        metadata = sa.MetaData()
        metadata.reflect(session.connection())
        tables = {name: session.execute(table.select()).all() for name, table in metadata.tables.items()}
    return {name: sorted(map(repr, rows)) for name, rows in tables.items() if name != "alembic_version"}


def test_migrations_go_forward_and_back_on_a_filled_database(store):
    _, (document, second, third, *_) = crowded(store)
    text = store.document(document).text
    hers = save(store, "a", text, SPANS, document_id=document, author="a", prediction=SPANS, checkpoint="m")
    save(store, "b", text, SPANS[:1], document_id=document, author="b")
    gold = store.adjudicate(document, SPANS, author="curator", client_key="g", sources=[hers.id])
    again = store.adjudicate(document, (), author="admin", client_key="g2", sources=[gold.id])
    save(store, "c", store.document(second).text, (), document_id=second, author="a")
    store.marks.finish(second, "a")
    store.marks.flag(second, "a", "难")
    store.documents.delete([third])
    whole = contents(store)
    with store._database.rebuilding() as connection:
        migrations.downgrade(connection, "0006")
        migrations.upgrade(connection)
    assert contents(store) == whole
    with store._database.rebuilding() as connection:
        migrations.downgrade(connection, "0004")
        assert connection.execute(sa.text("SELECT count(*) FROM revisions")).scalar() == 5
        migrations.upgrade(connection)
    assert [r.id for r in store.revisions(document)][-1] == again.id
    assert [(d.id, d.status) for d in store.reading.recent(limit=2)] == [(second, "begun"), (document, "begun")]
    assert store.search(FIRST, Criteria(labels=("PER",), author="b")).total == 1
    assert store.search(FIRST, Criteria(disagreement=True)).total == 0


def test_answers_can_be_of_some_layers_or_finished_documents_and_of_every_document(store):
    documents = [Document(f"第{n}句：{TEXT}", SPANS[:0], id=f"d{n}", images=("a.jpg",)) for n in range(3)]
    first, second, _ = store.documents.add(FIRST, documents).ids
    moved = tuple(Span(span.start + 4, span.end + 4, span.label) for span in SPANS)
    made = save(store, "a", documents[0].text, moved, document_id=first)
    save(store, "b", documents[1].text, moved, document_id=second)
    store.adjudicate(first, moved[:1], author="", client_key="g", sources=[made.id])

    def answers(**more):
        return {document.id: len(document.spans) for document in store.reading.answers(FIRST, **more)}

    assert answers() == {"d0": 1, "d1": 3} and answers(every=True) == {"d0": 1, "d1": 3, "d2": 0}
    assert answers(layers=("gold",)) == {"d0": 1} and answers(layers=("gold",), every=True) == {"d0": 1, "d1": 0, "d2": 0}
    assert answers(finished=True) == {"d0": 1}
    assert answers(author="") == {"d0": 3, "d1": 3}
    (untouched,) = [document for document in store.reading.answers(FIRST, every=True) if document.id == "d2"]
    assert untouched.images == ("a.jpg",) and untouched.meta["document"]


def test_a_flat_project_refuses_spans_that_overlap(store):
    flat, nested = store.projects.create("扁平", nested=False).id, store.projects.create("嵌套").id
    apart, across = [Span(0, 2, "PER"), Span(2, 4, "LOC")], [Span(0, 2, "PER"), Span(1, 4, "LOC")]
    for project in (flat, nested):
        saved = save(store, f"apart {project}", "王芳上海", apart, project=project)
        assert saved.spans == tuple(apart)
    assert save(store, "nested", "王芳上海", across, project=nested).spans == tuple(across)
    (document,) = store.documents.add(flat, [Document("王芳上海", id="d")]).ids
    told = "“王芳” .PER, characters 1 to 2. and “芳上海” .LOC, 2 to 4. overlap.*remove one"
    twice = [Span(0, 2, "PER"), Span(0, 2, "ORG")]
    for number, spans in enumerate((across, twice)):
        with pytest.raises(StoreError, match="overlap, and spans of this project must not"):
            save(store, f"across {number}", "王芳上海", spans, document_id=document)
    with pytest.raises(StoreError, match=told):
        store.adjudicate(document, across, author="", client_key="gold", sources=[])
    with pytest.raises(StoreError, match=told):
        store.documents.add(flat, [Document("好", id="e"), Document("王芳上海", tuple(across), "f")])
    assert store.revisions(document) == [] and store.find("好", flat) is None
    # What was saved before the rule came stays, and is known when it is sent again.
    before = save(store, "before", "王芳上海", across, project=nested)
    store.projects.change(nested, nested=False)
    assert save(store, "before", "王芳上海", across, document_id=before.document_id) == before
    assert store.document(before.document_id).latest == before
    store.labels.put(flat, [Label("PER"), Label("ORG")])
    store.labels.merge(flat, "ORG", "PER")
    assert save(store, "one by now", "王芳上海", twice, document_id=document).spans == (Span(0, 2, "PER"),)


@pytest.mark.parametrize("limit", [1, 3, 30])
def test_recent_is_what_the_search_puts_first_for_whoever_asks(store, limit):
    people(store, "a", "b", "c")
    projects = [store.projects.create("盲", blind=True).id, store.projects.create("众").id]
    for project in projects:
        store.projects.admit(project, "a")
        store.projects.admit(project, "b")
    marked = Document(TEXT, SPANS)
    given = [(p, n) for p in projects for n in store.documents.add(p, [marked, *(Document(f"{k}号") for k in range(6))]).ids]
    saves = [(3, "a"), (1, "b"), (3, "b"), (5, "a"), (3, "a"), (9, "b"), (12, "a"), (9, "a"), (7, "a"), (0, "a")]
    for key, (which, author) in enumerate(saves):
        document = store.document(given[which][1])
        save(store, str(key), document.text, (), document_id=document.id, author=author)
    store.adjudicate(given[5][1], (), author="admin", client_key="gold", sources=[store.revisions(given[5][1])[-1].id])
    store.documents.delete([given[10][1], given[9][1]])
    for project in projects:
        for account in ("a", "b", "admin", None):
            recent = store.reading.recent(project, account=account, limit=limit)
            assert recent == [d.glance() for d in store.search(project, account=account, limit=limit).documents]
    with pytest.raises(StoreError, match="no part"):
        store.reading.recent(projects[0], account="c")
