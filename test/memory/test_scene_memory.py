# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The front door."""

import subprocess
import sys
import threading

from benchmarks.made_scenes import around, labels, open_memory, view

OBJECTS = [("mug", (2.0, 0.0, 0.3))]


def test_it_needs_neither_ros_nor_torch():
    code = (
        "import sys, mmser_ros.memory.scene_memory, mmser_ros.memory.export; "
        "print({'torch', 'rclpy', 'spacy'} & sys.modules.keys())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == ("set()\n", "")


def test_observe_gives_what_other_memories_take():
    mine, other = open_memory(robot="a"), open_memory()
    for one in around("a mug", OBJECTS):
        observation = mine.observe(
            one.caption, one.stamp_ns, one.pose, camera=one.camera, robot=None
        )
        assert observation.robot == "a"
        assert other.add(observation)
        assert not other.add(observation)
        assert not mine.add(observation)
    assert other.find("mug") == mine.find("mug")


def test_status_counts():
    memory = open_memory(map_id="home")
    assert memory.status().newest is None
    memory.add_all(around("a mug", OBJECTS, 3))
    status = memory.status()
    assert (status.map_id, status.observations, status.objects) == ("home", 3, 1)
    assert (status.pending, status.unsaved, status.lost, status.problem) == (0, 0, 0, "")
    assert status.newest == 30 * 10**9


def test_threads_take_turns(tmp_path):
    memory = open_memory(tmp_path / "home.sqlite", keyframe_distance=0.0, snapshot_every=7)
    views = [view("a mug", 10 + i, OBJECTS, y=0.01 * i) for i in range(60)]
    failures = []

    def work(mine):
        try:
            for one in mine:
                memory.add(one)
                memory.find("mug")
                memory.graph()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(views[i::3],)) for i in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert memory.status().observations == 60
    assert labels(memory.find("mug")) == ["mug"]
