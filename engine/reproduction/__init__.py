"""The papers' tables, run on the data at hand: one file a paper declares them as data, by name.

::

    table.py          what a table is
    mpm_cner.py, …    the tables of a paper
    corpora.py        which files a corpus is, and which of its documents are learned from
    cell.py           one training, known by a hash of all that determines it
    cell_training.py  carries a cell out
    outcome.py        what is kept of it
    making.py         makes a table of all that
    schedule.py       carries out the cells that are missing, several at a time
    claims.py         figures over seeds, differences and verdicts
    report.py         the result as text, Markdown and JSON
"""

from __future__ import annotations

from engine.errors import InputError
from engine.reproduction import class_attention, cnerta, languages, mpm_cner, pictured
from engine.reproduction.table import Table

_ALL = (
    class_attention.CLASS_ATTENTION,
    class_attention.ALPHA,
    mpm_cner.TABLE_5,
    mpm_cner.TABLE_6,
    mpm_cner.TABLE_7,
    mpm_cner.TABLE_8,
    cnerta.M3T,
    cnerta.M3T_FLAT,
    pictured.CMNER,
    pictured.DGHC,
    languages.TABLE_3,
    languages.TABLE_4,
)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}


def get(name: str) -> Table:
    """Return a table by name.

    Raises:
        InputError: if there is none of that name.
    """
    if name not in TABLES:
        raise InputError(f"there is no table {name!r}; choose one of {', '.join(TABLES)}")
    return TABLES[name]
