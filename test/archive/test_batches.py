# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mmser_ros.archive import batches
from mmser_ros.archive.batches import MOST_FAILURES, BatchCaptioner, fastest_batch
from mmser_ros.captioner import Answer, AnsweringCaptioner
from mmser_ros.captioner.captioner import Captioner
from mmser_ros.core.errors import MmserError, OutOfMemoryError

IMAGES = [np.full((4, 4, 3), shade, np.uint8) for shade in range(40)]


class Limited(AnsweringCaptioner):
    """Has memory for `most` images, and no caption for images of the shades `bad`."""

    def __init__(self, most=64, bad=()):
        super().__init__("limited")
        self.most, self.bad, self.sizes = most, bad, []

    def answer(self, images, initials, beams):
        self.sizes.append(len(images))
        if len(images) > self.most:
            msg = "out of memory"
            raise OutOfMemoryError(msg)
        shades = [int(image[0, 0, 0]) for image in images]
        if set(shades) & set(self.bad):
            msg = f"refused {shades}"
            raise MmserError(msg)
        return [Answer(str(shade)) for shade in shades]


def texts(made):
    return [one and one[0].text for one in made]


def test_batches_become_smaller_when_memory_runs_out():
    captioner, said = Limited(most=3), []
    made = BatchCaptioner(captioner, 8, said.append).caption(IMAGES[:10])
    assert texts(made) == [str(number) for number in range(10)]
    assert captioner.sizes == [8, 4, 2, 2, 2, 2, 2]
    assert said[-1] == "out of memory; batches have 2 images from here on"
    with pytest.raises(OutOfMemoryError):
        BatchCaptioner(Limited(most=0), 2, said.append).caption(IMAGES[:1])


def test_an_image_that_fails_does_not_take_its_batch_along():
    said = []
    made = BatchCaptioner(Limited(bad=(1,)), 3, said.append).caption(IMAGES[:4])
    assert texts(made) == ["0", None, "2", "3"]
    assert said == ["refused [1]"]


def test_a_captioner_that_only_fails_ends_the_run():
    captioner = BatchCaptioner(Limited(bad=range(40)), 4, lambda _: None)
    with pytest.raises(
        MmserError, match=f"{MOST_FAILURES} images in a row got no caption: refused"
    ):
        captioner.caption(IMAGES)


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ({1: 1.0, 2: 1.1, 4: 1.2, 8: 2.4}, 4),
        ({1: 1.0, 2: 2.0}, 1),
        (dict.fromkeys(batches.SIZES, 1.0), 64),
    ],
)
def test_the_fastest_batch_is_measured(monkeypatch, seconds, best):
    monkeypatch.setattr(batches, "_timed", lambda _, images: seconds[len(images)])
    assert fastest_batch(Limited(), IMAGES[:3]) == best


def test_the_fastest_batch_fits_into_memory(monkeypatch):
    def timed(captioner, images):
        batches._caption(captioner, images)
        return 1.0

    monkeypatch.setattr(batches, "_timed", timed)
    assert fastest_batch(Limited(most=10), IMAGES[:3]) == 8


def test_in_float32_captions_in_batches_are_those_of_single_images(refining_checkpoint):
    generator = np.random.default_rng(5)
    images = [generator.integers(0, 255, (40, 50, 3), np.uint8) for _ in range(5)]
    captioner = Captioner.load(refining_checkpoint, device="cpu", quantize="none", passes=2)
    one, four = (BatchCaptioner(captioner, size, print).caption(images) for size in (1, 4))
    assert texts(one) == texts(four)
    confidences = [[caption.confidence for caption, _ in made] for made in (one, four)]
    assert len(set(confidences[0])) == len(images)
    assert confidences[0] == pytest.approx(confidences[1], rel=1e-4)
