# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The status of memory_node on /diagnostics."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from mmser_ros.memory.results import MemoryStatus
from mmser_ros.nodes.memory.statistics import MemorySnapshot


def memory_status(
    name: str,
    snapshot: MemorySnapshot,
    memory: MemoryStatus | None,
    facts: dict[str, str],
    *,
    state: str,
    topic: str,
    input_state: str,
    pose_state: str,
    timeout: float,
    trouble: str = "",
) -> DiagnosticStatus:
    """Make the status: a message on the most serious problem, and values.

    Args:
        name: of the status.
        snapshot: of the statistics.
        memory: None if it is not open.
        facts: further values, with `map` (the map of the robot) and `robot`.
        state: lifecycle state, such as `active`.
        topic: of captions, fully resolved.
        input_state: from `explain_input` for captions.
        pose_state: from `explain_input` for poses.
        timeout: seconds of silence after which the status is an error.
        trouble: why the node does not work; empty if it works.
    """
    level, message = DiagnosticStatus.OK, ""
    if memory is not None:
        message = f"{memory.objects} objects, {memory.places} places, "
        message += f"{memory.observations} observations"
    if snapshot.last_refusal:
        level, message = DiagnosticStatus.WARN, snapshot.last_refusal
    problem = ""
    if memory is not None and memory.problem:
        problem = f"{memory.problem}; {memory.unsaved} observations wait in memory"
        problem += f", {memory.lost} were lost" if memory.lost else ""
        level, message = DiagnosticStatus.WARN, problem
    if state == "active" and snapshot.last_drop:
        level = DiagnosticStatus.ERROR
        message = f"captions are not remembered: {snapshot.last_drop}"
        if snapshot.last_refusal not in snapshot.last_drop:
            message += f"; {snapshot.last_refusal}"
        message += f"; poses: {pose_state}"
        message += f"; {problem}" if problem else ""
    if state == "active" and snapshot.silence > timeout:
        level = DiagnosticStatus.ERROR
        message = f"no caption on {topic} for {snapshot.silence:.1f} s; {input_state}"
        message += f"; {problem}" if problem else ""
    if memory is not None and memory.stale:
        level = DiagnosticStatus.ERROR
        message = f"the store is of the map {memory.map_id!r}, not of {facts['map']!r}: "
        message += "every answer is stale, and nothing is remembered"
    if state != "active":
        level, message = DiagnosticStatus.WARN, f"the node is {state}: nothing is remembered"
    if trouble:
        level, message = DiagnosticStatus.ERROR, trouble
    values = {
        "state": state,
        "input": input_state,
        "poses": pose_state,
        "received": str(snapshot.received),
        "observed": str(snapshot.observed),
        **{f"dropped.{reason}": str(count) for reason, count in sorted(snapshot.dropped.items())},
        **{f"refused.{reason}": str(count) for reason, count in sorted(snapshot.refused.items())},
        "observations_received": str(snapshot.observations_received),
        "observations_sent": str(snapshot.observations_sent),
        **facts,
    }
    if memory is not None:
        counts = ("observations", "objects", "places", "pending", "ahead", "unsaved", "lost")
        values |= {one: str(getattr(memory, one)) for one in counts}
        values |= {"map of the store": memory.map_id, "stale": str(memory.stale)}
        if memory.notice:
            values["notice"] = memory.notice
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=facts.get("robot", ""),
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
