import json
from dataclasses import replace

import pytest

from engine.evaluation.relatedness import Relatedness
from engine.reproduction.claims import claims, figures, told
from engine.reproduction.report import Report
from tests.engine.reproduction.test_claims import PRINTED, TABLE, outcomes, wrong


def report(done=None):
    found = figures(TABLE, outcomes() if done is None else done, ["weibo"])
    return Report(TABLE, {"weibo": "learned from 10 sentences"}, found, claims(TABLE, found), {"epochs": "1"}, ["resume"])


def test_columns_are_aligned_and_say_what_they_are():
    lines = report().text().splitlines()
    header = next(i for i, line in enumerate(lines) if line.startswith("row "))
    assert lines[header].split("  ")[0].strip() == "row"
    column = lines[header].index("published")
    assert lines[header + 1][column:] == "60.00" and lines[header + 2][column:] == "65.00"
    claim = next(line for line in lines if line.startswith("ours − base"))
    assert "(error " in claim and "holds" in claim and "too close to tell" in claim and claim.endswith("+5.00")
    assert "missing: resume" in lines and "Asked for of every cell: epochs=1." in lines
    assert any("the published part that is most like it" in line for line in lines)


def test_with_one_seed_there_is_no_deviation():
    one = {place: found for place, found in outcomes().items() if place[2] == 1}
    text = report(one).text()
    assert "±" not in text and "(error" not in text


def test_everything_is_written_as_json_and_markdown(tmp_path):
    made = report()
    made.write(tmp_path / "new")
    content = json.loads((tmp_path / "new" / "t.json").read_text())
    assert content == json.loads(json.dumps(made.to_json()))
    assert content["figures"][0]["by_seed"]["best"].keys() == {"1", "2", "3"}
    assert content["claims"][0]["verdicts"] == {"best": "holds", "last": "too close to tell"}
    marked = (tmp_path / "new" / "t.md").read_text()
    rows = [line for line in marked.splitlines() if line.startswith("|")]
    assert "| row | F1 best | F1 last | seeds | published |" in rows and any(row.startswith("| ours − base | +") for row in rows)


def test_kinds_of_errors_stand_in_a_detailed_table_alone(tmp_path):
    rows = tuple(replace(row, printed=printed) for row, printed in zip(TABLE.rows, PRINTED, strict=True))
    detailed = replace(TABLE, rows=rows, detailed=True)
    done = {("base", "weibo", 1): wrong(4, 5), ("base", "weibo", 2): wrong(4, 5), ("ours", "weibo", 1): wrong(0, 4)}
    found = figures(detailed, done, ["weibo"])
    made = replace(report(), table=detailed, figures=found, claims=claims(detailed, found))
    marked = made.markdown().splitlines()
    header = (
        "| row | P | R | F1 best | F1 last | type errors | boundary errors | seeds | published P / R / F1 | published errors |"
    )
    base = marked[marked.index(header) + 2]
    assert base.startswith("| base | ") and base.endswith("| 4.0 ± 0.0 | 5.0 ± 0.0 | 2 | 74.47 / 76.34 / 60.00 | 97 / 811 |")
    claim = next(row for row in marked if row.startswith("| ours − base |"))
    assert claim.endswith("| +5.00 | -20.0 % | — | -14.4 % |")
    assert (
        "694" in made.text() and "boundary errors best" in made.text() and any("A type error has" in note for note in made.notes)
    )
    content = json.loads(json.dumps(made.to_json()))
    assert content["figures"][0]["details"]["boundary_errors"]["best"] == {"mean": 5, "deviation": 0, "seeds": 2}
    assert content["claims"][0]["boundary_errors"]["shares"] == {"best": pytest.approx(-0.2), "last": None}
    plain = report().to_json()
    assert "details" not in plain["figures"][0] and "boundary_errors" not in plain["claims"][0]


def test_a_table_of_which_nothing_is_done_says_so():
    empty = replace(report({}), missing=["plain on weibo, seed 1: not done yet"])
    assert "missing: plain on weibo, seed 1: not done yet" in empty.text() and "F1" not in empty.markdown()


def test_how_pictures_are_told_apart_stands_below_the_figures_of_its_corpus():
    judged = Relatedness(30, 20, 0.75, 0.5, -0.25)
    done = {place: replace(found, relatedness=judged) if place[0] == "ours" else found for place, found in outcomes().items()}
    done["ours", "weibo", 1] = replace(done["ours", "weibo", 1], relatedness=replace(judged, auroc=0.95))
    found = told(TABLE, done, ["weibo"])
    assert [(each.row, each.auroc.seeds) for each in found] == [("ours", 3)]
    assert found[0].auroc.mean == pytest.approx((0.75 + 0.75 + 0.95) / 3)
    made = replace(report(), told=found)
    lines = made.text().splitlines()
    at = lines.index("weibo, 30 pictures that have to do with their text and 20 that have not, told apart by their correlation")
    assert lines[at + 3].split() == ["ours", "81.67", "±", "11.55", "+0.50", "-0.25", "3"]
    assert made.to_json()["told"][0]["auroc"]["seeds"] == 3 and "told" not in report().to_json()


def test_one_kind_of_picture_alone_tells_nothing():
    done = {place: replace(found, relatedness=Relatedness(30, 0, None, 0.5, None)) for place, found in outcomes().items()}
    assert told(TABLE, done, ["weibo"]) == []
