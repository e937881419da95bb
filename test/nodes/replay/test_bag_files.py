# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recordings that are not as rosbag2 leaves them when all goes well."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin

from mmser_ros.nodes.replay.bag_files import SourceError, bag_of
from mmser_ros.nodes.replay.trajectories import open_trajectory
from test.nodes.bags import SHADES, write_bag, write_mcap
from test.nodes.replay.test_sources import read

STORAGES = [StoragePlugin.SQLITE3, StoragePlugin.MCAP]


def seconds(shots):
    return [shot.message.header.stamp.sec for shot in shots]


def data_file(bag):
    return next(path for path in bag.iterdir() if path.suffix in {".db3", ".mcap"})


@pytest.mark.parametrize("storage", STORAGES)
def test_a_folder_without_metadata(tmp_path, storage):
    bag = write_bag(tmp_path / "bag", storage, poses="Odometry")
    (bag / "metadata.yaml").unlink()
    for source in (bag, data_file(bag)):
        shots, bad = read(source)
        assert (seconds(shots), bad) == ([100, 101, 102], [])
        assert [shot.message.data[0] for shot in shots] == list(SHADES)
        assert open_trajectory("/where", str(source)).at(101 * 10**9) is not None


def test_the_parts_of_a_split_recording_in_their_order(tmp_path):
    for number in (10, 9, 8):
        write_mcap(tmp_path / f"walk_{number}.mcap", start=100 * number, count=2)
    shots, bad = read(tmp_path)
    assert (seconds(shots), bad) == ([800, 801, 900, 901, 1000, 1001], [])
    assert [shot.moment for shot in shots[:3]] == [0.0, 1.0, 100.0]


def test_a_part_that_is_missing_is_named_and_the_others_are_read(tmp_path):
    bag = write_bag(tmp_path / "bag", StoragePlugin.MCAP)
    meta = bag / "metadata.yaml"
    name = data_file(bag).name
    meta.write_text(meta.read_text().replace(f"- {name}\n", f"- {name}\n  - gone.mcap\n", 1))
    assert "gone.mcap" in meta.read_text()
    shots, bad = read(bag)
    assert seconds(shots) == [100, 101, 102]
    assert "gone.mcap" in bad[0]


def test_the_last_part_was_cut_off_by_a_crash(tmp_path):
    write_mcap(tmp_path / "walk_0.mcap")
    last = write_mcap(tmp_path / "walk_1.mcap", start=106)
    whole = last.read_bytes()
    last.write_bytes(whole[: len(whole) // 2])
    shots, bad = read(tmp_path)
    assert 7 < len(shots) < 12
    assert seconds(shots) == list(range(100, 100 + len(shots)))
    assert f"the end of {last}, which was cut off: it is read up to" in bad[0]
    assert "`mcap recover walk_1.mcap -o mended.mcap`" in bad[0]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return write_mcap(tmp_path_factory.mktemp("cut") / "walk.mcap")


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 0.999), tail=st.binary(max_size=40))
def test_a_file_of_any_length_is_read_as_far_as_it_goes(recording, share, tail):
    """After a power cut there may be anything at the end."""
    whole = recording.read_bytes()
    cut = recording.with_name("any.mcap")
    cut.write_bytes(whole[: round(share * len(whole))] + tail)
    bad = []
    try:
        shots, bad = read(cut)
    except SourceError as error:
        assert "can't be read as a bag" in str(error)
        assert share < 0.5
        return
    assert seconds(shots) == list(range(100, 100 + len(shots)))
    assert "which was cut off" in bad[0]
    last = len(shots) - 1
    assert f"read up to {100 + last}.000 s, {last}.0 s after its first message" in bad[0]


def test_a_hole_in_a_recording_ends_it(tmp_path):
    file = write_mcap(tmp_path / "walk.mcap")
    data = bytearray(file.read_bytes())
    middle = slice(len(data) // 3, len(data) // 3 + 40)
    data[middle] = b"\xee" * 40
    file.write_bytes(data)
    shots, bad = read(file)
    assert 0 < len(shots) < 6
    assert seconds(shots) == list(range(100, 100 + len(shots)))
    assert len(bad) == 1


def test_what_is_a_bag(tmp_path):
    (tmp_path / "pictures").mkdir()
    assert bag_of(tmp_path / "pictures") is None
    assert bag_of(tmp_path / "video.mp4") is None
    assert bag_of(tmp_path / "walk.mcap") == tmp_path / "walk.mcap"
    bag = write_bag(tmp_path / "bag", StoragePlugin.SQLITE3)
    assert bag_of(data_file(bag)) == bag
