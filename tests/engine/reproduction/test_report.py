import json
from dataclasses import replace

from engine.reproduction.claims import claims, figures
from engine.reproduction.report import Report
from tests.engine.reproduction.test_claims import TABLE, outcomes


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


def test_a_table_of_which_nothing_is_done_says_so():
    empty = replace(report({}), missing=["plain on weibo, seed 1: not done yet"])
    assert "missing: plain on weibo, seed 1: not done yet" in empty.text() and "F1" not in empty.markdown()
