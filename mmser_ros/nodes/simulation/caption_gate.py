# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Lockstep: has the captioner done with an image?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from mmser_ros.msg import SceneCaption
from mmser_ros.nodes.common.scene_conversions import nanoseconds

POLL = 0.2
"""Seconds between two looks at whether the wait has to end."""
RESEND = 2.0
"""Seconds after which an image that did not arrive is published again; diagnostics come sooner."""
STATUS = "/caption_node: captions"
"""How the name of the captioner's status ends."""


class CaptionGate:
    """Hears captions, and from /diagnostics which images got none.

    One image is under way at a time. So it was dropped if the captioner counts a further drop.

    Args:
        node: to subscribe with, in the namespace of the captioner.

    Attributes:
        missed: images that the wait ended for without an answer.
    """

    def __init__(self, node: Node) -> None:
        self.missed = 0
        self._node = node
        self._changed = threading.Condition()
        self._captioned, self._is_active = 0, False
        self._received, self._dropped = 0, 0
        self._prefix = node.get_namespace().rstrip("/")
        group = MutuallyExclusiveCallbackGroup()
        self._subscriptions = [
            node.create_subscription(kind, topic, callback, 20, callback_group=group)
            for kind, topic, callback in (
                (SceneCaption, "scene_caption", self._on_caption),
                (DiagnosticArray, "/diagnostics", self._on_diagnostics),
            )
        ]

    def close(self) -> None:
        """Close the topics."""
        for one in self._subscriptions:
            self._node.destroy_subscription(one)

    def wait_active(self, timeout: float, ended: Callable[[], bool]) -> bool:
        """Wait until the captioner says that it is active; whether it does.

        Args:
            timeout: seconds.
            ended: whether to give up.
        """
        return self._wait(lambda: self._is_active, timeout, ended)

    def send(
        self, publish: Callable[[], None], stamp: int, timeout: float, ended: Callable[[], bool]
    ) -> None:
        """Publish an image, and wait until it has its caption, or is dropped.

        An image that the captioner has not received is published again.

        Args:
            publish: publishes it.
            stamp: of the image, in nanoseconds.
            timeout: seconds.
            ended: whether to give up.
        """
        received, dropped = self._received, self._dropped
        deadline = monotonic() + timeout

        def is_done() -> bool:
            return self._captioned >= stamp or self._dropped > dropped

        while not is_done() and not ended() and monotonic() < deadline:
            if received == self._received:
                publish()
            self._wait(is_done, min(RESEND, deadline - monotonic()), ended)
        self.missed += not is_done() and not ended()

    def _wait(
        self, condition: Callable[[], bool], timeout: float, ended: Callable[[], bool]
    ) -> bool:
        deadline = monotonic() + timeout
        with self._changed:
            while not condition():
                left = deadline - monotonic()
                if left <= 0 or ended():
                    return False
                self._changed.wait(min(left, POLL))
        return True

    def _on_caption(self, message: SceneCaption) -> None:
        with self._changed:
            self._captioned = nanoseconds(message.header.stamp)
            self._changed.notify_all()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name != self._prefix + STATUS:
                continue
            values = {pair.key: pair.value for pair in status.values}
            counts = [int(count) for key, count in values.items() if key.startswith("dropped.")]
            with self._changed:
                self._is_active = values.get("state") == "active"
                self._received = int(values.get("received", 0))
                self._dropped = sum(counts)
                self._changed.notify_all()
