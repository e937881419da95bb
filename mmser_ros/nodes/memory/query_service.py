# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Requests of QueryScene to questions of the memory, and its answers to a response."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.askable import check_finite
from mmser_ros.memory.results import Match
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.msg import SceneMatch
from mmser_ros.nodes.common.scene_conversions import (
    match_to_message,
    nanoseconds,
    pose_from_message,
)
from mmser_ros.srv import QueryScene

MATCHES = 5
"""Matches where the request doesn't say how many."""
EVERYTHING = 1_000_000


def answer(
    memory: SceneMemory, request: QueryScene.Request, robot: str, now: Time
) -> QueryScene.Response:
    """The response to a request; a question that can't be answered is one without success.

    Args:
        memory: to ask.
        request: what is asked.
        robot: where paths begin, unless the request says.
        now: stamp of poses, which ages count up to; zero: nobody knows, as of the newest look.
    """
    moment = nanoseconds(now) or None
    response = QueryScene.Response(map_id=memory.origin.map_id, stale=memory.origin.stale)
    try:
        found = _matches(memory, request, moment)[: request.k or MATCHES]
        response.matches = [_described(memory, one, request, robot, now) for one in found]
    except MmserError as error:
        response.message = str(error)
        return response
    response.success = True
    return response


def _matches(memory: SceneMemory, request: QueryScene.Request, now: int | None) -> list[Match]:
    near = (request.near.x, request.near.y) if request.has_near else None
    check_finite("near", near or ())
    if request.has_start:
        check_finite("start", pose_from_message(request.start).position)
    since, until = nanoseconds(request.since), nanoseconds(request.until)
    in_time = memory.seen(since, until or 2**63, now=now) if since or until else None
    if in_time is None or request.text.strip():
        found = memory.find(request.text, near=near, k=EVERYTHING, now=now)
    elif near is not None:
        found = sorted(in_time, key=lambda one: math.dist(near, one.position[:2]))
    else:
        found = in_time
    for limit in (in_time, memory.at(request.place, now=now) if request.place else None):
        if limit is not None:
            names = {one.name for one in limit}
            found = [one for one in found if one.name in names]
    return found


def _described(
    memory: SceneMemory, match: Match, request: QueryScene.Request, robot: str, now: Time
) -> SceneMatch:
    start = pose_from_message(request.start) if request.has_start else robot
    try:
        route = memory.path_to(match, start)
    except MmserError:  # this robot has not been here yet
        route = None
    return match_to_message(match, route, memory.relations(match), now)
