# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The examples of docstrings and of the README run."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize(
    "name", ["captioner.captioner", "core.types", "core.word_diff", "memory.scene_memory"]
)
def test_examples_of_docstrings_run(name):
    result = doctest.testmod(import_module(f"mmser_ros.{name}"))
    assert result.attempted
    assert not result.failed


def test_the_example_of_the_readme_runs(tmp_path, monkeypatch, picture):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture).save("photo.jpg")
    exec(compile(code, "README.md", "exec"), {})
    assert [one.name for one in tmp_path.glob("*.sqlite")] == ["home.sqlite"]
