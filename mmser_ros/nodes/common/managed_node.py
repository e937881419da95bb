# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What all lifecycle nodes of this package have: parameters, transitions, diagnostics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from mmser_ros.core.errors import format_error
from mmser_ros.nodes.common.parameters import Parameter, declare

STEADY = Clock(clock_type=ClockType.STEADY_TIME)
"""Clock of timers, as simulated time may stand still."""


class ManagedNode(LifecycleNode):
    """A lifecycle node that says on /diagnostics how it is.

    A subclass says what to open when it is configured, to run while it is active, and to close.

    Args:
        name: of the node.
        parameters: that it has; `diagnostics_period` is one of them.
        options: of LifecycleNode.

    Attributes:
        state: of the lifecycle, such as `active`.
        failure: why it could not be configured; empty: it could.
        opened: closes what `open` put there.
    """

    cannot = ""
    """What a node that can't be configured can't do, for the message: `the model can't be …`."""

    def __init__(self, name: str, parameters: Iterable[Parameter], **options: Any) -> None:
        super().__init__(name, **options)
        self.state, self.failure = "unconfigured", ""
        self.opened = ExitStack()
        declare(self, parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(
            self.get("diagnostics_period"),
            self._publish_diagnostics,
            callback_group=MutuallyExclusiveCallbackGroup(),
            clock=STEADY,
        )

    @abstractmethod
    def open(self) -> str:
        """Open everything, and return what the log shall say; any exception is a failure."""

    @abstractmethod
    def run(self, *, running: bool) -> None:
        """Start or stop; stopping also comes unconfigured."""

    @abstractmethod
    def status(self) -> DiagnosticStatus:
        """How the node is."""

    def close(self) -> None:
        """Close what is open, also after a failure."""
        self.opened.close()

    def get(self, name: str) -> Any:
        """The value of a parameter."""
        return self.get_parameter(name).value

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Open everything."""
        try:
            said = self.open()
        except Exception as error:  # rclpy would swallow it without a word
            self.failure = ": ".join(filter(None, [self.cannot, format_error(error)]))
            self.get_logger().error(self.failure)
            self.close()
            return TransitionCallbackReturn.FAILURE
        self.failure, self.state = "", "inactive"
        self.get_logger().info(said)
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start."""
        self.state = "active"
        self.run(running=True)
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop."""
        self.run(running=False)
        self.state = "inactive"
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close everything."""
        self.close()
        self.state = "unconfigured"
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and close everything, in any state."""
        self.run(running=False)
        self.close()
        self.state = "finalized"
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Stop and close everything before the process ends."""
        self.run(running=False)
        self.close()
        super().destroy_node()

    def _publish_diagnostics(self) -> None:
        message = DiagnosticArray(status=[self.status()])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)
