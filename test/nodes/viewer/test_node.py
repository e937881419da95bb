# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""viewer_node in a process of its own; what it records is read back."""

import socket
import urllib.request

import pytest
from geometry_msgs.msg import PoseStamped
from mmser_ros.msg import (
    GroundedPhrase,
    SceneAnswer,
    SceneCaption,
    SceneEdge,
    SceneGraph,
    SceneNode,
)
from nav_msgs.msg import OccupancyGrid, Path
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image

from test.nodes.conftest import make_image, node_process, values, wait_until

rerun_chunk = pytest.importorskip(
    "rerun.chunk", reason="Rerun is not installed: pip install '.[viewer]'"
)
OK, WARN, ERROR = b"\0", b"\1", b"\2"
LASTING = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def at(x, y, seconds=2):
    message = PoseStamped()
    message.header.stamp.sec = seconds
    message.pose.position.x, message.pose.position.y = x, y
    message.pose.orientation.w = 1.0
    return message


def caption(image, initial, text, *phrases):
    message = SceneCaption(header=image.header, caption=text, initial_caption=initial)
    message.refined, message.model, message.passes, message.confidence = True, "tiny", 2, 0.75
    for one in phrases:
        phrase = GroundedPhrase(text=one, head=one, has_region=True)
        phrase.region.width = phrase.region.height = 3
        message.phrases.append(phrase)
    return message


def a_graph():
    nodes = [
        SceneNode(id="room:1", layer="room", label="kitchen"),
        SceneNode(id="place:1", layer="place"),
        SceneNode(
            id="object:mug", layer="object", label="mug", attributes=["red"], probability=0.9
        ),
        SceneNode(id="object:table", layer="object", label="table", probability=0.8),
    ]
    edges = [
        SceneEdge(source="object:mug", target="object:table", predicate="on"),
        SceneEdge(source="place:1", target="object:mug", predicate="contains"),
    ]
    graph = SceneGraph(stream=1, sequence=1, full=True, nodes=nodes, edges=edges)
    graph.header.stamp.sec = 3
    return graph


def a_grid():
    grid = OccupancyGrid(data=[0, 100, -1, 0, 0, 0])
    grid.info.width, grid.info.height, grid.info.resolution = 3, 2, 0.5
    return grid


def read(file):
    """Texts of the columns of a recording, by the names of entities and columns."""
    found = {}
    for chunk in rerun_chunk.RrdReader(str(file)).stream():
        batch = chunk.to_record_batch()
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            found.setdefault(chunk.entity_path, {}).setdefault(name, []).extend(column.to_pylist())
    return found


def flat(found, entity, column):
    (name,) = [one for one in found[entity] if one.endswith(f":{column}")]
    values_ = []
    for one in found[entity][name]:
        values_ += one if isinstance(one, list) else [one]
    return values_


def publish_until(peer, publisher, message, condition, what):
    """Publish until a status fulfils a condition: what comes before a node knows us is lost."""
    start = len(peer.statuses)

    def is_said():
        publisher.publish(message)
        return any(map(condition, peer.statuses[start:]))

    wait_until(is_said, what, pause=0.2)


def test_a_recording_holds_what_came(make_peer, tmp_path):
    peer, file = make_peer("/show"), tmp_path / "home.rrd"
    with node_process("viewer_node", "/show", show="none", recording=file) as process:
        topics = {
            "image": (Image, 10), "scene_caption": (SceneCaption, 10), "pose": (PoseStamped, 10),
            "plan": (Path, 10), "map": (OccupancyGrid, LASTING),
            "scene_graph": (SceneGraph, LASTING), "memory_node/answer": (SceneAnswer, 10),
        }  # fmt: skip
        to = {
            name: peer.node.create_publisher(kind, name, qos)
            for name, (kind, qos) in topics.items()
        }
        for name, publisher in to.items():
            wait_until(lambda one=publisher: one.get_subscription_count() > 0, name)
        image = make_image(seconds=2)
        publish_until(
            peer, to["image"], image, lambda one: "image" in "".join(values(one)), "the image"
        )
        to["scene_caption"].publish(caption(image, "a red cat", "a red dog", "dog"))
        to["pose"].publish(at(1.0, 2.0))
        to["plan"].publish(Path(poses=[at(1.0, 2.0), at(4.0, 2.0)]))
        to["map"].publish(a_grid())
        to["scene_graph"].publish(a_graph())
        to["memory_node/answer"].publish(SceneAnswer(question="mug", text="object:mug, kitchen"))
        peer.status(
            lambda one: {"pose", "plan", "map", "memory_node/answer"} <= values(one).keys(), "all"
        )
        wait_until(lambda: file.stat().st_size > 0, "the file")
        process.terminate()
        _, printed = process.communicate(timeout=60)
    assert "Traceback" not in printed
    found = read(file)
    assert "/camera/image" in found
    assert flat(found, "/camera/image/phrases", "labels") == ["dog"]
    (document,) = flat(found, "/caption", "text")
    assert document.startswith("## a red ~~cat~~ **dog**\n\ntiny, pass 2, confidence 0.75")
    assert flat(found, "/captions", "text") == ["a red -cat- ++dog++"]
    assert flat(found, "/map/objects", "labels") == ["red mug", "table"]
    assert flat(found, "/map/rooms", "labels") == ["kitchen"]
    assert flat(found, "/map/relations", "labels") == ["on"]
    assert flat(found, "/answers", "text") == ["mug: object:mug, kitchen"]
    assert {"/map/robot", "/map/plan", "/map/goal", "/map/floor", "/map/places"} <= found.keys()
    assert max(found["/map/robot"]["time"]).total_seconds() == 2.0


def free_ports():
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def test_a_page_is_served_to_this_machine(make_peer):
    web, grpc = free_ports()
    peer = make_peer("/page")
    with node_process("viewer_node", "/page", web_port=web, grpc_port=grpc) as process:
        peer.status(lambda one: values(one)["state"] == "active", "active")
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/", timeout=30) as answer:
            assert b"rerun" in answer.read().lower()
        process.terminate()
        _, printed = process.communicate(timeout=60)
    assert f"showing on http://127.0.0.1:{web}/?url=rerun" in printed


def test_an_image_that_can_not_be_read_is_said(make_peer, tmp_path):
    peer = make_peer("/broken")
    given = {"show": "none", "recording": tmp_path / "home.rrd"}
    with node_process("viewer_node", "/broken", **given):
        images = peer.node.create_publisher(Image, "image", 10)
        wait_until(lambda: images.get_subscription_count() > 0, "a subscriber")
        publish_until(
            peer,
            images,
            make_image(step=1),
            lambda one: one.level == WARN and "an image: " in one.message,
            "a warning of the image",
        )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"show": "none"}, "there is nothing to do"),
        ({"show": "none", "recording": "/no/such/folder/home.rrd"}, "can the file be written?"),
        ({"show": "cinema"}, "expected one of web, window, none"),
    ],
)
def test_what_can_not_be_shown_ends_the_process_with_words(given, said):
    with node_process("viewer_node", "/wrong", **given) as process:
        _, printed = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said in printed
