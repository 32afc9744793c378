"""Every visible word exists in both languages, is used, and is filled in alike."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

import workbench
from engine.run import Status
from workbench import settings
from workbench.language import LANGUAGES, Texts
from workbench.span_editor import TEXT_KEYS
from workbench.tabs.retrain.form import FORM, SYSTEM_FORM, choice_key, label_key

ROOT = Path(workbench.__file__).parent
OFFERED = [*FORM, *(option for form in SYSTEM_FORM.values() for option in form)]
CHOICES = [choice_key(option, choice) for option in FORM for choice in option.choices]
WORDS = {language: json.loads((ROOT / "texts" / f"{language}.json").read_text(encoding="utf-8")) for language in LANGUAGES}
KEY = re.compile(r"[a-z]+(\.[A-Za-z0-9_]+)+")


def literals() -> tuple[set[str], set[str]]:
    """Return the string literals of the workbench's code, whole ones and beginnings of f-strings."""
    whole, beginnings = set(), set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                beginnings.add(node.values[0].value)
    return whole, beginnings


def calls() -> set[str]:
    """Return the keys that the code asks a ``Texts`` for by name, or raises as a ``UserError``."""
    keys = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in ("t", "texts", "UserError"):
                    keys.add(node.args[0].value)
    return keys


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None} | set(re.findall(r"%\d", words))


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(WORDS["zh"]) == list(WORDS["en"])


@pytest.mark.parametrize("key", WORDS["zh"])
def test_a_text_is_not_empty_and_names_the_same_values_in_both_languages(key: str) -> None:
    assert WORDS["zh"][key].strip() and WORDS["en"][key].strip()
    assert placeholders(WORDS["zh"][key]) == placeholders(WORDS["en"][key])


def test_keys_are_named_by_tab_and_control() -> None:
    assert [key for key in WORDS["zh"] if not KEY.fullmatch(key)] == []


def test_chinese_is_chinese() -> None:
    assert [key for key, words in WORDS["zh"].items() if not re.search("[\u4e00-\u9fff]", words)] == []


def test_english_holds_no_chinese() -> None:
    assert [key for key, words in WORDS["en"].items() if re.search("[\u4e00-\u9fff]", words)] == []


def test_every_key_asked_for_exists() -> None:
    assert sorted(calls() - set(WORDS["zh"])) == []


def editor_asks_for() -> set[str]:
    """Return the keys that the editor's script asks for: by name, and those of its table of keys."""
    script = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "span_editor").glob("*.js"))
    named = set(re.findall(r"""["`]((?:[a-z_]+\.[a-z_]+)|count|empty)["`]""", script))
    table = script[script.index("const COMMANDS") : script.index("function chordOf")]
    rows = set(re.findall(r'row: "(\w+)"', table)) | set(re.findall(r'motion\("(\w+)"', table))
    rows |= {f"select_{row}" for row in re.findall(r'motion\("(\w+)"', table)}
    states = set(re.findall(r'return (?:[^;]*?)"([a-z]+)"', script[script.index("stateName()") : script.index("showState() {")]))
    states |= set(re.findall(r'[?:] "([a-z]+)"', script[script.index("stateName()") : script.index("showState() {")]))
    buttons = set(re.findall(r'name: "(\w+)"', table))
    groups = set(re.findall(r'group: "(\w+)"', table))
    families = {"key": rows, "state": states, "keys": groups}
    formed = {f"{family}.{name}" for family, names in families.items() for name in names} | {f"{name}.label" for name in buttons}
    return {f"editor.{key}" for key in named | formed}


def test_every_key_of_the_editor_exists_and_is_used() -> None:
    keys = {key for key in WORDS["zh"] if key.startswith("editor.")}
    assert keys == set(TEXT_KEYS)
    asked = editor_asks_for()
    assert sorted(keys - asked) == []
    families = ("key", "keys", "state", "hint", "same", "merge", "note", "proposals", "evidence", "others", "navigation", "help")
    assert sorted(key for key in asked - keys if key.split(".")[1] in families) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_of_the_form_has_its_words(language: str) -> None:
    words = Texts(language).words
    assert [key for option in OFFERED for key in (option.help, label_key(option)) if key not in words] == []
    assert CHOICES and [key for key in CHOICES if key not in words] == []


def test_every_key_is_used() -> None:
    whole, beginnings = literals()
    families = tuple(beginning for beginning in beginnings if beginning.count(".") >= 1 and beginning.endswith("."))
    formed = {*CHOICES, *(label_key(option) for option in OFFERED)}
    assert [
        key for key in WORDS["zh"] if key not in whole and not key.startswith((*families, "editor.")) and key not in formed
    ] == []


def test_a_texts_fills_in_values_and_refuses_what_it_does_not_have() -> None:
    texts = Texts("en")
    assert "20,000" in texts("analyse.long.error", length=20_001, longest=20_000)
    with pytest.raises(KeyError):
        texts("analyse.no.such")
    with pytest.raises(KeyError):
        texts("analyse.long.error", length=1)
    with pytest.raises(ValueError, match="fr"):
        Texts("fr")


def test_the_command_line_offers_the_same_languages() -> None:
    assert tuple(LANGUAGES) == settings.LANGUAGES


def test_every_state_that_a_job_is_watched_in_has_its_words() -> None:
    assert {field.name for field in fields(Status)} >= {"state", "message"}
    assert {"views.progress.state.queued", "views.progress.state.running"} <= set(WORDS["zh"])
    assert {"retrain.failed.line", "retrain.cancelled.line"} <= set(WORDS["zh"])
