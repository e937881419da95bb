# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A peer in the test's process, and nodes in processes of their own."""

import subprocess
import sys
import threading
from contextlib import contextmanager
from time import monotonic, sleep

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from mmser_ros.msg import SceneCaption
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

PATIENCE = 120.0
"""Seconds until a condition that should come true counts as failed."""
LOST = 15.0
"""Seconds until an answer that has not come counts as lost."""


def wait_until(condition, what, pause=0.01):
    """Wait for a condition; the pause only keeps the wait from being busy."""
    deadline = monotonic() + PATIENCE
    while not condition():
        if monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE:.0f} s for {what}")
        sleep(pause)


class Peer:
    """Hears captions and diagnostics of a namespace, and publishes images to it."""

    def __init__(self, namespace):
        self.node = Node("peer", namespace=namespace)
        self.captions = []
        self.statuses = []
        self.images = []
        self._clients = {}
        reliable = QoSProfile(depth=100)
        self.node.create_subscription(SceneCaption, "scene_caption", self.captions.append, reliable)
        self.texts = self.hear_texts("scene_caption/text")
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._hear, reliable)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin)
        self._thread.start()

    def _hear(self, message):
        here = self.node.get_namespace()
        self.statuses += [one for one in message.status if one.name.startswith(here + "/")]

    def close(self):
        self._executor.shutdown()
        self._thread.join()
        self.node.destroy_node()

    def publisher(self, kind=Image, topic="image", reliability="reliable"):
        qos = QoSProfile(depth=20)
        if reliability != "reliable":
            qos.reliability = rclpy.qos.ReliabilityPolicy.BEST_EFFORT
        return self.node.create_publisher(kind, topic, qos)

    def hear_images(self, kind=Image, topic="image"):
        self.node.create_subscription(kind, topic, self.images.append, QoSProfile(depth=100))

    def hear_texts(self, topic):
        """What comes on a topic of std_msgs/String, from now on."""
        texts = []

        def hear(message):
            texts.append(message.data)

        self.node.create_subscription(String, topic, hear, QoSProfile(depth=100))
        return texts

    def call(self, kind, name, request):
        """Call a service, and again when there is no answer.

        The server may not know the client yet to which it answers (ros2/rmw_fastrtps issue 392).
        """
        client = self._clients.get(name) or self.node.create_client(kind, name)
        self._clients[name] = client
        wait_until(client.service_is_ready, f"service {name}")
        futures, sent = [], -LOST

        def answered():
            nonlocal sent
            if monotonic() > sent + LOST:
                sent = monotonic()
                futures.append(client.call_async(request))
            return any(one.done() for one in futures)

        wait_until(answered, f"an answer of {name}")
        return next(one.result() for one in futures if one.done())

    def status(self, condition, what):
        """The first status from now on that fulfils a condition."""
        start = len(self.statuses)
        found = []

        def look():
            found.extend(one for one in self.statuses[start:] if condition(one))
            return bool(found)

        try:
            wait_until(look, f"a status with {what}")
        finally:
            if not found:
                print("the last status:", self.statuses[-1:])
        return found[0]


def values(status):
    return {pair.key: pair.value for pair in status.values}


@contextmanager
def node_process(module, namespace, *arguments, names=(), **parameters):
    """A node of ours, or a module of the tests, in a process of its own.

    `names` are those of several nodes in it.
    """
    module = module if "." in module else f"mmser_ros.nodes.{module.removesuffix('_node')}.node"
    command = [sys.executable, "-m", module, *names, "--ros-args"]
    command += ["-r", f"__ns:={namespace}", *arguments]
    for name, value in parameters.items():
        command += ["-p", f"{name}:={value}"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def connect(peer, **options):
    """A publisher of images that the peer's node hears, once it hears the node, too."""
    publisher = peer.publisher(**options)
    wait_until(lambda: publisher.get_subscription_count() == 1, "the node's subscription")
    peer.status(lambda _: True, "the node's voice: it hears the peer, and so will its captions")
    return publisher


def set_parameter(peer, name, value, node="caption_node"):
    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    return peer.call(SetParameters, f"{node}/set_parameters", request).results[0]


@pytest.fixture(scope="session", autouse=True)
def _ros():
    if not rclpy.ok():  # tests of the examples use this fixture, too
        rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def make_peer():
    peers = []

    def make(namespace):
        peers.append(Peer(namespace))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


@pytest.fixture
def make_node():
    """Makes a caption_node of the test's process, by default with a scripted captioner."""
    from mmser_ros.nodes.caption.node import CaptionNode
    from test.nodes.scripted_captioner import Captioner

    nodes = []

    def make(captioner=None, activate=True, **parameters):
        # tests send one picture again and again, and on a busy machine for long
        parameters = {"frozen_after": 0.0, **parameters}
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        captioner = captioner or Captioner()
        node = CaptionNode(
            lambda **options: vars(captioner).update(options=options) or captioner,
            parameter_overrides=overrides,
            namespace=f"/worker_{len(nodes)}",
        )
        nodes.append(node)
        node.captioner = captioner
        if activate:
            assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
            assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        return node

    yield make
    for node in nodes:
        node.captioner.free.set()
        node.captioner.free_again.set()
        node.destroy_node()


@pytest.fixture
def listen(make_peer):
    """What a node publishes, from now on."""

    def to(node):
        peer = make_peer(node.get_namespace())
        captions = next(one for one in node.publishers if one.topic_name.endswith("scene_caption"))
        wait_until(lambda: captions.get_subscription_count() == 1, "the peer's subscription")
        return peer.captions

    return to


def stripes(shade, size=(6, 8)):
    """A picture that is of one grey on the left, the first pixel among it, and shows something."""
    height, width = size
    pixels = np.full((height, width, 3), shade, np.uint8)
    pixels[:, (width + 1) // 2 :] = (shade + 128) % 256
    return pixels


def make_image(shade=100, seconds=1, nanoseconds=5, size=(6, 8), **fields):
    height, width = size
    pixels = stripes(shade, size)
    message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
    message.data = pixels.tobytes()
    message.header.stamp.sec, message.header.stamp.nanosec = seconds, nanoseconds
    message.header.frame_id = "camera_optical"
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def make_compressed(pixels, kind=".png"):
    import cv2

    data = cv2.imencode(kind, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1]
    return CompressedImage(format=kind[1:], data=data.tobytes())
