# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmser_ros.captioner import grounding
from mmser_ros.captioner.decoding.greedy import Decoded
from mmser_ros.captioner.grounding import (
    Explanation,
    explain,
    find_phrases,
    find_region,
    find_words,
    grounded,
    token_ends,
    tokens_of,
)
from mmser_ros.captioner.model.vision import visible
from mmser_ros.captioner.untrained import build_untrained
from mmser_ros.core.types import Caption, GroundedPhrase, Region

VIEW = Region(0, 0, 70, 700)
sides = st.integers(1, 2000)
heats = arrays(np.float32, (7, 7), elements=st.floats(1 / 128, 1, width=32))


@pytest.fixture(scope="module")
def tiny(tiny_config):
    return build_untrained(tiny_config)


def heat(*cells, background=0.01):
    """A map of 7x7, with cells (row, column, value) in it."""
    found = np.full((7, 7), background, np.float32)
    for row, column, value in cells:
        found[row, column] = value
    return found


def test_a_region_is_what_hangs_together_around_the_peak():
    alone = find_region(heat((2, 5, 1.0)), VIEW)
    assert alone.x <= 55 <= alone.x + alone.width <= 70
    assert alone.y <= 250 <= alone.y + alone.height
    assert alone.width * alone.height <= 2 * 10 * 100
    assert find_region(heat((2, 5, 1.0), (6, 0, 0.9)), VIEW) == alone
    wide = find_region(heat((2, 5, 1.0), (2, 4, 0.8), (2, 3, 0.9)), VIEW)
    assert wide.x <= 35
    assert wide.width >= 20
    assert wide.height == alone.height


@given(heats, sides, sides, st.sampled_from(["squash", "crop"]))
def test_a_region_holds_the_peak_and_lies_in_the_picture(found, width, height, fit):
    view = visible(width, height, fit)
    region = find_region(found, view)
    assert 0 <= region.x < region.x + region.width <= width
    assert 0 <= region.y < region.y + region.height <= height
    row, column = divmod(int(found.argmax()), 7)
    x, y = view.x + (column + 0.5) / 7 * view.width, view.y + (row + 0.5) / 7 * view.height
    if (found == found.max()).sum() == 1:
        assert region.x <= x <= region.x + region.width
        assert region.y <= y <= region.y + region.height


def test_noun_phrases_and_their_heads():
    found = list(find_phrases("two dogs play with a red ball in front of it"))
    assert [(one.text, one.head) for one in found][:2] == [
        ("two dogs", "dog"),
        ("a red ball", "ball"),
    ]
    assert "it" not in {one.text for one in found}
    assert list(find_phrases("")) == []


@settings(max_examples=200)
@given(tokens=st.lists(st.integers(0, 258), max_size=12))
def test_every_word_has_tokens_whatever_is_said(tiny, tokens):
    tokenizer = tiny[1]
    text = tokenizer.decode(tokens).strip()
    ends = token_ends(tokenizer, tokens)
    assert len(ends) == len(tokens)
    words = list(find_words(text))
    assert [one.text for one in words] == text.split()
    assert all(text[one.start : one.end] == one.text for one in words)
    assert all(tokens_of(one, ends) for one in words)


def test_a_phrase_is_as_sure_as_the_word_detector_is_of_its_head():
    phrases = tuple(
        GroundedPhrase(text, text.split()[-1], 0.4) for text in ("a bird", "a tv stand", "a cup")
    )
    explanation = Explanation((), np.zeros((0, 7, 7)), VIEW, phrases)
    support = (("bird", 0.9), ("stand", 0.1), ("tv stand", 0.7), ("wooden", 0.1))
    caption = Caption("", "", 0.5, False, "", 1, times_ms={"total": 1.0}, support=support)
    sure = [one.confidence for one in grounded(caption, explanation, 2.0).phrases]
    assert sure == [0.9, 0.7, 0.4]  # the detector does not know cups
    plain = grounded(replace(caption, support=None), explanation, 2.0)
    assert [one.confidence for one in plain.phrases] == [0.4] * 3


@torch.inference_mode()
def test_phrases_get_the_maps_and_the_confidence_of_their_tokens(tiny, monkeypatch):
    specialist, tokenizer = tiny
    text = " a dog by a mat"
    tokens = tokenizer.encode(text, add_special_tokens=False).ids  # a byte each
    maps = np.repeat(heat((0, 0, 1.0))[None], len(tokens), axis=0)
    maps[1:6] = heat((6, 6, 1.0))  # "a dog"
    monkeypatch.setattr(grounding, "token_maps", lambda attention: torch.from_numpy(maps))
    scores = [math.log(0.9)] * len(tokens)
    scores[3:6] = [math.log(0.3)] * 3  # "dog"
    levels = specialist.encode(torch.zeros(1, 3, 224, 224, dtype=torch.uint8))
    explanation = explain(specialist, tokenizer, levels, Decoded(tokens, scores), None, VIEW)
    dog, mat = explanation.phrases
    assert (dog.text, dog.head, mat.text, mat.head) == ("a dog", "dog", "a mat", "mat")
    assert dog.region == find_region(heat((6, 6, 1.0)), VIEW)
    assert mat.region == find_region(heat((0, 0, 1.0)), VIEW)
    assert mat.confidence == pytest.approx(0.9)
    assert dog.confidence == pytest.approx((0.9**2 * 0.3**3) ** (1 / 5))
    assert explanation.words == tuple(text.split())
    nothing = explain(specialist, tokenizer, levels, Decoded([], []), None, VIEW)
    assert (nothing.words, nothing.phrases, nothing.maps.shape) == ((), (), (0, 7, 7))
    np.testing.assert_allclose(explanation.maps[1], heat((6, 6, 1.0)))
    np.testing.assert_allclose(explanation.maps[4], heat((0, 0, 1.0)))
