# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""simulation_node in a process of its own, over DDS."""

import json
import math
from itertools import pairwise

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, Twist
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from mmser_ros.msg import SceneCaption
from nav_msgs.msg import OccupancyGrid, Odometry, Path
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String

from mmser_ros.nodes.common.image_conversions import to_rgb
from mmser_ros.nodes.common.scene_conversions import nanoseconds
from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.split import Split
from test.nodes.conftest import node_process, values, wait_until
from test.simulation.home.rooms import NO_GL

pytestmark = pytest.mark.skipif(bool(NO_GL), reason=NO_GL)
OK, WARN, ERROR = b"\0", b"\1", b"\2"
SEED = 4
LASTING = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
QUICK = {"seed": SEED, "width": 80, "speed": 0.0, "rate": 2.0, "pose_rate": 10.0}


class Listener:
    """What the node says, on all of its topics."""

    def __init__(self, peer):
        self.peer, self.node = peer, peer.node
        self.heard = {}
        self.on_image = lambda message: None

    def hear(self, **topics):
        for topic, kind in topics.items():
            lasting = kind in (OccupancyGrid, Path) or topic == "goal_status"
            name = "/clock" if topic == "clock" else topic.replace("__", "/")
            self.heard[topic] = []
            self.node.create_subscription(
                kind, name, lambda one, to=topic: self._add(to, one), LASTING if lasting else 500
            )
        return self

    def _add(self, topic, message):
        self.heard[topic].append(message)
        if topic == "image":
            self.on_image(message)

    def wait(self, topic, count=1):
        wait_until(lambda: len(self.heard[topic]) >= count, f"{count} on {topic}")
        return self.heard[topic]

    def publisher(self, kind, topic):
        publisher = self.node.create_publisher(kind, topic, 10)
        wait_until(lambda: publisher.get_subscription_count() == 1, f"a subscriber of {topic}")
        return publisher

    def goal(self, x, y, frame="map"):
        message = PoseStamped()
        message.header.frame_id = frame
        message.pose.position.x, message.pose.position.y = x, y
        message.pose.orientation.w = 1.0
        return message


@pytest.fixture
def listen(make_peer):
    return lambda namespace: Listener(make_peer(namespace))


def stamp(message):
    return nanoseconds(message.header.stamp)


def at(pose):
    return pose.position.x, pose.position.y


def far_goal(start):
    """The middle of the room whose middle is the farthest from a point."""
    rooms = make_home(SEED, Split.EVALUATION).plan.rooms
    middles = [((one.x0 + one.x1) / 2, (one.y0 + one.y1) / 2) for one in rooms]
    return max(middles, key=lambda one: math.dist(one, start))


def test_what_belongs_together_has_one_stamp(listen):
    ear = listen("/stamps").hear(
        image=Image, image__compressed=CompressedImage, depth=Image, camera_info=CameraInfo,
        odom=Odometry, pose=PoseStamped, ground_truth=String, map=OccupancyGrid, clock=Clock,
    )  # fmt: skip
    with node_process("simulation_node", "/stamps", **{**QUICK, "speed": 2.0}):
        for topic in ear.heard:
            ear.wait(topic, 1 if topic == "map" else 3)
    image = ear.heard["image"][1]
    for topic in ("image__compressed", "depth", "camera_info", "odom", "pose"):
        assert any(stamp(one) == stamp(image) for one in ear.heard[topic]), topic
    truth = next(
        one for one in map(json.loads, (text.data for text in ear.heard["ground_truth"]))
        if one["stamp"] == stamp(image)
    )  # fmt: skip
    assert truth["room"] in {one.name for one in make_home(SEED, Split.EVALUATION).plan.rooms}
    assert {one["name"] for one in truth["objects"]}
    pose = next(one for one in ear.heard["pose"] if stamp(one) == stamp(image))
    assert at(pose.pose) == pytest.approx(truth["pose"]["position"][:2])
    assert (image.width, image.height, image.header.frame_id) == (80, 60, "camera_optical_frame")
    assert to_rgb(image).std() > 5
    assert ear.heard["depth"][0].encoding == "32FC1"
    (grid,) = ear.heard["map"]
    column, row = (
        int((one - origin) / grid.info.resolution)
        for one, origin in zip(at(pose.pose), at(grid.info.origin), strict=True)
    )
    assert grid.data[row * grid.info.width + column] == 0
    clocks = [nanoseconds(one.clock) for one in ear.heard["clock"]]
    assert {b - a for a, b in pairwise(clocks)} == {100_000_000}


