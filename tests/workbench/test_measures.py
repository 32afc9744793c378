"""Evidence in numbers: what it comes to, and finding documents by it, on SQLite and on PostgreSQL."""

import pytest
import sqlalchemy as sa

from engine.document import Document, Span
from engine.evidence import Gates, Heatmap, Pauses, Scores
from workbench.measuring import measured
from workbench.store import FIRST, Criteria, Label, Measure, Measured, StoreError, migrations

TEXT = "张伟在北京"
PER, LOC = Span(0, 2, "PER"), Span(3, 5, "LOC")
GLYPH = "cross_modality_attention.glyph"


def save(store, key, spans, measures=(), text=TEXT, **more):
    said = {"author": "", "labels": ["PER", "LOC"], "client_key": key, "prediction": (PER, LOC), "checkpoint": "m"}
    return store.save(text, spans, **{**said, "measures": measures, **more})


def texts(store, **asked):
    return [d.text for d in store.search(FIRST, Criteria(measured=Measured(**asked))).documents]


def test_evidence_is_measured_over_the_text_and_where_something_is_marked():
    grid = Heatmap(GLYPH, tuple(TEXT), ((0.1, 0.7, 0, 0, 0.2), (0, 0, 0, 0.4, 0)))
    found = measured(5, [PER, Span(0, 2, "ORG"), LOC], [grid, Pauses("pauses", ())])
    assert [(m.name, m.extent, m.highest) for m in found] == [(GLYPH, None, 0.7), (GLYPH, (0, 2), 0.7), (GLYPH, (3, 5), 0.4)]
    assert found[1].mean == pytest.approx(0.2)


def test_classes_and_modalities_are_measured_each_by_itself():
    classes = Heatmap("class_attention", ("PER", "LOC"), ((0.9, 0, 0, 0, 0), (0, 0, 0, 0.5, 0)))
    gates = Gates("modality_gates", ("text", "glyph"), ((0.2, 0.8),))
    scores = Scores("label_probabilities", ("PER", "LOC"), tuple((0.3, 0.1) for _ in TEXT))
    found = {(m.name, m.extent): m.highest for m in measured(5, [LOC], [classes, gates, scores])}
    assert found["class_attention", None] == 0.9 and found["class_attention.PER", (3, 5)] == 0.0
    assert found["modality_gates.glyph", (3, 5)] == 0.8 == found["modality_gates.glyph", None]
    assert found["label_probabilities.PER", (3, 5)] == 0.3


def test_documents_are_found_by_evidence_and_whether_the_model_was_right_there(store):
    there = [Measure(GLYPH, None, 0.8, 0.3), Measure(GLYPH, (0, 2), 0.8, 0.5), Measure(GLYPH, (3, 5), 0.2, 0.1)]
    save(store, "1", (PER, LOC), there)
    save(store, "2", (PER,), there, text=TEXT + "2")
    save(store, "3", (Span(0, 2, "ORG"), LOC), there, text=TEXT + "3")
    save(store, "4", (PER,), there, text=TEXT + "4", proposals=(LOC,))
    save(store, "5", (), text=TEXT + "5")
    assert texts(store, name=GLYPH, above=0.5, wrong=True) == [TEXT + "3"]
    assert texts(store, name=GLYPH, below=0.5, wrong=True) == [TEXT + "2"]
    assert texts(store, name=GLYPH, above=0.5, wrong=True, whole=True) == [TEXT + "3", TEXT + "2"]
    assert texts(store, name=GLYPH, above=0.5, wrong=False) == [TEXT + "4", TEXT + "2", TEXT]
    assert len(texts(store, name=GLYPH, above=0.5)) == 4 and texts(store, name=GLYPH, above=0.8) == []
    assert texts(store, name="other") == []
    assert store.reading.measures(FIRST) == (GLYPH,)


