# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses that all packages share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from typing import Any

SECOND = 1_000_000_000
"""In nanoseconds, the unit of stamps."""


@dataclass(frozen=True)
class Region:
    """An axis-aligned box in the image, in pixels; the origin is the top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class GroundedPhrase:
    """A noun phrase of a caption and its region in the image.

    Attributes:
        text: the phrase, as in the caption.
        head: its head noun in singular: "dog" for "two dogs".
        confidence: 0 to 1. A model with a word detector gives the probability that such an object
            is in the image.
        region: in the image, if known.
        point: (x, y, z) in metres in the camera's optical frame, if depth is known.
    """

    text: str
    head: str
    confidence: float
    region: Region | None = None
    point: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Caption:
    """A caption of one image.

    Attributes:
        text: the caption.
        initial_text: the caption of the first pass (the glance); equals `text` after one pass.
        confidence: 0 to 1. A calibrated model gives the probability that all that `text` names is
            in the image; other models give the geometric mean of the token probabilities. See
            docs/confidence.md.
        refined: whether a further pass made `text`.
        model: name of the model.
        passes: number of passes.
        phrases: grounded noun phrases; empty unless requested.
        times_ms: milliseconds by step: `encode`, `glance`, `refine`, `ground`, `total`.
        support: words of `text` that the word detector of the model knows, with their
            probabilities; None for a model without a word detector.
        log_probabilities: of the tokens of `text` and of its end; empty if the model gives none.

    Examples:
        >>> caption = Caption("a dog", "a cat", 0.9, refined=True, model="nano", passes=2)
        >>> caption.as_dict()["initial_caption"]
        'a cat'
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
        """The caption as values for JSON, with the names of the message SceneCaption."""
        record = asdict(self)
        del record["log_probabilities"], record["support"]
        caption, initial = record.pop("text"), record.pop("initial_text")
        return {"caption": caption, "initial_caption": initial, **record}


@dataclass(frozen=True)
class Pose:
    """A pose: it transforms points from its own frame to the outer frame.

    Attributes:
        position: (x, y, z) in metres.
        orientation: unit quaternion (x, y, z, w), as in geometry_msgs.
        position_sigma: standard deviation of each coordinate, in metres.
        heading_sigma: standard deviation of the heading, in radians.

    Examples:
        >>> Pose((2.0, 1.0, 0.0), heading_sigma=0.05).orientation
        (0.0, 0.0, 0.0, 1.0)
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
        width: of the image, in pixels.
        height: of the image, in pixels.
        fx: focal length along x, in pixels.
        fy: focal length along y, in pixels.
        cx: principal point, in pixels.
        cy: principal point, in pixels.
        mount: pose of the optical frame (z forward, x right, y down) in the robot's frame
            (x forward, z up); default: at the origin of the robot, facing forward.

    Examples:
        >>> camera = Camera(width=640, height=480, fx=500.0, fy=500.0, cx=320.0, cy=240.0)
        >>> camera.mount.position
        (0.0, 0.0, 0.0)
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
    """A coarse depth image: it shows what was occluded and what was out of range.

    Attributes:
        columns: number of cells across the image.
        rows: number of cells down the image.
        centimetres: depth along the optical axis, row by row; 0 where it is unknown.
    """

    columns: int
    rows: int
    centimetres: tuple[int, ...]


@dataclass(frozen=True)
class Observation:
    """A caption with the pose and time of its image: what memories store and exchange.

    Attributes:
        robot: name of the robot.
        stamp_ns: time of the image, in nanoseconds.
        caption: of the image; points of phrases are in the camera's optical frame.
        pose: of the robot in the map at that time.
        map_id: the map that `pose` is in.
        camera: None if it is not known.
        depth: None if there is none.
    """

    robot: str
    stamp_ns: int
    caption: Caption
    pose: Pose
    map_id: str
    camera: Camera | None = None
    depth: DepthGrid | None = None
