"""Labels and rules: nothing that is done to labels loses an annotation, who may do it, and what the page says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from argon2 import PasswordHasher

from engine.document import Document, Span
from workbench.errors import UserError
from workbench.labelling import STANDARD, colour_of, former_names, moved
from workbench.language import Texts
from workbench.services import Services
from workbench.settings import Settings
from workbench.store import FIRST, Label, Store
from workbench.tabs import Context, Session
from workbench.tabs.projects.exchange import exporting, importing
from workbench.tabs.projects.labels import choices, guidelines, label_set
from workbench.views.label_list import LabelCard, label_list_html, undeclared_html

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOBODY: Any = SimpleNamespace(username=None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'duomo.db'}")
    spans = (Span(0, 2, "人物"), Span(3, 5, "LOC"))
    opened.documents.add(FIRST, [Document("王芳在上海", spans, "a"), Document("李娜", (Span(0, 2, "PER"),), "b")])
    yield opened
    opened.close()


@pytest.fixture
def page(tmp_path: Path, store: Store) -> Any:
    """The handlers of the list and its form."""
    return handlers(tmp_path, store, label_set)


@pytest.fixture
def choosing(tmp_path: Path, store: Store) -> Any:
    """The handlers of the project's choices."""
    return handlers(tmp_path, store, choices)


def handlers(tmp_path: Path, store: Store, section: Any) -> Any:
    """Return the handlers of a section of the page."""
    services = Services(Settings("127.0.0.1", 0, tmp_path, "sqlite://"), store)
    with gr.Blocks(analytics_enabled=False):
        context = Context(services, Texts("zh"), gr.State(Session()))
        parts = section._layout(context, gr.HTML())
    return section._Handlers(context, parts)


def press(page: Any, act: str, name: str = "", chosen: str = "", request: Any = NOBODY) -> dict[Any, Any]:
    return page.act(SimpleNamespace(act=act, name=name), Session(), chosen, request)


def fields(**said: str) -> list[str]:
    return [said.get(field, "") for field in ("zh", "en", "colour", "key", "definition", "examples")]


def names(store: Store) -> list[str]:
    return [label.name for label in store.labels.list(FIRST)]


def spoken(store: Store) -> list[list[str]]:
    return [[span.label for span in document.spans] for document in store.reading.answers(FIRST)]


def test_a_label_is_added_described_and_renamed_and_its_annotations_are_read_anew(page: Any, store: Store) -> None:
    drawn = press(page, "declare_all")
    assert names(store) == ["LOC", "PER", "人物"] or set(names(store)) == {"LOC", "PER", "人物"}
    assert "已加入标签" in drawn[page.parts.told]
    said = fields(zh="人名", en="person", colour="rgba(1, 2, 255, 1)", key="p", definition="人", examples="王芳\n\n李娜 ")
    drawn = page.save(NOBODY, Session(), "人物", "人名", *said)
    (label,) = [label for label in store.labels.list(FIRST) if label.name == "人名"]
    assert (label.colour, label.key, label.examples) == ("#0102ff", "p", ("王芳", "李娜"))
    assert spoken(store) == [["人名", "LOC"], ["PER"]] and "1 处标注从此读作 人名" in drawn[page.parts.told]
    assert "人物" in drawn[page.parts.listed] and 'data-act="part"' in drawn[page.parts.listed]


def test_a_merge_is_told_before_and_can_be_parted(page: Any, store: Store) -> None:
    press(page, "declare_all")
    told = page.preview(Session(), "人物", "PER", NOBODY)
    assert "人物 的 1 处标注将读作 PER" in told[page.parts.form.preview]
    assert spoken(store) == [["人物", "LOC"], ["PER"]]
    page.merge(Session(), "人物", "PER", NOBODY)
    assert spoken(store) == [["PER", "LOC"], ["PER"]]
    press(page, "part", "人物")
    assert spoken(store) == [["人物", "LOC"], ["PER"]]


def test_retiring_keeps_what_was_marked(page: Any, store: Store) -> None:
    press(page, "declare_all")
    drawn = press(page, "retire", "PER")
    assert "PER" not in names(store) and spoken(store)[1] == ["PER"] and "1 处标注照旧" in drawn[page.parts.told]
    press(page, "offer", "PER")
    assert "PER" in names(store)


def test_order_is_changed_a_step_at_a_time(page: Any, store: Store) -> None:
    store.labels.put(FIRST, STANDARD)
    press(page, "up", "ORG")
    assert names(store) == ["PER", "ORG", "LOC", "GPE", "MISC"]
    press(page, "down", "MISC")
    assert names(store)[-1] == "MISC"
    assert moved(["a", "b"], "a", down=True) == ["b", "a"] and moved(["a", "b"], "a", down=False) == ["a", "b"]
    with pytest.raises(UserError):
        moved(["a"], "b", down=True)


