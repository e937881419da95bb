# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The layout of docs/architecture.md: imports run down only, and files stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mmser_ros"
FLOORS = (
    {"cli"},
    {"archive", "demo", "training"},
    {"nodes"},
    {"evaluation", "visualization"},
    {"memory", "captioner", "data"},
    {"language", "simulation"},
    {"core"},
)
GENERATED = {"msg", "srv"}
"""Made by rosidl: for nodes and demo alone, as rclpy is."""
NEEDS_TORCH = {"captioner", "training", "evaluation"}
LOADS_TORCH = {"language/sentence_embeddings.py", "cli/info.py"}
LONGEST_FILE, LARGEST_FOLDER = 300, 22
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import; expected the full name"
            yield node.module
            if node.module.count(".") < 2:
                yield from (f"{node.module}.{one.name}" for one in node.names)


def package_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def floor_of(package: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if package in floor)


def test_all_packages_have_a_floor():
    folders = {one.parent for one in PACKAGE.glob("*/*.py")}
    assert {one.name for one in folders} == set().union(*FLOORS)
    assert [one.name for one in PACKAGE.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_down(path):
    package = package_of(path)
    for name in imports(path):
        top, _, rest = name.partition(".")
        target = rest.split(".")[0]
        if top != "mmser_ros" or not target or not package or target == package:
            continue
        if target in GENERATED:
            assert package in {"nodes", "demo"}, f"{name}: messages are for nodes and demo"
        elif target in set().union(*FLOORS):
            assert floor_of(package) < floor_of(target), f"{package} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_ros_and_torch_stay_where_they_belong(path):
    package, file = package_of(path), str(path.relative_to(PACKAGE))
    tops = {name.split(".")[0] for name in imports(path)}
    if package not in {"nodes", "demo"}:
        assert "rclpy" not in tops
    if package not in NEEDS_TORCH and file not in LOADS_TORCH:
        assert "torch" not in tops


def test_nodes_do_not_import_each_other():
    for path in (PACKAGE / "nodes").rglob("*.py"):
        node = path.relative_to(PACKAGE / "nodes").parts[0]
        for name in imports(path):
            if name.startswith("mmser_ros.nodes.") and node != "__init__.py":
                assert name.split(".")[2] in {node, "common"}, f"{path} imports {name}"


def test_benchmarks_do_not_import_tests():
    for path in (ROOT / "benchmarks").glob("*.py"):
        assert not [name for name in imports(path) if name.split(".")[0] == "test"], path


def test_no_file_or_folder_is_long():
    for path in MODULES:
        lines = len(path.read_text().splitlines())
        assert lines <= LONGEST_FILE, f"{path} has {lines} lines; expected {LONGEST_FILE} at most"
    for folder in {path.parent for path in MODULES}:
        files = list(folder.glob("*.py"))
        assert len(files) <= LARGEST_FOLDER, f"{folder} has {len(files)} files"
