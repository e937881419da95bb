# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Each example runs as a user runs it: in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from geometry_msgs.msg import PoseStamped
from mmser_ros.msg import SceneCaption
from PIL import Image
from rclpy.qos import QoSProfile

from benchmarks.made_scenes import around
from mmser_ros import SceneMemory
from test.nodes.conftest import connect, make_image, node_process, wait_until
from test.nodes.plain_memory_node import MODULE, QUICK, Robot

EXAMPLES = Path(__file__).parents[2] / "examples"
MUG = [("mug", (2.0, 0.0, 0.8))]


def start(name, *arguments):
    command = [sys.executable, EXAMPLES / f"{name}.py", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=EXAMPLES.parent
    )


def run(name, *arguments, status=0):
    process = start(name, *arguments)
    said, errors = process.communicate(timeout=300)
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    return said or errors


def test_each_example_is_tested():
    names = set(re.findall(r"(?:run|start)\(\"(\w+)\"", Path(__file__).read_text()))
    assert names == {one.stem for one in EXAMPLES.glob("*.py")}


def test_caption_folder(tmp_path, picture, tiny_checkpoint):
    for name in ("b.jpg", "a.jpg"):
        Image.fromarray(picture).save(tmp_path / name)
    first, second = run("caption_folder", tmp_path, tiny_checkpoint).splitlines()
    assert re.fullmatch(r"a\.jpg: .*\(confidence 0\.\d\d\)", first)
    assert second == first.replace("a.jpg", "b.jpg", 1)


def test_refine_caption(tmp_path, picture):
    path = tmp_path / "photo.jpg"
    Image.fromarray(picture).save(path)
    given, refined = run("refine_caption", path, "a dog on a chair").splitlines()
    assert given == "given:   a dog on a chair"
    assert re.fullmatch(r"refined: \w+.*", refined)


def test_my_captioner(tmp_path, make_peer, monkeypatch):
    red = np.full((48, 64, 3), (200, 30, 40), np.uint8)
    Image.fromarray(red).save(tmp_path / "red.png")
    assert run("my_captioner", tmp_path / "red.png") == "a red picture, dark\n"
    places = [str(EXAMPLES), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
    peer = make_peer("/mine")
    model = {"model": "python:my_captioner.MyCaptioner", "passes": 2, "min_view": 0.0}
    with node_process("caption_node", "/mine", qos_reliability="reliable", **model):
        connect(peer).publish(make_image(shade=250))
        wait_until(lambda: peer.captions, "a caption")
    (caption,) = peer.captions
    assert caption.model == "my_captioner"
    assert caption.caption == f"{caption.initial_caption}, bright"
    assert caption.refined


def test_read_store(tmp_path):
    path = tmp_path / "home.sqlite"
    with SceneMemory.open(path, map_id="home") as memory:
        memory.add_all(around("a red mug in a kitchen", MUG))
    said = run("read_store", path, "home", "red mug")
    assert said.startswith("mug in kitchen: score ")
    assert re.search(r"stand at \(-?\d\.\d, -?\d\.\d\); last seen 0 s before", said)


def test_subscribe_captions(make_peer):
    peer = make_peer("/printing")
    publisher = peer.node.create_publisher(SceneCaption, "scene_caption", QoSProfile(depth=10))
    process = start("subscribe_captions", "--ros-args", "-r", "__ns:=/printing")
    try:
        wait_until(lambda: publisher.get_subscription_count() == 2, "the peer and the example")
        message = SceneCaption(caption="a dog on a chair")
        message.header.stamp.sec, message.header.stamp.nanosec = 7, 5
        publisher.publish(message)
        assert process.stdout.readline() == "7.000000005: a dog on a chair\n"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_ask_and_go(make_peer):
    robot = Robot(make_peer("/going"))
    goals = []
    robot.peer.node.create_subscription(PoseStamped, "goal_pose", goals.append, 10)
    with node_process(MODULE, "/going", **QUICK):
        robot.connect()
        robot.see(*around("a red mug in a kitchen", MUG))
        robot.counts()
        here = ("--ros-args", "-r", "__ns:=/going")
        said = run("ask_and_go", "red mug", *here)
        assert run("ask_and_go", "zebra", *here, status=1) == "the memory knows no zebra\n"
    wait_until(lambda: goals, "the goal")
    assert 'seen as "a red mug in a kitchen"' in said
    assert said.endswith("sent to /going/goal_pose\n")
    assert goals[0].header.frame_id == "map"
    x, y = goals[0].pose.position.x, goals[0].pose.position.y
    assert f"goal ({x:.1f}, {y:.1f})" in said
