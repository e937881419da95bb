# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions of hand-made rooms and of homes from seeds, by rays: no GL library is needed."""

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.core.types import Camera, Pose
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.simulation.description.describe import describe
from mmser_ros.simulation.description.wording import NUMBERS, SYNONYMS
from mmser_ros.simulation.home.designs.kinds import KINDS
from mmser_ros.simulation.home.ground_truth import Truth, cast_rays
from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.robot import flat_pose
from mmser_ros.simulation.home.scene import build_scene
from mmser_ros.simulation.home.viewpoints import varied_view
from mmser_ros.simulation.home.views import default_camera
from test.simulation.home.rooms import cube, room_with

SMALL = default_camera(160, 120)
AHEAD = Camera(
    width=160, height=120, fx=120.0, fy=120.0, cx=80.0, cy=60.0,
    mount=Pose((0.0, 0.0, 1.0), (-0.5, 0.5, -0.5, 0.5)),
)  # fmt: skip
WORDS, PARSER = Taxonomy(), CaptionParser()
STYLES = ("short", "detailed")


def look(home, pose, camera=AHEAD):
    numbers, _ = cast_rays(build_scene(home), camera, pose)
    return Truth(home).of(camera, pose, numbers)


@cache
def views():
    """A view of each room of two homes."""
    found = []
    for seed in (1, 2):
        home, random = make_home(seed), np.random.default_rng(seed)
        scene, truth = build_scene(home), Truth(home)
        for room in range(len(home.plan.rooms)):
            pose = varied_view(scene, room, SMALL, random)
            if pose is not None:
                numbers, _ = cast_rays(scene, SMALL, pose)
                found.append((home, truth.of(SMALL, pose, numbers), pose))
    return found


def table_with_a_mug():
    return room_with(
        ("table", "wood/brown", (3.0, 2.0, 0.0), 0.0),
        ("vase", "ceramic/blue", cube(3.0, 2.0, 0.75, 0.3, "ceramic/blue")),
        ("chair", "wood/white", (3.6, 1.0, 0.0), 90.0),
        ("chair", "wood/white", (3.6, 3.2, 0.0), 90.0),
    )


def test_short_captions_of_a_kitchen():
    home, pose = table_with_a_mug(), flat_pose(0.6, 2.0, 0.0)
    truth = look(home, pose)
    said = [describe(home, truth, AHEAD, pose, seed=seed).text for seed in range(6)]
    assert said == GOLDEN_SHORT


@pytest.mark.parametrize("style", STYLES)
def test_colours_and_materials_may_be_left_out(style):
    home, pose = table_with_a_mug(), flat_pose(0.6, 2.0, 0.0)
    truth = look(home, pose)
    attributes = {}
    for one in (False, True):
        said = [
            describe(home, truth, AHEAD, pose, style=style, seed=seed, attributes=one).text
            for seed in range(9)
        ]
        parsed = [it.attributes for text in said for it in PARSER.parse(text).objects]
        attributes[one] = {word for some in parsed for word in some}
    assert not attributes[False] & {"blue", "brown", "white", "wooden", "ceramic"}
    assert {"blue", "wooden"} <= attributes[True]


def test_a_detailed_caption_of_a_kitchen():
    home, pose = table_with_a_mug(), flat_pose(0.6, 2.0, 0.0)
    truth = look(home, pose)
    said = [describe(home, truth, AHEAD, pose, style="detailed", seed=seed).text for seed in (0, 1)]
    assert said == GOLDEN_DETAILED


def test_nothing_to_see():
    home = room_with(("box", "paper/tan", cube(0.5, 0.5, 0.0, 0.3)))
    pose = flat_pose(2.5, 2.0, 0.0)
    said = describe(home, look(home, pose), AHEAD, pose)
    assert "wall" in said.text
    assert (said.phrases, said.objects, said.room) == ((), frozenset(), None)


def test_a_hidden_or_tiny_thing_is_not_said():
    home = room_with(
        ("wardrobe", "wood/white", cube(2.0, 2.0, 0.0, 1.5, "wood/white")),
        ("ball", "plastic/red", cube(4.5, 2.0, 0.9, 0.2)),
        ("mug", "ceramic/blue", cube(4.7, 3.6, 1.0, 0.06)),
    )
    pose = flat_pose(0.5, 2.0, 0.0)
    for seed in range(20):
        named = describe(home, look(home, pose), AHEAD, pose, style="detailed", seed=seed).objects
        assert named <= {0}


def test_synonyms_mean_the_same_object():
    for name, words in SYNONYMS.items():
        assert name in KINDS
        for word in words:
            assert WORDS.similarity(name, word) >= 0.6, (name, word)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 13), st.integers(0, 10**6), st.sampled_from(STYLES))
def test_everything_said_is_there(number, seed, style):
    home, truth, pose = views()[number % len(views())]
    said = describe(home, truth, SMALL, pose, style=style, seed=seed)
    assert said == describe(home, truth, SMALL, pose, style=style, seed=seed)
    visible = {one.number: one.name for one in truth.objects}
    assert said.objects <= visible.keys()
    for phrase in said.phrases:
        assert phrase.text.lower() in said.text.lower()
        assert 0 <= phrase.region.x < phrase.region.x + phrase.region.width <= SMALL.width
        similar = [WORDS.similarity(phrase.head, visible[one]) for one in said.objects]
        assert max(similar) >= 0.6
    place = PARSER.parse(said.text).place
    if place not in {None, "room"}:
        assert place == said.room == truth.room
    for count, word in NUMBERS.items():
        assert said.text.lower().split().count(word) * count <= len(visible)


def test_the_parser_reads_nearly_everything_said():
    missed = said = 0
    for (home, truth, pose), style, seed in itertools.product(views(), STYLES, range(5)):
        caption = describe(home, truth, SMALL, pose, style=style, seed=seed)
        heads = [one.head for one in PARSER.parse(caption.text).objects]
        for phrase in caption.phrases:
            said += 1
            missed += all(WORDS.similarity(phrase.head, head) < 0.6 for head in heads)
    assert missed <= 0.02 * said


@pytest.mark.parametrize("style", STYLES)
def test_the_wording_varies(style):
    home, truth, pose = max(views(), key=lambda one: len(one[1].objects))
    said = {describe(home, truth, SMALL, pose, style=style, seed=seed).text for seed in range(20)}
    assert len(said) >= 15


def test_detailed_captions_say_more():
    counts = {
        style: [
            len(describe(*one[:2], SMALL, one[2], style=style, seed=seed).objects)
            for one in views()
            for seed in range(5)
        ]
        for style in STYLES
    }
    assert sum(counts["detailed"]) > 1.3 * sum(counts["short"])


GOLDEN_SHORT = [
    "a room with a blue vase, a dining table and a chair",
    "A brown table next to a white chair and a blue vase.",
    "there is a wooden chair beside a brown table and a blue vase",
    "A brown table next to a chair.",
    "a room with a blue vase on a brown table and a white chair",
    "There is a blue ceramic vase on a brown wooden table and a white chair.",
]
GOLDEN_DETAILED = [
    "There is a brown table and a white wooden chair. A blue vase sits on the table.",
    "A room with a brown dining table and a chair. On the dining table there is a blue vase.",
]
