import pytest

from engine.errors import InputError
from engine.reproduction.corpora import data_folder, drawn, find
from tests.engine.tiny import known


def test_the_folder_is_the_one_given_or_the_environments(tmp_path):
    assert data_folder(str(tmp_path), {"DUOMO_DATA": "/elsewhere"}) == tmp_path
    assert data_folder(None, {"DUOMO_DATA": str(tmp_path)}) == tmp_path
    with pytest.raises(InputError, match=r"give --data DIR, or set DUOMO_DATA; looked for .*msra/train\.txt\.xz"):
        data_folder(None, {})
    with pytest.raises(InputError, match="there is no folder /elsewhere"):
        data_folder(None, {"DUOMO_DATA": "/elsewhere"})


def test_a_corpus_that_is_not_there_is_named(data):
    found, missing = find(["resume", "weibo", "weibo"], data)
    assert [source.name for source in found] == ["weibo"] and found[0].dev == (data / "weibo/dev.char.bmes").resolve()
    assert list(missing) == ["resume"] and "resume/train.char.bmes" in missing["resume"]
    with pytest.raises(InputError, match="none of the corpora is there: no .*resume/train"):
        find(["resume"], data)
    with pytest.raises(InputError, match="there is no corpus novels; choose from weibo, resume"):
        find(["weibo", "novels"], data)


def test_a_smaller_share_lies_within_a_larger_and_follows_the_seed():
    documents = known(24)
    shares = {share: drawn(documents, 0, share, 1) for share in (0.1, 0.2, 0.5, 1.0)}
    assert [len(found) for found in shares.values()] == [2, 5, 12, 24]
    for small, large in zip(list(shares.values())[:-1], list(shares.values())[1:], strict=True):
        assert [document for document in large if document in small] == small
    assert shares[1.0] == documents and drawn(documents, 0, 0.5, 2) != shares[0.5] == drawn(documents, 0, 0.5, 1)
    assert len(drawn(documents, 0, 0.001, 1)) == 1


def test_a_fixed_part_is_the_same_for_every_seed():
    documents = known(24)
    assert drawn(documents, 10, 1.0, 1) == drawn(documents, 10, 1.0, 2) and len(drawn(documents, 10, 1.0, 1)) == 10
    assert len(drawn(documents, 10, 0.5, 1)) == 5
    assert all(document in drawn(documents, 10, 1.0, 1) for document in drawn(documents, 10, 0.5, 1))
    assert drawn(documents, 99, 1.0, 1) == documents