def test_a_project_begins_with_a_standard_set_or_another_projects(page: Any, store: Store) -> None:
    page.begin_standard(Session(), NOBODY)
    assert names(store) == ["PER", "LOC", "ORG", "GPE", "MISC"]
    other = store.projects.create("二").id
    session = Session(project=other)
    page.begin_project(session, FIRST, NOBODY)
    assert store.labels.list(other) == store.labels.list(FIRST)
    with pytest.raises(UserError, match="labels.begin.error"):
        page.begin_project(session, 99 if store.projects.role(99, "") is None else store.projects.create("空").id, NOBODY)


def test_what_flat_or_blind_comes_to_is_said_before(choosing: Any, store: Store) -> None:
    store.documents.add(FIRST, [Document("北京大学", (Span(0, 4, "ORG"), Span(0, 2, "LOC")), "c")])
    told = choosing.weigh(Session(), False, 2, True, NOBODY)[choosing.parts.weighed]
    assert "1 篇已有重叠" in told and "盲标" in told and "各标各的" in told
    assert choosing.weigh(Session(), True, 1, False, NOBODY)[choosing.parts.weighed] == ""
    choosing.save(Session(), "新名", False, 2, True, NOBODY)
    project = store.projects.get(FIRST)
    assert (project.name, project.nested, project.overlap, project.blind) == ("新名", False, 2, True)


def test_a_project_is_archived_and_taken_out_again_but_never_the_last(choosing: Any, store: Store) -> None:
    with pytest.raises(UserError, match="labels.archive.last"):
        choosing.archive(Session(), NOBODY)
    other, session = store.projects.create("二").id, Session(project=FIRST)
    choosing.archive(session, NOBODY)
    assert [project.id for project in store.projects.list()] == [other] and session.project == 0
    choosing.take_out(SimpleNamespace(id=FIRST), session, NOBODY)
    assert len(store.projects.list()) == 2


def test_annotators_read_and_change_nothing(
    page: Any, choosing: Any, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ruling = handlers(tmp_path, store, guidelines)
    monkeypatch.setattr("workbench.store.accounts.PasswordHasher", lambda: QUICK)
    store.accounts.create("admin", "correct horse", "admin")
    store.accounts.create("a", "password of a")
    store.projects.admit(FIRST, "a")
    store.labels.put(FIRST, STANDARD)
    her: Any = SimpleNamespace(username="a")
    drawn = {**page.draw(Session(), her), **choosing.draw(Session(), her), **ruling.draw(Session(), her)}
    assert "data-act" not in drawn[page.parts.listed] and "data-act" not in drawn[page.parts.undeclared]
    assert not drawn[page.parts.form.part]["visible"] and not drawn[choosing.parts.part]["visible"]
    assert not drawn[ruling.parts.writing]["visible"]
    for forbidden in (
        lambda: press(page, "retire", "PER", request=her),
        lambda: page.save(her, Session(), "", "X", *fields()),
        lambda: ruling.save(Session(), "x", her),
        lambda: choosing.save(Session(), "x", True, 1, False, her),
        lambda: choosing.archive(Session(), her),
        lambda: page.begin_standard(Session(), her),
    ):
        with pytest.raises(UserError, match="projects.role.error"):
            forbidden()


def test_an_annotator_exports_their_own_annotations_alone_and_imports_nothing(
    page: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.accounts.PasswordHasher", lambda: QUICK)
    store.accounts.create("admin", "correct horse", "admin")
    store.accounts.create("a", "password of a")
    store.projects.admit(FIRST, "a")
    her: Any = SimpleNamespace(username="a")
    with gr.Blocks(analytics_enabled=False):
        coming, going = importing._layout(page.context), exporting._layout(page.context)
    brings, does = importing._Handlers(page.context, coming), exporting._Handlers(page.context, going)
    assert not brings.show(Session(), her)[coming.part]["visible"]
    _, choice = does._choice(Session(), "jsonl", "gold", False, True, her)
    assert (choice.layer, choice.every) == ("by:a", False)
    with pytest.raises(UserError, match="projects.role.error"):
        next(brings.look(her, Session(), None, "x", None, *[""] * 6))
    with pytest.raises(UserError, match="exchange.choice.error"):
        does._choice(Session(), "../x", "best", False, True, SimpleNamespace(username="admin"))


def test_colours_and_former_names() -> None:
    assert colour_of("rgba(0, 114.4, 178, 1)") == "#0072b2" and colour_of("#0072b2", "#0072B2") == "" and colour_of("") == ""
    chain = [Label("A", becomes="B"), Label("B", becomes="C"), Label("C")]
    assert former_names(chain) == {"C": ("A", "B")}


def test_names_of_labels_are_only_ever_text() -> None:
    words = Texts("zh").words
    evil = '"><img src=x onerror=alert(1)>${1+1}'
    card = LabelCard(evil, evil, evil, "", "k", evil, (evil,), False, 1, (evil,))
    for drawn in (label_list_html([card], words), undeclared_html({evil: 1, "b": 2}, words)):
        assert "<img" not in drawn and "${" not in drawn
