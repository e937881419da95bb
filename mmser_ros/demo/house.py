# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser demo`: a robot explores a home that it has never seen, and goes to things in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from geometry_msgs.msg import PoseStamped
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters

from mmser_ros.core.resources import DEFAULT_MODEL, share_path
from mmser_ros.demo.house_scores import draw_house, score_house
from mmser_ros.demo.house_watcher import HouseWatcher
from mmser_ros.demo.processes import ros_arguments
from mmser_ros.demo.questions import Answer, ask_questions
from mmser_ros.demo.result import conclude
from mmser_ros.demo.simulator import check_viewer
from mmser_ros.demo.stage import Stage
from mmser_ros.evaluation.house.captions import GLANCE, REFINED
from mmser_ros.evaluation.house.going import Trip, judge_trip, standing_point
from mmser_ros.evaluation.house.graph_scores import SIMILAR, STRUCTURE
from mmser_ros.evaluation.house.questions import NOT_ASKED, Errand
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.nodes.common.scene_conversions import pose_to_message
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.robot import flat_pose
from mmser_ros.simulation.home.split import Split
from mmser_ros.simulation.navigation import FreeSpace, free_space
from mmser_ros.srv import QueryScene

MAP = "home"
STORE = "demo_memory.sqlite"
"""Replaced by each run; so it has a name that no memory of a robot has."""
IMAGE_RATE = 2.0
"""Images per simulated second."""


@dataclass(frozen=True, kw_only=True)
class HouseDemo:
    """What the demo does.

    Attributes:
        seed: of the home, of the split for evaluation.
        seconds: of simulated time that the robot explores.
        model: as the parameter of caption_node.
        passes: as the parameter of caption_node.
        viewer: whether to run viewer_node, and record what it shows.
        out: folder for the pictures and the memory.
    """

    seed: int
    seconds: float
    model: str = DEFAULT_MODEL
    passes: int = 1
    viewer: bool = False
    out: Path


def run_house(settings: HouseDemo) -> int:
    """Run the demo and print its result as the last line, one JSON object.

    Returns:
        The exit status: 0 if there are captions, and each has the header of an image.

    Raises:
        DemoError: messages are missing, or the memory has too few objects.
        MmserError: MuJoCo, a GL library or Rerun is missing, or a node gave up.
    """
    if settings.viewer:
        check_viewer()
    home, store = make_home(settings.seed, Split.EVALUATION), settings.out / STORE
    settings.out.mkdir(parents=True, exist_ok=True)
    for old in settings.out.glob(f"{store.name}*"):
        old.unlink()
    with Stage() as stage:
        watcher = HouseWatcher(stage.node)
        _start_nodes(stage, settings, store)
        rooms = ", ".join(one.name for one in home.plan.rooms)
        print(f"home {home.seed}, which nobody has trained on: {rooms}", flush=True)
        stage.wait(lambda: watcher.seconds > settings.seconds, watcher)
        _stop_exploring(stage, watcher)
        answers, trips = _go_to_things(stage, watcher, home)
        stage.wait(watcher.remembered, watcher)
        stage.wait(watcher.settled, watcher)
    questions = [
        answer.record() | {"reached": trip.success, "driven_m": round(trip.driven, 2)}
        for answer, trip in zip(answers, trips, strict=True)
    ]
    more: dict[str, Any] = {"home": home.seed}
    if trips and watcher.sights:
        print("scoring what the robot said and remembers …", flush=True)
        source = REFINED if settings.passes > 1 else GLANCE
        with SceneMemory.open(store, MAP, read_only=True) as memory:
            more |= draw_house(watcher.sights, memory, settings.out)
            more[source] = score_house(home, watcher.sights, memory, trips)
    return conclude(watcher, questions, more)


def _start_nodes(stage: Stage, settings: HouseDemo, store: Path) -> None:
    parameters: dict[str, Mapping[str, object]] = {
        "simulation": {"seed": settings.seed, "rate": IMAGE_RATE, "speed": 0.0},
        "caption": {"model": settings.model, "passes": settings.passes},
        "memory": {"store_path": store, "map_id": MAP, "robot_name": "robot"},
    }
    if settings.viewer:
        parameters["viewer"] = {"recording": settings.out / "home.rrd"}
    shared = ["-r", f"__ns:={stage.namespace}"]
    shared += ["--params-file", str(share_path("config/simulator.yaml"))]
    print(f"starting {', '.join(f'{one}_node' for one in parameters)} …", flush=True)
    for name, values in parameters.items():
        level = "info" if name == "viewer" else "warn"  # it says on which page it shows
        stage.start(name, [*shared, "--log-level", level, *ros_arguments(values)])


def _stop_exploring(stage: Stage, watcher: HouseWatcher) -> None:
    value = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=False)
    request = SetParameters.Request(parameters=[Parameter(name="explore", value=value)])
    stage.call(SetParameters, "simulation_node/set_parameters", request, watcher)


def _go_to_things(
    stage: Stage, watcher: HouseWatcher, home: Home
) -> tuple[list[Answer], list[Trip]]:
    """Ask the memory for things that it knows, and drive to them."""
    space, words = free_space(home), Taxonomy()
    goals = stage.node.create_publisher(PoseStamped, "goal_pose", 1)
    call = partial(stage.call, QueryScene, "memory_node/query", progress=watcher)
    answers = ask_questions(lambda request: call(request=request), NOT_ASKED | STRUCTURE)
    trips = []
    for answer in answers:
        print(answer, flush=True)
        label = answer.match.node.label
        alike = [one.number for one in home.objects if words.similarity(label, one.name) >= SIMILAR]
        start, before = watcher.position or (0.0, 0.0), watcher.driven
        _drive_to(stage, watcher, goals, answer, space)
        trip = judge_trip(
            Errand(label, tuple(alike)), label, home, space, start, watcher.position,
            watcher.driven - before,
        )  # fmt: skip
        print(f"{watcher.goal}; {_verdict(label, trip)}", flush=True)
        trips.append(trip)
    return answers, trips


def _drive_to(
    stage: Stage, watcher: HouseWatcher, goals: Any, answer: Answer, space: FreeSpace
) -> None:
    """Send the robot to the object of an answer, and wait until it is there."""
    at, seen_from = answer.match.node.position, answer.match.pose.pose.position
    x, y = standing_point(space, (at.x, at.y), (seen_from.x, seen_from.y))
    goal = PoseStamped(pose=pose_to_message(flat_pose(x, y, math.atan2(at.y - y, at.x - x))))
    goal.header.frame_id = answer.match.pose.header.frame_id
    watcher.goal = ""
    goals.publish(goal)
    stage.wait(lambda: bool(watcher.goal), watcher)


def _verdict(label: str, trip: Trip) -> str:
    if trip.success:
        return f"there is a {label} within a metre"
    return f"there is no {label} within a metre"
