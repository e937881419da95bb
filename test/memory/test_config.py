# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters: each is described, and each number has a range."""

import pytest
from pydantic import TypeAdapter

from mmser_ros.memory.config import MemoryConfig, MemoryConfigError

FIELDS = TypeAdapter(MemoryConfig).json_schema()["properties"]
NUMBERS = {name: one for name, one in FIELDS.items() if one["type"] != "boolean"}


def test_each_field_is_described_and_all_but_ten_are_tunable():
    assert all(one["description"].endswith(".") for one in FIELDS.values())
    assert sum(not one.get("tunable") for one in FIELDS.values()) == 10


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_out_of_range_is_refused(name):
    low, high = NUMBERS[name]["minimum"], NUMBERS[name]["maximum"]
    for value in (low - 1, high + 1, float("nan"), "7", True):
        with pytest.raises(MemoryConfigError, match=f"^{name} is {value!r}; expected "):
            MemoryConfig(**{name: value})
    assert getattr(MemoryConfig(**{name: low}), name) == low
    assert getattr(MemoryConfig(**{name: high}), name) == high


def test_a_misspelt_field_is_named():
    with pytest.raises(MemoryConfigError, match=r"max_rang is not known; did you mean max_range\?"):
        MemoryConfig(max_rang=1.0)
