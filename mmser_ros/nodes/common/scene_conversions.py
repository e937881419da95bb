# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Records of the scene memory to messages and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, PoseStamped, Quaternion, Transform
from geometry_msgs.msg import Pose as PoseMessage
from nav_msgs.msg import Path
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import SECOND, Camera, DepthGrid, Observation, Pose
from mmser_ros.memory.results import Match, RelationAnswer, Route
from mmser_ros.msg import SceneEdge, SceneMatch, SceneNode, SceneObservation
from mmser_ros.nodes.common.conversions import caption_to_message, message_to_caption

SPAN = 2**31
"""Seconds that a stamp can hold."""
CENTIMETRES = 2**32 - 1
FOCAL = (0.01, 100.0)
"""Focal lengths that a camera can have, in widths (heights) of the image: 179 to 0.6 degrees."""


class StampError(MmserError):
    """A stamp that no message can carry."""


def nanoseconds(stamp: Time) -> int:
    """A stamp in nanoseconds."""
    return int(stamp.sec) * SECOND + int(stamp.nanosec)


def stamp_of(moment: int) -> Time:
    """The stamp of a moment in nanoseconds.

    Raises:
        StampError: it is negative or after January 2038.
    """
    seconds, rest = divmod(moment, SECOND)
    if not 0 <= seconds < SPAN:
        msg = f"got the moment {moment} ns; expected 0 to {SPAN} s: is a clock set?"
        raise StampError(msg)
    return Time(sec=seconds, nanosec=rest)


def pose_to_message(pose: Pose) -> PoseMessage:
    """A pose without its uncertainty."""
    (x, y, z), (i, j, k, w) = pose.position, pose.orientation
    return PoseMessage(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=i, y=j, z=k, w=w))


def pose_from_message(
    message: PoseMessage | Transform, position_sigma: float = 0.0, heading_sigma: float = 0.0
) -> Pose:
    """A pose, or that of a transform's child frame; standard deviations in metres and radians."""
    if isinstance(message, Transform):
        at, turned = message.translation, message.rotation
    else:
        at, turned = message.position, message.orientation
    return Pose(
        (at.x, at.y, at.z),
        (turned.x, turned.y, turned.z, turned.w),
        position_sigma=position_sigma,
        heading_sigma=heading_sigma,
    )


def camera_from_info(info: CameraInfo, mount: Pose) -> Camera | None:
    """The camera of a CameraInfo, as rectification leaves it; None if it is not calibrated.

    Not calibrated is what has no size, or neither in P nor in K focal lengths that a camera can
    have and a finite principal point.
    """
    for matrix, (fx, fy, cx, cy) in ((info.p, (0, 5, 2, 6)), (info.k, (0, 4, 2, 5))):
        names = {"fx": fx, "fy": fy, "cx": cx, "cy": cy}
        numbers = {name: float(matrix[at]) for name, at in names.items()}
        camera = Camera(width=info.width, height=info.height, **numbers, mount=mount)
        lengths = ((camera.fx, camera.width), (camera.fy, camera.height))
        wide = all(side > 0 and FOCAL[0] < focal / side < FOCAL[1] for focal, side in lengths)
        if wide and math.isfinite(camera.cx) and math.isfinite(camera.cy):
            return camera
    return None


def observation_to_message(observation: Observation) -> SceneObservation:
    """What other memories are told.

    Raises:
        ConversionError: the caption can't be told (see caption_to_message).
        StampError: nor its stamp.
    """
    header = Header(stamp=stamp_of(observation.stamp_ns))
    message = SceneObservation(
        robot=observation.robot,
        map_id=observation.map_id,
        caption=caption_to_message(observation.caption, header),
        pose=pose_to_message(observation.pose),
        position_sigma=observation.pose.position_sigma,
        heading_sigma=observation.pose.heading_sigma,
    )
    camera, depth = observation.camera, observation.depth
    if camera is not None:
        message.has_camera = True
        message.width, message.height = camera.width, camera.height
        message.fx, message.fy = camera.fx, camera.fy
        message.cx, message.cy = camera.cx, camera.cy
        message.mount = pose_to_message(camera.mount)
        message.mount_position_sigma = camera.mount.position_sigma
        message.mount_heading_sigma = camera.mount.heading_sigma
    if depth is not None:
        message.has_depth = True
        message.depth_columns, message.depth_rows = depth.columns, depth.rows
        message.depth = [min(one, CENTIMETRES) for one in depth.centimetres]
    return message


