# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Query a stored scene memory without ROS: python read_store.py STORE MAP_ID TEXT."""

import sys

from mmser_ros import SceneMemory

path, map_id, text = sys.argv[1:4]

with SceneMemory.open(path, map_id, read_only=True) as memory:
    for match in memory.find(text, k=3):
        x, y, _ = match.pose.position
        print(f"{match.label} in {match.room or 'no room'}: score {match.score:.2f}")
        print(f"  stand at ({x:.1f}, {y:.1f}); last seen {match.age:.0f} s before the last caption")
