"""What somebody sees and saves of a document: by its id, in its project, with its labels; and its versions."""

from pathlib import Path

import pytest
from sqlalchemy import event

from engine.document import Document, Span
from workbench import annotating, listing, versions
from workbench.annotating import key_of, read_act, sheet_of, sheet_with
from workbench.errors import UserError
from workbench.language import Texts
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import FIRST, Criteria, Label, Store, StoreError
from workbench.versions import Version

TEXT = "张伟在北京大学"
PER, ORG, LOC = Span(0, 2, "PER"), Span(3, 7, "ORG"), Span(3, 5, "LOC")


@pytest.fixture
def services(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/duomo.db"
    made = Services(Settings("127.0.0.1", 0, tmp_path, url), Store.open(url))
    yield made
    made.store.close()


def act(key, *spans, text=TEXT, base=None, **more):
    said = {"key": key, "client_key": f"{key}-{len(spans)}-{base}-{more.pop('n', 0)}", "text": text, "base_revision": base}
    marked = [{"start": s.start, "end": s.end, "label": s.label} for s in spans]
    return read_act({**said, "spans": marked, **more})


def save(services, *said, account="", project=FIRST, **more):
    return annotating.save(services, act(*said, **more), project, account, None)


def members(store, *names):
    store.accounts.create("admin", "correct horse", "admin")
    for name in names:
        store.accounts.create(name, f"password of {name}")


def test_of_two_documents_with_one_text_the_one_that_was_opened_is_saved(services):
    first, second = services.store.documents.add(FIRST, [Document(TEXT, id="a"), Document(TEXT, id="b")]).ids
    for number in (first, second):
        sheet = sheet_of(services, number, "")
        assert sheet.key == key_of(number)
        assert save(services, sheet.key, PER, base=0).document_id == number
    assert {bool(sheet_of(services, number, "").former) for number in (first, second)} == {True, False}
    with pytest.raises(StoreError, match="another text"):
        save(services, key_of(first), text="别的")


def test_a_text_that_is_not_stored_becomes_a_document_of_the_project_worked_in(services):
    project = services.store.projects.create("医疗").id
    sheet = sheet_with(services, TEXT, project, "")
    saved = save(services, sheet.key, PER, project=project, base=0)
    assert services.store.document(saved.document_id).project_id == project
    again = sheet_with(services, TEXT, project, "")
    assert (again.number, again.former, again.spans) == (saved.document_id, sheet.key, (PER,))
    assert sheet_with(services, TEXT, FIRST, "").number == 0


def test_of_two_who_begin_from_nothing_the_second_is_told(services):
    (number,) = services.store.documents.add(FIRST, [Document(TEXT)]).ids
    hers = save(services, key_of(number), PER, base=0)
    his = save(services, key_of(number), ORG, base=0, n=1)
    assert (hers.conflicted, his.conflicted) == (False, True)
    found = annotating.rival(services, his, "")
    assert found is not None and found.id == hers.id


def test_blind_annotators_see_and_save_only_their_own_and_strangers_nothing(services):
    members(services.store, "a", "b", "c")
    project = services.store.projects.create("盲", blind=True).id
    for name in ("a", "b"):
        services.store.projects.admit(project, name)
    (number,) = services.store.documents.add(project, [Document(TEXT)]).ids
    hers = save(services, key_of(number), PER, account="a", base=0)
    assert sheet_of(services, number, "b").spans == ()
    his = save(services, key_of(number), ORG, account="b", base=0, n=1)
    assert not his.conflicted and annotating.rival(services, his, "b") is None
    assert sheet_of(services, number, "a").begin == hers and sheet_of(services, number, "a").view.others == ()
    with pytest.raises(StoreError, match="no part"):
        sheet_of(services, number, "c")
    with pytest.raises(StoreError, match="no part"):
        save(services, key_of(number), LOC, account="c", n=2)


def test_labels_are_the_projects_with_names_colours_and_keys_where_it_has_any(services):
    store = services.store
    plain = [label["name"] for label in annotating.labels_of(services, FIRST, "zh", ["ODD"])]
    assert plain[-1] == "ODD"
    store.labels.put(FIRST, [Label("PER", "人物", "person", "#123456", "1"), Label("OLD"), Label("LOC")])
    store.labels.retire(FIRST, "OLD")
    found = annotating.labels_of(services, FIRST, "zh", ["OLD"])
    assert [(label["name"], label["key"]) for label in found] == [("PER", "1"), ("LOC", "2"), ("OLD", "")]
    assert (found[0]["title"], found[0]["color"], found[2]["retired"]) == ("人物", "#123456", True)
    assert annotating.labels_of(services, FIRST, "en")[0]["title"] == "person"
    proposals = [{"label": "PER", "alternatives": [{"label": "ORG"}, {"label": "LOC"}]}, {"label": "ORG"}]
    kept, foreign = annotating.offered(services, FIRST, proposals)
    assert kept == [{"label": "PER", "alternatives": [{"label": "LOC"}]}] and foreign == {"ORG"}


def test_pictures_and_a_recording_that_came_with_a_document_are_beside_it_and_stay(services):
    there = Document(TEXT, images=("/x/a.png",), audio="/x/b.wav")
    (number,) = services.store.documents.add(FIRST, [there]).ids
    saved = save(services, key_of(number), PER, base=0)
    assert (saved.pictures, saved.recording) == (("a.png",), "b.wav")
    assert sheet_of(services, number, "").beside["pictures"] == ("a.png",)


@pytest.mark.parametrize("wrong", [{}, {"text": "a", "spans": [{"start": 0, "end": 9, "label": "X"}], "client_key": "k"}])
def test_what_cannot_be_a_save_is_refused_in_words(wrong):
    with pytest.raises(UserError, match="annotate.save.error"):
        read_act(wrong)


def test_what_is_in_the_bin_is_not_opened_but_what_was_done_to_it_is_kept(services):
    (number,) = services.store.documents.add(FIRST, [Document(TEXT)]).ids
    services.store.documents.delete([number])
    with pytest.raises(UserError, match="annotate.deleted.error"):
        sheet_of(services, number, "")
    assert save(services, key_of(number), PER).document_id == number


def test_restoring_a_version_adds_one_like_it_and_takes_nothing_away(services):
    store = services.store
    (number,) = store.documents.add(FIRST, [Document(TEXT)]).ids
    first = save(services, key_of(number), PER, ORG, base=0)
    second = save(services, key_of(number), PER, LOC, Span(5, 7, "LOC"), base=first.id)
    told = [each for each in versions.versions_of(store, store.reading.view(number, ""), "") if isinstance(each, Version)]
    assert [each.restorable for each in told] == [False, True]
    assert told[0].changed is not None and len(told[0].changed) == 3 and told[1].changed is None
    back = versions.restore(store, number, first.id, "")
    assert (back.spans, back.number, back.conflicted) == (first.spans, 3, False)
    assert [each.id for each in store.revisions(number)] == [first.id, second.id, back.id]
    with pytest.raises(UserError, match="documents.restore.error"):
        versions.restore(store, number, back.id, "")


def test_a_version_of_another_is_not_made_ones_own_where_each_has_theirs_and_gold_is_the_curators(services):
    store = services.store
    members(store, "a", "b", "curator")
    project = store.projects.create("双", overlap=2).id
    for name in ("a", "b"):
        store.projects.admit(project, name)
    store.projects.admit(project, "curator", "curator")
    (number,) = store.documents.add(project, [Document(TEXT)]).ids
    old = save(services, key_of(number), PER, account="a", base=0)
    save(services, key_of(number), ORG, account="a", base=old.id, n=1)
    gold = store.adjudicate(number, (PER,), author="curator", client_key="g1", sources=[old.id])
    store.adjudicate(number, (ORG,), author="curator", client_key="g2", sources=[], base_revision=gold.id)
    for who, what in (("b", old), ("curator", old), ("a", gold)):
        with pytest.raises(UserError, match="documents.restore.error"):
            versions.restore(store, number, what.id, who)
    assert versions.restore(store, number, old.id, "a").author == "a"
    assert versions.restore(store, number, gold.id, "curator").layer == "gold"
    assert store.reading.view(number, "curator").gold.spans == (PER,)


def test_the_card_tells_everything_and_blind_annotators_only_their_own(services):
    store, texts = services.store, Texts("zh")
    members(store, "a", "b")
    project = store.projects.create("盲", blind=True).id
    for name in ("a", "b"):
        store.projects.admit(project, name)
    (number,) = store.documents.add(project, [Document(TEXT, id="<b>")]).ids
    save(services, key_of(number), PER, account="a", base=0)
    store.marks.flag(number, "a", "难")
    seen, hidden = (listing.card_of(services, number, who, texts) for who in ("admin", "b"))
    assert (len(seen.steps), seen.deed, seen.document.spans) == (3, "bin", (PER,))
    assert [step.what for step in hidden.steps] == ["导入"] and hidden.deed == "" and hidden.document.spans == ()
    found = store.search(project, Criteria(), account="b").documents
    assert store.reading.annotators(project, [number], "b") == {}
    assert listing.rows_of(found, {}, services.store, texts)[0].authors == ()


def test_a_save_asks_the_database_little(services):
    members(services.store, "a")
    services.store.projects.admit(FIRST, "a")
    (number,) = services.store.documents.add(FIRST, [Document(TEXT)]).ids
    first = save(services, key_of(number), PER, account="a")
    asked = []
    event.listen(services.store._database._engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    save(services, key_of(number), PER, ORG, account="a", base=first.id)
    # Forty annotators wait for one another: that is what a save may take, transactions begun among it.
    assert len(asked) <= 16, asked
