# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Answers QueryScene requests from the scene memory."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped
from std_msgs.msg import Header

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.query_checks import check_finite
from mmser_ros.memory.results import Match
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.msg import SceneMatch, SceneNode
from mmser_ros.nodes.common.scene_conversions import (
    match_to_message,
    nanoseconds,
    pose_from_message,
    pose_to_message,
)
from mmser_ros.srv import QueryScene

MATCHES = 5
"""Number of matches if the request gives none."""


def answer(
    memory: SceneMemory, request: QueryScene.Request, robot: str, now: Time
) -> QueryScene.Response:
    """Answer a request; without success, the response says why.

    Args:
        memory: to ask.
        request: the question.
        robot: start of paths, unless the request gives one.
        now: stamp of poses, ages and probabilities; zero: unknown, then that of the newest
            observation.
    """
    response = QueryScene.Response(map_id=memory.origin.map_id, stale=memory.origin.stale)
    try:
        if request.has_start:
            check_finite("start", pose_from_message(request.start).position)
        found = memory.find(
            request.text,
            near=(request.near.x, request.near.y) if request.has_near else None,
            place=request.place or None,
            since=nanoseconds(request.since) or None,
            until=nanoseconds(request.until) or None,
            k=request.k or MATCHES,
            now=nanoseconds(now) or None,
        )
        response.matches = [_described(memory, one, request, robot, now) for one in found]
    except MmserError as error:
        response.message = str(error)
        return response
    response.success = True
    return response


def wanted(memory: SceneMemory, request: QueryScene.Request, now: Time) -> QueryScene.Response:
    """Poses from which the memory wants another look; without success, the response says why.

    Args:
        memory: to ask.
        request: `text` is a question that a look should help to answer, `k` the number of poses;
            the rest is not used.
        now: stamp of the poses.

    Returns:
        Matches with `pose`, and in `score` the expected gain in bits, the largest first. The `id`
        of the node says what the look is for.
    """
    response = QueryScene.Response(map_id=memory.origin.map_id, stale=memory.origin.stale)
    questions = [request.text] if request.text.strip() else []
    try:
        looks = memory.where_to_look(questions, k=request.k or MATCHES)
    except MmserError as error:
        response.message = str(error)
        return response
    header = Header(stamp=now, frame_id=memory.origin.frame)
    response.matches = [
        SceneMatch(
            node=SceneNode(id="; ".join(one.reasons), layer="look"),
            score=float(one.gain),
            pose=PoseStamped(header=header, pose=pose_to_message(one.pose)),
            map_id=memory.origin.map_id,
            stale=memory.origin.stale,
        )
        for one in looks
    ]
    response.success = True
    return response


def _described(
    memory: SceneMemory, match: Match, request: QueryScene.Request, robot: str, now: Time
) -> SceneMatch:
    start = pose_from_message(request.start) if request.has_start else robot
    try:
        route = memory.path_to(match, start)
    except MmserError:  # this robot has no pose in the memory yet
        route = None
    return match_to_message(match, route, memory.relations(match), now)
