# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from mmser_ros.memory.results import MemoryStatus
from mmser_ros.nodes.memory.diagnostics import memory_status
from mmser_ros.nodes.memory.statistics import MemorySnapshot
from test.nodes.conftest import values

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
WELL = MemorySnapshot(received=9, observed=8, dropped={"pose_late": 1}, silence=0.1)
MEMORY = MemoryStatus("house", False, 8, 3, 2, 0, 0, 0, 0, "", "", 5)
LOST = replace(WELL, last_drop="no pose was heard on /odom")
REFUSED = replace(WELL, last_refusal="depth is refused")


def status(snapshot, memory, state="active", trouble=""):
    return memory_status(
        "here: memory",
        snapshot,
        memory,
        {"robot": "r1", "map": "house"},
        state=state,
        topic="/scene_caption",
        input_state="no publisher",
        pose_state="/odom: 1 publisher, QoS compatible",
        timeout=5.0,
        trouble=trouble,
    )


@pytest.mark.parametrize(
    ("snapshot", "memory", "options", "level", "message"),
    [
        (WELL, MEMORY, {}, OK, "3 objects, 2 places, 8 observations"),
        (REFUSED, MEMORY, {}, WARN, "depth is refused"),
        (
            REFUSED,
            replace(MEMORY, problem="disk full", unsaved=4, lost=2),
            {},
            WARN,
            "disk full; 4 observations wait in memory, 2 were lost",
        ),
        (
            LOST,
            MEMORY,
            {},
            ERROR,
            "captions are not remembered: no pose was heard on /odom; "
            "poses: /odom: 1 publisher, QoS compatible",
        ),
        (
            replace(LOST, last_refusal="poses are in odom", last_drop="poses are in odom; late"),
            MEMORY,
            {},
            ERROR,
            "captions are not remembered: poses are in odom; late; "
            "poses: /odom: 1 publisher, QoS compatible",
        ),
        (
            replace(WELL, silence=7.21),
            replace(MEMORY, problem="disk full", unsaved=4),
            {},
            ERROR,
            "no caption on /scene_caption for 7.2 s; no publisher; "
            "disk full; 4 observations wait in memory",
        ),
        (
            replace(LOST, silence=7.21),
            MEMORY,
            {},
            ERROR,
            "no caption on /scene_caption for 7.2 s; no publisher",
        ),
        (
            replace(LOST, silence=7.21),
            replace(MEMORY, map_id="office", stale=True),
            {},
            ERROR,
            "the store is of the map 'office', not of 'house': every answer is stale, "
            "and nothing is remembered",
        ),
        (LOST, MEMORY, {"state": "inactive"}, WARN, "the node is inactive: nothing is remembered"),
        (WELL, None, {"state": "unconfigured", "trouble": "locked"}, ERROR, "locked"),
    ],
)
def test_the_worst_comes_first(snapshot, memory, options, level, message):
    found = status(snapshot, memory, **options)
    assert (found.level, found.message) == (level, message)


def test_the_figures():
    snapshot = replace(WELL, refused={"no_depth": 2}, observations_received=5, observations_sent=8)
    found = status(snapshot, replace(MEMORY, notice="kept as x", pending=1))
    assert (found.name, found.hardware_id) == ("here: memory", "r1")
    assert values(found) == {
        "state": "active",
        "input": "no publisher",
        "poses": "/odom: 1 publisher, QoS compatible",
        "received": "9",
        "observed": "8",
        "dropped.pose_late": "1",
        "refused.no_depth": "2",
        "observations_received": "5",
        "observations_sent": "8",
        "robot": "r1",
        "map": "house",
        "observations": "8",
        "objects": "3",
        "places": "2",
        "pending": "1",
        "ahead": "0",
        "unsaved": "0",
        "lost": "0",
        "map of the store": "house",
        "stale": "False",
        "notice": "kept as x",
    }
