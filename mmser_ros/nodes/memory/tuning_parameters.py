# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Those parameters of memory_node that are fields of MemoryConfig, and all of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from mmser_ros.memory.config import MemoryConfig
from mmser_ros.nodes.common.parameters import Parameter
from mmser_ros.nodes.memory.parameters import NODE_GROUPS, NODE_PARAMETERS

TUNING_PARAMETERS = tuple(
    Parameter(
        name,
        field["default"],
        field["description"],
        unit=field["unit"],
        minimum=field["minimum"],
        maximum=field["maximum"],
        read_only=True,
    )
    for name, field in TypeAdapter(MemoryConfig).json_schema()["properties"].items()
    if field.get("tunable")
)
MEMORY_GROUPS = {
    **NODE_GROUPS,
    "Tuning (the same on all robots that share; other values rebuild the graph)": TUNING_PARAMETERS,
}
"""By their headings in the YAML file and in docs/parameters.md."""
MEMORY_PARAMETERS = (*NODE_PARAMETERS, *TUNING_PARAMETERS)


def memory_config(get: Callable[[str], Any]) -> MemoryConfig:
    """The memory's configuration; `get` gives the value of a parameter of the node."""
    return MemoryConfig(**{one.name: get(one.name) for one in TUNING_PARAMETERS})
