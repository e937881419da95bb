# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The thread in which simulated time goes by; GL libraries want all rendering in one thread."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

from rclpy.node import Node

from mmser_ros.core.errors import format_error
from mmser_ros.core.types import SECOND, Pose
from mmser_ros.nodes.simulation.caption_gate import CaptionGate
from mmser_ros.nodes.simulation.diagnostics import Progress
from mmser_ros.nodes.simulation.driver import Driver
from mmser_ros.nodes.simulation.outputs import SimulationOutputs
from mmser_ros.simulation.exploration.explorers import FrontierExplorer
from mmser_ros.simulation.exploration.pilot import ExplorationPilot
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.robot import DEFAULT_DRIFT, Drift
from mmser_ros.simulation.home.simulator import Simulator
from mmser_ros.simulation.home.views import default_camera
from mmser_ros.simulation.navigation import FreeSpace

BEGIN = SECOND
"""The first moment of simulated time, in nanoseconds; 0 means "no time" in ROS."""
STEPS = 100
"""How many of the latest steps the real time factor is taken over."""
LATE = 1.0
"""Seconds that simulated time may lag behind; a longer lag is not made up for."""


class SimulationWorker:
    """Moves the robot, publishes, and waits, between `start` and `stop`.

    Args:
        node: whose parameters say how.
        home: that the robot is in.
        space: free space of it.
        driver: says how the robot moves.
        outputs: publish what it senses.
        gate: says when an image has its caption.

    Attributes:
        images: published so far.
        bumps: steps in which something stopped the robot.
    """

    def __init__(
        self,
        node: Node,
        home: Home,
        space: FreeSpace,
        driver: Driver,
        outputs: SimulationOutputs,
        gate: CaptionGate,
    ) -> None:
        self.images = self.bumps = 0
        self._moment, self._waiting = BEGIN, ""
        self._error: Exception | None = None
        self._steps: deque[tuple[float, int]] = deque([(monotonic(), BEGIN)], maxlen=STEPS)
        self._node, self._home, self._space = node, home, space
        self._driver, self._outputs, self._gate = driver, outputs, gate
        per_image = max(1, round(self._get("pose_rate") / self._get("rate")))
        self._per_image, self._period = per_image, round(SECOND / self._get("rate") / per_image)
        self._changed = threading.Condition()
        self._is_running = self._is_ending = self._is_open = False
        self._has_captioner = False
        self._thread = threading.Thread(target=self._work, name="simulation")

    def open(self) -> None:
        """Start the thread and the renderer.

        Raises:
            SimulatorError: the home has no free place, or nothing can be rendered here.
        """
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._error is not None)
        if self._error is not None:
            raise self._error

    def progress(self) -> Progress:
        """How time goes by."""
        (began, first), (last, moment) = self._steps[0], self._steps[-1]
        factor = (moment - first) / SECOND / max(1e-9, last - began)
        failure = (
            "" if self._error is None else f"the simulator failed: {format_error(self._error)}"
        )
        waited = monotonic() - last
        return Progress(moment / SECOND, factor, self._waiting, waited, failure)

    def run(self, *, running: bool) -> None:
        """Let time go by, or stand still."""
        with self._changed:
            self._is_running = running
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _get(self, name: str) -> Any:
        return self._node.get_parameter(name).value

    def _stopped(self) -> bool:
        return self._is_ending or not self._is_running

    def _work(self) -> None:
        options = {
            "camera": default_camera(self._get("width"), self._get("width") * 3 // 4),
            "seed": self._get("robot_seed"),
            "drift": _scaled(DEFAULT_DRIFT, self._get("drift")),
        }
        try:
            with Simulator(self._home, **options) as simulator:
                self._outputs.start(simulator, self._space, self._moment)
                with self._changed:
                    self._is_open = True
                    self._changed.notify_all()
                self._simulate(simulator)
        except Exception as error:  # a thread ends without a word otherwise
            with self._changed:
                self._error = error
                self._changed.notify_all()
            if self._is_open:
                self._node.get_logger().error(self.progress().failure)

    def _simulate(self, simulator: Simulator) -> None:
        tick, due = 0, monotonic()
        while not self._is_ending:
            if not self._is_running:
                with self._changed:
                    self._changed.wait_for(lambda: self._is_running or self._is_ending)
                due = monotonic()
                continue
            if self._get("lockstep") and not self._has_captioner:
                self._wait_for_captioner()
                continue
            self._set_pilot(simulator)
            velocity = self._driver.velocity(self._pose(simulator), self._moment)
            simulator.robot.step(*velocity, self._period / SECOND)
            self._moment += self._period
            self._notice_bump(simulator)
            self._steps.append((monotonic(), self._moment))
            self._outputs.poses(simulator, velocity, self._moment)
            self._outputs.goal(self._driver, self._moment)
            if tick % self._per_image == 0:
                self._frame(simulator)
            tick += 1
            due = self._pause(due)

    def _wait_for_captioner(self) -> None:
        """One that does not say that it is active has to subscribe, at least."""
        self._waiting = "a captioner to be active"
        is_active = self._gate.wait_active(self._get("lockstep_timeout"), self._stopped)
        self._has_captioner = is_active or (not self._stopped() and self._outputs.is_seen())
        self._waiting = ""

    def _pose(self, simulator: Simulator) -> Pose:
        """Where the robot thinks that it is in the map."""
        robot = simulator.robot
        return robot.pose if self._get("localization") == "perfect" else robot.odometry

    def _set_pilot(self, simulator: Simulator) -> None:
        if not self._get("explore"):
            self._driver.pilot = None
        elif self._driver.pilot is None:
            start = self._pose(simulator).position
            self._driver.pilot = ExplorationPilot(FrontierExplorer(), start[:2])

    def _notice_bump(self, simulator: Simulator) -> None:
        self.bumps += simulator.robot.has_bumped
        if simulator.robot.has_bumped and self._driver.pilot is not None:
            self._driver.pilot.bumped(self._pose(simulator), self._moment)

    def _frame(self, simulator: Simulator) -> None:
        pilot, view = self._driver.pilot, None
        if pilot is not None or self._outputs.is_watched():
            view = simulator.view()
        if pilot is not None and view is not None:
            pilot.see(view.depth, simulator.camera, self._pose(simulator))
        publish = partial(self._outputs.frame, simulator, view, self._moment)
        is_seen = self._outputs.is_seen()
        self.images += is_seen
        if is_seen and self._get("lockstep"):
            self._waiting = f"the caption of the image at {self._moment / SECOND:.3f} s"
            self._gate.send(publish, self._moment, self._get("lockstep_timeout"), self._stopped)
            self._waiting = ""
        else:
            publish()

    def _pause(self, due: float) -> float:
        """Wait until the next step is due; the moment at which it was."""
        speed = self._get("speed")
        if speed == 0:
            return monotonic()
        due = max(due + self._period / SECOND / speed, monotonic() - LATE)
        with self._changed:
            self._changed.wait_for(self._stopped, max(0.0, due - monotonic()))
        return due


def _scaled(drift: Drift, factor: float) -> Drift:
    return replace(drift, **{name: factor * size for name, size in vars(drift).items()})
