"""Every option says what it does, in both languages."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import engine
from engine.option_help import option_help
from engine.systems.contract import Options, options


def declared(kind: type[Options] = Options) -> Iterator[type[Options]]:
    for below in kind.__subclasses__():
        yield below
        yield from declared(below)


def test_the_options_of_the_engine_and_their_lines_are_the_same() -> None:
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    keys = {option.help for kind in declared() if kind.__module__.startswith("engine.") for option in options(kind)}
    assert keys == set(option_help("en")) == set(option_help("zh"))


def test_a_line_is_one_sentence_of_its_language() -> None:
    assert [line for line in option_help("en").values() if not re.fullmatch(r"[A-Za-z][ -~]{5,139}[^.]", line)] == []
    assert [line for line in option_help("zh").values() if not re.search("[\u4e00-\u9fff]", line) or line.endswith("。")] == []
