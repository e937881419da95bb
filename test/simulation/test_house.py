# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A made house is explored and known: a short run of benchmarks/memory_house.py."""

import pytest

from benchmarks.made_scenes import open_memory
from mmser_ros.evaluation.scene_graph import score
from mmser_ros.simulation.house import House
from mmser_ros.simulation.walk import Walk


@pytest.mark.parametrize(("errors", "objects"), [(0.1, 0.85), (0.3, 0.75)])
def test_a_house_is_known_after_a_walk(errors, objects):
    house = House(11)
    walk = Walk(house, errors, 11)
    memory = open_memory(map_id="house")
    for one in walk.observations(500, moved=3):
        memory.add(one)
    result = score(memory, house, walk)
    assert result["object_f1"] > objects
    assert result["relation_f1"] > 0.7
    assert result["room_accuracy"] > 0.85
    assert result["position_error_m"] < 0.3
