# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""viewer_node: camera, captions, map, memory and plans in Rerun."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from mmser_ros.core.errors import format_error
from mmser_ros.nodes.common.lifecycle import Program, run_lifecycle_nodes
from mmser_ros.nodes.common.parameters import declare
from mmser_ros.nodes.viewer.inputs import ViewerInputs
from mmser_ros.nodes.viewer.parameters import VIEWER_PARAMETERS

if TYPE_CHECKING:
    from mmser_ros.nodes.viewer.recording import SceneRecording

OPTIONS = ("show", "web_port", "grpc_port", "host", "open_browser", "memory_limit")


class ViewerNode(LifecycleNode):
    """Subscribes between activate and deactivate; the recording lasts from configure to cleanup."""

    def __init__(self, **options: Any) -> None:
        super().__init__("viewer_node", **options)
        declare(self, VIEWER_PARAMETERS)
        self._state, self._failure = "unconfigured", ""
        self._recording: SceneRecording | None = None
        self._inputs: ViewerInputs | None = None
        self._open = ExitStack()
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(
            self._get("diagnostics_period"),
            self._publish_diagnostics,
            clock=Clock(clock_type=ClockType.STEADY_TIME),  # simulated time may stand still
        )

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Open the page, the window or the file."""
        try:
            from mmser_ros.nodes.viewer.recording import SceneRecording

            options = {name: self._get(name) for name in OPTIONS}
            self._recording = SceneRecording(file=self._get("recording"), **options)
        except Exception as error:  # rclpy would swallow it without a word
            self._failure = format_error(error)
            self.get_logger().error(self._failure)
            return TransitionCallbackReturn.FAILURE
        self._open.callback(self._recording.close)
        self._failure, self._state = "", "inactive"
        places = [self._recording.url, self._get("recording")]
        self.get_logger().info(f"showing on {' and '.join(filter(None, places)) or 'a window'}")
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe."""
        if self._recording is not None:
            self._inputs = ViewerInputs(self, self._recording)
        self._state = "active"
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close the topics."""
        self._close_inputs()
        self._state = "inactive"
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close the page, the window or the file."""
        self._close("unconfigured")
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close all, whatever the state."""
        self._close("finalized")
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Write what is left before the process ends."""
        self._close("finalized")
        super().destroy_node()

    def _close_inputs(self) -> None:
        if self._inputs is not None:
            self._inputs.close()
        self._inputs = None

    def _close(self, state: str) -> None:
        self._close_inputs()
        self._open.close()
        self._recording, self._state = None, state

    def _get(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _publish_diagnostics(self) -> None:
        inputs = self._inputs
        values = {"state": self._state}
        level, message = DiagnosticStatus.OK, "showing"
        if inputs is not None:
            values |= {topic: str(count) for topic, count in inputs.counts.items()}
            if inputs.malformed:
                level, message = DiagnosticStatus.WARN, f"an image: {inputs.malformed}"
        if self._state != "active":
            level, message = DiagnosticStatus.WARN, f"the node is {self._state}: nothing is shown"
        if self._failure:
            level, message = DiagnosticStatus.ERROR, self._failure
        status = DiagnosticStatus(
            level=level,
            name=f"{self.get_fully_qualified_name()}: viewer",
            message=message,
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)


PROGRAM = Program("viewer_node", ViewerNode)


def main(args: list[str] | None = None) -> None:
    """Run the node until it is interrupted; exit status 1 if it can't start or go on."""
    run_lifecycle_nodes([PROGRAM], args)


if __name__ == "__main__":
    main()
