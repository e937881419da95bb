# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The diagram of the packages, drawn from the imports."""

import pytest

from docs.draw_packages import BEGIN, END, PACKAGE, PAGE, diagram, direct_only, with_diagram


@pytest.fixture
def package(tmp_path):
    """A package whose `top` imports `middle` and `bottom`, and whose `middle` imports `bottom`."""
    sources = {
        "top": "from house import bottom\nfrom house.middle.deep.module import something\n",
        "middle": "def late():\n    import house.bottom.module\n",
        "bottom": "import json\nfrom house.bottom import own\n",
    }
    for name, source in sources.items():
        folder = tmp_path / "house" / name / "deep"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        (folder / "module.py").write_text(source)
    return tmp_path / "house"


def test_the_page_shows_the_imports_as_they_are():
    page = PAGE.read_text()
    assert page == with_diagram(page, PACKAGE), "run: python docs/draw_packages.py"


def test_arrows_are_imports_that_no_others_imply(package):
    arrows = [line.strip() for line in diagram(package).splitlines() if "-->" in line]
    assert arrows == ["middle --> bottom", "top --> middle"]


def test_an_import_without_a_chain_has_an_arrow():
    imports = {"a": {"b", "c"}, "b": set(), "c": {"d"}, "d": set()}
    assert direct_only(imports) == [("a", "b"), ("a", "c"), ("c", "d")]


def test_only_the_text_between_the_marks_changes(package):
    drawn = with_diagram(f"before\n{BEGIN}\nold\n{END}\nafter\n", package)
    assert drawn == f"before\n{BEGIN}\n{diagram(package)}\n{END}\nafter\n"


@pytest.mark.parametrize("page", [BEGIN, END, ""])
def test_a_missing_mark_is_named(page, package):
    with pytest.raises(ValueError, match=r"a mark is missing in architecture\.md"):
        with_diagram(page, package)
