"""The house stays as it was drawn: arrows point down, doors have no side effects, rooms have domain names."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
WORKBENCH = sorted((ROOT / "workbench").rglob("*.py"))
PRODUCT = [ROOT / "launch.py", *ENGINE, *WORKBENCH]
VAGUE = {"utils", "common", "helpers", "misc", "constants"}


def name(file):
    return str(file.relative_to(ROOT))


def imports(file):
    """Yield every module that a file imports, at its top or inside a function, with relative ones resolved."""
    package = list(file.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imported_from(file, *forbidden):
    return sorted({module for module in imports(file) if any(module == f or module.startswith(f + ".") for f in forbidden)})


@pytest.mark.parametrize("file", ENGINE, ids=name)
def test_the_engine_knows_no_page_and_no_database(file):
    assert imported_from(file, "gradio", "sqlalchemy", "alembic", "workbench", "launch") == []


@pytest.mark.parametrize("file", WORKBENCH, ids=name)
def test_the_workbench_does_not_know_who_launches_it(file):
    assert imported_from(file, "launch") == []


def test_launch_knows_the_workbench_alone():
    assert imported_from(ROOT / "launch.py", "engine") == []


TABS = ROOT / "workbench" / "tabs"
SECTIONED = {TABS / "projects" / "people", TABS / "projects" / "labels"}
"""Pages of several sections, which know nothing of each other."""


def rooms(folder):
    """Return the tabs of the workbench, or the pages of Projects: modules, and packages that hold several."""
    inside = [*folder.glob("*.py"), *(inner.parent for inner in folder.glob("*/__init__.py"))]
    return {room.relative_to(ROOT).with_suffix("") for room in inside if room.stem != "__init__"}


@pytest.mark.parametrize("file", sorted(TABS.rglob("*.py")), ids=name)
def test_a_tab_knows_no_other_tab_and_no_page_another(file):
    own = file.relative_to(ROOT).with_suffix("")
    own = own.parent if own.name == "__init__" else own
    tabs, pages = rooms(TABS), rooms(TABS / "projects")
    # What joins pages knows them: Projects its own, the tabs none.
    others = {room for room in tabs | pages if not own.is_relative_to(room) and not room.is_relative_to(own)}
    others |= {room for room in tabs if own == TABS.relative_to(ROOT)}
    assert imported_from(file, *(".".join(room.parts) for room in others)) == []


@pytest.mark.parametrize("folder", sorted(SECTIONED), ids=name)
def test_a_section_knows_no_other_section(folder):
    sections = {file for file in folder.glob("*.py") if "-> Section:" in file.read_text(encoding="utf-8")}
    assert len(sections) > 2
    for section in sections:
        others = [".".join(other.relative_to(ROOT).with_suffix("").parts) for other in sections - {section}]
        assert imported_from(section, *others) == []


@pytest.mark.parametrize("file", [*sorted((ROOT / "workbench" / "views").rglob("*.py"))], ids=name)
def test_a_view_is_drawn_from_what_it_is_given(file):
    assert (
        imported_from(file, "gradio", "workbench.store", "workbench.services", "workbench.tabs", "workbench.retraining.jobs")
        == []
    )


@pytest.mark.parametrize("file", PRODUCT, ids=name)
def test_nothing_is_unpickled(file):
    assert imported_from(file, "pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal") == []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            assert (node.func.value.id, node.func.attr) != ("torch", "load"), f"{name(file)}:{node.lineno} uses torch.load"
            pickles = any(keyword.arg == "allow_pickle" and not _is_false(keyword.value) for keyword in node.keywords)
            assert not pickles, f"{name(file)}:{node.lineno} allows pickles"


def _is_false(value):
    return isinstance(value, ast.Constant) and value.value is False


@pytest.mark.parametrize("file", PRODUCT, ids=name)
def test_a_module_is_named_for_what_it_holds(file):
    assert not VAGUE & set(file.relative_to(ROOT).with_suffix("").parts)


def modules(folder):
    files = [file for file in folder.rglob("*.py") if file.name != "__main__.py" and "versions" not in file.parts]
    parts = [file.relative_to(ROOT).with_suffix("").parts for file in sorted(files)]
    return [".".join(p[:-1] if p[-1] == "__init__" else p) for p in parts]


IMPORT_ALL = """
import importlib, json, os, sys, threading
sys.path.insert(0, sys.argv[1])
before, written = dict(os.environ), []
def audit(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        written.append(str(arguments[0]))
    elif event in ("os.mkdir", "os.rename", "os.remove", "subprocess.Popen", "socket.connect"):
        written.append(f"{event} {arguments[0]}")
names = json.loads(sys.argv[2])
# Third-party packages may do as they like; only what our own modules do on their first import is asked here.
for module in sys.argv[3].split():
    importlib.import_module(module)
sys.addaudithook(audit)
for module in names:
    importlib.import_module(module)
print(json.dumps({
    "written": [w for w in written if not w.endswith(".pyc") and "__pycache__" not in w and w != os.devnull],
    "environment": sorted(key for key in os.environ.keys() | before.keys() if os.environ.get(key) != before.get(key)),
    "threads": [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()],
    "loaded": sorted(sys.modules),
}))
"""


def import_in_a_fresh_process(names, first, folder):
    command = [sys.executable, "-B", "-c", IMPORT_ALL, str(ROOT), json.dumps(names), first]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)
    assert answer.returncode == 0, answer.stderr
    *said, result = answer.stdout.splitlines()
    assert said == []
    assert list(folder.iterdir()) == []
    return json.loads(result)


def test_importing_the_engine_has_no_side_effects(tmp_path):
    result = import_in_a_fresh_process(
        modules(ROOT / "engine"), "torch transformers.models.bert.modeling_bert accelerate", tmp_path
    )
    assert result["written"] == []
    assert not {"gradio", "sqlalchemy", "alembic", "workbench"} & set(result["loaded"])


def test_importing_the_settings_needs_the_standard_library_alone(tmp_path):
    result = import_in_a_fresh_process(["workbench.settings", "workbench.installation", "launch"], "", tmp_path)
    assert (result["written"], result["environment"], result["threads"]) == ([], [], [])
    outside = {module.partition(".")[0] for module in result["loaded"]} - set(sys.stdlib_module_names)
    # What site-packages loads at start-up by itself is none of ours.
    assert not outside & {"torch", "gradio", "numpy", "sqlalchemy", "alembic", "transformers", "engine"}


def test_the_engines_nouns_are_light(tmp_path):
    light = ["engine", "engine.document", "engine.errors", "engine.evidence", "engine.tags"]
    loaded = set(import_in_a_fresh_process(light, "", tmp_path)["loaded"])
    assert not {"torch", "numpy", "transformers", "gradio"} & loaded


def test_the_texts_say_the_same_things_in_both_languages():
    folder = ROOT / "workbench" / "texts"
    languages = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("??.json")}
    assert set(languages) == {"zh", "en"}
    assert sorted(languages["zh"]) == sorted(languages["en"])
    assert not [key for texts in languages.values() for key, text in texts.items() if not text.strip()]


def test_every_room_is_a_package():
    # A package without __init__.py is left out of some installations.
    folders = {file.parent for file in [*ENGINE, *WORKBENCH] if file.parent.name != "versions"}
    assert [name(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
    assert importlib.import_module("workbench.store.migrations")
