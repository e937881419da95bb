# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is known of each word of each picture: whether it is true, and how sure that is.

Nobody looked for every word in every picture, so a word counts by how much its absence means. What
captions, classes, scenes or things say of a picture is told apart by which of them it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.data.example import Example
from mmser_ros.data.set_files import OBJECT_SETS
from mmser_ros.language.word_finder import PERSON, WordFinder, singular, word_forms
from mmser_ros.training.words.label_words import label_words

ONE_CAPTION = 0.25
"""How much it means that a picture's only caption lacks a word; several captions: 1."""
SEEN_OUTDOORS = 0.3
"""That nobody said of a room that it has what is outdoors."""
BOXED = 0.5
"""That a thing of a room has no box."""
ASKED = 0.7
"""That nobody asked about a thing of a room."""


@dataclass(frozen=True)
class WordTargets:
    """What a detector is to learn.

    Attributes:
        truth: (pictures, words) bool, what is there.
        weight: (pictures, words) float16, how much that counts; 0: nobody knows.
    """

    truth: np.ndarray
    weight: np.ndarray


class _Groups:
    """Columns of the words that labels of sets speak of."""

    def __init__(
        self, names: Sequence[str], examples: Sequence[Example], outdoors: Iterable[str]
    ) -> None:
        table = label_words()
        self.finder = WordFinder(name for name in names if name != NOTHING)
        self.place = {word: number for number, word in enumerate(names)}
        outside = {form for word in outdoors for form in (word, singular(word))}
        self.outdoors = self.columns((outside | table.outdoors) - table.not_outdoors)
        self.people = self.columns({*word_forms().people, PERSON})
        self.not_in_homes = self.columns(table.not_in_homes)
        self.scenes = self.columns(table.of_scene(one.scene) for one in examples if one.scene)
        classes = {label for one in examples for label in one.labels or ()}
        self.classes = {label: self.columns([table.of_class(label)]) for label in sorted(classes)}
        things: dict[str, set[str]] = {}
        for one in examples:
            things.setdefault(one.set, set()).update(map(table.of_thing, one.objects))
        self.things = {
            name: self.columns(form for word in some for form in self.finder.alike(word))
            for name, some in things.items()
        }

    def columns(self, words: Iterable[str]) -> list[int]:
        """Columns of those that are words of the detector."""
        return sorted({self.place[word] for word in words if word in self.place})


def word_targets(
    names: Sequence[str], examples: Sequence[Example], *, outdoors: Iterable[str] = ()
) -> WordTargets:
    """What is known of pictures.

    Args:
        names: words of the detector.
        examples: what the sets say of the pictures.
        outdoors: words that are not true of rooms, beside those of label_words.yaml.
    """
    groups = _Groups(names, examples, outdoors)
    truth = np.zeros((len(examples), len(names)), bool)
    weight = np.zeros((len(examples), len(names)), np.float16)
    for row, one in enumerate(examples):
        target = _Row(groups, truth[row], weight[row])
        if one.captions:
            target.say(one.captions)
        if one.labels is not None:
            target.list_classes(one.labels)
        if one.scene:
            target.place_in(one.scene, one.objects, one.set)
        elif one.set in OBJECT_SETS:
            target.sort_out(one.objects, one.set)
        elif one.objects:
            target.furnish(one.objects, one.set)
        if NOTHING in groups.place and weight[row].any():
            weight[row, groups.place[NOTHING]] = 1.0
    return WordTargets(truth, weight)


class _Row:
    """One picture's truth (words,) and weight (words,), which the methods fill in."""

    def __init__(self, groups: _Groups, truth: np.ndarray, weight: np.ndarray) -> None:
        self._groups = groups
        self._truth = truth
        self._weight = weight

    def say(self, captions: Sequence[str]) -> None:
        """What people said: of one caption it means little that it lacks a word."""
        self._weight[:] = 1.0 if len(captions) > 1 else ONE_CAPTION
        for caption in captions:
            self._affirm(self._groups.finder.find(caption))

    def list_classes(self, labels: frozenset[str]) -> None:
        """All of a closed list of classes that are there: what it lacks is not there."""
        for label in self._groups.classes:
            if label in labels:
                self._affirm(self._groups.finder.alike(label_words().of_class(label)))
        # After all that are there: two classes may have one word.
        for label, columns in self._groups.classes.items():
            if label not in labels:
                self._deny(columns, 1.0)
        if PERSON in self._groups.classes and PERSON not in labels:
            self._deny(self._groups.people, 1.0)

    def place_in(self, scene: str, objects: Sequence[str], of_set: str) -> None:
        """The scene, and things with boxes, if somebody drew them."""
        groups, table = self._groups, label_words()
        self._deny(groups.scenes, 1.0)
        self._deny(groups.outdoors, SEEN_OUTDOORS)
        things = {table.of_thing(one) for one in objects}
        if things:
            self._deny(groups.things[of_set], BOXED)
            if PERSON not in things:
                self._deny(groups.people, BOXED)
        self._affirm_all([table.of_scene(scene), *things])

    def sort_out(self, objects: Sequence[str], of_set: str) -> None:
        """The one label of a set whose labels are things: of the others it has none."""
        self._deny(self._groups.things[of_set], 1.0)
        self._affirm_all(objects)

    def furnish(self, objects: Sequence[str], of_set: str) -> None:
        """Things in a home that people asked about: no people, nothing of outdoors."""
        groups = self._groups
        self._deny(groups.things[of_set], ASKED)
        for columns in (groups.outdoors, groups.people, groups.not_in_homes):
            self._deny(columns, 1.0)
        self._affirm_all([label_words().of_thing(one) for one in objects])

    def _affirm_all(self, words: Iterable[str]) -> None:
        for word in words:
            self._affirm(self._groups.finder.alike(word))

    def _affirm(self, words: Iterable[str]) -> None:
        columns = [self._groups.place[word] for word in words]
        self._truth[columns] = True
        self._weight[columns] = 1.0

    def _deny(self, columns: Sequence[int], weight: float) -> None:
        """What is not there, unless something else has said that it is."""
        absent = [one for one in columns if not self._truth[one]]
        self._weight[absent] = np.maximum(self._weight[absent], weight)
