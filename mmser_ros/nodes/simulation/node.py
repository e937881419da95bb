# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""simulation_node: a robot in a furnished home, with a camera, odometry and a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticStatus

from mmser_ros.nodes.common.lifecycle import Program, run_lifecycle_nodes
from mmser_ros.nodes.common.managed_node import ManagedNode
from mmser_ros.nodes.simulation.diagnostics import simulation_status
from mmser_ros.nodes.simulation.parameters import SIMULATION_PARAMETERS

if TYPE_CHECKING:
    from mmser_ros.nodes.simulation.simulation import Simulation


class SimulationNode(ManagedNode):
    """The ROS side of the simulator.

    While the node is active, time goes by in a thread of its own.
    """

    cannot = "the home can't be simulated"

    def __init__(self, **options: Any) -> None:
        self._simulation: Simulation | None = None
        super().__init__("simulation_node", SIMULATION_PARAMETERS, **options)

    def open(self) -> str:
        """Make the home, start the renderer, and open the topics."""
        from mmser_ros.nodes.simulation.simulation import Simulation

        self._simulation = Simulation(self)
        self.opened.callback(self._simulation.close)
        return f"{self._simulation}; images on {self.resolve_topic_name('image')}"

    def run(self, *, running: bool) -> None:
        """Let time go by, or stand still."""
        if self._simulation is not None:
            self._simulation.worker.run(running=running)

    def close(self) -> None:
        """End the simulation; the next one begins anew."""
        super().close()
        self._simulation = None

    def status(self) -> DiagnosticStatus:
        """How time goes by, and what is wrong."""
        simulation = self._simulation
        return simulation_status(
            f"{self.get_fully_qualified_name()}: simulation",
            simulation.facts() if simulation else {},
            simulation.worker.progress() if simulation else None,
            state=self.state,
            missed=simulation.gate.missed if simulation else 0,
            refusal=simulation.refusal if simulation else "",
            trouble=self.failure,
        )


PROGRAM = Program("simulation_node", SimulationNode)


def main(args: list[str] | None = None) -> None:
    """Run the node until it is interrupted; exit status 1 if it can't start or go on."""
    run_lifecycle_nodes([PROGRAM], args)


if __name__ == "__main__":
    main()
