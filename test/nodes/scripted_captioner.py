# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A captioner that does what the test says, and what tests ask of its node."""

import threading
from time import monotonic

from mmser_ros.core.errors import CancelledError
from mmser_ros.core.types import Caption
from test.nodes.conftest import wait_until


class Captioner:
    """Says the shade of a picture, and may be made to wait or fail once.

    It waits for `free` before the first pass and for `free_again` before further ones; `trouble`
    comes in the pass `troubled`. `sure` are the confidences, pass by pass. After `most` passes
    nothing is refined any more.
    """

    name, device, quantize, threads = "scripted", "cpu", "none", 1
    max_passes, max_beams = 3, 4

    def __init__(self):
        self.free, self.free_again = threading.Event(), threading.Event()
        self.free.set()
        self.free_again.set()
        self.trouble, self.troubled = None, 1
        self.sure, self.most = (0.5, 0.5, 0.5), 3
        self.calls = []

    def caption_passes(self, images, *, passes, beams, ground, initial=None):
        (image,) = images
        text = str(image[0, 0, 0])
        self.calls.append((int(text), passes, beams, monotonic(), ground, initial))
        for number in range(1, min(passes, self.most) + 1):
            (self.free if number == 1 else self.free_again).wait()
            if self.trouble is not None and number == self.troubled:
                trouble, self.trouble = self.trouble, None
                raise trouble
            yield [Caption(text, text, self.sure[number - 1], number > 1, self.name, number)]

    def caption(self, image, **settings):
        *_, (last,) = self.caption_passes([image], **settings)
        return last

    def degrade(self):
        return "moved to the CPU"

    def cancel(self):
        if not self.free.is_set():
            self.trouble = CancelledError("cancelled")
            self.free.set()


def settled(node):
    now = node.statistics.snapshot()
    return now.received == now.captioned + sum(now.dropped.values())


def feed(node, message):
    node.on_image(message)
    wait_until(lambda: settled(node), "the image to be captioned or dropped", pause=0.0002)


def stamps_and_passes(captions):
    return [(one.header.stamp.sec, one.passes, one.refined) for one in captions]
