"""What a project comes to, and what there is to adjudicate, on SQLite and on PostgreSQL."""

import pytest
from argon2 import PasswordHasher

from engine.document import Document, Span
from workbench.store import FIRST, Label, StoreError
from workbench.store.report import ENOUGH, Acceptance, Timed, saving_of

TEXT = "昨天李小龙从𠮷林回到上海，😀"
PER, LOC = Span(2, 5, "PER"), Span(6, 8, "LOC")
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    monkeypatch.setattr("workbench.store.accounts.PasswordHasher", lambda: QUICK)


def project_of(store, count=3, **choices):
    project = store.projects.create("人物", **choices).id
    return project, store.documents.add(project, [Document(f"{TEXT}{n}", id=f"d{n}") for n in range(count)]).ids


def save(store, document_id, author, *spans, number=1, **more):
    text = store.document(document_id).text
    key = f"{document_id}-{author}-{number}"
    return store.save(text, spans, author=author, labels=[], client_key=key, document_id=document_id, **more)


def test_a_new_project_comes_to_nothing(store):
    report = store.statistics.report(FIRST)
    assert (report.standing.total, report.work, report.days, report.labels) == (0, (), {}, {})
    assert report.saving.share is None and store.statistics.latest(FIRST) == ()
    with pytest.raises(StoreError, match="no project 99"):
        store.statistics.report(99)


def test_it_is_counted_how_far_documents_are_and_who_did_what(store):
    project, (first, second, third) = project_of(store, overlap=2)
    save(store, first, "甲", PER, seconds=10.0)
    save(store, first, "甲", PER, LOC, number=2, seconds=20.0)
    save(store, second, "甲", PER, seconds=6.0)
    save(store, first, "乙", PER)
    store.adjudicate(first, [PER], author="", client_key="gold", sources=[])
    store.marks.flag(second, "甲", "?")
    store.documents.delete([third])
    report = store.statistics.report(project)
    standing = report.standing
    assert (standing.open, standing.begun, standing.gold, standing.flagged, standing.deleted) == (0, 1, 1, 1, 1)
    one, other = report.work
    assert (one.account, one.documents, one.spans, one.days, one.seconds) == ("乙", 1, 1, 1, None)
    assert (other.account, other.documents, other.spans, other.seconds) == ("甲", 2, 3, 18.0)
    length = len(TEXT) + 1
    assert other.speed == pytest.approx((60 * length / 30 + 60 * length / 6) / 2)
    assert list(report.days.values()) == [2]
    assert report.labels == {"PER": 2}
    assert [(deed.kind, deed.account, deed.times) for deed in store.statistics.latest(project)][:4] == [
        ("deleted", "", 1),
        ("flagged", "甲", 1),
        ("judged", "", 1),
        ("saved", "乙", 1),
    ]


def test_what_became_of_proposals_is_told_by_the_last_save(store):
    project, (first, second, _) = project_of(store)
    proposed = [Span(2, 5, "PER", 0.9), Span(6, 7, "LOC", 0.8), Span(10, 12, "LOC", 0.7), Span(0, 2, "MISC", 0.5)]
    save(store, first, "甲", *proposed, prediction=proposed, checkpoint="m")
    # Opened again later, it has no proposals; one is left to be decided.
    save(store, first, "甲", PER, LOC, Span(12, 13, "ORG"), number=2, proposals=[proposed[3]])
    save(store, second, "甲", PER)
    (work,) = store.statistics.report(project).work
    assert work.acceptance == Acceptance(kept=1, changed=1, removed=1, added=1)
    assert work.acceptance.proposed == 3


def test_renamed_labels_are_one(store):
    project, (first, second, _) = project_of(store, overlap=2)
    store.labels.put(project, [Label("PER"), Label("LOC")])
    save(store, first, "甲", PER, prediction=[PER], checkpoint="m")
    store.labels.rename(project, "PER", "人物")
    save(store, first, "乙", Span(2, 5, "人物"))
    save(store, second, "甲", Span(2, 5, "人物"), LOC)
    save(store, second, "乙", PER)
    report = store.statistics.report(project)
    assert report.labels["人物"] == 2 and "PER" not in report.labels
    assert next(work for work in report.work if work.account == "甲").acceptance == Acceptance(kept=1)
    assert [(each.document_id, each.differing) for each in store.disputes.list(project)] == [(second, 1), (first, 0)]


def test_saved_time_is_told_once_there_is_enough_and_of_those_who_have_both(store):
    few = [Timed(20, 100, False)] * ENOUGH + [Timed(10, 100, True)] * (ENOUGH - 1)
    assert saving_of(few).share is None and saving_of(few).seconds is None
    enough = saving_of([*few, Timed(10, 100, True)])
    assert (enough.share, enough.seconds) == (0.5, 10.0 * ENOUGH)
    assert saving_of([Timed(30, 100, True)] * ENOUGH + [Timed(20, 100, False)] * ENOUGH).share == pytest.approx(-0.5)
    project, ids = project_of(store, 2 * ENOUGH, overlap=2)
    for number, document_id in enumerate(ids):
        more = {"prediction": [PER], "checkpoint": "m"} if number % 2 else {}
        save(store, document_id, "甲", PER, seconds=5.0 if number % 2 else 10.0, **more)
        save(store, document_id, "乙", PER, seconds=100.0)
    report = store.statistics.report(project)
    assert report.saving.share == pytest.approx(0.5, abs=0.1)
    assert (report.saving.proposed, report.saving.plain) == (ENOUGH, ENOUGH)
    assert report.work[0].saving.share is None


def test_in_a_blind_project_an_annotator_is_told_of_their_own_work_alone(store):
    store.accounts.create("admin", "correct horse", "admin")
    project, (first, second, _) = project_of(store, overlap=2, blind=True)
    for name in ("a", "b"):
        store.accounts.create(name, f"password of {name}")
        store.projects.admit(project, name, by="admin")
    store.assignments.assign(project, ["a", "b"], by="admin")
    save(store, first, "a", PER)
    save(store, first, "b", PER, LOC)
    save(store, second, "b", LOC)
    own = store.statistics.report(project, "a")
    assert own.own and own.standing.begun == 2
    assert [(work.account, work.documents, work.given) for work in own.work] == [("a", 1, 3)]
    assert (own.labels, list(own.days.values())) == ({"PER": 1}, [1])
    assert {deed.account for deed in store.statistics.latest(project, "a")} == {"a"}
    everything = store.statistics.report(project, "admin")
    assert not everything.own and [work.account for work in everything.work] == ["a", "b"]
    with pytest.raises(StoreError, match="no part"):
        store.statistics.report(project, "c")


def test_disputes_are_what_several_annotated_with_disagreement_first(store):
    project, ids = project_of(store, 5, overlap=2)
    for document_id in ids[:3]:
        save(store, document_id, "甲", PER)
        save(store, document_id, "乙", PER)
    save(store, ids[2], "乙", Span(2, 5, "LOC"), LOC, number=2)
    save(store, ids[3], "甲", PER)
    store.adjudicate(ids[1], [PER], author="", client_key="gold", sources=[])
    listed = store.disputes.list(project)
    assert [(each.document_id, each.annotators, each.differing, each.judged) for each in listed] == [
        (ids[2], 2, 3, False),
        (ids[0], 2, 0, False),
    ]
    assert listed[0].excerpt == f"{TEXT}2" and listed[0].name == "d2"
    assert [each.document_id for each in store.disputes.list(project, judged=True)] == [ids[2], ids[0], ids[1]]
    store.documents.delete([ids[0]])
    assert [each.document_id for each in store.disputes.list(project)] == [ids[2]]
