# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""replay_node in a process of its own: folders, videos and bags become cameras."""

import threading
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import PoseStamped
from PIL import Image as Picture
from rclpy.context import Context
from rclpy.parameter import Parameter
from rosbags.rosbag2 import StoragePlugin
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.nodes.common.image_conversions import compressed_to_rgb, to_rgb
from mmser_ros.nodes.replay.node import ReplayNode
from mmser_ros.nodes.replay.parameters import REPLAY_PARAMETERS
from mmser_ros.nodes.replay.sources import Shot
from test.nodes.bags import SHADES, plain, write_bag
from test.nodes.conftest import make_image, node_process, wait_until


@pytest.fixture
def folder(tmp_path):
    for number, shade in enumerate(SHADES):
        Picture.fromarray(plain(shade)).save(tmp_path / f"{number}.png")
    (tmp_path / "1b.jpg").write_text("no picture")
    (tmp_path / "notes.txt").write_text("no picture either")
    return tmp_path


def replay(peer, count, kind=Image, topic="image", **parameters):
    """Run replay_node until it ends; return what was heard and what it printed."""
    peer.hear_images(kind, topic)
    given = {"wait_for_subscribers": 1, "qos_reliability": "reliable", "rate": 20.0, **parameters}
    with node_process("replay_node", peer.node.get_namespace(), **given) as node:
        if given.get("loop"):
            wait_until(lambda: len(peer.images) >= count, f"{count} images")
            node.terminate()
        _, printed = node.communicate(timeout=60)
        assert node.returncode == 0, printed
    wait_until(lambda: len(peer.images) >= count, f"{count} images")
    return peer.images, printed


def at(message):
    return (message.header.stamp.sec, message.header.stamp.nanosec)


def shades(images):
    decode = to_rgb if isinstance(images[0], Image) else compressed_to_rgb
    return [int(decode(image)[8, 8, 0]) for image in images]


def test_a_folder_by_name_without_what_is_no_picture(folder, make_peer):
    images, printed = replay(make_peer("/folder"), 3, source=folder, frame_id="eye")
    assert shades(images) == list(SHADES)
    assert {image.header.frame_id for image in images} == {"eye"}
    stamps = [(image.header.stamp.sec, image.header.stamp.nanosec) for image in images]
    assert stamps == sorted(set(stamps))
    assert stamps[0][0] > 1_700_000_000  # stamped as they go out
    assert "1b.jpg is not an image" in printed
    assert "replayed 3 images, skipped 1" in printed


def test_a_folder_compressed_goes_out_as_it_is(folder, make_peer):
    images, _ = replay(
        make_peer("/pressed_folder"),
        3,
        CompressedImage,
        "image/compressed",
        source=folder,
        image_transport="compressed",
    )
    assert bytes(images[1].data) == (folder / "1.png").read_bytes()
    assert {image.format for image in images} == {"png"}


def test_a_loop_begins_again(folder, make_peer):
    images, printed = replay(make_peer("/loop"), 7, source=folder, loop=True)
    assert "replayed" in printed  # also when interrupted
    assert "Traceback" not in printed
    assert shades(images[:7]) == [*SHADES, *SHADES, SHADES[0]]


def test_a_loop_of_one_picture_keeps_its_pace(tmp_path, make_peer):
    Picture.fromarray(plain(SHADES[0])).save(tmp_path / "only.png")
    images, _ = replay(make_peer("/pace"), 4, source=tmp_path, loop=True, rate=5.0)
    first, last = (image.header.stamp for image in (images[0], images[3]))
    # three pauses of 0.2 s; only the first image's stamp can be late against its moment
    assert last.sec - first.sec + (last.nanosec - first.nanosec) * 1e-9 > 0.3


def test_a_video(tmp_path, make_peer):
    file = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for shade in SHADES:
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    images, _ = replay(make_peer("/film"), 3, source=file, rate=0.0, stamp_source="source")
    assert shades(images) == pytest.approx(SHADES, abs=3)
    moments = [image.header.stamp.sec + image.header.stamp.nanosec * 1e-9 for image in images]
    assert moments == pytest.approx([0.0, 0.04, 0.08])


