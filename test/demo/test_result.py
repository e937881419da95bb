# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How the demos end; that they run is for test_house.py and test/cli."""

import json
from types import SimpleNamespace

import pytest

from mmser_ros.demo.result import conclude
from mmser_ros.demo.stage import DemoError


def conclusion(capsys, heard, captioned, count):
    watcher = SimpleNamespace(images=heard, captions=captioned, dropped={"overrun": 1})
    answers = [{"question": "where is it?"}] * count
    try:
        return conclude(watcher, answers)
    finally:
        out = capsys.readouterr().out
        assert len(json.loads(out)["questions"]) == count


def test_three_answers_and_headers_that_match(capsys):
    assert conclusion(capsys, {1: "cat", 2: "cup"}, {1: 20.0}, 3) == 0


def test_a_header_of_no_image_is_a_failure(capsys):
    assert conclusion(capsys, {1: "cat"}, {2: 20.0}, 3) == 1


@pytest.mark.parametrize("captioned", [{}, {1: 20.0}])
def test_too_few_answers_are_a_failure_that_says_why(capsys, captioned):
    said = f"after {len(captioned)} captions the memory has 2 objects to ask for, expected 3"
    with pytest.raises(DemoError, match=said):
        conclusion(capsys, {1: "cat"}, captioned, 2)
