# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What can be replayed as a camera: a folder of images, a video file, a bag, a camera itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mmser_ros.core.images import SUFFIXES, PictureError, load_picture
from mmser_ros.core.types import SECOND
from mmser_ros.nodes.common.image_conversions import compressed_to_rgb, from_rgb, to_rgb
from mmser_ros.nodes.replay.bag_files import SourceError, bag_of, open_bag
from mmser_ros.nodes.replay.frames import image_topic, video_frames
from mmser_ros.nodes.replay.live_sources import Camera, is_camera

FOLDER_RATE = 1.0
"""Images a second of a folder, which has no rate of its own."""
KINDS = "a folder of images, a video file, a bag, a camera (/dev/video0) or a stream (rtsp://…)"
AS_THEY_ARE = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}
IMAGE_TYPES = {"sensor_msgs/msg/Image": Image, "sensor_msgs/msg/CompressedImage": CompressedImage}


@dataclass(frozen=True)
class Shot:
    """One image of a source.

    Attributes:
        message: with a header that holds the source's own stamp (zero: it has none) and frame.
        moment: seconds since the source's first image.
    """

    message: Image | CompressedImage
    moment: float


Shots = Callable[[], Iterator[Shot]]
"""Yields the images of a source from the first on; unreadable ones are given to `on_bad`."""


def folder_shots(folder: Path, compressed: bool, on_bad: Callable[[str], None]) -> Iterator[Shot]:
    """The images of a folder, by name; jpeg and png go out as they are when compressed.

    Raw images are upright, as their EXIF says; compressed ones keep it for the receiver.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not paths:
        msg = f"{folder} has no images; expected files ending in {', '.join(SUFFIXES)}"
        raise SourceError(msg)
    for number, path in enumerate(paths):
        try:
            image = load_picture(path)
        except PictureError as error:
            on_bad(str(error))
            continue
        kind = AS_THEY_ARE.get(path.suffix.lower())
        if compressed and kind:
            message = CompressedImage(format=kind, data=path.read_bytes())
        else:
            message = _message(image, Header(), compressed)
        yield Shot(message, number / FOLDER_RATE)


def video_shots(file: Path, compressed: bool, on_bad: Callable[[str], None]) -> Iterator[Shot]:
    """The frames of a video file, at its own rate."""
    for frame in video_frames(file, on_bad):
        yield Shot(_message(frame.image, Header(), compressed), (frame.stamp_ns or 0) / SECOND)


def camera_shots(source: str, compressed: bool, on_bad: Callable[[str], None]) -> Iterator[Shot]:
    """The images of a camera that is no ROS driver's, as they come."""
    first = None
    for moment, image in Camera(source, on_bad).pictures():
        first = moment if first is None else first
        yield Shot(_message(image, Header(), compressed), moment - first)


def bag_shots(
    path: Path, wanted: str, compressed: bool, on_bad: Callable[[str], None]
) -> Iterator[Shot]:
    """The images of one topic of a rosbag2 (db3 or mcap), as far as it can be read.

    Those recorded in the transport asked for go out as they are, the others are converted.
    """
    with open_bag(path, on_bad) as bag:
        topic = image_topic(bag, path, wanted)
        kind = IMAGE_TYPES[bag.topics[topic]]
        first = None
        for nanoseconds, decode in bag.messages(topic):
            first = nanoseconds if first is None else first
            try:
                message = _convert(_copy(decode(), kind), compressed)
            except Exception as error:  # bytes that are no message fail with whatever comes
                on_bad(f"an image of {topic}: {error}")
                continue
            yield Shot(message, max(0.0, (nanoseconds - first) * 1e-9))


def open_source(
    source: str, *, topic: str, compressed: bool, on_bad: Callable[[str], None]
) -> Shots:
    """Find out what a source is.

    Args:
        source: a folder of images, a video file, a rosbag2 folder, an .mcap or a .db3 file,
            a camera (/dev/video0), or the URL of a stream (rtsp://…).
        topic: of a bag; empty: its only image topic.
        compressed: whether the messages are CompressedImage, else Image.
        on_bad: told of each unreadable image.

    Raises:
        SourceError: there is nothing at the path.
    """
    if not source:
        msg = f"nothing to replay: set `source` to {KINDS}"
        raise SourceError(msg)
    if is_camera(source):
        return partial(camera_shots, source, compressed, on_bad)
    path = Path(source).expanduser()
    if (bag := bag_of(path)) is not None:
        return partial(bag_shots, bag, topic, compressed, on_bad)
    if path.is_dir():
        return partial(folder_shots, path, compressed, on_bad)
    if path.is_file():
        return partial(video_shots, path, compressed, on_bad)
    msg = f"no such source: {source!r}; expected {KINDS}"
    raise SourceError(msg)


def _message(image: np.ndarray, header: Header, compressed: bool) -> Image | CompressedImage:
    if not compressed:
        return from_rgb(image, header)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return CompressedImage(header=header, format="jpeg", data=data.tobytes())


def _convert(message: Image | CompressedImage, compressed: bool) -> Image | CompressedImage:
    if isinstance(message, CompressedImage) == compressed:
        return message
    image = to_rgb(message) if compressed else compressed_to_rgb(message)
    return _message(image, message.header, compressed)


def _copy(recorded: Any, kind: Any) -> Any:
    """A rosbags message as the rclpy message of the same definition."""
    message = kind()
    stamp = recorded.header.stamp
    message.header.stamp.sec, message.header.stamp.nanosec = stamp.sec, stamp.nanosec
    message.header.frame_id = recorded.header.frame_id
    for field in kind.get_fields_and_field_types():
        if field != "header":
            value = getattr(recorded, field)
            setattr(message, field, value.tobytes() if isinstance(value, np.ndarray) else value)
    return message
