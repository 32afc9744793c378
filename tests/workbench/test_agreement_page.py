"""Agreement of a project: what is gathered, kept, listed, written and drawn."""

import csv
import io
import re
from collections import Counter
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from engine.document import Document, Span
from engine.evaluation.agreement import match
from workbench.agreement import Agreements, Question, table_csv
from workbench.differences import confusion, differences, documents_of, lowest
from workbench.errors import UserError
from workbench.language import Texts
from workbench.store import Label
from workbench.views.agreement import confusion_html, headline_html, labels_html, pairs_html, time_html
from workbench.views.agreement_figure import confusion_table, labels_table, overall_table, pairs_table, table_figure, time_figure

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
    counts = confusion(differences(layers((PER, LOC), (Span(2, 5, "LOC"), LOC), (LOC,))))
    assert counts == {("LOC", "LOC"): 3, ("LOC", "PER"): 1, ("PER", "—"): 1, ("LOC", "—"): 1}


def test_the_documents_of_a_disagreement_are_found_by_its_labels_in_either_order(store):
    project, ids = annotated(store, 3)
    said = [(PER, LOC), (Span(PER.start, PER.end, "ORG"), LOC)]
    text = TEXT + "尾"
    (other,) = store.documents.add(project, [Document(text)]).ids
    for author, spans in zip("甲乙", said, strict=True):
        store.save(text, spans, author=author, labels=[], client_key=f"{other}{author}", document_id=other, project=project)
    found = Agreements(store).measure(project, Question()).differences
    assert documents_of(found, "PER", "ORG") == documents_of(found, "ORG", "PER") == documents_of(found, "ORG") == (other,)
    assert set(documents_of(found, "PER")) > {other} and set(documents_of(found, "PER", "—")) < set(ids)
    # Where both say the same there is nothing to see, however often.
    assert documents_of(found, "LOC", "ORG") == () and found["LOC", "LOC"].total() > 0


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
    counts = confusion(found.differences)
    rows = labels_html(found.agreement, counts, words)
    assert 'data-one="PER"' in rows and "data-one" not in labels_html(found.agreement, {("PER", "PER"): 9}, words)
    assert len(found.windows) > 1 and "<polyline" in time_html(found.windows, words)
    assert "<polyline" not in time_html((), words)
    cells = confusion_html(counts, words)
    assert cells.count("data-do") == 2 * sum(one != other for one, other in counts)


def letters(svg: bytes) -> set[str]:
    """Return the characters that are written in a figure; one that its font has not would be a warning, and fail the test."""
    return {letter for words in re.findall("<!-- (.*?) -->", svg.decode()) for letter in words}


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_every_part_is_drawn_as_a_figure_with_the_letters_of_names(store, kind):
    project, _ = annotated(store, 24)
    found, words = Agreements(store).measure(project, Question()), Texts("zh").words
    names, counts = {"甲": "赵敏😀", "乙": "乙" * 90}, confusion({**found.differences, ("龘组", "—"): Counter({1: 2})})
    tables = {
        "总体": overall_table(found.agreement, words),
        "两两": pairs_table(found.agreement, names, words),
        "标签": labels_table(found.agreement, words),
        "混淆": confusion_table(counts, words),
    }
    said = {"note": "晚报 · 2026-03-01", "kind": kind}
    files = {title: table_figure(table, title=title, **said) for title, table in tables.items()}
    files["时间"] = time_figure(found.windows, words, title="时间", **said)
    begins = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[kind]
    assert all(file.startswith(begins) for file in files.values())
    assert files["混淆"] == table_figure(tables["混淆"], title="混淆", **said)
    if kind == "svg":
        for title, file in files.items():
            ElementTree.fromstring(file)
            assert {*title, *"晚报"} <= letters(file), title
        assert {*"赵敏U+1F600…kappa"} <= letters(files["两两"]) and {*"龘组未标"} <= letters(files["混淆"])


def test_a_figure_of_no_known_format_or_of_no_course_is_refused(store):
    project, _ = annotated(store, 4)
    found, words = Agreements(store).measure(project, Question()), Texts("zh").words
    with pytest.raises(ValueError, match="gif"):
        table_figure(overall_table(found.agreement, words), title="", note="", kind="gif")
    with pytest.raises(ValueError, match="window"):
        time_figure((), words, title="", note="", kind="svg")
