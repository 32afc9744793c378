"""The People page and other rights: what a role may not do is not shown, and is refused if it is sent anyway."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace

import gradio as gr
import pytest
from argon2 import PasswordHasher

from engine.document import Document, Span
from workbench.errors import UserError
from workbench.language import Texts
from workbench.names import called
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import FIRST, Store, StoreError
from workbench.tabs import Context, Session, require_lead
from workbench.tabs.projects.people import accounts, dealing, members, own
from workbench.tabs.retrain import handlers, layout
from workbench.views.people import accounts_html, workers_html

PASSWORD = "correct horse"
_DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "workbench.store.accounts.PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    url = f"sqlite:///{(tmp_path / 'duomo.db').as_posix()}"
    made = Services(Settings("127.0.0.1", 0, tmp_path, url), Store.open(url))
    yield made
    made.store.close()


@pytest.fixture
def store(services):
    """The store of a project with an annotator, and a curator of it, and an admin and somebody else."""
    store = services.store
    for name, role in [("admin", "admin"), ("curator", "annotator"), ("li", "annotator"), ("other", "annotator")]:
        store.accounts.create(name, PASSWORD, role)
    store.projects.admit(FIRST, "curator", "curator")
    store.projects.admit(FIRST, "li")
    store.documents.add(FIRST, [Document(f"第{n}篇。", id=f"d{n}") for n in range(5)])
    return store


@pytest.fixture
def context(services):
    with gr.Blocks():
        yield Context(services, Texts("zh"), gr.State(Session()))


def by(name):
    return SimpleNamespace(username=name, cookies={})


def drawn(module, context, name, project=FIRST):
    does = module._Handlers(context, module._layout(context))
    return does, does.draw(Session(project=project), by(name))


# No labels, of nobody's, of any length, in any state, with any text.
ALL = ([], "", None, None, "", "")
ACTS = [
    (members, "admit", ("other", "annotator")),
    (members, "dismiss", ("li",)),
    (members, "take_back", ("li",)),
    (members, "look", ("li",)),
    (dealing, "deal", (["li"], 1, 0, *ALL)),
    (dealing, "preview", (["li"], 1, 0, *ALL)),
    (dealing, "typed", (["li"], 1, 0, *ALL)),
    (accounts, "add", ("new", "", "admin", PASSWORD)),
    (accounts, "give", ("li", "admin")),
    (accounts, "renew", ("li", "another horse")),
    (accounts, "disable", ("li",)),
    (accounts, "look", ("li",)),
]


@pytest.mark.parametrize(("module", "act", "values"), ACTS, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("name", ["li", "other", ""])
def test_what_an_annotator_may_not_do_is_refused(store, context, module, act, values, name):
    before = (store.accounts.list(), store.projects.members(FIRST), store.assignments.progress(FIRST), store.accounts.seal("li"))
    does = module._Handlers(context, module._layout(context))
    arguments = values if module is accounts else (Session(project=FIRST), *values)
    with pytest.raises(UserError):
        if module is dealing:
            getattr(does, act)(arguments[0], by(name), *values)
        else:
            getattr(does, act)(*arguments, by(name))
    after = (store.accounts.list(), store.projects.members(FIRST), store.assignments.progress(FIRST), store.accounts.seal("li"))
    assert after == before


def test_a_curator_looks_after_the_project_but_not_after_accounts(store, context):
    does, _ = drawn(members, context, "curator")
    does.admit(Session(project=FIRST), "other", "annotator", by("curator"))
    assert [member.account for member in store.projects.members(FIRST)] == ["curator", "li", "other"]
    (event,) = store.events.list(FIRST, kinds=["member"], limit=1)
    assert event.account == "curator"
    does, shown = drawn(accounts, context, "curator")
    assert shown == {does.parts.section: gr.update(visible=False)}
    with pytest.raises(UserError):
        does.disable("li", by("curator"))


def test_an_annotator_sees_their_own_progress_alone(store, context):
    store.assignments.assign(FIRST, ["li"])
    does, shown = drawn(members, context, "li")
    table = shown[does.parts.table]
    assert "curator" not in table and "data-name" not in table and "<td" in table
    assert shown[does.parts.tools] == gr.update(visible=False)
    for module in (dealing, accounts):
        does, shown = drawn(module, context, "li")
        assert shown == {does.parts.section: gr.update(visible=False)}


def test_where_there_are_no_accounts_the_page_says_what_the_first_one_changes(services, context):
    does, shown = drawn(accounts, context, "")
    assert "不用登录" in shown[does.parts.table]
    assert shown[does.parts.first]["choices"] == [("管理员", "admin")]
    with pytest.raises(StoreError, match="must be an admin"):
        does.add("li", "", "annotator", PASSWORD, by(""))
    assert services.signing.sessions.get(None) == ""
    does.add("li", "", "admin", PASSWORD, by(""))
    assert services.signing.sessions.get(None) is None, "signing in is asked at once"
    with pytest.raises(UserError):
        does.add("second", "", "admin", PASSWORD, by(""))


def test_disabling_somebody_and_a_new_password_end_their_sessions_at_once(services, store, context):
    sessions = services.signing.sessions
    sessions["token"] = "li"
    does = accounts._Handlers(context, accounts._layout(context))
    does.disable("li", by("admin"))
    assert sessions.get("token") is None
    does.disable("li", by("admin"))
    assert sessions.get("token") == "li"
    does.renew("li", "another horse", by("admin"))
    assert sessions.get("token") is None


def test_one_changes_ones_own_password_with_the_old_one(services, store, context):
    does = own._Handlers(context, own._layout(context))
    for old, new, again, said in [
        ("wrong", "another horse", "another horse", "people.own.wrong"),
        (PASSWORD, "another horse", "another hors", "people.own.differ"),
    ]:
        with pytest.raises(UserError) as refused:
            does.change(old, new, again, by("li"))
        assert refused.value.key == said
    assert store.accounts.check("li", PASSWORD)
    sessions = services.signing.sessions
    sessions["here"] = sessions["there"] = "li"
    here = SimpleNamespace(username="li", cookies={"access-token-x": "here", "theme": "dark"})
    does.change(PASSWORD, "another horse", "another horse", here)
    assert store.accounts.check("li", "another horse")
    assert (sessions.get("here"), sessions.get("there")) == ("li", None)


def test_a_preview_is_what_dealing_then_does(store, context):
    store.projects.admit(FIRST, "other")
    foretold = store.assignments.preview(FIRST, ["li", "other"], overlap=1, seed=3)
    assert foretold.documents == 5 == sum(foretold.shares.values()) and store.assignments.progress(FIRST) == ()
    does, _ = drawn(dealing, context, "curator")
    session, curator = Session(project=FIRST), by("curator")
    line = does.preview(session, curator, ["li", "other"], 1, 3, *ALL)[does.parts.preview]
    assert "共有 5 篇" in line and all(f"{name} {count} 篇" in line for name, count in foretold.shares.items())
    does.deal(session, curator, ["li", "other"], 1, 3, *ALL)
    assert {found.account: found.given for found in store.assignments.progress(FIRST)} == foretold.shares
    said = does.preview(session, curator, ["li", "other"], 1, 3, *ALL)
    assert "没有要分的" in said[does.parts.preview] and said[does.parts.deal] == gr.update(interactive=False)
    said = does.preview(session, curator, ["li"], 2, 3, *ALL)
    assert "只选了 1 个" in said[does.parts.preview]


def test_some_documents_are_dealt_and_how_many_is_said_before(store, context):
    (long,) = store.documents.add(FIRST, [Document("上海" * 20, (Span(0, 2, "LOC"),), id="long")]).ids
    does, shown = drawn(dealing, context, "curator")
    assert shown[does.parts.which.labels]["choices"] == ["LOC"]
    session, curator = Session(project=FIRST), by("curator")
    for which, meant in [
        ((["LOC"], "imported", None, None, "", ""), 1),
        ((["LOC"], "predicted", None, None, "", ""), 0),
        (([], "", 40, None, "open", ""), 1),
        (([], "", None, 39, "", "第"), 5),
    ]:
        said = does.preview(session, curator, ["li"], 1, 0, *which)
        assert ("没有符合条件" if not meant else f"符合条件的文档有 {meant} 篇") in said[does.parts.preview]
        assert said[does.parts.deal] == gr.update(interactive=bool(meant))
        assert does.typed(session, curator, ["li"], 1, 0, *which) == said
    # The field tells of itself when the page is opened, before the page knows who is chosen.
    assert set(map(repr, does.typed(session, curator, [], 1, 0, *ALL).values())) == {repr(gr.skip())}
    does.deal(session, curator, ["li"], 1, 0, *([], "", 40, None, "", ""))
    assert [given.account for given in store.assignments.of(long)] == ["li"]
    assert [(found.account, found.given) for found in store.assignments.progress(FIRST)] == [("li", 1)]


def test_who_was_dismissed_is_listed_until_their_work_is_taken_back(store, context):
    store.assignments.assign(FIRST, ["li"])
    does, _ = drawn(members, context, "admin")
    said = does.dismiss(Session(project=FIRST), "li", by("admin"))
    assert "还有 5 篇" in said[does.parts.told]
    _, shown = drawn(members, context, "admin")
    assert "已移出" in next(value for value in shown.values() if isinstance(value, str))
    does.take_back(Session(project=FIRST), "li", by("admin"))
    assert store.assignments.progress(FIRST) == ()


def test_models_are_for_admins_and_curators_of_any_project(store, context):
    store.accounts.create("lead", PASSWORD, "curator")
    for name in ("admin", "curator", "lead"):
        assert require_lead(context, by(name)) == name
    does = handlers.Handlers(context, layout.lay_out(context))
    for name in ("li", ""):
        for act, values in [("start", ()), ("cancel", ()), ("use", ()), ("keep", ())]:
            with pytest.raises(UserError) as refused:
                getattr(does, act)(Session(), by(name), *values)
            assert refused.value.key == "page.lead.error"
        with pytest.raises(UserError):
            does.choose(Session(), "zh-general", by(name))
    store.accounts.disable("lead")
    assert not store.projects.curates("lead")


def test_without_accounts_everybody_may_retrain(services, context):
    assert require_lead(context, by("")) == ""


def test_names_are_shown_exactly_and_run_nothing():
    nasty = "<img src=x onerror=alert(1)>${1+1}"
    words = Texts("zh").words
    account = SimpleNamespace(name=nasty, shown=nasty, role="admin", created=_DAY, disabled=_DAY)
    worker = members.Worker(nasty, nasty, "标注员", True, 3, 1, 1, 1)
    for html in (accounts_html([account], words), workers_html([worker], words, chosen=True)):
        assert "<img" not in html and "${" not in html


def test_people_are_called_by_what_others_read(services: Services) -> None:
    texts, store = Texts("en"), services.store
    store.accounts.create("zhang", PASSWORD, "admin", shown="张敏")
    assert called("zhang", store, texts) == "张敏" and called("", store, texts) == "Somebody not signed in"
    # Somebody of whom there is no account, and one who came a moment ago.
    assert called("gone", store, texts) == "gone"
    store.accounts.create("li", PASSWORD, shown="李华")
    assert called("li", store, texts) == "李华"
