# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Draw the packages into docs/architecture.md, from the imports of the source code.

    python docs/draw_packages.py

An arrow means "imports". An import that follows from a chain of others has no arrow.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, PAGE = ROOT / "mmser_ros", ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- packages: begin -->", "<!-- packages: end -->"


def imported_packages(package: Path) -> dict[str, set[str]]:
    """The packages that each top-level package imports directly, by name."""
    names = {folder.name for folder in package.iterdir() if (folder / "__init__.py").exists()}
    imports: dict[str, set[str]] = {name: set() for name in sorted(names)}
    for path in package.glob("*/**/*.py"):
        importer = path.relative_to(package).parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules = [f"{node.module}.{one.name}" for one in node.names]
            for module in modules:
                top, *rest = module.split(".")
                if top == package.name and rest and rest[0] in names:
                    imports[importer].add(rest[0])
        imports[importer].discard(importer)
    return imports


def direct_only(imports: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The imports that no chain of other imports implies, as (importer, imported), sorted."""

    def reachable(name: str) -> set[str]:
        below = imports[name]
        return below.union(*(reachable(one) for one in below))

    return [
        (name, target)
        for name, targets in sorted(imports.items())
        for target in sorted(targets)
        if not any(target in reachable(other) for other in targets)
    ]


def diagram(package: Path) -> str:
    """The packages and their imports as a Mermaid block."""
    arrows = direct_only(imported_packages(package))
    lines = [f"    {importer} --> {imported}" for importer, imported in arrows]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"])


def with_diagram(page: str, package: Path) -> str:
    """The page with the diagram between its two marks.

    Raises:
        ValueError: a mark is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        msg = f"a mark is missing in {PAGE.name}; expected {BEGIN} and, below it, {END}"
        raise ValueError(msg)
    return f"{before}{begin}\n{diagram(package)}\n{end}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_diagram(PAGE.read_text(), PACKAGE))
