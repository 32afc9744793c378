"""Maps of mentions: principal components against a known answer, the same map for the same seed, and its figure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engine.__main__ import main  # noqa: E402
from engine.document import Document, Span  # noqa: E402
from engine.errors import InputError  # noqa: E402
from engine.evaluation.judging import study_of  # noqa: E402
from engine.evaluation.study import Reading, Study  # noqa: E402
from engine.mapping import (  # noqa: E402
    map_figure,
    map_mentions,
    projection,  # noqa: E402
)
from engine.mapping.figure import looks  # noqa: E402
from engine.mapping.projection import pca  # noqa: E402
from engine.mapping.vectors import mention_vectors  # noqa: E402
from tests.engine import tiny  # noqa: E402


@pytest.fixture(scope="module")
def tagger() -> Any:
    return SimpleNamespace(system=tiny.untrained().eval(), precision="fp32")


@pytest.fixture(scope="module")
def study() -> Study:
    gold = tiny.known()
    predicted = tuple(document.with_spans(_moved(document)) for document in gold)
    return study_of("样例", gold, [Reading("m", "0123456789abcdef", "", ("PER", "LOC", "ORG"), predicted, ())])


def _moved(document: Document) -> list[Span]:
    """Predict every second entity, each third of them a character too long."""
    spans = [replace(span, score=0.9) for span in document.spans[::2]]
    return [replace(s, end=s.end + 1) if at % 3 == 0 and s.end < len(document) else s for at, s in enumerate(spans)]


def test_principal_components_are_those_of_a_known_cloud() -> None:
    # Along (3, 4)/5 with lengths -2, -1, 1, 2, and across it by half of that: variances 10 and 0.5.
    along, across = np.array([0.6, 0.8]), np.array([-0.8, 0.6])
    vectors = np.stack([-2 * along, -along + 0.5 * across, along + 0.5 * across, 2 * along - across]) + 7
    places, shares = pca(vectors)
    covariance = np.cov(vectors.T)
    values = np.sort(np.linalg.eigvalsh(covariance))[::-1]
    assert np.allclose(places.var(0, ddof=1), values)
    assert shares == pytest.approx(tuple(values / values.sum()))
    assert np.allclose(np.linalg.norm(places[0] - places[3]), np.linalg.norm(vectors[0] - vectors[3]))
    assert places[0, 0] < places[3, 0]  # the largest loading is positive
    assert np.allclose(pca(np.ones((3, 4)))[0], 0) and pca(np.ones((1, 4)))[1] == (0.0, 0.0)


def test_a_vector_is_the_mean_of_its_characters_in_their_sentence(tagger: Any) -> None:
    document = Document("王芳昨天到了杭州。" * 6)  # longer than a window, so that places in it count from its beginning
    places = [(0, 0, 2), (0, 42, 44), (0, 6, 8)]
    found = mention_vectors(tagger.system, [document], places)
    with torch.inference_mode():
        first = tagger.system.represent(tagger.system.collate([document.part(0, tagger.system.window)]))[0].numpy()
    assert np.allclose(found[0], first[0:2].mean(0), atol=1e-5) and np.allclose(found[2], first[6:8].mean(0), atol=1e-5)
    assert not np.allclose(found[1], found[2], atol=1e-5)


def test_a_map_holds_every_mention_once_and_is_the_same_again(tagger: Any, study: Study) -> None:
    whole = map_mentions(tagger, study, 0)
    cases = study.readings[0].cases
    two = [c for c in cases if c.gold and c.found and (c.gold.start, c.gold.end) != (c.found.start, c.found.end)]
    assert two and whole.total == len(whole.mentions) == len(cases) + len(two)
    assert {mention.side for mention in whole.mentions} == {"gold", "found", "both"}
    assert all(0 <= m.x <= 1 and 0 <= m.y <= 1 for m in whole.mentions)
    assert {m.outcome for m in whole.mentions} == {case.outcome for case in cases}
    some = map_mentions(tagger, study, 0, most=7, seed=5)
    assert len(some.mentions) == 7 and some.total == whole.total
    assert some == map_mentions(tagger, study, 0, most=7, seed=5) != map_mentions(tagger, study, 0, most=7, seed=6)


def test_a_figure_says_what_is_shown(tagger: Any, study: Study) -> None:
    found = map_mentions(tagger, study, 0, most=9)
    for way in ("gold", "found", "outcome"):
        chosen = looks(found, way)
        assert sum(1 for m in found.mentions if getattr(m, way) in chosen) == len(found.mentions)
        assert len(set(chosen.values())) == len(chosen)  # no two look alike
        assert map_figure(found, study, 0, way=way, kind="svg") == map_figure(found, study, 0, way=way, kind="svg")
    with pytest.raises(InputError):
        map_figure(found, study, 0, way="length")


def test_a_study_without_mentions_has_an_empty_map(tagger: Any) -> None:
    gold = (Document("没有。"),)
    study = study_of("空", gold, [Reading("m", "0", "", (), gold, ())])
    found = map_mentions(tagger, study, 0)
    assert found.mentions == () and map_figure(found, study, 0, kind="png").startswith(b"\x89PNG")


def test_umap_is_asked_for_where_it_is_missing(tagger: Any, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "has_umap", lambda: False)
    with pytest.raises(InputError, match="pip install"):
        map_mentions(tagger, study, 0, method="umap")
    assert map_mentions(tagger, study, 0).mentions
    with pytest.raises(InputError, match="pca or umap"):
        map_mentions(tagger, study, 0, method="tsne")


@pytest.mark.slow
def test_umap_with_one_seed_is_one_map(tagger: Any, study: Study) -> None:
    pytest.importorskip("umap", reason="umap-learn is not installed")
    maps = [map_mentions(tagger, study, 0, method="umap", most=24) for _ in range(2)]
    assert maps[0] == maps[1] and maps[0].shares == (0.0, 0.0)
    assert len({(m.x, m.y) for m in maps[0].mentions}) > 12
    with pytest.raises(InputError, match="5 mentions or more"):
        map_mentions(tagger, study, 0, method="umap", most=3)


def test_the_command_writes_the_map_and_its_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from engine import checkpoint, formats

    model = tmp_path / "tiny"
    checkpoint.save(tiny.untrained(), model, tiny.CARD)
    data = tmp_path / "data.jsonl"
    formats.write(tiny.known(), data, "jsonl")
    arguments = ["map", "--checkpoint", str(model), "--data", str(data), "--most", "6", "--threads", "1"]
    assert main([*arguments, "--json", str(tmp_path / "m.json"), "--figure", str(tmp_path / "m.svg"), "--by", "gold"]) == 0
    kept = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert len(kept["mentions"]) == 6 and all(mention["text"] for mention in kept["mentions"])
    assert b"<svg" in (tmp_path / "m.svg").read_bytes()
    assert "drawn at random (seed 1)" in capsys.readouterr().out
    assert main([*arguments, "--figure", str(tmp_path / "m.docx")]) == 2
