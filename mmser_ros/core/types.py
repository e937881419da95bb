# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses that travel between rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from typing import Any

SECOND = 1_000_000_000
"""In nanoseconds, the unit of stamps."""


@dataclass(frozen=True)
class Region:
    """An axis-aligned box in the picture, in pixels; the origin is the top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class GroundedPhrase:
    """A noun phrase of a caption and where it was seen.

    Attributes:
        text: the phrase as it stands in the caption.
        head: its head noun as a dictionary has it: of "two dogs", "dog".
        confidence: 0 to 1.
        region: where in the picture, if known.
        point: (x, y, z) in metres in the camera's optical frame, if depth is known.
    """

    text: str
    head: str
    confidence: float
    region: Region | None = None
    point: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Caption:
    """What the captioner says of one picture.

    Attributes:
        text: the caption.
        initial_text: the caption of the first pass (the glance); equals `text` after one pass.
        confidence: 0 to 1. From a calibrated model, the probability that `text` names nothing that
            is not there; else the geometric mean of the token probabilities. docs/confidence.md
            says when which.
        refined: whether a second look produced `text`.
        model: name of the model.
        passes: how many passes were made.
        phrases: grounded noun phrases, empty unless they were asked for.
        times_ms: milliseconds by step: `encode`, `glance`, `refine`, `ground`, `total`.
        support: words of `text` that the model's word detector knows, with the probability that
            they are true of the picture; None for a model without one.
        log_probabilities: of the tokens of `text` and of its end; empty if the model gives none.
    """

    text: str
    initial_text: str
    confidence: float
    refined: bool
    model: str
    passes: int
    phrases: tuple[GroundedPhrase, ...] = ()
    times_ms: Mapping[str, float] = field(default_factory=dict)
    support: tuple[tuple[str, float], ...] | None = None
    log_probabilities: tuple[float, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The caption as plain JSON-able values, under the names of the SceneCaption message."""
        record = asdict(self)
        del record["log_probabilities"], record["support"]
        caption, initial = record.pop("text"), record.pop("initial_text")
        return {"caption": caption, "initial_caption": initial, **record}


@dataclass(frozen=True)
class Pose:
    """Where something is and how it is turned: what a point of its own frame becomes outside.

    Attributes:
        position: (x, y, z) in metres.
        orientation: unit quaternion (x, y, z, w), as in geometry_msgs.
        position_sigma: standard deviation of each coordinate, in metres.
        heading_sigma: standard deviation of the heading, in radians.
    """

    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    _: KW_ONLY
    position_sigma: float = 0.0
    heading_sigma: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera on a robot, after rectification.

    Attributes:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        fx: focal length along x, in pixels.
        fy: focal length along y, in pixels.
        cx: principal point, in pixels.
        cy: principal point, in pixels.
        mount: pose of the optical frame (z forward, x right, y down) in the robot's frame
            (x forward, z up); by default in the robot's origin, looking ahead.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    mount: Pose = Pose((0.0, 0.0, 0.0), (-0.5, 0.5, -0.5, 0.5))


@dataclass(frozen=True)
class DepthGrid:
    """A coarse picture of depth: enough to tell what was hidden and what was out of range.

    Attributes:
        columns: cells across the picture.
        rows: cells down the picture.
        centimetres: depth along the optical axis, row by row; 0 where it is unknown.
    """

    columns: int
    rows: int
    centimetres: tuple[int, ...]


@dataclass(frozen=True)
class Observation:
    """A caption with where and when its picture was taken: what memories keep and exchange.

    Attributes:
        robot: name of the robot that saw it.
        stamp_ns: time of the image, in nanoseconds.
        caption: of the image; points of phrases are in the camera's optical frame.
        pose: of the robot in the map at that time.
        map_id: the map that `pose` is in.
        camera: None where the camera is not known.
        depth: None where there is no depth.
    """

    robot: str
    stamp_ns: int
    caption: Caption
    pose: Pose
    map_id: str
    camera: Camera | None = None
    depth: DepthGrid | None = None
