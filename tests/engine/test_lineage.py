"""Which checkpoint was made from which."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine import checkpoint
from engine.__main__ import main
from engine.checkpoint import CheckpointInfo
from engine.document import Document, Span
from engine.lineage import data_hash, drawn, lineage
from engine.retraining import RetrainConfig, prepare, retrain

TAUGHT = [Document("巴旦木小镇昨天开了夜市。", (Span(0, 5, "LOC"),))]


def info(name, parent="", parent_digest=None, **card):
    if parent:
        card |= {"parent": parent, "parent_digest": f"digest-{parent}" if parent_digest is None else parent_digest}
    return CheckpointInfo(name, "bilstm-crf", ("PER",), 1, Path(name), f"digest-{name}", card)


def names(nodes):
    return [(node.name, node.missing, names(node.children)) for node in nodes]


def test_a_tree_is_drawn_and_a_missing_parent_is_marked():
    found = [
        info("base"),
        info("one", "base", seed=7, corrections=3),
        info("two", "base"),
        info("deep", "one"),
        info("lost", "gone"),
    ]
    roots = lineage(found)
    assert names(roots) == [
        ("base", False, [("one", False, [("deep", False, [])]), ("two", False, [])]),
        ("gone", True, [("lost", False, [])]),
    ]
    assert list(drawn(roots)) == [
        "base (digest-base)",
        "|-- one (digest-one, 3 corrections, seed 7)",
        "|   `-- deep (digest-deep)",
        "`-- two (digest-two)",
        "gone (missing, digest-gone)",
        "`-- lost (digest-lost)",
    ]


def test_the_digest_decides_and_not_the_name():
    renamed = replace(info("base"), name="other")
    (root,) = lineage([renamed, info("child", "base")])
    assert names([root]) == [("other", False, [("child", False, [])])]
    retrained = replace(info("base"), digest="another")
    assert names(lineage([retrained, info("child", "base")])) == [("base", False, []), ("base", True, [("child", False, [])])]


def test_children_of_one_missing_parent_stand_together():
    assert names(lineage([info("a", "gone"), info("b", "gone")])) == [("gone", True, [("a", False, []), ("b", False, [])])]


def test_cards_that_name_each_other_make_no_ring():
    roots = lineage([info("a", "b"), info("b", "a"), info("self", "self")])
    assert len(list(drawn(roots))) == 5


def test_the_hash_is_of_the_data_and_of_nothing_else():
    first = data_hash(TAUGHT, [])
    assert first == data_hash([Document(TAUGHT[0].text, (Span(0, 5, "LOC", score=0.5),), id="other")], [])
    assert len({first, data_hash([], TAUGHT), data_hash([TAUGHT[0].with_spans(())], []), data_hash(TAUGHT * 2, [])}) == 4


@pytest.fixture(scope="module")
def grown(tiny, tmp_path_factory):
    """Return a folder with the tiny checkpoint's child."""
    folder = tmp_path_factory.mktemp("grown")
    config = RetrainConfig(epochs=1, replay=0, share=1, hold_out=0, seed=5)
    run = prepare(TAUGHT, tiny, config, folder / "run")
    run.carry_out(retrain)
    run.checkpoint.rename(folder / "child")
    return folder


def test_a_card_keeps_where_it_comes_from(tiny, grown):
    card = checkpoint.verify(grown / "child").card
    assert (card["parent"], card["parent_digest"]) == ("tiny", tiny.digest)
    assert (card["corrections"], card["seed"], card["data_hash"]) == (1, 5, data_hash(TAUGHT, []))
    assert card["options"]["epochs"] == 1 and card["options"]["dropout"] == 0.1
    assert card["date"].startswith("20")


def test_the_command_draws_the_tree_and_gives_it_as_json(tiny, grown, capsys):
    assert main(["checkpoints", str(grown), str(tiny.path.parent), "--lineage"]) == 0
    lines = capsys.readouterr().out.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("tiny ("))
    assert lines[place + 1].startswith("`-- child (") and "1 corrections" in lines[place + 1]
    assert main(["checkpoints", str(grown), "--lineage", "--json"]) == 0
    (root,) = [row for row in json.loads(capsys.readouterr().out) if row["name"] == "tiny"]
    assert root["missing"] and root["children"][0]["data_hash"] == data_hash(TAUGHT, [])
