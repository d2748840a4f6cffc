"""The shape of the code: import direction, what the engine may need, sizes and names."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
FILES = sorted(
    path for name in ("config", "routing") for path in (ROOT / name).rglob("*.py") if "migrations" not in path.parts
)
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
ENGINE_NEEDS = {"phonenumbers", "opening_hours"}
# Python only: they translate between Vapi's words and ours, and are tested without a database.
PURE_PREFIXES = {
    "routing.engine": ENGINE_NEEDS,
    "routing.vapi.messages": ENGINE_NEEDS | {"orjson"},
    "routing.vapi.signing": ENGINE_NEEDS,
}

# What is written at the end of which module, always hidden inside a function, and the contract that must break.
SABOTAGES = {
    "engine imports models": ("engine/sabotage.py", "from routing import models"),
    "engine imports services": ("engine/sabotage.py", "import routing.services"),
    "models import services": ("models/sabotage.py", "from routing import services"),
    "snapshot imports vapi": ("snapshot/sabotage.py", "import routing.vapi"),
    "recorder imports snapshot": ("recorder/sabotage.py", "from routing import snapshot"),
    "services import api": ("services/sabotage.py", "from routing import api"),
    "api imports webhook": ("api/sabotage.py", "import routing.webhook"),
    "admin imports management": ("admin/sabotage.py", "from routing.management import commands"),
    "telemetry imports models": ("telemetry/sabotage.py", "from routing import models"),
    "status imports webhook": ("status/sabotage.py", "import routing.webhook"),
    "services import config": ("services/sabotage.py", "from config import settings"),
    "a package outside the layers": ("newcomer.py", "import json"),
}

WITHOUT_DJANGO = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "rest_framework", "environ", "unfold"}:
            raise ImportError(f"{name} must not be needed")

sys.meta_path.insert(0, Refuse())
package = importlib.import_module("routing.engine")
names = [module.name for module in pkgutil.walk_packages(package.__path__, "routing.engine.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_imports_point_down() -> None:
    result = subprocess.run(LINT, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def copied_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in ("config", "routing"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(("path", "statement"), SABOTAGES.values(), ids=SABOTAGES)
def test_a_forbidden_import_is_found_even_inside_a_function(path: str, statement: str, copied_project: Path) -> None:
    sabotaged = copied_project / "routing" / path
    sabotaged.write_text(f"def hide():\n    {statement}\n")
    try:
        result = subprocess.run(LINT, cwd=copied_project, capture_output=True, text=True, check=False)
    finally:
        sabotaged.unlink()

    assert result.returncode != 0, result.stdout
    assert sabotaged.stem in result.stdout + result.stderr


@pytest.mark.parametrize("prefix", PURE_PREFIXES)
def test_pure_modules_need_only_python_and_few_libraries(prefix: str) -> None:
    graph = grimp.build_graph("routing", include_external_packages=True, cache_dir=None)
    pure = {name for name in graph.modules if name.startswith(prefix)}

    needed = {imported.partition(".")[0] for name in pure for imported in graph.find_modules_directly_imported_by(name)}

    assert needed - set(sys.stdlib_module_names) - {"routing"} <= PURE_PREFIXES[prefix]


def test_engine_is_importable_without_django() -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_DJANGO], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_is_short_and_named_after_its_subject(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")

    assert lines <= LONGEST_FILE, f"{lines} lines: split it by subject"
    assert not VAGUE_NAMES & {path.stem, path.parent.name}, "name it after what is in it"


def test_no_function_is_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {name} has {size} lines"
        for path in FILES
        for name, size in _measure(path)
        if size > LONGEST_FUNCTION
    ]

    assert not long


def _measure(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
