"""What a format takes it gives back, and what it cannot take it says: one property for all formats."""

import json
import shutil
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import formats
from engine.document import Document, Span
from engine.errors import FormatError, InputError
from tests.engine.test_formats import LABELS, ODD, TEXTS, documents, keys_and_scores

NAMES = st.text(ODD | st.characters(codec="utf-8"), min_size=1, max_size=8)
ONE_WORD = {"组织 名": "组织名"}


@st.composite
def full_documents(draw, attachments=True):
    drawn = draw(documents(scored=True))
    spans = [Span(s.start, s.end, ONE_WORD.get(s.label, s.label), s.score) for s in drawn.spans]
    images = draw(st.lists(NAMES, max_size=2).map(tuple))
    audio = draw(st.none() | NAMES)
    meta = draw(st.dictionaries(NAMES | st.sampled_from(["id", "text", "label", "tokens", "a-b"]), TEXTS, max_size=2))
    annotated = draw(st.none() | st.lists(LABELS, max_size=2).map(tuple))
    readings = {0: "zhang3"} if drawn.text and draw(st.booleans()) else {}
    return Document(drawn.text, tuple(spans), draw(st.just("") | NAMES), images, audio, meta, annotated, readings)


def without_tokens(document):
    return Document(document.text, document.spans, document.id, meta={k: v for k, v in document.meta.items() if k != "tokens"})


@pytest.mark.parametrize("name", formats.FORMATS)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(full_documents(), max_size=3))
def test_what_is_read_back_is_what_was_written_without_what_was_said_to_be_lost(tmp_path, name, drawn):
    chosen = formats.FORMATS[name]
    path = tmp_path / "corpus"
    shutil.rmtree(path, ignore_errors=True)
    fits = [chosen.fit(document) for document in drawn]
    written = formats.write(iter(drawn), path, name)
    expected = [fit for fit, _ in fits if fit is not None]
    assert written.documents == len(expected)
    assert written.lost == sum((Counter(lost) for _, lost in fits), Counter())
    for document, (fit, lost) in zip(drawn, fits, strict=True):
        assert bool(lost) or (fit == document and keys_and_scores(fit) == keys_and_scores(document))
    read = formats.read(path, name)
    if name == "twitter":
        expected, read = [*map(without_tokens, expected)], [*map(without_tokens, read)]
    if path.is_dir():
        expected, read = (sorted(side, key=lambda d: (d.id, d.text, d.spans)) for side in (expected, read))
    assert read == expected
    assert [*map(keys_and_scores, read)] == [*map(keys_and_scores, expected)]
