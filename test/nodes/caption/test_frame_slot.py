# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import threading
from collections import Counter
from time import monotonic

from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.nodes.caption.frame_slot import Frame, NewestFrame


def test_the_newest_wins_and_the_rest_is_counted():
    drops = Counter()
    frames = NewestFrame(lambda reason: drops.update([reason]))
    for number in range(5):
        frames.put(Frame(number))
    assert frames.take().message == 4
    assert drops == {"overrun": 4}


def test_a_worker_waits_for_its_slot_and_takes_what_is_newest_then():
    drops = Counter()
    frames = NewestFrame(lambda reason: drops.update([reason]))
    frames.put(Frame("early"))
    slot = monotonic() + 0.3
    taken = []
    worker = threading.Thread(target=lambda: taken.append((frames.take(slot), monotonic())))
    worker.start()
    while not drops:
        frames.put(Frame("late"))  # until the worker waits, these are overruns
    worker.join()
    assert taken[0][0].message == "late"
    assert taken[0][1] >= slot


def test_close_wakes_the_worker_and_refuses_frames():
    drops = Counter()
    frames = NewestFrame(lambda reason: drops.update([reason]))
    taken = []
    worker = threading.Thread(target=lambda: taken.append(frames.take()))
    worker.start()
    frames.close()
    worker.join()
    assert taken == [None]
    frames.put(Frame(1))
    assert drops == {"shutdown": 1}
    assert frames.take() is None


@given(st.lists(st.booleans(), max_size=60))
def test_every_frame_is_taken_or_dropped(puts):
    drops = Counter()
    frames = NewestFrame(lambda reason: drops.update([reason]))
    taken = waiting = 0
    for put in puts:
        if put:
            frames.put(Frame(0))
            waiting = 1
        elif waiting:
            frames.take()
            taken, waiting = taken + 1, 0
    frames.close()
    assert taken + sum(drops.values()) == sum(puts)
