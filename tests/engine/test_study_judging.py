"""Which prediction stands for which annotation, and what kind of error each wrong case is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.document import Document, Span
from engine.evaluation.errors import Errors, count_errors
from engine.evaluation.judging import judge, label_gaps, match, study_of, suggested_mapping
from engine.evaluation.kinds import CMNER, CNERTA, DUOMO, KINDS, first_of
from engine.evaluation.study import BOTH, BOUNDARY, MISSED, RIGHT, SPURIOUS, TYPE, Known, Reading
from tests.engine.test_nested_tags import LENGTH, any_spans

TEXT = "一" * LENGTH


def marked(text, *mentions):
    """Return a document with mentions given as ``北京/LOC``, each at its next place in the text, or ``北京/LOC@5``."""
    spans, place = [], 0
    for item in mentions:
        mention, _, label = item.partition("/")
        label, _, at = label.partition("@")
        start = int(at) if at else text.index(mention, place)
        spans.append(Span(start, start + len(mention), label))
        place = start
    return Document(text, tuple(spans))


def cases(text, gold, found, known=None, more=()):
    """Judge one sentence, beside further annotated ones."""
    truth = [marked(text, *gold), *more]
    return [case for case in judge(truth, [marked(text, *found), *more], known or Known()) if case.row == 0]


def outcomes(judged, text):
    return [
        (text[c.gold.start : c.gold.end] if c.gold else "", text[c.found.start : c.found.end] if c.found else "", c.outcome)
        for c in judged
    ]


@given(any_spans(), any_spans())
def test_every_entity_is_in_exactly_one_case(gold, found):
    judged = match(gold, found)
    assert sorted(g.key for g, _, _ in judged if g) == sorted({span.key for span in gold})
    assert sorted(f.key for _, f, _ in judged if f) == sorted({span.key for span in found})
    for wanted, said, outcome in judged:
        if wanted and said:
            assert wanted.overlaps(said)
            same_place, same_type = (wanted.start, wanted.end) == (said.start, said.end), wanted.label == said.label
            assert outcome == {(1, 1): RIGHT, (1, 0): TYPE, (0, 1): BOUNDARY, (0, 0): BOTH}[same_place, same_type]
        else:
            assert outcome == (MISSED if wanted else SPURIOUS)
    alone = [[span for span in side if span] for side in zip(*((g, f) for g, f, _ in judged if not (g and f)), strict=True)]
    if alone:
        assert not any(g.overlaps(f) for g in alone[0] for f in alone[1])


@given(any_spans(), any_spans(), st.randoms())
def test_the_order_of_the_entities_decides_nothing(gold, found, random):
    shuffled = [random.sample(side, len(side)) for side in (gold, found)]
    assert sorted(map(str, match(gold, found))) == sorted(map(str, match(*shuffled)))


@settings(deadline=None)  # the first loads dictionaries
@given(any_spans(), any_spans())
def test_cnertas_kinds_are_what_count_errors_counts(gold, found):
    documents = [Document(TEXT, tuple(gold))], [Document(TEXT, tuple(found))]
    kinds = [first_of(case.kinds, CNERTA) for case in judge(*documents, Known())]
    counted = count_errors(*documents)
    assert (kinds.count("type_error"), kinds.count("boundary_error")) == (counted.type, counted.boundary)


@settings(deadline=None)  # the first loads dictionaries
@given(any_spans(), any_spans())
def test_what_is_wrong_counts_once_as_one_of_ours_and_of_cmners(gold, found):
    for case in judge([Document(TEXT, tuple(gold))], [Document(TEXT, tuple(found))], Known()):
        firsts = [first_of(case.kinds, group) for group in (DUOMO, CMNER)]
        assert all(firsts) if case.outcome != RIGHT else case.kinds == ()


@pytest.mark.parametrize(
    ("gold", "found", "expected"),
    [
        (["北京/LOC"], ["北京/LOC"], [("北京", "北京", RIGHT)]),
        (["北京/LOC"], ["北京/ORG"], [("北京", "北京", TYPE)]),
        (["北京大学/ORG"], ["北京/ORG"], [("北京大学", "北京", BOUNDARY)]),
        (["北京大学/ORG"], ["北京/LOC"], [("北京大学", "北京", BOTH)]),
        # The outer is found and the inner is not: the wrong inner prediction stands for the inner alone.
        (
            ["北京大学/ORG", "北京/LOC"],
            ["北京大学/ORG", "京大/LOC"],
            [("北京大学", "北京大学", RIGHT), ("北京", "京大", BOUNDARY)],
        ),
        (["北京大学/ORG", "北京/LOC"], ["北京大学/ORG"], [("北京大学", "北京大学", RIGHT), ("北京", "", MISSED)]),
        # The one with more characters in common stands for it, the other is made up.
        (["北京大学/ORG"], ["北/ORG", "京大学/ORG"], [("北京大学", "京大学", BOUNDARY), ("", "北", SPURIOUS)]),
        # The same extent counts for more than characters: there are as many in common.
        (["北京/LOC"], ["北京/ORG", "北京大学/LOC"], [("北京", "北京", TYPE), ("", "北京大学", SPURIOUS)]),
    ],
)
def test_pairs(gold, found, expected):
    text = "北京大学开学"
    assert sorted(outcomes(cases(text, gold, found), text)) == sorted(expected)


# The mentions of CNERTA's table 4 (Sui et al. 2021), in texts of our own: what BERT-CRF and M3T find where they are wrong.
TABLE_4 = [
    (
        "沙特阿拉伯的马斯拉赫",
        ["沙特阿拉伯/LOC", "马斯拉赫/PER"],
        ["沙特/LOC", "阿拉伯/LOC", "马斯拉赫/PER"],
        Errors(0, 2, 1),
        "split",
    ),
    ("在首都机场", ["首都机场/LOC"], ["首都/LOC"], Errors(0, 1, 1), "too_short"),
    ("看国际米兰日文网", ["国际米兰/ORG"], ["国际米兰日文/ORG"], Errors(0, 1, 1), "too_long"),
    ("卡巴里罗到毕尔巴鄂", ["卡巴里罗/PER", "毕尔巴鄂/LOC"], ["毕尔/LOC", "巴鄂/PER"], Errors(0, 2, 2), "split"),
]


@pytest.mark.parametrize(("text", "gold", "found", "errors", "kind"), TABLE_4)
def test_cnertas_published_cases(text, gold, found, errors, kind):
    truth, guess = marked(text, *gold), marked(text, *found)
    judged = judge([truth], [guess], Known())
    assert count_errors([truth], [guess]) == errors
    assert sum(first_of(case.kinds, CNERTA) == "boundary_error" for case in judged) == errors.boundary
    assert any(kind in case.kinds for case in judged)


# The mentions of CMNER's figures 3 and 4 (Ji et al. 2024), in texts of our own, with what ACN or UMT makes of them.
FIGURES_3_AND_4 = [
    ("郭子看OPPOReno7Pro", ["OPPOReno7Pro/MISC"], ["郭子/PER", "OPPOReno7Pro/MISC"], {"non_entity": "郭子"}),
    (
        "莫斯塔尔和杜布罗夫尼克",
        ["莫斯塔尔/LOC", "杜布罗夫尼克/LOC"],
        ["莫斯塔尔/LOC", "杜布罗夫尼克/PER"],
        {"wrong_type": "杜布罗夫尼克"},
    ),
    ("日本、船越龙、深圳", ["日本/LOC", "船越龙/ORG", "深圳/LOC"], ["日本/LOC", "深圳/LOC"], {"omission": "船越龙"}),
    (
        "小彩娃对科内利亚诺",
        ["小彩娃/PER", "科内利亚诺/ORG"],
        ["科内利亚诺/PER"],
        {"omission": "小彩娃", "wrong_type": "科内利亚诺"},
    ),
    ("微软买动视暴雪", ["微软/ORG", "动视暴雪/ORG"], ["微软/ORG", "动视/ORG"], {"inaccurate_span": "动视暴雪"}),
    ("据9To5Mac说", ["9To5Mac/ORG"], ["9To5Mac/MISC"], {"wrong_type": "9To5Mac"}),
    ("据9To5Mac说", ["9To5Mac/ORG"], [], {"omission": "9To5Mac"}),
    ("张伯伦无与伦比", ["张伯伦/PER"], ["张伯伦/PER", "伦比/PER@5"], {"non_entity": "伦比"}),
    ("普者黑有彝家水乡", ["普者黑/LOC"], ["普者黑/LOC", "彝家水乡/LOC"], {"non_entity": "彝家水乡"}),
    ("普者黑有彝家水乡", ["普者黑/LOC"], ["普者黑/LOC", "彝家/LOC"], {"non_entity": "彝家"}),
]


@pytest.mark.parametrize(("text", "gold", "found", "expected"), FIGURES_3_AND_4)
def test_cmners_published_cases(text, gold, found, expected):
    wrong = [case for case in cases(text, gold, found) if case.outcome != RIGHT]
    said = {first_of(case.kinds, CMNER): text[slice(*(case.gold or case.found).key[:2])] for case in wrong}
    assert said == expected


TRAINED = Known(training=(marked("王伟在上海交通大学", "王伟/PER", "上海交通大学/ORG"), marked("末代是本土", "末代/MISC")))
OURS = [
    # kind, text, annotated, predicted, whether it is of the kind, what the model has met
    ("too_long", "北京市的", ["北京/LOC"], ["北京市/LOC"], True, None),
    ("too_long", "北京市的", ["北京市/LOC"], ["北京/LOC"], False, None),
    ("too_short", "北京市的", ["北京市/LOC"], ["北京/LOC"], True, None),
    ("too_short", "北京市的", ["北京市/LOC"], ["北京市/ORG"], False, None),
    ("crossing", "南京市长江", ["南京市/LOC"], ["市长江/LOC"], True, None),
    ("merged", "张三李四来了", ["张三/PER", "李四/PER"], ["张三李四/PER"], True, None),
    ("merged", "张三李四来了", ["张三/PER"], ["张三李四/PER"], False, None),
    # A wrong outer over its own inner ones is not one over several.
    ("merged", "北京市大学的", ["北京市大学/ORG", "北京/LOC"], ["北京市大/ORG"], False, None),
    ("split", "张三李四来了", ["张三李四/PER"], ["张三/PER", "李四/PER"], True, None),
    ("split", "张三李四来了", ["张三李四/PER"], ["张三/PER"], False, None),
    # jieba has 南京市 | 长江大桥: the prediction ends where a word does, the entity within one.
    ("segmentation", "南京市长江大桥", ["南京/LOC"], ["南京市/LOC"], True, None),
    ("segmentation", "南京市长江大桥", ["南京市/LOC"], ["南京/LOC"], False, None),
    ("polyphone", "南京市长说", ["南京市/LOC"], ["南京市长/LOC"], True, None),
    ("polyphone", "北京人说", ["北京/LOC"], ["北京人/LOC"], False, None),
    ("homophone", "王炜来了", ["王炜/PER"], [], True, TRAINED),
    ("homophone", "王刚来了", ["王刚/PER"], [], False, TRAINED),
    ("homophone", "王伟来了", ["王伟/PER"], [], False, TRAINED),
    ("look_alike", "未代来了", ["未代/MISC"], [], True, TRAINED),
    ("look_alike", "王刚来了", ["王刚/PER"], [], False, TRAINED),
    ("rare", "王刚来了", ["王刚/PER"], [], True, TRAINED),
    ("rare", "王伟来了", ["王伟/PER"], [], False, TRAINED),
    ("rare", "王伟来了", ["王伟/PER"], [], True, Known(frozenset("伟"))),
    ("script", "到臺灣去看这个东西", ["臺灣/LOC"], [], True, None),
    ("script", "到台湾去看这个东西", ["台湾/LOC"], [], False, None),
    ("script", "到台湾去看這個東西說話", ["台湾/LOC"], [], True, None),
    ("nested", "北京大学的", ["北京大学/ORG", "北京/LOC"], ["北京大学/ORG"], True, None),
    ("nested", "北京大学的", ["北京大学/ORG"], ["北京大学/ORG", "北京/LOC"], True, None),
    ("nested", "北京大学的", ["北京大学/ORG"], [], False, None),
    ("digits_latin", "买iPhone去", ["iPhone/MISC"], [], True, None),
    ("digits_latin", "在１０１中学", ["１０１中学/ORG"], ["中学/ORG"], True, None),
    ("digits_latin", "买苹果去", ["苹果/MISC"], [], False, None),
    ("abbreviation", "到上海交大去", ["上海交大/ORG"], [], True, TRAINED),
    ("abbreviation", "到上海交大去", ["上海交大/LOC"], [], False, TRAINED),
    ("inconsistent", "中国和中国", ["中国/LOC"], ["中国/LOC", "中国/LOC@3"], True, None),
    ("inconsistent", "中国和美国", ["中国/LOC"], ["中国/LOC", "美国/LOC"], False, None),
    ("inconsistent", "华盛顿到华盛顿", ["华盛顿/PER", "华盛顿/LOC@4"], [], True, None),
    # It occurs within another entity only, which says nothing of it by itself.
    ("inconsistent", "中国和中国银行", ["中国/LOC", "中国银行/ORG"], ["中国银行/ORG"], False, None),
]


@pytest.mark.parametrize(("kind", "text", "gold", "found", "expected", "known"), OURS)
def test_our_kinds(kind, text, gold, found, expected, known):
    wrong = [case for case in cases(text, gold, found, known) if case.outcome != RIGHT]
    assert wrong
    assert any(kind in case.kinds for case in wrong) == expected


def test_every_kind_of_ours_has_a_case_here():
    assert {kind.name for kind in KINDS.values() if kind.group == DUOMO} - {"other"} == {row[0] for row in OURS}


def read_as(*documents, labels=("PER", "LOC", "ORG"), structure="flat", known=None):
    return Reading("m", "d", "", labels, documents, (), known or Known(), structure=structure)


def test_a_study_reduces_both_sides_to_what_counts():
    gold = marked("北京大学在北京", "北京大学/ORG", "北京/GPE", "北京/GPE@5")
    said = marked("北京大学在北京", "北京大学/ORG", "北京/LOC", "北京/LOC@5")
    flat = study_of("s", [gold], [read_as(said)], mapping={"GPE": "LOC"})
    assert [case.outcome for case in flat.readings[0].cases] == [RIGHT, RIGHT]
    nested = study_of("s", [gold], [read_as(said, structure="nested")], mapping={"GPE": "LOC"})
    assert nested.structure == "nested" and len(nested.readings[0].cases) == 3
    alone = study_of("s", [gold], [read_as(said)], mapping={"GPE": "LOC"}, labels=["ORG"])
    assert [span.label for side in (alone.gold, alone.readings[0].predicted) for span in side[0].spans] == ["ORG", "ORG"]


def test_what_is_not_marked_in_a_document_is_not_judged():
    gold = Document("北京的王芳", (Span(0, 2, "GPE"),), annotated=("GPE",))
    study = study_of("s", [gold], [read_as(marked("北京的王芳", "北京/LOC", "王芳/PER"))], mapping={"GPE": "LOC"})
    assert [case.outcome for case in study.readings[0].cases] == [RIGHT]


WEIBO = marked("王芳老师在北京的公司", "王芳/PER.NAM", "老师/PER.NOM", "北京/GPE.NAM", "公司/ORG.NOM")


def test_gold_with_other_labels_is_seen_and_a_mapping_suggested():
    gaps = label_gaps([WEIBO], ["PER", "LOC", "ORG"])
    assert gaps.hopeless and gaps.gold == {"GPE.NAM": 1, "ORG.NOM": 1, "PER.NAM": 1, "PER.NOM": 1}
    mapping = suggested_mapping([WEIBO], ["PER", "LOC", "ORG"])
    assert mapping == {"GPE.NAM": "LOC", "ORG.NOM": "", "PER.NAM": "PER", "PER.NOM": ""}
    study = study_of("s", [WEIBO], [read_as(marked(WEIBO.text, "王芳/PER", "北京/LOC"))], mapping=mapping)
    assert [case.outcome for case in study.readings[0].cases] == [RIGHT, RIGHT]


def test_labels_that_both_have_stay_as_they_are():
    documents = [marked("王芳用微信", "王芳/PER", "微信/product_name")]
    assert suggested_mapping(documents, ["PER", "LOC"]) == {"LOC": "", "product_name": ""}
    assert not label_gaps(documents, ["PER"]).hopeless
    assert not label_gaps([marked("没有")], ["PER"]).hopeless


def test_a_model_with_finer_labels_is_renamed_to_the_documents():
    assert suggested_mapping([marked("王芳", "王芳/PER")], ["PER.NAM", "PER.NOM"]) == {"PER.NAM": "PER", "PER.NOM": ""}
