# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""simulation_node: a robot in a furnished home, with a camera, odometry and a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from mmser_ros.core.errors import format_error
from mmser_ros.nodes.common.lifecycle import Program, run_lifecycle_nodes
from mmser_ros.nodes.common.parameters import declare
from mmser_ros.nodes.simulation.diagnostics import simulation_status
from mmser_ros.nodes.simulation.parameters import SIMULATION_PARAMETERS

if TYPE_CHECKING:
    from mmser_ros.nodes.simulation.simulation import Simulation


class SimulationNode(LifecycleNode):
    """The ROS side of the simulator: parameters, lifecycle, diagnostics.

    While the node is active, time goes by in a thread of its own.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("simulation_node", **options)
        declare(self, SIMULATION_PARAMETERS)
        self._state, self._failure = "unconfigured", ""
        self._simulation: Simulation | None = None
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(
            self._get("diagnostics_period"),
            self._publish_diagnostics,
            callback_group=MutuallyExclusiveCallbackGroup(),
            clock=Clock(clock_type=ClockType.STEADY_TIME),  # simulated time may stand still
        )

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make the home, start the renderer, and open the topics."""
        try:
            from mmser_ros.nodes.simulation.simulation import Simulation

            self._simulation = Simulation(self)
        except Exception as error:  # rclpy would swallow it without a word
            self._failure = f"the home can't be simulated: {format_error(error)}"
            self.get_logger().error(self._failure)
            return TransitionCallbackReturn.FAILURE
        self._failure, self._state = "", "inactive"
        where = self.resolve_topic_name("image")
        self.get_logger().info(f"{self._simulation}; images on {where}")
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let time go by."""
        self._run("active")
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let time stand still."""
        self._run("inactive")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End the simulation; the next one begins anew."""
        self._close("unconfigured")
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End the simulation, whatever the state."""
        self._close("finalized")
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """End the thread before its publishers go."""
        self._close("finalized")
        super().destroy_node()

    def _run(self, state: str) -> None:
        if self._simulation is not None:
            self._simulation.worker.run(running=state == "active")
        self._state = state

    def _close(self, state: str) -> None:
        if self._simulation is not None:
            self._simulation.close()
        self._simulation, self._state = None, state

    def _get(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _publish_diagnostics(self) -> None:
        simulation = self._simulation
        status = simulation_status(
            f"{self.get_fully_qualified_name()}: simulation",
            simulation.facts() if simulation else {},
            simulation.worker.progress() if simulation else None,
            state=self._state,
            missed=simulation.gate.missed if simulation else 0,
            refusal=simulation.refusal if simulation else "",
            trouble=self._failure,
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


PROGRAM = Program("simulation_node", SimulationNode)


def main(args: list[str] | None = None) -> None:
    """Run the node until it is interrupted; exit status 1 if it can't start or go on."""
    run_lifecycle_nodes([PROGRAM], args)


if __name__ == "__main__":
    main()
