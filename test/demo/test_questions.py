# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

from mmser_ros.msg import SceneMatch, SceneNode
from mmser_ros.srv import QueryScene

from mmser_ros.demo.questions import ask_questions, choose

DOGS, BOAT = "two dogs on a beach with a ball", "a dog in a boat"


def obj(label, caption, probability, name=""):
    node = SceneNode(id=name or label, label=label, caption=caption, probability=probability)
    return SceneMatch(node=node)


KNOWN = [
    obj("ball", DOGS, 0.8),
    obj("dog", DOGS, 0.99, "one"),
    obj("beach", DOGS, 0.9),
    obj("dog", BOAT, 0.97, "two"),
    obj("boat", BOAT, 0.95),
]


def memory(known):
    def ask(request):
        fits = [one for one in known if request.text in ("", one.node.label)]
        return QueryScene.Response(success=True, matches=fits[: request.k or 5])

    return ask


def test_words_once_and_from_different_captions_first():
    assert choose(KNOWN) == ["dog", "boat", "beach", "ball"]
    assert choose(KNOWN[::-1]) == choose(KNOWN)


def test_three_questions_or_as_many_as_there_are_answers_to():
    said = [one.question for one in ask_questions(memory(KNOWN))]
    assert said == ["where is the dog?", "where is the boat?", "where is the beach?"]
    assert len(ask_questions(memory(KNOWN[:2]))) == 2
    assert ask_questions(memory([])) == []


def test_an_answer_says_where_to_stand_and_why():
    match = obj("boat", BOAT, 0.95)
    match.score, match.age = 0.5, 3.2
    match.pose.header.frame_id = "map"
    at, turned = match.pose.pose.position, match.pose.pose.orientation
    at.x, at.y = 1.0, 0.5
    turned.z, turned.w = math.sin(math.radians(16)), math.cos(math.radians(16))
    (answer,) = ask_questions(memory([match]))
    expected = "where is the boat?  → stand at (1.0, 0.5), facing 32°; seen 3 s ago: "
    assert str(answer) == f'{expected}"{BOAT}"'
    assert answer.record() == {
        "question": "where is the boat?",
        "object": "boat",
        "pose": {"frame_id": "map", "x": 1.0, "y": 0.5, "heading_deg": 32.0},
        "caption": BOAT,
        "score": 0.5,
    }
