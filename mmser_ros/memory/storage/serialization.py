# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Converts frozen dataclasses to JSON and back, and observations to their normal form."""

from __future__ import annotations

import hashlib
import json
import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mmser_ros.core.types import GroundedPhrase, Observation, Pose, Region
from mmser_ros.memory.observation_checks import check_observation

Record = TypeVar("Record")


Moment = tuple[int, str]
"""(stamp, robot): the same for all captions of one image."""
Key = tuple[int, str, str]
"""(stamp, robot, digest): the order of observations."""
STORED_NAMES = {"stamp_ns": "stamp"}
"""Names of fields in a store, where they differ; so digests of stored observations stay valid."""
UNIT = 1e-3
"""Maximum rounding error of the length of a quaternion."""


def encode(value: Any) -> Any:
    """Convert a record to lists, dictionaries and simple values, without default fields."""
    if is_dataclass(value):
        pairs = ((one, getattr(value, one.name)) for one in fields(value))
        return {_stored(one.name): encode(got) for one, got in pairs if got != one.default}
    if isinstance(value, (tuple, list)):
        return [encode(one) for one in value]
    if isinstance(value, Mapping):
        return {key: encode(one) for key, one in value.items()}
    return value


@lru_cache(maxsize=64)
def _fields(kind: Any) -> dict[str, tuple[str, Any]]:
    """Names and types of a dataclass's fields, by their names in a store."""
    hints = get_type_hints(kind)
    return {_stored(one.name): (one.name, hints[one.name]) for one in fields(kind)}


def _stored(name: str) -> str:
    return STORED_NAMES.get(name, name)


def decode(kind: type[Record], value: Any) -> Record:
    """Inverse of `encode` for a dataclass of dataclasses, tuples, mappings and simple values.

    Raises:
        KeyError, TypeError, ValueError: `value` is not an encoded `kind`.
    """
    known = _fields(cast(Any, kind))
    pairs = ((known[name], one) for name, one in value.items())
    return kind(**{name: _decode(hint, one) for (name, hint), one in pairs})


def _decode(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(hint, type) and is_dataclass(hint):
        return decode(hint, value)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _decode(next(one for one in arguments if one is not type(None)), value)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            arguments = arguments[:1] * len(value)
        return tuple(_decode(one, got) for one, got in zip(arguments, value, strict=True))
    return value


def dumps(record: Any) -> str:
    """Convert a record to compact JSON with sorted keys."""
    return json.dumps(encode(record), separators=(",", ":"), sort_keys=True)


def digest(text: str) -> str:
    """A hash of a text: 16 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def normal_form(observation: Observation) -> Observation:
    """Round an observation, and remove fields that don't describe the scene.

    Regions are in whole pixels, as in sensor_msgs. Reals have four decimals, which single precision
    does not change. So an observation stays the same when it is sent over the network.

    Raises:
        ObservationError: a number, a size or a stamp is invalid.
    """
    check_observation(observation)
    caption = observation.caption
    phrases = tuple(_normal_phrase(one) for one in caption.phrases)
    camera = observation.camera
    if camera is not None:
        names = ("fx", "fy", "cx", "cy")
        numbers = {name: _rounded(getattr(camera, name)) for name in names}
        camera = replace(camera, **numbers, mount=_normal_pose(camera.mount))  # type: ignore[arg-type]
    sure = _rounded(caption.confidence)
    caption = replace(caption, confidence=sure, phrases=phrases, times_ms={})
    return replace(observation, caption=caption, pose=_normal_pose(observation.pose), camera=camera)


def _rounded(number: float) -> float:
    return round(float(number), 4) + 0.0  # + 0.0 turns -0.0 into 0.0


def _normal_pose(pose: Pose) -> Pose:
    norm = math.hypot(*pose.orientation)
    # a length of nearly 1 is kept, so that rounding twice changes nothing
    scale = 1.0 if abs(norm - 1.0) < UNIT else 1.0 / norm
    x, y, z = map(_rounded, pose.position)
    a, b, c, d = (_rounded(scale * one) for one in pose.orientation)
    if (d, a, b, c) < (0.0, 0.0, 0.0, 0.0):  # q and -q are the same rotation
        a, b, c, d = 0.0 - a, 0.0 - b, 0.0 - c, 0.0 - d
    return Pose(
        (x, y, z),
        (a, b, c, d),
        position_sigma=_rounded(pose.position_sigma),
        heading_sigma=_rounded(pose.heading_sigma),
    )


def _normal_phrase(phrase: GroundedPhrase) -> GroundedPhrase:
    region, point = phrase.region, phrase.point
    if region is not None:
        numbers = (region.x, region.y, region.width, region.height)
        region = Region(*(float(round(_rounded(one))) for one in numbers))
    if point is not None:
        point = (_rounded(point[0]), _rounded(point[1]), _rounded(point[2]))
    return replace(phrase, confidence=_rounded(phrase.confidence), region=region, point=point)
