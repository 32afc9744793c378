"""Agreement of a project: what is gathered, kept, listed, written and drawn."""

import csv
import io
from datetime import date, timedelta

import pytest

from engine.document import Document, Span
from engine.evaluation.agreement import match
from workbench.agreement import Agreements, Question, confusion, lowest, table_csv
from workbench.errors import UserError
from workbench.language import Texts
from workbench.store import Label
from workbench.views.agreement import confusion_html, headline_html, labels_html, pairs_html, time_html

TEXT = "昨天李小龙从𠮷林回到上海"
PER, LOC = Span(2, 5, "PER"), Span(6, 8, "LOC")


def annotated(store, count=4):
    """Make documents of one name that 甲 and 乙 annotated, the last of which they differ on."""
    project = store.projects.create("医疗", overlap=2).id
    ids = store.documents.add(project, [Document(f"{TEXT}{n}", id="" if n else "同名") for n in range(count)]).ids
    for number, document_id in enumerate(ids):
        for author in "甲乙":
            spans = [PER, LOC] if number < count - 1 or author == "甲" else [Span(2, 5, "LOC")]
            text = store.document(document_id).text
            store.save(text, spans, author=author, labels=[], client_key=f"{number}{author}", document_id=document_id)
    return project, ids


def test_agreement_is_measured_kept_and_measured_anew_after_a_save(store):
    project, ids = annotated(store)
    agreements, told = Agreements(store), []
    assert agreements.known(project, Question()) is None and agreements.headline(project) is None
    found = agreements.measure(project, Question(), lambda *step: told.append(step))
    assert [step[0] for step in told] == ["read", "read", "measure", "time"]
    assert found.agreement.shared == 4 and 0 < found.agreement.overall.kappa.value < 1
    assert agreements.known(project, Question()) is found is agreements.measure(project, Question())
    headline = Agreements(store).headline(project)
    assert headline["kappa"]["value"] == found.agreement.overall.kappa.value and headline["since"] == 0
    text = store.document(ids[3]).text
    store.save(text, [PER, LOC], author="乙", labels=[], client_key="mended", document_id=ids[3])
    assert agreements.known(project, Question()) is None and agreements.headline(project)["since"] == 1
    assert agreements.measure(project, Question()).agreement.overall.kappa.value == 1


def test_it_can_be_asked_of_some(store):
    project, ids = annotated(store)
    agreements = Agreements(store)
    only = agreements.measure(project, Question(labels=("PER",))).agreement
    assert list(only.labels) == ["PER"]
    assert agreements.headline(project) is None
    tomorrow = date.today() + timedelta(days=2)
    with pytest.raises(UserError) as nothing:
        agreements.measure(project, Question(since=tomorrow))
    assert nothing.value.key == "agreement.shared.error"
    with pytest.raises(UserError) as few:
        agreements.measure(project, Question(annotators=("甲",)))
    assert few.value.key == "agreement.few.error"
    assert agreements.measure(project, Question(until=tomorrow)).agreement.shared == 4


def test_renamed_labels_agree(store):
    project, _ = annotated(store, 2)
    store.labels.put(project, [Label("PER"), Label("LOC")])
    before = Agreements(store).measure(project, Question()).agreement.overall.f1.value
    store.labels.rename(project, "PER", "人物")
    assert Agreements(store).measure(project, Question()).agreement.overall.f1.value == before


def layers(*said):
    documents = {name: [Document(TEXT, spans, id="1", meta={"document": "7"})] for name, spans in zip("abc", said, strict=False)}
    return match(documents)


def test_confusion_counts_pairs_of_annotators_and_what_was_not_marked():
    counts = confusion(layers((PER, LOC), (Span(2, 5, "LOC"), LOC), (LOC,)))
    assert counts == {("LOC", "LOC"): 3, ("LOC", "PER"): 1, ("PER", "—"): 1, ("LOC", "—"): 1}


def test_documents_of_the_lowest_agreement_are_listed():
    (found,) = lowest(layers((PER, LOC), (PER,)))
    assert (found.document_id, found.f1, found.annotators) == (7, pytest.approx(2 / 3), 2)
    assert lowest(layers((PER,), (PER,))) == () == lowest(layers((), ()))


def test_tables_are_written_as_csv_that_no_spreadsheet_takes_for_formulas(store):
    project, _ = annotated(store)
    store.save("x", [Span(0, 1, "PER")], author="=1+1", labels=[], client_key="x", project=project)
    found = Agreements(store).measure(project, Question())
    for kind in ("overall", "pairs", "labels", "time", "confusion", "documents"):
        written = table_csv(found, kind)
        assert written.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(written[1:])))
        assert len({len(row) for row in rows}) == 1
    assert "'=1+1" in table_csv(found, "pairs") and ",=" not in table_csv(found, "pairs")
    overall = {row[0]: row[1] for row in csv.reader(io.StringIO(table_csv(found, "overall")[1:]))}
    assert float(overall["kappa"]) == found.agreement.overall.kappa.value
    with pytest.raises(KeyError):
        table_csv(found, "no such")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_can_be_drawn(store, language):
    project, _ = annotated(store, 24)
    found, words = Agreements(store).measure(project, Question()), Texts(language).words
    value = f"{found.agreement.overall.kappa.value:.3f}"
    assert value in headline_html(found.agreement, words) and "95% [" in headline_html(found.agreement, words)
    assert "&#60;甲" in pairs_html(found.agreement, {"甲": "<甲", "乙": "乙"}, words)
    assert "PER" in labels_html(found.agreement, words)
    assert len(found.windows) > 1 and "<polyline" in time_html(found.windows, words)
    assert "<polyline" not in time_html((), words)
    assert "PER" in confusion_html(found.confusion, words)
