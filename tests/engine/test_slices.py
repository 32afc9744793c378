from dataclasses import replace

import pytest

from engine.document import Document, Span
from engine.evaluation.scores import score
from engine.evaluation.slices import SLICES, Comparison, has_polyphonic_entity, is_polyphonic


@pytest.mark.parametrize("character", "长行重乐都曾朝")
def test_a_character_with_several_common_readings_is_polyphonic(character):
    assert is_polyphonic(character)


@pytest.mark.parametrize("character", "国杭王盖子一不a。😀")
def test_a_rare_reading_a_neutral_tone_and_the_changes_of_tone_are_none(character):
    assert not is_polyphonic(character)


def document(text, *mentions):
    return Document(text, tuple(Span(text.index(m), text.index(m) + len(m), "LOC") for m in mentions))


@pytest.mark.parametrize(
    ("example", "polyphonic"),
    [
        (document("南京市长江大桥", "长江大桥"), True),
        (document("南京市长江大桥", "南京市"), True),  # 长 stands right behind the entity
        (document("南京市长江大桥", "南京"), False),
        (document("长", "长"), True),
        (document("长江大桥"), False),
    ],
)
def test_what_counts_is_a_character_that_may_decide_a_boundary(example, polyphonic):
    assert has_polyphonic_entity(example) is polyphonic


GOLD = (document("我在长沙", "长沙"), document("我在杭州", "杭州"), document("没有"), document("龘州和杭州", "龘州", "杭州"))
FOUND = (GOLD[0], GOLD[1].with_spans([]), GOLD[2].with_spans([Span(0, 1, "LOC")]), GOLD[3].with_spans([Span(0, 3, "LOC")]))
WHOLE = Comparison(GOLD, FOUND, frozenset("龘"), frozenset("长龘"), frozenset({"我在杭州"}))

PARTS = {
    "all": (4, 4, 3, 1),
    "unrepeated": (3, 3, 3, 1),
    "polyphonic": (1, 1, 1, 1),
    "monophonic": (3, 3, 2, 0),
    "known": (4, 3, 2, 1),
    "unknown": (4, 1, 1, 0),
    "seen": (4, 2, 1, 0),
    "unseen": (4, 2, 2, 1),
    "natural": (4, 4, 3, 1),
    "flat": (4, 4, 3, 1),
    "no-pauses": (0, 0, 0, 0),
    "misleading": (0, 0, 0, 0),
    "mute": (0, 0, 0, 0),
    "flat-no-pauses": (0, 0, 0, 0),
    "flat-misleading": (0, 0, 0, 0),
    "flat-mute": (0, 0, 0, 0),
    "drawn": (4, 4, 3, 1),
    "drawn-PER": (4, 0, 0, 0),
    "drawn-LOC": (4, 4, 3, 1),
    "drawn-ORG": (4, 0, 0, 0),
    "drawn-MISC": (4, 0, 0, 0),
    "related": (0, 0, 0, 0),
    "unrelated": (0, 0, 0, 0),
    "text": (0, 0, 0, 0),
}


@pytest.mark.parametrize("name", list(SLICES))
def test_a_part_holds_its_documents_or_its_entities_on_both_sides(name):
    cut = SLICES[name].cut(WHOLE)
    counts = score(cut.gold, cut.predicted).counts
    assert (counts["documents"], counts["gold"], counts["predicted"], counts["correct"]) == PARTS[name]


def test_a_part_of_spoken_sentences_follows_what_their_meta_says():
    bridge = Document("南京市长江大桥", (Span(0, 3, "LOC"), Span(3, 7, "LOC"), Span(3, 5, "LOC")))
    modes = ("natural", "none", "misleading", "mute")
    gold = (bridge, *(replace(bridge, id=mode, meta={"pauses": mode}) for mode in modes))
    predicted = tuple(document.with_spans([Span(0, 7, "LOC"), Span(0, 3, "LOC")]) for document in gold)
    whole = Comparison(gold, predicted)
    cuts = {name: SLICES[name].cut(whole) for name in ("natural", "no-pauses", "misleading", "mute")}
    assert [[document.id for document in cut.gold] for cut in cuts.values()] == [
        [bridge.id, "natural"],
        *([m] for m in modes[1:]),
    ]
    assert all([d.id for d in cut.gold] == [d.id for d in cut.predicted] for cut in cuts.values())
    for name, cut in cuts.items():
        flat = SLICES["flat" if name == "natural" else f"flat-{name}"].cut(whole)
        assert [document.id for document in flat.gold] == [document.id for document in cut.gold]
        assert {document.spans for document in flat.gold} == {(Span(0, 3, "LOC"), Span(3, 7, "LOC"))}
        assert {document.spans for document in flat.predicted} == {(Span(0, 7, "LOC"),)}


def test_a_part_of_pictured_posts_follows_what_their_meta_says():
    ways = ("drawn", "related", "unrelated", "text")
    gold = (WHOLE.gold[0], *(replace(WHOLE.gold[0], id=way, meta={"shown": way}) for way in ways))
    cuts = [SLICES[way].cut(Comparison(gold, gold)) for way in ways]
    assert [[document.id for document in cut.gold] for cut in cuts] == [[gold[0].id, "drawn"], *([way] for way in ways[1:])]


@pytest.mark.parametrize(("one", "other"), [("polyphonic", "monophonic"), ("known", "unknown"), ("seen", "unseen")])
def test_two_parts_make_the_whole(one, other):
    whole, *parts = (score(cut.gold, cut.predicted).counts for cut in (SLICES[n].cut(WHOLE) for n in ("all", one, other)))
    for name in ("gold", "predicted", "correct"):
        assert whole[name] == sum(part[name] for part in parts)


def test_a_part_names_another_that_it_is_like():
    assert all(part.like in {"", *SLICES} for part in SLICES.values())
