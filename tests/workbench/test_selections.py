"""What active learning chose: the order of the queue, arms, rounds, and what became of it, on SQLite and on PostgreSQL."""

import pytest
import sqlalchemy as sa

from engine.document import Document, Span
from workbench.store import FIRST, Pick, StoreError, migrations

LOC = Span(0, 2, "LOC")


@pytest.fixture
def ids(store):
    return store.documents.add(FIRST, [Document(f"北京第{n}句", id=f"d{n}") for n in range(5)]).ids


def choose(store, *picks, **more):
    return store.selections.choose(FIRST, picks, **{"strategy": "margin", "checkpoint": "m", **more})


def save(store, number, spans=(), **more):
    text = store.document(number).text
    said = {"author": "", "labels": [], "client_key": f"{number}{more}", "document_id": number}
    return store.save(text, spans, **{**said, **more})


def test_the_queue_comes_as_it_was_chosen_and_then_as_it_came_in(store, ids):
    choose(store, Pick(ids[3], "chosen"), Pick(ids[1], "control"))
    order, number = [], None
    for _ in ids:
        number = store.assignments.claim(FIRST, "", after=number or 0)
        order.append(ids.index(number))
        save(store, number)
        store.marks.finish(number, "")
    assert order == [3, 1, 0, 2, 4]


def test_a_place_counts_in_the_chosen_order(store, ids):
    choose(store, Pick(ids[3], "chosen"), Pick(ids[1], "chosen"))
    places = [store.assignments.place(FIRST, "", number, unassigned=True) for number in ids]
    assert [place.position for place in places] == [3, 2, 4, 1, 5]
    assert [place.before for place in places] == [ids[1], ids[3], ids[0], None, ids[2]]
    assert store.assignments.next(FIRST, "", after=ids[0], unassigned=True) == ids[3]


def test_what_is_dealt_already_comes_in_the_new_order_and_what_is_done_stays(store, ids):
    store.assignments.assign(FIRST, [""], documents=ids)
    save(store, ids[0])
    store.marks.finish(ids[0], "")
    choose(store, Pick(ids[4], "chosen"), Pick(ids[2], "chosen"))
    places = [store.assignments.place(FIRST, "", number).position for number in ids]
    assert places == [1, 4, 3, 5, 2]
    assert store.assignments.next(FIRST, "", after=ids[0]) == ids[4]


def test_what_was_chosen_comes_before_what_somebody_had_begun_to_look_at(store, ids):
    store.assignments.assign(FIRST, [""], documents=ids[:2])
    choose(store, Pick(ids[4], "chosen"), Pick(ids[1], "chosen"), Pick(ids[3], "control"))
    order, number = [], ids[0]
    for _ in ids:
        number = store.assignments.claim(FIRST, "", after=number)
        order.append(ids.index(number))
        store.marks.skip(number, "")
    assert order == [1, 4, 3, 0, 2]


def test_a_round_lets_go_of_what_nobody_annotated_and_keeps_the_rest(store, ids):
    first = choose(store, Pick(ids[0], "chosen"), Pick(ids[1], "control"))
    save(store, ids[1], (LOC,))
    second = choose(store, Pick(ids[2], "chosen", (LOC,), {"strategy": "margin", "value": 0.5}), learned=1, by="lihua")
    assert (first, second) == (1, 2)
    assert store.selections.of(ids[0]) is None
    assert store.selections.of(ids[1]).round == 1
    (waiting,) = store.selections.waiting(FIRST)
    assert waiting.pick == Pick(ids[2], "chosen", (LOC,), {"strategy": "margin", "value": 0.5})
    assert (waiting.round, waiting.strategy, waiting.checkpoint, waiting.learned) == (2, "margin", "m", 1)
    (judged,) = store.selections.judged(FIRST)
    assert (judged.selection.pick.arm, judged.document.spans) == ("control", (LOC,))
    event = store.events.list(FIRST, kinds=["chosen"])[0]
    assert event.account == "lihua" and event.payload["documents"] == 1 and event.payload["learned"] == 1


def test_what_is_half_decided_is_not_judged_yet(store, ids):
    choose(store, Pick(ids[0], "chosen"), Pick(ids[1], "chosen"))
    save(store, ids[0], (LOC,), prediction=(LOC,), checkpoint="m")
    save(store, ids[1], (), prediction=(LOC,), proposals=(LOC,), checkpoint="m")
    assert [judged.selection.pick.document_id for judged in store.selections.judged(FIRST)] == [ids[0]]


def test_the_pool_is_what_nobody_annotated_without_what_files_said(store):
    given = [Document("南京市", (LOC,), id="a", images=("p.png",)), Document("上海", id="b")]
    first, second = store.documents.add(FIRST, given).ids
    save(store, second)
    (left,) = store.selections.pool(FIRST)
    assert (left.id, left.text, left.spans, left.images) == (str(first), "南京市", (), ("p.png",))
    store.documents.delete([first])
    assert store.selections.pool(FIRST) == ()


def test_a_choice_that_cannot_be_is_refused_whole(store, ids):
    save(store, ids[1])
    other = store.projects.create("另一个").id
    (foreign,) = store.documents.add(other, [Document("上海")]).ids
    for picks, said in (
        ([Pick(ids[0], "chosen"), Pick(ids[1], "chosen")], "annotated by now"),
        ([Pick(foreign, "chosen")], "not of this project"),
        ([Pick(ids[0], "chosen"), Pick(ids[0], "control")], "twice"),
        ([Pick(ids[0], "chosen", (Span(0, 99, "LOC"),))], "cannot be saved"),
        ([Pick(ids[0], "chosen", (), {"value": float("nan")})], "JSON"),
    ):
        with pytest.raises(StoreError, match=said):
            choose(store, *picks)
    assert store.selections.waiting(FIRST) == ()


def test_nothing_chosen_puts_the_queue_back_as_it_came(store, ids):
    choose(store, Pick(ids[3], "chosen"))
    choose(store, strategy="")
    assert store.assignments.claim(FIRST, "") == ids[0]


def test_the_migration_goes_back_and_forth_and_touches_no_revision(store, ids):
    choose(store, Pick(ids[3], "chosen"))
    save(store, ids[3])
    with store._database.rebuilding() as connection:
        migrations.downgrade(connection, "0010")
        assert not sa.inspect(connection).has_table("selections")
        migrations.upgrade(connection)
    assert store.selections.of(ids[3]) is None and len(store.revisions(ids[3])) == 1
    choose(store, Pick(ids[2], "chosen"))
    assert store.assignments.claim(FIRST, "") == ids[2]