def test_only_the_latest_revision_counts_and_merged_labels_are_judged_anew(store):
    there = [Measure(GLYPH, (3, 5), 0.9, 0.9)]
    first = save(store, "1", (PER, Span(3, 5, "GPE")), there)
    assert texts(store, name=GLYPH, wrong=True) == [TEXT]
    store.labels.put(FIRST, [Label("LOC"), Label("GPE")])
    store.labels.merge(FIRST, "GPE", "LOC")
    assert texts(store, name=GLYPH, wrong=True) == [] and texts(store, name=GLYPH, wrong=False) == [TEXT]
    save(store, "2", (PER,), document_id=first.document_id)
    assert texts(store, name=GLYPH) == [] and store.reading.measures(FIRST) == ()


def test_a_blind_annotator_finds_by_their_own_evidence_alone(store):
    store.accounts.create("admin", "correct horse", "admin")
    project = store.projects.create("盲", blind=True).id
    for name in ("a", "b"):
        store.accounts.create(name, f"password of {name}")
        store.projects.admit(project, name)
    (number,) = store.documents.add(project, [Document(TEXT)]).ids
    save(store, "1", (PER,), [Measure(GLYPH, (3, 5), 0.9, 0.9)], document_id=number, author="a")
    asked = Criteria(measured=Measured(GLYPH))
    assert [store.search(project, asked, account=who).total for who in ("a", "b", "admin")] == [1, 0, 1]
    assert store.reading.measures(project, "b") == ()


def test_a_value_that_is_no_number_is_refused_and_nothing_is_saved(store):
    with pytest.raises(StoreError, match="not a number"):
        save(store, "1", (), [Measure(GLYPH, None, float("nan"), 0.0)])
    assert store.latest_revision() == 0


def test_the_migration_goes_back_and_forth_and_touches_no_revision(store):
    save(store, "1", (PER,), [Measure(GLYPH, None, 0.9, 0.9)])
    with store._database.rebuilding() as connection:
        migrations.downgrade(connection, "0007")
        assert not sa.inspect(connection).has_table("measures")
        assert connection.execute(sa.text("SELECT count(*) FROM revisions")).scalar() == 1
        migrations.upgrade(connection)
    assert texts(store, name=GLYPH) == []
    save(store, "2", (PER,), [Measure(GLYPH, None, 0.9, 0.9)], text=TEXT + "2")
    assert texts(store, name=GLYPH, whole=True) == [TEXT + "2"]


def test_a_queue_has_places_and_what_is_nobodys_is_claimed_by_one(store):
    ids = store.documents.add(FIRST, [Document(f"第{n}句", id=f"d{n}") for n in range(4)]).ids
    place = store.assignments.place(FIRST, "", ids[1], unassigned=True)
    assert (place.position, place.total, place.waiting, place.before) == (2, 4, 4, ids[0])
    assert store.assignments.place(FIRST, "", ids[1]).position is None
    assert store.assignments.claim(FIRST, "") == ids[0]
    store.save("第0句", (), author="", labels=[], client_key="1", document_id=ids[0])
    store.marks.finish(ids[0], "")
    assert store.assignments.claim(FIRST, "", after=ids[0]) == ids[1]
    assert store.assignments.claim(FIRST, "", after=ids[1]) == ids[2]
    place = store.assignments.place(FIRST, "", ids[1], unassigned=True)
    assert (place.position, place.total, place.waiting, place.before) == (2, 4, 3, ids[0])
    store.marks.skip(ids[2], "")
    assert store.assignments.claim(FIRST, "", after=ids[2]) == ids[1]
    assert store.assignments.claim(FIRST, "", after=ids[1]) == ids[3]
    store.marks.skip(ids[3], "")
    assert store.assignments.claim(FIRST, "", after=ids[1]) == ids[1]
    store.marks.skip(ids[1], "")
    assert store.assignments.claim(FIRST, "", after=ids[1]) is None
    assert store.assignments.place(FIRST, "", unassigned=True).waiting == 0


def test_two_who_ask_at_once_get_two_documents(store):
    store.accounts.create("admin", "correct horse", "admin")
    for name in ("a", "b"):
        store.accounts.create(name, f"password of {name}")
        store.projects.admit(FIRST, name)
    ids = store.documents.add(FIRST, [Document(f"第{n}句", id=f"d{n}") for n in range(2)]).ids
    assert {store.assignments.claim(FIRST, name) for name in ("a", "b")} == set(ids)
    with pytest.raises(StoreError, match="no member"):
        store.assignments.claim(FIRST, "stranger")
