# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin

from mmser_ros.core.types import SECOND
from mmser_ros.nodes.replay.sources import SourceError
from mmser_ros.nodes.replay.trajectories import TrajectoryError, open_trajectory, read_trajectory
from test.nodes.bags import write_bag

START = 1_305_031_102
WALK = f"""# ground truth
# timestamp tx ty tz qx qy qz qw
{START}.000000001 1 2 3 0 0 0 1

{START + 1}.0 3 2 3 0 0 0 -1
{START + 9} 4 2 3 0 0 0.6 0.8
"""


@pytest.fixture
def walk(tmp_path):
    file = tmp_path / "walk.txt"
    file.write_text(WALK)
    return file


def test_a_file_of_poses_to_the_nanosecond(walk):
    trajectory = open_trajectory(str(walk), "")
    assert trajectory.frame == "map"
    assert trajectory.at(START * SECOND + 1).position == (1.0, 2.0, 3.0)
    assert trajectory.at((START + 9) * SECOND).orientation == (0.0, 0.0, 0.6, 0.8)


def test_between_two_poses_and_no_further(walk):
    trajectory = read_trajectory(walk)
    between = trajectory.at(START * SECOND + SECOND // 2)
    assert between.position == pytest.approx((2.0, 2.0, 3.0))
    assert between.orientation == (0.0, 0.0, 0.0, 1.0)
    outside = [START * SECOND, (START + 2) * SECOND, (START + 10) * SECOND]
    assert [trajectory.at(stamp) for stamp in outside] == [None, None, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 2 3", "line 1: got '1 2 3', expected 'timestamp tx ty tz qx qy qz qw'"),
        ("#\n1 0 0 0 0 0 0 1 0", "line 2: got"),
        ("a 0 0 0 0 0 0 1", "line 1: got"),
        ("inf 0 0 0 0 0 0 1", "line 1: got"),
        ("nan 0 0 0 0 0 0 1", "line 1: got"),
        ("1e999999 0 0 0 0 0 0 1", "line 1: got"),
        ("-1E9999999999 0 0 0 0 0 0 1", "line 1: got"),
        ("1 0 0 0 0 0 0 0", "quaternion of length 1"),
        ("1 nan 0 0 0 0 0 1", "expected finite numbers"),
        ("# nothing", "has no poses"),
    ],
)
def test_what_is_no_trajectory_says_why(tmp_path, text, said):
    file = tmp_path / "walk.txt"
    file.write_text(text)
    with pytest.raises(TrajectoryError, match=said):
        read_trajectory(file)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text("0123456789.-+eEnaif #\n", max_size=60).map(str.encode))
def test_any_file_is_read_or_refused(tmp_path_factory, data):
    file = tmp_path_factory.getbasetemp() / "any.txt"
    file.write_bytes(data)
    try:
        read_trajectory(file)
    except TrajectoryError as error:
        assert "any.txt" in str(error)


@pytest.mark.parametrize("kind", ["Odometry", "PoseStamped", "PoseWithCovarianceStamped"])
@pytest.mark.parametrize("storage", [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
def test_a_topic_of_a_bag(tmp_path, storage, kind):
    bag = write_bag(tmp_path / "bag", storage, poses=kind)
    file = next(path for path in bag.iterdir() if path.suffix in {".db3", ".mcap"})
    trajectory = open_trajectory("/where", str(file))
    assert trajectory.frame == "odom"
    assert trajectory.at(100 * SECOND + 5).position == pytest.approx((50.0, 0.0, 0.0), abs=1e-6)
    assert trajectory.at(99 * SECOND) is None


def test_what_is_not_there_says_what_is(tmp_path):
    with pytest.raises(TrajectoryError, match="no such trajectory: '/where'"):
        open_trajectory("/where", str(tmp_path))
    bag = write_bag(tmp_path / "bag", StoragePlugin.MCAP, poses="Odometry")
    with pytest.raises(TrajectoryError, match=r"no poses on '/eye'.*it has \['/where'\]"):
        open_trajectory("/eye", str(bag))
    broken = tmp_path / "broken.mcap"
    broken.write_bytes(b"no bag")
    with pytest.raises(SourceError, match="can't be read as a bag"):
        open_trajectory("/where", str(broken))
