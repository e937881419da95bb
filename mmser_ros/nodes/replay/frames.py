# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recorded images as arrays: of an image file, a video file or a bag, from any of them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmser_ros.core.images import SUFFIXES, PictureError, load_picture
from mmser_ros.core.types import SECOND
from mmser_ros.nodes.common.image_conversions import compressed_to_rgb, to_rgb
from mmser_ros.nodes.common.scene_conversions import nanoseconds
from mmser_ros.nodes.replay.bag_files import Bag, SourceError, bag_of, open_bag

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})
"""Of files that are taken for videos in a folder; any other may be given by itself."""
VIDEO_RATE, RATES = 30.0, (0.1, 1000.0)
"""Images a second of a video that says none that can be, and what can be."""
CONVERSIONS: dict[str, Callable[[Any], np.ndarray]] = {
    "sensor_msgs/msg/Image": to_rgb,
    "sensor_msgs/msg/CompressedImage": compressed_to_rgb,
}
"""From a message, of ROS or of rosbags, to an array, by its type."""


@dataclass(frozen=True)
class Frame:
    """One image of a source.

    Attributes:
        number: its place in the source, from 0 on; images that can't be read are counted.
        stamp_ns: nanoseconds: of its header in a bag, since the start of a video; an image file has
            none.
        image: (height, width, 3) uint8 RGB.
    """

    number: int
    stamp_ns: int | None
    image: np.ndarray


def read_frames(
    path: Path, topic: str, on_bad: Callable[[str], None], start: int = 0
) -> Iterator[Frame]:
    """The images of an image file, a video file or a bag, in order.

    Args:
        path: of the source.
        topic: of a bag; empty: its only image topic.
        on_bad: told of each unreadable image.
        start: number of the first image; those before it are not decoded.

    Raises:
        SourceError: nothing of the source can be read.
    """
    if (bag := bag_of(path)) is not None:
        yield from _bag_frames(bag, topic, on_bad, start)
    elif path.suffix.lower() not in SUFFIXES:
        yield from video_frames(path, on_bad, start)
    elif start == 0:
        try:
            image = load_picture(path)
        except PictureError as error:
            on_bad(str(error))
        else:
            yield Frame(0, None, image)


def count_frames(path: Path, topic: str) -> int:
    """The number of images that a source says it has; arguments and errors as in `read_frames`."""
    if (bag := bag_of(path)) is not None:
        with open_bag(bag) as reader:
            return reader.count(image_topic(reader, bag, topic))
    if path.suffix.lower() in SUFFIXES:
        return 1
    video = cv2.VideoCapture(str(path))
    count = int(max(0.0, video.get(cv2.CAP_PROP_FRAME_COUNT)))  # below 0: it does not know
    video.release()
    return count


def video_frames(file: Path, on_bad: Callable[[str], None], start: int = 0) -> Iterator[Frame]:
    """The frames of a video file, with stamps at its own rate; see `read_frames`."""
    video = cv2.VideoCapture(str(file))
    number = 0
    try:
        rate = video.get(cv2.CAP_PROP_FPS)
        if not RATES[0] <= rate <= RATES[1]:  # false of NaN, too
            on_bad(f"the rate of {file}, {rate:g} Hz; it is played at {VIDEO_RATE:g}")
            rate = VIDEO_RATE
        while number < start and video.grab():
            number += 1
        while (read := video.read())[0]:
            image = cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB)
            yield Frame(number, round(number / rate * SECOND), image)
            number += 1
    finally:
        video.release()
    if number == 0:
        msg = f"{file} holds no video that OpenCV can read, and is no image folder or bag"
        raise SourceError(msg)


def image_topic(bag: Bag, path: Path, wanted: str) -> str:
    """The topic of a bag whose images are read: the wanted one, or else the only one.

    Raises:
        SourceError: there is no such topic, or not one alone.
    """
    images = sorted(topic for topic, kind in bag.topics.items() if kind in CONVERSIONS)
    if wanted:
        if wanted not in images:
            msg = f"{path} has no images on {wanted!r}; it has {images}"
            raise SourceError(msg)
        return wanted
    if len(images) != 1:
        msg = f"{path} has {len(images)} image topics {images}; set `topic` to one"
        raise SourceError(msg)
    return images[0]


def _bag_frames(
    path: Path, wanted: str, on_bad: Callable[[str], None], start: int
) -> Iterator[Frame]:
    with open_bag(path, on_bad) as bag:
        topic = image_topic(bag, path, wanted)
        convert = CONVERSIONS[bag.topics[topic]]
        for number, (recorded, decode) in enumerate(bag.messages(topic)):
            if number < start:
                continue
            try:
                message = decode()
                frame = Frame(number, nanoseconds(message.header.stamp), convert(message))
            except Exception as error:  # bytes that are no message fail with whatever comes
                on_bad(f"image {number} on {topic} of {path}: {error}")
                continue
            yield frame if frame.stamp_ns else Frame(number, recorded, frame.image)
