"""The documents say what is true: their tables match the registries, their commands run, their links lead somewhere.

``python -m tests.test_docs --write`` brings the tables up to date.
"""

from __future__ import annotations

import argparse
import importlib
import io
import re
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.acquisition import STRATEGIES, Need
from engine.formats import FORMATS
from engine.shipped import DEFAULT, SHIPPED
from engine.systems import SYSTEMS
from workbench import settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def table(header: list[str], rows: list[list[str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *escaped])


def systems_table() -> str:
    rows = [
        [
            f"`{system.name}`",
            ", ".join(modality.name + (" (optional)" if modality.optional else "") for modality in system.modalities),
            ", ".join(f"`{evidence}`" for evidence in system.emits),
            "flat or nested" if system.nested else "flat",
            f"{system.paper.title}, {system.paper.year}",
            system.paper.differs,
        ]
        for system in SYSTEMS.values()
    ]
    return table(["system", "reads", "evidence", "spans", "paper", "here"], rows)


def formats_table() -> str:
    rows = [
        [f"`{f.name}`", f.title, " ".join(f"`{end}`" for end in f.extensions), "; ".join(part.title for part in f.lacks)]
        for f in FORMATS.values()
    ]
    return table(["format", "what", "usual endings", "cannot hold"], rows)


def strategies_table() -> str:
    rows = [
        [f"`{s.name}`", s.title, ", ".join(need.value for need in Need if need in s.needs), s.paper] for s in STRATEGIES.values()
    ]
    return table(["strategy", "chooses", "needs", "paper"], rows)


TABLES = {"systems": systems_table, "formats": formats_table, "strategies": strategies_table}


def with_tables(text: str) -> str:
    """Return a document with every table between its markers made anew."""
    for name, make in TABLES.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        content = make()
        text = marked.sub(lambda found, content=content: f"{found[1]}{content}\n{found[2]}", text)
    return text


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def commands() -> list[str]:
    """Return every command line of the documents' shell blocks, continued lines joined, in order and each once."""
    blocks = [block for document in DOCUMENTS for block in FENCE.findall(read(document))]
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return list(dict.fromkeys(line for line in lines if line))


def arguments_of(program: str) -> list[list[str]]:
    """Return the arguments of every call of a program; what is before a pipe, and where output goes, is left out."""
    calls = []
    for line in commands():
        words = shlex.split(line)
        words = words[len(words) - words[::-1].index("|") :] if "|" in words else words
        words = words[: words.index(">")] if ">" in words else words
        start = shlex.split(program)
        if words[: len(start)] == start:
            calls.append(words[len(start) :])
    return calls


ENGINE = arguments_of("python -m engine") + arguments_of("accelerate launch -m engine")
LAUNCH = arguments_of("python3 launch.py")
BENCHMARKS = [line for line in commands() if "tests/benchmarks/" in line]


def parsed(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    """Return what the command line understands, without doing it."""
    from engine.__main__ import main

    understood: list[argparse.Namespace] = []
    parse = argparse.ArgumentParser.parse_args

    def remember(self: Any, *given: Any) -> argparse.Namespace:
        understood.append(parse(self, *given))
        return argparse.Namespace(handler=lambda _: 0)

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", remember)
        assert main(argv) == 0
    return understood[0]


def needs(chosen: argparse.Namespace) -> list[str]:
    """Return the files and checkpoints that a command names and the repository does not have."""
    given = vars(chosen)
    files = [given.get("file"), given.get("data"), given.get("dev"), given.get("corrections"), *(given.get("train") or [])]
    files += [
        given.get("mixture"),
        *(given.get("layers") or []),
        *(given.get("text") if isinstance(given.get("text"), list) else []),
    ]
    missing = [name for name in files if name and not (ROOT / name).is_file()]
    chosen_ones = given.get("checkpoint") or []
    for checkpoint in [chosen_ones] if isinstance(chosen_ones, str) else chosen_ones:
        if not (SHIPPED / checkpoint / "config.json").is_file():
            missing.append(checkpoint)
    return missing


def test_the_documents_have_commands_of_every_kind() -> None:
    assert {argv[0] for argv in ENGINE} >= {
        "predict",
        "evaluate",
        "agreement",
        "train",
        "retrain",
        "pretrain",
        "reproduce",
        "simulate",
        "build",
        "systems",
        "checkpoints",
        "convert",
        "formats",
    }
    assert LAUNCH and BENCHMARKS


@pytest.mark.parametrize("argv", ENGINE, ids=" ".join)
def test_a_command_of_the_documents_is_understood(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(argv, monkeypatch)


@pytest.mark.parametrize("argv", ENGINE, ids=" ".join)
def test_a_command_of_the_documents_runs(
    argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.__main__ import main

    chosen = parsed(argv, monkeypatch)
    trains = argv[0] in ("train", "retrain", "pretrain") and not chosen.__dict__.get("options")
    if argv[0] == "build":
        pytest.skip("writes hundreds of megabytes into the user's cache")
    if trains or argv[0] in ("reproduce", "simulate") and not chosen.list:
        pytest.skip("trains a model")
    if argv[0] == "influence":
        pytest.skip("needs a retraining of the user's own")
    lacking = [name for name in needs(chosen) if name != DEFAULT]
    if lacking:
        pytest.skip(f"needs the user's own {', '.join(lacking)}")
    if not (SHIPPED / DEFAULT).is_dir() and getattr(chosen, "checkpoint", None) == DEFAULT:
        pytest.skip(f"{DEFAULT} is not in {SHIPPED}")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("王芳昨天到了杭州。\n".encode())))
    assert main(argv) == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("argv", LAUNCH, ids=lambda argv: " ".join(argv) or "no options")
def test_an_option_of_the_launcher_exists(argv: list[str], tmp_path: Path) -> None:
    argv = [argument for argument in argv if argument != "--no-venv"]
    if argv[:1] != ["test"]:
        assert settings.parse(argv, {"HOME": str(tmp_path)}, "launch.py").port


@pytest.mark.parametrize("line", BENCHMARKS)
def test_an_option_of_a_benchmark_exists(line: str) -> None:
    pytest.importorskip("psutil")
    script, *argv = shlex.split(line)[1:]
    module = importlib.import_module(script.removesuffix(".py").replace("/", "."))
    assert module.parser().parse_args(argv)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_tables_are_those_of_the_registries(document: str) -> None:
    assert read(document) == with_tables(read(document)), "run: python -m tests.test_docs --write"


def test_every_table_is_in_the_readme() -> None:
    assert [name for name in TABLES if f"<!-- {name} -->" not in read("README.md")] == []


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    dead = []
    for link in LINK.findall(re.sub(r"```.*?```", "", read(document), flags=re.DOTALL)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = ROOT / path if path else ROOT / document
        headings = (
            re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE) if anchor and target.is_file() else []
        )
        if not target.exists() or (anchor and anchor not in map(slug, headings)):
            dead.append(link)
    assert dead == []


def write() -> None:
    """Bring the tables of every document up to date."""
    for document in DOCUMENTS:
        text = read(document)
        if with_tables(text) != text:
            (ROOT / document).write_text(with_tables(text), encoding="utf-8")
            print(f"{document} is brought up to date")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.test_docs --write")
    write()
