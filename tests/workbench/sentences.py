"""The sentences that the code can say on a page, read off the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNSEEN = (
    "engine/commands",
    "engine/corpus_training.py",
    "engine/evaluation/alignment.py",
    "engine/modalities/scripts.py",
    "engine/modalities/spectrogram.py",
    "engine/modalities/typefaces.py",
    "engine/pretraining",
    "engine/reproduction",
    "engine/simulation",
    "engine/synthesis",
    "engine/text_pretraining.py",
    "workbench/store/account_command.py",
    "workbench/store/backup.py",
    "workbench/store/command.py",
)
"""What only commands reach."""
ERRORS = {
    *("EngineError", "RunError", "InputError", "DocumentError", "TagError", "ConfigError", "CheckpointError", "StoreError"),
    *("ValueError", "TypeError"),
}
TOLD = {"note": 0, "report": 1, "places_of": 4, "one_key": 4, "Problem": 2, "check_name": 1}
"""Calls that are given words to show, and where."""
TABLES = {"_OTHERS", "_EXPORT", "_KINDS", "_WAYS", "_MEANINGS"}
"""Names of tables whose texts become parts of sentences."""
LEAST = 5
"""Letters and signs between the places of a template; one with fewer fits anything, as a single word does."""


def files() -> Iterator[Path]:
    """Yield the files that can say something on a page."""
    for folder in ("engine", "workbench/store", "workbench/exchange"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if not str(file.relative_to(ROOT)).startswith(UNSEEN):
                yield file
    yield from (ROOT / "workbench" / name for name in ("spoken.py", "pictured.py"))


def required() -> dict[str, str]:
    """Return every template that a page may show, and where it stands."""
    found: dict[str, str] = {}
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files()}
    modules = {file: _Module(tree) for file, tree in trees.items()}
    for file, module in modules.items():
        module.others = {other.stem: others for other, others in modules.items()}
        for node in ast.walk(trees[file]):
            for said in filter(is_told_apart, module.said(node)):
                found.setdefault(said, f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    return found


def is_told_apart(template: str) -> bool:
    """Tell whether enough of a template is fixed to know a sentence by it."""
    literals = re.split(r"(?<!{){[^{}]+}(?!})", template)
    return " " in template if len(literals) == 1 else len("".join("".join(literals).split())) >= LEAST


def known() -> set[str]:
    """Return the template of every text in the code."""
    found = set()
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (template := template_of(node)) is not None:
                plain = template.replace("{{", "{").replace("}}", "}")
                found |= {template, plain}
    return found


def template_of(node: ast.AST) -> str | None:
    """Return a text, with the places of an f-string named after what is put there; ``None`` for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _escaped(node.value)
    if not isinstance(node, ast.JoinedStr):
        return None
    parts: list[str] = []
    names: list[str] = []
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            name = place_of(value.value)
            names.append(name)
            count = names.count(name)
            parts.append("{" + (name if count == 1 else f"{name}{count}") + "}")
        else:
            assert isinstance(value, ast.Constant)
            parts.append(_escaped(value.value))
    return "".join(parts)


def place_of(node: ast.expr) -> str:
    """Return what a place is called: the last name of what is put there."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lower().strip("_")
        case ast.Call(args=[(ast.GeneratorExp() | ast.ListComp()) as some, *_]):
            return place_of(some.generators[0].iter)
        case ast.Call(args=[first, *_]) if not isinstance(first, ast.Constant):
            return place_of(first)
        case ast.Call(func=ast.Attribute(value=value)):
            return place_of(value)
        case ast.Subscript(value=value) | ast.BinOp(left=value) | ast.IfExp(body=value):
            return place_of(value)
        case ast.BoolOp(values=values):
            return place_of(next((value for value in values if isinstance(value, ast.Name)), values[0]))
        case _:
            return "value"


class _Module:
    """The texts of one file, and what its names stand for."""

    def __init__(self, tree: ast.Module) -> None:
        self.texts: dict[str, list[ast.expr]] = {}
        self.returned: dict[str, list[ast.expr]] = {}
        self.others: dict[str, _Module] = {}
        for node in ast.walk(tree):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    self.texts.setdefault(name, []).append(value)
                case ast.NamedExpr(target=ast.Name(id=name), value=value):
                    self.texts.setdefault(name, []).append(value)
                case ast.FunctionDef(name=name):
                    returns = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value is not None]
                    self.returned.setdefault(name, []).extend(returns)

    def said(self, node: ast.AST) -> Iterator[str]:
        """Yield what a node says: what an error or a report is given, or a table of words holds."""
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
                if name in ERRORS and args:
                    yield from self.words(args[0])
                elif name in TOLD and len(args) > TOLD[name]:
                    yield from self.words(args[TOLD[name]])
            case (
                ast.keyword(arg="message", value=value)
                | ast.Assign(targets=[ast.Subscript(slice=ast.Constant("message"))], value=value)
            ):
                yield from self.words(value)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "message":
                        yield from self.words(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=table) if name in TABLES:
                for each in ast.walk(table):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and _is_said(each.value, name):
                        yield each.value

    def words(self, node: ast.expr, depth: int = 0) -> Iterator[str]:
        """Yield the templates of an expression, and of what is put into their places."""
        if depth > 8:
            return
        match node:
            case ast.Constant(value=str(text)):
                if text:
                    yield _escaped(text)
            case ast.JoinedStr(values=values):
                template = template_of(node)
                assert template is not None
                if any(isinstance(value, ast.Constant) and any(map(str.isalpha, value.value)) for value in values):
                    yield template
                for value in values:
                    if isinstance(value, ast.FormattedValue):
                        yield from self._placed(value.value, depth)
            case ast.IfExp(body=body, orelse=other):
                yield from self.words(body, depth + 1)
                yield from self.words(other, depth + 1)
            case ast.BoolOp(values=values):
                for value in values:
                    yield from self.words(value, depth + 1)
            case ast.Name(id=name):
                for value in self.texts.get(name, ()):
                    yield from self.words(value, depth + 1)
            case ast.Call(func=ast.Name(id="str"), args=[value]):
                yield from self.words(value, depth + 1)
            case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[ast.List(elts=values)]):
                for value in values:
                    yield from self.words(value.value if isinstance(value, ast.Starred) else value, depth + 1)
            case ast.ListComp(elt=value) | ast.List(elts=[value]):
                yield from self.words(value, depth + 1)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)) if module in self.others:
                for value in self.others[module].returned.get(name, ()):
                    yield from self.others[module].words(value, depth + 1)
            case ast.Call(func=ast.Name(id=name)):
                for value in self.returned.get(name, ()):
                    yield from self.words(value, depth + 1)

    def _placed(self, node: ast.expr, depth: int) -> Iterator[str]:
        """Yield what is put into a place, if it is words rather than a single one."""
        yield from (words for words in self.words(node, depth + 1) if " " in words.strip())


def _is_said(text: str, table: str) -> bool:
    return bool(text) and (table != "_MEANINGS" or "{place}" in text)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
