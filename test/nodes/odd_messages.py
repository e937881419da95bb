# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Any message of a type, and messages that are nearly right."""

import importlib
import os
import re
from copy import deepcopy
from functools import cache

from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("MMSER_FUZZ_EXAMPLES", "300"))
"""Of each fuzzer; `make fuzz` takes 10,000."""
EMPTY = "structure_needs_at_least_one_member"
LARGEST_LIST = 4
ARRAY = re.compile(r"(.+)\[(\d+)\]$")
SEQUENCE = re.compile(r"sequence<(.+?)(?:, (\d+))?>$")
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
captions = st.sampled_from(["a red mug on a table", "two men", "no dog", "a", "in a kitchen"])


def numbers(low, high):
    edges = [one for one in (low, high, -1, 0, 1, 2) if low <= one <= high]
    return st.sampled_from(edges) | st.integers(low, high)


def floats(width):
    odd = st.sampled_from([0.0, -1.0, float("nan"), float("inf"), -float("inf"), 1e30, 1e-30])
    return odd | st.floats(width=width)


SCALARS = {
    "boolean": st.booleans(),
    "octet": st.binary(min_size=1, max_size=1),
    "float": floats(32),
    "double": floats(64),
    "string": texts | captions,
    **{f"uint{bits}": numbers(0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{f"int{bits}": numbers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
}


@cache
def values(kind):
    """A strategy for a type as `get_fields_and_field_types` names it."""
    if kind in SCALARS:
        return SCALARS[kind]
    if found := ARRAY.match(kind):
        count = int(found[2])
        return st.lists(values(found[1]), min_size=count, max_size=count)
    if found := SEQUENCE.match(kind):
        most = min(int(found[2] or LARGEST_LIST), LARGEST_LIST)
        return st.lists(values(found[1]), max_size=most)
    package, name = kind.split("/")
    return messages(getattr(importlib.import_module(f"{package}.msg"), name))


@cache
def messages(kind):
    """Any message of a class."""
    fields = kind.get_fields_and_field_types().items()
    return st.builds(kind, **{name: values(one) for name, one in fields})


def spots(message, path=()):
    """Where values are in a message: (path, type)."""
    for name, kind in message.get_fields_and_field_types().items():
        inner = getattr(message, name)
        if hasattr(inner, "get_fields_and_field_types"):
            yield from spots(inner, (*path, name))
        elif name != EMPTY:
            yield (*path, name), kind


@st.composite
def nearly(draw, right):
    """A message that is right but for a few of its values."""
    message = deepcopy(draw(st.sampled_from(right)))
    places = list(spots(message))
    wrong = st.lists(st.sampled_from(places), max_size=3) if places else st.just([])
    for (*path, name), kind in draw(wrong):
        owner = message
        for step in path:
            owner = getattr(owner, step)
        setattr(owner, name, draw(values(kind)))
    return message
