"""The smallest table worth testing with."""

from __future__ import annotations

from engine.reproduction.cell import cell_of
from engine.reproduction.cell_training import train_cell
from engine.reproduction.corpora import find
from engine.reproduction.table import Row, Table, on_all
from engine.run import Run
from tests.engine.tiny import OPTIONS

TINY = Table(
    name="tiny",
    title="whether bigrams help",
    source="nowhere, Table 0",
    corpora=("weibo", "resume"),
    rows=(
        Row("plain", "bilstm-crf", {"bigrams": 0}, published=on_all(weibo=50.0)),
        Row("bigrams", "bilstm-crf", against=("plain",), published=on_all(weibo=60.0)),
    ),
    options={
        **OPTIONS,
        **{"epochs": 3, "batch_size": 8, "encoder_rate": 0.02, "head_rate": 0.02, "patience": 1000, "precision": "fp32"},
    },
    further={"weibo": ("unrepeated",)},
)


def cell(data, row="bigrams", seed=1, **overrides):
    """Return a cell of the table on the corpus that there is."""
    ((source,), _) = find(["weibo"], data)
    return cell_of(TINY, TINY.row(row), source, seed, overrides)


def carried_out(wanted, folder):
    """Carry a cell out in this process and return its run."""
    run = Run.create(folder / wanted.key, wanted.plan())
    assert run.carry_out(train_cell).state == "done"
    return run
