# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which captions are right: by the annotations, everything they name is in the image.

A calibrated confidence is the probability of this; docs/confidence.md has the rules.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmser_ros.data.example import Example
from mmser_ros.evaluation.naming import read_words
from mmser_ros.evaluation.scene_graph_f1 import unseen_entities
from mmser_ros.evaluation.scenes import judge_scenes
from mmser_ros.evaluation.scoring import Judge, is_room

LIVING = frozenset({
    "person", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe",
})  # fmt: skip
"""COCO's classes of people and animals."""
OPEN_SCENES = frozenset(["bus interior", "cockpit", "phone booth", "subway station platform"])
"""Scenes that may show the outdoors."""


def judge_captions(
    judge: Judge, captions: Mapping[str, str], examples: Mapping[str, Example]
) -> dict[str, bool]:
    """Judge whether each caption is right, by the first annotation that its image has.

    - Human captions: every entity is a word of one of them, of the objects or of the scene, or
      names a class among the labels.
    - Labels: every class of COCO that it names is among them.
    - A scene: see `_fits_scene`.
    - Objects of a room: at least half of its `indoor` words are true, and nothing is invented
      (`RoomWords.judge`). The object lists are incomplete, so other words may be true as well.

    Args:
        judge: from `scoring.judging`.
        captions: image → caption.
        examples: image → its annotations.

    Returns:
        Image → whether its caption is right, in the order of `captions`, without those that
        can't be judged.
    """
    by_people, by_labels, by_scene, by_room = {}, {}, {}, {}
    for name, caption in captions.items():
        example = examples[name]
        if example.captions:
            by_people[name] = caption
        elif example.labels is not None:
            by_labels[name] = caption
        elif example.scene is not None:
            by_scene[name] = caption
        elif is_room(example):
            by_room[name] = caption
    right: dict[str, bool | None] = {
        **_seen_by_people(judge, by_people, examples),
        **_labelled(judge, by_labels, examples),
        **_fits_scene(judge, by_scene, examples),
    }
    for name, caption in by_room.items():
        verdict = judge.rooms.judge(caption, examples[name])
        right[name] = len(verdict.wrong) <= len(verdict.right) and not verdict.invented
    verdicts = ((name, right.get(name)) for name in captions)
    return {name: verdict for name, verdict in verdicts if verdict is not None}


def _seen_by_people(
    judge: Judge, captions: Mapping[str, str], examples: Mapping[str, Example]
) -> dict[str, bool]:
    references = {name: _true_texts(examples[name]) for name in captions}
    unseen = unseen_entities(captions, references)
    right = {}
    for (name, entities), words in zip(unseen.items(), read_words(captions.values()), strict=True):
        labels = examples[name].labels or frozenset()
        there = {
            word.lemma
            for one in judge.objects.mentions(words)
            if one.things & labels
            for word in one.words
        }
        right[name] = entities <= there
    return right


def _true_texts(example: Example) -> list[str]:
    scene = ["a room", example.scene] if example.scene else []
    return [*example.captions, *example.objects, *scene]


def _labelled(
    judge: Judge, captions: Mapping[str, str], examples: Mapping[str, Example]
) -> dict[str, bool]:
    right = {}
    for name, words in zip(captions, read_words(captions.values()), strict=True):
        labels = examples[name].labels or frozenset()
        right[name] = all(one & labels for one in judge.objects.named(words))
    return right


def _fits_scene(
    judge: Judge, captions: Mapping[str, str], examples: Mapping[str, Example]
) -> dict[str, bool | None]:
    """Judge by room words, by people and animals, and by outdoor words.

    A caption is wrong if one of these holds:

    - All its room words are wrong.
    - It has an `outdoors` word of `rooms_words.json` that names no object (not in OPEN_SCENES).
    - It names a person or an animal that is not among the objects.

    Without object labels, a caption with a person or an animal can't be judged: None.
    """
    scenes = {name: examples[name].scene or "" for name in captions}
    rooms = judge_scenes(judge.scenes, captions, scenes)
    right: dict[str, bool | None] = {}
    for name, words in zip(captions, read_words(captions.values()), strict=True):
        objects = examples[name].objects
        there = {word for one in read_words(objects) for word in judge.objects.named(one)}
        known = frozenset().union(*there)
        living = [one & LIVING for one in judge.objects.named(words) if one & LIVING]
        outdoors = set() if scenes[name] in OPEN_SCENES else judge.rooms.outdoors(captions[name])
        if rooms[name] is False or outdoors - set(" ".join(objects).split()):
            right[name] = False
        elif not living:
            right[name] = True
        else:
            right[name] = all(one & known for one in living) if objects else None
    return right
