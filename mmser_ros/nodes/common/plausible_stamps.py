# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stamps that can't be: zero, or ahead of the clock."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node

from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import SECOND

CheckStamp = Callable[[int, str], None]
"""Takes a stamp in nanoseconds and what it is of; raises ImplausibleStampError."""


class ImplausibleStampError(MmserError):
    """A stamp is zero (or less), or ahead of the clock.

    Attributes:
        reason: for counting: `stamp_zero` or `stamp_ahead`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def clock_of(node: Node) -> Callable[[], int | None]:
    """ROS time in nanoseconds; None while nobody tells a simulated one."""
    return lambda: node.get_clock().now().nanoseconds or None


def describe_clock(node: Node) -> str:
    """Which clock a node goes by: system, or simulated."""
    if not node.get_parameter("use_sim_time").value:
        return "system"
    return "simulated" if clock_of(node)() else "simulated, and /clock is silent"


def stamp_check(node: Node) -> CheckStamp:
    """Checks stamps by a node's clock, and its parameter `stamp_tolerance` (seconds)."""
    clock = clock_of(node)

    def check(stamp: int, what: str) -> None:
        if stamp <= 0:
            text = f"the stamp of {what} is {stamp / SECOND:g} s, expected that of a clock: "
            text += "let its driver set it"
            raise ImplausibleStampError("stamp_zero", text)
        tolerance = node.get_parameter("stamp_tolerance").value
        now = clock()
        if now is None:
            text = f"the stamp of {what} can't be checked: use_sim_time is on, and /clock is silent"
            raise ImplausibleStampError("stamp_ahead", text)
        if stamp > now + tolerance * SECOND:
            text = f"the stamp of {what} is {(stamp - now) / SECOND:.1f} s ahead of the clock, "
            text += f"expected at most stamp_tolerance, {tolerance:g} s: set both clocks (NTP), or "
            text += "use_sim_time alike on all nodes"
            raise ImplausibleStampError("stamp_ahead", text)

    return check
