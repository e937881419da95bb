# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Keyframes, and the topology of places along the paths of robots."""

from __future__ import annotations

import math
from dataclasses import replace

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import SECOND, Observation, Pose
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.graph.records import Agent, Path, Place, add_vote
from mmser_ros.memory.graph.scene_graph import SceneGraph


def add_pose(
    graph: SceneGraph, observation: Observation, name: str, config: MemoryConfig
) -> tuple[str, bool]:
    """Add the pose of a robot to the topology; `name` is for a new place, if one is needed.

    Returns:
        The name of the robot's place, and whether the observation is a keyframe. Only keyframes
        update objects.
    """
    pose, stamp = observation.pose, observation.stamp_ns
    slot = f"robot:{observation.robot}"
    agent = graph.node(slot, Agent)
    place = _find_place(graph, observation, name, config)
    if agent is None:
        graph.put((slot,), Agent(pose, stamp, place, pose, stamp))
        return place, True
    _connect(graph, agent, place, observation, config)
    keyframe = _is_keyframe(agent, pose, stamp, config)
    changed = {"keyframe": pose, "keyframe_stamp": stamp} if keyframe else {}
    graph.put((slot,), replace(agent, pose=pose, stamp=stamp, place=place, **changed))  # type: ignore[arg-type]
    return place, keyframe


def _is_keyframe(agent: Agent, pose: Pose, stamp: int, config: MemoryConfig) -> bool:
    turn = heading(pose.orientation) - heading(agent.keyframe.orientation)
    turn = abs(math.remainder(turn, 2 * math.pi))
    return (
        math.dist(pose.position, agent.keyframe.position) >= config.keyframe_distance
        or turn >= config.keyframe_angle
        or stamp - agent.keyframe_stamp >= config.keyframe_seconds * SECOND
    )


def _find_place(
    graph: SceneGraph, observation: Observation, name: str, config: MemoryConfig
) -> str:
    position, stamp = observation.pose.position, observation.stamp_ns
    nearby = graph.near(Place, position[:2], config.place_spacing)
    found = [
        (math.dist(one.position, position), other)
        for other, one in nearby
        if abs(one.position[2] - position[2]) < config.place_spacing  # the same floor
    ]
    if not found:
        graph.put((name,), Place(position, (), stamp, stamp))
        return name
    other = min(found)[1]
    place = graph.node(other, Place)
    if place is not None and stamp > place.last_seen + SECOND:
        graph.put((other,), replace(place, last_seen=stamp))
    return other


def _connect(
    graph: SceneGraph, agent: Agent, place: str, observation: Observation, config: MemoryConfig
) -> None:
    moved = math.dist(observation.pose.position, agent.position)
    late = observation.stamp_ns - agent.stamp > config.max_path_gap * SECOND
    if place == agent.place or late or moved > config.max_path_jump:
        return
    if graph.get((agent.place, place, "path")) is None:
        ends = [graph.node(one, Place) for one in (agent.place, place)]
        if ends[0] is not None and ends[1] is not None:
            length = math.dist(ends[0].position, ends[1].position)
            graph.put((agent.place, place, "path"), Path(length))
            graph.put((place, agent.place, "path"), Path(length))


def add_room_vote(graph: SceneGraph, name: str, label: str, weight: float) -> None:
    """Add a vote for the room label of a place."""
    place = graph.node(name, Place)
    if place is not None:
        graph.put((name,), replace(place, votes=add_vote(place.votes, label, weight)))
