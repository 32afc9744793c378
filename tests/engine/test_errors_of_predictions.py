import pytest
from hypothesis import given

from engine.document import Document, Span
from engine.errors import InputError
from engine.evaluation.errors import Errors, count_errors
from engine.evaluation.scores import score
from tests.engine.test_nested_tags import LENGTH, any_spans

TEXT = "一" * LENGTH


def counted(gold, predicted):
    return count_errors(*([Document(TEXT, tuple(Span(*span) for span in spans))] for spans in (gold, predicted)))


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([(0, 2, "PER")], [(0, 2, "PER")], Errors(0, 0, 0)),
        ([(0, 2, "PER")], [(0, 2, "LOC")], Errors(1, 0, 0)),
        ([(0, 2, "PER")], [(0, 3, "PER")], Errors(0, 1, 1)),
        ([(0, 2, "PER")], [], Errors(0, 0, 1)),
        ([], [(0, 2, "PER")], Errors(0, 1, 0)),
        # Nested: the outer is right, the inner has another type; of one extent one label is right and one wrong.
        ([(0, 4, "ORG"), (0, 2, "LOC")], [(0, 4, "ORG"), (0, 2, "PER")], Errors(1, 0, 0)),
        ([(0, 2, "LOC")], [(0, 2, "LOC"), (0, 2, "ORG")], Errors(1, 0, 0)),
    ],
)
def test_errors_are_of_type_or_of_boundary(gold, predicted, expected):
    assert counted(gold, predicted) == expected
    assert expected.to_json() == {"type": expected.type, "boundary": expected.boundary, "missed": expected.missed}


@given(any_spans(), any_spans())
def test_every_wrong_prediction_is_counted_once(gold, predicted):
    documents = [Document(TEXT, tuple(gold))], [Document(TEXT, tuple(predicted))]
    errors, counts = count_errors(*documents), score(*documents).counts
    assert errors.total == counts["predicted"] - counts["correct"]
    assert errors.missed <= counts["gold"] - counts["correct"]


def test_predictions_on_another_text_are_refused():
    with pytest.raises(InputError, match="document 0"):
        count_errors([Document("一")], [Document("二")])
