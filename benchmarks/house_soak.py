# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The whole system in a simulated home for half an hour, with faults one by one.

simulation_node (real time, no lockstep), caption_node and memory_node run in processes of their
own. The robot explores and, once a minute, is asked for something that it knows and sent there. In
the second third of the time each fault of FAULTS lasts ten seconds, or is a kill -9.

Prints one JSON object: memory (RSS) of the nodes in the last third over the second, what
diagnostics said of each fault and how long after its end they were OK again, how many questions
were answered and goals reached, and whether an observation is gone that was on the disk.
    python benchmarks/house_soak.py --minutes 30 --json
"""

import argparse
import json
import os
import platform
import tempfile
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from mmser_ros.srv import QueryScene
from rclpy.parameter import Parameter
from rich.console import Console
from rich.progress import Progress
from sensor_msgs.msg import Image
from std_msgs.msg import String

from benchmarks.soak import DAY, FAULT, LastStatus, figures, rss_mb
from mmser_ros.core.resources import DEFAULT_MODEL, share_path
from mmser_ros.demo.processes import ros_arguments
from mmser_ros.demo.questions import EVERYTHING
from mmser_ros.demo.stage import Stage

NODES = ("simulation", "caption", "memory")
FAULTS = (
    "no images", "malformed images", "stamps a day ahead", "impossible goals", "poses of nowhere",
    "caption_node killed", "memory_node killed", "simulation_node killed",
)  # fmt: skip
QUESTION_PERIOD = 60.0
"""Seconds between two questions."""
MEASURE_PERIOD = 1.0
"""Seconds between two measurements of memory."""
SPAM_PERIOD = 0.2
"""Seconds between two bad messages."""


class Soak:
    """Watches the nodes, disturbs them, and asks.

    Args:
        stage: of the nodes.
        minutes: that it lasts.
    """

    def __init__(self, stage: Stage, minutes: float) -> None:
        self.stage, self.third = stage, 20.0 * minutes
        self.status = {name: LastStatus() for name in NODES}
        self.memory: dict[str, list[list[float]]] = {name: [[], [], []] for name in NODES}
        self.recovered: dict[str, float] = {}
        self.asked = self.answered = self.reached = self.refused = 0
        self.on_disk: list[int] = []
        self._fault, self._ended, self._told = "", 0.0, ""
        self._due = {"question": 0.0, "memory": 0.0, "spam": 0.0}
        node = stage.node
        node.set_parameters([Parameter("use_sim_time", value=True)])  # for stamps of bad messages
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 20)
        node.create_subscription(String, "goal_status", self._on_goal, 20)
        self._query = node.create_client(QueryScene, "memory_node/query")
        self._change = node.create_client(ChangeState, "simulation_node/change_state")
        self._goals = node.create_publisher(PoseStamped, "goal_pose", 5)
        self._poses = node.create_publisher(PoseStamped, "pose", 5)
        self._images = node.create_publisher(Image, "image", 5)

    def run(self) -> None:
        """Wait until the nodes are well, then go on for the whole time."""
        self.stage.wait(self._are_well, lambda: [one.message for one in self.status.values()])
        begin = monotonic()
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("soak", total=3 * self.third)
            while (now := monotonic() - begin) < 3 * self.third:
                self.stage.spin()
                self._set_fault(now)
                self._act(now)
                progress.update(task, completed=now)
        self.on_disk.append(self._saved())

    def _are_well(self) -> bool:
        return all(one.level == DiagnosticStatus.OK for one in self.status.values())

    def _set_fault(self, now: float) -> None:
        place, share = now - self.third, self.third / len(FAULTS)
        on = 0 <= place < self.third and place % share < min(FAULT, share / 3)
        fault = FAULTS[int(place / share)] if on else ""
        if fault != self._fault:
            self._switch(self._fault, False)
            self._ended = now
            self._told = self._fault or self._told
            self._fault = fault
            self._switch(fault, True)
        is_over = self._told and not fault and now > self._ended + 1.0
        if is_over and self._told not in self.recovered and self._are_well():
            self.recovered[self._told] = round(now - self._ended, 1)

    def _switch(self, fault: str, begins: bool) -> None:
        """Begin or end a fault that is no stream of bad messages."""
        if fault == "no images":
            name = Transition.TRANSITION_DEACTIVATE if begins else Transition.TRANSITION_ACTIVATE
            request = ChangeState.Request(transition=Transition(id=name))
            self._change.call_async(request)
        killed = fault.removesuffix("_node killed")
        if begins and killed in NODES:
            if killed == "memory":
                self.on_disk.append(self._saved())
            process = self.stage.process(killed)
            if process is not None:
                process.send_signal(SIGKILL)
            self.status[killed].level = DiagnosticStatus.STALE

    def _act(self, now: float) -> None:
        if self._is_due("memory", now, MEASURE_PERIOD):
            for name, thirds in self.memory.items():
                process = self.stage.process(name)
                if process is not None:
                    with suppress(IndexError):  # one that was killed has no memory
                        thirds[min(2, int(now / self.third))].append(rss_mb(process))
        if self._is_due("question", now, QUESTION_PERIOD):
            self._ask()
        if self._is_due("spam", now, SPAM_PERIOD):
            self._spam()

    def _is_due(self, what: str, now: float, period: float) -> bool:
        if now < self._due[what]:
            return False
        self._due[what] = now + period
        return True

    def _ask(self) -> None:
        """Ask for all that is known, then go to the surest."""
        self.asked += 1
        answer = self._query.call_async(QueryScene.Request(k=EVERYTHING))
        answer.add_done_callback(lambda done: self._take(done.result()))

    def _take(self, response: QueryScene.Response) -> None:
        if response.matches:
            self.answered += 1
            surest = max(response.matches, key=lambda one: one.node.probability)
            self._goals.publish(surest.pose)

    def _spam(self) -> None:
        now = self.stage.node.get_clock().now().to_msg()
        if self._fault in {"malformed images", "stamps a day ahead"}:
            image = Image(height=240, width=320, encoding="rgb8", step=960)
            image.header.stamp, image.header.frame_id = now, "camera_optical_frame"
            image.data = os.urandom(1000 if self._fault == "malformed images" else 240 * 960)
            image.header.stamp.sec += DAY
            self._images.publish(image)
        pose = PoseStamped()
        pose.header.stamp, pose.header.frame_id = now, "map"
        pose.pose.orientation.w = 1.0
        if self._fault == "impossible goals":
            pose.pose.position.x = 1000.0
            self._goals.publish(pose)
        if self._fault == "poses of nowhere":
            pose.pose.position.x = float("nan")
            self._poses.publish(pose)

    def _saved(self) -> int:
        """Observations that memory_node says are on the disk."""
        values = self.status["memory"].values
        return int(values["observations"]) - int(values["unsaved"])

    def _on_goal(self, message: String) -> None:
        self.reached += message.data.startswith("reached")
        self.refused += message.data.startswith("refused")

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            for name, last in self.status.items():
                if status.name.startswith(f"{self.stage.namespace}/{name}_node:"):
                    last.level, last.message = status.level, status.message
                    last.values = {pair.key: pair.value for pair in status.values}
                    if status.level != DiagnosticStatus.OK and self._fault:
                        last.worst.setdefault(self._fault, status.message)

    def report(self) -> dict:
        """What came of it."""
        captions = self.status["caption"].values
        return {
            "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
            "load_average": os.getloadavg()[0],
            "captioned_since_last_start": int(captions["captioned"]),
            **figures(self.status, self.memory, self.recovered, FAULTS),
            "questions": self.asked,
            "answered": self.answered,
            "goals_reached": self.reached,
            "goals_refused": self.refused,
            "on_disk_before_kill_and_at_the_end": self.on_disk,
            "end": {name: [one.level[0], one.message] for name, one in self.status.items()},
        }


def run(minutes: float, model: str, seed: int, store: Path) -> dict:
    parameters: dict[str, dict[str, object]] = {
        "simulation": {"seed": seed, "lockstep": False},
        "caption": {"model": model},
        "memory": {"store_path": store, "send_goals": False},
    }
    with Stage() as stage:
        soak = Soak(stage, minutes)
        shared = ["-r", f"__ns:={stage.namespace}", "--log-level", "error"]
        shared += ["--params-file", str(share_path("config/simulator.yaml"))]
        for name, values in parameters.items():
            stage.start(name, [*shared, *ros_arguments(values)])
        soak.run()
        return {"minutes": minutes, "model": model, "home": seed, **soak.report()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--seed", type=int, default=34, help="of the home")
    parser.add_argument("--json", action="store_true", help="one line, not indented")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(options.minutes, options.model, options.seed, Path(folder) / "soak.sqlite")
    print(json.dumps(found, indent=None if options.json else 2))