def test_it_obeys_velocities_until_they_are_old(listen):
    ear = listen("/wheels").hear(pose=PoseStamped, odom=Odometry)
    with node_process("simulation_node", "/wheels", **{**QUICK, "speed": 20.0}):
        wheels = ear.publisher(Twist, "cmd_vel")
        ear.wait("pose")
        turn = Twist()
        turn.angular.z = 1.0
        wheels.publish(turn)
        wait_until(
            lambda: (
                any(one.twist.twist.angular.z == 1.0 for one in ear.heard["odom"])
                and ear.heard["odom"][-1].twist.twist.angular.z == 0.0
            ),
            "a turn that ends",
        )
        turn.angular.z = float("nan")
        wheels.publish(turn)
        status = ear.peer.status(lambda one: one.level == WARN, "a refusal")
    turning = [one for one in ear.heard["odom"] if one.twist.twist.angular.z == 1.0]
    assert len(turning) == 5  # 0.5 s at 10 Hz
    assert "expected finite numbers" in status.message


def test_it_drives_to_a_goal_in_another_room(listen):
    ear = listen("/goals").hear(pose=PoseStamped, goal_status=String, plan=Path)
    with node_process("simulation_node", "/goals", **QUICK):
        goals = ear.publisher(PoseStamped, "goal_pose")
        goal = far_goal(at(ear.wait("pose")[0].pose))
        goals.publish(ear.goal(1.0, 1.0, frame="odom"))
        status = ear.peer.status(lambda one: one.level == WARN, "a refusal")
        assert status.message == "a goal in frame 'odom'; expected map_frame, 'map'"
        goals.publish(ear.goal(*goal))
        wait_until(lambda: "reached" in ear.heard["goal_status"][-1].data, "the arrival")
        done = ear.peer.status(lambda one: "reached" in values(one)["goal"], "the arrival")
        goals.publish(ear.goal(*goal))  # it is there, and says so again
        wait_until(
            lambda: sum("reached" in one.data for one in ear.heard["goal_status"]) == 2,
            "another arrival",
        )
        goals.publish(ear.goal(-90.0, 1.0))
        wait_until(lambda: "refused" in ear.heard["goal_status"][-1].data, "the refusal")
    said = [one.data for one in ear.heard["goal_status"]]
    assert f"driving to ({goal[0]:.2f}, {goal[1]:.2f})" in said
    assert said[-1].startswith("refused: no way leads to the goal (-90.00, 1.00)")
    assert values(done)["bumps"] == "0"
    assert len(ear.heard["plan"][0].poses) > 20
    assert math.dist(at(ear.heard["pose"][-1].pose), goal) < 1.1


def test_it_explores_until_it_gets_a_goal(listen):
    ear = listen("/curious").hear(pose=PoseStamped, goal_status=String)
    with node_process("simulation_node", "/curious", **QUICK, explore=True):
        goals = ear.publisher(PoseStamped, "goal_pose")
        ear.wait("goal_status")
        start = at(ear.wait("pose")[0].pose)
        wait_until(
            lambda: any(math.dist(at(one.pose), start) > 1.0 for one in ear.heard["pose"]),
            "a metre that was explored",
        )
        goals.publish(ear.goal(*start))
        wait_until(lambda: "reached" in [o.data[:7] for o in ear.heard["goal_status"]], "the goal")
        wait_until(lambda: ear.heard["goal_status"][-1].data == "exploring", "exploration again")
    said = [one.data.split()[0] for one in ear.heard["goal_status"]]
    assert [one for one in said if one != "no"][:4] == [
        "exploring",
        "driving",
        "reached",
        "exploring",
    ]


class ScriptedCaptioner:
    """A captioner_node's voice: active; the n-th image gets a caption, or is dropped."""

    def __init__(self, ear, dropped=()):
        self.ear, self.dropping, self.dropped, self.count = ear, dropped, 0, 0
        self.is_deaf = False
        self.captions = ear.node.create_publisher(SceneCaption, "scene_caption", 10)
        self.diagnostics = ear.node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.is_holding = False
        ear.on_image = self.answer
        ear.node.create_timer(0.1, self.say)

    def say(self):
        pairs = {"state": "active", "dropped.low_confidence": str(self.dropped)}
        pairs["received"] = "0" if self.is_deaf else str(self.count)
        name = f"{self.ear.node.get_namespace()}/caption_node: captions"
        status = DiagnosticStatus(name=name, level=OK)
        status.values = [KeyValue(key=key, value=value) for key, value in pairs.items()]
        self.diagnostics.publish(DiagnosticArray(status=[status]))

    def answer(self, image):
        self.count += 1
        if self.is_holding:
            return
        if self.count in self.dropping:
            self.dropped += 1
        else:
            self.captions.publish(SceneCaption(header=image.header, caption="a home"))


