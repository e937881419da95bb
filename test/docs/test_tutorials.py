# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The Python programs of the tutorials run."""

import re
from pathlib import Path

import pytest

from mmser_ros.core.images import save_picture

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def run(page):
    (program,) = BLOCK.findall((TUTORIALS / page).read_text())
    exec(compile(program, page, "exec"), {})


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_first_caption(picture, capsys):
    save_picture(picture, Path("photo.jpg"))
    run("first_caption.md")
    caption, confidence = capsys.readouterr().out.rsplit(maxsplit=1)
    assert len(caption.split()) > 1
    assert 0.0 <= float(confidence) <= 1.0


def test_ask_the_memory(capsys):
    run("ask_the_memory.md")
    assert capsys.readouterr().out.startswith("mug (")
