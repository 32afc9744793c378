"""Choosing what is annotated next with a real model: arms, reasons, what it is asked for, and what cannot be."""

from collections import Counter
from contextlib import closing

import pytest

from engine.document import Document
from engine.errors import InputError
from workbench.errors import UserError
from workbench.retraining.choosing import Choosing, Wish
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import FIRST, Store

TEXTS = [
    "李华在南京。",
    "今天下雨。",
    "王芳去了北京大学。",
    "好的。",
    "张伟在上海市浦东新区。",
    "他说不知道。",
    "赵敏来自广州。",
    "没事。",
]


@pytest.fixture
def services(tmp_path):
    url = f"sqlite:///{tmp_path}/duomo.db"
    with closing(Store.open(url)) as store:
        yield Services(Settings("127.0.0.1", 0, tmp_path, url, "zh-news-small"), store)


@pytest.fixture
def choosing(services):
    services.store.documents.add(FIRST, [Document(text, id=f"d{n}") for n, text in enumerate(TEXTS)])
    return services.choosing


def chosen(choosing, strategy="margin", **wish):
    return choosing.choose(FIRST, Wish(strategy, **{"count": 4, "control": 0.25, "seed": 1, **wish}), 0)


def test_both_arms_are_chosen_and_say_why(choosing, services):
    heard = []
    done = choosing.choose(FIRST, Wish("margin", 4, 0.25, 1), 3, by="", observe=lambda *step: heard.append(step))
    assert (done.chosen, done.control, done.read, done.pool) == (3, 1, 8, 8) and heard[-1] == (sum(map(len, TEXTS)),) * 2
    waiting = services.store.selections.waiting(FIRST)
    assert Counter(s.pick.arm for s in waiting) == {"chosen": 3, "control": 1} and {s.learned for s in waiting} == {3}
    for selection in waiting:
        reason = selection.pick.reason
        if selection.pick.arm == "control":
            assert reason["strategy"] == "random"
        else:
            assert reason["strategy"] == "margin" and reason["pool"] == 8 and reason["readings"]
    values = [s.pick.reason["value"] for s in waiting if s.pick.arm == "chosen"]
    assert values == sorted(values, reverse=True)


def test_what_the_model_says_when_it_chooses_is_kept(choosing, services):
    chosen(choosing, count=8)
    analyses = {text: services.analyse(text)[1].prediction.document.spans for text in TEXTS}
    for selection in services.store.selections.waiting(FIRST):
        text = services.store.document(selection.pick.document_id).text
        assert {span.key for span in selection.pick.predicted} == {span.key for span in analyses[text]}


def test_the_same_seed_chooses_the_same_and_more_than_there_is_gives_all(choosing, services):
    def order():
        return [(s.pick.document_id, s.pick.arm) for s in services.store.selections.waiting(FIRST)]

    chosen(choosing)
    first = order()
    chosen(choosing)
    assert order() == first
    assert chosen(choosing, count=100, control=0.5).chosen == 4 and len(order()) == 8


def test_a_model_that_is_served_stays_as_it_is_while_another_draws_by_dropout(choosing, services):
    served = services.checkpoints.tagger(services.checkpoints.in_use()).system
    chosen(choosing, "bald")
    assert not served.training and not any(module.training for module in served.modules())


def test_vectors_are_compared_with_what_is_annotated(choosing, services):
    number = services.store.assignments.claim(FIRST, "")
    services.store.save(TEXTS[0], (), author="", labels=[], client_key="1", document_id=number)
    chosen(choosing, "k-centre")
    reasons = [s.pick.reason for s in services.store.selections.waiting(FIRST) if s.pick.arm == "chosen"]
    assert all(reason["neighbour"]["id"] == str(number) for reason in reasons)


def test_only_what_the_model_can_be_asked_for_is_offered(choosing):
    names = [strategy.name for strategy in choosing.offered()]
    assert {"random", "margin", "mnlp", "k-centre"} <= set(names)
    assert "modality-disagreement" not in names  # the checkpoint in use looks at text alone


def test_what_cannot_be_chosen_is_said(choosing, services):
    with pytest.raises(InputError, match="no strategy"):
        chosen(choosing, "nonsense")
    assert choosing._busy.acquire(blocking=False)
    with pytest.raises(UserError, match="choosing.busy"):
        chosen(choosing)
    choosing._busy.release()
    empty = services.store.projects.create("空").id
    with pytest.raises(UserError, match="choosing.empty"):
        choosing.choose(empty, Wish(), 0)
    assert isinstance(choosing, Choosing)