def observation_from_message(message: SceneObservation) -> Observation:
    """The observation that was told; equal to its source in the memory's normal form."""
    camera = depth = None
    if message.has_camera:
        sigmas = message.mount_position_sigma, message.mount_heading_sigma
        mount = pose_from_message(message.mount, *sigmas)
        names = ("width", "height", "fx", "fy", "cx", "cy")
        camera = Camera(**{name: getattr(message, name) for name in names}, mount=mount)
    if message.has_depth:
        cells = tuple(int(one) for one in message.depth)
        depth = DepthGrid(message.depth_columns, message.depth_rows, cells)
    return Observation(
        message.robot,
        nanoseconds(message.caption.header.stamp),
        message_to_caption(message.caption),
        pose_from_message(message.pose, message.position_sigma, message.heading_sigma),
        message.map_id,
        camera,
        depth,
    )


def node_to_message(name: str, attributes: Mapping[str, Any]) -> SceneNode:
    """A node of `SceneMemory.graph()`."""
    given = attributes.get
    return SceneNode(
        id=name,
        layer=given("layer"),
        label=given("label", ""),
        position=Point(x=given("x"), y=given("y"), z=given("z")),
        kind=given("kind", ""),
        attributes=[one for one in given("attributes", "").split(",") if one],
        room=given("room", ""),
        probability=given("probability", 0.0),
        sigma=given("sigma", 0.0),
        moves=given("moves", 0),
        caption=given("caption", ""),
        caption_stamp=stamp_of(given("caption_stamp", 0)),
        robot=given("robot", ""),
        first_seen=stamp_of(given("first_seen", 0)),
        last_seen=stamp_of(given("last_seen", given("stamp", 0))),
    )


def edge_to_message(ends: tuple[str, str, str], attributes: Mapping[str, Any]) -> SceneEdge:
    """An edge (source, target, predicate) of `SceneMemory.graph()`."""
    source, target, predicate = ends
    return SceneEdge(source=source, target=target, predicate=predicate, **attributes)


def match_to_message(
    match: Match, route: Route | None, relations: list[RelationAnswer], now: Time
) -> SceneMatch:
    """A match with the way to it and its relations; poses are stamped `now`."""
    header = Header(stamp=now, frame_id=match.origin.frame)
    source = match.provenance
    attributes = {
        **vars(match),
        **dict(zip("xyz", match.position, strict=True)),
        **{"layer": "object", "room": match.room or "", "attributes": ",".join(match.attributes)},
        **{"caption": source.caption, "caption_stamp": source.stamp, "robot": source.robot},
    }
    edges = [
        SceneEdge(
            source=one.subject,
            target=one.object,
            predicate=one.predicate,
            probability=one.probability,
            geometry=one.geometry,
            caption=one.provenance.caption,
        )
        for one in relations
    ]
    message = SceneMatch(
        node=node_to_message(match.name, attributes),
        score=match.score,
        age=match.age,
        pose=PoseStamped(header=header, pose=pose_to_message(match.pose)),
        path=Path(header=header),
        relations=edges,
        map_id=match.origin.map_id,
        stale=match.origin.stale,
    )
    if route is not None:
        message.path_length = route.length
        message.path.poses = [
            PoseStamped(header=header, pose=pose_to_message(one)) for one in route.poses
        ]
    return message