@pytest.mark.parametrize("storage", [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_bag_is_replayed_as_recorded(tmp_path, make_peer, storage, compressed):
    bag = write_bag(tmp_path / "bag", storage, compressed)
    suffix, kind = ("/compressed", CompressedImage) if compressed else ("", Image)
    file = next(path for path in bag.iterdir() if path.suffix in {".db3", ".mcap"})
    images, _ = replay(
        make_peer(f"/bag_{storage.name}_{compressed}"),
        3,
        kind,
        f"image{suffix}",
        source=file if storage == StoragePlugin.MCAP else bag,
        stamp_source="source",
        image_transport="compressed" if compressed else "raw",
    )
    assert shades(images) == list(SHADES)
    assert [image.header.stamp.sec for image in images] == [100, 101, 102]
    assert {image.header.frame_id for image in images} == {"bag_eye"}
    if not compressed:
        assert images[0].step == 80


def test_poses_of_a_file_go_out_with_the_images(folder, tmp_path, make_peer):
    poses = [f"{moment} {moment}.5 7 0 0 0 0.6 0.8" for moment in (0, 1, 2)]
    (tmp_path / "walk.txt").write_text("\n".join(poses))
    peer, heard = hear_poses(make_peer("/walk"))
    images, printed = replay(peer, 3, source=folder, poses=tmp_path / "walk.txt")
    wait_until(lambda: len(heard) == 2, "the poses")
    # the file that is no picture has a moment, too: the last picture comes after the last pose
    assert [at(one) for one in heard] == [at(images[0]), at(images[1])]
    assert [one.pose.position.x for one in heard] == [0.5, 1.5]
    assert {one.header.frame_id for one in heard} == {"map"}
    assert (heard[0].pose.orientation.z, heard[0].pose.orientation.w) == (0.6, 0.8)
    assert "no pose at 3.000 s; 3 poses from 0.000 to 2.000 s" in printed
    assert "replayed 3 images, skipped 1; 1 had no pose" in printed


def test_poses_of_a_bag_between_those_recorded(tmp_path, make_peer):
    bag = write_bag(tmp_path / "bag", StoragePlugin.MCAP, poses="Odometry")
    peer, heard = hear_poses(make_peer("/bag_walk"))
    images, _ = replay(peer, 3, source=bag, poses="/where", stamp_source="source")
    wait_until(lambda: len(heard) == 3, "the poses")
    assert [at(one) for one in heard] == [at(one) for one in images]
    assert [one.pose.position.x for one in heard] == pytest.approx([50.0, 50.5, 51.0], abs=1e-6)
    assert {one.header.frame_id for one in heard} == {"odom"}


def hear_poses(peer):
    heard = []
    peer.node.create_subscription(PoseStamped, "pose", heard.append, 100)
    return peer, heard


def test_poses_that_are_not_there_end_it(folder):
    with node_process("replay_node", "/nothing", source=folder, poses="walk.txt") as node:
        _, printed = node.communicate(timeout=60)
        assert node.returncode == 1
        assert "no such trajectory: 'walk.txt'" in printed


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path / "nowhere", "no such source"),
        (lambda path: path, "has no images"),
        (
            lambda path: (path / "film.mp4").write_bytes(b"no film") and path / "film.mp4",
            "no video",
        ),
        (lambda path: (path / "a.mcap").write_bytes(b"no bag") and path / "a.mcap", "as a bag"),
    ],
)
def test_what_can_not_be_replayed_says_why(tmp_path, make, said):
    with node_process("replay_node", "/nothing", source=make(tmp_path)) as node:
        _, printed = node.communicate(timeout=60)
        assert node.returncode == 1
        assert said in printed
        assert "Traceback" not in printed


def test_a_bags_topic_must_be_there(tmp_path):
    bag = write_bag(tmp_path / "bag", StoragePlugin.MCAP)
    with node_process("replay_node", "/nothing", source=bag, topic="/other") as node:
        _, printed = node.communicate(timeout=60)
        assert node.returncode == 1
        assert "it has ['/eye']" in printed


@pytest.fixture
def make_node(folder):
    """Nodes in this process, each in a context of its own, for they may shut it down."""
    nodes = []

    def make(**parameters):
        context = Context()
        rclpy.init(context=context)
        given = {"source": str(folder), **parameters}
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        nodes.append(ReplayNode(context=context, parameter_overrides=overrides))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
        node.context.try_shutdown()


@pytest.mark.parametrize("exit_when_done", [False, True])
def test_exit_when_done(make_node, exit_when_done):
    node = make_node(rate=200.0, exit_when_done=exit_when_done)
    replaying = threading.Thread(target=node.replay)
    replaying.start()
    if not exit_when_done:
        replaying.join(timeout=1.0)
        assert replaying.is_alive()
        node.set_parameters([Parameter("exit_when_done", value=True)])
    wait_until(lambda: not replaying.is_alive(), "the end")
    assert (node.published, node.bad) == (3, 1)


def test_a_hole_of_years_in_a_recording_is_not_waited_for(make_node):
    node = make_node()
    moments = (0.0, 1e11, 1e11 + 0.01)
    shots = [Shot(make_image(), moment) for moment in moments]
    node._source = SimpleNamespace(shots=lambda: iter(shots))
    node.replay()
    assert node.published == 3


def test_it_waits_for_a_subscriber_of_poses_too(make_node, make_peer, tmp_path):
    (tmp_path / "walk.txt").write_text("0 0 0 0 0 0 0 1")
    node = make_node(
        poses=str(tmp_path / "walk.txt"),
        wait_for_subscribers=1,
        qos_reliability="reliable",
        rate=200.0,
    )
    peer = make_peer("")
    peer.hear_images()
    wait_until(lambda: node.count_subscribers("image") == 1, "the subscriber of images")
    replaying = threading.Thread(target=node.replay)
    replaying.start()
    replaying.join(timeout=0.5)
    assert (replaying.is_alive(), node.published) == (True, 0)
    hear_poses(peer)
    wait_until(lambda: not replaying.is_alive(), "the end")
    assert node.published == 3


@pytest.mark.parametrize("reliability", ["reliable", "best_effort"])
def test_reliability(make_node, reliability):
    node = make_node(qos_reliability=reliability)
    found = []
    wait_until(lambda: found.extend(node.get_publishers_info_by_topic("/image")) or found, "it")
    assert found[0].qos_profile.reliability.name.lower() == reliability


def test_parameters_are_described_and_guarded(make_node):
    node = make_node()
    for parameter in REPLAY_PARAMETERS:
        assert node.describe_parameter(parameter.name).description
    refused = [Parameter(name, value="x") for name in ("source", "poses")]
    refused.append(Parameter("rate", value=-1.0))
    assert not any(result.successful for result in node.set_parameters(refused))
    assert node.set_parameters([Parameter("rate", value=5.0)])[0].successful
    with pytest.raises(ValueError, match="expected one of raw, compressed"):
        make_node(image_transport="odd")
