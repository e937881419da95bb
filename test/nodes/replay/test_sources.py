# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.nodes.common.image_conversions import compressed_to_rgb, to_rgb
from mmser_ros.nodes.replay import sources
from mmser_ros.nodes.replay.sources import SourceError, open_source
from test.nodes.bags import SHADES, write_bag


def read(source, compressed=False, topic=""):
    """The shots of a source, and what was said of unreadable ones."""
    bad = []
    opened = open_source(str(source), topic=topic, compressed=compressed, on_bad=bad.append)
    return list(opened()), bad


@pytest.mark.parametrize("recorded_compressed", [False, True])
def test_a_bag_is_converted_to_the_transport_asked_for(tmp_path, recorded_compressed):
    bag = write_bag(tmp_path / "bag", StoragePlugin.MCAP, recorded_compressed)
    shots, _ = read(bag, compressed=not recorded_compressed)
    kind, decode = (Image, to_rgb) if recorded_compressed else (CompressedImage, compressed_to_rgb)
    assert {type(shot.message) for shot in shots} == {kind}
    assert [decode(shot.message)[8, 8, 0] for shot in shots] == pytest.approx(SHADES, abs=2)
    assert [shot.message.header.stamp.sec for shot in shots] == [100, 101, 102]
    assert [shot.moment for shot in shots] == [0.0, 1.0, 2.0]


def test_a_malformed_image_of_a_bag_is_skipped(tmp_path):
    bag = write_bag(tmp_path / "bag", StoragePlugin.SQLITE3, encodings=("rgb8", "odd", "rgb8"))
    shots, bad = read(bag, compressed=True)
    assert [shot.moment for shot in shots] == [0.0, 2.0]
    assert len(bad) == 1
    assert "/eye: encoding 'odd'" in bad[0]


def test_which_topic_of_a_bag(tmp_path):
    bag = write_bag(tmp_path / "bag", StoragePlugin.MCAP, topics=("/eye", "/depth"))
    assert len(read(bag, topic="/eye")[0]) == 3
    with pytest.raises(SourceError, match=r"2 image topics \['/depth', '/eye'\]; set `topic`"):
        read(bag)


@pytest.mark.parametrize("storage", [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
def test_a_damaged_bag_says_so(tmp_path, storage):
    bag = write_bag(tmp_path / "bag", storage)
    file = next(path for path in bag.iterdir() if path.suffix in {".db3", ".mcap"})
    data = bytearray(file.read_bytes())
    middle = slice(len(data) // 3, len(data) * 2 // 3)
    data[middle] = b"\xee" * len(data[middle])
    file.write_bytes(data)
    with pytest.raises(SourceError, match="can't be read as a bag"):
        read(bag)


@pytest.mark.parametrize("rate", [0.0, float("nan"), -25.0, 1e9, 1e-9])
def test_a_video_whose_rate_can_not_be_is_played_all_the_same(tmp_path, monkeypatch, rate):
    file = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for shade in SHADES:
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()

    video = cv2.VideoCapture(str(file))
    odd = SimpleNamespace(read=video.read, release=video.release, get=lambda _: rate)
    monkeypatch.setattr(sources.cv2, "VideoCapture", lambda _: odd)
    shots, said = read(file)
    assert [shot.moment for shot in shots] == pytest.approx([0.0, 1 / 30, 2 / 30])
    assert len(said) == 1
    assert f"{rate:g} Hz; it is played at 30" in said[0]


def test_no_source_is_not_the_current_folder():
    with pytest.raises(SourceError, match="set `source`"):
        read("")
