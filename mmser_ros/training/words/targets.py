# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Targets of a word detector: whether each word is true of a picture, with a weight.

Annotations are incomplete, so the weight of an absent word says how reliable its absence is. It
depends on the kind of annotation: captions, classes, scene or objects.
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
"""Weight of a word that the only caption lacks; with several captions it is 1."""
SEEN_OUTDOORS = 0.3
"""Weight of absent outdoor words in a room."""
BOXED = 0.5
"""Weight of absent objects in a room with boxes."""
ASKED = 0.7
"""Weight of absent objects in a room that questions were asked about."""


@dataclass(frozen=True)
class WordTargets:
    """Training targets of a detector.

    Attributes:
        truth: (pictures, words) bool, True if the word is true.
        weight: (pictures, words) float16, weight of the loss; 0: unknown.
    """

    truth: np.ndarray
    weight: np.ndarray


class _Groups:
    """Columns of the words of the sets' labels."""

    def __init__(
        self, names: Sequence[str], examples: Sequence[Example], outdoors: Iterable[str]
    ) -> None:
        table = label_words()
        self.finder = WordFinder(name for name in names if name != NOTHING)
        self.column = {word: number for number, word in enumerate(names)}
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
        """Columns of these words, if they are words of the detector."""
        return sorted({self.column[word] for word in words if word in self.column})


def word_targets(
    names: Sequence[str], examples: Sequence[Example], *, outdoors: Iterable[str] = ()
) -> WordTargets:
    """Make the targets of pictures.

    Args:
        names: words of the detector.
        examples: annotations of the pictures.
        outdoors: words that are not true of rooms, beside those of label_words.yaml.
    """
    groups = _Groups(names, examples, outdoors)
    truth = np.zeros((len(examples), len(names)), bool)
    weight = np.zeros((len(examples), len(names)), np.float16)
    for row, one in enumerate(examples):
        target = _Row(groups, truth[row], weight[row])
        if one.captions:
            target.add_captions(one.captions)
        if one.labels is not None:
            target.add_classes(one.labels)
        if one.scene:
            target.add_scene(one.scene, one.objects, one.set)
        elif one.set in OBJECT_SETS:
            target.add_object_label(one.objects, one.set)
        elif one.objects:
            target.add_objects(one.objects, one.set)
        if NOTHING in groups.column and weight[row].any():
            weight[row, groups.column[NOTHING]] = 1.0
    return WordTargets(truth, weight)


class _Row:
    """One picture's truth (words,) and weight (words,); the methods fill them in place."""

    def __init__(self, groups: _Groups, truth: np.ndarray, weight: np.ndarray) -> None:
        self._groups = groups
        self._truth = truth
        self._weight = weight

    def add_captions(self, captions: Sequence[str]) -> None:
        """Add human captions; with a single one, absent words have a low weight."""
        self._weight[:] = 1.0 if len(captions) > 1 else ONE_CAPTION
        for caption in captions:
            self._mark_present(self._groups.finder.find(caption))

    def add_classes(self, labels: frozenset[str]) -> None:
        """Add labels from a closed list of classes; other classes are absent."""
        for label in self._groups.classes:
            if label in labels:
                self._mark_present(self._groups.finder.alike(label_words().of_class(label)))
        # After all present classes, because two classes may share a word.
        for label, columns in self._groups.classes.items():
            if label not in labels:
                self._mark_absent(columns, 1.0)
        if PERSON in self._groups.classes and PERSON not in labels:
            self._mark_absent(self._groups.people, 1.0)

    def add_scene(self, scene: str, objects: Sequence[str], of_set: str) -> None:
        """Add a scene label, and objects with boxes if there are any."""
        groups, table = self._groups, label_words()
        self._mark_absent(groups.scenes, 1.0)
        self._mark_absent(groups.outdoors, SEEN_OUTDOORS)
        things = {table.of_thing(one) for one in objects}
        if things:
            self._mark_absent(groups.things[of_set], BOXED)
            if PERSON not in things:
                self._mark_absent(groups.people, BOXED)
        self._mark_all_present([table.of_scene(scene), *things])

    def add_object_label(self, objects: Sequence[str], of_set: str) -> None:
        """Add the label of a set with one object label per picture; other labels are absent."""
        self._mark_absent(self._groups.things[of_set], 1.0)
        self._mark_all_present(objects)

    def add_objects(self, objects: Sequence[str], of_set: str) -> None:
        """Add objects of a home from questions; people and outdoor words are absent."""
        groups = self._groups
        self._mark_absent(groups.things[of_set], ASKED)
        for columns in (groups.outdoors, groups.people, groups.not_in_homes):
            self._mark_absent(columns, 1.0)
        self._mark_all_present([label_words().of_thing(one) for one in objects])

    def _mark_all_present(self, words: Iterable[str]) -> None:
        for word in words:
            self._mark_present(self._groups.finder.alike(word))

    def _mark_present(self, words: Iterable[str]) -> None:
        columns = [self._groups.column[word] for word in words]
        self._truth[columns] = True
        self._weight[columns] = 1.0

    def _mark_absent(self, columns: Sequence[int], weight: float) -> None:
        """Mark words absent, unless another annotation marked them present."""
        absent = [one for one in columns if not self._truth[one]]
        self._weight[absent] = np.maximum(self._weight[absent], weight)
