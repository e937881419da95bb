# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Those parameters of memory_node that are the memory's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmser_ros.memory.config import RANGES, MemoryConfig
from mmser_ros.nodes.common.parameters import Parameter


def _of_memory(name: str, description: str) -> Parameter:
    """A parameter of the memory itself: default and range are those of MemoryConfig."""
    default, (least, greatest) = getattr(MemoryConfig(), name), RANGES[name]
    return Parameter(name, default, description, least=least, greatest=greatest, fixed=True)


TUNING_PARAMETERS = (
    _of_memory("keyframe_distance", "Metres of driving after which a look counts as evidence."),
    _of_memory("keyframe_turn", "Radians of turning after which one does."),
    _of_memory("keyframe_seconds", "Seconds after which one does, even of a robot that stands."),
    _of_memory("place_spacing", "Metres from place to place of the topology."),
    _of_memory(
        "place_jump",
        "Metres from look to look that nobody drove: no way is remembered over them.",
    ),
    _of_memory(
        "place_gap",
        "Seconds from look to look after which no way is remembered between them.",
    ),
    _of_memory(
        "room_reach",
        "How much a place listens to its neighbours' words for the room; its own count 1.",
    ),
    _of_memory("field_of_view", "Radians across the picture, where no camera_info is heard."),
    _of_memory("max_range", "Metres within which a caption can be expected to name a thing."),
    _of_memory(
        "depth_sigma",
        "Standard deviation of depth at one metre, in metres; it grows with the square.",
    ),
    _of_memory(
        "size_sigma",
        "Metres from the surface that depth shows to the middle of the thing.",
    ),
    _of_memory(
        "bearing_range",
        "Metres at which a thing is expected where only its bearing is known.",
    ),
    _of_memory("bearing_sigma", "Standard deviation of that distance, in metres."),
    _of_memory(
        "position_floor",
        "Metres; no position is trusted more than this when things are told apart.",
    ),
    _of_memory(
        "position_memory",
        "Sightings that a position averages over; with fewer it follows sooner.",
    ),
    _of_memory(
        "gate",
        "Squared distance, in standard deviations, beyond which it is another thing.",
    ),
    _of_memory("same_word", "How alike two words must be (0 to 1) to speak of one thing."),
    _of_memory(
        "attribute_cost",
        "What attributes that disagree (red, blue) add to that squared distance.",
    ),
    _of_memory("believed", "Probability from which a thing is answered."),
    _of_memory("false_alarm", "Chance that a caption names a given thing though it is not there."),
    _of_memory(
        "confidence_weight",
        "How much of a caption's confidence goes into that chance: 0 nothing, 1 all.",
    ),
    _of_memory(
        "blind_miss",
        "How much silence counts against a thing where no depth says it was in view.",
    ),
    _of_memory(
        "unrefined_weight",
        "Weight of what only the second look says; of what both say it is 1.",
    ),
    _of_memory("hedge_weight", "Weight of what a caption is not sure of."),
    _of_memory(
        "move_doubt",
        "Chance of having merely gone unnamed, below which a thing found elsewhere has moved.",
    ),
    _of_memory("half_life_person", "Hours in which half of the evidence for a person is gone."),
    _of_memory("half_life_animal", "The same for animals."),
    _of_memory("half_life_vehicle", "The same for vehicles."),
    _of_memory("half_life_object", "The same for things that are carried about."),
    _of_memory("half_life_furniture", "The same for furniture and appliances."),
    _of_memory("half_life_fixture", "The same for what is built in or grows there."),
    _of_memory("window", "Observations back to which one that comes late is folded in at once."),
    _of_memory(
        "snapshot_every",
        "Observations from one snapshot of the graph in the file to the next.",
    ),
    _of_memory("flush_seconds", "Seconds between two attempts to write where writing failed."),
    _of_memory(
        "max_unsaved",
        "Observations that wait for a disk that can't be written; then the oldest are lost.",
    ),
)
"""The rest of MemoryConfig stays as it is; its docstring says why."""


def memory_config(get: Callable[[str], Any]) -> MemoryConfig:
    """The memory's configuration as a node's parameters have it.

    Args:
        get: value of a parameter by its name.
    """
    return MemoryConfig(**{one.name: get(one.name) for one in TUNING_PARAMETERS})
