# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""viewer_node: camera, captions, map, memory and plans in Rerun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from mmser_ros.nodes.common.lifecycle import Program, run_lifecycle_nodes
from mmser_ros.nodes.common.managed_node import ManagedNode
from mmser_ros.nodes.viewer.inputs import ViewerInputs
from mmser_ros.nodes.viewer.parameters import VIEWER_PARAMETERS

if TYPE_CHECKING:
    from mmser_ros.nodes.viewer.recording import SceneRecording

OPTIONS = ("show", "web_port", "grpc_port", "host", "open_browser", "memory_limit")


class ViewerNode(ManagedNode):
    """Subscribes between activate and deactivate; the recording lasts from configure to cleanup."""

    def __init__(self, **options: Any) -> None:
        self._recording: SceneRecording | None = None
        self._inputs: ViewerInputs | None = None
        super().__init__("viewer_node", VIEWER_PARAMETERS, **options)

    def open(self) -> str:
        """Open the page, the window or the file."""
        from mmser_ros.nodes.viewer.recording import SceneRecording

        options = {name: self.get(name) for name in OPTIONS}
        self._recording = SceneRecording(file=self.get("recording"), **options)
        self.opened.callback(self._recording.close)
        places = [self._recording.url, self.get("recording")]
        return f"showing on {' and '.join(filter(None, places)) or 'a window'}"

    def run(self, *, running: bool) -> None:
        """Subscribe, or close the topics."""
        if self._inputs is not None:
            self._inputs.close()
        self._inputs = None
        if running and self._recording is not None:
            self._inputs = ViewerInputs(self, self._recording)

    def close(self) -> None:
        """Close the topics, and the page, the window or the file."""
        self.run(running=False)
        super().close()
        self._recording = None

    def status(self) -> DiagnosticStatus:
        """What was shown, and what could not be."""
        inputs = self._inputs
        values = {"state": self.state}
        level, message = DiagnosticStatus.OK, "showing"
        if inputs is not None:
            values |= {topic: str(count) for topic, count in inputs.counts.items()}
            if inputs.malformed:
                level, message = DiagnosticStatus.WARN, f"an image: {inputs.malformed}"
        if self.state != "active":
            level, message = DiagnosticStatus.WARN, f"the node is {self.state}: nothing is shown"
        if self.failure:
            level, message = DiagnosticStatus.ERROR, self.failure
        return DiagnosticStatus(
            level=level,
            name=f"{self.get_fully_qualified_name()}: viewer",
            message=message,
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )


PROGRAM = Program("viewer_node", ViewerNode)


def main(args: list[str] | None = None) -> None:
    """Run the node until it is interrupted; exit status 1 if it can't start or go on."""
    run_lifecycle_nodes([PROGRAM], args)


if __name__ == "__main__":
    main()
