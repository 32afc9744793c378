"""How commands print: JSON for machines, aligned text for people."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from engine.errors import InputError

_LISTED = 20


def print_json(value: Any) -> None:
    """Print one object on one line; what standard output cannot show is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = json.dumps(value)
    print(text, flush=True)


@contextmanager
def progress(unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar where there is a terminal, and give what follows the work: told how much is done, of how much."""
    from tqdm import tqdm

    with tqdm(unit=unit, file=sys.stderr, disable=not sys.stderr.isatty()) as bar:

        def observe(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield observe


def few(items: Sequence[str], separator: str) -> str:
    """Return the first of some items, and how many more there are."""
    shown = separator.join(items[:_LISTED])
    return f"{shown}{separator}… and {len(items) - _LISTED} more (all with --json)" if len(items) > _LISTED else shown


def print_table(rows: Sequence[Sequence[Any]], header: Sequence[str]) -> None:
    """Print rows in columns as wide as their widest cell."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def parse_pairs(values: Iterable[str], what: str, *, separator: str = "\0") -> Mapping[str, str]:
    """Read ``NAME=VALUE`` arguments.

    Args:
        values: the arguments.
        what: the option's name, for the message.
        separator: splits an argument into several pairs.

    Raises:
        InputError: if one has no ``=``.
    """
    pairs: dict[str, str] = {}
    for part in (part for value in values for part in value.split(separator) if part):
        name, equals, right = part.partition("=")
        if not equals or not name:
            raise InputError(f"{what}: expected NAME=VALUE, got {part!r}")
        pairs[name.strip()] = right.strip()
    return pairs


def add_json(parser: argparse.ArgumentParser) -> None:
    """Give a command its ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON for machines instead of text for people")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Give a command the choice of device, threads and precision."""
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, …; auto (the default) takes a GPU if there is one")
    parser.add_argument("--threads", type=int, help="CPU threads; as many as there are cores by default")
    parser.add_argument(
        "--precision", default="auto", help="fp32, bf16 or int8; auto (the default): bf16 where the hardware has it, else fp32"
    )
    parser.add_argument("--checkpoints", action="append", default=[], metavar="DIR", help="a further folder of checkpoints")


def use_threads(threads: int | None) -> None:
    """Set the number of CPU threads.

    Raises:
        InputError: if it is not positive.
    """
    import torch

    if threads is not None:
        if threads < 1:
            raise InputError(f"--threads: expected a number from 1 on, got {threads}")
        torch.set_num_threads(threads)


def print_options(configs: Mapping[str, Any]) -> None:
    """Print the options of configurations: name, type, default, what a value may be, and what it does.

    Args:
        configs: from the owner's name to the options' class.
    """
    from engine.option_help import option_help
    from engine.systems.contract import options

    lines = option_help()
    for owner, config in configs.items():
        print(owner)
        for option in options(config):
            bounds = " | ".join(option.choices) or (f"{option.minimum} … {option.maximum}" if option.minimum is not None else "")
            print(f"  {option.name:<20} {option.type.__name__:<6} {option.default!r:<10} {bounds}".rstrip())
            print(f"      {lines[option.help]}")
