# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from mmser_ros.core.types import Caption
from mmser_ros.data.datasets import Flickr8k
from mmser_ros.data.perturbation.perturb import PlantedError, PseudoInitialCaption
from mmser_ros.evaluation.error_correction import evaluate_planted
from test.training.conftest import write_split


class ScriptedMaker:
    """Plants "purple" for the colour of each picture's first caption; has no room for grey."""

    def plant(self, captions, counts, seed):
        for caption in captions:
            colour = caption.split()[1]
            if colour in ("red", "green", "blue"):
                error = PlantedError("attribute", colour, "purple")
                yield PseudoInitialCaption(caption.replace(colour, "purple"), (error,))
            else:
                yield PseudoInitialCaption(caption, ())


class ScriptedCaptioner:
    """Answers by the colour of the middle pixel."""

    name = "scripted"

    def __init__(self, answers):
        self.answers = answers

    def caption_passes(self, images, *, passes, initials):
        assert passes == 2
        assert all("purple" in one for one in initials)
        texts = [self.answers[int(image[0, 0].argmax())] for image in images]
        yield [Caption(t, i, 0.5, True, "s", 2) for t, i in zip(texts, initials, strict=True)]


def test_what_is_repaired_restored_and_kept(tmp_path):
    write_split(tmp_path, "dev", 4)
    answers = ["A red wall .", "a purple wall", "the wall"]  # red, green, blue
    result = evaluate_planted(
        ScriptedCaptioner(answers), Flickr8k(tmp_path, "dev"), ScriptedMaker()
    )
    assert result["n"] == 3
    assert result["planted"]["attribute"] == result["planted"]["all"]
    assert result["planted"]["entity"]["n"] == 0
    shares = result["planted"]["all"]
    assert shares["repaired"] == pytest.approx(2 / 3)
    assert shares["restored"] == pytest.approx(1 / 3)
    assert shares["kept"] == pytest.approx(5 / 6)  # "a wall" twice, and "wall"
