# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The base class of captioners whose passes are made by one function."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.protocol import Answer, AnsweringCaptioner
from mmser_ros.core.errors import OutOfMemoryError


class Says(AnsweringCaptioner):
    """Answers what it is told to."""

    answers = None

    def answer(self, images, initials, beams):
        return self.answers


class Counting(AnsweringCaptioner):
    """Says what it was asked; memory ends beyond `memory`, passes times beams."""

    memory = 99

    def answer(self, images, initials, beams):
        if beams * (1 if initials is None else 2) > self.memory:
            raise torch.OutOfMemoryError
        asked = "a red dog on a chair" if initials is None else None
        texts = [asked or f"{one}, {beams}" for one in initials or images]
        return [Answer(text, (-0.1, -0.3)) for text in texts]


def test_passes(picture):
    captioner = Counting("counting", passes=3)
    passes = list(captioner.caption_passes([picture, picture], beams=2))
    first = "a red dog on a chair"
    texts = [first, f"{first}, 2", f"{first}, 2, 2"]
    assert [[one.text for one in captions] for captions in passes] == [[t, t] for t in texts]
    last = passes[-1][0]
    assert (last.initial_text, last.refined, last.passes) == (first, True, 3)
    assert last.confidence == pytest.approx(math.exp(-0.2))
    assert last.times_ms.keys() == {"glance", "refine", "total"}
    assert captioner.caption(picture, passes=1).text == first


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (None, "answered None .*expected a list with one Answer for each of 1 images"),
        ([], "answered 0 times; expected a list"),
        ([Answer("a dog")] * 2, "answered 2 times; expected a list"),
        (["a dog"], "'str' object has no attribute 'text'.*expected a list with one Answer"),
        ([Answer(None)], "a text, and numbers as log_probabilities"),
        ([Answer("a dog", None)], "a text, and numbers as log_probabilities"),
        ([Answer("a dog", (0.9,))], "log_probabilities of 0.9; expected logarithms"),
        ([Answer("a dog", (-0.1, math.nan))], "log_probabilities of nan; expected logarithms"),
    ],
)
def test_answers_that_are_none(answers, words, picture):
    captioner = Says("says")
    captioner.answers = answers
    with pytest.raises(CaptionerError, match=words):
        captioner.caption(picture)


@pytest.mark.parametrize("make", [np.array, torch.tensor, list])
def test_captions_have_one_line_that_any_message_carries(make, picture):
    captioner = Says("says")
    captioner.answers = [Answer("\n a\0dog\x1b[31m \ud800\r\n\U0001f436 ", make([-0.5, -0.25]))]
    caption = captioner.caption(picture)
    assert caption.text == "a dog [31m \U0001f436"
    assert caption.log_probabilities == (-0.5, -0.25)
    assert json.loads(json.dumps(caption.as_dict()))["confidence"] == math.exp(-0.375)


@pytest.mark.parametrize("kind", ["answering", "package"])
def test_images_and_initial_captions_that_do_not_match(kind, picture, refining_checkpoint):
    captioner = Counting("counting")
    if kind == "package":
        captioner = Captioner.load(refining_checkpoint, device="cpu")
    with pytest.raises(CaptionerError, match="got 1 initial captions for 2 images"):
        list(captioner.caption_passes([picture, picture], initials=["a dog"]))
    with pytest.raises(CaptionerError, match="got no images"):
        list(captioner.caption_passes([]))
    with pytest.raises(CaptionerError, match="no text in Unicode"):
        captioner.caption(picture, initial="a d\udcffg")


def test_a_given_caption_is_refined(picture):
    caption = Counting("counting", beams=4).caption(picture, initial="a cat")
    assert (caption.initial_text, caption.text, caption.passes) == ("a cat", "a cat, 4", 2)


def test_phrases_without_regions(picture):
    caption = Counting("counting").caption(picture, ground=True)
    assert [one.head for one in caption.phrases] == ["dog", "chair"]
    assert not any(one.region for one in caption.phrases)


def test_out_of_memory_ends_with_one_pass(picture):
    captioner = Counting("counting", passes=2, beams=3)
    captioner.memory = 1
    with pytest.raises(OutOfMemoryError, match="2 passes and 3 beams"):
        captioner.caption(picture)
    assert captioner.degrade() == "one pass, greedy"
    assert captioner.caption(picture).passes == 1
    with pytest.raises(OutOfMemoryError, match="2 passes"):  # asked for again
        captioner.caption(picture, passes=2)
    assert captioner.degrade() == "one pass, greedy"
    captioner.memory = 0
    with pytest.raises(OutOfMemoryError):
        captioner.caption(picture)
    assert captioner.degrade() is None


@pytest.mark.parametrize("options", [{"passes": 0}, {"passes": 11}, {"beams": 0}])
def test_numbers_out_of_range(options):
    with pytest.raises(CaptionerError, match=r"(passes|beams) is"):
        Counting("counting", **options)


def test_a_captioner_that_makes_one_pass_says_why(picture):
    captioner = Counting("counting", one_pass="it counts only")
    assert captioner.max_passes == 1
    with pytest.raises(CaptionerError, match=r"counting can make 1 to 1 \(it counts only\)"):
        captioner.caption(picture, passes=2)


def test_a_refiner_makes_the_passes_after_the_first(refining_checkpoint, picture):
    captioner = Counting("counting", one_pass="no", refiner=str(refining_checkpoint), passes=3)
    passes = [caption for (caption,) in captioner.caption_passes([picture])]
    refiner = Captioner.load(refining_checkpoint, device="cpu")
    for before, after in pairwise(passes):
        expected = refiner.caption(picture, initial=before.text)
        assert (after.text, after.log_probabilities) == (expected.text, expected.log_probabilities)
