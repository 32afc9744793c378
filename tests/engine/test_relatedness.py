import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import Document
from engine.evaluation.relatedness import relatedness
from engine.evidence import Correlation
from engine.variants import known_pictures

SCORES = st.floats(-1, 1).map(lambda value: round(value, 1))


def post(related, name="p"):
    return Document("好", id=name, images=tuple(f"{i}.jpg" for i in range(len(related))), meta={"related": ",".join(related)})


@given(st.lists(st.tuples(st.booleans(), SCORES), min_size=1, max_size=30))
def test_the_auroc_is_the_share_of_pairs_in_the_right_order(pictures):
    document = post(["1" if fits else "0" for fits, _ in pictures])
    figures = relatedness([document], [Correlation("correlation", tuple(score for _, score in pictures))])
    sides = [[score for fits, score in pictures if fits is side] for side in (True, False)]
    assert (figures.related, figures.unrelated) == tuple(map(len, sides))
    if not all(sides):
        assert figures.auroc is None
        return
    pairs = [(mine > theirs) + (mine == theirs) / 2 for mine in sides[0] for theirs in sides[1]]
    assert figures.auroc == pytest.approx(sum(pairs) / len(pairs))
    assert figures.mean_related == pytest.approx(sum(sides[0]) / len(sides[0]))


def test_what_the_corpus_does_not_say_is_left_out():
    said, unsaid, odd = (
        post(["1", "0"]),
        Document("好", images=("a.jpg",)),
        Document("好", images=("a",), meta={"related": "1,0"}),
    )
    assert known_pictures(said) == [True, False] and known_pictures(unsaid) is known_pictures(odd) is None
    assert known_pictures(Document("好", meta={"related": "1"})) is None
    found = [Correlation("correlation", (0.5, -0.5)), Correlation("correlation", (0.9,)), None]
    figures = relatedness([said, unsaid, odd], found)
    assert (figures.related, figures.unrelated, figures.auroc) == (1, 1, 1.0)
    assert relatedness([said], [Correlation("correlation", (0.5,))]).related == 0
