"""The queue of retrainings and the policies: order, one at a time, when a policy asks, and what cannot be carried out."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import get_args

import pytest

from engine.errors import InputError
from engine.retraining import RetrainConfig
from engine.systems.contract import from_json
from workbench.errors import UserError
from workbench.language import LANGUAGES, Texts
from workbench.retraining.scheduling import HIGH, Depth, Policy, Scheduling
from workbench.store import FIRST, StoreError


@dataclass
class Machine:
    """Stands in for the jobs and for what starts them: a job runs until it is told to end."""

    jobs: list = field(default_factory=list)
    refuses: dict = field(default_factory=dict)

    def all(self):
        return self.jobs[::-1]

    def retrain(self, request):
        if request.project in self.refuses:
            raise self.refuses[request.project]
        job = SimpleNamespace(
            id=f"job-{request.id}",
            project=request.project,
            compares=request.options.get("task") == "arms",
            active=True,
            last_revision=0,
            created=datetime.now(timezone.utc),
        )
        self.jobs.append(job)
        return job

    def end(self, learned=0):
        self.jobs[-1].active, self.jobs[-1].last_revision = False, learned


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def scheduling(store, machine):
    return Scheduling(store, machine, machine.retrain)


def save(store, count, project=FIRST):
    before = store.latest_revision()
    for n in range(before, before + count):
        store.save(f"第{n}句", (), author="", labels=[], client_key=str(n), project=project)
    return store.latest_revision()


def test_one_runs_and_the_others_come_by_priority_and_then_in_order(store, scheduling, machine):
    projects = [FIRST, *(store.projects.create(name).id for name in "甲乙丙")]
    for project in projects:
        scheduling.request(project, {"epochs": 2}, {}, by="lihua", priority=HIGH if project == projects[3] else 0)
    assert [job.project for job in machine.jobs] == [FIRST]
    assert [waiting.project for waiting in store.requests.waiting()] == [projects[3], projects[1], projects[2]]
    store.requests.raise_to(store.requests.waiting()[-1].id, HIGH + 1)
    for _ in range(3):
        machine.end()
        scheduling.tick()
    assert [job.project for job in machine.jobs] == [FIRST, projects[2], projects[3], projects[1]]
    done = store.requests.latest()
    assert {request.state for request in done} == {"started"} and done[0].account == "lihua" and done[0].options == {"epochs": 2}


def test_a_project_waits_once(scheduling):
    scheduling.request(FIRST, {}, {})
    scheduling.request(FIRST, {}, {})
    with pytest.raises(UserError, match="scheduling.waiting"):
        scheduling.request(FIRST, {}, {})


def test_what_waits_outlives_the_process_and_can_be_withdrawn_once(store, scheduling, machine):
    scheduling.request(FIRST, {}, {})
    waiting = scheduling.request(FIRST, {}, {})
    machine.end()
    store.requests.withdraw(waiting.id)
    with pytest.raises(StoreError, match="does not wait"):
        store.requests.withdraw(waiting.id)
    again = Scheduling(store, machine, machine.retrain)
    again.tick()
    assert len(machine.jobs) == 1
    store.requests.add(FIRST, {}, {})
    again.tick()
    assert len(machine.jobs) == 2


def test_what_cannot_be_carried_out_says_why_and_holds_up_nobody(store, scheduling, machine):
    other = store.projects.create("甲").id
    machine.refuses = {FIRST: InputError("there is no correction to learn from")}
    scheduling.request(FIRST, {}, {})
    scheduling.request(other, {}, {})
    refused = store.requests.latest()[-1]
    assert (refused.state, refused.message) == ("refused", "there is no correction to learn from")
    assert [job.project for job in machine.jobs] == [other]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_is_read_with_its_values_in_any_language(store, scheduling, machine, language):
    values = {"chosen": 9, "control": 7, "held_out": 3, "needed": 8}
    machine.refuses = {FIRST: UserError("arms.few.error", **values)}
    scheduling.request(FIRST, {}, {})
    texts = Texts(language)
    assert texts.kept(store.requests.latest()[-1].message) == texts("arms.few.error", **values)


def test_so_many_new_corrections_ask_for_a_retraining(store, scheduling, machine):
    scheduling.choose(FIRST, Policy("corrections", 6))
    save(store, 5)
    scheduling.tick()
    assert machine.jobs == []
    last = save(store, 1)
    scheduling.tick()
    assert len(machine.jobs) == 1 and store.requests.latest()[0].cause == "corrections"
    scheduling.tick()
    machine.end(learned=last)
    save(store, 5)
    scheduling.tick()
    assert len(machine.jobs) == 1
    save(store, 1)
    scheduling.tick()
    assert len(machine.jobs) == 2


@pytest.mark.parametrize("depth", get_args(Depth))
def test_a_policy_says_how_deep_to_learn(store, scheduling, machine, depth):
    scheduling.choose(FIRST, Policy("corrections", 6, depth))
    save(store, 6)
    scheduling.tick()
    assert from_json(RetrainConfig, store.requests.latest()[0].options).depth == depth
    with pytest.raises(UserError, match="scheduling.policy"):
        Policy("corrections", 6, "deeper")


def test_so_many_minutes_or_idleness_ask_only_if_there_is_enough_that_is_new(store, scheduling, machine):
    now = datetime.now(timezone.utc)
    scheduling.choose(FIRST, Policy("idle", 10))
    save(store, 4)
    scheduling.tick(now + timedelta(hours=1))
    assert machine.jobs == []
    last = save(store, 1)
    scheduling.tick(now + timedelta(minutes=9))
    assert machine.jobs == []
    scheduling.tick(now + timedelta(minutes=11))
    assert len(machine.jobs) == 1
    machine.end(learned=last)
    scheduling.choose(FIRST, Policy("minutes", 30))
    save(store, 5)
    scheduling.tick(now + timedelta(minutes=29))
    assert len(machine.jobs) == 1
    scheduling.tick(now + timedelta(minutes=31))
    assert len(machine.jobs) == 2


def test_nothing_is_asked_for_where_nobody_chose_a_policy_and_nonsense_is_refused(store, scheduling, machine):
    save(store, 100)
    scheduling.tick(datetime.now(timezone.utc) + timedelta(days=9))
    assert machine.jobs == [] and scheduling.policy(FIRST) == Policy("hand")
    for kind, every in (("weekly", 5), ("idle", 0)):
        with pytest.raises(UserError, match="scheduling.policy"):
            Policy(kind, every)
