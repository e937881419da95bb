# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Records to JSON and back, and the one form that every road gives."""

import json
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.core.types import (
    Camera,
    Caption,
    DepthGrid,
    GroundedPhrase,
    Observation,
    Pose,
    Region,
)
from mmser_ros.memory.storage.serialization import decode, dumps, normal_form

numbers = st.floats(-1e4, 1e4)
units = st.floats(0, 1)
triples = st.tuples(numbers, numbers, numbers)
quaternions = st.tuples(numbers, numbers, numbers, numbers).filter(lambda q: max(map(abs, q)) > 0.1)
poses = st.builds(Pose, triples, quaternions, position_sigma=units, heading_sigma=units)
phrases = st.builds(
    GroundedPhrase,
    st.text(max_size=9),
    st.text(max_size=9),
    units,
    st.none() | st.builds(Region, numbers, numbers, numbers, numbers),
    st.none() | triples,
)
captions = st.builds(
    Caption,
    st.text(max_size=20),
    st.text(max_size=20),
    units,
    st.booleans(),
    st.just("made"),
    st.just(2),
    st.lists(phrases, max_size=3).map(tuple),
)
positive = st.floats(1, 1e3)
cameras = st.builds(
    Camera,
    width=st.just(640),
    height=st.just(480),
    fx=positive,
    fy=positive,
    cx=positive,
    cy=positive,
    mount=poses,
)
grids = st.tuples(*[st.integers(0, 999)] * 6).map(lambda cells: DepthGrid(3, 2, cells))
observations = st.builds(
    Observation,
    st.text(max_size=5),
    st.integers(1, 2**60),
    captions,
    poses,
    st.just("home"),
    st.none() | cameras,
    st.none() | grids,
)


@settings(max_examples=40, deadline=None)
@given(observations)
def test_what_is_written_is_read_again(observation):
    assert decode(Observation, json.loads(dumps(observation))) == observation


@settings(max_examples=40, deadline=None)
@given(observations)
def test_the_normal_form_is_its_own(observation):
    once = normal_form(observation)
    assert dumps(normal_form(once)) == dumps(once)


@settings(max_examples=40, deadline=None)
@given(observations)
def test_a_message_in_single_precision_changes_nothing(observation):
    once = normal_form(observation)

    def single(number):
        return float(np.float32(number))

    heard = replace(
        once,
        caption=replace(
            once.caption,
            confidence=single(once.caption.confidence),
            phrases=tuple(
                replace(one, confidence=single(one.confidence)) for one in once.caption.phrases
            ),
            times_ms={"total": 12.0},
        ),
    )
    assert dumps(normal_form(heard)) == dumps(once)


def test_the_text_that_digests_are_made_of_stays():
    """A store of an older version would hold each observation twice otherwise."""
    caption = Caption("a red mug", "a mug", 0.5, True, "made", 2)
    observation = Observation("robot", 5, caption, Pose((1.0, 2.0, 0.0)), "home")
    assert dumps(observation) == (
        '{"caption":{"confidence":0.5,"initial_text":"a mug","model":"made","passes":2,'
        '"refined":true,"text":"a red mug","times_ms":{}},"map_id":"home",'
        '"pose":{"position":[1.0,2.0,0.0]},"robot":"robot","stamp":5}'
    )
