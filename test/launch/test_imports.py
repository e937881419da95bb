# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch files run with ROS's own Python, which may lack what the package depends on."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mmser_ros.core.resources import share_path

FILES = sorted(share_path("launch").glob("*.launch.py"))
FROM_PIP = ("cv2", "networkx", "pydantic", "scipy", "spacy", "torch", "transformers", "typer")
COMMON = {"mmser_ros.nodes.common.launch", "mmser_ros.nodes.common.launch_robots"}
"""They need ROS's launch, which pip does not install; so what they import is tried instead."""


def own_modules(path):
    tree = ast.walk(ast.parse(path.read_text()))
    found = (node.module for node in tree if isinstance(node, ast.ImportFrom))
    return {name for name in found if name.startswith("mmser_ros.")}


def launch_modules():
    of_files = set().union(*map(own_modules, FILES))
    of_common = (own_modules(Path(find_spec(one).origin)) for one in COMMON)
    return sorted(of_files.union(*of_common) - COMMON)


def test_there_are_launch_files():
    assert len(FILES) >= 3  # caption, memory, bringup


@pytest.mark.parametrize("module", launch_modules())
def test_what_launch_files_import_needs_ros_only(module):
    code = f"import sys; sys.modules.update(dict.fromkeys({FROM_PIP!r})); import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
