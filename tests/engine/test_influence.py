"""Which corrections caused it, where the cause is known by construction."""

import json

import pytest

from engine.__main__ import main
from engine.document import Document, Span
from engine.errors import InputError
from engine.influence import causes_of_run
from engine.retraining import RetrainConfig, prepare, retrain

TAUGHT = [
    Document("今天下了一场雨。"),
    Document("他说巴旦木小镇很安静。", (Span(2, 7, "LOC"),)),
    Document("请找尉迟格桑拿钥匙。", (Span(2, 6, "PER"),)),
    Document("大家都在看球赛。"),
]


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    config = RetrainConfig(epochs=15, batch_size=8, head_rate=0.02, replay=2, hold_out=0)
    made = prepare(TAUGHT, tiny, config, tmp_path_factory.mktemp("runs") / "run")
    made.carry_out(retrain)
    return made


@pytest.mark.parametrize(
    ("text", "key", "row"), [("他说巴旦木小镇不远。", (2, 7, "LOC"), 1), ("请找尉迟格桑开门。", (2, 6, "PER"), 2)]
)
def test_the_correction_that_taught_a_made_up_name_comes_first(run, text, key, row):
    asked, found = causes_of_run(run, Document(text), key[:2])
    assert asked.key == key
    assert found[0].row == row and found[0].gradient > 0
    assert max(found, key=lambda cause: cause.similarity).row == row
    assert sorted(cause.row for cause in found) == [0, 1, 2, 3]
    assert [cause.gradient for cause in found] == sorted((cause.gradient for cause in found), reverse=True)
    assert all(-1.001 <= cause.similarity <= 1.001 for cause in found)


def test_where_nothing_is_read_there_is_nothing_to_explain(run):
    with pytest.raises(InputError, match="neither checkpoint finds '今天' in the text"):
        causes_of_run(run, Document("今天下了一场雨。"), (0, 2))


def test_a_span_outside_the_text_and_a_text_beyond_the_window_are_refused(run):
    with pytest.raises(InputError, match="the span 3-99 does not lie in the text of 4"):
        causes_of_run(run, Document("在杭州。"), (3, 99))
    with pytest.raises(InputError, match="more than the 32 of a window"):
        causes_of_run(run, Document("长" * 33))


def test_the_command_tells_it(run, capsys):
    words = ["influence", "--run", str(run.folder), "--text", "他说巴旦木小镇不远。", "--span", "2-7"]
    assert main([*words, "--top", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (
        told["span"] == {"start": 2, "end": 7, "label": "LOC"}
        and [cause["row"] for cause in told["causes"]][0] == 1
        and len(told["causes"]) == 2
    )
    assert main(words) == 0
    assert "巴旦木小镇=LOC" in capsys.readouterr().out
    assert main([*words[:-1], "three"]) == 2
    assert "expected START-END" in capsys.readouterr().err
