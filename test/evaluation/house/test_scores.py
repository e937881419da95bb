# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores of small graphs against a hand-made kitchen, and trips in it."""

import numpy as np
import pytest

from mmser_ros.core.types import SECOND, Camera, Caption, GroundedPhrase, Pose
from mmser_ros.evaluation.house.captions import invented
from mmser_ros.evaluation.house.going import Trip, can_be_reached, go_to, is_there, standing_point
from mmser_ros.evaluation.house.graph_scores import score_graph
from mmser_ros.evaluation.house.questions import Errand, errands
from mmser_ros.evaluation.house.reference import Reference
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.home.ground_truth import Truth, cast_rays
from mmser_ros.simulation.home.relations import Relation, home_relations
from mmser_ros.simulation.home.robot import flat_pose
from mmser_ros.simulation.home.scene import build_scene
from mmser_ros.simulation.navigation import free_space
from test.simulation.home.rooms import cube, room_with

PARSER, WORDS = CaptionParser(), Taxonomy()
CAMERA = Camera(
    width=160, height=120, fx=120.0, fy=120.0, cx=80.0, cy=60.0,
    mount=Pose((0.0, 0.0, 1.0), (-0.5, 0.5, -0.5, 0.5)),
)  # fmt: skip
START = flat_pose(0.6, 0.6, 0.0)


def kitchen():
    return room_with(
        ("cabinet", "wood/brown", cube(3.5, 2.0, 0.0, 0.7, "wood/brown")),
        ("vase", "ceramic/blue", cube(3.5, 2.0, 0.7, 0.25, "ceramic/blue")),
        ("chair", "wood/white", cube(3.4, 3.5, 0.0, 0.5, "wood/white")),
    )


def everything(home):
    held = frozenset(one for one in home_relations(home) if one.predicate == "on")
    return Reference(frozenset(range(len(home.objects))), held, frozenset(home_relations(home)))


def remember(home, caption, names):
    """A memory after five looks with one caption; names are (word, number of the object)."""
    scene, truth = build_scene(home), Truth(home)
    memory = SceneMemory.open(None, "home", parser=PARSER, words=WORDS)
    for step in range(5):
        pose = flat_pose(0.6 + 0.3 * step, 2.4, 0.0)
        numbers, depth = cast_rays(scene, CAMERA, pose)
        regions = {one.number: one.region for one in truth.of(CAMERA, pose, numbers).objects}
        phrases = tuple(
            GroundedPhrase(f"a {word}", word, 1.0, regions[number])
            for word, number in names
            if number in regions
        )
        said = Caption(caption, caption, 1.0, False, "made", 1, phrases)
        memory.observe(said, (step + 1) * SECOND, pose, camera=CAMERA, depth=depth)
    return memory


def test_a_right_graph_has_full_scores():
    home = kitchen()
    text = "a kitchen with a vase on a cabinet and a chair"
    memory = remember(home, text, [("vase", 1), ("cabinet", 0), ("chair", 2)])
    figures = score_graph(memory, home, everything(home)).figures()
    assert figures.pop("position_error_m") < 0.35
    assert set(figures.values()) == {1.0}


def test_wrong_words_and_relations_cost():
    home = kitchen()
    text = "a bedroom with a vase under a cabinet and a dog on a wall"
    memory = remember(home, text, [("vase", 1), ("cabinet", 0), ("dog", 2)])
    scores = score_graph(memory, home, everything(home))
    assert (scores.right, scores.named, scores.wanted) == (2, 3, 3)
    assert scores.relations_right == 0
    assert scores.figures()["room_accuracy"] == 0.0


def test_true_objects_that_nobody_asks_for_do_not_count():
    home = kitchen()
    text = "a vase on a cabinet"
    memory = remember(home, text, [("vase", 1), ("cabinet", 0)])
    some = Reference(frozenset([0]), frozenset(), frozenset([Relation(1, "on", 0)]))
    scores = score_graph(memory, home, some)
    assert (scores.right, scores.named, scores.wanted) == (1, 1, 1)
    assert (scores.relations_named, scores.relations_wanted) == (0, 0)


def test_an_empty_memory_has_no_scores():
    memory = SceneMemory.open(None, "home", parser=PARSER, words=WORDS)
    figures = score_graph(memory, kitchen(), everything(kitchen())).figures()
    assert figures["object_f1"] == figures["relation_f1"] == figures["room_accuracy"] == 0.0


def test_invented_objects_are_those_that_nobody_sees():
    home = kitchen()
    pose = flat_pose(0.6, 2.4, 0.0)
    truth = Truth(home).of(CAMERA, pose, cast_rays(build_scene(home), CAMERA, pose)[0])
    text = "a kitchen with a vase and two dogs on a wall, no people and a cupboard"
    assert invented(text, truth, PARSER, WORDS) == (3, 1)


def test_errands_are_asked_for_as_they_can_be_told_apart():
    home = room_with(
        ("mug", "ceramic/red", cube(1.0, 1.0, 0.0, 0.2, "ceramic/red")),
        ("mug", "ceramic/blue", cube(2.0, 1.0, 0.0, 0.2, "ceramic/blue")),
        ("sofa", "fabric/grey", cube(4.0, 2.0, 0.0, 0.8, "fabric/grey")),
        ("window", "paint/white", cube(4.0, 3.0, 0.0, 0.2, "paint/white")),
    )
    asked = errands(
        home, everything(home), WORDS, count=10, seed=0,
        can_be_reached=lambda objects: objects != (1,),
    )  # fmt: skip
    assert set(asked) == {Errand("the red mug", (0,)), Errand("the sofa", (2,))}


def test_the_robot_drives_to_what_the_memory_knows():
    home, space = kitchen(), free_space(kitchen())
    memory = remember(home, "a vase on a cabinet", [("vase", 1), ("cabinet", 0)])
    assert can_be_reached(home, space, START.position[:2], (1,))
    trip = go_to(Errand("the vase", (1,)), memory, home, space, START)
    assert trip.success
    assert trip.shortest > 1.5
    assert 0.6 < trip.spl <= 1.0
    lost = go_to(Errand("the dog", (2,)), memory, home, space, START)
    assert (lost.success, lost.driven, lost.answer) == (False, 0.0, "")
    wrong = go_to(Errand("the cabinet", (2,)), memory, home, space, START)
    assert wrong.driven > 0


def test_where_to_stand_is_free_and_near():
    home, space = kitchen(), free_space(kitchen())
    memory = remember(home, "a vase on a cabinet", [("vase", 1), ("cabinet", 0)])
    match = memory.find("the vase")[0]
    at = standing_point(space, match.position[:2], match.pose.position[:2])
    assert space.is_free(at)
    assert is_there(home, (0,), at)
    assert np.hypot(at[0] - 3.5, at[1] - 2.0) < 1.0


def test_spl_is_the_share_of_the_shortest_way():
    assert Trip("", "", True, 4.0, 3.0).spl == pytest.approx(0.75)
    assert Trip("", "", True, 2.0, 3.0).spl == 1.0
    assert Trip("", "", False, 3.0, 3.0).spl == 0.0
    assert Trip("", "", True, 0.0, 0.0).spl == 1.0
