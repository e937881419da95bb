# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Configurations: what is checked, and what the errors say."""

from dataclasses import FrozenInstanceError, replace
from typing import Annotated, Literal

import pytest
from pydantic import Field

from mmser_ros.core.errors import MmserError
from mmser_ros.core.validation import checked, from_json


class OddError(MmserError):
    """What these configurations raise."""


@checked(OddError)
class Wheel:
    width: Annotated[float, Field(gt=0, le=1)] = 0.5
    tyre: Literal["soft", "hard"] = "soft"


@checked(OddError)
class Robot:
    name: str
    wheels: tuple[Wheel, ...] = ()
    spare: Wheel | None = None


def test_it_is_a_frozen_value():
    robot = Robot("ada", (Wheel(1),))
    assert robot == replace(robot)
    assert hash(robot) == hash(replace(robot))
    assert robot.wheels[0].width == 1.0
    with pytest.raises(FrozenInstanceError):
        robot.name = "bob"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Wheel(2.0), "width is 2.0; expected a number less than or equal to 1"),
        (lambda: Wheel(tyre="flat"), "tyre is 'flat'; expected 'soft' or 'hard'"),
        (lambda: Wheel(width="0.5"), "width is '0.5'; expected a valid number"),
        (lambda: Wheel(width=float("nan")), "width is nan; expected a finite number"),
        (lambda: Wheel(widht=0.1), "widht is not known; did you mean width?"),
        (lambda: Wheel(colour=1), "colour is not known; expected some of width, tyre"),
        (Robot, "name is missing"),
        (lambda: replace(Wheel(), width=-1.0), "width is -1.0; expected a number greater than 0"),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(OddError) as refused:
        make()
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"wheels": [{}, {"width": 7}]}', "name is missing; wheels.1.width is 7; expected a"),
        ('{"name": "ada", "spare": {"tire": "soft"}}', "spare.tire is not known; did you mean ty"),
        ('{"name": 5}', "name is 5; expected a valid string"),
        ("[]", "the whole is []; expected an object"),
        ("{", "the whole is '{'; Invalid JSON: "),
    ],
)
def test_json_that_is_refused(text, said):
    with pytest.raises(OddError) as refused:
        from_json(Robot, text, "robot.json is no robot", OddError)
    assert str(refused.value).startswith(f"robot.json is no robot: {said}")


def test_json_is_read_with_what_is_in_it():
    text = '{"name": "ada", "wheels": [{"width": 1}], "spare": {"tyre": "hard"}}'
    found = from_json(Robot, text, "robot.json is no robot", OddError)
    assert found == Robot("ada", (Wheel(1.0),), Wheel(tyre="hard"))
