"""The map of mentions as the page holds it, and what its buttons hand to the browser."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

gr = pytest.importorskip("gradio", reason="gradio is not installed")

from engine.document import Document, Span  # noqa: E402
from engine.evaluation.judging import study_of  # noqa: E402
from engine.evaluation.study import Reading, Study  # noqa: E402
from engine.mapping import Mention, MentionMap  # noqa: E402
from workbench import map_panel  # noqa: E402
from workbench.errors import UserError  # noqa: E402
from workbench.language import Texts  # noqa: E402
from workbench.map_panel import maps as made_maps  # noqa: E402
from workbench.map_panel.panel import MapPanel, _Handlers  # noqa: E402
from workbench.tabs import Context, Session  # noqa: E402
from workbench.views.mention_map import mention_map_html  # noqa: E402

HOSTILE = "`${1+1}</section><script>'\""


def study() -> Study:
    gold = (Document(f"王芳说{HOSTILE}", (Span(0, 2, "PER"), Span(3, 3 + len(HOSTILE), "ORG"))), Document("在杭州。"))
    predicted = (gold[0].with_spans([Span(0, 2, "LOC", 0.9)]), gold[1].with_spans([Span(1, 3, "LOC", 0.8)]))
    return study_of("样例", gold, [Reading("m", "0123", "", ("PER", "LOC", "ORG"), predicted, ())])


def layout(of: Study) -> MentionMap:
    def mention(number: int, x: float) -> Mention:
        case = of.readings[0].cases[number]
        span = case.gold or case.found
        assert span is not None
        gold, found = (s.label if s else "" for s in (case.gold, case.found))
        return Mention(case.row, number, span.start, span.end, gold, found, case.outcome, "both", x, 0.5)

    return MentionMap("pca", tuple(mention(number, number / 2) for number in range(3)), 9, 4, (0.4, 0.1))


def context() -> Context:
    services = SimpleNamespace(settings=SimpleNamespace(workspace=Path("/nowhere")))
    return Context(services, Texts("zh"), gr.State(Session()))  # type: ignore[arg-type]


def test_the_browser_is_told_where_each_mention_lies_and_what_it_is() -> None:
    of = study()
    drawn = mention_map_html(layout(of), of, Texts("zh").words, "zh")
    # Gradio evaluates what stands in these signs, and a user's text is full of them.
    assert not re.search(r"[`${}\\]", drawn) and "<script" not in drawn
    (kept,) = re.findall(r'data-map="([^"]*)"', drawn)
    told = json.loads(html.unescape(kept))
    outcomes = [told["ways"]["outcome"][point["outcome"]]["name"] for point in told["points"]]
    assert outcomes == ["类型错", "漏标", "误报"]
    assert [point["mention"] for point in told["points"]] == ["王芳", HOSTILE, "杭州"]
    assert [(point["row"], point["case"]) for point in told["points"]] == [(0, 0), (0, 1), (1, 2)]
    assert told["points"][2]["before"] + told["points"][2]["mention"] + told["points"][2]["after"] == "在杭州。"
    assert [look["name"] for look in told["ways"]["gold"]] == ["ORG", "PER", "无"]
    assert "9 个实体中随机抽取的 3 个（种子 4）" in drawn and "方差的 50.0%" in drawn


def test_a_map_is_made_once_and_saved_as_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    of, asked = study(), []

    def mapping(tagger: Any, study: Study, index: int, *, method: str, most: int, observe: Any) -> MentionMap:
        asked.append((method, most))
        observe(1, 2)
        return layout(study)

    monkeypatch.setattr(made_maps, "map_mentions", mapping)
    with gr.Blocks():
        page = context()
        panel = MapPanel.lay_out(page)
        subject = map_panel.Subject(of, 0, lambda: SimpleNamespace())  # type: ignore[arg-type, return-value]
        map_panel.wire(page, panel, lambda session, request: subject)
    does = _Handlers(page, panel, lambda session, request: subject)
    *_, last = does.draw(Session(), "pca", 500, None)  # type: ignore[arg-type]
    assert "mention-map" in last[panel.board]
    event = SimpleNamespace(format="svg", item=0)
    file = does.save(event, Session(), "pca", 500, None)[panel.file]  # type: ignore[arg-type]
    assert (file["name"], file["type"]) == ("map-pca-gold.svg", "image/svg+xml")
    assert b"<svg" in b64decode(file["base64"]) and asked == [("pca", 500)]


def test_nothing_to_draw_is_said() -> None:
    gold = (Document("没有。"),)
    empty = study_of("空", gold, [Reading("m", "0", "", (), gold, ())])
    with gr.Blocks():
        page = context()
        panel = MapPanel.lay_out(page)
    subject = map_panel.Subject(empty, 0, lambda: SimpleNamespace())  # type: ignore[arg-type, return-value]
    with pytest.raises(UserError) as error:
        next(_Handlers(page, panel, lambda session, request: subject).draw(Session(), "pca", 500, None))  # type: ignore[arg-type]
    assert error.value.key == "map.empty.error"
