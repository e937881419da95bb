# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters: each is described, and each number has a range."""

import re
from dataclasses import fields

import pytest

from mmser_ros.memory.config import RANGES, MemoryConfig, MemoryConfigError


def test_every_parameter_is_described_and_every_number_has_a_range():
    described = set(re.findall(r"^        (\w+): ", MemoryConfig.__doc__, re.MULTILINE))
    assert described == {one.name for one in fields(MemoryConfig)}
    numbers = {one.name for one in fields(MemoryConfig) if not isinstance(one.default, bool)}
    assert numbers == RANGES.keys()


@pytest.mark.parametrize("name", sorted(RANGES))
def test_what_is_out_of_range_is_refused(name):
    low, high = RANGES[name]
    for value in (low - 0.01, high + 0.01, float("nan")):
        with pytest.raises(MemoryConfigError, match=f"{name} is .*, expected"):
            MemoryConfig(**{name: value})
    MemoryConfig(**{name: low})
