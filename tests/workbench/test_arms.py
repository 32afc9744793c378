"""Both arms of a project as teachers: who teaches, who judges, what is kept of it and how it is shown."""

from html import unescape

import pytest

from engine import formats
from engine.document import Document, Span
from engine.simulation.arms import CHOSEN, CONTROL, HELD_OUT, Compared, Trained
from workbench.errors import UserError
from workbench.language import LANGUAGES, Texts
from workbench.retraining.arms import ARMS, TASK, Arms, Result
from workbench.retraining.jobs import Jobs
from workbench.retraining.learning import Learning
from workbench.retraining.protected import ProtectedSets
from workbench.retraining.savings import advise_curve, project
from workbench.retraining.scheduling import Policy
from workbench.store import FIRST, Pick, Store
from workbench.views.arms import arms_html

LOC = Span(0, 2, "LOC")


@pytest.fixture
def store(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path}/duomo.db")
    yield opened
    opened.close()


def annotated(store, chosen, control):
    """Annotate so many documents of either arm."""
    ids = store.documents.add(FIRST, [Document(f"北京第{n}句", id=f"d{n}") for n in range(chosen + control)]).ids
    arms = [*[CHOSEN] * chosen, *[CONTROL] * control]
    store.selections.choose(FIRST, [Pick(i, arm) for i, arm in zip(ids, arms, strict=True)], strategy="mnlp", checkpoint="m")
    for number in ids:
        store.save(store.document(number).text, [LOC], author="", labels=[], client_key=f"{number}", document_id=number)


class NoModel:
    """Stands for checkpoints of which none is there: a comparison asks for none, and a retraining is refused."""

    def in_use(self):
        raise UserError("checkpoints.none")


@pytest.fixture
def learning(store, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.run.Run.start", lambda self: 1)
    protected = ProtectedSets(store, tmp_path / "protected", lambda document: document)
    return Learning(store, NoModel(), Jobs(store, tmp_path / "runs"), lambda document: document, protected)


def end(learning, compared):
    job = learning._jobs.comparison(FIRST)
    job.run.finish(compared.to_json())
    job.run._end("done", "")
    return job


def made(chosen, control, seeds=2):
    """Return a comparison of four sizes; the seeds differ a little."""
    rows = [
        Trained(arm, seed, 10 * (n + 1), 100, 20, f1 + 0.001 * seed, 1.0)
        for arm, curve in ((CHOSEN, chosen), (CONTROL, control))
        for n, f1 in enumerate(curve)
        for seed in range(seeds)
    ]
    return Compared(tuple(rows), 9, "bert-crf")


HELPS = made((0.3, 0.45, 0.52, 0.56), (0.2, 0.3, 0.36, 0.4))


def test_without_a_protected_set_a_third_of_the_control_arm_judges_and_teaches_nobody(store, learning):
    annotated(store, 10, 24)
    parts = learning.arms.parts(FIRST)
    assert {part: len(documents) for part, documents in parts.items()} == {CHOSEN: 10, CONTROL: 16, HELD_OUT: 8}
    texts = [document.text for documents in parts.values() for document in documents]
    assert len(texts) == len(set(texts)) == 34
    assert parts == learning.arms.parts(FIRST)


def test_a_protected_set_judges_where_there_is_one(store, learning):
    annotated(store, 8, 8)
    with pytest.raises(UserError) as refused:
        learning.arms.parts(FIRST)
    assert refused.value.key == "arms.few.error"
    assert refused.value.values == {"needed": 8, CHOSEN: 8, CONTROL: 6, HELD_OUT: 2}
    test = [Document(f"上海第{n}句", (LOC,)) for n in range(8)]
    learning._protected.choose(FIRST, test, "test.jsonl")
    parts = learning.arms.parts(FIRST)
    assert (len(parts[CHOSEN]), len(parts[CONTROL]), parts[HELD_OUT]) == (8, 8, learning._protected.documents(FIRST))


def test_a_comparison_goes_through_the_queue_and_is_no_model_to_decide_about(store, learning):
    annotated(store, 10, 24)
    learning.schedule.request(FIRST, {TASK: ARMS}, {}, by="lihua")
    job = learning._jobs.comparison(FIRST)
    assert job.active and learning._jobs.current(FIRST).id == job.id
    assert formats.read(job.run.folder / "chosen.jsonl", "jsonl") == learning.arms.parts(FIRST)[CHOSEN]
    assert learning.arms.result(FIRST) is None
    end(learning, HELPS)
    ended = learning._jobs.get(job.id)
    assert not ended.undecided and learning._jobs.current(FIRST) is None and learning._jobs.newest(FIRST) is None
    # It has learned no correction for a policy to count from.
    learning.schedule.choose(FIRST, Policy("corrections", 30))
    learning.schedule.tick()
    assert store.requests.latest()[0].cause == "corrections"


def test_what_came_of_it_outlives_the_runs_folder(store, learning):
    annotated(store, 10, 24)
    learning.arms.begin(FIRST)
    job = end(learning, HELPS)
    found = learning.arms.result(FIRST)
    assert (found.compared, found.by) == (HELPS, "control")
    (job.run.folder / "report.json").unlink()
    (job.run.folder / "status.json").unlink()
    assert Arms(store, learning._jobs, learning._protected, lambda d: d).result(FIRST) == found


def test_the_advice_is_by_the_curve_and_its_interval():
    def said(*f1, aim=0.9):
        curve = made(f1, f1).curve(CHOSEN)
        return advise_curve(curve, project(curve, aim), aim).kind

    assert advise_curve([], None, 0.9).kind == "few"
    assert said(0.5) == "begin" and said(0.3, 0.5) == said(0.3, 0.45, 0.52, 0.56) == "go_on"
    assert said(0.5, 0.95) == "reached"
    one = made((0.3, 0.5), (0.2, 0.3), seeds=1).curve(CHOSEN)
    assert project(one, 0.4) is None and advise_curve(one, None, 0.4).kind == "go_on"  # one seed has no interval


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_whether_choosing_helps_and_draws_both(language):
    texts = Texts(language)
    assert texts("arms.none") in unescape(arms_html(None, 0.85, texts))

    def html(compared, by="control"):
        return unescape(arms_html(Result(compared, by, "2026-11-22T20:00:00"), 0.85, texts))

    def verdict(kind, **values):
        return texts(f"arms.verdict.{kind}", documents="40", **values)

    same = {"low": "+16.0", "high": "+16.0"}
    assert verdict("better", gain="+16.0", **same) in html(HELPS)
    turned = made((0.2, 0.3, 0.36, 0.4), (0.3, 0.45, 0.52, 0.56))
    assert verdict("worse", gain="-16.0", low="-16.0", high="-16.0") in html(turned)
    equal = made((0.3, 0.4, 0.5, 0.6), (0.3, 0.4, 0.5, 0.6))
    assert verdict("open", gain="0.0", low="0.0", high="0.0") in html(equal, "protected")
    assert verdict("unknown") in html(made((0.3, 0.4, 0.5, 0.6), (0.3, 0.4, 0.5, 0.6), seeds=1))
    assert html(HELPS).count("<polyline") == 2 and "56.0%" in html(HELPS)
    for arm in (CHOSEN, CONTROL):
        assert texts(f"savings.arm.{arm}") in html(HELPS)