def walk(listen, namespace, **parameters):
    """Poses and pictures of twelve images on the way to a goal, in lockstep."""
    ear = listen(namespace).hear(image=Image, pose=PoseStamped, goal_status=String)
    captioner = ScriptedCaptioner(ear, dropped=(4,))
    captioner.is_holding = True
    given = {**QUICK, "lockstep": True, "drift": 3.0, "localization": "odometry", **parameters}
    with node_process("simulation_node", namespace, **given):
        goals = ear.publisher(PoseStamped, "goal_pose")
        first = ear.wait("image")[0]
        where = ear.peer.status(lambda one: one.level == WARN, "a still clock")
        assert "lockstep waits for the caption of the image at" in where.message
        assert len(ear.heard["image"]) == 1
        goals.publish(ear.goal(*far_goal(at(ear.wait("pose")[-1].pose))))
        ear.peer.status(lambda one: values(one).get("goals") == "1", "the goal")
        captioner.is_holding = False
        captioner.answer(first)
        ear.wait("image", 12)
        ear.peer.status(lambda one: values(one).get("lockstep misses") == "0", "no misses")
    end = stamp(ear.heard["image"][11])
    poses = [(stamp(one), at(one.pose)) for one in ear.heard["pose"] if stamp(one) <= end]
    return poses, [one.data.tobytes() for one in ear.heard["image"][:12]]


def test_in_lockstep_a_seed_repeats_every_pose_and_pixel(listen):
    first = walk(listen, "/steps_a")
    again = walk(listen, "/steps_b")
    assert first == again
    assert len({where for _, where in first[0]}) > 20
    assert walk(listen, "/steps_c", robot_seed=7) != first


def test_without_a_captioner_lockstep_lets_no_time_go_by(listen):
    ear = listen("/alone").hear(pose=PoseStamped)
    with node_process("simulation_node", "/alone", **QUICK, lockstep=True):
        status = ear.peer.status(lambda one: one.level == WARN, "a still clock")
    assert status.message.endswith("lockstep waits for a captioner to be active")
    assert ear.heard["pose"] == []


def test_an_image_without_an_answer_is_given_up_after_the_time_limit(listen):
    ear = listen("/limit").hear(image=Image)
    captioner = ScriptedCaptioner(ear)
    captioner.is_holding = True
    limit = {"lockstep": True, "lockstep_timeout": 0.2}
    with node_process("simulation_node", "/limit", **QUICK, **limit):
        ear.wait("image", 3)
        status = ear.peer.status(lambda one: "got no caption" in one.message, "misses")
    assert int(values(status)["lockstep misses"]) >= 2


def test_an_image_that_did_not_arrive_is_published_again(listen):
    ear = listen("/lost").hear(image=Image)
    captioner = ScriptedCaptioner(ear)
    captioner.is_holding = captioner.is_deaf = True
    with node_process("simulation_node", "/lost", **QUICK, lockstep=True):
        first, again = ear.wait("image", 2)[:2]
        assert stamp(first) == stamp(again)
        captioner.is_holding = captioner.is_deaf = False
        captioner.answer(again)
        wait_until(lambda: stamp(ear.heard["image"][-1]) > stamp(first), "the next image")
        status = ear.peer.status(lambda one: "lockstep misses" in values(one), "the node's")
    assert values(status)["lockstep misses"] == "0"


def test_time_stands_still_while_the_node_is_inactive(listen):
    ear = listen("/life").hear(pose=PoseStamped)
    with node_process("simulation_node", "/life", **QUICK, autostart=False):
        change = lambda id_: ear.peer.call(  # noqa: E731
            ChangeState,
            "simulation_node/change_state",
            ChangeState.Request(transition=Transition(id=id_)),
        )
        assert change(Transition.TRANSITION_CONFIGURE).success
        status = ear.peer.status(lambda one: values(one)["state"] == "inactive", "inactive")
        assert status.message == "the node is inactive: time stands still"
        assert ear.heard["pose"] == []
        assert change(Transition.TRANSITION_ACTIVATE).success
        ear.wait("pose", 5)
        assert change(Transition.TRANSITION_DEACTIVATE).success
        assert change(Transition.TRANSITION_CLEANUP).success
        assert change(Transition.TRANSITION_CONFIGURE).success
        assert change(Transition.TRANSITION_ACTIVATE).success
        wait_until(
            lambda: any(stamp(b) < stamp(a) for a, b in pairwise(ear.heard["pose"])),
            "a simulation that begins anew",
        )


@pytest.mark.parametrize(
    ("given", "said"),
    [({"seed": -1}, "seed"), ({"split": "dev"}, "expected one of train, evaluation")],
)
def test_what_can_not_be_simulated_ends_the_process_with_words(given, said):
    with node_process("simulation_node", "/wrong", **given) as process:
        _, printed = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said in printed
