# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Messages to records and back; nothing else knows both."""

from __future__ import annotations

from geometry_msgs.msg import Point
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import Caption, GroundedPhrase, Region
from mmser_ros.msg import GroundedPhrase as GroundedPhraseMessage
from mmser_ros.msg import SceneCaption


class ConversionError(MmserError):
    """A record that its message can't truthfully carry."""


def caption_to_message(caption: Caption, header: Header) -> SceneCaption:
    """A SceneCaption under the header of the image it describes.

    Raises:
        ConversionError: a confidence is not 0 to 1 (a model that overflowed gives NaN), or the
            passes are not 0 to 255.
    """
    if not 0 <= caption.passes <= 255:  # noqa: PLR2004
        msg = f"a caption of {caption.passes} passes; expected 0 to 255"
        raise ConversionError(msg)
    return SceneCaption(
        header=header,
        caption=caption.text,
        initial_caption=caption.initial_text,
        refined=caption.refined,
        confidence=_checked(caption.confidence, caption.text),
        phrases=[_phrase_to_message(phrase) for phrase in caption.phrases],
        model=caption.model,
        passes=caption.passes,
        inference_time=float(caption.times_ms.get("total", 0.0)) / 1e3,
    )


def message_to_caption(message: SceneCaption) -> Caption:
    """The record of a SceneCaption; of its times only the total is known."""
    return Caption(
        text=message.caption,
        initial_text=message.initial_caption,
        confidence=message.confidence,
        refined=message.refined,
        model=message.model,
        passes=message.passes,
        phrases=tuple(_message_to_phrase(phrase) for phrase in message.phrases),
        times_ms={"total": 1e3 * message.inference_time},
    )


def _checked(confidence: float, text: str) -> float:
    if not 0.0 <= confidence <= 1.0:  # false of NaN, too
        msg = f"confidence {confidence} of {text!r}; expected 0 to 1: is the model damaged?"
        raise ConversionError(msg)
    return float(confidence)


def _phrase_to_message(phrase: GroundedPhrase) -> GroundedPhraseMessage:
    message = GroundedPhraseMessage(
        text=phrase.text,
        head=phrase.head,
        confidence=_checked(phrase.confidence, phrase.text),
    )
    if phrase.region is not None:
        region = phrase.region
        message.has_region = True
        message.region = RegionOfInterest(
            x_offset=max(0, round(region.x)),
            y_offset=max(0, round(region.y)),
            width=max(0, round(region.width)),
            height=max(0, round(region.height)),
        )
    if phrase.point is not None:
        x, y, z = phrase.point
        message.has_point = True
        message.point = Point(x=float(x), y=float(y), z=float(z))
    return message


def _message_to_phrase(message: GroundedPhraseMessage) -> GroundedPhrase:
    region, point = message.region, message.point
    return GroundedPhrase(
        text=message.text,
        head=message.head,
        confidence=message.confidence,
        region=Region(region.x_offset, region.y_offset, region.width, region.height)
        if message.has_region
        else None,
        point=(point.x, point.y, point.z) if message.has_point else None,
    )
