# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import threading

import pytest
from mmser_ros.msg import SceneCaption

from mmser_ros.core.errors import MmserError
from mmser_ros.nodes.common.pose_buffer import PoseError
from mmser_ros.nodes.memory.statistics import MemoryStatistics
from mmser_ros.nodes.memory.worker import QUEUE, MemoryWorker
from test.nodes.conftest import wait_until


class Scripted:
    """A worker that does what captions say."""

    def __init__(self):
        self.statistics = MemoryStatistics()
        self.seen, self.warnings = [], []
        self.held = threading.Event()
        self.held.set()
        self.worker = MemoryWorker(self._observe, self.statistics, self.warnings.append)

    def _observe(self, message, received):
        self.held.wait(30)
        if message.caption == "lost":
            raise PoseError("pose_late", "no pose", may_come=True)
        if message.caption == "wrong":
            raise MmserError("it can't be")
        if message.caption == "fault":
            raise KeyError("oh")
        self.seen.append(message.caption)

    def say(self, *captions):
        for one in captions:
            self.worker.offer(SceneCaption(caption=one))

    def ended(self):
        now = self.statistics.snapshot()
        return now.received == now.observed + sum(now.dropped.values())


@pytest.fixture
def script():
    script = Scripted()
    yield script
    script.held.set()
    script.worker.stop()


def test_captions_in_their_order_and_counted(script):
    script.say("too early")
    script.worker.start()
    script.say("a", "lost", "b", "wrong", "fault", "c")
    wait_until(script.ended, "the last caption")
    assert script.seen == ["a", "b", "c"]
    now = script.statistics.snapshot()
    assert (now.received, now.observed, now.last_drop) == (6, 3, "")
    assert now.dropped == {"pose_late": 1, "refused": 1, "error": 1}
    assert "it can't be" in script.warnings[1]
    assert "KeyError" in script.warnings[2]
    assert "Traceback" not in script.warnings[0]


def test_the_last_drop_stays_until_one_is_remembered(script):
    script.worker.start()
    script.say("lost")
    wait_until(script.ended, "it")
    assert script.statistics.snapshot().last_drop == "no pose"
    script.say("a")
    wait_until(script.ended, "it")
    assert script.statistics.snapshot().last_drop == ""


def test_overload_drops_the_oldest(script):
    script.worker.start()
    script.held.clear()
    script.say("first")
    names = [str(number) for number in range(QUEUE + 3)]
    script.say(*names)
    script.held.set()
    wait_until(script.ended, "the last caption")
    dropped = script.statistics.snapshot().dropped["overrun"]
    assert dropped in (3, 4)  # the first one is in work, or still waits
    assert script.seen[-QUEUE:] == names[-QUEUE:]


def test_stopping_drops_what_waits_and_it_can_start_again(script):
    script.worker.start()
    script.held.clear()
    script.say("a", "b", "c")
    stopping = threading.Thread(target=script.worker.stop)
    stopping.start()
    wait_until(lambda: script.worker.stopping, "the order")
    script.held.set()
    stopping.join()
    assert script.ended()
    assert script.statistics.snapshot().dropped["stopped"] >= 2
    script.worker.start()
    script.say("again")
    wait_until(lambda: "again" in script.seen, "it")
