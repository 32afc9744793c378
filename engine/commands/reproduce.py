"""``reproduce``: a paper's table, run on the data at hand and printed beside what was published."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from engine.commands.output import add_json, parse_pairs, print_json, print_table
from engine.errors import InputError

_DESCRIPTION = """\
Run a table of a paper on the corpora at hand, and print our figures beside the published ones.

  python -m engine reproduce --list
  python -m engine reproduce class-attention --data corpora --corpus weibo --seeds 1,2,3
  python -m engine reproduce class-attention --data corpora --corpus weibo --seeds 1 --set epochs=1   a quick trial
  python -m engine reproduce class-attention --data corpora --kept    what is done so far; nothing is trained

A table is made of cells: one training of one row on one corpus with one seed. Each has a folder, OUT/cells/HASH, with what it
is (config.json), its progress, and in the end its predictions on the dev part and its scores. The hash covers everything that
determines the result: tables share cells, and running again does only what is missing; a cell that was interrupted goes on from
its last state. The table is computed from the kept predictions, and written to OUT/TABLE.json and OUT/TABLE.md.

Each figure is the mean over the seeds ± their standard deviation, of the epoch that is best on the dev part and of the last
epoch. A claim of the paper holds if the mean difference has the published sign and exceeds its standard error over the paired
seeds; with one seed it is always too close to tell. The corpora are looked for below DIR: weibo/, resume/, cmner/, msra/,
cnerta-spoken/, cmner-pictured/, twitter2015-pictured/; one that is not there is left out and named, what can be built with the
command that builds it. cmner-3 and cmner-4 learn from another corpus first; a row of which that is not there is left out too."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "reproduce",
        help="run a paper's table and compare",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("table", nargs="?", metavar="TABLE", help="name of a table; --list shows them")
    parser.add_argument("--list", action="store_true", help="list the tables, and stop")
    parser.add_argument("--data", metavar="DIR", help="the folder of corpora; the variable DUOMO_DATA by default")
    parser.add_argument("--corpus", nargs="+", action="extend", metavar="C", help="only these corpora")
    parser.add_argument("--seeds", default="1,2,3", metavar="N,…", help="seeds (1,2,3)")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="cells at a time (1); GPUs are taken in turn")
    parser.add_argument("--threads", type=int, help="CPU threads of each process; by default the cores shared evenly")
    parser.add_argument("--out", default="runs/reproduction", metavar="DIR", help="where cells and tables go (runs/reproduction)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="an option for every cell that has it")
    parser.add_argument("--kept", action="store_true", help="train nothing; make the table from the cells that are done")
    add_json(parser)
    parser.set_defaults(handler=reproduce)


def reproduce(arguments: argparse.Namespace) -> int:
    """Carry out what is missing of a table, and print it; the status is 1 if a cell failed."""
    from engine.reproduction import get
    from engine.reproduction.making import make

    seeds = seeds_of(arguments.seeds)
    if arguments.list:
        return _list(arguments, len(seeds))
    if arguments.table is None:
        raise InputError("reproduce: name a table; --list shows them")
    for name in ("processes", "threads"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise InputError(f"--{name}: expected a number from 1 on, got {value}")
    table = get(arguments.table)
    report, failed = make(
        table,
        data=arguments.data,
        corpora=arguments.corpus or table.corpora,
        seeds=seeds,
        overrides=parse_pairs(arguments.set, "--set"),
        folder=Path(arguments.out),
        machine=None if arguments.kept else _machine(arguments),
        say=lambda line: print(line, file=sys.stderr),
    )
    if arguments.json:
        print_json(report.to_json())
    else:
        print(report.text())
    return 1 if failed else 0


def _machine(arguments: argparse.Namespace) -> Any:
    from engine.reproduction.schedule import this_machine

    return this_machine(arguments.processes, arguments.threads, os.environ)


def seeds_of(text: str) -> list[int]:
    """Read ``--seeds``.

    Raises:
        InputError: if it is not numbers with commas between.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and part.isascii() for part in parts):
        raise InputError(f"--seeds: expected numbers from 0 on with commas between, got {text!r}")
    return list(dict.fromkeys(map(int, parts)))


def _list(arguments: argparse.Namespace, seeds: int) -> int:
    from engine.reproduction import TABLES

    listed: list[dict[str, Any]] = [
        {
            "name": table.name,
            "title": table.title,
            "source": table.source,
            "corpora": list(table.corpora),
            "rows": [row.name for row in table.rows],
            "cells": len(table.rows) * len(table.corpora) * seeds,
        }
        for table in TABLES.values()
    ]
    if arguments.json:
        print_json(listed)
        return 0
    rows = [(t["name"], t["cells"], " ".join(t["corpora"]), t["title"]) for t in listed]
    print_table(rows, ("table", "cells", "corpora", "about"))
    print(f"Cells are for {seeds} seeds; tables share those that are the same.")
    return 0
