import pytest

from engine.errors import InputError
from engine.evaluation.slices import SLICES
from engine.reproduction import TABLES, class_attention, cnerta, get, languages, mpm_cner, pictured
from engine.reproduction.corpora import FILES, TRANSLATED
from engine.reproduction.table import Row, Table
from engine.systems import SYSTEMS
from engine.systems.contract import options
from engine.training import TrainingConfig

ALL = list(TABLES.values())


def test_a_table_is_known_by_name():
    assert get("mpm-cner-5") is mpm_cner.TABLE_5
    with pytest.raises(InputError, match="there is no table 'mpm-cner-9'; choose one of class-attention, "):
        get("mpm-cner-9")
    with pytest.raises(InputError, match="mpm-cner-5 has no row 'w/o BERT'; it has MPM-CNER, w/o Phn"):
        mpm_cner.TABLE_5.row("w/o BERT")


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_a_table_names_what_there_is(table):
    names = [row.name for row in table.rows]
    assert len(set(names)) == len(names)
    assert {*table.corpora, *table.by_corpus, *table.further} <= set(FILES)
    assert {*table.sizes, *(name for row in table.rows for name in row.first)} <= {*FILES, *TRANSLATED}
    assert {part for corpus in FILES for part in table.parts_of(corpus)} <= set(SLICES)
    for row in table.rows:
        assert set(row.against) <= set(names) - {row.name}
        assert set(row.published) <= set(FILES) and 0 < row.share <= 1
        assert all(50 < figure < 100 and part in table.parts for of in row.published.values() for part, figure in of.items())


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_every_option_of_a_table_exists(table):
    for row in table.rows:
        if row.system in SYSTEMS:
            known = {option.name for config in (SYSTEMS[row.system].Config, TrainingConfig) for option in options(config)}
            assert all(set(table.settings(row, corpus, {})) <= known for corpus in FILES)


def published(table, row, corpus, part="all"):
    return table.row(row).published[corpus][part]


# Table 5 prints these differences itself.
PRINTED = {"w/o Phn": (-0.08, -0.30, -1.69), "w/o Gly": (-0.24, -0.42, -3.05), "w/o Phn+Gly": (-0.46, -0.82, -3.13)}
PRINTED |= {"w/o CM-Atten": (-0.47, -0.22, -1.73), "w/o Pre-training": (-0.21, -0.77, -3.61)}


@pytest.mark.parametrize("row", list(PRINTED))
def test_the_ablation_has_the_papers_differences(row):
    table = mpm_cner.TABLE_5
    found = [published(table, row, c) - published(table, "MPM-CNER", c) for c in ("msra", "resume", "weibo")]
    assert found == pytest.approx(PRINTED[row])


def test_the_others_have_the_papers_figures():
    assert published(mpm_cner.TABLE_6, "BERT+LSTM+CRF, 10%", "weibo") == 61.29
    assert published(mpm_cner.TABLE_6, "MPM-CNER, 50%", "resume") == 95.98
    assert published(mpm_cner.TABLE_7, "MPM-CNER", "weibo", "polyphonic") == 70.81
    assert published(mpm_cner.TABLE_8, "BERT+LSTM+CRF", "resume", "unknown") == 62.50
    assert published(class_attention.CLASS_ATTENTION, "classification attention", "weibo") == 72.51


def test_what_is_printed_of_m3t_agrees_with_itself():
    """Precision and recall give the F1 that stands beside them; the errors are those of table 5."""
    rows = [row for row in cnerta.M3T.rows if row.printed]
    for row in rows:
        for part, printed in row.printed["cnerta-spoken"].items():
            f1 = 2 * printed.precision * printed.recall / (printed.precision + printed.recall)
            assert published(cnerta.M3T, row.name, "cnerta-spoken", part) == pytest.approx(f1, abs=0.02)
    base, *_, m3t = (row.printed["cnerta-spoken"] for row in rows)
    totals = [
        printed[part].type_errors + printed[part].boundary_errors for part in ("flat", "natural") for printed in (base, m3t)
    ]
    assert totals == [908, 788, 906, 848]


def test_what_is_trained_once_is_asked_for_in_the_same_words():
    """The full model and the baseline are the same in all tables of MPM-CNER, so that their cells are."""
    full = [(mpm_cner.TABLE_5, "MPM-CNER"), (mpm_cner.TABLE_6, "MPM-CNER, 100%")]
    full += [(mpm_cner.TABLE_7, "MPM-CNER"), (mpm_cner.TABLE_8, "MPM-CNER")]
    for corpus in FILES:
        settings = [table.settings(table.row(name), corpus, {}) for table, name in full]
        assert all(found == settings[0] for found in settings)
    assert {table.row(name).share for table, name in full} == {1.0}
    assert mpm_cner.TABLE_5.settings(mpm_cner.TABLE_5.rows[0], "weibo", {})["dropout"] == 0.1


def test_what_is_printed_of_other_languages_agrees_with_itself():
    """Precision and recall give the F1 that stands beside them."""
    for table, corpus in ((languages.TABLE_3, "cmner-pictured"), (languages.TABLE_4, "twitter2015-pictured")):
        for row in table.rows:
            printed = row.printed[corpus]["drawn"]
            f1 = 2 * printed.precision * printed.recall / (printed.precision + printed.recall)
            assert published(table, row.name, corpus, "drawn") == pytest.approx(f1, abs=0.07)


def test_what_learns_from_nothing_first_is_the_same_as_without_other_languages():
    for name in ("ACN", "UMT"):
        alone, before = pictured.CMNER.row(f"{name}, text + all pictures"), languages.TABLE_3.row(f"{name}, -")
        assert (alone.system, alone.share, before.first) == (before.system, before.share, ())
        settings = [t.settings(r, "cmner-pictured", {}) for t, r in ((pictured.CMNER, alone), (languages.TABLE_3, before))]
        assert settings[0] == settings[1]
    assert pictured.CMNER.sizes["cmner-pictured"] == languages.TABLE_3.sizes["cmner-pictured"]


def test_what_is_nearer_to_a_cell_counts():
    row = Row("r", "s", {"b": 2, "c": 2, "d": 2, "e": 2}, {"weibo": {"d": 3, "e": 3}})
    table = Table("t", "", "", ("weibo",), (row,), {"a": 0, "b": 0}, {"weibo": {"b": 1, "c": 1}})
    assert table.settings(row, "weibo", {"e": 4}) == {"a": 0, "b": 2, "c": 2, "d": 3, "e": 4}
    assert table.settings(row, "msra", {}) == {"a": 0, "b": 2, "c": 2, "d": 2, "e": 2}
