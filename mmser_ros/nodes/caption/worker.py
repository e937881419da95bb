# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The thread that captions the newest image, and outlives whatever an image does to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mmser_ros.core.errors import CancelledError, OutOfMemoryError, format_error
from mmser_ros.core.types import Caption
from mmser_ros.nodes.caption.diagnostics import MALFORMED
from mmser_ros.nodes.caption.frame_slot import Frame, NewestFrame
from mmser_ros.nodes.caption.keyframes import KeyframeGate
from mmser_ros.nodes.caption.statistics import (
    INFERENCE,
    OUT_OF_MEMORY,
    UNSURE,
    StreamStatistics,
)
from mmser_ros.nodes.caption.view import FrozenCamera, NoViewError, check_view
from mmser_ros.nodes.common.image_conversions import ImageError, compressed_to_rgb, to_rgb

if TYPE_CHECKING:
    from mmser_ros.captioner.protocol import CaptionModel


GRACE = 1.0
"""Seconds that a caption may still take when the worker stops."""
PERIOD = 0.1
"""Seconds between attempts to cancel it."""


class CaptionWorker:
    """Captions the newest image, again and again, between `start` and `stop`.

    Every image offered is captioned, or counted as dropped with its reason.

    Args:
        node: whose parameters say how (passes, min_confidence, max_rate, …), and who logs.
        captioner: makes the captions; used by one thread at a time.
        publish: called in the worker's thread with each caption that is sure enough and its
            image's header; of one image with the glance's caption first, if publish_glance asks
            for it.
        statistics: told of every image.

    Attributes:
        degraded: what was given up for lack of memory; empty if nothing was.
    """

    def __init__(
        self,
        node: Node,
        captioner: CaptionModel,
        publish: Callable[[Caption, Header], None],
        statistics: StreamStatistics,
    ) -> None:
        self.degraded = ""
        self._node = node
        self._captioner = captioner
        self._publish = publish
        self._statistics = statistics
        self._inference = threading.Lock()
        self._frames: NewestFrame | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; from now on images are taken."""
        self._statistics.start()
        self._frames = NewestFrame(self._statistics.dropped)
        self._thread = threading.Thread(target=self._work, args=(self._frames,), name="captions")
        self._thread.start()

    def stop(self) -> None:
        """End the thread.

        A caption that is being made is still published. One that is waited for is cancelled after
        `GRACE`.
        """
        if self._frames is not None and self._thread is not None:
            self._frames.close()
            self._thread.join(GRACE)
            while self._thread.is_alive():  # again, as between two requests nothing is waited for
                self._captioner.cancel()
                self._thread.join(PERIOD)
            self._frames = self._thread = None

    def end_requests(self) -> None:
        """Cancel what calls of `caption` wait for, until they end."""
        while not self._inference.acquire(timeout=PERIOD):
            self._captioner.cancel()
        self._inference.release()

    def offer(self, message: Image | CompressedImage) -> None:
        """Let an image wait for the thread, in place of one that waits; before `start`, ignore it.

        It takes microseconds, so the subscription may call it.
        """
        frames = self._frames
        if frames is not None:
            self._statistics.arrived()
            frames.put(Frame(message))

    def caption(
        self,
        image: np.ndarray,
        passes: int,
        on_glance: Callable[[Caption], None] | None = None,
        *,
        initial: str = "",
        ground: bool = False,
    ) -> Caption:
        """Caption a picture now, after the one that is in work.

        Args:
            image: (height, width, 3) uint8 RGB.
            passes: how many.
            on_glance: called with the caption of the first pass before further ones begin.
            initial: a caption to look at again, in place of the first pass; empty: none.
            ground: whether to find the regions of phrases also where the parameter doesn't say so.

        Raises:
            MmserError: as `Captioner.caption` does.
        """
        beams, ground = self._setting("beams"), ground or self._setting("ground")
        with self._inference:
            if on_glance is None or passes == 1:
                return self._captioner.caption(
                    image, passes=passes, beams=beams, initial=initial or None, ground=ground
                )
            for (look,) in self._captioner.caption_passes(
                [image], passes=passes, beams=beams, ground=ground
            ):
                if look.passes == 1:
                    on_glance(look)
        return look

    def _work(self, frames: NewestFrame) -> None:
        gate, frozen = KeyframeGate(), FrozenCamera()
        started = 0.0
        while True:
            rate = self._setting("max_rate")
            frame = frames.take(not_before=started + 1.0 / rate if rate > 0 else 0.0)
            if frame is None:
                return
            started = monotonic()
            self._statistics.works(busy=True)
            try:
                self._handle(frame, gate, frozen)
            except NoViewError as error:
                self._statistics.saw(no_view=str(error))
                self._warn(f"no_view: {error}")
            except ImageError as error:
                self._statistics.dropped(MALFORMED + error.reason, str(error))
                self._warn(f"malformed image: {error}")
            except CancelledError:
                self._statistics.dropped("shutdown")
            except OutOfMemoryError as error:
                self._statistics.dropped(OUT_OF_MEMORY, str(error))
                self._degrade(error)
            except Exception as error:  # whatever one picture does, the next gets its caption
                self._statistics.dropped(INFERENCE, str(error) or type(error).__name__)
                self._warn(f"no caption: {format_error(error)}")
            finally:
                self._statistics.works(busy=False)

    def _handle(self, frame: Frame, gate: KeyframeGate, frozen: FrozenCamera) -> None:
        header = frame.message.header
        image = read(frame.message)
        longest = 0.0 if self._setting("use_sim_time") else self._setting("frozen_after")
        frozen.check(frame.message.data, frame.received, longest)
        check_view(image, self._setting("min_view"))
        self._statistics.saw()
        stamp = header.stamp.sec + header.stamp.nanosec * 1e-9
        if not gate.passes(image, stamp, self._setting("keyframe_threshold")):
            self._statistics.dropped("not_a_keyframe")
            return
        least = self._setting("min_confidence")
        glances: list[Caption] = []

        def publish_glance(caption: Caption) -> None:
            if caption.confidence < least:
                return
            self._publish(caption, header)
            self._statistics.glanced(frame.received)
            glances.append(caption)

        on_glance = publish_glance if self._setting("publish_glance") else None
        caption = self.caption(image, self._setting("passes"), on_glance)
        if caption.confidence < least:
            self._statistics.dropped(UNSURE)
        else:
            if caption not in glances:  # else it was sure, and no further pass was made
                self._publish(caption, header)
            self._statistics.captioned(frame.received, caption.times_ms.get("total", 0.0))
        gate.keep()  # what is unsure, too: the same picture again would be as unsure

    def _degrade(self, error: OutOfMemoryError) -> None:
        with self._inference:
            given_up = self._captioner.degrade()
        # The parameters ask for what is left: they tell the truth, and can be raised again.
        self._node.set_parameters([Parameter("passes", value=1), Parameter("beams", value=1)])
        self.degraded = f"degraded: {error}; {given_up or 'nothing left to give up'}"
        self._node.get_logger().warning(self.degraded)

    def _setting(self, name: str) -> Any:
        return self._node.get_parameter(name).value

    def _warn(self, text: str) -> None:
        self._node.get_logger().warning(text, throttle_duration_sec=5.0)


def read(message: Image | CompressedImage) -> np.ndarray:
    """The picture of a message of either kind, (height, width, 3) uint8 RGB.

    Raises:
        ImageError: the message is malformed.
    """
    return to_rgb(message) if isinstance(message, Image) else compressed_to_rgb(message)
